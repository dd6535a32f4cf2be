"""Turns a notebook into both pages and a name: an edition's content is made only here.

`render` and the two exporters share it, so that JupyterLab's export gives the bytes that were published.

A name means one set of bytes for ever: its digits begin a hash over all that the files of an edition are made from,
with a placeholder where the digits will stand.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from handover import digest, pace, pages
from handover.editions import catalogue, inputs, settings
from handover.editions.manifest import day_of, epoch_of
from handover.editions.store import EDITION, LINK_PICTURE, REPORT, file_name
from handover.errors import HandoverError
from handover.notebook import source
from handover.pages import NO_DAY, Attachment, LinkPicture, PageMetadata
from handover.project import MARKER, Project
from handover.text import printable, whole

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from handover.document import Document, Omitted

#: Stands for the digits of the edition while they are not known, since they are made from the pages.
PLACEHOLDER = "0z0q0z0q"
#: Stands there on the pages of a draft, which are shown before the layout of the PDF is settled.
DRAFT = "draft"
#: Twice the size at which the catalogue shows the picture, for screens with small pixels.
PICTURE_PPI = 60
#: Dots of the picture for links, across and down.
LINK_SIZE = (1200, 630)
MAIN = "main.typ"
#: Raised when the same pages are made into other bytes: when the way of writing a PDF, a picture or a manifest changes.
RECIPE = 3
#: The attachment that says how the others fit together; `handover verify` starts from it.
RECORD = "edition.json"
#: Write JSON: of anything, on one line; and of a text alone, for anything else is a `TypeError`.
ENCODE, QUOTED = json.JSONEncoder(ensure_ascii=False).encode, json.encoder.encode_basestring
TABLE_MIMES = {".csv": "text/csv", ".json": "application/json", ".geojson": "application/geo+json"}
PICTURE_MIMES = {".svg": "image/svg+xml", ".jpg": "image/jpeg", ".tif": "image/tiff"}


@dataclass(frozen=True)
class Composition:
    """A notebook, composed.

    `edition` is its name, "" for a notebook that speaks from no day; `content` the whole hash that its digits begin,
    `notebook` the executed one as it is published, both empty for a draft. `refused` has a line for each table that is
    named and may not be attached; `omitted` is what the cells left out; `pictures` those beside the notebook that the
    pages show, by their paths in the project.
    """

    edition: str
    content: str
    html: str
    notebook: bytes
    document: "Document"
    metadata: PageMetadata
    refused: tuple[str, ...]
    omitted: "tuple[Omitted, ...]"
    pictures: tuple[str, ...]
    _printed: dict[str, bytes] = field(repr=False)
    _settled: dict[str, bytes] | None = field(repr=False)

    @property
    def typst_source(self) -> str:
        """The source of the PDF."""
        return self._printed[MAIN].decode()

    @property
    def notes(self) -> tuple[str, ...]:
        """What its maker should know: the characters that no typeface has."""
        return tuple(filter(None, [pages.missing(self._printed)]))

    def pdf(self) -> bytes:
        """Typeset the PDF."""
        return pages.pdf(self._files, self.metadata.epoch, self.document.name)

    def picture(self) -> bytes:
        """A picture of the PDF's first page, for the catalogue."""
        return pages.picture(self._files, PICTURE_PPI, self.document.name)

    def link_picture(self) -> bytes:
        """The picture that a link to the HTML shows."""
        files = pages.link_source(self.document, self.metadata)
        return pages.picture(files, pages.LINK_PPI, self.document.name)

    def sheets(self, ppi: float) -> list[bytes]:
        """Pictures of all pages of the PDF."""
        return pages.pngs(self._files, ppi, self.document.name)

    @cached_property
    def _files(self) -> dict[str, bytes]:
        """Everything that Typst may read, the layout settled."""
        return self._settled or pages.settle(self._printed, self.document.name)


