"""One run of a report in a worker process, so that a time-out, a lack of memory and a crash end that process alone."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover import scratch
from handover.errors import HandoverError
from handover.notebook import processes
from handover.project import Project
from handover.workers import LostError, Worker

#: Over and above the notebook's own time: to start, to write the pages, to wait for the store.
MARGIN_S = 60.0
#: How much of a cause is kept.
CAUSE_SHOWN = 2000


class Stopped(Exception):
    """The run was ended because the runner is to stop; it has no outcome."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be rendered; `given` holds parameters by name."""

    project: Project
    report: str
    given: Mapping[str, Any]
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it: ``published`` or ``unchanged`` with the edition's name, or ``failed`` with its cause."""

    kind: str
    edition: str = ""
    cause: str = ""
    warnings: Sequence[str] = ()


def run(job: Job, stopped: Callable[[], bool]) -> Result:
    """Render a report in a worker process, which ends with this one whatever happens.

    Args:
        job: What to render.
        stopped: Asked many times a second whether to give up.

    Raises:
        Stopped: `stopped` said so; nothing of the run is left but what it had published.
    """
    allowed = job.timeout_s + MARGIN_S
    give_up = time.monotonic() + allowed

    def look() -> None:
        if stopped():
            raise Stopped
        if time.monotonic() > give_up:
            raise TimeoutError

    # what a process leaves when it is killed goes with the folder
    with scratch.folder() as folder, Worker(cwd=job.project.root, env={**os.environ, "TMPDIR": str(folder)}) as worker:
        try:
            return worker.call(render, job, folder, look=look)
        except TimeoutError:
            cause = f"{job.report}: must be done within {allowed:g} seconds (was ended then)."
        except LostError as lost:
            cause = f"{job.report}: the run must end with an answer ({processes.describe_exit(lost.status)})."
        except HandoverError as error:
            cause = str(error)
    return Result("failed", cause=cause[:CAUSE_SHOWN])


def render(job: Job, folder: Path) -> Result:
    """Render and publish; runs in the worker process.

    Args:
        job: What to render.
        folder: Where the process keeps its temporary files.

    Raises:
        HandoverError: The report failed.
    """
    from handover.editions import render

    scratch.adopt(folder)
    outcome = render.render(job.project, job.report, job.given, timeout_s=job.timeout_s)
    return Result(outcome.kind, outcome.edition.name, warnings=outcome.warnings)
