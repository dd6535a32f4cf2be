"""The typed document: what a notebook says once it has been read, in the terms that every page format needs.

`read` makes it; HTML and Typst are printed from it; the audit and the checks walk it. Names follow pandoc's model
where it has one. What every node guarantees:

- Text can be written as UTF-8 and reads in the order in which it is stored. White space is as written (it folds, but
  for `Preformatted`, `Code`, `CodeBlock`, `CellCode` and `Excerpt`). No text is markup: a printer escapes it.
- Anchors are unique in the document and hold only letters, digits, ``_ . : -``; ``report`` is that of the title. A
  `Reference` or a `Citation` leads to an anchor of this document; of a link that would not, only what it held is left.
- Links never lie inside links. Every `Link` leads to the web or to a mail address.
- Headings begin at level 2, below the title, and never skip a level. Inside a quotation, a list or a table there is
  none: it is a paragraph of strong text.
- Blocks nest no deeper than `DEPTH`; what lies deeper is a paragraph of its text.
- `language` and `direction` are "" or a valid language tag, and "", ``ltr``, ``rtl`` or ``auto``.
- Notes are finished texts in the page's own words (see `Words`), "" for most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from operator import is_
from typing import Any

#: Blocks nested deeper than this are read as their text.
DEPTH = 16


@dataclass(frozen=True, slots=True)
class Texts:
    """What holds one text."""

    text: str


@dataclass(frozen=True, slots=True)
class Latex:
    """What holds LaTeX, without the marks around it."""

    latex: str


@dataclass(frozen=True, slots=True)
class Running:
    """What holds running text and nothing else."""

    inside: Inlines


@dataclass(frozen=True, slots=True)
class Group:
    """What holds blocks and nothing else."""

    blocks: Blocks


# Inlines


class Text(Texts):
    """Running text, entities read; the spaces that no line may end at are no-break spaces."""


class Code(Texts):
    """Code in running text, written as such in Markdown."""


class Maths(Latex):
    """LaTeX in running text, without its dollar signs."""


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a line within a paragraph."""


@dataclass(frozen=True, slots=True)
class Span:
    """Text in a style or a language of its own.

    `tag` is the HTML element that means the style, of `STYLES`; ``span`` means none, and then the language, the
    direction or the title says something.
    """

    tag: str
    inside: Inlines
    language: str = ""
    direction: str = ""
    title: str = ""


_STYLES = "abbr b bdi bdo cite code del dfn em i ins kbd mark q rp rt ruby s samp small span strong sub sup u var"
STYLES = frozenset(_STYLES.split())


@dataclass(frozen=True, slots=True)
class Link:
    """A link out: `url` begins with ``http://``, ``https://`` or ``mailto:`` and holds no white space."""

    url: str
    inside: Inlines
    title: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A link to another place of this document."""

    anchor: str
    inside: Inlines
    title: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A link to the evidence: a number, a statement, a publication, or the second mark after a contested number.

    Attributes:
        kind: ``fact-``, ``claim-``, ``source-`` or ``conflict-``, as in `handover.document.evidence`.
        key: The entry's key, which the document's ledger has under that kind.
        anchor: The entry's anchor.
        use: The anchor of this very place, listed in the document's `uses`; "" for a source and a conflict.
    """

    kind: str
    key: str
    anchor: str
    inside: Inlines
    use: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that can be drawn and asks for nothing outside itself.

    Attributes:
        kind: svg, png, jpeg, gif, webp or avif.
        data: The file. An SVG holds only shapes, text, gradients and the like, with presentation attributes in place
            of styles, ids that are unique in the document, and no title or description; its root has the size as
            ``width`` and ``height`` in pixels unless the source gave none.
        width: Pixels of CSS across, at which a screen shows it: an image's dots, unless the notebook asks for less.
        height: The same, down.
        density: Pixels to an inch of paper: 96, or what the image's own file says.
        texts: The texts drawn in an SVG.
        still: The first frame of a picture that moves, as PNG; b"" for others.
    """

    kind: str
    data: bytes
    width: float
    height: float
    density: float = 96.0
    texts: tuple[str, ...] = ()
    still: bytes = b""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in running text.

    `picture` is None where the document does not hold it or it cannot be drawn. `note` is what stands after the
    picture, or in its place: that it is elsewhere, cannot be read, or has no description; "" for most. `alt` may be "".
    """

    picture: Picture | None
    alt: str
    title: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place that links may lead to, with nothing to see."""

    anchor: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What the page says beside the text: the address of a file that no link can lead to, or what is not shown.

    `house` says that these are the page's own words (see `Words`), in its language and not the document's.
    """

    text: str
    house: bool = False