@pace.busy()
def compose(
    nb: "NotebookNode",
    name: str,
    folder: Path,
    *,
    draft: bool = False,
    code: bool = False,
    meanwhile: Callable[[Composition], object] = lambda made: None,
) -> Composition:
    """Compose both pages of a notebook, executed or not; never raises for what the notebook holds.

    What its cells say of texts left out is taken out of it.

    Args:
        nb: The notebook in format 4.
        name: Its file's name without ending; the name of a published edition counts as its report's.
        folder: Where it lies. Inside a project it may show pictures of that, and data is attached; elsewhere it may
            show pictures of this folder.
        draft: Whether to leave the edition without its digits, which cost the layout of the PDF.
        code: Whether the PDF shows the code of the cells.
        meanwhile: Given the composition as it is before the layout of the PDF is settled, and its name made of that.
    """
    from handover.document import Beside, read, take_omitted

    report, project, omitted = report_of(name), _project(folder), take_omitted(nb)
    beside = Beside(project.root if project else folder, folder)
    document = read(nb, report, beside)
    attached, refused = _attached(nb, document, report, project, beside.shown)
    desk = settings.author(project)
    unnamed = replace(_metadata(nb, document, attached, PLACEHOLDER, desk), code=code)
    printed = pages.typst_source(document, unnamed)
    with ThreadPoolExecutor(1) as typst:  # which needs no interpreter, so this one goes on meanwhile
        settling = None if draft else typst.submit(pages.settle, printed, report)
        made = Composition(
            edition="",
            content="",
            html=pages.write_html(document, unnamed),
            notebook=b"" if draft else _published(nb),
            document=document,
            metadata=unnamed,
            refused=tuple(refused),
            omitted=omitted,
            pictures=tuple(beside.shown),
            _printed=printed,
            _settled=None,
        )
        meanwhile(made)
        settled = settling.result() if settling else None
    content = _content(made, settled) if settled else ""
    digits = content[: digest.DIGITS] or DRAFT
    final = _metadata(nb, document, attached, digits, desk)
    html = made.html
    if final.edition:
        html = html.replace(PLACEHOLDER, digits)
        for files in filter(None, (printed, settled)):
            files[pages.IMPRINT] = files[pages.IMPRINT].replace(PLACEHOLDER.encode(), digits.encode())
    return replace(made, edition=final.edition, content=content, html=html, metadata=final, _settled=settled)


def report_of(name: str) -> str:
    """The report of a file's name: ``drawdown_2026-10-01-en-1a2b3c4d`` is an edition of ``drawdown``."""
    return re.sub(rf"_{EDITION.pattern}$", "", name)


def _content(made: Composition, settled: Mapping[str, bytes]) -> str:
    """The hash of everything that the files of an edition are made from.

    What is attached to the PDF, the versions of the tools among it, is part of the files that Typst reads.
    """
    settings = f"{pages.STANDARDS} {PICTURE_PPI} {pages.LINK_PPI}"
    parts = [("html", made.html.encode()), ("notebook", made.notebook), ("settings", f"{RECIPE} {settings}".encode())]
    for kind, files in (("pdf", settled), ("link", pages.link_source(made.document, made.metadata))):
        parts += [(f"{kind}/{name}", data) for name, data in files.items()]
    return digest.of_parts(sorted(parts))


def _published(nb: "NotebookNode") -> bytes:
    """The notebook as nbformat writes it, which copies more of it, and takes Python's slow encoder since it indents."""
    from nbformat.v4 import rwbase, writes

    pieces: list[str] = []
    try:
        _write(rwbase.strip_transient(rwbase.split_lines(copied(nb))), "\n", pieces.append)
    except TypeError:  # what no notebook's file can hold, such as bytes
        pieces = [writes(nb)]
    pieces.append("\n")
    try:
        return b"".join(map(str.encode, pieces))
    except UnicodeEncodeError:  # half a character
        return whole("".join(pieces)).encode()


def copied(node: Any, levels: int = 6) -> Any:
    """Copy a notebook down to the data of its outputs, but not what lies within these, which nothing changes."""
    if levels and isinstance(node, dict):
        return type(node)({key: copied(value, levels - 1) for key, value in node.items()})
    return [copied(value, levels - 1) for value in node] if levels and isinstance(node, list) else node


