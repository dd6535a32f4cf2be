"""What a document keeps track of while it is read: anchors, where links lead, levels of headings, uses of evidence."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import unquote

from handover.document import evidence, model
from handover.document.beside import Beside
from handover.document.words import Words
from handover.text import printable

#: Anchors that a page's own frame uses, and the forms of those that it makes.
RESERVED = frozenset({"report", "contents", "evidence"})
OWN = re.compile(r"card-use-.*|cell-\d+|figure-\d+-.*")
#: How many texts that say the same wherever they stand are kept, and of how many characters each.
KEPT, LONGEST = 256, 20_000
#: What links to evidence lead to, as kind and key, in the order in which they are read.
Cited = tuple[tuple[str, str], ...]


def slug(text: str) -> str:
    """A text as the anchor of a heading: letters and digits of any script, hyphens for the rest."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")[:80]


class Places:
    """The state of one reading.

    A link leads to an anchor that is known when it is read, or to one of `targets`, the names of an earlier reading of
    the same notebook; where neither has it, `forward` says that a second reading may find it.
    """

    def __init__(self, words: Words, beside: Beside | None = None, targets: Mapping[str, str] | None = None) -> None:
        self.words = words
        self.beside = beside
        #: The images that the cell being read carries: by name, MIME type to base64.
        self.attachments: Mapping[str, Any] = {}
        self.targets = targets
        self.forward = False
        self.ledger = model.Ledger()
        self.names: dict[str, str] = {}
        self.contents: list[model.Heading] = []
        self.uses: dict[str, list[str]] = {}
        self.figures = 0
        self.tables = 0
        #: Whether there is any.
        self.formulas = False
        #: Whether what is read stands in a link, and in a quotation, list or cell, where headings are none.
        self.linked = False
        self.nested = False
        #: How many quotations, lists, cells and folds it stands in.
        self.depth = 0
        self._taken = set(RESERVED)
        #: The levels, as written, of the headings that what is read stands under.
        self._open: list[int] = []

    def identify(self, wanted: str, *aliases: str) -> str:
        """Give out an anchor that is unique; links to `wanted` or to an alias will find it."""
        base = re.sub(r"[^\w.:-]+", "-", wanted) or "section"
        base = f"at-{base}" if OWN.fullmatch(base) else base
        given, count = base, 1
        while given in self._taken:
            count += 1
            given = f"{base}-{count}"
        self._taken.add(given)
        for name in (wanted, *aliases):
            self.names.setdefault(name, given)
        return given

    def anchor(self, name: str) -> model.Inlines:
        """A place that a foreign element names; nothing where it has no name."""
        return (model.Anchor(self.identify(name)),) if name else ()

    def heading(self, wanted: int, inside: model.Inlines, name: str = "") -> model.Blocks:
        """Enter a heading, one level below the one that it stands under; where there is none, a paragraph it is."""
        text = " ".join(printable(model.plain(inside)).split())
        if not any(character.isprintable() and not character.isspace() for character in text):
            held = (*self.anchor(name), *inside)
            return (model.Paragraph(held),) if held else ()
        # JupyterLab's own anchors keep capitals and put hyphens for blanks: links written for it still lead here
        given = self.identify(slug(text), text.replace(" ", "-"), *filter(None, [name]))
        if self.nested:
            return (model.Paragraph((model.Anchor(given), model.Span("strong", inside))),)
        while self._open and self._open[-1] >= wanted:
            self._open.pop()
        level = min(len(self._open) + 2, 6)
        self._open.append(wanted)
        heading = model.Heading(level, given, inside, text)
        if level == 2:
            self.contents.append(heading)
        return (heading,)

    @contextmanager
    def inside(self, *, link: bool = False, nest: bool = False, fold: bool = False) -> Iterator[None]:
        """Hold while what stands in a link, in a quotation, list or cell, or in a fold is read."""
        before = self.linked, self.nested, self.depth
        self.linked, self.nested, self.depth = self.linked or link, self.nested or nest, self.depth + (nest or fold)
        try:
            yield
        finally:
            self.linked, self.nested, self.depth = before

    def link(self, url: str, inside: model.Inlines, title: str = "") -> model.Inlines:
        """A link around what it holds; nothing but that where it would lead nowhere, run something or lie in a link."""
        if self.linked or not (model.plain(inside).strip() or any(isinstance(one, model.Image) for one in inside)):
            return inside
        kind, key = evidence.target(unquote(url))
        if anchors := self._cite(kind, key):
            return (model.Citation(kind, key, anchors[0], inside, anchors[1]),)
        if url.startswith("#"):
            anchor = self._find(unquote(url[1:]))
            return (model.Reference(anchor, inside, title),) if anchor else inside
        if evidence.outside(url):
            return (model.Link(printable(url), inside, title),)
        if ":" in url.split("/")[0] or not url or url == model.plain(inside):
            return inside
        # another file cannot be reached from here, but a reader may know where it is
        return (*inside, model.Text(" "), model.Remark(f"({printable(url)})"))

    def cite(self, cited: Cited) -> tuple[tuple[str, str], ...] | None:
        """Enter citations as links would, and give their anchors; None where the evidence lacks one of them."""
        if not all(key in evidence.entries(self.ledger, kind) for kind, key in cited):
            return None
        return tuple(filter(None, [self._cite(kind, key) for kind, key in cited]))

    def _cite(self, kind: str, key: str) -> tuple[str, str] | None:
        """Enter a citation: the anchors of its entry and of this use; None where there is no such entry."""
        entry = evidence.entries(self.ledger, kind).get(key)
        return (entry.anchor, self._use(kind, key, entry.anchor)) if entry else None

    def _use(self, kind: str, key: str, anchor: str) -> str:
        """Enter one use of a fact or a claim: the anchor of its place."""
        if kind not in (evidence.FACT, evidence.CLAIM):
            return ""
        places = self.uses.setdefault(anchor, [])
        name = key if kind == evidence.FACT else kind + key
        places.append(self.identify(f"use-{name}-{len(places) + 1}"))
        return places[-1]

    def _find(self, name: str) -> str:
        if self.targets is None:
            # what is there keeps its name; what is not may yet come
            self.forward |= name not in self.names
            return self.names.get(name, "")
        return self.targets.get(name) or self.targets.get(slug(name), "")


