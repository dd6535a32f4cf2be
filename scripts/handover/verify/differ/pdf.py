"""Where two PDFs differ first: what is carried, what is read, what is drawn, what is only there for machines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handover.verify.differ import data
from handover.verify.differ.difference import Difference, excerpts, fact_at, parting
from handover.verify.differ.notebook import notebook
from handover.verify.dissection import Anatomy, Element, Piece

#: Kinds of elements that a reader knows as one thing.
THINGS = {"Figure": "chart", "Table": "table"}
SAME = "text, charts, attachments and links are the same; the file is written otherwise"
Facts = Sequence[Mapping[str, Any]]


def pdf(name: str, found: Anatomy, given: Anatomy, facts: Facts, titles: Mapping[str, str]) -> Difference:
    """Compare two PDFs part by part.

    Args:
        name: The file, as the difference is to name it.
        found: The one in question.
        given: The one that the data gives.
        facts: What the report prints, with key, label, value and ``printed``.
        titles: Title of each chart by its alternative text.
    """
    ways = (_active, _carried, _read, _described, _linked, _about, _drawn, _lettered, _metadata)
    differences = (one for way in ways for one in way(found, given, facts, titles))
    first = next(differences, Difference(SAME))
    return Difference(f"{name}, {first.place}", first.found, first.given, first.fact)


def attachment(name: str, found: bytes, given: bytes) -> Difference:
    """Compare two files that are attached under one name."""
    place = f"attachment {name}"
    if name.endswith(".csv"):
        return data.table(place, found, given)
    if name.endswith(".ipynb"):
        return notebook(place, found, given)
    return data.document(place, found, given)


def _active(found: Anatomy, given: Anatomy, *_: Any) -> Iterator[Difference]:
    for one in found.active:
        yield Difference(f"holds {one}, which no edition does")


def _carried(found: Anatomy, given: Anatomy, *_: Any) -> Iterator[Difference]:
    for name in sorted(given.attachments.keys() - found.attachments.keys()):
        yield Difference(f"attachment {name}: is missing")
    for name in sorted(found.attachments.keys() - given.attachments.keys()):
        yield Difference(f"attachment {name}: is no part of the edition")
    for name in sorted(given.attachments.keys() & found.attachments.keys()):
        if found.attachments[name] != given.attachments[name]:
            yield attachment(name, found.attachments[name], given.attachments[name])


def _read(found: Anatomy, given: Anatomy, facts: Facts, titles: Mapping[str, str]) -> Iterator[Difference]:
    """Yield the text that differs first; each piece is told with the text before and after it on its page."""
    for number, page in enumerate(given.pages, 1):
        held = found.pages[number - 1] if number <= len(found.pages) else ()
        one, other = _text(held, found.elements), _text(page, given.elements)
        if one == other:
            continue
        place, end = parting(one, other), 0
        for piece in page:
            end += len(_words(piece, given.elements)) + 1
            if end > place:
                break
        where = _place(given.elements, piece.element, number, titles)
        # a chart shows letter after letter, in which a number cannot be told from its neighbours
        drawn = piece.element >= 0 and given.elements[piece.element].kind == "Figure"
        fact = "" if drawn else fact_at(one, other, facts)
        yield Difference(where, *excerpts(one, other), fact)
    for number in range(len(given.pages) + 1, len(found.pages) + 1):
        yield Difference(f"page {number}: is no part of the edition")


def _described(found: Anatomy, given: Anatomy, facts: Facts, titles: Mapping[str, str]) -> Iterator[Difference]:
    words = {"alt": "its description", "title": "its heading", "actual": "its spoken text", "language": "its language"}
    for position, (one, other) in enumerate(zip(found.elements, given.elements, strict=False)):
        if one == other:
            continue
        where = _place(given.elements, position, other.page, titles)
        for key, what in words.items():
            texts = getattr(one, key), getattr(other, key)
            if texts[0] != texts[1]:
                yield Difference(f"{where}, {what}", *excerpts(*texts), fact_at(*texts, facts))
        if (one.kind, one.inside) != (other.kind, other.inside):
            yield Difference(f"{where}, its structure", one.kind, other.kind)
    if len(found.elements) != len(given.elements):
        counts = (f"{len(side.elements)} elements" for side in (found, given))
        yield Difference("the structure of the document", *counts)


def _linked(found: Anatomy, given: Anatomy, *_: Any) -> Iterator[Difference]:
    for one, other in zip(found.links, given.links, strict=False):
        if one != other:
            key = next(key for key in ("page", "kind", "target", "says", "at") if one[key] != other[key])
            yield Difference(f"page {other['page']}, a link, its {key}", str(one[key]), str(other[key]))
    if len(found.links) != len(given.links):
        yield Difference("the links of the document", *(f"{len(side.links)} links" for side in (found, given)))


def _about(found: Anatomy, given: Anatomy, *_: Any) -> Iterator[Difference]:
    for key in sorted((found.about.keys() | given.about.keys()) - {"metadata"}):
        texts = found.about.get(key, ""), given.about.get(key, "")
        if texts[0] != texts[1]:
            yield Difference(f"the document's {key}", *excerpts(*texts))


def _metadata(found: Anatomy, given: Anatomy, *_: Any) -> Iterator[Difference]:
    texts = [re.sub(r">\s+<", "><", side.about.get("metadata", "").strip()) for side in (found, given)]
    if texts[0] != texts[1]:
        yield Difference("the document's metadata", *excerpts(*texts))


def _drawn(found: Anatomy, given: Anatomy, facts: Facts, titles: Mapping[str, str]) -> Iterator[Difference]:
    for number, (page, other) in enumerate(zip(found.pages, given.pages, strict=False), 1):
        for one, piece in zip(page, other, strict=False):
            if one.drawn != piece.drawn:
                yield Difference(f"{_place(given.elements, piece.element, number, titles)}: is drawn otherwise")
        if len(page) != len(other):
            yield Difference(f"page {number}: is drawn otherwise")


def _lettered(found: Anatomy, given: Anatomy, *_: Any) -> Iterator[Difference]:
    if found.fonts != given.fonts:
        changed = sorted({name for name, _ in set(found.fonts) ^ set(given.fonts)})
        yield Difference(f"the typeface {changed[0].partition('+')[2] or changed[0]}: its letters are others")


def _text(page: Sequence[Piece], elements: Sequence[Element]) -> str:
    return " ".join(_words(piece, elements) for piece in page)


def _words(piece: Piece, elements: Sequence[Element]) -> str:
    """The text of a piece; a chart shows every letter by itself."""
    if piece.element >= 0 and elements[piece.element].kind == "Figure":
        return "".join(piece.text.replace("     ", "\0").split()).replace("\0", " ")
    return " ".join(piece.text.split())


def _place(elements: Sequence[Element], position: int, page: int, titles: Mapping[str, str]) -> str:
    """Where a reader finds an element."""
    if position < 0:
        return f"page {page}"
    heading = elements[position].heading
    under = f", under “{heading}”" if heading else ""
    step = position
    while step >= 0:
        element = elements[step]
        if element.kind in THINGS:
            label = titles.get(element.alt) or element.alt or element.title
            return f"page {page}{under}, {THINGS[element.kind]} “{label[:90]}”"
        step = element.inside
    return f"page {page}{under}"