def _write(value: Any, end: str, put: Callable[[str], object]) -> None:
    """Write JSON with sorted keys, each member of an object or a list on a line of its own, indented by one."""
    inside, keyed = end + " ", isinstance(value, dict)
    if isinstance(value, str):
        put(QUOTED(value))
    elif not value or not isinstance(value, dict | list | tuple):
        put(ENCODE(value))
    elif not keyed and {*map(type, value)} == {str}:  # the lines of a text
        put(f"[{inside}{f',{inside}'.join(map(QUOTED, value))}{end}]")
    else:
        before, last = "{}" if keyed else "[]"
        for one in sorted(value) if keyed else value:
            put(f"{before}{inside}{QUOTED(one)}: " if keyed else before + inside)
            _write(value[one] if keyed else one, inside, put)
            before = ","
        put(end + last)


def _metadata(
    nb: "NotebookNode", document: "Document", attached: tuple[Attachment, ...], digits: str, desk: str
) -> PageMetadata:
    """What a notebook's pages say of themselves; its parameter ``as_of`` counts before its metadata's date.

    Its own authors sign it, else `desk` if it is an edition; nobody signs somebody else's work.
    """
    as_of = day_of(document.parameters.get("as_of"))
    day = as_of or day_of(str(nb.metadata.get("date"))[:10]) or NO_DAY
    edition = f"{as_of}-{document.language}-{digits}" if as_of else ""
    metadata = PageMetadata(
        edition=edition,
        date=day,
        epoch=epoch_of(day),
        author=_authors(nb.metadata) or (desk if edition else ""),
        attachments=attached,
        colophon=_colophon(document, attached),
        link_picture=LinkPicture(LINK_PICTURE, *LINK_SIZE) if edition else None,
    )
    if not (edition and REPORT.fullmatch(document.name)):
        return metadata
    return replace(
        metadata,
        pdf=file_name(document.name, edition, ".pdf"),
        notebook=file_name(document.name, edition, ".ipynb"),
        archive=f"../../{catalogue.archive(document.name)}",
        index=f"../../{catalogue.INDEX}",
    )


def _authors(metadata: Mapping[str, Any]) -> str:
    """The names that a notebook's metadata give: a list of them under ``authors``, as Jupyter has it, or one."""
    told = metadata.get("authors") or metadata.get("author")
    listed = told if isinstance(told, list) else [told]
    names = [one.get("name") if isinstance(one, Mapping) else one for one in listed]
    return ", ".join(filter(None, (" ".join(printable(one).split()) for one in names if isinstance(one, str))))


def _colophon(document: "Document", attached: tuple[Attachment, ...]) -> tuple[tuple[str, str], ...]:
    """What a reader needs to check the page: what it was set to, and what to compare hashes with."""
    count = sum(one.relationship == "data" for one in attached)
    tables = f"{count} table{'' if count == 1 else 's'}, attached to the PDF with the notebook and their dictionary"
    set_to = {name: "none" if value is None else value for name, value in document.parameters.items()}
    rows = [
        ("Parameters", " · ".join(f"{name} {value}" for name, value in set_to.items())),
        ("Notebook", f"{attached[0].name}, SHA-256 {digest.of_bytes(attached[0].data)[:16]}…"),
        ("Data", tables if count else ""),
    ]
    return tuple((label, value) for label, value in rows if value)


def _attached(
    nb: "NotebookNode", document: "Document", report: str, project: Project | None, pictures: Mapping[str, bytes]
) -> tuple[tuple[Attachment, ...], list[str]]:
    """The attachments of the PDF: the notebook as in git, what it used of its project, and the record that binds them.

    Pictures are among them, since without them nobody could make the report again.
    """
    text = source.canonical(nb).encode()
    mime = "application/x-ipynb+json"
    original = Attachment(safe(f"{report}.ipynb"), text, mime, "The notebook that made this report", "source")
    named = document.evidence.get("tables")
    found, refused = tables(project.root, named) if project and isinstance(named, list) else ([], [])
    if project:
        found += _pictures({path: data for path, data in pictures.items() if path not in dict(found)})
    return (original, *(one for _, one in found), _record(report, document.parameters, original, found)), refused


