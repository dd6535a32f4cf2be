"""Traces of the run or the machine are refused, with the cell that left them; what only looks like one is not."""

from pathlib import Path

import pytest

from handover.document.lint import lint
from handover.errors import ConversionError
from handover.project import Project

PROJECT = Project(Path("/srv/desk"))


def notebook(text="", source="", mime="text/plain"):
    output = {"output_type": "display_data", "data": {mime: text}, "metadata": {}}
    return {"cells": [{"source": "# Title"}, {"source": source, "outputs": [output]}]}


@pytest.fixture(autouse=True)
def home(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ann"))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<Figure object at 0x7f00c0ffee00>", "the address of an object"),
        ("/tmp/ipykernel_4711/12345.py:3: UserWarning", "a kernel's temporary file"),
        ("Cell In <ipython-input-3-aa>", "a kernel's temporary file"),
        ("saved to /tmp/x.csv", "a temporary path"),
        ("read /srv/desk/data/x.csv", "the project's path"),
        ("read '/srv/desk'", "the project's path"),
        ("see /home/ann/notes", "the home folder"),
    ],
)
def test_a_trace_is_refused_with_its_cell(text, what):
    with pytest.raises(ConversionError) as error:
        lint(notebook(text), (), PROJECT, "notebooks/x.ipynb")
    assert str(error.value).startswith("notebooks/x.ipynb: must hold no trace of the run or the machine")
    assert f"cell 2: {what}, in “" in str(error.value)


@pytest.mark.parametrize("mime", ["text/html", "text/markdown", "image/svg+xml", "application/json"])
def test_every_form_of_an_output_is_read(mime):
    with pytest.raises(ConversionError, match="address of an object"):
        lint(notebook("<p>x at 0x7f00c0ffee00</p>", mime=mime), (), PROJECT, "x")


def test_streams_and_tracebacks_are_read():
    nb = notebook()
    nb["cells"][1]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "at 0x7f00c0ffee00: a at 0x7f00c0ffee00"},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["in /tmp/x"]},
    ]
    with pytest.raises(ConversionError, match=r"\(2 found\)"):
        lint(nb, (), PROJECT, "x")


@pytest.mark.parametrize(
    "text",
    [
        "It happened at 0x12",
        "https://example.org/tmp/x",
        "https://example.org/srv/desk",
        "a/srv/desk",
        "/srv/desktop",
        "the base at 0 hours",
    ],
)
def test_what_only_looks_like_a_trace_passes(text):
    lint(notebook(text), (text,), PROJECT, "x")


def test_code_may_name_a_temporary_folder_but_not_this_machine():
    lint(notebook(source="open('/tmp/x')"), (), PROJECT, "x")
    with pytest.raises(ConversionError, match="cell 2, its source: the project's path"):
        lint(notebook(source="open('/srv/desk/x')"), (), PROJECT, "x")


def test_pages_are_read_too():
    with pytest.raises(ConversionError, match="page: the home folder"):
        lint(notebook(), ("<p>/home/ann</p>",), PROJECT, "x")


def test_a_root_that_is_part_of_every_path_says_nothing():
    lint(notebook("/usr/share/x"), (), Project(Path("/")), "x")


def test_pictures_are_not_searched():
    lint(notebook("/tmp/aaaa at 0x7f00c0ffee00", mime="image/png"), (), PROJECT, "x")
