"""Tables as Typst sets them: cells placed on a grid, numbers to the right, wide ones in parts, long ones cut.

Where the cells come from (Markdown, HTML) is not known here.
"""

import re
from dataclasses import dataclass

from handover.pages.typst_text import breakable, text

NUMBER = re.compile(
    r"[<>≤≥≈~±+\-−–(]?\s?[£$€]?\d[\d.,:\u00a0\u202f ]*([–-]\s?\d[\d.,]*)?\s?(%|[^\W\d_]{1,3})?[)*†]?|[-–—]|nan|NaN"
)
#: Of a longer table the first and the last rows are set, and it says how many are left out.
ROWS = 200
KEPT = 100
LEFT_OUT = {"en": "Left out here: {} rows", "ar": "حُذف هنا من الصفوف: {}"}
COLUMNS = 400
#: The label in a call that sets one.
PLACE = re.compile(r'(#place-of\(|#number\("(?:[^"\\]|\\.)*", )"x\d+"')
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


@dataclass(slots=True)
class Cell:
    """One cell: its mark-up, the text in it, and what it spans."""

    body: str
    plain: str
    header: bool = False
    align: str = ""
    columns: int = 1
    rows: int = 1
    x: int = 0
    y: int = 0


def table(
    language: str,
    head: list[list[Cell]],
    body: list[list[Cell]],
    caption: str = "",
    label: str = "",
    *,
    small: bool = False,
) -> str:
    """Return the mark-up of a table, in several parts where it is too wide for the page; a small one fits a column."""
    left_out = len(body) - 2 * KEPT if len(body) > ROWS else 0
    if left_out:
        body = [*body[:KEPT], *body[-KEPT:]]
    cells = _placed(head) + [cell for cell in _placed(body) if not setattr(cell, "y", cell.y + len(head))]
    if not cells:
        return ""
    columns = max(cell.x + cell.columns for cell in cells)
    _align(cells, columns, len(head))
    widths = _widths(cells, columns)
    lead = _lead(cells, columns, len(head))
    parts = _parts(widths, lead)
    rows = max(cell.y for cell in cells)
    set_parts = []
    for number, part in enumerate(parts):
        title = caption if number == 0 else ""
        size = next((size for limit, size in SIZES if sum(widths[x] + 2 for x in part) <= limit), SIZES[-1][1])
        gap = KEPT + len(head) if left_out else -1
        whole = "true" if rows <= WHOLE and not small else "false"
        options = f"size: {size}, head: {len(head)}, gap: {gap}, whole: {whole}"
        options += ", small: true" if small else ""
        shares = _shares(cells, part) if small else _balance(cells, part)
        written = _part(cells, part, len(head), title, f"columns: {shares or len(part)}, {options}")
        # columns that name the rows are set again, but a place in them is one place
        set_parts.append(PLACE.sub(r"\1none", written) if number and lead else written)
    said = LEFT_OUT.get(language, LEFT_OUT["en"]).format(f"{left_out:,}")
    remark = f"#note[{text(said)}];\n" if left_out else ""
    return label + "\n".join(set_parts) + "\n" + remark


def _placed(rows: list[list[Cell]]) -> list[Cell]:
    """Give each cell its place, as a browser would, with spans clipped to the rows there are."""
    taken: set[tuple[int, int]] = set()
    placed = []
    for y, row in enumerate(rows):
        x = 0
        for cell in row:
            while (x, y) in taken:
                x += 1
            if x >= COLUMNS:
                break
            cell.x, cell.y = x, y
            cell.rows = max(1, min(cell.rows, len(rows) - y))
            width = max(1, min(cell.columns, COLUMNS - x))
            cell.columns = next((w for w in range(1, width) if (x + w, y) in taken), width)
            taken.update((x + i, y + j) for i in range(cell.columns) for j in range(cell.rows))
            placed.append(cell)
            x += cell.columns
    return placed


def _align(cells: list[Cell], columns: int, head: int) -> None:
    """Set columns of numbers to the right, with the headings over them."""
    for x in range(columns):
        column = [cell for cell in cells if cell.x == x and cell.columns == 1]
        filled = [cell for cell in column if cell.y >= head and not cell.header and cell.plain.strip()]
        if filled and all(NUMBER.fullmatch(cell.plain.strip()) for cell in filled):
            for cell in column:
                if not cell.align and not (cell.header and cell.y >= head):
                    cell.align = "right"


