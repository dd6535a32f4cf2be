"""The sheet being set: what one document needs to remember while its blocks are written one after another.

Here are targets of links, places where a number is used, heading levels and pictures; no mark-up is read here.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import quote, unquote

from handover.document import Document, Ledger, Words, evidence, of
from handover.pages.typst_text import BREAK, literal, text, wordless
from handover.pages.typst.pictures import Picture
from handover.pages.typesetter import PICTURE

OUTSIDE = re.compile(r"(https?://|mailto:)[^\s\x00-\x1f]+", re.IGNORECASE)
#: The label that a number in the text bears. Inside a literal a quotation mark has a backslash: no text looks like one.
USE = re.compile(r'#number\("(?:[^"\\]|\\.)*", "(x\d+)"\)')
#: Deeper nesting than this is set as plain text: Typst, like a reader, loses its way in it.
DEPTH = 16
#: Typst names a heading in bookmarks, and links inside the document would hide the name.
HEADING = "heading"
#: Tables in a column are set smaller.
COLUMN = "column"
#: Evidence itself, whose links to claims are no use of them.
EVIDENCE = "evidence"


@dataclass
class Sheet:
    """What has been set so far. Names of links are the document's own; labels are counted here."""

    document: Document
    targets: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, None] = field(default_factory=dict)
    uses: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    level: int = 1
    #: The title and what stands under it, once the document's first heading has been met.
    masthead: str = ""
    count: int = 0
    #: What that which is being written stands in: `HEADING`, `COLUMN`, `EVIDENCE`, or none of these.
    around: str = ""
    pages: int = 0
    #: How many things of a kind have a name to be told apart by.
    known: dict[str, int] = field(default_factory=dict)
    #: Tables of the values behind charts, as HTML, for the appendix.
    appendix: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.evidence: Ledger = Ledger.of(self.document)
        self.words: Words = of(self.document.language)
        kinds = ((evidence.FACT, self.evidence.facts), (evidence.SOURCE, self.evidence.sources))
        kinds += ((evidence.CLAIM, self.evidence.claims), (evidence.CONFLICT, self.evidence.conflicts))
        self.reserved = {prefix + name for prefix, known in kinds for name in known}

    @property
    def title(self) -> str:
        """The document's title, on one line; never empty, since a PDF must have one."""
        title = " ".join(self.document.title.replace(BREAK, "").split())
        return "Notebook" if wordless(text(title)) else title

    def evidence_page(self) -> dict[str, Any]:
        """What the next evidence block states, in a shape that can be trusted."""
        self.pages += 1
        return self.evidence.pages[self.pages - 1]

    def house(self, words: str) -> str:
        """Return words of the house, marked as English where the document speaks what the house does not."""
        written = text(words)
        same = self.document.language.split("-")[0] == self.words.language
        return written if same else f"#house[{written}];"

    def label(self, name: str) -> str:
        """Return a fresh label; the first place that claims a name is where links to it lead."""
        self.count += 1
        fresh = f"x{self.count}"
        self.targets.setdefault(name, fresh)
        return fresh

    def named(self, kind: str) -> str:
        """The name of the next thing of a kind."""
        self.known[kind] = self.known.get(kind, 0) + 1
        return f"{kind}-{self.known[kind]}"

    def put_by(self, values: str) -> str:
        """Keep a table for the appendix and return the link to it; a report of one page has no room for any."""
        if not values or self.document.evidence.get("layout") == evidence.BRIEF:
            return ""
        self.appendix.append(values)
        return self.link(f"#{place(len(self.appendix))}", self.house(self.words.values))

    def anchor(self, *names: str) -> str:
        """Return the mark-up of a place that links may lead to; nothing if its names are taken or evidence's own."""
        free = [name for name in names if name and name not in self.targets and name not in self.reserved]
        if not free:
            return ""
        fresh = self.label(free[0])
        self.targets.update(dict.fromkeys(free, fresh))
        return f"#place-of({literal(fresh)});"

    def reached(self) -> dict[str, str]:
        """The targets that some link leads to: the name it uses, and the label."""
        found = {name: self.targets.get(name) or self.targets.get(slug(name), "") for name in self.wanted}
        return {name: label for name, label in found.items() if label}

    def places(self, body: str) -> dict[str, list[str]]:
        """The places of use by fact and claim: those that `body` still has, since long tables lose some."""
        there = set(USE.findall(body))
        return {key: [use for use in uses if use in there] for key, uses in self.uses.items()}

    def heading(self, level: int) -> int:
        """Return the level to set a heading at: below the title, and never skipping a level."""
        self.level = min(max(level, 2), self.level + 1, 6)
        return self.level

    def headed(self, level: int, inside: str, places: str = "") -> str:
        """Return a heading; words there must be, or it is set as a paragraph."""
        if wordless(inside):
            return f"{places}#par[{inside}];" if inside else places
        return f"#heading(level: {self.heading(level)})[{inside}{places}];"

    @contextmanager
    def inside(self, around: str) -> Iterator[None]:
        """Hold while what stands in a heading or a column is written."""
        before, self.around = self.around, around
        try:
            yield
        finally:
            self.around = before

    def link(self, url: str, inside: str) -> str:
        """Return a link, or only what it holds where it would lead nowhere or run something."""
        url = unescape(url)
        if url.startswith("#"):
            return self._within(unquote(url), inside) if inside else ""
        if OUTSIDE.fullmatch(url):
            return f"#outside({literal(_tidy(url))})[{inside}];"
        if ":" in url.split("/")[0] or not url:
            return inside
        # another file cannot be reached from here, but a reader may know where it is
        return f"{inside}#remark[{text(f' ({unquote(url)})')}];"

    def _within(self, url: str, inside: str) -> str:
        if self.around == HEADING:
            return inside
        prefix, name = evidence.target(url)
        target = evidence.FACT + url[6:] if url.startswith("#back-") else url[1:]
        self.wanted[target] = None
        bound = {evidence.FACT: self.evidence.facts, evidence.CLAIM: self.evidence.claims}
        if prefix in bound and not (prefix == evidence.CLAIM and self.around == EVIDENCE):
            if name not in bound[prefix]:
                return inside
            places = self.uses.setdefault(target, [])
            places.append(self.label(f"use-{target}-{len(places) + 1}"))
            return f"#number({literal(target)}, {literal(places[-1])})[{inside}];"
        write = "conflicting" if prefix == evidence.CONFLICT else "go"
        return f"#{write}({literal(target)})[{inside}];"

    def picture(self, picture: Picture | None, alt: str, missing: str) -> tuple[str, str]:
        """Return (mark-up of an image, a remark on it or nothing), both fit for running text."""
        if picture is None:
            return "", text(missing)
        name = f"{PICTURE}{len(self.files) + 1}"
        self.files[name] = picture.data
        described = "".join(char for char in " ".join(alt.split()) if char.isprintable())
        remark = "" if described else self.house(f"{self.words.undescribed}.")
        size = f"{picture.width:.2f}pt, {picture.height:.2f}pt"
        return f"#picture({literal('/' + name)}, {size}, {literal(described or self.words.undescribed)});", remark


def place(number: int) -> str:
    """The name of a table in the appendix; no heading and no evidence can have it."""
    return f"values/{number}"


def slug(words: str) -> str:
    """A heading as the name of a link to it: letters and digits of any script, hyphens for the rest."""
    return re.sub(r"[\W_]+", "-", words.lower()).strip("-")


def _tidy(url: str) -> str:
    """Keep only characters that an address may hold as they are; the rest is percent-encoded."""
    return quote(url.encode("utf-8", "replace"), safe="%/:=&?~#+!$,;'@()*[]")
