"""nbconvert's way in: by name, for any notebook, and light to look at."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import get_exporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from handover.editions.exporters import HandoverHTMLExporter, HandoverPDFExporter

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def test_nbconvert_knows_both_by_name():
    assert get_exporter("handover_html") is HandoverHTMLExporter
    assert get_exporter("handover_pdf") is HandoverPDFExporter


def test_to_look_at_them_costs_nothing():
    """JupyterLab makes one of every exporter to fill its menu."""
    heavy = {"typst", "lxml", "nh3", "fontTools", "PIL", "pandas", "matplotlib", "mistune"}
    code = (
        "import nbconvert.exporters, sys; before = set(sys.modules)\n"
        "from handover.editions.exporters import HandoverHTMLExporter, HandoverPDFExporter\n"
        "HandoverHTMLExporter(), HandoverPDFExporter(); print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert {name.partition(".")[0] for name in done.stdout.split()} & heavy == set()


# the hostile one has metadata of a kind that nbconvert itself refuses, before any exporter is asked
@pytest.mark.parametrize("name", ["report", "everything", "arabic"])
def test_any_notebook_becomes_a_pdf(name):
    nb = nbformat.read(NOTEBOOKS / f"html_{name}.ipynb", as_version=4)
    before = nb.copy()
    made, resources = HandoverPDFExporter().from_notebook_node(nb, {"metadata": {"name": name}})
    assert made.startswith(b"%PDF-1.7")
    assert resources["output_extension"] == ".pdf"
    assert nb == before


def test_a_notebook_that_never_ran_becomes_both(tmp_path):
    path = tmp_path / "some notebook.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("text"), new_code_cell("1/0")]), path)
    text, resources = HandoverHTMLExporter().from_filename(str(path))
    assert "<h1>some notebook</h1>" in text
    assert resources["output_extension"] == ".html"
    assert not resources["outputs"]
    assert HandoverPDFExporter().from_filename(str(path))[0].startswith(b"%PDF")


def test_preprocessors_run():
    nb = new_notebook(cells=[new_markdown_cell("# T"), new_markdown_cell("secret", metadata={"tags": ["hide"]})])
    exporter = HandoverHTMLExporter(config={"TagRemovePreprocessor": {"remove_cell_tags": ["hide"], "enabled": True}})
    assert "secret" not in exporter.from_notebook_node(nb)[0]
    assert "secret" in HandoverHTMLExporter().from_notebook_node(nb)[0]
