"""A notebook's file: read it, check it and its cells before a kernel starts, and give it its canonical form for git.

`read` and `canonical` work on plain dictionaries, so they import no Jupyter tool.
"""

import ast
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover import imports
from handover.errors import ExecutionError, NotebookError
from handover.text import whole

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: The metadata that belongs to the report; an editor or a run adds the rest.
NOTEBOOK_METADATA = ("authors", "date", "kernelspec", "language", "language_info", "title")
CELL_METADATA = ("format", "raw_mimetype", "tags")
INJECTED = "injected-parameters"

#: Tags that let a cell fail, or be skipped, in silence.
LENIENT_TAGS = ("raises-exception", "skip-execution")

#: Magics that run a program and hide that it failed, or change what is installed.
UNCHECKED_MAGICS = ("sx", "system", "!", "pip", "uv", "conda", "mamba", "micromamba")

#: Cell magics whose cell is Python below their line.
PYTHON_MAGICS = r"%%(time|timeit|capture|prun)\b"

SAVE_AGAIN = "Restore the file from git, or open it in JupyterLab and save it again."


def read(path: Path, where: str | None = None) -> dict[str, Any]:
    """Read a notebook file as plain JSON; messages name it `where`, or by its path.

    Raises:
        NotebookError: The file is missing, unreadable, or no notebook in format 4.
    """
    where = where or str(path)
    try:
        nb = _loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise NotebookError(f"{where}: must be a file that can be read ({error.strerror}).\nCheck the name.") from error
    except UnicodeDecodeError as error:
        raise NotebookError(f"{where}: must be UTF-8 (got another byte at {error.start}).\n{SAVE_AGAIN}") from error
    except json.JSONDecodeError as error:
        raise NotebookError(
            f"{where}: must be JSON (got {error.msg} in line {error.lineno}, column {error.colno}).\n{SAVE_AGAIN}"
        ) from error
    except RecursionError as error:
        raise NotebookError(f"{where}: must be a notebook (got JSON nested without end).\n{SAVE_AGAIN}") from error
    if isinstance(nb, dict) and nb.get("nbformat", 4) != 4:
        raise NotebookError(
            f"{where}: must be a notebook in format 4 (got format {nb['nbformat']}).\n"
            "Convert it with `jupyter nbconvert --to notebook --inplace`."
        )
    if not isinstance(nb, dict) or "nbformat" not in nb or not isinstance(nb.get("cells"), list):
        raise NotebookError(f"{where}: must be a notebook (got JSON without its parts).\n{SAVE_AGAIN}")
    return nb


def _loads(text: str) -> Any:
    """Read JSON; a lone surrogate, which it may contain as an escape, becomes the replacement character."""
    found = json.loads(text)
    return json.loads(whole(json.dumps(found, ensure_ascii=False))) if "\\ud" in text.lower() else found


def load(path: Path, where: str | None = None) -> "NotebookNode":
    """Read and validate a notebook file; messages name it `where`, or by its path.

    A notebook of format 4.4 or older has no cell ids; its cells get their numbers as ids, so that the same file
    always gives the same pages.

    Raises:
        NotebookError: The file cannot be read, or is not a notebook in format 4 with a distinct id for every cell.
    """
    where = where or str(path)
    nb = read(path, where)
    _number_cells(nb)
    faults = list(_id_faults(nb))
    if faults:
        raise NotebookError(
            "\n  ".join([f"{where}: every cell must have an id of its own:", *faults]) + f"\n{SAVE_AGAIN}"
        )
    imports.lean("jsonschema")
    import nbformat

    node = nbformat.from_dict(nb)
    try:
        nbformat.v4.rwbase.rejoin_lines(node)
        nbformat.validate(node)
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError) as error:
        place, reason = _format_fault(error)
        raise NotebookError(f"{where}: {place} must keep the notebook format (got: {reason}).\n{SAVE_AGAIN}") from error
    return node


def canonical(nb: Mapping[str, Any]) -> str:
    """Return the text of a notebook for git: no outputs, counts, editor metadata or injected parameters.

    Nor the source of a cell that nbconvert was told to leave out.
    """
    clean = {
        "cells": [_clean(cell) for cell in nb["cells"] if INJECTED not in cell["metadata"].get("tags", [])],
        "metadata": {key: nb["metadata"][key] for key in NOTEBOOK_METADATA if key in nb["metadata"]},
        "nbformat": nb["nbformat"],
        "nbformat_minor": nb["nbformat_minor"],
    }
    if "language_info" in clean["metadata"]:
        # a kernel adds its own version here, which no report depends on
        language = clean["metadata"]["language_info"]
        clean["metadata"]["language_info"] = {key: value for key, value in language.items() if key == "name"}
    # a notebook made in memory may contain lone surrogates, which `read` replaces
    return whole(json.dumps(clean, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))) + "\n"


