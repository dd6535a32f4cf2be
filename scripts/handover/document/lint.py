"""What no published page may hold: traces of the run or of the machine that made it.

An object's address or a temporary path changes with every run, so that the same inputs no longer give the same
bytes; a home folder tells who made the report.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from handover.errors import ConversionError
from handover.project import Project

#: What is looked for: plain texts of which it holds one, which are found fast, and the pattern itself.
Trace = tuple[list[str], str]

#: The source of a cell may well name a temporary folder; what it displays may not.
RUN = {
    "the address of an object": ([" at 0x"], r" at 0x[0-9a-f]{6,}"),
    "a kernel's temporary file": (["ipykernel_", "<ipython-input-"], r"\bipykernel_\d+|<ipython-input-\d+"),
    "a temporary path": (["/tmp/"], r"(?<![\w.])/tmp/"),
}


def lint(nb: Any, pages: Iterable[str], project: Project, where: str) -> None:
    """Refuse an executed notebook, or pages made from it, that hold traces.

    Raises:
        ConversionError: Lists each trace with its cell and the text around it.
    """
    machine = {
        "the project's path": _path(project.root),
        "the home folder": _path(Path.home()),
    }
    found = []
    for number, cell in enumerate(nb["cells"], 1):
        for text in _texts(cell.get("outputs", [])):
            found += _traces(f"cell {number}", text, RUN | machine)
        found += _traces(f"cell {number}, its source", cell["source"], machine)
    for page in pages if not found else ():
        found += _traces("page", page, machine)
    if found:
        shown = "".join(f"\n  {one}" for one in found[:20])
        raise ConversionError(
            f"{where}: must hold no trace of the run or the machine ({len(found)} found):{shown}\n"
            "Display a value instead of an object's default text, and name no path of this machine."
        )


def _path(path: Path) -> Trace:
    # the root folder, or a drive's, is part of every path and says nothing
    return [str(path)], rf"(?<![\w.]){re.escape(str(path))}(?![\w-])" if len(path.parts) > 1 else r"(?!)"


def _traces(place: str, text: str, traces: dict[str, Trace]) -> Iterator[str]:
    for what, (parts, pattern) in traces.items():
        match = re.search(pattern, text) if any(part in text for part in parts) else None
        if match:
            around = text[max(0, match.start() - 30) : match.end() + 30]
            yield f"{place}: {what}, in “{' '.join(around.split())}”"


def _texts(value: Any) -> Iterator[str]:
    """Every text in the outputs of a cell; images in base64 hold none, and are skipped for speed."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("image/png", "image/jpeg"):
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
