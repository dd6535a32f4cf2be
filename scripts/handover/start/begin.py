"""Writes the files of `templates/`, with what a project and its author say put in place of each name."""

import datetime as dt
import json
import os
import re
import shlex
import string
import sys
from pathlib import Path

from handover import atomic
from handover.document import audit
from handover.editions import REPORT, REPORT_RULE
from handover.errors import HandoverError, NotebookError
from handover.notebook import source
from handover.project import Project
from handover.story import Example, first_usable

TEMPLATES = Path(__file__).parent / "templates"
#: The report that a new project begins with.
FIRST = "example"
#: A parameter of reports that can rest on an article alone.
EVIDENCE = (
    'evidence: Literal["article", "record"] = "record"  # the article alone, or with the public record around it\n'
)


def new_report(project: Project, report: str) -> Path:
    """Add a notebook that renders at once: a fact in a sentence, the rows of its table in a chart, and the evidence.

    Raises:
        NotebookError: The name is no report's, or there is one of that name.
        DataError: The project's tables have faults, or no fact that states a number.
        StoreError: The notebook cannot be written.
    """
    _require_new(project, report)
    found = first_usable(project, dt.date.today())
    label = found.label if _is_plain(found.label) else "By the latest account"
    value = f"{label}: {{{found.fact}}}{' per cent' if found.unit == 'per cent' else ''}"
    table, where = (json.dumps(text, ensure_ascii=False) for text in (found.table, found.where))
    alt = f"Marks along time, joined by a line: what the table says of each period. {value}."
    words = {
        "title": report.replace("-", " ").replace("_", " ").capitalize(),
        "as_of": found.day.isoformat(),
        "evidence": EVIDENCE if found.article else "",
        "also": ", evidence" if found.article else "",
        "rows": f"frame({table}).query({where})" if found.table else f'story.numbers("{found.fact}")',
    }
    drawn = "All rows of the table that can be compared" if found.table else "The rows behind it"
    quoted = {"sentence": _sentence(label, found), "drawn": drawn, "heading": value, "alt": alt}
    words |= {name: json.dumps(text, ensure_ascii=False) for name, text in quoted.items()}
    nb = json.loads((TEMPLATES / "report.ipynb").read_text("utf-8"))
    for number, cell in enumerate(nb["cells"], 1):
        cell["source"] = string.Template("".join(cell["source"])).substitute(words)
        cell["id"] = f"{report}-{number:02}"[-64:]
    path = project.notebook(report)
    with atomic.translate_os_errors(path):
        path.parent.mkdir(exist_ok=True)
        atomic.create(path, source.canonical(nb).encode())
    return path


def _require_new(project: Project, report: str) -> None:
    if not REPORT.fullmatch(report):
        raise NotebookError(
            f"{report}: a report's name must be {REPORT_RULE} (got {report!r}).\n"
            "Choose another: it is also the name of folders, files and links."
        )
    taken = [name for name in project.reports_known() if name.casefold() == report.casefold()]
    if taken:
        raise NotebookError(
            f"{report}: must be the name of a new report (got that of {project.where(project.notebook(taken[0]))}).\n"
            "Choose another, or edit that notebook."
        )


def _sentence(label: str, found: Example) -> str:
    """Write a first sentence: what the fact is called, its value with its unit, when that was so, and who says it."""
    unit = found.unit if _is_plain(found.unit) else ""
    value = " ".join(filter(None, [f"{{{found.fact}}}", unit.replace("_", " ")]))
    return f"{label}: {value} ({{{found.fact}.date}}; {{{found.fact}.source}})."


def _is_plain(text: str) -> bool:
    """Return whether a text can stand in a template as it is: it has no number, no brace and no mark-up."""
    return not (audit.NUMBER.search(text) or set(text) & set("{}<>[]\\`*_$&"))


def new_project(folder: Path, title: str, desk: str, url: str) -> list[str]:
    """Make a project for another story in a folder that is empty or not there, and return what was written, sorted.

    The `title` is that of its catalogue, which readers will find at `url`; `desk` signs its reports. Both may be "".

    Raises:
        HandoverError: The folder holds something, or an argument cannot be used.
        StoreError: It cannot be written.
    """
    folder = folder.resolve()
    _require_empty(folder)
    words = {
        "title": _toml("--title", title),
        "desk": _toml("--desk", desk),
        "url": _toml("--url", url),
        "name": re.sub("[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "story",  # as data packages may be called
        "commands": shlex.quote(os.path.relpath(Path(sys.prefix, "bin"), folder)),
    }
    own = TEMPLATES / "project"
    # not $name, since scripts have dollars of their own
    marks = re.compile(f"@({'|'.join(words)})@")
    with atomic.translate_os_errors(folder):
        for template in (path for path in sorted(own.rglob("*")) if path.is_file() and path.suffix != ".pyc"):
            path = template.relative_to(own).as_posix().replace("dot-", ".")  # of those that are hidden
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            atomic.create(target, marks.sub(lambda mark: words[mark[1]], template.read_text("utf-8")).encode())
            if path.startswith("scripts/"):
                target.chmod(0o755)
    new_report(Project(folder), FIRST)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _require_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise HandoverError(f"{folder}: must be a folder (got a file).\nChoose another name; nothing was written.")
    held = sorted(os.listdir(folder)) if folder.is_dir() else []  # noqa: PTH208  names, hidden ones too
    if held and held != [".git"]:
        raise HandoverError(
            f"{folder}: must be empty, or a folder that is not there (got {', '.join(held[:3])}"
            f"{', …' if len(held) > 3 else ''}).\nChoose another folder; nothing was written."
        )


def _toml(option: str, text: str) -> str:
    """Write a text, all of which must be seen, as between the quotes of TOML."""
    if not text.isprintable():
        raise HandoverError(f"{option}: must be one line of text (got {text!r}).\nWrite it without control characters.")
    return json.dumps(text, ensure_ascii=False)[1:-1]
