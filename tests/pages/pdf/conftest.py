"""What the tests of the PDF side share: cells, their Typst source, and the text of the PDF made from them."""

import nbformat
import pytest
from pdf_samples import metadata as about
from pdf_samples import of_cells, printed, typeset

from handover.pages import typst_source


@pytest.fixture(scope="session")
def pdf():
    """Prints a miniature notebook, once: `pdf("report")`; the HTML side reads the same ones."""
    return printed


@pytest.fixture(scope="session")
def source():
    """Writes cells as Typst source: `source(cell, …)`."""
    return lambda *cells, **metadata: typst_source(of_cells(*cells, **metadata), about())["main.typ"].decode()


@pytest.fixture(scope="session")
def text():
    """Prints cells and reads the text back: `text(cell, …)`."""
    from judges import pdftext

    def of(*cells, **metadata):
        found = of_cells(*cells, **metadata)
        plain = about("", ())
        return pdftext.whole(typeset(found, plain))

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
