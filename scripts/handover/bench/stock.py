"""The stock way: papermill, then nbconvert to HTML, then nbconvert to PDF, each with its best options."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from handover.bench.clock import Run, run
from handover.errors import HandoverError
from handover.project import Project

#: Names under which a system installs the browser.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True, slots=True)
class Way:
    """How stock nbconvert makes a PDF here: the exporter, its options, and what the environment must say."""

    exporter: str
    options: tuple[str, ...]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """The three commands of the stock way, timed, and the files they made."""

    execute: Run
    html: Run
    pdf: Run | None
    files: Mapping[str, Path]

    @property
    def seconds(self) -> float:
        """What a person waits for both files."""
        return sum(step.seconds for step in (self.execute, self.html, self.pdf) if step)


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
    """Where playwright looks for its browser if told to look in `folder`."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return None
    before = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    os.environ["PLAYWRIGHT_BROWSERS_PATH"] = str(folder)
    try:
        with sync_playwright() as started:
            started.chromium.launch()
    except Error as error:
        found = re.search(r"Executable doesn't exist at (\S+)", str(error))
        return Path(found[1]) if found else None
    finally:
        if before is None:
            del os.environ["PLAYWRIGHT_BROWSERS_PATH"]
        else:
            os.environ["PLAYWRIGHT_BROWSERS_PATH"] = before
    return None


def render(project: Project, report: str, day: str, folder: Path, way: Way | None) -> Result:
    """Make a report the stock way, in a fresh folder.

    Raises:
        HandoverError: One of the commands failed.
    """
    folder.mkdir(parents=True)
    tools = Path(sys.executable).parent
    env = dict(os.environ) | dict(way.env if way else {})
    done = folder / f"{report}.ipynb"
    first = [tools / "papermill", project.notebook(report), done, "-p", "as_of", day, "--no-progress-bar"]
    execute = run([*first, "--cwd", project.notebooks], cwd=folder, env=env)
    convert = [tools / "jupyter-nbconvert", done.name, "--log-level=ERROR"]
    html = run([*convert, "--to", "html"], cwd=folder, env=env)
    pdf = run([*convert, "--to", way.exporter, *way.options], cwd=folder, env=env) if way else None
    files = {suffix: done.with_suffix(suffix) for suffix in (".ipynb", ".html", *([".pdf"] if way else []))}
    missing = [path.name for path in files.values() if not path.is_file()]
    if missing:
        raise HandoverError(f"{folder}: the stock tools must leave all their files (missing: {', '.join(missing)}).")
    return Result(execute, html, pdf, files)
