"""A document printed as Typst source.

Every word of the source is a call of the template, ``report.typ``, or a string literal: no text of a document is read
as mark-up or code.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from urllib.parse import quote

from handover.document import Words, model, of
from handover.pages import layout, pictures, typst_maths
from handover.pages.fallback import IMPORT, with_typefaces
from handover.pages.mathematics import Mathematics, defines
from handover.pages.metadata import NO_DAY, Attachment, PageMetadata
from handover.pages.typesetter import PICTURE
from handover.pages.typst_evidence import MARK, Evidence
from handover.pages.typst_table import TYPED, WORD, rows, table
from handover.pages.typst_text import code, lines, literal, spoken, text, visible, wordless

#: The file that says of a document which edition it is of.
IMPRINT = "imprint.json"
TEMPLATE, MATHS = (Path(__file__).with_name(name) for name in ("report.typ", "maths.typ"))
RELATIONSHIPS = ("source", "data", "alternative", "supplement")
#: A page of 600 by 315 points in the dots that a link's picture has.
LINK_PPI = 144
#: The picture for links has room for as much as this of a title and of the words under it.
LINK_TITLE, LINK_WORDS = 160, 240
#: A title longer than this is cut at the foot of the pages.
RUNNING = 90
#: Characters on a line of code, of mathematics and of a stream, as the template sets them.
CODE_WIDTH, MATHS_WIDTH, STREAM_WIDTH = 86, 74, 90
#: Figures up to this width, in points, may stand side by side.
HALF = 230.0

#: Blocks that keep their form within a cell of a table.
FORMED = model.List | model.Table | model.CodeBlock | model.Preformatted | model.Definitions | model.Formula

#: The call of Typst or the template for each style of HTML's that print knows.
STYLES = {
    **dict.fromkeys(("b", "strong", "mark"), "strong"),
    **dict.fromkeys(("i", "em", "cite", "var", "dfn"), "emph"),
    **dict.fromkeys(("s", "del"), "strike"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(TYPED, "typed"),
    "sub": "sub",
    "sup": "super",
    "small": "smaller",
    "q": "quoted",
}


def typst_source(document: model.Document, metadata: PageMetadata) -> dict[str, bytes]:
    """Return all files that Typst sets a document from, by name, but its layout, which `settle` adds."""
    printer = Printer(document)
    attached = {f"attachment-{number}": item.data for number, item in enumerate(metadata.attachments)}
    main = "\n".join([*printer.preamble(metadata), *printer.body(metadata), "#ending()\n"])
    # each literal costs time in every draft
    main = main.replace('";#"', "")
    files = {"main.typ": main.encode(), "report.typ": TEMPLATE.read_bytes(), **attached, **printer.files}
    files[IMPRINT] = _imprint(printer.words, metadata)
    return with_typefaces(files)


def link_source(document: model.Document, metadata: PageMetadata) -> dict[str, bytes]:
    """Return the files of the picture that a link to a document shows: its title, what stands under it, whose it is."""
    words = of(document.language)
    title, under = _cut(_title(document), LINK_TITLE), _cut(" ".join(document.standfirst.split()), LINK_WORDS)
    signed = " · ".join(filter(None, [metadata.author, _day(words, metadata)]))
    main = (
        f"{IMPORT}\n"
        f"#show: link-picture.with(lang: {literal(_language(document.language)[0])}, dir: {document.direction})\n"
        f"#link-title([{text(title)}], [{text(under)}], [{text(signed)}])\n"
    )
    files = {"main.typ": main.encode(), "report.typ": TEMPLATE.read_bytes(), layout.FILE: layout.Layout().file()}
    files[IMPRINT] = b"{}"
    return with_typefaces(files)


@dataclass
class Printer:
    """Prints one document.

    Attributes:
        files: The pictures printed so far, by the names that they have in the source.
        values: Tables of the values behind charts, for the appendix.
        exhibits: How many figures have a name by which the layout may move them.
        level: That of the last heading.
    """

    document: model.Document
    files: dict[str, bytes] = field(default_factory=dict)
    values: list[model.Blocks] = field(default_factory=list)
    exhibits: int = 0
    level: int = 1

    def __post_init__(self) -> None:
        self.words: Words = of(self.document.language)
        self.mathematics = Mathematics(self.document)
        if self.mathematics:
            self.files[MATHS.name] = MATHS.read_bytes()
        self.evidence = Evidence(self)
        self.brief = any(
            isinstance(part, model.EvidenceSection) and part.layout == "brief" for part in self.document.parts
        )

    def house(self, words: str) -> str:
        """Print words of the page's own, marked as English where the document speaks what the page does not."""
        written = text(words)
        same = self.document.language.split("-")[0] == self.words.language
        return written if same else f"#house[{written}];"

    # --- the page

    def preamble(self, metadata: PageMetadata) -> list[str]:
        """What stands before the text."""
        language, region = _language(self.document.language)
        title = _title(self.document)
        return [
            IMPORT,
            *([f'#import "/{MATHS.name}": *'] if self.mathematics else []),
            f"#let masthead = masthead-of.with([{text(metadata.author)}], [{self.house(self.words.edition)}], "
            f"({self._key()}))",
            f"#show: report.with(title: {literal(visible(title))}, "
            f"author: {literal(visible(metadata.author)) if metadata.author else '()'}, "
            f"lang: {literal(language)}, region: {literal(region) if region else 'none'}, "
            f"dir: {self.document.direction}, running: {literal(_cut(visible(title), RUNNING))})",
            *(_attached(number, item) for number, item in enumerate(metadata.attachments)),
        ]

    def _key(self) -> str:
        """What the marks in the text mean, of those that it has."""
        words, ledger = self.words, self.document.ledger
        marks = []
        if ledger.facts:
            marks.append(f"[#dotted[{self.house(words.dotted)}];#{literal(': ')};{self.house(words.evidence)}], ")
        if ledger.conflicts:
            marks.append(f"[#marked[{text(MARK)}];#{literal(': ')};{self.house(words.differ)}], ")
        return "".join(marks)

    def body(self, metadata: PageMetadata) -> Iterator[str]:
        """The whole text, and at its end the appendix and the colophon, in the columns of evidence that comes last."""
        colophon = "".join(f"([{self.house(name)}], [{text(value)}]), " for name, value in metadata.colophon)
        colophon = f"#colophon(({colophon}))" if colophon else ""
        parts = [part for part in self.document.parts if metadata.code or not isinstance(part, model.CellCode)]
        last = parts.pop() if parts and isinstance(parts[-1], model.EvidenceSection) else None
        yield self._masthead()
        yield from self._parts(parts)
        # columns that reach the foot of the page leave no room below them
        if last:
            yield self.evidence.section(last, self._appendix() + colophon)
            return
        values = self._appendix()
        yield from filter(None, [f"#small[{values}];" if values else "", colophon])

    def minor(self, name: str, words: str) -> str:
        """Print a heading of a list in columns; `name` tells it from others."""
        self.level = min(3, self.level + 1)
        return f"#ledger-heading({literal(name)}, {self.level})[{self.house(words)}];"

    def _masthead(self) -> str:
        headline = self.document.headline
        title = self.inlines(_unlinked(headline.title)) if headline else ""
        title = text(_title(self.document)) + title if wordless(title) else title
        return f"#masthead[{title}][{self.inlines(headline.standfirst) if headline else ''}];"

    def _appendix(self) -> str:
        """The values behind charts, each where the link under its chart leads."""
        if not self.values:
            return ""
        written = [self.minor("appendix", self.words.appendix)]
        for number, blocks in enumerate(self.values, 1):
            place = literal(_values(number))
            written.append(f'#parted({place});#place-of({place}, kind: "entry");')
            written.append(self.blocks(blocks, narrow=True))
        return "\n".join([*written, ""])

    # --- parts

    def _parts(self, parts: list[model.Part]) -> Iterator[str]:
        """Print parts in their order; figures of half the width that follow each other stand side by side."""
        followed = {id(one) for one, other in pairwise(parts) if isinstance(one, model.Figure) and _goes_on(other)}
        for half, group in groupby(parts, key=_half):
            found = list(group)
            while half and len(found) > 1:
                one, other = (self._figure(found.pop(0), half=True) for _ in range(2))
                yield f"#pair[{one}][{other}];"
            for part in found:
                match part:
                    case model.Figure():
                        yield self._figure(part, followed=id(part) in followed)
                    case model.Prose() | model.Output():
                        yield self.blocks(part.blocks)
                    case model.CellCode():
                        yield self._code(part)
                    case model.Stream():
                        yield self._stream(part)
                    case model.Failure():
                        yield self._failure(part)
                    case model.EvidenceSection():
                        yield self.evidence.section(part)

    def _figure(self, figure: model.Figure, *, half: bool = False, followed: bool = False) -> str:
        options = [
            f"{name}: [{written}]"
            for name in ("title", "subtitle", "credit")
            if (written := self.inlines(getattr(figure, name)))
        ]
        if figure.values and not self.brief:
            # a report of one page has no room for an appendix
            self.values.append(figure.values)
            options.append(f"values: [#go({literal(_values(len(self.values)))})[{self.house(self.words.values)}];]")
        if half:
            options.append("half: true")
        else:
            self.exhibits += 1
            options.append(f'name: "exhibit-{self.exhibits}"')
        if followed:
            options.append("followed: true")
        if figure.note:
            note = self.house(figure.note)
            if figure.picture is None and figure.alt:
                note = f"{text('[')}{note}{text(f': {figure.alt}]')}"
            options.append(f"remark: [#note[{note}];]")
        return f"#exhibit({', '.join(options)})[{self._picture(figure.picture, figure.alt)}];"

    def _code(self, code_: model.CellCode) -> str:
        label = self.house(self.words.code.format(code_.cell))
        return f"#note[{label}];#listing({lines(code_.source, CODE_WIDTH)});"

    def _stream(self, stream: model.Stream) -> str:
        found = stream.text
        if not (found.head + found.tail).strip():
            return ""
        pieces = [f"#raw(block: true, {lines(found.head, STREAM_WIDTH)});"]
        if found.note:
            pieces.append(f"#left-out[{self.house(found.note)}];#raw(block: true, {lines(found.tail, STREAM_WIDTH)});")
        warning = self.house(self.words.stderr.format(stream.cell)) if stream.name == "stderr" else ""
        return f"#stream({f'warning: [{warning}], ' if warning else ''}[{''.join(pieces)}]);"

    def _failure(self, failure: model.Failure) -> str:
        title = self.house(self.words.failed.format(failure.cell)) + text(f" {failure.name}")
        said = failure.value
        rest = f"#left-out[{self.house(said.note)}];{text(said.tail)}" if said.note else ""
        return f"#failure([{title}], [{text(said.head)}{rest}]);"

    # --- blocks

    def blocks(self, blocks: model.Blocks, depth: int = 0, *, narrow: bool = False) -> str:
        """Print blocks; where they are `narrow`, in a column or a cell, the rows of a table are lines."""
        return "\n".join(filter(None, (self._block(block, depth, narrow) for block in blocks)))

    def _block(self, block: model.Block, depth: int, narrow: bool) -> str:
        match block:
            case model.Paragraph(inside):
                return self._paragraph(inside)
            case model.Plain(inside):
                return self.inlines(inside) if depth else self._paragraph(inside)
            case model.Heading():
                inside = self.inlines(_unlinked(block.inside)) + _place(block.anchor)
                return self.headed(block.level, inside)
            case model.CodeBlock(code_):
                return f"#listing({lines(code_, CODE_WIDTH)});" if code_.strip() else ""
            case model.Preformatted(inside):
                return f"#listing({lines(model.plain(inside), CODE_WIDTH)});"
            case model.Formula(latex):
                source = f"#formula({lines(latex, MATHS_WIDTH)});#note[{self.house(self.words.unset)}];"
                return self._set(block, source)
            case model.Quote(inner):
                return f"#quotation[\n{self.blocks(inner, depth + 1, narrow=narrow)}\n];"
            case model.List():
                return self._list(block, depth, narrow)
            case model.Definitions(entries):
                return "\n".join(self._definition(entry, depth, narrow) for entry in entries)
            case model.Table():
                caption = self.inlines(block.caption)
                if narrow:
                    return rows(block, self._words, self.words.language, caption=caption)
                return table(block, self._cell, self.words.language, caption=caption)
            case model.Details():
                summary = f"#definition-of[{self.inlines(block.summary)}];\n" if block.summary else ""
                return f"#quotation[\n{summary}{self.blocks(block.blocks, depth + 1, narrow=narrow)}\n];"
            case model.Division(inner, language, direction):
                set_as = [f"lang: {literal(_language(language)[0])}"] if language else []
                set_as += [f"dir: {direction}"] if direction in ("ltr", "rtl") else []
                written = self.blocks(inner, depth, narrow=narrow)
                return f"#[#set text({', '.join(set_as)});\n{written}\n]" if set_as and written else written
            case model.Rule():
                return "#rule();"

    def _cell(self, cell: model.Cell) -> str:
        """Print what a cell holds: mostly words, but lists within it keep their form, and tables their rows."""
        if any(isinstance(node, FORMED) for node in cell.blocks):
            return self.blocks(cell.blocks, 1, narrow=True)
        return self._words(cell)

    def _words(self, cell: model.Cell) -> str:
        return self.inlines(model.running(cell.blocks), WORD)

    def headed(self, level: int, inside: str) -> str:
        """Print a heading; as a paragraph where it has no letter, and never skipping a level, as PDF/UA wants it."""
        if wordless(inside):
            return f"#par[{inside}];"
        self.level = min(level, self.level + 1)
        return f"#heading(level: {self.level})[{inside}];"

    def _paragraph(self, inside: model.Inlines) -> str:
        match inside:
            case (model.Image(),):
                shown, note = self._image(inside[0])
                return (f"#centred[{shown}];" if shown else "") + (f"#note[{note}];" if note else "")
            case (model.Remark(),):
                return f"#note[{self._remark(inside[0])}];"
        written = self.inlines(inside)
        return f"#par[{written}];" if written.replace('#" ";', "") else ""

    def _list(self, block: model.List, depth: int, narrow: bool) -> str:
        items = []
        for item in block.items:
            task = "" if item.checked is None else f'#raw("[{"x" if item.checked else " "}]"); '
            items.append(f"[{task}{self.blocks(item.blocks, depth + 1, narrow=narrow)}]")
        options = [f"tight: {str(block.tight).lower()}", *([f"start: {block.start}"] if block.ordered else [])]
        written = f"#{'enum' if block.ordered else 'list'}({', '.join([*options, *items])});"
        return written if depth else f"#listed[{written}];"

    def _definition(self, entry: model.Term | model.Definition, depth: int, narrow: bool) -> str:
        if isinstance(entry, model.Term):
            return f"#definition-of[{self.inlines(entry.inside)}];"
        return f"#definition[{self.blocks(entry.blocks, depth + 1, narrow=narrow)}];"

    # --- inlines

    def inlines(self, nodes: model.Inlines, word: int = 36) -> str:
        """Print running text; a word longer than `word` may be broken."""
        return "".join(self._inline(node, word) for node in nodes)

    def _inline(self, node: model.Inline, word: int) -> str:
        match node:
            case model.Text(content):
                return text(content, word)
            case model.Code(content):
                return code(content, "raw", word)
            case model.Maths(latex):
                source = f"{code(latex, 'maths', word)}{text(' ')}#remark[({self.house(self.words.unset)})];"
                return self._set(node, source)
            case model.Break():
                return "#linebreak();"
            case model.Image():
                shown, note = self._image(node)
                return (f"#within[{shown}];" if shown else "") + (f"#remark[{note}];" if note else "")
            case model.Anchor(anchor):
                return _place(anchor)
            case model.Remark():
                return f"#remark[{self._remark(node)}];"
        inside = self.inlines(node.inside, word)
        if not inside:
            return ""
        match node:
            case model.Span(tag):
                return f"#{STYLES[tag]}[{inside}];" if tag in STYLES else inside
            case model.Link(url):
                return f"#outside({literal(_tidy(url))})[{inside}];"
            case model.Citation(use=use) if use:
                return f"#number({literal(node.anchor)}, {literal(use)})[{inside}];"
            case model.Citation(kind="conflict-"):
                return f"#conflicting({literal(node.anchor)})[{inside}];"
        return f"#go({literal(node.anchor)})[{inside}];"

    def _set(self, node: model.Latex, source: str) -> str:
        """Print a formula; where it cannot be set, its source."""
        tree = self.mathematics.tree(node)
        if tree is None:
            return source
        return "" if defines(tree) else typst_maths.equation(tree, node.latex)

    def _remark(self, remark: model.Remark) -> str:
        return self.house(remark.text) if remark.house else text(remark.text)

    def _image(self, image: model.Image) -> tuple[str, str]:
        """Return (the call that shows a picture, the note on it), "" for none."""
        return self._picture(image.picture, image.alt), text(image.note)

    def _picture(self, picture: model.Picture | None, alt: str) -> str:
        if picture is None:
            return ""
        name = f"{PICTURE}{sum(name.startswith(PICTURE) for name in self.files) + 1}"
        self.files[name] = pictures.for_typst(picture)
        width, height = pictures.points(picture)
        described = spoken(alt) if alt.strip() else literal(self.words.undescribed)
        return f"#picture({literal('/' + name)}, {width:.2f}pt, {height:.2f}pt, {described});"


