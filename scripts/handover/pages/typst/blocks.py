"""Each block of a document as Typst mark-up; what a block holds inside is written by the modules named for it."""

from collections.abc import Iterable
from itertools import groupby, pairwise

from handover.document import Block, Code, Evidence, Failure, Figure, Markup, Maths, Prose, Text
from handover.pages.typst import ledger, markup, pictures, prose, room
from handover.pages.typst_text import lines, text
from handover.pages.typst.sheet import Sheet
from handover.text import cut

#: Characters on a line of a stream, as the template sets it.
STREAM_WIDTH = 90
#: Figures up to this width, in points, may stand side by side.
HALF = 230.0


def write_all(sheet: Sheet, blocks: Iterable[Block]) -> list[str]:
    """Write blocks in their order; figures of half the width that follow each other stand side by side."""
    written: list[str] = []
    shown = [block for block in blocks if not isinstance(block, Code)]
    followed = {id(one) for one, other in pairwise(shown) if isinstance(one, Figure) and _goes_on(other)}
    for half, group in groupby(shown, key=_half):
        found = list(group)
        while half and len(found) > 1:
            one, other = (_figure(sheet, found.pop(0), half=True) for _ in range(2))
            written.append(f"#pair[{one}][{other}];")
        written += [
            _figure(sheet, block, followed=id(block) in followed) if isinstance(block, Figure) else write(sheet, block)
            for block in found
        ]
    return written


def _goes_on(block: Block) -> bool:
    """Whether a block is text that may as well stand above the figure before it: no new section begins with it."""
    return isinstance(block, Prose) and bool(block.source.strip()) and not block.source.lstrip().startswith("#")


def _half(block: Block) -> bool:
    found = pictures.read(block.kind, block.data) if isinstance(block, Figure) else None
    return found is not None and found.width <= HALF


def write(sheet: Sheet, block: Block) -> str:
    """Write one block; code is absent from the printed page."""
    match block:
        case Prose():
            return prose.write(sheet, block)
        case Figure():
            return _figure(sheet, block)
        case Markup():
            unprinted = sheet.house(sheet.words.unprinted.format(block.cell))
            return markup.write(sheet, block.html) or f"#note[{unprinted}];"
        case Text():
            return _stream(sheet, block)
        case Maths():
            return f"#formula({lines(block.latex.strip().strip('$').strip(), prose.MATHS_WIDTH)});"
        case Failure():
            return _failure(sheet, block)
        case Evidence():
            return ledger.write(sheet)
    return ""


def _failure(sheet: Sheet, failure: Failure) -> str:
    title = sheet.house(sheet.words.failed.format(failure.cell)) + text(f" {failure.name}")
    return f"#failure([{title}], [{text(_whole(sheet, failure.value)[0])}]);"


def _figure(sheet: Sheet, figure: Figure, *, half: bool = False, followed: bool = False) -> str:
    shown, remark = sheet.picture(
        pictures.read(figure.kind, figure.data),
        figure.alt,
        f"[{sheet.words.unreadable}: {figure.alt}]",
    )
    options = [
        f"{name}: [{written}]"
        for name in ("title", "subtitle", "credit")
        if (written := prose.inline(sheet, getattr(figure, name)))
    ]
    if values := sheet.put_by(figure.values):
        options.append(f"values: [{values}]")
    if half:
        options.append("half: true")
    else:
        options.append(room.unmoved(sheet.named("exhibit")))
    if followed:
        options.append("followed: true")
    if remark:
        options.append(f"remark: [#note[{remark}];]")
    return f"#exhibit({', '.join(options)})[{shown}];"


def _stream(sheet: Sheet, block: Text) -> str:
    if not block.text.strip():
        return ""
    head, left_out, tail = _whole(sheet, block.text)
    pieces = [f"#raw(block: true, {lines(head, STREAM_WIDTH)});"]
    if left_out:
        pieces += [f"#left-out[{left_out}];", f"#raw(block: true, {lines(tail, STREAM_WIDTH)});"]
    title = sheet.house(sheet.words.stderr.format(block.cell)) if block.stream == "stderr" else ""
    return f"#stream({f'warning: [{title}], ' if title else ''}[{''.join(pieces)}]);"


def _whole(sheet: Sheet, content: str) -> tuple[str, str, str]:
    """Return (beginning, what is left out, end) of an output; a short one is all beginning."""
    head, rows, characters, tail = cut(content.strip("\n"))
    if not characters:
        return head, "", ""
    many = sheet.words.left_out_lines.format(f"{rows:,}", f"{characters:,}")
    return head, sheet.house(many if rows > 1 else sheet.words.left_out.format(f"{characters:,}")), tail
