"""nbconvert's way in."""

import subprocess
import sys

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from handover.pages.html.exporter import HandoverHTMLExporter


def test_nbconvert_finds_it_by_name():
    from nbconvert.exporters import get_exporter

    assert get_exporter("handover_html") is HandoverHTMLExporter


def test_a_notebook_of_any_kind_becomes_a_page(tmp_path):
    path = tmp_path / "some notebook.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("text"), new_code_cell("1/0")]), path)
    text, resources = HandoverHTMLExporter().from_filename(str(path))
    assert "<h1>some notebook</h1>" in text
    assert resources["output_extension"] == ".html"
    assert not resources["outputs"]


def test_preprocessors_run():
    nb = new_notebook(cells=[new_markdown_cell("# T"), new_markdown_cell("secret", metadata={"tags": ["hide"]})])
    exporter = HandoverHTMLExporter(config={"TagRemovePreprocessor": {"remove_cell_tags": ["hide"], "enabled": True}})
    assert "secret" not in exporter.from_notebook_node(nb)[0]
    assert "secret" in HandoverHTMLExporter().from_notebook_node(nb)[0]


def test_to_look_at_it_costs_nothing():
    """JupyterLab makes one of every exporter to fill its menu."""
    code = (
        "import sys; from handover.pages.html.exporter import HandoverHTMLExporter as E; E();"
        "print([m for m in ('nh3', 'fontTools', 'typst', 'handover.pages.html.page') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
