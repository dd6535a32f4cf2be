"""A notebook on its way in: read it, or say what is wrong with the file or with what its cells ask for.

Everything that can be refused before a kernel starts is refused here.
"""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover.errors import ExecutionError, NotebookError
from handover.notebook import source

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: Tags with which a cell may fail, or be left out, in silence.
LENIENT_TAGS = ("raises-exception", "skip-execution")

#: Magics that run a program and hide that it failed, or change what is installed.
DEAF_MAGICS = ("sx", "system", "!", "pip", "uv", "conda", "mamba", "micromamba")

SAVE_AGAIN = "Restore the file from git, or open it in JupyterLab and save it again."


def load(path: Path, where: str | None = None) -> "NotebookNode":
    """Read a notebook; messages name it as `where` has it, or by its path.

    A notebook of format 4.4 or older has no cell ids; its cells get their numbers as ids, so that the same file
    always gives the same pages.

    Raises:
        NotebookError: The file cannot be read, or is not a notebook in format 4 with a distinct id for every cell.
    """
    import nbformat

    named = where or str(path)
    raw = _read(path, named)
    if not isinstance(raw, dict) or "nbformat" not in raw or not isinstance(raw.get("cells", []), list):
        raise NotebookError(f"{named}: must be a notebook (got JSON without its parts).\n{SAVE_AGAIN}")
    if raw["nbformat"] != 4:
        raise NotebookError(
            f"{named}: must be a notebook in format 4 (got format {raw['nbformat']}).\n"
            "Convert it with `jupyter nbconvert --to notebook --inplace`."
        )
    _number_cells(raw)
    faults = list(_id_faults(raw))
    if faults:
        raise NotebookError(
            "\n  ".join([f"{named}: every cell must have an id of its own:", *faults]) + f"\n{SAVE_AGAIN}"
        )
    nb = nbformat.from_dict(raw)
    try:
        nbformat.v4.rwbase.rejoin_lines(nb)
        nbformat.validate(nb)
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError) as error:
        place, reason = _place(error)
        raise NotebookError(f"{named}: {place} must keep the notebook format (got: {reason}).\n{SAVE_AGAIN}") from error
    return nb


def refuse(nb: "NotebookNode", where: str) -> None:
    """Refuse cells that could fail without failing the run.

    A report has no cells that may fail or be skipped. ``!command`` and its kin carry on when the command fails,
    and nothing that a cell shows tells so afterwards; ``%%bash`` fails truthfully, and stays allowed. A
    ``breakpoint()`` is passed over without a word where no debugger is attached.

    Raises:
        ExecutionError: Such cells, all at once.
    """
    faults = []
    for number, cell in enumerate(nb.cells, 1):
        if cell.cell_type != "code":
            continue
        for tag in LENIENT_TAGS:
            if tag in cell.metadata.get("tags", []):
                faults.append(f"cell {number}: must not carry the tag '{tag}'")
        for line in deaf_lines(cell.source) if _language(nb) == "python" else ():
            faults.append(f"cell {number}: `{line}` goes on when the command fails")
        if _language(nb) == "python" and _breaks(cell.source):
            faults.append(f"cell {number}: `breakpoint()` waits for somebody who is not there")
    if faults:
        raise ExecutionError(
            "\n  ".join([f"{where}: every cell of a report must run, and fail when something fails:", *faults])
            + "\nRemove the tags; run programs with `subprocess.run([…], check=True)` or `%%bash`. Nothing was run."
        )


def deaf_lines(source: str) -> Iterator[str]:
    """Yield the lines of a cell that run a program without minding whether it failed."""
    magic = rf"%({'|'.join(map(re.escape, DEAF_MAGICS))})\b"
    lines = source.splitlines()
    if lines and lines[0].startswith("%%"):
        if re.match(rf"%{magic}|%%!|%%\w+.*--no-raise-error", lines[0]):
            yield lines[0]
        if not re.match(r"%%(time|timeit|capture|prun)\b", lines[0]):
            return
        lines = lines[1:]
    # a line that begins with % or ! inside a string is text: such a cell is Python as it stands
    with_magics = not _is_python("\n".join(lines))
    for line in lines if with_magics else ():
        if re.match(rf"\s*(\w[\w, ]*=\s*)?(!(?!=)|{magic})", line):
            yield line.strip()


def _breaks(source: str) -> bool:
    """Whether a cell calls ``breakpoint()``; of one with magics the beginnings of its lines are read."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return bool(re.search(r"^\s*breakpoint\(", source, re.MULTILINE))
    return any(isinstance(node, ast.Call) and getattr(node.func, "id", "") == "breakpoint" for node in nodes)


def _language(nb: "NotebookNode") -> str:
    """The language of the cells; what stands for a command in IPython means something else elsewhere."""
    spec = nb.metadata.get("kernelspec", {})
    return nb.metadata.get("language_info", {}).get("name") or spec.get("language") or "python"


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _read(path: Path, named: str) -> Any:
    try:
        return source.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise NotebookError(f"{named}: must be a file that can be read ({error.strerror}).\nCheck the name.") from error
    except UnicodeDecodeError as error:
        raise NotebookError(f"{named}: must be UTF-8 (got another byte at {error.start}).\n{SAVE_AGAIN}") from error
    except json.JSONDecodeError as error:
        raise NotebookError(
            f"{named}: must be JSON (got {error.msg} in line {error.lineno}, column {error.colno}).\n{SAVE_AGAIN}"
        ) from error
    except RecursionError as error:
        raise NotebookError(f"{named}: must be a notebook (got JSON nested without end).\n{SAVE_AGAIN}") from error


def _number_cells(raw: dict[str, Any]) -> None:
    """Give ids to the cells of a notebook older than ids."""
    minor = raw.get("nbformat_minor")
    if isinstance(minor, int) and minor < 5:
        for number, cell in enumerate(raw.get("cells", []), 1):
            if isinstance(cell, dict):
                cell["id"] = f"cell-{number}"
        raw["nbformat_minor"] = 5


def _id_faults(raw: dict[str, Any]) -> Iterator[str]:
    cells = [cell for cell in raw.get("cells", []) if isinstance(cell, dict)]
    counts = Counter(str(cell.get("id")) for cell in cells)
    for number, cell in enumerate(cells, 1):
        if not cell.get("id"):
            yield f"cell {number} has none"
        elif counts[str(cell["id"])] > 1:
            yield f"cell {number} shares '{cell['id']}'"


def _place(error: Exception) -> tuple[str, str]:
    """Where in the notebook the format is broken, and how, in one line."""
    parts = list(getattr(error, "absolute_path", None) or getattr(error, "path", None) or [])
    reason = str(getattr(error, "message", "") or error).splitlines()[0][:200]
    if len(parts) > 1 and parts[0] == "cells" and isinstance(parts[1], int):
        return f"cell {parts[1] + 1}", reason
    return "the file", reason
