"""nbconvert's way in: any notebook, executed or not, becomes either page."""

import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from handover.editions.exporters import HandoverHTMLExporter, HandoverPDFExporter

ROOT = Path(__file__).resolve().parents[2]
EXPORTERS = {".html": HandoverHTMLExporter, ".pdf": HandoverPDFExporter}
BEGINS = {".html": "<!DOCTYPE html>", ".pdf": b"%PDF-1.7"}


def test_nbconvert_finds_them_by_name():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["nbconvert.exporters"]
    assert declared == {
        f"handover_{suffix[1:]}": f"{made.__module__}:{made.__name__}" for suffix, made in EXPORTERS.items()
    }


def test_to_look_at_them_costs_nothing():
    """JupyterLab makes one of every exporter to fill its menu."""
    code = (
        "import nbconvert.exporters, sys; before = set(sys.modules)\n"
        "from handover.editions.exporters import *; HandoverPDFExporter(); HandoverHTMLExporter()\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"typst", "lxml", "nh3", "fontTools", "PIL", "pandas", "matplotlib", "mistune"}
    assert not {name.partition(".")[0] for name in done.stdout.split()} & heavy


# the hostile one has metadata of a kind that nbconvert itself refuses, before any exporter is asked
@pytest.mark.parametrize("suffix", EXPORTERS)
@pytest.mark.parametrize("name", ["report", "everything", "arabic"])
def test_any_notebook_becomes_a_page_and_stays_as_it_was(name, suffix):
    nb = nbformat.read(ROOT / "tests" / "notebooks" / f"html_{name}.ipynb", as_version=4)
    before = nb.copy()
    made, resources = EXPORTERS[suffix]().from_notebook_node(nb, {"metadata": {"name": name}})
    assert made.startswith(BEGINS[suffix])
    assert resources["output_extension"] == suffix
    assert nb == before


@pytest.mark.parametrize("suffix", EXPORTERS)
def test_a_notebook_that_never_ran_becomes_a_page_named_for_its_file(tmp_path, suffix):
    path = tmp_path / "some notebook.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("text"), new_code_cell("1/0")]), path)
    made, resources = EXPORTERS[suffix]().from_filename(str(path))
    assert made.startswith(BEGINS[suffix]) and not resources["outputs"]
    assert suffix == ".pdf" or "<h1>some notebook</h1>" in made


def test_characters_that_no_typeface_has_are_counted_and_named(caplog):
    nb = new_notebook(cells=[new_markdown_cell("# T \U00013000\U00013001 \ue000"), new_markdown_cell("\U00013000")])
    made, _ = HandoverPDFExporter().from_notebook_node(nb)
    assert made.startswith(b"%PDF")
    assert caplog.messages == [
        "3 characters have no glyph in our typefaces: U+E000, U+13000, U+13001; a box with the code stands in the PDF "
        "for each"
    ]


def test_preprocessors_run():
    nb = new_notebook(cells=[new_markdown_cell("# T"), new_markdown_cell("secret", metadata={"tags": ["hide"]})])
    exporter = HandoverHTMLExporter(config={"TagRemovePreprocessor": {"remove_cell_tags": ["hide"], "enabled": True}})
    assert "secret" not in exporter.from_notebook_node(nb)[0]
    assert "secret" in HandoverHTMLExporter().from_notebook_node(nb)[0]


# the command that exports


def export(folder, *words):
    """Run `handover export` in a folder, as a user does."""
    command = [sys.executable, "-m", "handover", "export", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (None, ["some.ipynb"], "some.ipynb: must name a notebook (there is no such file).\nCheck the name.\n"),
        ("{", ["some.ipynb"], "some.ipynb: must be JSON (got another file).\nRestore the file from git"),
        ("{}", ["some.ipynb", "--no-inptu"], "unrecognized arguments: --no-inptu"),
    ],
)
def test_what_cannot_be_exported_is_said(tmp_path, text, words, said):
    if text:
        (tmp_path / "some.ipynb").write_text(text)
    done = export(tmp_path, *words)
    assert done.returncode in (1, 2) and said in done.stderr
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.parametrize("suffix", EXPORTERS)
def test_the_command_gives_what_nbconvert_gives(tmp_path, suffix):
    path = tmp_path / "some notebook.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# T"), new_code_cell("1 + 1")]), path)
    kind = suffix[1:]
    done = export(tmp_path, "--to", kind, path.name, "--no-input", "--output-dir", "quick")
    assert done.returncode == 0, done.stderr
    nbconvert = [sys.executable, "-m", "nbconvert", "--to", f"handover_{kind}", path.name, "--no-input"]
    subprocess.run(nbconvert, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    quick, stock = tmp_path / "quick" / f"{path.stem}{suffix}", path.with_suffix(suffix)
    assert quick.read_bytes() == stock.read_bytes()
