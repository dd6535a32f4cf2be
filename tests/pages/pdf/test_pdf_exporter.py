import subprocess
import sys

import nbformat
import pytest
from pdf_samples import TESTS


def exporter():
    from handover.pages.typst.exporter import HandoverPDFExporter

    return HandoverPDFExporter()


def test_importing_and_constructing_it_is_light():
    code = (
        "import nbconvert.exporters, sys; before = set(sys.modules)\n"
        "from handover.pages.typst.exporter import HandoverPDFExporter; HandoverPDFExporter()\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"typst", "lxml", "nh3", "fontTools", "PIL", "pandas", "matplotlib", "mistune"}
    assert not {name.partition(".")[0] for name in done.stdout.split()} & heavy


# the hostile one has metadata of a kind that nbconvert itself refuses, before any exporter is asked
@pytest.mark.parametrize("name", ["report", "everything", "arabic"])
def test_any_notebook_becomes_a_pdf(name):
    nb = nbformat.read(TESTS / "notebooks" / f"html_{name}.ipynb", as_version=4)
    before = nb.copy()
    made, resources = exporter().from_notebook_node(nb, {"metadata": {"name": name}})
    assert made.startswith(b"%PDF-1.7")
    assert resources["output_extension"] == ".pdf"
    assert nb == before


def test_a_notebook_that_never_ran_becomes_a_pdf():
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1"), nbformat.v4.new_markdown_cell("# Boats")])
    assert exporter().from_notebook_node(nb)[0].startswith(b"%PDF")


def test_nbconvert_knows_it_by_name():
    from nbconvert.exporters import get_exporter

    assert get_exporter("handover_pdf").__name__ == "HandoverPDFExporter"
