"""A finished notebook read into a typed document, once: what HTML, PDF, the audit and the checks share.

Nothing here knows a page format. A notebook of any kind can be read; what only our reports carry (declared parameters,
evidence) is simply empty in others.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from nbformat import NotebookNode

from handover.document import html, images, markdown, model, words
from handover.document.evidence import CONFLICT, EVIDENCE_MIME, Statements
from handover.document.places import Places
from handover.text import cut, printable

#: What a cell left out; `handover.story.omissions`, which may not import this, has the same.
OMITTED_MIME = "application/vnd.handover.omitted+json"
#: Images that a cell displays, the best form first.
IMAGES = ("image/svg+xml", "image/png", "image/jpeg", "image/webp", "image/gif")
#: The lists of an evidence output in reading order, and the page's word for each.
LISTS = (("facts", "numbers"), ("conflicts", "disagreements"), ("sources", "sources"))


@dataclass(frozen=True, slots=True)
class _Piece:
    """What becomes a part of the document; a notebook may need more than one reading."""

    read: "Callable[[_Reader], model.Part | None]"
    source: str = ""
    headline: bool = False


@dataclass(frozen=True, slots=True)
class Omitted:
    """A text that a cell left out, in words; `lost` if nothing is printed in its place and the notebook wants it."""

    cell: int
    text: str
    lost: bool


def take_omitted(nb: NotebookNode) -> tuple[Omitted, ...]:
    """Take out of a notebook, in place, what its cells say of texts left out: it is for the desk and on no page."""
    found = []
    for number, cell in _counted(nb):
        kept = []
        for output in cell.get("outputs", []):
            told = output.get("data", {}).get(OMITTED_MIME)
            if isinstance(told, list):
                texts = [one for one in told if isinstance(one, dict)]
                found += [Omitted(number, _line(one.get("text", "")), one.get("lost") is True) for one in texts]
            else:
                kept.append(output)
        if "outputs" in cell:
            cell["outputs"] = kept
    return tuple(found)


def read(nb: NotebookNode, name: str = "") -> model.Document:
    """Read a notebook, executed or not.

    Args:
        nb: A notebook in format 4.
        name: The report's name: the file's name without its ending.

    Returns:
        The document. Its title is the first level-one heading, else the notebook's ``title`` metadata, else the
        name; its standfirst the first paragraph under that heading. A headline that a cell displayed stands in place
        of the notebook's own.
    """
    parameters = _parameters(nb)
    language = str(parameters.get("language", nb.metadata.get("language", "en"))).replace("_", "-")
    language = language if html.LANGUAGE.match(language) else "en"
    outputs = [(number, cell, list(_joined(cell.get("outputs", [])))) for number, cell in _numbered(nb)]
    stated = [data for _, _, shown in outputs for output in shown if (data := _stated(output)) is not None]
    pieces = _headed([piece for number, cell, shown in outputs for piece in _pieces(nb, number, cell, shown)])
    reader = _Reader(Places(words.of(language)), stated)
    parts = reader.parts(pieces)
    if reader.places.forward:
        reader = _Reader(Places(words.of(language), reader.places.names), stated)
        parts = reader.parts(pieces)
    title, standfirst = _headline(reader.headline)
    return model.Document(
        name=name,
        title=title or _line(nb.metadata.get("title", "")) or _line(name) or "Notebook",
        standfirst=standfirst,
        headline=reader.headline,
        language=language,
        parameters=parameters,
        parts=parts,
        evidence=_merged(stated),
        ledger=reader.places.ledger,
        contents=tuple(reader.places.contents),
        uses={anchor: tuple(uses) for anchor, uses in reader.places.uses.items()},
    )


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
    own = next((n for n, piece in enumerate(pieces) if piece.source and markdown.is_headed(piece.source)), 0)
    if headline is None or pieces[own] is headline:
        return pieces
    return [headline if n == own else piece for n, piece in enumerate(pieces) if piece is not headline]


def _merged(stated: list[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key, value in (item for content in stated for item in content.items()):
        joined = isinstance(value, list) and isinstance(merged.get(key), list)
        merged[key] = [*merged[key], *value] if joined else value
    return merged


def _numbered(nb: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Yield cells with their numbers; a cell that asks to be left out is."""
    for number, cell in _counted(nb):
        if not {"remove-cell", "remove_cell"}.intersection(cell.metadata.get("tags", [])):
            yield number, cell


