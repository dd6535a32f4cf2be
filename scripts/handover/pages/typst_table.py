"""Tables in Typst: cells placed on a grid, numbers to the right, wide ones in parts, long ones cut."""

from collections.abc import Callable
from dataclasses import dataclass

from handover.document import model
from handover.pages.typst_text import BREAK, breakable, text

#: Of a longer table the first and the last rows are set, and it says how many are left out.
ROWS = 200
KEPT = 100
LEFT_OUT = {"en": "Left out here: {} rows", "ar": "حُذف هنا من الصفوف: {}"}
#: A table of no more rows than this is kept on one page.
WHOLE = 8
#: A word in a cell longer than this may be broken.
WORD = 24
#: Characters on a line of a table in a column, and how many one of its columns asks for at most.
COLUMN_WIDTH, MOST_SHARED = 64, 18
#: A text of no more characters than `SHORT` stands on one line; one of more than `LONG` is read as running text.
SHORT, LONG = 24, 60
#: Characters that fit on a line, and the size to set them in, largest first.
SIZES = ((104, "8.5pt"), (122, "7.5pt"), (146, "6.5pt"))


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell in its row; `rows` and `columns` are those it spans."""

    y: int
    x: int
    columns: int
    rows: int
    body: str
    text: str
    header: bool
    align: str

    @property
    def word(self) -> int:
        """The length of its longest word that may not be broken."""
        return max(map(len, breakable(self.text, WORD).replace(BREAK, " ").split()), default=0)


def table(
    found: model.Table,
    write: Callable[[model.Cell], str],
    language: str,
    *,
    caption: str = "",
    column: bool = False,
) -> str:
    """Print a table, in several parts where it is too wide for the page.

    Args:
        found: The table.
        write: Prints what a cell holds as running text.
        language: That of the page's own words.
        caption: Its caption, printed.
        column: Whether it stands in a column of text, where it must be small.
    """
    head, body = len(found.head), found.body
    left_out = len(body) - 2 * KEPT if len(body) > ROWS else 0
    if left_out:
        body = (*body[:KEPT], *body[-KEPT:])
    rows = [*found.head, *body]
    numbers = _numbers(found)
    cells = [
        _Cell(
            y,
            cell.x,
            cell.columns,
            min(cell.rows, len(rows) - y),
            write(cell).strip(),
            cell.text,
            header=y < head or bool(cell.scope),
            align=_align(cell, above=y < head, number=cell.x in numbers),
        )
        for y, row in enumerate(rows)
        for cell in row
    ]
    widths = _widths(cells, found.columns)
    parts = _parts(widths, _lead(cells, found.columns, head))
    written = []
    for number, part in enumerate(parts):
        size = next((size for limit, size in SIZES if sum(widths[x] + 2 for x in part) <= limit), SIZES[-1][1])
        shares = _shares(cells, part) if column else _balance(cells, part)
        options = [
            f"columns: {shares or len(part)}",
            f"size: {size}",
            f"head: {head}",
            f"gap: {KEPT + head if left_out else -1}",
            f"whole: {str(len(rows) <= WHOLE + 1 and not column).lower()}",
            *(["small: true"] if column else []),
            *([f"caption: [{caption}]"] if caption and not number else []),
        ]
        written.append(_part(cells, part, head, options))
    said = LEFT_OUT.get(language, LEFT_OUT["en"]).format(f"{left_out:,}")
    return "\n".join([*written, *([f"#note[{text(said)}];"] if left_out else [])])


def _numbers(found: model.Table) -> set[int]:
    """The columns that hold numbers and nothing else."""
    filled = [cell for row in found.body for cell in row if cell.columns == 1 and not cell.scope and cell.text.strip()]
    return {cell.x for cell in filled} - {cell.x for cell in filled if not cell.number}


def _align(cell: model.Cell, *, above: bool, number: bool) -> str:
    """How Typst is to set a cell; a heading stands over its numbers."""
    if cell.align:
        return {"right": "end", "left": "start"}.get(cell.align, cell.align)
    if number and cell.columns == 1 and (above or not cell.scope):
        return "end"
    return "center" if above and cell.columns > 1 else ""


def _widths(cells: list[_Cell], columns: int) -> list[int]:
    """Characters that each column asks for."""
    widths = [2] * columns
    for cell in cells:
        if cell.columns == 1:
            widths[cell.x] = max(widths[cell.x], cell.word, min(len(cell.text), SHORT))
    return widths


def _shares(cells: list[_Cell], part: list[int]) -> str:
    """Share a narrow width out so that most cells of each column stand on one line; "" where it is too narrow."""
    shares = []
    for x in part:
        column = [cell for cell in cells if cell.x == x and cell.columns == 1]
        lengths = sorted(min(len(cell.text), MOST_SHARED) for cell in column) or [1]
        # a number set to the right must not touch what begins beside it
        beside = 3 if any(cell.align == "end" for cell in column) else 1
        shares.append(max(lengths[len(lengths) * 4 // 5], max((cell.word for cell in column), default=1) + beside))
    return _fractions(shares) if sum(shares) <= COLUMN_WIDTH else ""


def _balance(cells: list[_Cell], part: list[int]) -> str:
    """Give the room of a page to columns of long texts, in the measure of their texts; "" where there is none."""
    said = {x: [cell.text for cell in cells if cell.x == x and cell.columns == 1] or [""] for x in part}
    usual = {x: sorted(map(len, texts))[len(texts) * 4 // 5] for x, texts in said.items()}
    long = [x for x in part if usual[x] > SHORT]
    if len(part) < 3 or max(max(map(len, texts)) for texts in said.values()) <= LONG or not long:
        return ""
    room = SIZES[0][0] - sum(usual[x] + 2 for x in part if x not in long)
    # the square root, since a text twice as long needs less than twice the width to look as full
    weights = {x: sum(len(text) ** 0.5 for text in said[x]) / len(said[x]) for x in long}
    whole = sum(weights.values())
    return _fractions([max(round(room * weights[x] / whole) if x in long else usual[x] + 2, 4) for x in part])


def _fractions(shares: list[int]) -> str:
    return f"({', '.join(f'{share}fr' for share in shares)},)"


def _lead(cells: list[_Cell], columns: int, head: int) -> int:
    """Count the leading columns that name the rows."""
    names = {cell.x for cell in cells if cell.y >= head and cell.header}
    lead = next((x for x in range(columns - 1) if x not in names), columns - 1)
    return lead if lead <= 3 else 1


def _parts(widths: list[int], lead: int) -> list[list[int]]:
    """Share columns out over as many parts as it takes, each beginning with the columns that name the rows."""
    limit = SIZES[-1][0]
    parts, current = [], list(range(lead))
    for x in range(lead, len(widths)):
        if len(current) > lead and sum(widths[i] + 2 for i in [*current, x]) > limit:
            parts.append(current)
            current = list(range(lead))
        current.append(x)
    return [*parts, current]


def _part(cells: list[_Cell], part: list[int], head: int, options: list[str]) -> str:
    position = {x: number for number, x in enumerate(part)}
    rows: dict[int, list[str]] = {}
    for cell in cells:
        inside = [position[x] for x in range(cell.x, cell.x + cell.columns) if x in position]
        if inside:
            # a span over a repeated column and a later one is two pieces; the first is kept
            width = next((n for n in range(1, len(inside)) if inside[n] != inside[0] + n), len(inside))
            rows.setdefault(cell.y, []).append(_call(cell, inside[0], width, head))
    top = [call for y, row in rows.items() if y < head for call in row]
    lines = [f"  {', '.join(options)},"]
    if top:
        lines.append(f"  table.header({', '.join(top)}),")
    lines += [f"  {', '.join(row)}," for y, row in rows.items() if y >= head]
    return "#grid-of(\n" + "\n".join(lines) + "\n)"


def _call(cell: _Cell, x: int, width: int, head: int) -> str:
    options = [f"x: {x}", f"y: {cell.y}"]
    if width > 1:
        options.append(f"colspan: {width}")
    if cell.rows > 1:
        options.append(f"rowspan: {cell.rows}")
    if cell.align:
        options.append(f"align: {cell.align} + {'bottom' if cell.y < head else 'top'}")
    return f"table.cell({', '.join(options)})[{f'#strong[{cell.body}];' if cell.header else cell.body}]"
