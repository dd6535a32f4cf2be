"""What the tests of the PDF side share: miniature notebooks as documents, sources and PDFs."""

import datetime as dt
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest

TESTS = Path(__file__).resolve().parents[2]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from handover.press import document  # noqa: E402
from handover.press.imprint import Attachment, Imprint  # noqa: E402
from handover.press.pdf import page  # noqa: E402

EDITION = "2031-03-31-en-1a2b3c4d"
ATTACHED = Attachment("tables/boats.csv", b"pier,boats\nNorth,12\n\xff\x00", "text/csv", "Boats at each pier", "data")


def imprint(edition: str = EDITION, attachments: tuple[Attachment, ...] = (ATTACHED,)) -> Imprint:
    rows = (("Parameters", "as_of = 2031-03-31"), ("Data", "SHA-256 " + "0123456789abcdef" * 4))
    return Imprint(edition, dt.date(2031, 3, 31), 1932681600, attachments=attachments, colophon=rows)


def read(name: str) -> document.Document:
    return document.read(nbformat.read(TESTS / "notebooks" / f"html_{name}.ipynb", as_version=4), name)


@cache
def printed(name: str) -> bytes:
    found = read(name)
    return page.compile(page.write(found, imprint()), found, imprint())


def of_cells(*cells, **metadata) -> document.Document:
    return document.read(nbformat.v4.new_notebook(cells=list(cells), metadata=metadata), "notebook")


@pytest.fixture(scope="session")
def pdf():
    """Prints a miniature notebook, once: `pdf("report")`; the HTML side reads the same ones."""
    return printed


@pytest.fixture(scope="session")
def source():
    """Writes cells as Typst source: `source(cell, …)`."""
    return lambda *cells, **metadata: page.write(of_cells(*cells, **metadata), imprint())


@pytest.fixture(scope="session")
def text():
    """Prints cells and reads the text back: `text(cell, …)`."""
    from judges import pdftext

    def of(*cells, **metadata):
        found = of_cells(*cells, **metadata)
        plain = imprint("", ())
        return pdftext.whole(page.compile(page.write(found, plain), found, plain))

    return of


@pytest.fixture(scope="session")
def markdown():
    """Makes a Markdown cell."""
    return nbformat.v4.new_markdown_cell


@pytest.fixture(scope="session")
def shows():
    """Makes a code cell that displayed something: `shows({"text/html": "…"}, metadata)`."""

    def of(data, metadata=None):
        cell = nbformat.v4.new_code_cell("1")
        cell.outputs = [nbformat.from_dict({"output_type": "display_data", "data": data, "metadata": metadata or {}})]
        return cell

    return of
