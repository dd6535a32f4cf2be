"""The benchmark behind ``scripts/bench``: papermill and nbconvert as they come, and this project, side by side.

Both ways are run as a user would run them, as commands, round by round, so that a busy minute slows both alike. Memory
is measured in runs of their own: to look at it takes a sixth of the time of a core from what runs.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import click
import psutil

from handover.cli import say
from handover.editions import Store
from handover.errors import HandoverError
from handover.project import Project

#: The first argument when this file is to time one exporter in a process of its own, so that neither warms the other.
STAGE = "--time-exporter"
#: Seconds between two looks at the memory.
EVERY = 0.05
#: Lines of what a failing command said that are shown.
SHOWN = 15


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command: wall time in seconds, and if that was watched, the peak of its memory in bytes."""

    seconds: float
    peak: int


def run(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], watched: bool = False) -> Run:
    """Run a command to its end; if it is `watched`, its memory is measured, shared pages counted once."""
    words = [str(word) for word in command]
    with tempfile.TemporaryFile("w+") as said:
        begun, peak = time.perf_counter(), 0
        process = subprocess.Popen(words, cwd=cwd, env=env, stdout=said, stderr=subprocess.STDOUT)
        while watched and process.poll() is None:
            with suppress(psutil.Error):
                root = psutil.Process(process.pid)
                peak = max(peak, sum(map(_held, [root, *root.children(recursive=True)])))
            time.sleep(EVERY)
        process.wait()
        seconds = time.perf_counter() - begun
        if process.returncode:
            said.seek(0)
            raise HandoverError(
                f"{' '.join(words)}: must succeed to be timed (left with {process.returncode}):\n"
                + "\n".join(f"  {line}" for line in said.read().splitlines()[-SHOWN:])
            )
    return Run(seconds, peak)


def _held(process: psutil.Process) -> int:
    """Bytes of memory, a page that several processes share in equal parts where the system tells them."""
    try:
        found = process.memory_full_info()
    except psutil.Error:
        return 0
    return getattr(found, "pss", 0) or found.rss


#: Names under which a system installs the browser.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True, slots=True)
class Way:
    """How stock nbconvert makes a PDF here: the exporter, its options, and what the environment must say."""

    exporter: str
    options: tuple[str, ...]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """What one way did of a report: its commands, timed, by what they are for, and the files they made, by suffix."""

    runs: Mapping[str, Run]
    files: Mapping[str, Path]


def pdf_way(scratch: Path) -> Way | None:
    """Find out how nbconvert can make a PDF here: by a browser, else by LaTeX, else not at all.

    nbconvert asks playwright for the browser that playwright itself downloads; a browser that the system has is
    put in that place, in a folder of our own.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    folder = Path(tempfile.mkdtemp(dir=scratch))
    if browser and (wanted := _wanted(folder)):
        wanted.parent.mkdir(parents=True)
        wanted.symlink_to(browser)
        options = ("--WebPDFExporter.disable_sandbox=True",)
        return Way("webpdf", options, {"PLAYWRIGHT_BROWSERS_PATH": str(folder)})
    return Way("pdf", (), {}) if shutil.which("xelatex") else None


def _wanted(folder: Path) -> Path | None:
    """Where playwright looks for its browser if it is set to `folder`."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return None
    try:
        with patch.dict(os.environ, PLAYWRIGHT_BROWSERS_PATH=str(folder)), sync_playwright() as started:
            started.chromium.launch()
    except Error as error:
        found = re.search(r"Executable doesn't exist at (\S+)", str(error))
        return Path(found[1]) if found else None
    return None


