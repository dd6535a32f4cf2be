"""Descriptions of pictures: what a reader is told who does not see them must help, or the report does not appear.

Validators see to it that a picture has an alternative text; whether the text says anything is judged here.
"""

import re
from collections.abc import Iterable, Iterator

from handover.document import markdown
from handover.document.document import Document, Figure, Prose
from handover.document.markdown import Token
from handover.errors import AuditError

FILE_NAME = re.compile(r"\S*\.(?:avif|bmp|gif|jpe?g|pdf|png|svg|tiff?|webp)", re.IGNORECASE)
#: Words that stand where a description was meant to be.
_WORDS = (
    "alt, alt text, alternative text, caption, chart, description, diagram, figure, graph, graphic, image, img, lorem "
    "ipsum, n/a, none, null, photo, picture, placeholder, plot, png, svg, tbd, text, todo, undefined, untitled, xxx"
)
PLACEHOLDERS = frozenset(_WORDS.split(", "))
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def check(document: Document, where: str) -> None:
    """Refuse a document that states evidence and shows a picture to those alone who see.

    Raises:
        AuditError: Lists each picture whose description does not help.
    """
    if not document.evidence:
        return
    found = [f"cell {cell}: {fault}" for cell, fault in _faults(document)]
    if found:
        raise AuditError(
            f"{where}: every picture must be described ({len(found)} are not):\n"
            + "\n".join(f"  {line}" for line in found)
            + "\nWrite in alt the kind of chart, its finding and its first and last value."
        )


def unhelpful(alt: str, captions: Iterable[str], drawn: Iterable[str]) -> Iterator[str]:
    """Yield what keeps a description from helping.

    Args:
        alt: The description.
        captions: What stands beside the picture and is read out anyway.
        drawn: The texts in the picture.
    """
    captions = tuple(captions)
    words = _bare(alt)
    numbers = {number for text in (*drawn, *captions) for number in NUMBER.findall(text)}
    if not words:
        yield "its description must say something (got none)"
    elif FILE_NAME.fullmatch(alt.strip()):
        yield f"its description must not be a file's name (got '{alt.strip()}')"
    elif words in PLACEHOLDERS or words.rstrip(" 0123456789") in PLACEHOLDERS:
        yield f"its description must not be a placeholder (got '{alt.strip()}')"
    elif words in {_bare(caption) for caption in captions}:
        yield "its description must not be its caption again (got the same words)"
    elif numbers and not numbers & set(NUMBER.findall(alt)):
        yield f"its description must give a value that the picture shows (got none of {', '.join(sorted(numbers)[:6])})"


def _faults(document: Document) -> Iterator[tuple[int, str]]:
    for block in document.blocks:
        if isinstance(block, Figure):
            lines = [markdown.plain_text(text) for text in (block.title, block.subtitle)]
            drawn = re.findall(r"<text\b[^>]*>(.*?)</text>", block.data, re.DOTALL) if block.kind == "svg" else []
            texts = [re.sub(r"<[^>]*>", "", text) for text in drawn]
            yield from ((block.cell, fault) for fault in unhelpful(block.alt, (*lines, " ".join(lines)), texts))
        elif isinstance(block, Prose):
            for image in _images(markdown.parse(block.source)):
                caption = str(image["attrs"].get("title") or "")
                alt = markdown.plain(image.get("children", []))
                yield from ((block.cell, fault) for fault in unhelpful(alt, (caption,), ()))


def _images(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if token["type"] == "image":
            yield token
        yield from _images(token.get("children", []))


def _bare(text: str) -> str:
    """Words alone, so that a full stop or a capital letter makes no difference."""
    return " ".join(text.casefold().split()).strip(" .:;,!?…")