class Unfinished(Places):
    """The state of reading a notebook whose evidence is yet to come."""

    def cite(self, cited: Cited) -> tuple[tuple[str, str], ...]:
        """Take all that is cited as found."""
        return (("", ""),) * len(cited)


class _NotApart(Exception):
    """What a text says depends on where it stands."""


class _Apart(Places):
    """The state of reading a text by itself: all else of a document is out of reach, and to need it raises `_NotApart`.

    Only the evidence is taken as given: each citation has its place among `cited` for an anchor.
    """

    def __init__(self, words: Words) -> None:
        super().__init__(words)
        self.cited: list[tuple[str, str]] = []
        self.names = self.attachments = self.beside = _OutOfReach()

    def identify(self, wanted: str, *aliases: str) -> str:
        raise _NotApart

    def _cite(self, kind: str, key: str) -> tuple[str, str] | None:
        self.cited += [(kind, key)] if kind else []
        return (str(len(self.cited) - 1), "") if kind else None


class _OutOfReach:
    def __getattr__(self, name: str) -> Any:
        raise _NotApart

    __contains__ = __getattr__


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What was read of a text by itself."""

    nodes: Any
    cited: Cited
    tables: int
    formulas: bool


def apart(read: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what a function reads of a text that says the same wherever it stands.

    Its first arguments must be the text and the state of this reading; it must return tuples of nodes.
    """

    @lru_cache(maxsize=KEPT)
    def alone(source: str, words: Words, **told: bool) -> _Read | None:
        places = _Apart(words)
        try:
            nodes = read(source, places, **told)
        except _NotApart:
            return None
        return _Read(nodes, tuple(places.cited), places.tables, places.formulas)

    @wraps(read)
    def again(source: str, places: Places, **told: bool) -> Any:
        kept = len(source) <= LONGEST and not (places.linked or places.depth)
        found = alone(source, places.words, **told) if kept else None
        anchors = places.cite(found.cited) if found else None
        if found is None or anchors is None:
            return read(source, places, **told)
        before = places.tables if found.tables else 0
        places.tables += found.tables
        places.formulas |= found.formulas
        return _placed(found, anchors, before)

    return again


@lru_cache(maxsize=KEPT)
def _placed(found: _Read, anchors: tuple[tuple[str, str], ...], tables: int) -> Any:
    """What a text says where it stands: with the anchors of its citations, and so many tables before its own."""

    def placed(node: Any) -> Any:
        if isinstance(node, model.Citation):
            anchor, use = anchors[int(node.anchor)]
            return model.Citation(node.kind, node.key, anchor, node.inside, use)
        number = {"number": node.number + tables} if isinstance(node, model.Table) else {}
        return model.changed(node, placed, **number)

    return model.changed(found.nodes, placed) if anchors or tables else found.nodes
