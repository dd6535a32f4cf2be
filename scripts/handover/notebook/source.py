"""A notebook as it stands in git: no outputs, no counts, no editor metadata, no injected parameters.

Works on plain dictionaries, so that a notebook can be recognised before any of Jupyter's tools is imported.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handover.errors import NotebookError
from handover.text import whole

#: What of the metadata belongs to the report; everything else an editor or a run put there.
NOTEBOOK_METADATA = ("authors", "date", "kernelspec", "language", "language_info", "title")
CELL_METADATA = ("format", "raw_mimetype", "tags")
INJECTED = "injected-parameters"


def read(path: Path) -> dict[str, Any]:
    """Read a notebook file as plain JSON.

    Raises:
        NotebookError: The file is missing, unreadable, or no notebook in format 4.
    """
    try:
        nb = loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise NotebookError(
            f"{path}: must be a notebook that can be read (got {error.strerror}).\nCheck the path."
        ) from error
    except ValueError as error:
        raise NotebookError(
            f"{path}: must be JSON (got {error}).\nOpen it in JupyterLab and save it again, or restore it from git."
        ) from error
    if not isinstance(nb, dict) or not isinstance(nb.get("cells"), list) or nb.get("nbformat") != 4:
        found = f"nbformat {nb.get('nbformat')}" if isinstance(nb, dict) and "nbformat" in nb else "other JSON"
        raise NotebookError(
            f"{path}: must be a notebook in format 4 (got {found}).\nOpen it in JupyterLab and save it again."
        )
    return nb


def loads(text: str) -> Any:
    """Read JSON; of half a character, which it may hold as an escape, a replacement is left.

    Raises:
        ValueError: It is no JSON.
    """
    found = json.loads(text)
    return json.loads(whole(json.dumps(found, ensure_ascii=False))) if "\\ud" in text.lower() else found


def canonical(nb: Mapping[str, Any]) -> str:
    """The text of a notebook as git should have it: what nbformat writes for its clean form."""
    clean = {
        "cells": [_cell(cell) for cell in nb["cells"] if INJECTED not in cell["metadata"].get("tags", [])],
        "metadata": _metadata(nb["metadata"]),
        "nbformat": nb["nbformat"],
        "nbformat_minor": nb["nbformat_minor"],
    }
    # who hands over a notebook in memory may not have read it by `loads`
    return whole(json.dumps(clean, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))) + "\n"


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: metadata[key] for key in NOTEBOOK_METADATA if key in metadata}
    if "language_info" in kept:
        # a kernel fills in its own version here, which no report depends on
        kept["language_info"] = {key: value for key, value in kept["language_info"].items() if key == "name"}
    return kept


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    clean = {
        "cell_type": cell["cell_type"],
        "metadata": {key: cell["metadata"][key] for key in CELL_METADATA if key in cell["metadata"]},
        "source": source.splitlines(keepends=True),
    }
    if "id" in cell:
        clean["id"] = cell["id"]
    if cell.get("attachments"):
        clean["attachments"] = cell["attachments"]
    if cell["cell_type"] == "code":
        clean |= {"execution_count": None, "outputs": []}
    return clean
