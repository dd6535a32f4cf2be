"""Miniature notebooks as documents and PDFs; the HTML side reads the same ones."""

import datetime as dt
from functools import cache
from pathlib import Path

import nbformat
from handover.editions.imprint import Attachment, Imprint

from handover.document import document
from handover.pages.typst import page, typesetter

TESTS = Path(__file__).resolve().parents[2]
NOTEBOOKS = ("report", "everything", "hostile", "arabic")
EDITION = "2031-03-31-en-1a2b3c4d"
ATTACHED = Attachment("tables/boats.csv", b"pier,boats\nNorth,12\n\xff\x00", "text/csv", "Boats at each pier", "data")


def imprint(edition: str = EDITION, attachments: tuple[Attachment, ...] = (ATTACHED,)) -> Imprint:
    rows = (("Parameters", "as_of = 2031-03-31"), ("Data", "SHA-256 " + "0123456789abcdef" * 4))
    return Imprint(edition, dt.date(2031, 3, 31), 1932681600, attachments=attachments, colophon=rows)


def read(name: str) -> document.Document:
    return document.read(nbformat.read(TESTS / "notebooks" / f"html_{name}.ipynb", as_version=4), name)


def files(found: document.Document, printing: Imprint) -> dict[str, bytes]:
    return page.files(*page.compose(found, printing), printing)


def typeset(found: document.Document, printing: Imprint) -> bytes:
    return typesetter.pdf(files(found, printing), printing.epoch, found.name)


@cache
def printed(name: str) -> bytes:
    return typeset(read(name), imprint())


def of_cells(*cells, **metadata) -> document.Document:
    return document.read(nbformat.v4.new_notebook(cells=list(cells), metadata=metadata), "notebook")
