"""The blocks of a document that are not prose: code, figures, output, failures."""

import base64
import re
from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

from handover.document import document, foreign, markdown, svg
from handover.pages.html import highlight, prose
from handover.pages.html.fill import fill
from handover.pages.html.inline import maths
from handover.pages.html.sheet import Sheet, href
from handover.text import cut, legible


def code(cells: Sequence[document.Code], sheet: Sheet) -> Markup:
    """A link from where neighbouring cells stood to their code, which `all_code` prints last."""
    first, last = cells[0].cell, cells[-1].cell
    label = sheet.words.code.format(first) if first == last else sheet.words.codes.format(first, last)
    place = sheet.identify(f"cell-{first}")
    sheet.code[place] = cells
    return fill('<p class="label source"><a href="{}">{}</a></p>', href(place), label)


def all_code(sheet: Sheet) -> Markup:
    """The code of the whole page, folded away under one label."""
    if not sheet.code:
        return Markup("")
    told = []
    for place, cells in sheet.code.items():
        parts = []
        for number, sources in groupby(cells, lambda cell: cell.cell):
            parts.append(fill('<p class="label">{}</p>', sheet.words.cell.format(number)))
            parts += [highlight.code(source.source, source.language) for source in sources]
        told.append(fill('<div id="{}">\n{}\n</div>', place, Markup("\n").join(parts)))
    form = '<details class="code"><summary>{}</summary>\n{}\n</details>'
    return fill(form, sheet.words.all_code, Markup("\n").join(told))


def figure(block: document.Figure, sheet: Sheet) -> Markup:
    """An image with its title, what it measures, its description and its sources."""
    sheet.figures += 1
    words, number = sheet.words, sheet.figures
    title = legible(markdown.plain_text(block.title))
    image, described = _image(block, f"figure-{number}", title or words.figure.format(number), sheet)
    head = [
        fill('<span class="{}">{}</span>', kind, prose.line(source, sheet))
        for kind, source in (("title", block.title), ("measure", block.subtitle))
        if source.strip()
    ]
    caption = fill("<figcaption>{}</figcaption>\n", Markup("\n").join(head)) if head else Markup("")
    notes = [] if described else [fill('<p class="note">{}</p>', words.undescribed)]
    if block.credit.strip():
        notes.append(fill('<p class="credit">{}</p>', prose.line(block.credit, sheet)))
    if block.values:
        table = foreign.render(block.values, sheet)
        notes.append(fill('<details class="values"><summary>{}</summary>\n{}\n</details>', words.values, table))
    inside = Markup("\n").join([caption + image, *notes])
    half = Markup(' class="half"') if 'class="half"' in image[:400] else Markup("")
    return fill("<figure{}>\n{}\n</figure>", half, inside)


def _image(block: document.Figure, prefix: str, name: str, sheet: Sheet) -> tuple[Markup, bool]:
    alt = legible(block.alt).strip()
    if block.kind == "svg":
        source = block.data if isinstance(block.data, str) else ""
        described = bool(alt) or svg.described(source)
        words = alt or ("" if described else sheet.words.undescribed)
        narrow = svg.render(block.narrow, f"{prefix}-narrow", name, words, "narrow") if block.narrow else Markup("")
        drawn = svg.render(source, prefix, name, words, "wide" if narrow else "")
        return (drawn + narrow, described) if drawn else (svg.broken(sheet.words.unreadable), True)
    data = block.data if isinstance(block.data, bytes) else b""
    if not data:
        return svg.broken(sheet.words.unreadable), True
    encoded = base64.b64encode(data).decode("ascii")
    size = _size(data)
    written = fill(
        '<img src="data:image/{};base64,{}" alt="{}"{}>', block.kind, encoded, alt or sheet.words.undescribed, size
    )
    return written, bool(alt)


def _size(data: bytes) -> Markup:
    """The size of a PNG, so that the page does not jump while it is drawn."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:
        return Markup("")
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    return fill(' width="{}" height="{}"', width, height) if 0 < width < 10**5 > height > 0 else Markup("")


def markup(block: document.Markup, sheet: Sheet) -> Markup:
    """HTML that a cell displayed; a note where nothing of it can be printed."""
    shown = foreign.render(block.html, sheet)
    return fill('<div class="output">{}</div>', shown) if shown else foreign.unprinted(block.cell, sheet)


def text(block: document.Text, sheet: Sheet) -> Markup:
    """Plain output, its middle cut out when it is very long."""
    label = Markup("")
    if block.stream == "stderr":
        label = fill('<p class="label">{}</p>\n', sheet.words.stderr.format(block.cell))
    body = _long(block.text, sheet)
    return fill('<div class="output {}">\n{}{}</div>', block.stream or "plain", label, body)


def _long(source: str, sheet: Sheet) -> Markup:
    head, lines, characters, tail = cut(legible(source, code=True).strip("\n"))
    if not characters:
        return fill('<pre dir="auto">{}</pre>', head)
    told = sheet.words.left_out if lines <= 1 else sheet.words.left_out_lines
    counts = (f"{characters:,}",) if lines <= 1 else (f"{lines:,}", f"{characters:,}")
    note = fill('<p class="note">{}</p>', told.format(*counts))
    return fill('<pre dir="auto">{}</pre>\n{}\n<pre dir="auto">{}</pre>', head, note, tail)


def formula(block: document.Maths) -> Markup:
    """LaTeX that a cell displayed, without the marks around it."""
    latex = re.sub(r"\A\s*(\$\$?|\\\[|\\\()|(\$\$?|\\\]|\\\))\s*\Z", "", block.latex)
    return fill('<p class="display">{}</p>', maths(latex))


def failure(block: document.Failure, sheet: Sheet) -> Markup:
    """An error that a cell ended in: what it said, and folded away, where it came from."""
    value = _long(block.value, sheet) if len(block.value) > 300 else Markup("")
    said = legible(block.name) if value else f"{legible(block.name)}: {legible(block.value, code=True)}"
    head = fill("<p><strong>{}</strong> {}</p>", sheet.words.failed.format(block.cell), said)
    trace = Markup("")
    if block.traceback.strip():
        trace = fill("<details><summary>{}</summary>{}</details>", sheet.words.traceback, _long(block.traceback, sheet))
    return fill('<div class="failure">\n{}{}{}\n</div>', head, value, trace)
