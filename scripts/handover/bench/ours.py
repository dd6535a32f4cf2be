"""This press, as a user runs it: from cold, again with nothing changed, and over a range of days."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from handover.bench.clock import Run, run
from handover.editions import Store
from handover.project import Project

#: Days of a sweep, one edition each.
SWEPT = ("2025-10-01", "2025-12-09", 70)


@dataclass(frozen=True, slots=True)
class Result:
    """A report rendered from cold, and the same command once more."""

    cold: Run
    unchanged: Run
    files: Mapping[str, Path]


def render(project: Project, report: str, day: str, folder: Path) -> Result:
    """Render a report into a fresh folder, and ask for it again.

    Raises:
        HandoverError: The command failed.
    """
    command = [*_handover(), "render", report, "-p", "as_of", day, "--out", folder]
    cold = run(command, cwd=project.root, env=os.environ)
    unchanged = run(command, cwd=project.root, env=os.environ)
    (edition,) = Store.of(project, folder).editions(report)
    return Result(cold, unchanged, {suffix: edition.file(suffix) for suffix in (".ipynb", ".html", ".pdf")})


def sweep(project: Project, report: str, folder: Path, jobs: int) -> tuple[Run, int]:
    """Render a report for each day of a range, and return the run and how many editions it made.

    Raises:
        HandoverError: The command failed.
    """
    first, last, count = SWEPT
    axis = f"as_of={first}..{last}/1d"
    words = ["render", report, "--sweep", axis, "--jobs", str(jobs), "--out", folder]
    return run([*_handover(), *words], cwd=project.root, env=os.environ), count


def _handover() -> list[Path]:
    return [Path(sys.executable).parent / "handover"]
