"""What travels inside the PDF: the notebook as in git, the data it used, and the record that binds them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from handover import digest
from handover.editions.imprint import Attachment
from handover.project import MARKER

#: The attachment that says how the others fit together; `handover verify` starts from it.
RECORD = "edition.json"
MIMES = {".csv": "text/csv", ".json": "application/json", ".geojson": "application/geo+json"}


def notebook(name: str, source: str) -> Attachment:
    """The notebook as it stands in git."""
    return Attachment(
        safe(f"{name}.ipynb"),
        source.encode(),
        "application/x-ipynb+json",
        "The notebook that made this report",
        "source",
    )


def data(root: Path, tables: Sequence[Any]) -> tuple[list[tuple[str, Attachment]], list[str]]:
    """Read the data tables that a report names, and their dictionary.

    Args:
        root: The project.
        tables: Paths relative to it, as the evidence output lists them. Nothing outside ``data/`` is
            read, nor through a link: a notebook could otherwise carry any file of this machine away.

    Returns:
        Pairs of path and attachment, the dictionary last; and one line for each path that was refused.
    """
    found, faults = [], []
    for name in sorted({str(table) for table in tables} - {MARKER.as_posix()}):
        fault = _fault(root, name)
        if fault:
            faults.append(f"{name}: {fault}")
        else:
            found.append((name, (root / name).read_bytes()))
    if found and (root / MARKER).is_file():
        found.append((MARKER.as_posix(), (root / MARKER).read_bytes()))
    attached = []
    for name, content in found:
        one = _attachment(name, content, found)
        taken = {other.name for _, other in attached}
        attached.append((name, replace(one, name=f"{len(attached)}-{one.name}") if one.name in taken else one))
    return attached, faults


def record(
    report: str,
    parameters: Mapping[str, Any],
    source: Attachment,
    tables: Sequence[tuple[str, Attachment]],
    versions: Mapping[str, str],
) -> Attachment:
    """The record of an edition: parameters, hashes and tools; it names no edition, so that it can be part of one.

    It holds nothing but what shapes the pages. The code of the package, the lock and the tables that are not attached
    stand in the manifest.

    Args:
        report: The report's name.
        parameters: What it ran with.
        source: The notebook attached.
        tables: The tables attached, by path.
        versions: Version of each tool that shapes a page, as `tools.shaping` gives them.
    """
    content = {
        "report": report,
        "as_of": parameters.get("as_of", ""),
        "parameters": dict(parameters),
        "notebook": {"attachment": source.name, "sha256": digest.of_bytes(source.data)},
        "data": {path: {"attachment": one.name, "sha256": digest.of_bytes(one.data)} for path, one in tables},
        "versions": dict(versions),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return Attachment(RECORD, text.encode(), "application/json", "How this report was made", "supplement")


def safe(name: str) -> str:
    """A name that any system can store and no reader can be deceived by; the record knows the true one."""
    return re.sub(r"[^A-Za-z0-9 ._()+,=@-]", "_", name).lstrip(".") or "_"


def _fault(root: Path, name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path.parts[:1] != MARKER.parts[:1] or "\\" in name or "\0" in name:
        return "must lie in data/"
    steps = [root.joinpath(*path.parts[: depth + 1]) for depth in range(len(path.parts))]
    if any(step.is_symlink() for step in steps):
        return "must not be reached through a symbolic link"
    return "" if steps[-1].is_file() else "must exist"


def _attachment(name: str, content: bytes, among: list[tuple[str, bytes]]) -> Attachment:
    """Name an attachment for its file, or for its whole path where two tables share a file name."""
    path = PurePosixPath(name)
    shared = sum(PurePosixPath(other).name == path.name for other, _ in among) > 1
    return Attachment(
        safe("-".join(path.parts) if shared else path.name),
        content,
        MIMES.get(path.suffix, "application/octet-stream"),
        "The data dictionary" if path == PurePosixPath(MARKER) else f"Data used by this report: {name}",
        "supplement" if path == PurePosixPath(MARKER) else "data",
    )
