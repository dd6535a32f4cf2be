"""A finished notebook as a typed document: the one reading of it that HTML, PDF and the audit share.

Nothing here knows a page format. A notebook of any kind can be read; what only our reports carry
(declared parameters, evidence) is simply empty in others.
"""

import ast
import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from handover.document import evidence, markdown

#: The one MIME type of our own: what every printed number rests on. See `Evidence`.
EVIDENCE_MIME = "application/vnd.handover.evidence+json"

RIGHT_TO_LEFT = {"ar", "ckb", "fa", "he", "ku", "ur"}


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown: a markdown cell, or a sentence that a cell displayed.

    `role` is ``headline`` where a cell displayed the title and standfirst of the day, as its output's metadata say.
    """

    cell: int
    source: str
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    role: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """The source of a code cell; folded away in HTML, absent from PDF."""

    cell: int
    source: str
    language: str


@dataclass(frozen=True, slots=True)
class Figure:
    """An image with what a reader needs around it; title, subtitle and credit are Markdown.

    `values` is an HTML table of what is drawn, from the notebook and so untrusted; `narrow` an SVG of the same for a
    narrow screen. Most figures have neither. `kind` is svg, png or jpeg; `data` holds SVG as text, the others as bytes.
    """

    cell: int
    kind: str
    data: str | bytes
    alt: str
    title: str = ""
    subtitle: str = ""
    credit: str = ""
    values: str = ""
    narrow: str = ""


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that a cell displayed: untrusted, whoever made it."""

    cell: int
    html: str


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text: a stream, or the text form of an object. `stream` is stdout, stderr or empty."""

    cell: int
    text: str
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Maths:
    """LaTeX that a cell displayed."""

    cell: int
    latex: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that a cell ended in, without terminal colours."""

    cell: int
    name: str
    value: str
    traceback: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the printed numbers rest on, as the notebook stated it.

    `content` holds: ``tables`` (paths of the data tables used, relative to the project),
    ``names`` (names that hold digits and are no quantities), ``facts``, ``sources``, ``conflicts``
    (each a list of objects; `handover.document.evidence` documents their keys).
    """

    cell: int
    content: dict[str, Any]


Block = Prose | Code | Figure | Markup | Text | Maths | Failure | Evidence


@dataclass(frozen=True, slots=True)
class Document:
    """A whole notebook, in reading order."""

    title: str
    standfirst: str
    language: str
    blocks: tuple[Block, ...]
    parameters: dict[str, Any]
    name: str = ""

    @property
    def direction(self) -> str:
        """``rtl`` for languages written from right to left, else ``ltr``."""
        return "rtl" if self.language.split("-")[0] in RIGHT_TO_LEFT else "ltr"

    @property
    def evidence(self) -> dict[str, Any]:
        """What all evidence blocks state together: lists are joined, of single values the last one holds."""
        merged: dict[str, Any] = {}
        for block in self.blocks:
            for key, value in block.content.items() if isinstance(block, Evidence) else ():
                joined = isinstance(value, list) and isinstance(merged.get(key), list)
                merged[key] = [*merged[key], *value] if joined else value
        return merged


def read(nb: NotebookNode, name: str = "") -> Document:
    """Read a notebook, executed or not.

    Args:
        nb: A notebook in format 4.
        name: The report's name: the file's name without its ending.

    Returns:
        The document. Its title is the first level-one heading, else the notebook's ``title``
        metadata, else the name; its standfirst the first paragraph under that heading. A headline
        that a cell displayed stands in place of the notebook's own.
    """
    parameters = _parameters(nb)
    blocks = _headed([block for number, cell in _numbered(nb) for block in _cell(nb, number, cell)])
    title, standfirst = _headline(blocks)
    return Document(
        title=title or str(nb.metadata.get("title", "") or name or "Notebook"),
        standfirst=standfirst,
        language=str(parameters.get("language", nb.metadata.get("language", "en"))),
        blocks=blocks,
        parameters=parameters,
        name=name,
    )


def _headed(blocks: list[Block]) -> tuple[Block, ...]:
    """Put the headline that a cell displayed where the notebook has its own title; others stay where they are."""
    headline = next((block for block in blocks if isinstance(block, Prose) and block.role == "headline"), None)
    own = next((n for n, block in enumerate(blocks) if isinstance(block, Prose) and _headline((block,))[0]), 0)
    if headline is None or blocks[own] is headline:
        return tuple(blocks)
    return tuple(headline if n == own else block for n, block in enumerate(blocks) if block is not headline)


def _cell(nb: NotebookNode, number: int, cell: NotebookNode) -> Iterator[Block]:
    tags = cell.metadata.get("tags", [])
    if "remove-cell" in tags or "remove_cell" in tags:
        return
    if cell.cell_type == "markdown":
        yield Prose(number, cell.source, cell.get("attachments", {}))
    elif cell.cell_type == "code":
        if cell.source.strip():
            language = nb.metadata.get("language_info", {}).get("name", "python")
            yield Code(number, cell.source, language)
        for output in _joined(cell.outputs):
            yield from _output(number, output)
    elif cell.cell_type == "raw" and cell.source.strip():
        yield Text(number, cell.source)


def _numbered(nb: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Yield cells with their numbers in the report's own file: what was injected shares that of the cell before it."""
    number = 0
    for cell in nb.cells:
        number += not number or "injected-parameters" not in cell.metadata.get("tags", [])
        yield number, cell