def _goes_on(part: model.Part) -> bool:
    """Whether a part is text that may as well stand above the figure before it: no new section begins with it."""
    return isinstance(part, model.Prose) and bool(part.blocks) and not isinstance(part.blocks[0], model.Heading)


def _half(part: model.Part) -> bool:
    return isinstance(part, model.Figure) and part.picture is not None and pictures.points(part.picture)[0] <= HALF


def _unlinked(nodes: model.Inlines) -> model.Inlines:
    """Running text without links within the document, which would hide a heading's name from the bookmarks."""
    found: list[model.Inline] = []
    for node in nodes:
        match node:
            case model.Reference() | model.Citation():
                found += _unlinked(node.inside)
            case model.Span():
                found.append(model.Span(node.tag, _unlinked(node.inside)))
            case _:
                found.append(node)
    return tuple(found)


def _place(anchor: str) -> str:
    return f"#place-of({literal(anchor)});" if anchor else ""


def _values(number: int) -> str:
    """The place of a table in the appendix, which no anchor can have."""
    return f"values/{number}"


def _title(document: model.Document) -> str:
    """The document's title, on one line; a PDF must have one that says something."""
    title = " ".join(document.title.split())
    return "Notebook" if wordless(text(title)) else title


def _attached(number: int, item: Attachment) -> str:
    relationship = item.relationship if item.relationship in RELATIONSHIPS else "supplement"
    return (
        f"#pdf.attach({literal(item.name)}, read({literal(f'/attachment-{number}')}, encoding: none), "
        f"mime-type: {literal(item.mime)}, description: {spoken(item.description)}, "
        f"relationship: {literal(relationship)})"
    )


def _imprint(words: Words, metadata: PageMetadata) -> bytes:
    """What differs between any two editions: apart from the source, which Typst need not read anew for it."""
    date = {part: getattr(metadata.date, part) for part in ("year", "month", "day")}
    about = {"date": date, "day": _day(words, metadata), "edition": metadata.edition, "page": words.page}
    return json.dumps(about).encode()


def _day(words: Words, metadata: PageMetadata) -> str:
    return words.date(metadata.date.isoformat()) if metadata.date != NO_DAY else ""


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else words[:longest].rstrip() + "…"


def _language(name: str) -> tuple[str, str]:
    """The language and the region of a tag, as Typst takes them."""
    found = re.match(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?(?![A-Za-z])", name)
    return (found[1].lower(), (found[2] or "").upper()) if found else ("en", "")


def _tidy(url: str) -> str:
    """Keep only characters that an address may hold as they are; the rest is percent-encoded."""
    return quote(url.encode("utf-8", "replace"), safe="%/:=&?~#+!$,;'@()*[]")
