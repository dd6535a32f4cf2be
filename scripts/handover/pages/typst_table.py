"""Tables in Typst: cells placed on a grid, numbers to the right, wide ones in parts, long ones cut.

Where there is no room for a grid, in a column of text or a cell of another table, a row is a line.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

from handover.document import model, of
from handover.pages.typst_text import BETWEEN, BREAK, breakable, literal, text, visible

#: Of a table of more rows or cells the first and the last rows are set, and it says how many are left out.
ROWS, CELLS = 2000, 12_000
#: A table of no more rows than this is kept on one page, if it surely has no more lines than a page.
WHOLE, LINES = 8, 40
#: A head of more lines is not set again at the top of each page, which it may be longer than.
HEAD_LINES = 12
#: A word in a cell longer than this may be broken.
WORD = 24
#: What stands for a cell without words in a row that is a line.
NOTHING = "–"
#: A text of no more characters than this stands on one line.
SHORT = 24
#: How many words and texts of a column are measured: which one is the widest is a guess from these letters.
MEASURED = 4
BROAD, SLIM = re.compile("[A-Z%&@mw\u2014]|[^\0-\u2e7f]"), re.compile(r"[ !'(),./:;Ifijlrt|\[\]]")
#: Where a line may end: white space, but for what holds two words together.
BREAKS = re.compile(rf"(?:{BREAK}|[^\S\u00a0\u202f])+")
#: Characters that fit on a line, and the size to set them in, largest first.
SIZES = ((104, "8.5pt"), (122, "7.5pt"), (146, "6.5pt"))
#: What may take any number of lines.
TALL = {model.Image, model.CodeBlock, model.Preformatted, model.Formula, model.List, model.Table}

#: Elements of HTML whose letters are as wide as code's.
TYPED = ("code", "kbd", "samp")


@dataclass(frozen=True)
class _Cell:
    """A cell in its row; `rows` and `columns` are those it spans, `kinds` those of the nodes in it."""

    y: int
    x: int
    columns: int
    rows: int
    body: str
    text: str
    header: bool
    align: str
    kinds: set[type]
    tint: model.Tint | None

    @property
    def said(self) -> tuple[str, bool]:
        """Its text on one line, and whether it is code."""
        return " ".join(self.text.split()), model.Code in self.kinds

    @cached_property
    def words(self) -> list[str]:
        """Its words that may not be broken."""
        return BREAKS.split(breakable(visible(self.text), WORD))


def table(found: model.Table, write: Callable[[model.Cell], str], language: str, *, caption: str = "") -> str:
    """Print a table, in several parts where it is too wide for the page.

    Args:
        found: The table.
        write: Prints what a cell holds as running text.
        language: That of the page's own words.
        caption: Its caption, printed.
    """
    head, (body, kept, left_out) = len(found.head), _cut(found)
    shown = [*found.head, *body]
    numbers = _numbers(found)
    cells = [
        _Cell(
            y,
            cell.x,
            cell.columns,
            min(cell.rows, len(shown) - y),
            write(cell).strip(),
            cell.text,
            header=y < head or bool(cell.scope),
            align=_align(cell, above=y < head, number=cell.x in numbers),
            tint=cell.tint,
            kinds=set(map(_kind, model.walk(cell.blocks))),
        )
        for y, row in enumerate(shown)
        for cell in row
    ]
    widths, limit = _widths(cells, found.columns), SIZES[-1][0]
    parts = _parts(widths, _lead(cells, widths, head, numbers, limit), limit)
    lines = _lines(cells, found)
    whole = len(shown) <= WHOLE + 1 and sum(lines.values()) <= LINES
    # what is no head to the typesetter may be broken across pages
    top = head if sum(lines.get(y, 0) for y in range(head)) <= HEAD_LINES else 0
    words, written = of(language), []
    for number, part in enumerate(parts, 1):
        told = [caption] if caption and number == 1 else []
        told += [text(words.part.format(number, len(parts)))] if len(parts) > 1 else []
        size = next((size for limit, size in SIZES if sum(widths[x] + 2 for x in part) <= limit), SIZES[-1][1])
        options = [
            *_shared(cells, part),
            f"size: {size}",
            f"head: {head}",
            f"gap: {kept + head if left_out else -1}",
            f"whole: {str(whole).lower()}",
            *([f"caption: [{'#linebreak();'.join(told)}]"] if told else []),
        ]
        written.append(_part(cells, part, top, options))
    return "\n".join([*written, *_said(left_out, language)])


def rows(found: model.Table, write: Callable[[model.Cell], str], language: str, *, caption: str = "") -> str:
    """Print a table as lines, a row each, with any of which a column may begin; it takes what `table` takes."""
    body, kept, left_out = _cut(found)
    heads = {cell.x: cell.text for row in found.head for cell in row}

    def said(cell: model.Cell) -> str:
        inside = write(cell).strip()
        if cell.scope:
            return f"#strong[{inside or text(NOTHING)}];"
        # a bare number says nothing
        head = heads.get(cell.x, "") if cell.number or not inside else ""
        return (text(f"{head}: ") if head else "") + (inside or text(NOTHING))

    def line(row: model.Row) -> str:
        return f"#{literal(BETWEEN)};".join(map(said, row))

    written = [f"#rows-caption[{caption}];"] if caption else []
    written += [f"#rows-head[{line(row)}];" for row in found.head]
    calls = [
        f"#rows({literal(f'table/{found.number}/{part}')}{''.join(f', [{line(row)}]' for row in lines if row)});"
        for part, lines in enumerate((body[:kept], body[kept:]), 1)
        if any(lines)
    ]
    return "\n".join([*written, *calls[:1], *_said(left_out, language), *calls[1:]])


def _cut(found: model.Table) -> tuple[tuple[model.Row, ...], int, int]:
    """Those rows of a body that are set, how many of them stand before the gap, and how many are left out in it."""
    kept = max(min(ROWS, CELLS // found.columns) // 2, 1)
    left_out = max(len(found.body) - 2 * kept, 0)
    return ((*found.body[:kept], *found.body[-kept:]) if left_out else found.body), kept, left_out


def _said(left_out: int, language: str) -> list[str]:
    """How many rows are left out, if any are."""
    return [f"#note[{text(of(language).left_out_rows.format(f'{left_out:,}'))}];"] if left_out else []


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
            widths[cell.x] = max(widths[cell.x], *map(len, cell.words), min(len(cell.text), SHORT))
    return widths


def _shared(cells: list[_Cell], part: list[int]) -> list[str]:
    """What each column is measured by, to share a width out so that most cells stand on one line: words and texts.

    Of two columns the typesetter knows best. If all may stand on one line, their widest texts are measured.
    """
    if len(part) < 3:
        return [f"columns: {len(part)}"]
    inside = [[cell for cell in cells if cell.x == x and cell.columns == 1] for x in part]
    said = [sorted((cell.said for cell in one), key=lambda one: len(one[0])) or [("", False)] for one in inside]
    usual = [one[len(one) * 4 // 5] for one in said]
    lined = sum(len(one[-1][0]) + 2 for one in said) <= SIZES[0][0]
    long = [len(text) > SHORT for text, _ in usual]
    room = SIZES[0][0] - sum(len(text) + 2 for text, _ in usual if len(text) <= SHORT)
    # the square root, since a text twice as long needs less than twice the width to look as full
    weights = [sum(sqrt(len(text)) for text, _ in one) / len(one) * own for one, own in zip(said, long, strict=True)]
    asked = [round(room * weight / sum(weights)) if weight else SHORT for weight in weights]
    texts = said if lined else [[(text[:most], code)] for (text, code), most in zip(usual, asked, strict=True)]
    words = [[(word, code) for cell in one for word in cell.words for code in [cell.said[1]]] for one in inside]
    measured = "".join(f"({_measured(one)}, {_measured(other)}), " for one, other in zip(words, texts, strict=True))
    return [f"columns: ({measured})", *(["lined: true"] if lined else [])]


def _kind(node: object) -> type:
    """The kind of a node; what HTML means as typed is code."""
    return model.Code if isinstance(node, model.Span) and node.tag in TYPED else type(node)


def _measured(said: Iterable[tuple[str, bool]]) -> str:
    """The texts of a column that are likely the widest, with whether they are code."""
    found = sorted({(visible(text), code) for text, code in said} or {("", False)})
    broad = [2 * len(text) + len(BROAD.findall(text)) - len(SLIM.findall(text)) for text, _ in found]
    widest = [one for _, one in sorted(zip(broad, found, strict=True), reverse=True)[:MEASURED]]
    return f"({''.join(f'raw({literal(text)}), ' if code else f'{literal(text)}, ' for text, code in widest)})"


def _lines(cells: list[_Cell], found: model.Table) -> dict[int, int]:
    """Lines that each row takes at most, as if all columns shared the page; a picture takes as many as a page."""
    share = SIZES[0][0] / found.columns
    lines: dict[int, int] = {}
    for cell in cells:
        width = max(share * cell.columns - 2, 1)
        own = LINES if cell.kinds & TALL else int(len(cell.text) / width) + 1 + cell.body.count("#linebreak();")
        lines[cell.y] = max(lines.get(cell.y, 1), own)
    return lines


def _lead(cells: list[_Cell], widths: list[int], head: int, numbers: set[int], limit: int) -> int:
    """Count the leading columns that name the rows; where none says so, the first does, if it holds no numbers."""
    names = {cell.x for cell in cells if cell.y >= head and cell.header} or ({0} - numbers)
    lead = next((x for x in range(len(widths) - 1) if x not in names), len(widths) - 1)
    while lead > 1 and sum(widths[x] + 2 for x in range(lead)) > limit // 2:
        lead -= 1
    return lead


def _parts(widths: list[int], lead: int, limit: int) -> list[list[int]]:
    """Share columns out over as many parts as it takes, each beginning with the columns that name the rows."""
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
    body = f"#strong[{cell.body}];" if cell.header else cell.body
    if cell.tint:
        options += [f'fill: rgb("{cell.tint.ground}")'] if cell.tint.ground else []
        body = f'#text(fill: rgb("{cell.tint.light}"))[{body}];'
    return f"table.cell({', '.join(options)})[{body}]"
