"""The sweep itself: workers compute, this process publishes. It knows an executor, and no engine behind it.

    plan ─► recognised? ─► executor ─► settle in the order of days ─► publish ─► catalogue

An edition is published when all before it in its series are, so that whatever stops a sweep leaves its beginning,
and a rerun goes on from there.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from handover.editions import Edition, Outcome, Request, Store
from handover.editions import render as press
from handover.errors import HandoverError, SweepError
from handover.sweep.plan import Plan, Series, Step
from handover.sweep.task import Made, compute

#: So many editions are under way for each worker: enough that none waits, few enough to hold in memory.
AHEAD = 4

#: The catalogue is written during a sweep as well, but not more often than this, nor than its cost allows.
CATALOGUE_S, CATALOGUE_SHARE = 60.0, 20.0

#: How long to wait for workers before looking whether the sweep is to stop.
LOOK_S = 0.5


@dataclass(eq=False)
class Work:
    """A step under way: its order, and, once they are known, its outcome or fault."""

    step: Step
    order: Request
    known: Edition | None = None
    future: "Future[Made] | None" = None

    @property
    def done(self) -> bool:
        """Whether there is an outcome."""
        return self.future is None or self.future.done()


@dataclass
class Summary:
    """What became of a sweep: counts, and what went wrong or was warned of, by its text."""

    published: int = 0
    unchanged: int = 0
    failed: dict[str, list[str]] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    stopped: bool = False

    @property
    def done(self) -> int:
        """How many steps are over."""
        return self.published + self.unchanged + self.failures

    @property
    def failures(self) -> int:
        """How many steps failed."""
        return sum(map(len, self.failed.values()))


def run(
    plan: Plan,
    store: Store,
    executor: Executor,
    *,
    width: int,
    root: Path,
    timeout_s: float = 600.0,
    elsewhere: bool = False,
    told: Callable[[Outcome | None, Summary], None] = lambda outcome, summary: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Summary:
    """Run a sweep.

    Args:
        plan: What is to be rendered.
        store: Where it is published.
        executor: Calls `handover.sweep.task.compute`.
        width: How many calls it works on at a time.
        root: The project's folder.
        timeout_s: How long one notebook may run.
        elsewhere: Whether workers have checkouts of their own.
        told: Called with each edition that is there, and, with none, from time to time.
        stopped: Asked whether to stop; the executor is then the caller's to end.

    Returns:
        What became of it; a step that fails stops no other.
    """
    sweep = _Sweep(plan, store, executor, timeout_s, elsewhere, told)
    try:
        for _ in sweep.go(width * AHEAD):
            if stopped():
                sweep.summary.stopped = True
                sweep.cancel()
                break
    finally:
        sweep.catalogue(now=True)
    return sweep.summary


class _Sweep:
    def __init__(
        self,
        plan: Plan,
        store: Store,
        executor: Executor,
        timeout_s: float,
        elsewhere: bool,
        told: Callable[[Outcome | None, Summary], None],
    ) -> None:
        self.plan, self.store, self.executor = plan, store, executor
        self.timeout_s, self.elsewhere, self.told = timeout_s, elsewhere, told
        self.summary = Summary()
        self._woken: SimpleQueue[Series] = SimpleQueue()
        self._waiting: dict[Series, deque[Work]] = {}
        self._editions: list[Edition] = []
        self._unlisted = False
        self._written, self._cost = time.monotonic(), 0.0

    def go(self, most: int) -> Iterator[None]:
        """Work through the plan with at most so many steps under way; yields whenever something may have happened."""
        steps = iter(self.plan.steps)
        under_way, planned = 0, True
        while under_way or planned:
            while planned and under_way < most:
                step = next(steps, None)
                planned = step is not None
                if step:
                    self._waiting.setdefault(step.series, deque()).append(self._begin(step, step.order()))
                    under_way += 1 - self._settle(step.series)
                    yield
            with suppress(Empty):
                under_way -= self._settle(self._woken.get(timeout=LOOK_S))
            self.told(None, self.summary)
            self.catalogue()
            yield

    def cancel(self) -> None:
        """Ask for nothing more."""
        for waiting in self._waiting.values():
            for work in waiting:
                if work.future:
                    work.future.cancel()

    def catalogue(self, now: bool = False) -> None:
        """Bring the catalogue up to date: in the end, and during a long sweep as often as its cost allows."""
        due = self._written + max(CATALOGUE_S, CATALOGUE_SHARE * self._cost)
        if self._editions and (now or (self._unlisted and time.monotonic() > due)):
            begun = time.monotonic()
            press.announce(self.store, *self._editions)
            self._written = time.monotonic()
            self._cost, self._unlisted = self._written - begun, False

    def _begin(self, step: Step, order: Request) -> Work:
        known = self.plan.indexes[order.report].find(order)
        if known:
            return Work(step, order, known)
        future = self.executor.submit(compute, order, self.timeout_s, self.elsewhere)
        future.add_done_callback(lambda _: self._woken.put(step.series))
        return Work(step, order, future=future)

    def _settle(self, series: Series) -> int:
        """Settle what can be settled of a series, in the order of its days; return how many steps are over."""
        waiting, over = self._waiting[series], 0
        while waiting and waiting[0].done:
            work = waiting[0]
            order = work.step.order(settled=True)
            if order.parameters != work.order.parameters:
                # the day that it was to be compared with has failed since
                waiting[0] = self._begin(work.step, order)
                continue
            waiting.popleft()
            self._conclude(work)
            over += 1
        return over

    def _conclude(self, work: Work) -> None:
        outcome: Outcome | None = None
        try:
            outcome = self._outcome(work)
        except HandoverError as error:
            self.summary.failed.setdefault(str(error), []).append(work.step.name)
        except CancelledError:
            self.summary.failed.setdefault("was cancelled before it was rendered.", []).append(work.step.name)
        work.step.series.settle(work.step.day, made=outcome is not None)
        if outcome is None:
            self.told(None, self.summary)
            return
        kind = "published" if outcome.kind == "published" else "unchanged"
        setattr(self.summary, kind, getattr(self.summary, kind) + 1)
        for warning in outcome.warnings:
            self.summary.warnings.setdefault(warning, []).append(work.step.name)
        self._editions.append(outcome.edition)
        self._unlisted = True
        self.told(outcome, self.summary)

    def _outcome(self, work: Work) -> Outcome:
        if work.known:
            return Outcome("unchanged", work.known, rendered=False)
        try:
            made: Any = work.future.result()
        except (HandoverError, CancelledError):
            raise
        except Exception as error:
            # what an engine itself raises, of a kind that only it knows
            raise SweepError(f"the worker must answer (got {type(error).__name__}: {error}).") from error
        return press.publish(self.store, made.product(work.order))
