"""An answer, and the first difference between two files in the terms of a report: page or cell, and what both have."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from itertools import zip_longest
from typing import Any

from handover.editions import EDITION
from handover.errors import VerifyError
from handover.text import listed, shown
from handover.verify import contents
from handover.verify.contents import Contents, Part

VERIFIED, DIFFERS, ELSEWHERE, UNJUDGED = "verified", "differs", "cannot be rebuilt here", "cannot be judged"
#: How long one line of an answer may be.
LINE = 2000
#: How much of a text stands on either side of the place where it changes, and how much of one is shown at most.
AROUND, SHOWN = 32, 160
#: What is larger is not taken apart to say where it differs: a few bytes of JSON can become hundreds in memory.
BYTES_MAX = 10_000_000
#: What the texts of a PDF are that no page shows, by their keys.
STRINGS = {
    "/Alt": "a description",
    "/ActualText": "a spoken text",
    "/Contents": "a link's words",
    "/Lang": "the language",
    "/T": "a heading",
    "/URI": "a link",
}
HIDDEN = ", not seen by all readers"
MISSING = object()
Facts = Iterable[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `found` is what the file holds, `given` what this checkout gives; both may be empty.

    `fact` names the fact that is printed there, where one is.
    """

    place: str
    found: str = ""
    given: str = ""
    fact: str = ""

    def __str__(self) -> str:
        where = f"{self.place}, fact “{self.fact}”" if self.fact else self.place
        if not self.found and not self.given:
            return shown(where, 2 * SHOWN)
        has, has_not = (f"“{text}”" if text else "nothing" for text in (self.found, self.given))
        return shown(f"{where}: {has}, where this checkout gives {has_not}", 4 * SHOWN)

    def as_json(self) -> dict[str, str]:
        """The same for programs."""
        return {name: shown(text, 4 * SHOWN) for name, text in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one thing asked about; `differences` and then `details` stand on lines below the first."""

    subject: str
    word: str
    why: str = ""
    details: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        line = f"{self.word}: {shown(self.subject, 400)}" + (f" ({self.why})" if self.why else "")
        below = [*listed(map(str, self.differences)), *(shown(one, LINE) for one in listed(self.details))]
        return "\n".join([line, *(f"  {one}" for one in below)])

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "path": shown(self.subject, 400),
            "answer": self.word,
            "why": self.why,
            "differences": [one.as_json() for one in self.differences],
            "details": [shown(one, LINE) for one in listed(self.details)],
        }


def first(name: str, found: bytes, given: bytes, facts: Facts = ()) -> Difference:
    """Name the first difference between two files that are not the same, `found` and what this checkout gives.

    The end of the `name` tells what they are; `facts` are what the report prints, each with key, label, value and
    ``printed``.
    """
    _, _, suffix = name.rpartition(".")
    if suffix == "pdf":
        try:
            return of_pdf(name, contents.read(found), contents.read(given), facts)
        except VerifyError as error:
            return Difference(f"{name} {error}")
    if len(found) > BYTES_MAX:
        return Difference(f"{name}: differs, and is too large to say where ({len(found):,} bytes)")
    if suffix == "html":
        return _of_html(name, found, given, facts)
    reader = {"csv": _of_table, "ipynb": _of_notebook}.get(suffix, _of_json)
    try:
        return reader(name, found, given) or Difference(f"{name}: the same content, written otherwise")
    except (ValueError, KeyError, TypeError, RecursionError, csv.Error):
        return Difference(f"{name}: cannot be read as {suffix or 'what it should be'}")


def of_pdf(name: str, found: Contents, given: Contents, facts: Facts = ()) -> Difference:
    """Name the first difference between two PDFs: what they carry, what is read, what is only drawn or said."""
    one = next(_in_pdf(found, given, facts), None) or Difference(
        "what it shows, says and carries is the same; the metadata or the file is written otherwise"
    )
    return Difference(f"{name}, {one.place}", one.found, one.given, one.fact)


def of_values(name: str, found: Any, given: Any) -> Difference | None:
    """Name the first difference between two values as JSON has them; None where they are equal."""
    parted = _parting(found, given, ())
    if parted is None:
        return None
    path, *sides = parted
    return Difference(", ".join(filter(None, [name, ".".join(map(str, path))])), *_excerpts(*map(_text, sides)))


def _in_pdf(found: Contents, given: Contents, facts: Facts) -> Iterator[Difference]:
    for one in found.active:
        yield Difference(f"holds {one}, which no edition does")
    for name in sorted(given.attachments.keys() - found.attachments.keys()):
        yield Difference(f"attachment {name}: is missing")
    for name in sorted(found.attachments.keys() - given.attachments.keys()):
        yield Difference(f"attachment {name}: is no part of the edition")
    for name in sorted(found.attachments):
        if found.attachments[name] != given.attachments[name]:
            yield first(f"attachment {name}", found.attachments[name], given.attachments[name])
    nothing = Part("", (), "")
    pages = [(f"page {n}", *two) for n, two in enumerate(zip_longest(found.pages, given.pages, fillvalue=nothing), 1)]
    yield from (Difference(f"{place}: is no part of the edition") for place, _, other in pages if other is nothing)
    for written in (_unnamed, str):
        for place, one, other in pages:
            if written(one.text) != written(other.text):
                texts = written(one.text), written(other.text)
                yield Difference(place, *_excerpts(*texts), _fact(*texts, facts))
    parts = [*pages, ("the document", found.document, given.document)]
    for place, one, other in parts:
        for (key, text), (wanted_key, wanted) in zip_longest(one.strings, other.strings, fillvalue=("", "")):
            if (key, text) != (wanted_key, wanted):
                what = STRINGS.get(wanted_key or key) or f"its {(wanted_key or key)[1:]}"
                yield Difference(f"{place}, {what}", *_excerpts(text, wanted), _fact(text, wanted, facts))
    for place, one, other in parts:
        if one.whole != other.whole:
            yield Difference(f"{place}: differs in drawing, layout or structure only")


class _Page(HTMLParser):
    """Reads a page as (text?, what stands there, position in `headings` of the heading above it)."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tokens: list[tuple[bool, str, int]] = []
        self.headings = [""]
        self._in_heading, self._unread = False, False
        self.feed(page.decode("utf-8", "replace"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread = tag in ("style", "script", "title")
        if re.fullmatch("h[1-4]", tag):
            self._in_heading = True
            self.headings.append("")
        self._add(False, " ".join([tag, *(f'{name}="{value}"' for name, value in attrs)]))

    def handle_endtag(self, tag: str) -> None:
        self._unread = False
        self._in_heading = self._in_heading and not re.fullmatch("h[1-4]", tag)
        self._add(False, f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.headings[-1] += data
        self._add(not self._unread, data)

    def handle_comment(self, data: str) -> None:
        self._add(False, data)

    def _add(self, is_text: bool, value: str) -> None:
        if value.strip():
            self.tokens.append((is_text, " ".join(value.split()), len(self.headings) - 1))


def _of_html(name: str, found: bytes, given: bytes, facts: Facts) -> Difference:
    """Compare what is read first, then what is not seen."""
    pages = _Page(found), _Page(given)
    for what, kinds, written in (("", {True}, _unnamed), ("", {True}, str), (HIDDEN, {True, False}, str)):
        for one, other in zip_longest(*([token for token in page.tokens if token[0] in kinds] for page in pages)):
            texts = [written(token[1]) if token else "" for token in (one, other)]
            if texts[0] != texts[1]:
                heading = pages[1].headings[other[2]] if other else pages[0].headings[one[2]]
                under = f", under “{' '.join(heading.split())}”" if heading else ""
                return Difference(f"{name}{under}{what}", *_excerpts(*texts), _fact(*texts, facts))
    return Difference(f"{name}: the same page, written otherwise")


def _of_table(name: str, found: bytes, given: bytes) -> Difference | None:
    rows, wanted = (list(csv.reader(io.StringIO(data.decode("utf-8-sig"), ""))) for data in (found, given))
    path, *sides = _parting(rows, wanted, ()) or ((), "", "")
    if len(path) < 2:
        lines = (", ".join(one) if isinstance(one, list) else "" for one in sides)
        return Difference(f"{name}, row {path[0]}", *lines) if path else None
    row, column = path
    label = wanted[0][column - 1] if column <= len(wanted[0]) else column
    key = f" ({wanted[row - 1][0]})" if column > 1 else ""
    return Difference(f"{name}, row {row}{key}, column {label}", *_excerpts(*map(_text, sides)))


def _of_notebook(name: str, found: bytes, given: bytes) -> Difference | None:
    """Compare cell by cell, of each its source first."""
    held, wanted = (json.loads(data) for data in (found, given))
    for number, (one, other) in enumerate(zip_longest(held["cells"], wanted["cells"], fillvalue=MISSING), 1):
        cells = [dict(one) if isinstance(one, dict) else one for one in (one, other)]
        sources = [_source(cell.pop("source", "")) if isinstance(cell, dict) else _text(cell) for cell in cells]
        if sources[0] != sources[1]:
            return Difference(f"{name}, cell {number}, its source", *_excerpts(*sources))
        if different := of_values(f"{name}, cell {number}", *cells):
            return different
    return of_values(name, held, wanted)


def _of_json(name: str, found: bytes, given: bytes) -> Difference | None:
    return of_values(name, json.loads(found), json.loads(given))


def _parting(found: Any, given: Any, path: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any, Any] | None:
    """Return the way to the first difference between two values, positions counted from 1, and both sides of it."""
    if isinstance(found, dict) and isinstance(given, dict):
        pairs = [(key, found.get(key, MISSING), given.get(key, MISSING)) for key in {**given, **found}]
    elif isinstance(found, list) and isinstance(given, list):
        pairs = [(n, *two) for n, two in enumerate(zip_longest(found, given, fillvalue=MISSING), 1)]
    else:
        # 1, 1.0 and true are equal to Python and three things in JSON
        same = type(found) is type(given) and found == given
        return None if same else (path, found, given)
    return next(filter(None, (_parting(held, wanted, (*path, key)) for key, held, wanted in pairs)), None)


def _source(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _text(value: Any) -> str:
    if value is MISSING:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _unnamed(text: str) -> str:
    """Mask the names of editions, which differ wherever anything else does."""
    return EDITION.sub("…", text)


def _change(found: str, given: str) -> int:
    """Return the position of the first character in which two texts differ."""
    pairs = enumerate(zip_longest(found, given))
    return next((place for place, (one, other) in pairs if one != other), len(given))


def _excerpts(found: str, given: str) -> tuple[str, str]:
    """Cut out of two texts the words around the first place where they differ."""
    start = _change(found, given)
    begin = max(0, start - AROUND)
    while begin and not given[begin - 1].isspace() and start - begin < 2 * AROUND:
        begin -= 1

    def excerpt(text: str) -> str:
        end = start + AROUND
        while end < len(text) and not text[end].isspace() and end < start + 2 * AROUND:
            end += 1
        return f"{'… ' if begin else ''}{text[begin:end].strip()}{' …' if end < len(text) else ''}"

    return excerpt(found), excerpt(given)


def _fact(found: str, given: str, facts: Facts) -> str:
    """Return the label of the fact that `given` prints where `found` parts from it, or ""."""
    start = _change(found, given)
    best, length = "", 0
    for fact in facts:
        for printed in {str(fact.get("value") or ""), *map(str, fact.get("printed") or ())} - {""}:
            for place in re.finditer(rf"(?<!\w){re.escape(printed)}(?!\w)", given):
                if place.start() <= start <= place.end() and len(printed) > length:
                    best, length = str(fact.get("label") or fact.get("key")), len(printed)
    return best
