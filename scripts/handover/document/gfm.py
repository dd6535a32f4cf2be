"""GitHub's Markdown where mistune reads it otherwise than JupyterLab: tables, and addresses in running text."""

import re
from functools import partial
from typing import Any

#: A line, and one of dashes under it that divides columns.
TABLE = (
    r"^ {0,3}(?P<table_head>\S[^\n]*)\n"
    r" {0,3}(?P<table_line>(?=[^\n]*[:|])(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*(?:\|[ \t]*)?)(?:\n|$)"
)
#: A line at which a table ends: an empty one, or one that begins another block.
_TAGS = (
    "address article aside blockquote body center details dialog div dl fieldset figure footer form h[1-6] head header "
    "hr html iframe li link main menu nav ol p pre script section style summary table tbody td textarea tfoot th thead "
    "title tr ul"
)
END = re.compile(
    r"[ \t]*$|(?: {4}| {0,3}\t)| {0,3}(?:#{1,6}(?:\s|$)|>|`{3}|~{3}|(?:[*+-]|1[.)])[ \t]|(?:(?:\*[ \t]*){3,}"
    rf"|(?:-[ \t]*){{3,}}|(?:_[ \t]*){{3,}})$|</?(?:{'|'.join(_TAGS.split())})(?:\s|$|/?>)|<!--)",
    re.IGNORECASE,
)
ALIGNMENTS = {(True, True): "center", (True, False): "left", (False, True): "right"}
#: An address in running text, and the marks at its end that are not of it.
ADDRESS = r"""(?:https?://|\bwww\.(?=[^\s<.]))[^\s<]*[^\s<?!.,:*_~"';]"""


def tables(maths: re.Pattern[str], md: Any) -> None:
    """A plugin of mistune: tables as JupyterLab reads them, in lists and quotations too.

    Args:
        maths: What holds pipes that divide no cells.
        md: The parser.
    """
    md.block.register("table", TABLE, partial(_table, maths), before="paragraph")
    md.block.insert_rule(md.block.list_rules, "table", before="paragraph")
    md.block.insert_rule(md.block.block_quote_rules, "table", before="paragraph")


def _table(maths: re.Pattern[str], block: Any, found: re.Match[str], state: Any) -> int | None:
    """Read a table whose rows may be shorter or longer than its head: filled up, or cut."""
    heads, marks = _cells(found["table_head"], maths), _cells(found["table_line"], maths)
    if len(heads) != len(marks):
        return None
    alignments = [ALIGNMENTS.get((mark.startswith(":"), mark.endswith(":"))) for mark in marks]
    rows, place = [], found.end()
    while place < state.cursor_max:
        line = state.get_line(place)
        if END.match(line):
            break
        cells = _cells(line, maths)
        rows.append([*cells, *[""] * (len(heads) - len(cells))][: len(heads)])
        place += len(line)

    def row(cells: list[str], *, head: bool = False) -> list[dict[str, Any]]:
        paired = zip(cells, alignments, strict=True)
        return [{"type": "table_cell", "text": text, "attrs": {"align": way, "head": head}} for text, way in paired]

    body = [{"type": "table_row", "children": row(cells)} for cells in rows]
    head = {"type": "table_head", "children": row(heads, head=True)}
    state.append_token({"type": "table", "children": [head, {"type": "table_body", "children": body}]})
    return place


def _cells(line: str, maths: re.Pattern[str]) -> list[str]:
    """Divide a line at its pipes, even at those in code; not at escaped ones, which are then pipes."""
    held = [found.span() for found in maths.finditer(line)]
    cells, start = [], 0
    for found in re.finditer(r"(?<!\\)(?:\\\\)*(\|)", line):
        if not any(begin < found.start(1) < end for begin, end in held):
            cells.append(line[start : found.start(1)])
            start = found.end()
    cells.append(line[start:])
    cells = cells[not cells[0].strip() :]
    cells = cells[: -1 if cells and not cells[-1].strip() else None]
    return [_unescaped(cell.strip(), maths) for cell in cells]


def _unescaped(cell: str, maths: re.Pattern[str]) -> str:
    return "".join(
        piece if number % 2 else piece.replace("\\|", "|") for number, piece in enumerate(_split(cell, maths))
    )


def _split(text: str, maths: re.Pattern[str]) -> list[str]:
    """A text in pieces, of which every second is a formula."""
    pieces, start = [], 0
    for found in maths.finditer(text):
        pieces += [text[start : found.start()], found[0]]
        start = found.end()
    return [*pieces, text[start:]]


def addresses(md: Any) -> None:
    """A plugin of mistune: an address in running text is a link; a bracket that it does not open is not part of it."""
    md.inline.register("url_link", ADDRESS, _address)


def _address(inline: Any, found: re.Match[str], state: Any) -> int:
    text = found[0]
    while text.endswith(")") and text.count(")") > text.count("("):
        text = text[:-1].rstrip("?!.,:*_~\"';")
    if state.brackets and "]" in text:
        text = text[: text.index("]")]
    place = found.start() + len(text)
    if state.in_link or state.depth >= inline.max_nested_level:
        inline.process_text(text, state)
        return place
    url = text if "//" in text[:8] else f"http://{text}"
    state.append_token({"type": "link", "children": [{"type": "text", "raw": text}], "attrs": {"url": url}})
    return place
