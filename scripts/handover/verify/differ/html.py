"""Where two HTML pages differ first, for a person who reads them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handover.verify.differ.difference import Difference, excerpts, fact_at

HEADINGS = ("h1", "h2", "h3", "h4")
FACT = "#fact-"


@dataclass(frozen=True, slots=True)
class Token:
    """One thing in a page: a tag, an attribute or a text; `place` says where a reader finds it."""

    kind: str
    value: str
    place: str = ""
    key: str = ""


def html(name: str, found: bytes, given: bytes, facts: Sequence[Mapping[str, Any]]) -> Difference:
    """Compare two pages: what is read first, then what is not seen."""
    held, wanted = list(_tokens(found)), list(_tokens(given))
    texts, wanted_texts = ([one for one in tokens if one.kind == "text"] for tokens in (held, wanted))
    return (
        _first(name, texts, wanted_texts, facts)
        or _first(name, held, wanted, facts)
        or Difference(f"{name}: the same page, written otherwise")
    )


def _first(
    name: str, found: Sequence[Token], given: Sequence[Token], facts: Sequence[Mapping[str, Any]]
) -> Difference | None:
    end = Token("end", "")
    for one, other in zip([*found, end], [*given, end], strict=False):
        if (one.kind, one.value) == (other.kind, other.value):
            continue
        at = other if other.kind != "end" else one
        what = {"attribute": ", not seen by all readers", "tag": ", its structure"}.get(at.kind, "")
        label = next((str(fact.get("label")) for fact in facts if fact.get("key") == at.key), "")
        label = label or fact_at(one.value, other.value, facts)
        return Difference(f"{name}{at.place}{what}", *excerpts(one.value, other.value), label)
    return None


def _tokens(page: bytes) -> Iterator[Token]:
    import lxml.html

    try:
        root = lxml.html.document_fromstring(page, parser=lxml.html.HTMLParser(encoding="utf-8"))
    except (lxml.etree.LxmlError, ValueError):
        return
    yield from _Walk().element(root)


class _Walk:
    """Goes through a page in reading order, and remembers the last heading."""

    def __init__(self) -> None:
        self.heading = ""

    def element(self, root: Any) -> Iterator[Token]:
        import lxml.etree

        for event, one in lxml.etree.iterwalk(root, events=("start", "end", "comment", "pi")):
            if event == "start":
                if one.tag in HEADINGS:
                    self.heading = " ".join(one.text_content().split())
                place, key = self._place(one), self._fact(one)
                yield Token("tag", one.tag, place, key)
                for attribute, value in sorted(one.attrib.items()):
                    yield Token("attribute", f"{attribute}={value}", place, key)
                yield from self._text(one.text, one)
            else:
                yield from self._text(one.tail, one.getparent())

    def _text(self, text: str | None, inside: Any) -> Iterator[Token]:
        if text and text.strip() and inside is not None:
            unread = inside.tag in ("style", "script", "title") or not isinstance(inside.tag, str)
            kind = "unread" if unread else "text"
            yield Token(kind, " ".join(text.split()), self._place(inside), self._fact(inside))

    def _place(self, one: Any) -> str:
        under = f", under “{self.heading}”" if self.heading else ""
        for up in (one, *one.iterancestors()):
            if up.tag == "figure":
                label = next((" ".join(cap.text_content().split()) for cap in up.iter("figcaption")), "")
                return f"{under}, chart “{label[:70]}”" if label else f"{under}, a chart"
            if up.tag == "table":
                label = next((" ".join(cap.text_content().split()) for cap in up.iter("caption")), "")
                return f"{under}, table “{label[:70]}”" if label else f"{under}, a table"
        return under

    @staticmethod
    def _fact(one: Any) -> str:
        for up in (one, *one.iterancestors("a")):
            if up.tag == "a" and up.get("href", "").startswith(FACT):
                return up.get("href").removeprefix(FACT)
        return ""