Inline = Text | Code | Maths | Break | Span | Link | Reference | Citation | Image | Anchor | Remark
Inlines = tuple[Inline, ...]

# Blocks


class Paragraph(Running):
    """A paragraph."""


class Plain(Running):
    """Running text that is no paragraph of its own: in a tight list, in a cell, between blocks of foreign HTML."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the level that it is printed at, 2 to 6; `text` is its words on one line, never empty."""

    level: int
    anchor: str
    inside: Inlines
    text: str


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Code that Markdown sets apart; `language` as its author wrote it, or ""."""

    source: str
    language: str


class Preformatted(Running):
    """Text of foreign HTML whose white space counts."""


class Formula(Latex):
    """LaTeX on lines of its own, without the marks around it."""


class Quote(Group):
    """A quotation."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list; `checked` is None where it is no task."""

    blocks: Blocks
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class List:
    """A list; `start` counts where it is ordered; a tight one has no space between its items."""

    items: tuple[Item, ...]
    ordered: bool = False
    start: int = 1
    tight: bool = True


class Term(Running):
    """What a definition defines."""


class Definition(Group):
    """What a term means."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """Terms, each with the definitions that follow it."""

    entries: tuple[Term | Definition, ...]


@dataclass(frozen=True, slots=True)
class Tint:
    """The colours of a cell, as ``#rrggbb``; text has a contrast of 4.5 at least.

    Attributes:
        ground: What is behind it, "" for the page.
        light: Its text, on the ground or a light page.
        dark: Its text, on the ground or a dark page.
    """

    ground: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes:
        blocks: What it holds; mostly one `Plain`, in foreign HTML anything but headings.
        text: Its words on one line.
        scope: ``col``, ``colgroup``, ``row`` or ``rowgroup`` where it heads others, "" for a plain cell.
        align: ``left``, ``center`` or ``right`` where the author says so, else "".
        number: Whether it is set in line with numbers: it reads as one, heads a column of nothing else, or stands
            in a column that its author set to the right.
        columns: Columns that it spans, clipped to the grid.
        rows: Rows that it spans, clipped to its head or body.
        x: Its first column.
        tint: Its colours, if it has some of its own.
    """

    blocks: Blocks
    text: str
    scope: str = ""
    align: str = ""
    number: bool = False
    columns: int = 1
    rows: int = 1
    x: int = 0
    tint: Tint | None = None


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with at least one cell, counted in the document by `number`; cells do not overlap.

    A head has rows only where there is a body too; the foot, if any, is the end of the body.
    """

    number: int
    columns: int
    head: tuple[Row, ...]
    body: tuple[Row, ...]
    caption: Inlines = ()


@dataclass(frozen=True, slots=True)
class Details:
    """What a screen may fold away under its summary, and paper shows."""

    summary: Inlines
    blocks: Blocks
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Division:
    """Blocks in a language or a direction of their own."""

    blocks: Blocks
    language: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line between blocks."""


Block = (
    Paragraph | Plain | Heading | CodeBlock | Preformatted | Formula | Quote | List | Definitions | Table | Details
    | Division | Rule
)  # fmt: skip
Blocks = tuple[Block, ...]