def _counted(nb: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Yield cells with their numbers in the report's own file: what was injected shares that of the cell before it."""
    number = 0
    for cell in nb.cells:
        number += not number or "injected-parameters" not in cell.metadata.get("tags", [])
        yield number, cell


def _joined(outputs: list[NotebookNode]) -> Iterator[Mapping[str, Any]]:
    """Yield outputs with neighbouring pieces of one stream put together, however the kernel flushed them."""
    for name, group in groupby(outputs, lambda output: output.get("name", "")):
        if name:
            yield {"output_type": "stream", "name": name, "text": "".join(output.text for output in group)}
        else:
            yield from group


def _stated(output: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The evidence that an output states, if it does."""
    data = output.get("data", {}).get(EVIDENCE_MIME)
    return data if isinstance(data, dict) else None


def _pieces(nb: NotebookNode, number: int, cell: NotebookNode, shown: list[Mapping[str, Any]]) -> Iterator[_Piece]:
    if cell.cell_type == "markdown":
        yield _markdown(number, cell.source, cell.get("attachments", {}))
    elif cell.cell_type == "code":
        if cell.source.strip():
            language = str(nb.metadata.get("language_info", {}).get("name", "python"))
            yield _Piece(lambda _: model.CellCode(number, printable(cell.source, code=True), language))
        for output in shown:
            yield from _output(number, output)
    elif cell.cell_type == "raw" and cell.source.strip():
        yield _Piece(lambda reader: model.Stream(number, "", reader.excerpt(cell.source)))


def _markdown(number: int, source: str, attachments: object = None, *, headline: bool = False) -> _Piece:
    held = attachments if isinstance(attachments, dict) else {}
    return _Piece(lambda reader: reader.prose(number, source, held), source, headline)


def _output(number: int, output: Mapping[str, Any]) -> Iterator[_Piece]:
    kind = output["output_type"]
    if kind == "stream":
        yield _Piece(lambda reader: reader.stream(number, output["name"], output["text"]))
    elif kind == "error":
        trace = _plain_terminal("\n".join(output.get("traceback", [])))
        yield _Piece(lambda reader: reader.failure(number, output["ename"], output["evalue"], trace))
    elif kind in ("display_data", "execute_result"):
        yield from _display(number, output.get("data", {}), output.get("metadata", {}))


def _display(number: int, data: dict[str, Any], metadata: dict[str, Any]) -> Iterator[_Piece]:
    """Choose the richest form that both page formats can show; an image before HTML, since HTML is untrusted."""
    if isinstance(data.get(EVIDENCE_MIME), dict):
        yield _Piece(lambda reader: reader.section(number))
        return
    data = {mime: _whole(value) for mime, value in data.items()}
    image = next((mime for mime in IMAGES if mime in data), "")
    if image:
        about = metadata.get(image, {})
        about = about if isinstance(about, dict) else {}
        yield _Piece(lambda reader: reader.figure(number, image.removeprefix("image/"), data[image], about))
    elif "text/markdown" in data:
        about = metadata.get("handover")
        headline = isinstance(about, dict) and about.get("role") == "headline"
        yield _markdown(number, data["text/markdown"], headline=headline)
    elif "text/html" in data:
        yield _Piece(lambda reader: reader.output(number, html.read(data["text/html"], reader.places)))
    elif "text/latex" in data:
        latex = re.sub(r"\A\s*(\$\$?|\\\[|\\\()|(\$\$?|\\\]|\\\))\s*\Z", "", data["text/latex"]).strip()
        yield _Piece(lambda reader: reader.output(number, (model.Formula(printable(latex, code=True)),)))
    elif data.get("text/plain"):
        yield _Piece(lambda reader: reader.stream(number, "", data["text/plain"]))


class _Reader:
    """One reading of a notebook's pieces."""

    def __init__(self, places: Places, stated: list[Mapping[str, Any]]) -> None:
        self.places = places
        self.words = places.words
        self.headline: model.Headline | None = None
        statements = Statements(places.identify)
        # evidence has its anchors before any text can take them, and links to it never lead forward
        self.sections = [statements.read(content) for content in stated]
        places.ledger = statements.ledger

    def parts(self, pieces: list[_Piece]) -> tuple[model.Part, ...]:
        return tuple(part for piece in pieces if (part := piece.read(self)) is not None)

    def prose(self, cell: int, source: str, attachments: Mapping[str, Any]) -> model.Prose | None:
        headline, blocks = markdown.read(source, self.places, attachments, untitled=self.headline is None)
        if headline:
            self.headline = replace(headline, cell=cell)
        return model.Prose(cell, blocks) if blocks else None

    def stream(self, cell: int, name: str, text: str) -> model.Stream | None:
        text = _plain_terminal(text)
        return model.Stream(cell, name, self.excerpt(text)) if text.strip() else None

    def failure(self, cell: int, name: str, value: str, trace: str) -> model.Failure:
        return model.Failure(cell, printable(name), self.excerpt(value), self.excerpt(trace))

    def excerpt(self, text: str) -> model.Excerpt:
        """A text with its middle left out where it is very long."""
        head, lines, characters, tail = cut(printable(text, code=True).strip("\n"))
        if not characters:
            return model.Excerpt(head)
        many = self.words.left_out_lines.format(f"{lines:,}", f"{characters:,}")
        return model.Excerpt(head, many if lines > 1 else self.words.left_out.format(f"{characters:,}"), tail)

    def output(self, cell: int, blocks: model.Blocks) -> model.Output:
        if model.plain(blocks).strip() or any(isinstance(node, model.Image) for node in model.walk(blocks)):
            return model.Output(cell, blocks)
        return model.Output(cell, (model.Paragraph((model.Remark(self.words.unprinted.format(cell), house=True),)),))

    def figure(self, cell: int, kind: str, data: str, about: Mapping[str, Any]) -> model.Figure:
        self.places.figures += 1
        number = self.places.figures
        told = {name: str(about.get(name, "")) for name in ("alt", "title", "subtitle", "credit", "values", "narrow")}
        found, own = images.picture(kind, data, f"figure-{number}")
        narrow, _ = (
            images.picture("svg+xml", told["narrow"], f"figure-{number}-narrow") if told["narrow"] else (None, "")
        )
        alt = printable(told["alt"]).strip() or own
        note = "" if alt else self.words.undescribed
        lines = [markdown.line(told[name], self.places) for name in ("title", "subtitle", "credit")]
        return model.Figure(
            cell,
            number,
            images.sized(found, about.get("width"), about.get("height")) if found else None,
            alt,
            *lines,
            html.read(told["values"], self.places) if told["values"] else (),
            narrow,
            note if found else self.words.unreadable,
        )

    def section(self, cell: int) -> model.EvidenceSection:
        """What the next evidence output states, with its headings."""
        about = self.sections.pop(0)
        filled = [(kind, word) for kind, word in LISTS if about[kind]]
        text = about.pop("heading")
        heading = self._heading(2, text) if filled and text else None
        named = {kind: self._heading(3, getattr(self.words, word)) for kind, word in filled} if heading else {}
        return model.EvidenceSection(cell, heading, {kind: one for kind, one in named.items() if one}, **about)

    def _heading(self, level: int, text: str) -> model.Heading | None:
        heading = self.places.heading(level, (model.Text(text),))
        return heading if isinstance(heading, model.Heading) else None


def _whole(value: Any) -> str:
    """The text of an output; a notebook that no tool has read yet may hold it as a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _plain_terminal(text: str) -> str:
    """Remove terminal escape sequences, and apply carriage returns as a terminal would."""
    text = re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[@-_]", "", text)
    text = text.replace("\r\n", "\n")
    return "\n".join(line.rpartition("\r")[2] if not line.endswith("\r") else line[:-1] for line in text.split("\n"))


def _parameters(nb: NotebookNode) -> dict[str, Any]:
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
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return values
    for statement in statements:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if value is not None and len(targets) == 1 and isinstance(targets[0], ast.Name):
            try:
                values[targets[0].id] = ast.literal_eval(value)
            except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                continue
    return values