def _joined(outputs: list[NotebookNode]) -> Iterator[dict[str, Any]]:
    """Yield outputs with neighbouring pieces of one stream put together, however the kernel flushed them."""
    held: dict[str, Any] | None = None
    for output in outputs:
        if output.output_type == "stream" and held and held["name"] == output.name:
            held["text"] += output.text
            continue
        if held:
            yield held
            held = None
        if output.output_type == "stream":
            held = dict(output)
        else:
            yield output
    if held:
        yield held


def _output(number: int, output: dict[str, Any]) -> Iterator[Block]:
    kind = output["output_type"]
    if kind == "stream":
        yield Text(number, _plain_terminal(output["text"]), output["name"])
    elif kind == "error":
        trace = _plain_terminal("\n".join(output.get("traceback", [])))
        yield Failure(number, output["ename"], output["evalue"], trace)
    elif kind in ("display_data", "execute_result"):
        block = _display(number, output.get("data", {}), output.get("metadata", {}))
        if block:
            yield block


def _display(number: int, data: dict[str, Any], metadata: dict[str, Any]) -> Block | None:
    """Choose the richest form that both page formats can show; an image before HTML, since HTML is untrusted."""
    if isinstance(data.get(EVIDENCE_MIME), dict):
        return Evidence(number, data[EVIDENCE_MIME])
    data = {mime: _whole(value) for mime, value in data.items()}
    for kind, mime in (("svg", "image/svg+xml"), ("png", "image/png"), ("jpeg", "image/jpeg")):
        if mime in data:
            about = metadata.get(mime, {}) if isinstance(metadata.get(mime, {}), dict) else {}
            raw = data[mime] if kind == "svg" else _decoded(data[mime])
            words = {key: str(about.get(key, "")) for key in ("alt", "title", "subtitle", "credit", "values", "narrow")}
            return Figure(number, kind, raw, **words)
    if "text/markdown" in data:
        about = metadata.get("handover")
        role = str(about.get("role", "")) if isinstance(about, dict) else ""
        return Prose(number, data["text/markdown"], role=role)
    if "text/html" in data:
        return Markup(number, data["text/html"])
    if "text/latex" in data:
        return Maths(number, data["text/latex"])
    text = data.get("text/plain")
    return Text(number, _plain_terminal(text)) if text else None


def _whole(value: Any) -> str:
    """The text of an output; a notebook that no tool has read yet may hold it as a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _decoded(text: str) -> bytes:
    """The bytes of an image; none if they were damaged, which the pages say in its place."""
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""


def _plain_terminal(text: str) -> str:
    """Remove terminal escape sequences, and apply carriage returns and backspaces as a terminal would."""
    text = re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[@-_]", "", text)
    text = text.replace("\r\n", "\n")
    return "\n".join(line.rpartition("\r")[2] if not line.endswith("\r") else line[:-1] for line in text.split("\n"))


def _headline(blocks: tuple[Block, ...]) -> tuple[str, str]:
    for block in blocks:
        if isinstance(block, Prose):
            tokens = [token for token in markdown.parse(block.source) if token["type"] != "blank_line"]
            for position, token in enumerate(tokens):
                if token["type"] == "heading" and token["attrs"]["level"] == 1:
                    after = tokens[position + 1 : position + 2]
                    below = _without_marks(after[0]["children"]) if after and after[0]["type"] == "paragraph" else ""
                    return " ".join(markdown.plain([token]).split()), " ".join(below.split())
    return "", ""


def _without_marks(tokens: list[markdown.Token]) -> str:
    """The words of a paragraph without the marks after contested numbers, which lead nowhere in a list of editions."""
    marks = f"#{evidence.CONFLICT}"
    return markdown.plain([token for token in tokens if not token.get("attrs", {}).get("url", "").startswith(marks)])


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
