"""Miniature notebooks as documents and PDFs; the HTML side reads the same ones."""

import base64
import datetime as dt
import io
from functools import cache
from pathlib import Path

import nbformat
from PIL import Image

from handover.document import model, read
from handover.pages import Attachment, PageMetadata, pdf, settle, typst_source
from judges import pdftext

TESTS = Path(__file__).resolve().parents[2]
NOTEBOOKS = ("report", "everything", "hostile", "arabic")
EDITION = "2031-03-31-en-1a2b3c4d"
ATTACHED = Attachment("tables/boats.csv", b"pier,boats\nNorth,12\n\xff\x00", "text/csv", "Boats at each pier", "data")
EVIDENCE = "application/vnd.handover.evidence+json"


def metadata(edition: str = EDITION, attachments: tuple[Attachment, ...] = (ATTACHED,)) -> PageMetadata:
    rows = (("Parameters", "as_of = 2031-03-31"), ("Data", "SHA-256 " + "0123456789abcdef" * 4))
    return PageMetadata(
        edition, dt.date(2031, 3, 31), 1932681600, "Handover desk", attachments=attachments, colophon=rows
    )


BARE = PageMetadata("", dt.date(2031, 3, 31), 1932681600)

markdown = nbformat.v4.new_markdown_cell


def shows(data, about=None):
    """A code cell that displayed something: `shows({"text/html": "…"}, metadata)`."""
    output = nbformat.v4.new_output("display_data", data, metadata=about or {})
    return nbformat.v4.new_code_cell("1", outputs=[output])


def of_file(name: str) -> model.Document:
    return read(nbformat.read(TESTS / "notebooks" / f"html_{name}.ipynb", as_version=4), name)


def of_cells(*cells, **about) -> model.Document:
    return read(nbformat.v4.new_notebook(cells=list(cells), metadata=about), "notebook")


def source(*cells, **about) -> str:
    """Cells as Typst source."""
    return typst_source(of_cells(*cells, **about), metadata())["main.typ"].decode()


def typeset(found: model.Document, about: PageMetadata) -> bytes:
    return pdf(settle(typst_source(found, about), found.name), about.epoch, found.name)


def text(*cells, **about) -> str:
    """The text of the PDF of cells."""
    return pdftext.whole(typeset(of_cells(*cells, **about), BARE))


@cache
def printed(name: str) -> bytes:
    return typeset(of_file(name), metadata())


def raster(kind="PNG", mode="RGB", size=(40, 20), **options) -> bytes:
    held = io.BytesIO()
    Image.new(mode, size).save(held, kind, **options)
    return held.getvalue()


PNG = base64.b64encode(raster()).decode()
