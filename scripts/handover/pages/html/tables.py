"""Tables that can be read by eye and by ear: header cells with a scope, numbers in line, room to scroll."""

import re
from typing import Any

from markupsafe import Markup

from handover.pages.html.fill import fill
from handover.pages.html.sheet import Sheet

NUMBER = re.compile(r"[<>≤≥~≈]?\s?[-−+–±]?[$€£]?\d[\d,.\s\u00a0\u202f]*([eE][-+]?\d+)?\s?%?\Z")
BLANK = {"", "-", "–", "—", "NaN", "nan", "None", "<NA>", "NaT", "…", "..."}
#: From this many columns on, a table may be wider than a telephone and gets room to scroll.
WIDE = 4
#: A table with a cell of more characters than `LONG`, or of few columns with lines of more than `ROOM`, is stacked on a
#: telephone, cell under cell; one of many short columns is rather scrolled.
LONG, FEW, ROOM = 60, 6, 110


def numeric(text: str) -> bool:
    """Whether a cell holds a number, or stands for one that is missing."""
    return bool(NUMBER.match(text)) or text in BLANK - {""}


def open_frame(columns: int, caption: str, sheet: Sheet) -> Markup:
    """The opening tag around a table; `close_frame` ends it."""
    sheet.tables += 1
    if columns < WIDE:
        return Markup('<div class="table">')
    name = " ".join(filter(None, [sheet.words.table.format(sheet.tables), caption]))
    return fill('<div class="table scroll" role="region" tabindex="0" aria-label="{}">', name)


CLOSE_FRAME = Markup("</div>")


def refine(table: Any, sheet: Sheet) -> None:
    """Refine a table of an lxml tree in place."""
    rows = [row for row in table.iter("tr") if _owner(row) is table]
    cells = [[cell for cell in row if cell.tag in ("td", "th")] for row in rows]
    columns = max((sum(int(cell.get("colspan") or 1) for cell in row) for row in cells), default=0)
    _scopes(table, rows, cells)
    _align(cells)
    caption = table.findtext("caption") or ""
    frame = table.makeelement("div", {"class": "table"})
    sheet.tables += 1
    if columns >= WIDE:
        name = " ".join(filter(None, [sheet.words.table.format(sheet.tables), " ".join(caption.split())]))
        frame.attrib.update({"class": "table scroll", "role": "region", "tabindex": "0", "aria-label": name})
    if columns > 2 and _stackable(table, cells):
        frame.set("class", f"{frame.get('class')} stacked")
    frame.tail, table.tail = table.tail, None
    table.getparent().replace(table, frame)
    frame.append(table)


def _stackable(table: Any, cells: list[list[Any]]) -> bool:
    """Give each cell its column's name, to be shown beside it where a table of long texts has no room for columns."""
    if len(table.findall("thead/tr")) != 1 or not _plain(cells):
        return False
    told = [[" ".join(cell.text_content().split()) for cell in line] for line in cells]
    widest = [max(map(len, column)) for column in zip(*told, strict=False)]
    if max(widest, default=0) <= LONG and (len(widest) > FEW or sum(widest) <= ROOM):
        return False
    for line, texts in zip(cells[1:], told[1:], strict=True):
        for cell, name, text in list(zip(line, told[0], texts, strict=False))[1:]:
            if name and text:
                cell.set("data-label", name)
    return True


def _plain(cells: list[list[Any]]) -> bool:
    """Whether no cell spans others."""
    return all(cell.get(span) in (None, "1") for line in cells for cell in line for span in ("colspan", "rowspan"))


def _owner(row: Any) -> Any:
    return next(row.iterancestors("table"), None)


def _scopes(table: Any, rows: list[Any], cells: list[list[Any]]) -> None:
    """Give every header cell its scope; an empty one heads nothing and is a plain cell."""
    for number, (row, line) in enumerate(zip(rows, cells, strict=True)):
        heads_columns = row.getparent().tag == "thead" or (
            number == 0 and len(line) > 1 and all(cell.tag == "th" for cell in line)
        )
        for cell in line:
            if cell.tag == "th" and not cell.text_content().strip() and cell.find(".//img") is None:
                cell.tag = "td"
                cell.attrib.pop("scope", None)
            elif cell.tag == "th":
                group = int(cell.get("colspan" if heads_columns else "rowspan") or 1) > 1
                cell.set("scope", ("col" if heads_columns else "row") + ("group" if group else ""))
                if not heads_columns:
                    cell.set("class", "row")


def _align(cells: list[list[Any]]) -> None:
    """Set numbers in line, and the heads above them; spanned tables are judged cell by cell alone."""
    figures: dict[int, list[bool]] = {}
    for line in cells:
        for position, cell in enumerate(line):
            text = " ".join(cell.text_content().split())
            if cell.tag == "td" and numeric(text):
                cell.set("class", "num")
            if cell.tag == "td" and text not in BLANK:
                figures.setdefault(position, []).append(numeric(text))
    for line in cells if _plain(cells) else ():
        for position, cell in enumerate(line):
            found = figures.get(position)
            if cell.get("scope") == "col" and found and all(found):
                cell.set("class", "num")