def _project(folder: Path) -> Project | None:
    """The project around a folder, if it lies in one."""
    try:
        return Project.find(folder)
    except HandoverError:
        return None


def tables(root: Path, named: Sequence[Any]) -> tuple[list[tuple[str, Attachment]], list[str]]:
    """Read the data tables that a report names, and their dictionary.

    Nothing outside ``data/`` is read, nor through a link: a notebook could otherwise carry any file of this machine
    away.

    Returns:
        Pairs of path and attachment, the dictionary last; and one line for each path that was refused.
    """
    paths, refused = [], []
    for name in sorted({str(one) for one in named} - {MARKER.as_posix()}):
        fault = _fault(root, name)
        if fault:
            refused.append(f"{name}: {fault}")
        else:
            paths.append(name)
    if paths and (root / MARKER).is_file():
        paths.append(MARKER.as_posix())
    attached: list[tuple[str, Attachment]] = []
    for name in paths:
        one = _table(root, name, paths)
        taken = {other.name for _, other in attached}
        attached.append((name, replace(one, name=f"{len(attached)}-{one.name}") if one.name in taken else one))
    return attached, refused


def _pictures(shown: Mapping[str, bytes]) -> Iterator[tuple[str, Attachment]]:
    """Pictures as attachments, each named for its whole path."""
    for path, data in sorted(shown.items()):
        suffix = PurePosixPath(path).suffix.lower()
        mime = PICTURE_MIMES.get(suffix, f"image/{suffix[1:]}")
        # two paths may be one when they are made safe
        name = safe(f"{digest.of_bytes(path.encode())[:8]}-{path}")
        yield path, Attachment(name, data, mime, f"Picture in this report: {path}", "supplement")


def _fault(root: Path, name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path.parts[:1] != MARKER.parts[:1] or "\\" in name or "\0" in name:
        return "must lie in data/"
    steps = [root.joinpath(*path.parts[: depth + 1]) for depth in range(len(path.parts))]
    if any(step.is_symlink() for step in steps):
        return "must not be reached through a symbolic link"
    return "" if steps[-1].is_file() else "must exist"


def _table(root: Path, name: str, among: Sequence[str]) -> Attachment:
    """Name a table for its file, or for its whole path where two share a file name."""
    path = PurePosixPath(name)
    shared = sum(PurePosixPath(other).name == path.name for other in among) > 1
    dictionary = path == PurePosixPath(MARKER)
    return Attachment(
        safe("-".join(path.parts) if shared else path.name),
        (root / name).read_bytes(),
        TABLE_MIMES.get(path.suffix, "application/octet-stream"),
        "The data dictionary" if dictionary else f"Data used by this report: {name}",
        "supplement" if dictionary else "data",
    )


def safe(name: str) -> str:
    """A name that any system can store and that deceives no reader; the record has the true one."""
    return re.sub(r"[^A-Za-z0-9 ._()+,=@-]", "_", name).lstrip(".") or "_"


def _record(
    report: str, parameters: Mapping[str, Any], original: Attachment, found: Sequence[tuple[str, Attachment]]
) -> Attachment:
    """The record of what shapes the pages, and of nothing else; it names no edition, so that it can be part of one.

    The code of the package, the lock and the tables that are not attached stand in the manifest.
    """

    def named(one: Attachment) -> dict[str, str]:
        return {"attachment": one.name, "sha256": digest.of_bytes(one.data)}

    content = {
        "report": report,
        "as_of": parameters.get("as_of", ""),
        "parameters": dict(parameters),
        "notebook": named(original),
        "data": {path: named(one) for path, one in found},
        "versions": inputs.shaping(),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return Attachment(RECORD, text.encode(), "application/json", "How this report was made", "supplement")