def render_stock(project: Project, report: str, day: str, folder: Path, way: Way | None, watched: bool = False) -> Made:
    """Make a report the stock way, in a fresh folder."""
    folder.mkdir(parents=True)
    tools = Path(sys.executable).parent
    env = dict(os.environ) | dict(way.env if way else {})
    done = folder / f"{report}.ipynb"
    first = [tools / "papermill", project.notebook(report), done, "-p", "as_of", day, "--no-progress-bar"]
    convert = [tools / "jupyter-nbconvert", done.name, "--log-level=ERROR"]
    commands = {"execute": [*first, "--cwd", project.notebooks], "html": [*convert, "--to", "html"]}
    commands |= {"pdf": [*convert, "--to", way.exporter, *way.options]} if way else {}
    runs = {what: run(command, cwd=folder, env=env, watched=watched) for what, command in commands.items()}
    files = {suffix: done.with_suffix(suffix) for suffix in (".ipynb", ".html", *([".pdf"] if way else []))}
    missing = [path.name for path in files.values() if not path.is_file()]
    if missing:
        raise HandoverError(f"{folder}: the stock tools must leave all their files (missing: {', '.join(missing)}).")
    return Made(runs, files)


#: The command as a user runs it.
HANDOVER = Path(sys.executable).parent / "handover"
#: Days of a sweep, one edition each; and of the one that is watched.
SWEPT, WATCHED = ("2025-10-01", "2025-12-09", 70), ("2025-10-01", "2025-10-14", 14)


def render_ours(project: Project, report: str, day: str, folder: Path, watched: bool = False) -> Made:
    """Render a report into a fresh folder, ask for it again, and export its executed notebook to each format."""
    command = [HANDOVER, "render", report, "-p", "as_of", day, "--out", folder]
    runs = {"cold": run(command, cwd=project.root, env=os.environ, watched=watched)}
    runs["unchanged"] = run(command, cwd=project.root, env=os.environ)
    (edition,) = Store.of(project, folder).editions(report)
    export = [HANDOVER, "export", edition.file(".ipynb"), "--output-dir", folder / "exported", "--log-level=ERROR"]
    runs |= {kind: run([*export, "--to", kind], cwd=project.root, env=os.environ) for kind in ("html", "pdf")}
    files = {suffix: edition.file(suffix) for suffix in (".ipynb", ".html", ".pdf")}
    return Made(runs, files)


def sweep(project: Project, report: str, folder: Path, jobs: int, watched: bool = False) -> tuple[Run, int]:
    """Render a report for each day of a range, and return the run and how many editions it made."""
    first, last, count = WATCHED if watched else SWEPT
    axis = f"as_of={first}..{last}/1d"
    words = ["render", report, "--sweep", axis, "--jobs", str(jobs), "--out", folder]
    return run([HANDOVER, *words], cwd=project.root, env=os.environ, watched=watched), count


#: The day that both ways report on.
DAY = "2026-01-31"
#: Ratios aimed at, from cold, in a sweep and for the PDF alone: a long report has more text that either way must set.
GOALS = {"briefing": (8, 40, 50), "drawdown": (8, 30, 30)}


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
    """Measure a report; the first round warms the disk, and of it the memory alone is counted."""
    way = pdf_way(scratch)
    if way is None:
        tell("Neither a browser nor LaTeX was found, so the stock tools make no PDF here and are timed without.")
    theirs, mine = [], []
    for number in range(rounds + 1):
        tell(f"{report}: round {number} of {rounds}" if number else f"{report}: a first round that is not counted")
        theirs.append(render_stock(project, report, DAY, scratch / f"{report}-stock-{number}", way, not number))
        mine.append(render_ours(project, report, DAY, scratch / f"{report}-ours-{number}", not number))
    (before, *theirs), (after, *mine) = theirs, mine
    tell(f"{report}: a sweep of {SWEPT[2]} days on {jobs} workers")
    swept, count = sweep(project, report, scratch / f"{report}-sweep", jobs)
    held, _ = sweep(project, report, scratch / f"{report}-held", jobs, watched=True)
    whole = statistics.median(sum(step.seconds for step in one.runs.values()) for one in theirs)
    cold, many, alone = GOALS.get(report, (None, None, None))
    yield Line("HTML and PDF from cold", whole, _median(mine, "cold"), goal=cold)
    yield Line(f"the same in a sweep, {jobs} workers", whole, swept.seconds / count, goal=many)
    yield Line("the same, unchanged", whole, _median(mine, "unchanged"), goal=50, most=0.3)
    for kind, goal in (("html", 2), ("pdf", 3)):
        stock = _median(theirs, kind) if kind in before.runs else 0
        yield Line(f"{kind.upper()} of an executed notebook", stock, _median(mine, kind), goal=goal)
    if way:
        tell(f"{report}: the PDF stage")
        yield _stage(way, theirs[-1].files[".ipynb"], rounds, alone)
    yield from _sizes(theirs[-1], mine[-1])
    peak = max(step.peak for step in before.runs.values())
    yield Line("peak memory", peak / 1e6, after.runs["cold"].peak / 1e6, "MB")
    yield Line(f"peak memory of the sweep, {jobs} workers", None, held.peak / 1e6, "MB")


