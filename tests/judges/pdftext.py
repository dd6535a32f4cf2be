"""The text of a PDF as a search in it would find it: glyphs read back through each font's own table.

Content order, which is reading order in what we make; no layout, no OCR.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

import pikepdf

from handover.verify import contents

#: Ends what was marked last, among `pieces`.
CLOSED = object()


def read(pdf: bytes) -> list[str]:
    """Return the text of each page, with a space wherever a new piece of text is shown."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return [_stream(page.obj, page.obj.Resources) for page in opened.pages]


def whole(pdf: bytes) -> str:
    """Return all text with white space folded."""
    return " ".join(" ".join(read(pdf)).split())


def solid(text: str) -> str:
    """Return text without white space: what must be equal however lines were broken."""
    return re.sub(r"[\s\u200b\u00ad]+", "", text)


def pieces(holder: Any, resources: Any) -> Iterator[tuple[str, Any]]:
    """Yield the texts of a page in content order, each as (text, None), and where marked content begins and ends.

    A beginning is ("", its properties), an end is ("", CLOSED).
    """
    table: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(holder):
        name = str(operator)
        if name == "Tf":
            table = contents.letters(resources.Font[str(operands[0])])
        elif name in ("Tj", "TJ"):
            shown = operands[0] if name == "TJ" else operands
            text = (contents.decoded(bytes(piece), table) for piece in shown if isinstance(piece, pikepdf.String))
            yield "".join(text), None
        elif name in ("Td", "Tm", "T*", "ET"):
            yield " ", None
        elif name in ("BMC", "BDC"):
            yield "", operands[1] if name == "BDC" else {}
        elif name == "EMC":
            yield "", CLOSED
        elif name == "Do":
            form = resources.XObject[str(operands[0])]
            if form.get("/Subtype") == "/Form":
                yield from pieces(form, form.get("/Resources", resources))


def _stream(holder: Any, resources: Any) -> str:
    return "".join(text for text, _ in pieces(holder, resources))
