"""One report measured both ways, round by round, so that a busy minute slows both alike."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from handover.bench import ours, stock
from handover.project import Project

#: The day that both ways report on.
DAY = "2026-01-31"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the result: what was measured, the stock figure, ours, and the ratio aimed at, if any."""

    what: str
    stock: float | None
    ours: float
    unit: str = "s"
    goal: float | None = None
    most: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times ours goes into the stock figure."""
        return self.stock / self.ours if self.stock and self.ours else None

    @property
    def met(self) -> bool:
        """Whether the ratio is reached, and ours stays under its own limit."""
        enough = self.goal is None or self.ratio is None or self.ratio >= self.goal
        return enough and (self.most is None or self.ours <= self.most)


def measure(
    project: Project, report: str, rounds: int, jobs: int, scratch: Path, tell: Callable[[str], None]
) -> Iterator[Line]:
    """Measure a report; the first round warms the disk and is not counted.

    Raises:
        HandoverError: A command of either way failed.
    """
    way = stock.pdf_way(scratch)
    if way is None:
        tell("Neither a browser nor LaTeX was found, so the stock tools make no PDF here and are timed without.")
    theirs, mine = [], []
    for number in range(rounds + 1):
        tell(f"{report}: round {number} of {rounds}" if number else f"{report}: a first round that is not counted")
        theirs.append(stock.render(project, report, DAY, scratch / f"{report}-stock-{number}", way))
        mine.append(ours.render(project, report, DAY, scratch / f"{report}-ours-{number}"))
    theirs, mine = theirs[1:], mine[1:]
    tell(f"{report}: a sweep of {ours.SWEPT[2]} days on {jobs} workers")
    swept, count = ours.sweep(project, report, scratch / f"{report}-sweep", jobs)
    whole = statistics.median(result.seconds for result in theirs)
    yield Line("HTML and PDF from cold", whole, statistics.median(result.cold.seconds for result in mine), goal=5)
    yield Line(f"the same in a sweep, {jobs} workers", whole, swept.seconds / count, goal=40)
    unchanged = statistics.median(result.unchanged.seconds for result in mine)
    yield Line("the same, unchanged", whole, unchanged, goal=50, most=0.3)
    if way:
        tell(f"{report}: the PDF stage")
        yield _stage(way, theirs[-1].files[".ipynb"], rounds)
    yield from _sizes(theirs[-1], mine[-1])
    peaks = max(max(step.peak for step in (r.execute, r.html, r.pdf) if step) for r in theirs)
    yield Line("peak memory", peaks / 1e6, max(result.cold.peak for result in mine) / 1e6, "MB")
    yield Line(f"peak memory of the sweep, {jobs} workers", None, swept.peak / 1e6, "MB")


def _stage(way: stock.Way, notebook: Path, rounds: int) -> Line:
    env = dict(os.environ) | dict(way.env)
    medians = []
    for exporter in (way.exporter, "handover_pdf"):
        words = [sys.executable, "-m", "handover.bench.stage", exporter, str(notebook), str(rounds)]
        said = subprocess.run(words, env=env, check=True, capture_output=True, text=True).stdout
        medians.append(statistics.median(json.loads(said)))
    return Line("PDF stage alone, warm", *medians, goal=100)


def _sizes(theirs: stock.Result, mine: ours.Result) -> Iterator[Line]:
    for suffix in (".html", ".pdf"):
        before = theirs.files[suffix].stat().st_size / 1000 if suffix in theirs.files else None
        yield Line(f"size of the {suffix[1:].upper()}", before, mine.files[suffix].stat().st_size / 1000, "kB")
    yield Line("size of the PDF without its attachments", None, bare(mine.files[".pdf"]) / 1000, "kB")


def bare(pdf: Path) -> int:
    """Bytes of a PDF less those that its attachments take in it."""
    import pikepdf

    with pikepdf.open(pdf) as opened:
        names = list(opened.attachments)
        taken = sum(len(opened.attachments[name].obj.EF.F.read_raw_bytes()) for name in names)
    return pdf.stat().st_size - taken
