"""The sweep itself: workers compute, this process publishes.

    plan ─► recognised? ─► executor ─► settle in the order of days ─► publish ─► catalogue

An edition is published when all before it in its series are, so that a sweep that stops leaves its beginning, and a
rerun goes on from there.
"""

import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from handover.editions import Edition, Outcome, Product, Request, Store, produce, render
from handover.errors import HandoverError, StoreError, SweepError
from handover.progress import StatusLine
from handover.project import Project
from handover.stop import Stop
from handover.sweep.axes import read
from handover.sweep.plan import Series, Step, plan
from handover.workers import Pool

#: Editions under way for each worker: enough that none waits, few enough for the memory.
AHEAD = 4
#: The catalogue is written during a sweep as well, but not more often than this, nor than its cost allows.
CATALOGUE_S, CATALOGUE_SHARE = 60.0, 20.0
#: How often to look whether the sweep must stop.
LOOK_S = 0.5
#: How many editions with the same warning are named.
NAMED = 5
#: How often progress is shown on a terminal, and how often a line is written where there is none.
TERMINAL_S, LOG_S = 0.2, 30.0
#: The rate is that of this many seconds, so that it follows what is being rendered.
RECENT_S = 60.0


@dataclass
class Summary:
    """What became of a sweep: counts, and what went wrong or was warned of, by its text.

    Editions are `reduced` that leave texts out, or replace them, since their parameters ask for it. The sweep was
    `stopped` by the user, or has `lost` its executor; what is not done by then is not made.
    """

    published: int = 0
    unchanged: int = 0
    reduced: int = 0
    failed: dict[str, list[str]] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    stopped: bool = False
    lost: bool = False

    @property
    def done(self) -> int:
        """How many steps are over."""
        return self.published + self.unchanged + self.failures

    @property
    def failures(self) -> int:
        """How many steps failed."""
        return sum(map(len, self.failed.values()))


def sweep(
    project: Project,
    reports: Iterable[str],
    given: Mapping[str, str],
    axes: Iterable[str],
    *,
    out: Path | None,
    jobs: int | None,
    cluster: str | None,
    timeout_s: float,
    say: Callable[[str], None],
    print_path: Callable[[Path], None],
    **options: bool,
) -> None:
    """Render a sweep, or several reports at a time, from the words of a command to its last message.

    `axes` are one ``NAME=VALUES`` each, `options` those of `plan`. Editions are published in `out`, or in the project's
    own folder. They are made on the `cluster` of a Dask scheduler's address, or on this machine, `jobs` at a time or as
    many as there are cores.

    Raises:
        SweepError: Something failed; the rest was published.
        HandoverError: It cannot begin.
    """
    from handover.editions import catalogue

    store = Store.of(project, out)
    catalogue.check_names(store, catalogue.FILES)
    steps = plan(project, store, reports, given, read(axes), **options)
    total, remote = len(steps), cluster is not None
    with Stop() as stop:
        with (
            _executor(steps, jobs, cluster) as (executor, width),
            SweepProgress(total, executor.problem if remote else str) as line,
        ):

            def show(outcome: Outcome | None, summary: Summary) -> None:
                if outcome:
                    line.clear()
                    for path in outcome.edition.pages:
                        print_path(path)
                line(summary)

            where = f" on {cluster}" if remote else ""
            say(f"{total} {'edition' if total == 1 else 'editions'} to make, {width} at a time{where}")
            gone = executor.gone if remote else bool
            how = {"timeout_s": timeout_s, "remote": remote, "tell": show, "stopped": stop, "gone": gone}
            summary = run(steps, store, executor, width=width, **how)
            for fault in (fault for index in dict.fromkeys(step.index for step in steps) for fault in index.faults):
                summary.warnings.setdefault(fault, [])
            if summary.stopped:
                line.clear()
                say("Stopping; what is published stays.")
                executor.shutdown(wait=True, cancel_futures=True)
        _tell(summary, total, say)
    stop.leave()
    lines = [f"{text}\n  failed: {', '.join(sorted(names))}" for text, names in summary.failed.items()]
    lines += [f"Failed: {summary.failures}. All others are published."] if lines else []
    if summary.lost:
        there = summary.published + summary.unchanged
        lines += [
            f"{cluster}: the cluster is gone; {there} of {total} are there.",
            "Start it again and run the command again, which goes on from there; or leave out --cluster.",
        ]
    if lines:
        raise SweepError("\n".join(lines))


