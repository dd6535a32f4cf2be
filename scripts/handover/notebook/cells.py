"""The code cells of a notebook as Python, with lines as the analyst wrote them, and the faults of their syntax.

Nothing is run. IPython's own commands, such as ``%matplotlib inline`` and ``!ls``, are read as IPython reads them.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from handover.notebook.source import PYTHON_MAGICS, in_python, text_of


def code_cells(nb: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return the Python of each code cell under its number, counted over all cells of the file from 1.

    Lines keep their numbers. Cells in another language, such as those of ``%%bash``, are left out.
    """
    if not in_python(nb):
        return []
    cells = ((number, cell) for number, cell in enumerate(nb["cells"], 1) if cell["cell_type"] == "code")
    return [(number, code) for number, cell in cells if (code := _python(text_of(cell))) is not None]


def syntax_faults(nb: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each cell that is no Python: the cell, the line in it, what is wrong there, and that line."""
    written = {number: text_of(cell).splitlines() for number, cell in enumerate(nb["cells"], 1)}
    for number, code in code_cells(nb):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(code, f"cell {number}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError as error:
            line = error.lineno or 1
            shown = written[number][line - 1].strip() if line <= len(written[number]) else ""
            yield f"cell {number}, line {line}: must be Python (got: {error.msg}): `{shown}`. Correct the line."
        except ValueError as error:
            yield f"cell {number}: must be Python (got: {error}). Correct the cell."


def _python(text: str) -> str | None:
    """Return a cell as Python, or None if it is in another language."""
    lines = text.splitlines()
    if lines and lines[0].startswith("%%"):
        if not re.match(PYTHON_MAGICS, lines[0]):
            return None
        # what it captures stands behind its options
        captured = re.fullmatch(r"%%capture\b.*\s([A-Za-z_]\w*)\s*", lines[0])
        text = "\n".join([f"{captured[1]} = None" if captured else "", *lines[1:]])
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        if re.search(r"^\s*(\w[\w, ]*=\s*)?[%!?]|\?\s*$", text, re.MULTILINE):
            return _translated(text)
    return text


def _translated(text: str) -> str:
    """Return a cell with IPython's commands as the calls that they stand for, each on its line."""
    from IPython.core.inputtransformer2 import TransformerManager

    # it drops blank lines at the top
    above = len(text) - len(text.lstrip("\n"))
    try:
        return "\n" * above + TransformerManager().transform_cell(text)
    except SyntaxError:
        return text