def _widths(cells: list[Cell], columns: int) -> list[int]:
    widths = [2] * columns
    for cell in cells:
        if cell.columns == 1:
            longest = max((len(word) for word in breakable(cell.plain, WORD).replace("\u200b", " ").split()), default=0)
            widths[cell.x] = max(widths[cell.x], longest, min(len(cell.plain), 24))
    return widths


def _shares(cells: list[Cell], part: list[int]) -> str:
    """Share a narrow width out so that most cells of each column stand on one line; "" where it is too narrow."""
    shares = []
    for x in part:
        said = [cell.plain for cell in cells if cell.x == x and cell.columns == 1]
        lengths = sorted(min(len(one), MOST_SHARED) for one in said) or [1]
        word = max(
            (len(word) for one in said for word in breakable(one, WORD).replace("\u200b", " ").split()), default=1
        )
        # a number set to the right must not touch what begins beside it
        beside = 3 if any(cell.align == "right" for cell in cells if cell.x == x) else 1
        shares.append(max(lengths[len(lengths) * 4 // 5], word + beside))
    return f"({', '.join(f'{share}fr' for share in shares)},)" if sum(shares) <= COLUMN_WIDTH else ""


def _balance(cells: list[Cell], part: list[int]) -> str:
    """Give the room of a page to columns of long texts, in the measure of their texts; "" where there is none."""
    said = {x: [cell.plain for cell in cells if cell.x == x and cell.columns == 1] or [""] for x in part}
    usual = {x: sorted(map(len, texts))[len(texts) * 4 // 5] for x, texts in said.items()}
    long = [x for x in part if usual[x] > SHORT]
    if len(part) < 3 or max(max(map(len, texts)) for texts in said.values()) <= LONG or not long:
        return ""
    room = SIZES[0][0] - sum(usual[x] + 2 for x in part if x not in long)
    # the square root, since a text twice as long needs less than twice the width to look as full
    weights = {x: sum(len(text) ** 0.5 for text in said[x]) / len(said[x]) for x in long}
    whole = sum(weights.values())
    shares = [max(round(room * weights[x] / whole) if x in long else usual[x] + 2, 4) for x in part]
    return f"({', '.join(f'{share}fr' for share in shares)},)"


def _lead(cells: list[Cell], columns: int, head: int) -> int:
    """Count the leading columns that name the rows."""
    lead = 0
    while lead < columns - 1 and any(cell.x == lead and cell.y >= head and cell.header for cell in cells):
        lead += 1
    return lead if lead <= 3 else 1


def _parts(widths: list[int], lead: int) -> list[list[int]]:
    """Share columns out over as many parts as it takes, each beginning with the columns that name the rows."""
    limit = SIZES[-1][0]
    repeated = list(range(lead))
    parts, current = [], list(repeated)
    for x in range(lead, len(widths)):
        if len(current) > len(repeated) and sum(widths[i] + 2 for i in [*current, x]) > limit:
            parts.append(current)
            current = list(repeated)
        current.append(x)
    return [*parts, current]


def _part(cells: list[Cell], part: list[int], head: int, caption: str, options: str) -> str:
    position = {x: number for number, x in enumerate(part)}
    rows: dict[int, list[str]] = {}
    for cell in cells:
        inside = [position[x] for x in range(cell.x, cell.x + cell.columns) if x in position]
        if inside:
            # a span over a repeated column and a later one is two pieces; the first is kept
            width = next((n for n in range(1, len(inside)) if inside[n] != inside[0] + n), len(inside))
            rows.setdefault(cell.y, []).append(_cell(cell, inside[0], width, head))
    top = [markup for y, row in rows.items() if y < head for markup in row]
    lines = [f"  {options},"]
    if caption:
        lines.append(f"  caption: [{caption}],")
    if top:
        lines.append(f"  table.header({', '.join(top)}),")
    lines += [f"  {', '.join(row)}," for y, row in rows.items() if y >= head]
    return "#grid-of(\n" + "\n".join(lines) + "\n)"


def _cell(cell: Cell, x: int, width: int, head: int) -> str:
    options = [f"x: {x}", f"y: {cell.y}"]
    if width > 1:
        options.append(f"colspan: {width}")
    if cell.rows > 1:
        options.append(f"rowspan: {cell.rows}")
    align = {"right": "end", "left": "start", "center": "center"}.get(cell.align, "")
    if align or (width > 1 and cell.y < head):
        options.append(f"align: {align or 'center'} + {'bottom' if cell.y < head else 'top'}")
    body = f"#strong[{cell.body}];" if cell.header or cell.y < head else cell.body
    return f"table.cell({', '.join(options)})[{body}]"
