"""One notebook into both pages and a name: the one place where an edition's content comes about.

The press and the two exporters share it, so that JupyterLab's export gives the bytes that were published.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover import digest
from handover.editions import attachments, imprint, inputs
from handover.editions.attachments import RECORD
from handover.editions.imprint import Attachment, Imprint
from handover.editions.store import EDITION
from handover.errors import HandoverError
from handover.notebook import source
from handover.project import Project

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from handover.document import Document

#: Stands for the digits of the edition while they are not known, since they are made from the pages.
PLACEHOLDER = "0z0q0z0q"
#: Twice the size at which the catalogue shows the picture, for screens with small pixels.
PICTURE_PPI = 60


@dataclass(frozen=True, slots=True)
class Composition:
    """A notebook, composed. `content` is the whole hash that the edition's digits begin; `refused` names tables.

    `pictures` are those that the Typst source shows, by name.
    """

    edition: str
    content: str
    html: str
    typst_source: str
    pictures: Mapping[str, bytes]
    document: "Document"
    imprint: Imprint
    refused: tuple[str, ...] = ()
    _laid_out: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)

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
        """Everything that Typst may read, the room on the pages shared out once."""
        from handover.pages.typst import page, room

        if not self._laid_out:
            files = page.files(self.typst_source, self.pictures, self.imprint)
            self._laid_out.update(room.shared(files, self.document.name))
        return self._laid_out


def compose(nb: "NotebookNode", name: str, folder: Path, made_from: Mapping[str, Any] | None = None) -> Composition:
    """Compose both pages of a notebook, executed or not; never raises for what the notebook holds.

    Args:
        nb: The notebook in format 4.
        name: Its file's name without ending; the name of a published edition counts as its report's.
        folder: Where it lies; data is attached only if that is inside a project.
        made_from: The inputs that the record in the PDF is to name; those of `folder` as they are, if left out.
    """
    from handover.document import document as documents
    from handover.pages.html import page as html_page
    from handover.pages.typst import page as pdf_page
    from handover.pages.typst import room

    report = report_of(name)
    document = documents.read(nb, report)
    attached, refused = _attached(nb, document, report, folder, made_from)
    content_parts = [(one.name, one.data) for one in attached if one.name != RECORD]
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

    draft = printed(PLACEHOLDER)
    html, (typst_source, pictures) = html_page.write(document, draft), pdf_page.compose(document, draft)
    pages = [("html", html), ("typst", typst_source), ("template", pdf_page.TEMPLATE.read_text("utf-8"))]
    pages.append(("room", Path(room.__file__).read_text("utf-8")))  # which sets what the source leaves open
    content = digest.of_parts([*((part, text.encode()) for part, text in pages), *content_parts])
    digits = content[: digest.DIGITS]
    if stem:
        html, typst_source = html.replace(PLACEHOLDER, digits), typst_source.replace(PLACEHOLDER, digits)
    final = printed(digits)
    return Composition(final.edition, content, html, typst_source, pictures, document, final, tuple(refused))


def for_exporter(nb: "NotebookNode", resources: Mapping[str, Any] | None) -> Composition:
    """Compose what nbconvert hands to an exporter: a notebook, and resources that may say where it lies."""
    about = (resources or {}).get("metadata", {})
    return compose(nb, str(about.get("name") or "Notebook"), Path(about.get("path") or "."))


def report_of(name: str) -> str:
    """The report of a file's name: ``drawdown_2026-10-01-en-1a2b3c4d`` is an edition of ``drawdown``."""
    return re.sub(rf"_{EDITION.pattern}$", "", name)


def _attached(
    nb: "NotebookNode", document: "Document", report: str, folder: Path, made_from: Mapping[str, Any] | None
) -> tuple[tuple[Attachment, ...], list[str]]:
    text = source.canonical(nb)
    original = attachments.notebook(report, text)
    project = _project(folder)
    named = document.evidence.get("tables")
    named = named if isinstance(named, list) else []
    tables, refused = attachments.data(project.root, named) if project else ([], [])
    if made_from is None:
        made_from = inputs.of(project, report, text, document.parameters).as_json()
    record = attachments.record(report, document.parameters, original, tables, made_from)
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
