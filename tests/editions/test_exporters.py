"""nbconvert's way in: any notebook, executed or not, becomes either page."""

import logging
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

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


LACK = (
    "every code cell must have run (got {} that did not): the page lacks what they would show.\n"
    "Run all cells and save the notebook, or export it with --execute.\n"
)


def ran(source, count=1, **more):
    return new_code_cell(source, execution_count=count, **more)


@pytest.mark.parametrize(
    ("cells", "got"),
    [
        ([new_code_cell("print(6 * 7)")], "1 of 1"),
        ([ran("x = 6"), new_code_cell("print(x * 7)"), new_code_cell("")], "1 of 2"),
        ([ran("x = 6"), ran("print(x * 7)", 2)], ""),
        ([new_code_cell("display(6)", outputs=[new_output("stream", text="6")])], ""),
        ([new_code_cell("wait()", metadata={"tags": ["skip-execution"]}), new_code_cell(" \n")], ""),
        ([], ""),
    ],
)
@pytest.mark.parametrize("suffix", EXPORTERS)
def test_a_notebook_whose_cells_did_not_all_run_is_exported_with_a_warning(cells, got, suffix, caplog):
    nb = new_notebook(cells=[new_markdown_cell("# T"), *cells])
    with caplog.at_level("WARNING"):
        made, _ = EXPORTERS[suffix](log=logging.getLogger("nbconvert")).from_notebook_node(
            nb, {"metadata": {"name": "some"}}
        )
    assert made.startswith(BEGINS[suffix])
    said = [record.getMessage() + "\n" for record in caplog.records if record.name == "nbconvert"]
    assert said == ([f"some: {LACK.format(got)}"] if got else [])


@pytest.mark.kernel
def test_the_command_warns_of_cells_that_did_not_run_and_not_when_it_executes_them(tmp_path):
    cells = [new_markdown_cell("# T"), ran("x = 6"), new_code_cell("print(x * 7)")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "some.ipynb")
    done = export(tmp_path, "some.ipynb")
    assert done.returncode == 0 and f"some: {LACK.format('1 of 2')}" in done.stderr
    assert ">42" not in (tmp_path / "some.html").read_text()
    done = export(tmp_path, "some.ipynb", "--execute")
    assert done.returncode == 0 and "must have run" not in done.stderr
    assert "42" in (tmp_path / "some.html").read_text().partition("<main")[2]


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