def run(steps: Sequence[Step], store: Store, executor: Executor, **how: Any) -> Summary:
    """Take the steps of a plan as said, by the fields of `_Run`; one that fails stops no other."""
    running = _Run(steps, store, executor, **how)
    try:
        running.go()
    finally:
        running.catalogue(now=True)
    return running.summary


def compute(request: Request, timeout_s: float, remote: bool) -> Product:
    """Render a request in memory; runs in a worker, and publishes nothing.

    If the request is `remote`, from another machine, the checkout is looked for here.

    Raises:
        SweepError: Something here is not what the request was planned with.
        HandoverError: The report cannot be rendered.
    """
    request = replace(request, project=Project.find()) if remote else request
    if differing := request.changed():
        raise SweepError(
            f"{request.report} {request.as_of}: the worker on {socket.gethostname()} must have what the sweep was "
            f"planned with (differs: {', '.join(differing)}).\n"
            "Bring its checkout and its packages to the same state, or run the sweep again if the change was here."
        )
    return produce(request, timeout_s=timeout_s)


@dataclass(eq=False)
class _Work:
    """A step under way: its request, and the edition that is there already or the product that is to come."""

    step: Step
    request: Request
    known: Edition | None = None
    future: "Future[Product] | None" = None

    def over(self) -> bool:
        return self.future is None or self.future.done()

    def outcome(self, store: Store) -> Outcome:
        """Publish, if there is anything to publish."""
        if self.known:
            return render.recognised(self.known)
        try:
            product = self.future.result()
        except HandoverError:
            raise
        except CancelledError:
            raise  # the executor is gone, for nobody else cancels
        except Exception as error:
            # an executor may raise errors of its own
            raise SweepError(f"the worker must answer (got {type(error).__name__}: {error}).") from error
        return render.publish(store, replace(product, request=self.request))


@dataclass
class _Run:
    """A sweep under way.

    The executor works on `width` calls of `compute` at a time; `remote` workers have checkouts of their own. `tell` is
    called with each edition that is there, and from time to time with None. Once `stopped` returns true, the executor
    is the caller's to end. One that is `gone`, or cancels a call by itself, is waited for no longer.
    """

    steps: Sequence[Step]
    store: Store
    executor: Executor
    width: int
    timeout_s: float = 600.0
    remote: bool = False
    tell: Callable[[Outcome | None, Summary], None] = lambda outcome, summary: None
    stopped: Callable[[], bool] = lambda: False
    gone: Callable[[], bool] = lambda: False
    summary: Summary = field(default_factory=Summary)
    _woken: "SimpleQueue[Series]" = field(default_factory=SimpleQueue)
    _waiting: dict[Series, deque[_Work]] = field(default_factory=dict)
    _editions: list[Edition] = field(default_factory=list)
    _unlisted: bool = False
    _written: float = field(default_factory=time.monotonic)
    _cost: float = 0.0

    def go(self) -> None:
        """Work through the plan until all is done or it is to stop."""
        steps = deque(self.steps)
        under_way = 0
        while under_way or steps:
            self.summary.stopped, self.summary.lost = self.stopped(), self.summary.lost or self.gone()
            if self.summary.stopped or self.summary.lost:
                for work in (work for waiting in self._waiting.values() for work in waiting if work.future):
                    work.future.cancel()
                return
            if steps and under_way < self.width * AHEAD:
                step = steps.popleft()
                self._waiting.setdefault(step.series, deque()).append(self._begin(step, step.request()))
                under_way += 1 - self._settle(step.series)
                continue
            with suppress(Empty):
                under_way -= self._settle(self._woken.get(timeout=LOOK_S))
            self.tell(None, self.summary)
            self.catalogue()

    def catalogue(self, now: bool = False) -> None:
        """Bring the catalogue up to date: in the end, and during a long sweep as often as its cost allows."""
        due = self._written + max(CATALOGUE_S, CATALOGUE_SHARE * self._cost)
        if self._editions and (now or (self._unlisted and time.monotonic() > due)):
            begun = time.monotonic()
            try:
                for fault in render.announce(self.store, *self._editions):
                    self.summary.warnings.setdefault(fault, [])
            except StoreError:
                # a disk that is full in between may have room in the end
                if now:
                    raise
            self._written = time.monotonic()
            self._cost, self._unlisted = self._written - begun, False

    def _begin(self, step: Step, request: Request) -> _Work:
        known = None if request.strict else step.index.find(request)
        if known:
            return _Work(step, request, known)
        future = self.executor.submit(compute, request, self.timeout_s, self.remote)
        future.add_done_callback(lambda _: self._woken.put(step.series))
        return _Work(step, request, future=future)

    def _settle(self, series: Series) -> int:
        """Settle what can be settled of a series, in the order of its days; return how many steps are over."""
        waiting, over = self._waiting[series], 0
        while waiting and waiting[0].over():
            work = waiting[0]
            request = work.step.request(settled=True)
            if request.parameters != work.request.parameters:
                # the day that it was to be compared with has failed since
                waiting[0] = self._begin(work.step, request)
                continue
            try:
                self._conclude(work)
            except CancelledError:
                self.summary.lost = True
                break
            waiting.popleft()
            over += 1
        return over

    def _conclude(self, work: _Work) -> None:
        name, summary = work.step.name, self.summary
        outcome: Outcome | None = None
        try:
            outcome = work.outcome(self.store)
        except HandoverError as error:
            summary.failed.setdefault(str(error), []).append(name)
        else:
            summary.published += outcome.kind == "published"
            summary.unchanged += outcome.kind != "published"
            summary.reduced += len(outcome.omissions) > len(outcome.surprises)
            for warning in (*outcome.warnings, *outcome.surprises):
                summary.warnings.setdefault(warning, []).append(name)
            self._editions.append(outcome.edition)
            self._unlisted = True
        work.step.series.settle(work.step.day, made=outcome is not None)
        self.tell(outcome, summary)