# Parts: what the cells of a notebook come to, each with the number of its cell in the report's own file


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown: a markdown cell, or a sentence that a cell displayed, without the document's headline."""

    cell: int
    blocks: Blocks


@dataclass(frozen=True, slots=True)
class CellCode:
    """The source of a code cell; folded away in HTML, absent from PDF."""

    cell: int
    source: str
    language: str


@dataclass(frozen=True, slots=True)
class Figure:
    """An image that a cell displayed, with what a reader needs around it.

    Attributes:
        number: Its place among the document's figures, from 1.
        picture: None where it cannot be drawn, as `note` then says.
        alt: Its description: the author's, or the SVG's own, else "".
        title, subtitle, credit: Short texts, mostly ().
        values: What is drawn as a table, or ().
        narrow: An SVG of the same for a narrow screen.
        note: That it cannot be read, or has no description, in the page's own words; "" for most.
    """

    cell: int
    number: int
    picture: Picture | None
    alt: str
    title: Inlines = ()
    subtitle: Inlines = ()
    credit: Inlines = ()
    values: Blocks = ()
    narrow: Picture | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """HTML or LaTeX that a cell displayed; where none of it can be shown, a remark that says so."""

    cell: int
    blocks: Blocks


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Preformatted text whose middle is left out where it is very long.

    `note` then says how much, in the page's own words, and `tail` is its end; both are "" for a short one.
    """

    head: str
    note: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """Plain text: a stream, or the text form of an object. `name` is stdout, stderr or ""."""

    cell: int
    name: str
    text: Excerpt


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that a cell ended in, without terminal colours."""

    cell: int
    name: str
    value: Excerpt
    traceback: Excerpt


# Evidence: what printed numbers rest on; all texts are plain, printable and stripped, "" where nothing is stated


