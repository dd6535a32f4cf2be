"""A finished notebook read into a typed document, once: what HTML, PDF, the audit and the checks share.

Nothing here knows a page format. A notebook of any kind can be read; what only our reports carry (declared parameters,
evidence) is simply empty in others.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from handover.document import html, images, markdown, model, scripts, terminal, words
from handover.document.beside import Beside
from handover.document.evidence import CONFLICT, EVIDENCE_MIME, Statements
from handover.document.places import Places, Unfinished
from handover.text import printable

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: What a cell left out; `handover.story.omissions`, which may not import this, has the same.
OMITTED_MIME = "application/vnd.handover.omitted+json"
#: Images that a cell displays, the best form first; any other image comes after them.
IMAGES = ("image/svg+xml", "image/png", "image/jpeg", "image/webp", "image/gif")
HTML, MARKDOWN, LATEX, PLAIN, JSON = "text/html", "text/markdown", "text/latex", "text/plain", "application/json"
JAVASCRIPT = "application/javascript"
#: What tools put beside an output, or instead of one, and JupyterLab shows nothing of.
UNSEEN = re.compile(r"application/(papermill|scrapbook|vnd\.google\.colaboratory)\..*|.*_(load|exec)\.v0\+json")
#: What draws itself where a script may run.
DRAWING = re.compile(r"application/(vnd\..*|(x-)?(java|ecma)script)")
#: What may wait for a script in HTML.
WAITING = re.compile(r"<script\b|\sid\s*=", re.IGNORECASE)
#: The text form of an object that says nothing but its class and its place in memory; IPython's own not even that.
BARE = re.compile(r"<(?P<name>[\w.]+)( object)? at 0x[0-9a-fA-F]+>")
IPYTHON = re.compile(r"<?IPython(\.core|\.lib)?\.display\.\w+( object)?( at 0x[0-9a-fA-F]+)?>?")
#: Commands of TeX with what they are told, comments, and directives of reStructuredText.
COMMANDS = re.compile(r"\\[A-Za-z@]+\*?(\[[^\]]*\]|\{[^{}]*\})*|%.*|^\.\..*", re.MULTILINE)
#: A text of more lines, or more characters, is cut in its middle.
LINES, CHARACTERS = 200, 20_000
#: Languages written from right to left.
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "fa", "he", "ku", "ur"})
#: The lists of an evidence output in reading order, and the page's word for each.
LISTS = (("facts", "numbers"), ("conflicts", "disagreements"), ("sources", "sources"))

Parts = tuple[model.Part, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """What becomes a part of the document; a notebook may need more than one reading."""

    read: "Callable[[_Reader], Parts]"
    source: str = ""
    headline: bool = False


@dataclass(frozen=True, slots=True)
class Omitted:
    """A text that a cell left out, in words.

    It is `lost` if nothing is printed in its place and the notebook wants it, and `expected` if the report's
    parameters alone explain it.
    """

    cell: int
    text: str
    lost: bool
    expected: bool


def take_omitted(nb: "NotebookNode") -> tuple[Omitted, ...]:
    """Take out of a notebook, in place, what its cells say of texts left out: it is for the desk and on no page."""
    found = []
    for number, cell in counted(nb):
        kept = []
        for output in cell.get("outputs", []):
            told = output.get("data", {}).get(OMITTED_MIME)
            if isinstance(told, list):
                texts = [one for one in told if isinstance(one, dict)]
                found += [
                    Omitted(number, _line(one.get("text", "")), one.get("lost") is True, one.get("expected") is True)
                    for one in texts
                ]
            else:
                kept.append(output)
        if "outputs" in cell:
            cell["outputs"] = kept
    return tuple(found)


def read(nb: "NotebookNode", name: str = "", beside: Beside | None = None) -> model.Document:
    """Read a notebook, executed or not.

    Args:
        nb: A notebook in format 4.
        name: The report's name: the file's name without its ending.
        beside: Where it finds pictures; without it, only in itself.

    Returns:
        The document. Its title is the first level-one heading, else the notebook's ``title`` metadata, else the
        name; its standfirst the first paragraph under that heading. A headline that a cell displayed stands in place
        of the notebook's own. Where there are more headings of level one, they are sections, and the ``title`` of the
        metadata, if there is one, is that of the whole.
    """
    parameters = _parameters(nb)
    language = str(parameters.get("language", nb.metadata.get("language", ""))).replace("_", "-")
    declared = language if html.LANGUAGE.match(language) else ""
    text = " ".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    language = declared or scripts.language(text) or "en"
    written = "rtl" if language.split("-")[0] in RIGHT_TO_LEFT else scripts.direction(text) or "ltr"
    outputs = [
        (number, cell, [] if _removed(cell, "output") else list(_joined(cell.get("outputs", []))))
        for number, cell in counted(nb)
        if not _removed(cell, "cell")
    ]
    states = [output.get("data", {}).get(EVIDENCE_MIME) for _, _, shown in outputs for output in shown]
    stated = [content for content in states if isinstance(content, dict)]
    pieces = _headed([piece for number, cell, shown in outputs for piece in _pieces(nb, number, cell, shown)])
    named = _line(nb.metadata.get("title", ""))
    several = sum(markdown.titles(piece.source) for piece in pieces) > 1
    titled = several and bool(named) and not any(piece.headline for piece in pieces)

    def reading(targets: Mapping[str, str] | None = None) -> tuple[_Reader, Parts]:
        reader = _Reader(Places(words.of(language), beside, targets), stated, titled=titled)
        return reader, tuple(part for piece in pieces for part in piece.read(reader))

    reader, parts = reading()
    if reader.places.forward:
        reader, parts = reading(reader.places.names)
    title, standfirst = _headline(reader.headline)
    return model.Document(
        name=name,
        title=title or named or _line(name) or "Notebook",
        standfirst=standfirst,
        headline=reader.headline,
        language=language,
        parameters=parameters,
        parts=tuple(scripts.directed(part, written) for part in parts),
        evidence=_merged(stated),
        ledger=reader.places.ledger,
        contents=tuple(reader.places.contents),
        uses={anchor: tuple(uses) for anchor, uses in reader.places.uses.items()},
        formulas=tuple(
            node
            for node in (model.walk((reader.headline, parts)) if reader.places.formulas else ())
            if isinstance(node, model.Latex)
        ),
        direction=written,
    )


class Ahead:
    """Reads a notebook's cells while later ones run, so that `read` need not read again what they display."""

    def __init__(self) -> None:
        self._reader = _Reader(Unfinished(words.of("en")), [])
        self._known = 0

    def read(self, nb: "NotebookNode") -> None:
        """Read the cells that have come since."""
        new, self._known = nb.cells[self._known :], len(nb.cells)
        for cell in new:
            shown = [one for one in _joined(cell.get("outputs", [])) if EVIDENCE_MIME not in one.get("data", ())]
            for piece in _pieces(nb, 0, cell, shown):
                piece.read(self._reader)