def _median(made: Sequence[Made], what: str) -> float:
    return statistics.median(one.runs[what].seconds for one in made)


def _stage(way: Way, notebook: Path, rounds: int, goal: float | None) -> Line:
    env = dict(os.environ) | dict(way.env)
    medians = []
    for exporter in (way.exporter, "handover_pdf"):
        words = [sys.executable, __file__, STAGE, exporter, str(notebook), str(rounds)]
        said = subprocess.run(words, env=env, check=True, capture_output=True, text=True).stdout
        medians.append(statistics.median(json.loads(said)))
    return Line("PDF stage alone, warm", *medians, goal=goal)


def _sizes(theirs: Made, mine: Made) -> Iterator[Line]:
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


def seconds(exporter: str, notebook: Path, rounds: int) -> list[float]:
    """Export a finished notebook `rounds` times after a first time that is not counted."""
    import nbformat
    from nbconvert.exporters import get_exporter

    made = get_exporter(exporter)()
    if exporter == "webpdf":
        made.disable_sandbox = True
    nb = nbformat.read(notebook, as_version=4)
    resources = {"metadata": {"name": notebook.stem, "path": str(notebook.parent)}}
    taken = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        made.from_notebook_node(nb, resources)
        taken.append(time.perf_counter() - begun)
    return taken[1:]


HEAD = f"{'':<42}{'stock':>10}{'ours':>10}{'':>4}{'ratio':>9}   goal"


@click.command()
@click.argument("reports", nargs=-1, metavar="[REPORT]...")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="Rounds to take medians of.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Workers of the sweep.")
def main(reports: tuple[str, ...], rounds: int, jobs: int) -> None:
    """Measure papermill and nbconvert as they come, and this package, side by side, on briefing and drawdown.

    Both get the same notebooks, a warm disk and their best options. It takes some minutes; a figure is worth
    something on a machine that does nothing else. A missed goal is marked and no error.
    """
    project = Project.find()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's machine keeps modules compiled
    click.echo(f"Medians of {rounds} rounds; ratio: stock over ours.\n")
    with tempfile.TemporaryDirectory(prefix="handover-bench-") as scratch:
        for report in reports or ("briefing", "drawdown"):
            try:
                lines = list(measure(project, report, rounds, jobs, Path(scratch), say))
            except HandoverError as error:
                raise click.ClickException(str(error)) from error
            click.echo(f"{report}\n{HEAD}")
            click.echo("\n".join(map(_row, lines)) + "\n")


def _row(line: Line) -> str:
    before = f"{line.stock:.2f}" if line.stock is not None else "-"
    ratio = f"{line.ratio:.1f}" if line.ratio is not None else "-"
    aims = [f"{line.goal:g} times" if line.goal else "", f"{line.most:g} {line.unit} at most" if line.most else ""]
    goal = ", ".join(filter(None, aims))
    verdict = "" if not goal else "   reached" if line.met else "   MISSED"
    return f"{line.what:<42}{before:>10}{line.ours:>10.2f}{line.unit:>4}{ratio:>9}   {goal}{verdict}"


if __name__ == "__main__":
    if sys.argv[1:2] == [STAGE]:
        print(json.dumps(seconds(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))))
    else:
        main(prog_name="scripts/bench")