@dataclass(frozen=True, slots=True)
class Fact:
    """A number or a date. `printed` are the texts as printed; of `claims` and `conflicts`, not every key is known."""

    key: str
    anchor: str
    label: str
    value: str
    known_since: str
    reading: str
    printed: tuple[str, ...]
    claims: tuple[str, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of a source; `source` is the key of the source, which the ledger has, `facts` are keys."""

    key: str
    anchor: str
    source: str
    statement: str
    said_by: str
    where: str
    known_since: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A publication; `url` is "" unless it leads out."""

    key: str
    anchor: str
    credit: str
    carrier: str
    title: str
    url: str
    published: str
    grade: str
    seen: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """What one side of a conflict says; `source` is a key."""

    text: str
    source: str
    credit: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Where two sources disagree, and how we read it."""

    key: str
    anchor: str
    topic: str
    reading: str
    a: Side
    b: Side


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that the document's evidence sections state, by key; of two entries with one key the first counts."""

    facts: Mapping[str, Fact] = field(default_factory=dict)
    claims: Mapping[str, Claim] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EvidenceSection:
    """What one evidence output states.

    Attributes:
        heading: None where the output gives none, or states nothing.
        headings: Those of the lists, by ``facts``, ``conflicts`` and ``sources``: for each list that has entries,
            where there is a heading.
        layout: ``brief`` for a report of one page, else "".
    """

    cell: int
    heading: Heading | None
    headings: Mapping[str, Heading]
    layout: str
    facts: tuple[Fact, ...]
    conflicts: tuple[Conflict, ...]
    sources: tuple[Source, ...]


Part = Prose | CellCode | Figure | Output | Stream | Failure | EvidenceSection


@dataclass(frozen=True, slots=True)
class Headline:
    """The title and the standfirst as they are printed, from one cell."""

    title: Inlines
    standfirst: Inlines = ()
    cell: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A whole notebook, in reading order.

    Attributes:
        name: The report's name: the file's name without its ending.
        title: On one line, never empty; with ordinary spaces, for lists.
        standfirst: The same, of the paragraph under the title; "" if there is none.
        headline: Both as they are printed; None where the notebook has no title of its own.
        language: A language tag.
        parameters: What the notebook ran with.
        parts: What its cells come to.
        evidence: What all evidence outputs state together, as they state it: lists are joined, of single values the
            last one holds. See `handover.document.evidence`.
        ledger: The same, checked and typed.
        contents: The headings of level 2.
        uses: The anchors of the places where a fact or a claim is cited, in order, by the anchor of its entry.
        formulas: All that it holds, in reading order.
        direction: ``rtl`` or ``ltr``: the way its language is written, or else most of it.
    """

    name: str
    title: str
    standfirst: str
    headline: Headline | None
    language: str
    parameters: dict[str, Any]
    parts: tuple[Part, ...]
    evidence: dict[str, Any] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    contents: tuple[Heading, ...] = ()
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    formulas: tuple[Latex, ...] = ()
    direction: str = "ltr"


def held(node: Any) -> list[tuple[Any, ...]]:
    """What a node holds of other nodes, in reading order."""
    return [held for name in _holders(type(node)) if isinstance(held := getattr(node, name), tuple)]


@cache
def _holders(kind: type) -> tuple[str, ...]:
    """The fields of a kind of node that may hold others."""
    plain = {one.name for one in fields(kind) if one.type in ("str", "int", "float", "bool", "bytes")}
    return tuple(name for name in kind.__match_args__ if name not in plain)


def changed(node: Any, change: Callable[[Any], Any], **others: Any) -> Any:
    """A node, or the members of a tuple, with what they hold changed, and with other values of fields."""
    if isinstance(node, tuple):
        made = tuple(map(change, node))
        return node if all(map(is_, made, node)) else made
    for name in _holders(type(node)) if hasattr(node, "__match_args__") else ():
        held = getattr(node, name)
        if isinstance(held, tuple) and (made := changed(held, change)) is not held:
            others[name] = made
    return replace(node, **others) if others else node


def plain(nodes: Any) -> str:
    """The text of inlines, or of blocks with a space behind each, without any mark-up; pictures give their `alt`."""
    parts = []
    for node in nodes:
        match node:
            case Texts():
                parts.append(node.text)
            case Latex():
                parts.append(node.latex)
            case Break():
                parts.append(" ")
            case Image():
                parts.append(node.alt)
            case CodeBlock():
                parts += [node.source, " "]
            case tuple():
                parts.append(plain(node))
            case Span() | Link() | Reference() | Citation():
                parts.append(plain(node.inside))
            case Running():
                parts += [plain(node.inside), " "]
            case Anchor() | Remark() | Rule():
                continue
            case _:
                parts += [text for held in held(node) for text in (plain(held), " ")]
    return "".join(parts)


def says(nodes: Any) -> bool:
    """Whether nodes hold a word of the notebook's own, or a picture."""
    return bool(plain(nodes).strip()) or any(isinstance(node, Image) for node in walk(nodes))


def running(nodes: Any) -> Inlines:
    """What blocks hold as running text, e.g. for a cell that cannot hold blocks; tables and lists lose their form."""
    found: list[Inline] = []
    for node in nodes:
        match node:
            case Running():
                inner: Inlines = node.inside
            case Formula():
                inner = (Maths(node.latex),)
            case CodeBlock():
                inner = (Code(node.source),)
            case _ if isinstance(node, Inline):
                found.append(node)
                continue
            case _:
                inner = running(node if isinstance(node, tuple) else held(node))
        found += [Text(" "), *inner] if found and inner else inner
    return tuple(found)


def walk(node: Any) -> Iterator[Any]:
    """Yield a node and all nodes in it, in reading order; of a tuple, those of each member."""
    left = [node]
    while left:
        node = left.pop()
        if isinstance(node, tuple):
            left += node[::-1]
        elif hasattr(node, "__match_args__"):
            yield node
            for name in reversed(_holders(type(node))):
                if isinstance(inside := getattr(node, name), tuple):
                    left.append(inside)
