"""One notebook into both pages and a name: the one place where an edition's content comes about.

`render` and the two exporters share it, so that JupyterLab's export gives the bytes that were published.

A name means one set of bytes for ever: its digits begin a hash over all that the files of an edition are made from,
with a placeholder where the digits will stand.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover import digest
from handover.editions import attachments, imprint, tools
from handover.editions.imprint import Attachment, Imprint
from handover.editions.store import EDITION
from handover.errors import HandoverError
from handover.notebook import source
from handover.project import Project
from handover.text import whole

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from handover.document import Document

#: Stands for the digits of the edition while they are not known, since they are made from the pages.
PLACEHOLDER = "0z0q0z0q"
#: Stands there for good on the pages of a draft, which are shown before the layout of the PDF is settled.
DRAFT = "draft"
#: Twice the size at which the catalogue shows the picture, for screens with small pixels.
PICTURE_PPI = 60
MAIN = "main.typ"


@dataclass(frozen=True, slots=True)
class Composition:
    """A notebook, composed.

    Attributes:
        edition: The edition's name; "" for a notebook that speaks from no day.
        content: The whole hash that the edition's digits begin; "" for a draft.
        html: The HTML page.
        notebook: The executed notebook as it is published; empty for a draft.
        document: What the pages were written from.
        imprint: What the pages say of themselves.
        refused: A line for each table that the notebook names and that may not be attached.
    """

    edition: str
    content: str
    html: str
    notebook: bytes
    document: "Document"
    imprint: Imprint
    refused: tuple[str, ...]
    _typst: dict[str, bytes] = field(compare=False, repr=False)
    _settled: list[dict[str, bytes]] = field(compare=False, repr=False)

    @property
    def typst_source(self) -> str:
        """The source of the PDF."""
        return self._typst[MAIN].decode()

    def pdf(self) -> bytes:
        """Typeset the PDF."""
        from handover.pages.typst import typesetter

        return typesetter.pdf(self._files(), self.imprint.epoch, self.document.name)

    def picture(self) -> bytes:
        """A picture of the PDF's first page, for the catalogue."""
        return self.sheets(PICTURE_PPI)[0]

    def link_picture(self) -> bytes:
        """The picture that a link to the HTML shows."""
        from handover.pages.typst import page, pictures, typesetter

        made = typesetter.pngs(page.link(self.document, self.imprint), page.LINK_PPI, self.document.name)[0]
        return pictures.of_few_colours(made)

    def sheets(self, ppi: float) -> list[bytes]:
        """Pictures of all pages of the PDF."""
        from handover.pages.typst import typesetter

        return typesetter.pngs(self._files(), ppi, self.document.name)

    def _files(self) -> dict[str, bytes]:
        """Everything that Typst may read, the layout settled once."""
        if not self._settled:
            self._settled.append(_settle(self._typst, self.document.name))
        return self._settled[0]


def compose(nb: "NotebookNode", name: str, folder: Path, *, draft: bool = False) -> Composition:
    """Compose both pages of a notebook, executed or not; never raises for what the notebook holds.

    Args:
        nb: The notebook in format 4.
        name: Its file's name without ending; the name of a published edition counts as its report's.
        folder: Where it lies; data is attached only if that is inside a project.
        draft: Whether to leave the edition without its digits, which cost the layout of the PDF.
    """
    from handover.document import document as documents
    from handover.pages.html import page as html_page
    from handover.pages.typst import page as pdf_page

    report = report_of(name)
    document = documents.read(nb, report)
    attached, refused = _attached(nb, document, report, folder)
    day = imprint.day_of(document.parameters.get("as_of"))
    stem = f"{day}-{document.language}-" if day else ""

    def printed(digits: str) -> Imprint:
        return imprint.of(
            nb.metadata,
            document.parameters,
            edition=stem + digits if stem else "",
            attachments=attached,
            colophon=_colophon(document, attached),
        )

    unnamed = printed(PLACEHOLDER)
    html, (typst_source, pictures) = html_page.write(document, unnamed), pdf_page.compose(document, unnamed)
    typst, settled = pdf_page.files(typst_source, pictures, unnamed), []
    content, published = "", b""
    if not draft:
        published = _published(nb)
        settled = [_settle(typst, report)]
        content = _content(html, settled[0], pdf_page.link(document, unnamed), published)
    digits = content[: digest.DIGITS] or DRAFT
    if stem:
        html = html.replace(PLACEHOLDER, digits)
        for files in (typst, *settled):
            files[MAIN] = files[MAIN].replace(PLACEHOLDER.encode(), digits.encode())
    final = printed(digits)
    return Composition(final.edition, content, html, published, document, final, tuple(refused), typst, settled)


def _settle(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    from handover.pages.typst import room

    return room.shared(files, name)


def _content(html: str, typst: Mapping[str, bytes], link: Mapping[str, bytes], notebook: bytes) -> str:
    """The hash of everything that the files of an edition are made from.

    What is attached to the PDF, the versions of the tools among it, is part of the files that Typst reads.
    """
    from handover.pages.typst import page, typesetter

    settings = f"{typesetter.STANDARDS} {PICTURE_PPI} {page.LINK_PPI}"
    parts = [("html", html.encode()), ("notebook", notebook), ("settings", settings.encode())]
    parts += [
        (f"{kind}/{name}", data) for kind, files in (("pdf", typst), ("link", link)) for name, data in files.items()
    ]
    return digest.of_parts(sorted(parts))


def _published(nb: "NotebookNode") -> bytes:
    """The bytes of the executed notebook, as nbformat writes them."""
    from nbformat import v4

    return (whole(v4.writes(nb)).rstrip("\n") + "\n").encode()


def for_exporter(nb: "NotebookNode", resources: Mapping[str, Any] | None) -> Composition:
    """Compose what nbconvert hands to an exporter: a notebook, and resources that may say where it lies."""
    about = (resources or {}).get("metadata", {})
    return compose(nb, str(about.get("name") or "Notebook"), Path(about.get("path") or "."))


def report_of(name: str) -> str:
    """The report of a file's name: ``drawdown_2026-10-01-en-1a2b3c4d`` is an edition of ``drawdown``."""
    return re.sub(rf"_{EDITION.pattern}$", "", name)


def _attached(
    nb: "NotebookNode", document: "Document", report: str, folder: Path
) -> tuple[tuple[Attachment, ...], list[str]]:
    original = attachments.notebook(report, source.canonical(nb))
    project = _project(folder)
    named = document.evidence.get("tables")
    named = named if isinstance(named, list) else []
    tables, refused = attachments.data(project.root, named) if project else ([], [])
    record = attachments.record(report, document.parameters, original, tables, tools.shaping())
    return (original, *(one for _, one in tables), record), refused


def _project(folder: Path) -> Project | None:
    """The project around a folder, if it lies in one."""
    here = folder.resolve()
    try:
        project = Project.find(here)
    except HandoverError:
        return None
    return project if project.root in (here, *here.parents) else None


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