def _line(text: object) -> str:
    """A text on one line; "" where none of it can be seen."""
    line = " ".join(printable(text).split())
    return line if any(character.isprintable() and character != " " for character in line) else ""


def _headline(headline: model.Headline | None) -> tuple[str, str]:
    """The words of a headline; the marks after contested numbers lead nowhere in a list of editions."""
    if headline is None:
        return "", ""
    unmarked = [one for one in headline.standfirst if not (isinstance(one, model.Citation) and one.kind == CONFLICT)]
    return _line(model.plain(headline.title)), " ".join(model.plain(unmarked).split())


def _headed(pieces: list[_Piece]) -> list[_Piece]:
    """Put the headline that a cell displayed where the notebook has its own title; others stay where they are."""
    headline = next((piece for piece in pieces if piece.headline), None)
    own = next((n for n, piece in enumerate(pieces) if piece.source and markdown.titles(piece.source)), 0)
    if headline is None or pieces[own] is headline:
        return pieces
    return [headline if n == own else piece for n, piece in enumerate(pieces) if piece is not headline]


def _merged(stated: list[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key, value in (item for content in stated for item in content.items()):
        joined = isinstance(value, list) and isinstance(merged.get(key), list)
        merged[key] = [*merged[key], *value] if joined else value
    return merged


def counted(nb: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    """Yield cells with their numbers in the report's own file: what was injected shares that of the cell before it."""
    number = 0
    for cell in nb["cells"]:
        number += not number or "injected-parameters" not in cell.get("metadata", {}).get("tags", [])
        yield number, cell


def _removed(cell: "NotebookNode", what: str) -> bool:
    """Whether a cell's tags ask for it, its input or its output to be left out, in Jupyter Book's words."""
    return not {f"remove-{what}", f"remove_{what}"}.isdisjoint(cell.metadata.get("tags", []))


def _joined(outputs: list["NotebookNode"]) -> Iterator[Mapping[str, Any]]:
    """Yield outputs with neighbouring pieces of one stream put together, however the kernel flushed them."""
    for name, group in groupby(outputs, lambda output: output.get("name", "")):
        if name:
            yield {"output_type": "stream", "name": name, "text": "".join(output.text for output in group)}
        else:
            yield from group


def _pieces(nb: "NotebookNode", number: int, cell: "NotebookNode", shown: list[Mapping[str, Any]]) -> Iterator[_Piece]:
    if cell.cell_type == "markdown":
        yield _markdown(number, cell.source, cell.get("attachments", {}))
    elif cell.cell_type == "code":
        # nbconvert's own switches mark a cell so
        hidden = cell.metadata.get("transient", {}).get("remove_source") or _removed(cell, "input")
        if cell.source.strip() and not hidden:
            language = str(nb.metadata.get("language_info", {}).get("name", "python"))
            yield _Piece(lambda _: (model.CellCode(number, printable(cell.source, code=True), language),))
        prepares = list(map(_prepares, shown))
        drawn = any(prepares) and any(map(_draws, shown))
        for output, idle in zip(shown, prepares, strict=True):
            if not (drawn and idle):
                yield from _output(number, output)
    elif cell.cell_type == "raw" and cell.source.strip():
        yield from _raw(number, cell)


def _raw(number: int, cell: "NotebookNode") -> Iterator[_Piece]:
    """A raw cell: as it is, as the HTML or Markdown that it says it is, or not at all where it is for other formats.

    Commands alone, such as one for a new page, are not missed there; words are.
    """
    kind = str(cell.metadata.get("raw_mimetype") or cell.metadata.get("format") or PLAIN).lower()
    if kind == MARKDOWN:
        yield _markdown(number, cell.source)
    elif kind == HTML:
        yield _Piece(lambda reader: reader.display(number, {HTML: cell.source}, {}))
    elif kind == PLAIN:
        yield _Piece(lambda reader: (model.Stream(number, "", reader.excerpt(cell.source)),))
    elif COMMANDS.sub("", cell.source).strip():
        yield _Piece(lambda reader: reader.raw(number, printable(kind)))


def _markdown(number: int, source: str, attachments: object = None, *, headline: bool = False) -> _Piece:
    held = attachments if isinstance(attachments, dict) else {}
    return _Piece(lambda reader: reader.prose(number, source, held), source, headline)


def _output(number: int, output: Mapping[str, Any]) -> Iterator[_Piece]:
    kind = output["output_type"]
    if kind == "stream":
        yield _Piece(lambda reader: reader.stream(number, output["name"], output["text"]))
    elif kind == "error":
        trace = terminal.shown("\n".join(output.get("traceback", [])))
        yield _Piece(lambda reader: reader.failure(number, output["ename"], output["evalue"], trace))
    elif kind in ("display_data", "execute_result"):
        yield from _display(number, output.get("data", {}), output.get("metadata", {}))


def _prepares(output: Mapping[str, Any]) -> bool:
    """Whether an output is a script alone, which loads a library or draws into what another output of the cell has."""
    forms = {mime for mime in output.get("data", {}) if mime != PLAIN and not UNSEEN.fullmatch(mime)}
    page = _whole(HTML, output.get("data", {}).get(HTML, ""))
    return bool(forms) and forms <= {HTML, JAVASCRIPT} and html.silent(page)


def _draws(output: Mapping[str, Any]) -> bool:
    """Whether a script draws, or may draw, in an output."""
    data = output.get("data", {})
    drawing = any(mime.startswith("application/vnd.") and not UNSEEN.fullmatch(mime) for mime in data)
    return drawing or (bool(WAITING.search(_whole(HTML, data.get(HTML, "")))) and not _prepares(output))


def _display(number: int, data: dict[str, Any], metadata: dict[str, Any]) -> Iterator[_Piece]:
    if isinstance(data.get(EVIDENCE_MIME), dict):
        yield _Piece(lambda reader: reader.section(number))
        return
    shown = {mime: _whole(mime, value) for mime, value in data.items() if not UNSEEN.fullmatch(mime)}
    about = metadata.get("handover")
    headline = isinstance(about, dict) and about.get("role") == "headline"
    if MARKDOWN in shown and (headline or not any(mime == HTML or mime.startswith("image/") for mime in shown)):
        # may be the title
        yield _markdown(number, shown[MARKDOWN], headline=headline)
    else:
        yield _Piece(lambda reader: reader.display(number, shown, metadata))


class _Reader:
    """One reading of a notebook's pieces."""

    def __init__(self, places: Places, stated: list[Mapping[str, Any]], *, titled: bool = False) -> None:
        self.places = places
        self.titled = titled
        self.words = places.words
        self.headline: model.Headline | None = None
        statements = Statements(places.identify)
        # evidence has its anchors before any text can take them, and links to it never lead forward
        self.sections = [statements.read(content) for content in stated]
        places.ledger = statements.ledger

    def prose(self, cell: int, source: str, attachments: Mapping[str, Any]) -> Parts:
        self.places.attachments = attachments
        headline, blocks = markdown.read(source, self.places, untitled=self.headline is None and not self.titled)
        self.places.attachments = {}
        if headline:
            self.headline = replace(headline, cell=cell)
        return (model.Prose(cell, blocks),) if blocks else ()

    def stream(self, cell: int, name: str, text: str) -> Parts:
        text = terminal.shown(text)
        return (model.Stream(cell, name, self.excerpt(text)),) if text.strip() else ()

    def failure(self, cell: int, name: str, value: str, trace: str) -> Parts:
        return (model.Failure(cell, printable(name), self.excerpt(terminal.shown(value)), self.excerpt(trace)),)

    def excerpt(self, text: str) -> model.Excerpt:
        """A text with its middle left out where it is very long."""
        text = printable(text, code=True).strip("\n")
        lines = text.split("\n")
        head, tail = text, ""
        if len(lines) > LINES:
            head, tail = "\n".join(lines[: LINES // 2]), "\n".join(lines[-LINES // 2 :])
        if len(head) + len(tail) > CHARACTERS:
            head, tail = head[: CHARACTERS // 2], (tail or text)[-CHARACTERS // 2 :]
        gone = len(text) - len(head) - len(tail)
        if not gone:
            return model.Excerpt(text)
        whole = len(lines) - head.count("\n") - tail.count("\n") - 2
        many = self.words.left_out_lines.format(f"{whole:,}", f"{gone:,}")
        return model.Excerpt(head, many if whole > 1 else self.words.left_out.format(f"{gone:,}"), tail)

    def display(self, cell: int, data: Mapping[str, str], metadata: Mapping[str, Any]) -> Parts:
        """The richest form that both page formats can show; of what they cannot, its text, its address and a note.

        An image goes before HTML, since HTML is untrusted. A form that says nothing without a script gives way.
        """
        figures = []
        # a formula is set; the picture of it that comes along is not as good
        drawn = (mime for mime in data if mime.startswith("image/") and LATEX not in data)
        for mime in sorted(drawn, key=lambda mime: IMAGES.index(mime) if mime in IMAGES else len(IMAGES)):
            about = {key: metadata[key] for key in ("alt", "needs_background") if key in metadata}
            about |= own if isinstance(own := metadata.get(mime), dict) else {}
            figures.append(self.figure(cell, mime.removeprefix("image/"), data[mime], about))
            if figures[-1].picture:
                self.places.figures += 1
                return (figures[-1],)
        told: model.Blocks = ()
        missing = any(_unshown(mime) for mime in data)
        for mime in (HTML, MARKDOWN, LATEX):
            blocks, absent = self._formed(mime, data[mime]) if mime in data else ((), False)
            if model.says(blocks):
                return (model.Output(cell, (*blocks, *self._note(cell, data, absent))),)
            told, missing = told + blocks, missing or absent
        if not any(isinstance(node, model.Remark) for node in model.walk(told)):
            told += self._note(cell, data, missing)
        self.places.figures += bool(figures)
        output = (model.Output(cell, told),) if told else ()
        return (*figures[:1], *self.stream(cell, "", self._texts(data)), *output)

    def _formed(self, mime: str, source: str) -> tuple[model.Blocks, bool]:
        """Read an output's HTML, Markdown or LaTeX; and whether a script draws what is not among the blocks."""
        if mime == HTML:
            return html.output(source, self.places)
        self.places.formulas |= mime == LATEX
        return markdown.latex(source) if mime == LATEX else markdown.read(source, self.places)[1], False

    def _texts(self, data: Mapping[str, str]) -> str:
        """The text of an output: its own, unless that says nothing, or what another form of it has of text."""
        plain = data.get(PLAIN, "")
        if len(data) > 1 and IPYTHON.fullmatch(plain.strip()):
            plain = ""
        others = [text for mime, text in data.items() if mime.startswith("text/") and mime not in (HTML, PLAIN)]
        plain = plain if plain.strip() else data.get(JSON) or "".join(others[:1])
        return BARE.sub(r"<\g<name>>", plain) if len(data) > 1 else plain

    def _note(self, cell: int, data: Mapping[str, str], missing: bool) -> model.Blocks:
        """What is said of an output that is not shown, or not whole."""
        if not missing:
            return ()
        strange = next((mime for mime in data if _unshown(mime) and not DRAWING.fullmatch(mime)), "")
        said = self.words.untyped.format(cell, printable(strange)) if strange else self.words.unprinted.format(cell)
        return (model.Paragraph((model.Remark(said, house=True),)),)

    def raw(self, cell: int, kind: str) -> Parts:
        """What is said of a raw cell for another format."""
        return (model.Output(cell, (model.Paragraph((model.Remark(self.words.raw.format(cell, kind), house=True),)),)),)

    def figure(self, cell: int, kind: str, data: str, about: Mapping[str, Any]) -> model.Figure:
        number = self.places.figures + 1
        told = {name: str(about.get(name, "")) for name in ("alt", "title", "subtitle", "credit", "values", "narrow")}
        found, own = images.picture(kind, data, f"figure-{number}")
        if found:
            found = images.sized(found, about.get("width"), about.get("height"))
            found = images.on_dark(found) if about.get("needs_background") == "dark" else found
        narrow, _ = (
            images.picture("svg+xml", told["narrow"], f"figure-{number}-narrow") if told["narrow"] else (None, "")
        )
        alt = printable(told["alt"]).strip() or own
        note = "" if alt else self.words.undescribed
        lines = [markdown.line(told[name], self.places) for name in ("title", "subtitle", "credit")]
        return model.Figure(
            cell,
            number,
            found,
            alt,
            *lines,
            html.output(told["values"], self.places)[0] if told["values"] else (),
            narrow,
            note if found else self.words.unreadable,
        )

    def section(self, cell: int) -> Parts:
        """What the next evidence output states, with its headings."""
        about = self.sections.pop(0)
        filled = [(kind, word) for kind, word in LISTS if about[kind]]
        text = about.pop("heading")
        heading = self._heading(2, text) if filled and text else None
        named = {kind: self._heading(3, getattr(self.words, word)) for kind, word in filled} if heading else {}
        return (model.EvidenceSection(cell, heading, {kind: one for kind, one in named.items() if one}, **about),)

    def _heading(self, level: int, text: str) -> model.Heading | None:
        found = self.places.heading(level, (model.Text(text),))
        return next((block for block in found if isinstance(block, model.Heading)), None)


def _whole(mime: str, value: Any) -> str:
    """The text of an output; a notebook that no tool has read yet may hold it as a list of lines."""
    if mime.endswith("json"):
        return json.dumps(value, ensure_ascii=False, indent=1)
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _unshown(mime: str) -> bool:
    """Whether no page shows what is of a MIME type."""
    return not mime.startswith(("text/", "image/")) and mime != JSON


def _parameters(nb: "NotebookNode") -> dict[str, Any]:
    """The values the notebook ran with: its declared defaults, then what papermill injected over them."""
    values: dict[str, Any] = {}
    for cell in nb.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code" and ("parameters" in tags or "injected-parameters" in tags):
            values.update(assignments(cell.source))
    return values


def assignments(source: str) -> dict[str, Any]:
    """Return the literal values that a cell assigns to plain names; anything else is left out."""
    values: dict[str, Any] = {}
    unreadable = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
    statements: list[ast.stmt] = []
    with suppress(*unreadable):
        statements = ast.parse(source).body
    for statement in statements:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if value is not None and len(targets) == 1 and isinstance(targets[0], ast.Name):
            with suppress(*unreadable):
                values[targets[0].id] = ast.literal_eval(value)
    return values