@contextmanager
def _executor(steps: Sequence[Step], jobs: int | None, cluster: str | None) -> Iterator[tuple[Executor, int]]:
    """An executor, and how many calls it makes at a time."""
    if cluster is not None:
        from handover.sweep.cluster import connect

        with connect(cluster, steps) as connected:
            yield connected
        return
    # those that this process may use
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    width = max(1, min(jobs or cores, len(steps)))
    with Pool(width) as pool:
        yield pool, width


class SweepProgress(StatusLine):
    """How far a sweep is, with rate and time left: one line on a terminal, a line now and then elsewhere.

    `total` is the number of its steps; `problem` says why it does not go on, or "".
    """

    def __init__(self, total: int, problem: Callable[[], str] = str) -> None:
        super().__init__()
        self._total, self._problem = total, problem
        self._shown = time.monotonic()
        self._seen: deque[tuple[float, int]] = deque([(self._shown, 0)])

    def __call__(self, summary: Summary) -> None:
        """Show it, if it is time."""
        at = time.monotonic()
        if at - self._shown < (TERMINAL_S if self.terminal else LOG_S):
            return
        self._shown = at
        self._seen.append((at, summary.done - summary.unchanged))
        while len(self._seen) > 2 and self._seen[1][0] < at - RECENT_S:
            self._seen.popleft()
        line = ", ".join(self._parts(summary))
        if self.terminal:
            self.show(line)
        else:
            print(line, file=sys.stderr, flush=True)

    def _parts(self, summary: Summary) -> Iterator[str]:
        yield f"{summary.done} of {self._total}"
        if summary.unchanged:
            yield f"{summary.unchanged} unchanged"
        if summary.failures:
            yield f"{summary.failures} failed"
        (began, had), (at, has) = self._seen[0], self._seen[-1]
        if has > had:
            rate = (has - had) / (at - began)
            yield f"{rate:.1f} a second" if rate >= 1 else f"{1 / rate:.1f} s each"
            yield f"about {duration((self._total - summary.done) / rate)} left"
        if problem := self._problem():
            yield problem


def duration(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _tell(summary: Summary, total: int, say: Callable[[str], None]) -> None:
    for warning, names in summary.warnings.items():
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        say(f"{', '.join(names[:NAMED])}{more}: warning: {warning}" if names else f"warning: {warning}")
    if summary.reduced:
        say(f"{summary.reduced} leave texts out or replace them, as day and evidence ask; their manifests name them")
    left = total - summary.done
    parts = [f"{summary.published} published", f"{summary.unchanged} unchanged"]
    parts += [f"{summary.failures} failed"] if summary.failures else []
    parts += [f"{left} not made"] if left else []
    say(", ".join(parts))
