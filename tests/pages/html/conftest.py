"""What the tests of the HTML side share: the miniature notebooks as documents and pages, and one browser."""

import datetime as dt
from functools import cache
from pathlib import Path

import nbformat
import pytest

from handover.document import read
from handover.pages import LinkPicture, PageMetadata, write_html
from judges import browser as judge

TESTS = Path(__file__).resolve().parents[2]
EDITION = "2031-03-31-en-1a2b3c4d"
COLOPHON = (("Parameters", "as_of = 2031-03-31"), ("Data", "SHA-256 " + "0123456789abcdef" * 4))


DAY = dt.date(2031, 3, 31)


def metadata(name):
    stem = f"{name}_{EDITION}"
    beside = {"pdf": f"{stem}.pdf", "notebook": f"{stem}.ipynb"}
    beside |= {"archive": f"../../{name}_editions.html", "index": "../../index.html"}
    picture = LinkPicture("link.png", 1200, 630)
    return PageMetadata(EDITION, DAY, 1932681600, "Handover desk", colophon=COLOPHON, link_picture=picture, **beside)


@cache
def written(name: str) -> str:
    nb = nbformat.read(TESTS / "notebooks" / f"html_{name}.ipynb", as_version=4)
    return write_html(read(nb, name), metadata(name))


@pytest.fixture(scope="session")
def notebook():
    """Reads a miniature notebook: `notebook("report")`."""
    return lambda name: nbformat.read(TESTS / "notebooks" / f"html_{name}.ipynb", as_version=4)


@pytest.fixture(scope="session")
def html():
    """Writes a miniature notebook as a page, once: `html("report")`."""
    return written


@pytest.fixture(scope="session")
def write():
    """Writes a notebook, or the cells of one, as a page."""

    def of(*cells, **metadata):
        nb = nbformat.v4.new_notebook(cells=list(cells), metadata=metadata)
        return write_html(read(nb, "notebook"), PageMetadata("", DAY, 1932681600, colophon=COLOPHON))

    return of


@pytest.fixture
def visit(chromium, tmp_path):
    """Opens a page's text from disk: `with visit(text, width=390) as seen:`."""

    def open_page(text: str, **size: int):
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        return judge.visit(chromium, path, **size)

    return open_page
