"""Rows of cells as a table: placed on its grid, each head with its scope, numbers in line."""

import re
from collections.abc import Sequence
from dataclasses import replace

from handover.document import model

NUMBER = re.compile(
    r"[(<>≤≥~≈]?\s?[-−+–±]?\s?[$€£]?\d[\d,.:\s]*([eE][-+]?\d+)?([–-]\s?\d[\d.,]*)?\s?[%‰]?(\s[^\W\d_]{1,2})?[)*†‡]?"
)
BLANK = frozenset({"", "-", "–", "—", "NaN", "nan", "None", "<NA>", "NaT", "…", "..."})
#: No number that a person reads is longer.
LONG = 40


def numeric(text: str) -> bool:
    """Whether a cell holds a number, alone, as a range or with a short unit, or stands for one that is missing."""
    return len(text) <= LONG and bool(NUMBER.fullmatch(text) or text in BLANK - {""})


def table(
    number: int, head: Sequence[model.Row], body: Sequence[model.Row], caption: model.Inlines = ()
) -> model.Table | None:
    """Make a table of rows whose cells say what they span and hold; a cell with any scope heads others.

    Returns:
        The table; None where it has no cell.
    """
    if not head and body and len(body[0]) > 1 and all(cell.scope for cell in body[0]):
        head, body = body[:1], body[1:]
    placed, rows = _placed(head, "col"), _placed(body, "row")
    if not any(rows):
        placed, rows = [], placed
    columns = max((cell.x + cell.columns for row in (*placed, *rows) for cell in row), default=0)
    return model.Table(number, columns, *_aligned(placed, rows), caption) if columns else None


def _placed(rows: Sequence[model.Row], scope: str) -> list[model.Row]:
    """Give each cell its first column, as a browser would, with spans clipped to the rows and columns there are.

    Cells that head others do so for their `scope`.
    """
    #: The first row in which a column is free again.
    free: dict[int, int] = {}
    placed = []
    for y, row in enumerate(rows):
        x, cells = 0, []
        for cell in row:
            while free.get(x, 0) > y:
                x += 1
            columns, height = 1, max(1, min(cell.rows, len(rows) - y))
            while columns < cell.columns and free.get(x + columns, 0) <= y:
                columns += 1
            free |= dict.fromkeys(range(x, x + columns), y + height)
            group = "group" if (columns if scope == "col" else height) > 1 else ""
            # an empty cell heads nothing
            heads = scope + group if cell.scope and (cell.text or model.says(cell.blocks)) else ""
            cells.append(model.Cell(cell.blocks, cell.text, heads, cell.align, False, columns, height, x, cell.tint))
            x += columns
        placed.append(tuple(cells))
    return placed


def _aligned(head: list[model.Row], body: list[model.Row]) -> tuple[tuple[model.Row, ...], tuple[model.Row, ...]]:
    """Set numbers in line, and the heads of columns that hold nothing else."""
    found: dict[int, list[bool]] = {}
    for cell in (cell for row in body for cell in row):
        if cell.columns == 1 and not cell.scope and cell.text not in BLANK:
            found.setdefault(cell.x, []).append(numeric(cell.text))
    numbers = {x for x, column in found.items() if all(column)}

    def aligned(cell: model.Cell, heads: bool) -> model.Cell:
        number = cell.x in numbers and cell.columns == 1 if heads else numeric(cell.text)
        own = not cell.align and bool(cell.scope) == heads
        return replace(cell, number=True) if cell.align == "right" or (own and number) else cell

    def rows(part: list[model.Row], *, heads: bool = False) -> tuple[model.Row, ...]:
        return tuple(tuple(aligned(cell, heads) for cell in row) for row in part)

    return rows(head, heads=True), rows(body)
