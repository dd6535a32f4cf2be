"""A sweep from the words of a command to its end: planned, announced, run on workers here or on a cluster, told."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

from handover.editions import Outcome, Store
from handover.errors import SweepError
from handover.project import Project
from handover.sweep import plan as planning
from handover.sweep.gauge import Gauge
from handover.sweep.run import Summary, run
from handover.sweep.stop import Stop
from handover.sweep.workers import Workers, cores

#: So many of those that failed alike, or were warned alike, are named.
NAMED = 5

#: What computes, how much at a time, what it is in words, and what says in words what keeps it from going on.
Means = tuple[Executor, int, str, Callable[[], str]]


def conduct(
    project: Project,
    reports: Iterable[str],
    given: Mapping[str, str],
    axes: Mapping[str, Sequence[str]],
    *,
    out: Path | None,
    jobs: int | None,
    cluster: str | None,
    timeout_s: float,
    say: Callable[[str], None],
    print_path: Callable[[Path], None],
) -> None:
    """Conduct a sweep, or several reports at a time.

    Raises:
        SweepError: Something failed; the rest was published.
        HandoverError: It cannot begin.
    """
    store = Store.of(project, out)
    plan = planning.plan(project, store, reports, given, axes)
    total = len(plan.steps)
    gauge = Gauge(total)

    def told(outcome: Outcome | None, summary: Summary) -> None:
        if outcome:
            gauge.clear()
            for path in outcome.paths:
                print_path(path)
        gauge(summary)

    with Stop(lambda: say("\nStopping; what is published stays.")) as stop:
        with _executor(plan, jobs, cluster) as (executor, width, words, gauge.ailing):
            say(f"{total} {'edition' if total == 1 else 'editions'} to make, {words}")
            summary = run(
                plan,
                store,
                executor,
                width=width,
                root=project.root,
                timeout_s=timeout_s,
                elsewhere=cluster is not None,
                told=told,
                stopped=stop,
            )
            if summary.stopped:
                executor.shutdown(wait=True, cancel_futures=True)
        gauge.clear()
        _tell(summary, total, say)
    stop.leave()
    if summary.failed:
        raise SweepError(_failures(summary))


@contextlib.contextmanager
def _executor(plan: planning.Plan, jobs: int | None, cluster: str | None) -> Iterator[Means]:
    """What the sweep is computed by: workers of this machine, or of a cluster."""
    if cluster is not None:
        from handover.sweep.cluster import connect

        with connect(cluster, plan) as (executor, width):
            yield executor, width, f"{width} at a time on {cluster}", executor.ailing
        return
    width = max(1, min(jobs or cores(), len(plan.steps)))
    with Workers(width) as workers:
        yield workers, width, f"{width} at a time", str


def _tell(summary: Summary, total: int, say: Callable[[str], None]) -> None:
    for warning, names in summary.warnings.items():
        say(f"{_named(names)}: warning: {warning}")
    left = total - summary.done
    parts = [f"{summary.published} published", f"{summary.unchanged} unchanged"]
    parts += [f"{summary.failures} failed"] if summary.failures else []
    parts += [f"{left} not made"] if left else []
    say(", ".join(parts))


def _failures(summary: Summary) -> str:
    told = [f"{text}\n  failed: {_named(sorted(names), len(names))}" for text, names in summary.failed.items()]
    return "\n".join([*told, f"Failed: {summary.failures}. All others are published."])


def _named(names: Sequence[str], most: int = NAMED) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