def clear(nb: "NotebookNode") -> None:
    """Take the outputs of all cells out of a notebook."""
    for cell in nb.cells:
        if "outputs" in cell:
            cell.outputs = []


def _clean(cell: Mapping[str, Any]) -> dict[str, Any]:
    source = "" if cell["metadata"].get("transient", {}).get("remove_source") else text_of(cell)
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


def check_cells(nb: "NotebookNode", where: str) -> None:
    """Refuse cells that could fail without failing the run.

    No cell of a report may fail or be skipped. ``!command`` and the magics like it go on when the command fails, and
    the outputs do not show it; ``%%bash`` fails the cell, and is allowed. ``breakpoint()`` does nothing without a
    debugger.

    Raises:
        ExecutionError: There are such cells; the message lists all.
    """
    if faults := list(lenient_faults(nb)):
        raise ExecutionError(
            "\n  ".join([f"{where}: every cell of a report must run, and fail when something fails:", *faults])
            + "\nRemove the tags; run programs with `subprocess.run([…], check=True)` or `%%bash`. Nothing was run."
        )


def lenient_faults(nb: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each thing in a cell that could fail without failing the run."""
    python = in_python(nb)
    for number, cell in enumerate(nb["cells"], 1):
        if cell["cell_type"] != "code":
            continue
        text = text_of(cell)
        for tag in LENIENT_TAGS:
            if tag in cell["metadata"].get("tags", []):
                yield f"cell {number}: must not carry the tag '{tag}'"
        for line in unchecked_lines(text) if python else ():
            yield f"cell {number}: `{line}` goes on when the command fails"
        if python and _calls_breakpoint(text):
            yield f"cell {number}: `breakpoint()` waits for a user who is not there"


def in_python(nb: Mapping[str, Any]) -> bool:
    """Return whether a notebook is in Python; the syntax of IPython's commands means something else elsewhere."""
    about = nb["metadata"]
    name = about.get("language_info", {}).get("name") or about.get("kernelspec", {}).get("language")
    return (name or "python") == "python"


def text_of(cell: Mapping[str, Any]) -> str:
    """Return the source of a cell, which a file may hold as a list of lines."""
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def unchecked_lines(source: str) -> Iterator[str]:
    """Yield the lines of a cell that run a program and ignore whether it failed."""
    magic = rf"%({'|'.join(map(re.escape, UNCHECKED_MAGICS))})\b"
    lines = source.splitlines()
    if lines and lines[0].startswith("%%"):
        if re.match(rf"%{magic}|%%!|%%\w+.*--no-raise-error", lines[0]):
            yield lines[0]
        if not re.match(PYTHON_MAGICS, lines[0]):
            return
        lines = lines[1:]
    found = [line.strip() for line in lines if re.match(rf"\s*(\w[\w, ]*=\s*)?(!(?!=)|{magic})", line)]
    # in a cell that is valid Python, a line that begins with % or ! is part of a string
    if found and _parsed("\n".join(lines)) is None:
        yield from found


def _calls_breakpoint(source: str) -> bool:
    """Return whether a cell calls ``breakpoint()``; in one with magics, at the start of a line."""
    if "breakpoint" not in unicodedata.normalize("NFKC", source):
        return False
    tree = _parsed(source)
    if tree is None:
        return bool(re.search(r"^\s*breakpoint\(", source, re.MULTILINE))
    return any(isinstance(node, ast.Call) and getattr(node.func, "id", "") == "breakpoint" for node in ast.walk(tree))


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


def _number_cells(nb: dict[str, Any]) -> None:
    """Give ids to the cells of a notebook older than format 4.5."""
    minor = nb.get("nbformat_minor")
    if isinstance(minor, int) and minor < 5:
        for number, cell in enumerate(nb["cells"], 1):
            if isinstance(cell, dict):
                cell["id"] = f"cell-{number}"
        nb["nbformat_minor"] = 5


def _id_faults(nb: dict[str, Any]) -> Iterator[str]:
    cells = [cell for cell in nb["cells"] if isinstance(cell, dict)]
    counts = Counter(str(cell.get("id")) for cell in cells)
    for number, cell in enumerate(cells, 1):
        if not cell.get("id"):
            yield f"cell {number} has none"
        elif counts[str(cell["id"])] > 1:
            yield f"cell {number} shares '{cell['id']}'"


def _format_fault(error: Exception) -> tuple[str, str]:
    """Return where in the notebook the format is broken, and how, in one line."""
    parts = list(getattr(error, "absolute_path", None) or getattr(error, "path", None) or [])
    reason = str(getattr(error, "message", "") or error).splitlines()[0][:200]
    if len(parts) > 1 and parts[0] == "cells" and isinstance(parts[1], int):
        return f"cell {parts[1] + 1}", reason
    return "the file", reason
