"""One run of a report in a process of its own, so that time-out, memory and a crash of it end with that process.

The parent's end and the child's are both here; they speak by one JSON file.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover import scratch
from handover.errors import HandoverError
from handover.notebook import processes
from handover.project import Project

#: Over and above the notebook's own time: to start, to write the pages, to wait for the store.
MARGIN_S = 60.0
LOOK_S = 0.05
#: How much of a cause is kept.
CAUSE_SHOWN = 2000


class Stopped(Exception):
    """The run was ended because the runner is to stop; it has no outcome."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be rendered; `given` holds plain JSON values."""

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
    """Render a report in a child process, which ends with this one whatever happens.

    Args:
        job: What to render.
        stopped: Asked many times a second whether to give up.

    Raises:
        Stopped: `stopped` said so; nothing of the run is left but what it had published.
    """
    with scratch.folder() as folder, processes.reaper() as reaper:
        order, answer = folder / "order.json", folder / "answer.json"
        asked = {"root": str(job.project.root), "report": job.report, "given": job.given, "timeout_s": job.timeout_s}
        order.write_text(json.dumps(asked), "utf-8")
        child = reaper.start(
            [sys.executable, "-P", "-m", __name__, str(order), str(answer)],
            env={**os.environ, "TMPDIR": str(folder)},  # what it leaves when it is killed goes with the folder
            cwd=job.project.root,
            log=folder / "log",
            scratch=folder,
        )
        allowed = job.timeout_s + MARGIN_S
        give_up = time.monotonic() + allowed
        while child.poll() is None:
            if stopped():
                raise Stopped
            if time.monotonic() > give_up:
                return Result(
                    "failed", cause=f"{job.report}: must be done within {allowed:g} seconds (was ended then)."
                )
            time.sleep(LOOK_S)
        return _answer(answer, job, child.returncode or 0, (folder / "log").read_text("utf-8", "replace"))


def _answer(path: Path, job: Job, code: int, log: str) -> Result:
    try:
        return Result(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        said = log.strip().splitlines()[-1:]
        cause = f"{job.report}: the run must end with an answer ({processes.ending(code)}). {''.join(said)}"
        return Result("failed", cause=cause.strip()[:CAUSE_SHOWN])


def main(order: Path, answer: Path) -> None:
    """Be the child: render, and leave the answer."""
    from handover.editions import render

    asked = json.loads(order.read_text("utf-8"))
    project = Project(Path(asked["root"]))
    try:
        outcome = render.render(project, asked["report"], asked["given"], timeout_s=asked["timeout_s"])
        result = {"kind": outcome.kind, "edition": outcome.edition.name, "warnings": list(outcome.warnings)}
    except HandoverError as error:
        result = {"kind": "failed", "cause": str(error)[:CAUSE_SHOWN]}
    half = answer.with_suffix(".half")
    half.write_text(json.dumps(result), "utf-8")
    half.rename(answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
