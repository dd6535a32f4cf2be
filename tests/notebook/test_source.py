"""Refused before a kernel starts: files that are not notebooks, and cells that could fail in silence."""

import importlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from handover import imports
from handover.errors import ExecutionError, NotebookError
from handover.notebook.source import check_cells, load, unchecked_lines

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("run_broken", "must be JSON (got Expecting ',' delimiter in line 4, column 1)"),
        ("run_format3", "must be a notebook in format 4 (got format 3)"),
        ("run_twins", "every cell must have an id of its own:\n  cell 1 shares 'one'\n  cell 2 shares 'one'"),
        ("run_nameless", "every cell must have an id of its own:\n  cell 1 has none"),
        ("run_misshapen", "cell 1 must keep the notebook format"),
    ],
)
def test_a_file_that_is_no_notebook(name, fault):
    with pytest.raises(NotebookError) as caught:
        load(NOTEBOOKS / f"{name}.ipynb", f"notebooks/{name}.ipynb")
    assert str(caught.value).startswith(f"notebooks/{name}.ipynb: {fault}")
    assert len(str(caught.value).splitlines()) > 1, "the last line must say what to do"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\xff\xfe", "must be UTF-8"),
        (b"[]", "must be a notebook"),
        (b'{"nbformat": 4, "cells": 5}', "must be a notebook"),
        (b'{"nbformat": "4"}', "must be a notebook in format 4 (got format 4)"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [5]}', "must keep the notebook format"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "cells": []}', "must keep the notebook format"),
        (b"[" * 100_000, "must be a notebook (got JSON nested without end)"),
        (b"", "must be JSON"),
    ],
)
def test_bytes_that_are_no_notebook(tmp_path, content, fault):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError) as caught:
        load(path)
    assert fault in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(NotebookError, match=r"none\.ipynb: must be a file that can be read \(No such file"):
        load(tmp_path / "none.ipynb")


def test_a_notebook_older_than_ids_gets_the_numbers_of_its_cells():
    first, second = (load(NOTEBOOKS / "run_old.ipynb") for _ in range(2))
    assert [cell.id for cell in first.cells] == ["cell-1"]
    assert first == second


def test_a_notebook_is_read_as_nbformat_reads_it():
    path = NOTEBOOKS / "run_report.ipynb"
    assert load(path) == nbformat.read(path, as_version=4)


def test_reading_a_notebook_imports_nbformat_and_no_grammar_of_addresses():
    code = (
        "import sys\nfrom pathlib import Path\nfrom handover.notebook import source\n"
        "source.load(Path(sys.argv[1]))\nprint({'nbformat', 'rfc3987_syntax', 'lark'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, NOTEBOOKS / "run_report.ipynb"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "{'nbformat'}\n"


def test_a_library_that_is_not_there_is_missed_as_usual_and_its_parts_can_be_imported(monkeypatch):
    monkeypatch.setitem(imports.INSTEAD, "no_library", {"no_part": None, "colorsys": ModuleType("colorsys")})
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_library'"):
        imports.lean("no_library")
    assert not {"no_part", "colorsys"} & sys.modules.keys()
    assert importlib.import_module("colorsys").rgb_to_hsv


@pytest.mark.parametrize(
    ("library", "left_out", "later"),
    [
        (
            "papermill",
            "boto3 botocore entrypoints requests tenacity urllib3 yaml",
            "requests.get yaml.load tenacity.retry entrypoints.get_group_all",
        ),
        ("jupyter_client", "dateutil.parser dateutil.tz", "dateutil.parser.isoparse dateutil.tz.tzlocal"),
        ("jsonschema", "isoduration rfc3986_validator rfc3987_syntax", "isoduration.parse_duration"),
    ],
)
def test_a_library_is_imported_without_what_a_render_does_not_use_and_that_can_be_imported_later(
    library, left_out, later
):
    code = """
        import sys
        from importlib import import_module
        from handover import imports

        library, left_out, later = sys.argv[1:]
        imports.lean(library)
        if library == "papermill":
            from handover.notebook import engine
        print({library, *left_out.split()} & set(sys.modules))
        for module, _, part in (name.rpartition(".") for name in later.split()):
            assert callable(getattr(import_module(module), part))
    """
    command = [sys.executable, "-c", textwrap.dedent(code), library, left_out, later]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"{{'{library}'}}\n"


def test_a_date_without_a_zone_is_one_of_this_machine_as_jupyter_has_it():
    code = """
        import sys, warnings
        from importlib import import_module
        from handover import imports

        imports.lean("jupyter_client") if sys.argv[1] == "lean" else import_module("jupyter_client")
        from jupyter_client import jsonutil

        warnings.simplefilter("ignore")
        print(*(jsonutil.parse_date(f"2026-01-31T12:00:00.5{zone}").isoformat() for zone in ("", "Z")))
    """
    said = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), way],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"TZ": "Asia/Tokyo"},
        ).stdout
        for way in ("stock", "lean")
    ]
    assert said == ["2026-01-31T12:00:00.500000+09:00 2026-01-31T12:00:00.500000+00:00\n"] * 2


def test_a_parser_is_imported_without_the_library_around_it_which_is_whole_for_others():
    code = """
        import sys
        from handover import imports

        parser = "nbconvert.filters.markdown_mistune"
        alone = imports.alone(parser)
        assert not {"nbconvert", "bs4", "bleach", parser} & set(sys.modules)
        from nbconvert.filters import markdown2html, markdown_mistune

        assert imports.alone(parser) is markdown_mistune is not alone
        for name in ("MathBlockParser", "MathInlineParser"):
            own, whole = getattr(alone, name), getattr(markdown_mistune, name)
            assert (own.SPECIFICATION, own.DEFAULT_RULES) == (whole.SPECIFICATION, whole.DEFAULT_RULES)
        print(markdown2html("# *x*"))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert "<em>x</em>" in done.stdout and "anchor-link" in done.stdout


# cells


@pytest.mark.parametrize("tag", ["raises-exception", "skip-execution"])
def test_a_cell_that_may_fail_is_refused(tag):
    nb = new_notebook(cells=[new_markdown_cell("!x"), new_code_cell("1", metadata={"tags": [tag]})])
    with pytest.raises(ExecutionError, match=rf"cell 2: must not carry the tag '{tag}'"):
        check_cells(nb, "notebooks/x.ipynb")


def test_all_cells_that_could_fail_in_silence_are_listed_at_once():
    nb = new_notebook(cells=[new_code_cell("!ls\n%sx ls"), new_code_cell("1", metadata={"tags": ["skip-execution"]})])
    with pytest.raises(ExecutionError) as caught:
        check_cells(nb, "notebooks/x.ipynb")
    assert str(caught.value).splitlines()[1:4] == [
        "  cell 1: `!ls` goes on when the command fails",
        "  cell 1: `%sx ls` goes on when the command fails",
        "  cell 2: must not carry the tag 'skip-execution'",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "!false",
        "  !false",
        "if True:\n    !false",
        "files = !ls",
        "!!ls",
        "%sx ls",
        "x = %sx ls",
        "%system ls",
        "%pip install x",
        "%conda install x",
        "%%sx\nls",
        "%%!\nls",
        "%%system\nls",
        "%%bash --no-raise-error\nfalse",
        "%%script --no-raise-error sh\nfalse",
        "%%time\n!false",
        "%%capture\n!false",
    ],
)
def test_a_command_whose_failure_shows_nowhere(source):
    assert list(unchecked_lines(source))


def test_other_languages_have_other_signs():
    nb = new_notebook(cells=[new_code_cell("!is.na(x)")], metadata={"language_info": {"name": "R"}})
    check_cells(nb, "notebooks/x.ipynb")


@pytest.mark.parametrize(
    "source",
    [
        "",
        "a != b",
        "print('!')",
        "text = '''\n!ls\n%sx\n'''",
        "%matplotlib inline\nx = 1",
        "%%bash\nls ! -e x\n!x",
        "%%html\n! important",
        "import subprocess\nsubprocess.run(['true'], check=True)",
        "x = (1\n% 2)",
        "def (",
    ],
)
def test_a_cell_that_may_run(source):
    assert not list(unchecked_lines(source))


@pytest.mark.parametrize("cell", ["breakpoint()", "x = 1\nif x:\n    breakpoint()", "%time x = 1\nbreakpoint()"])
def test_a_breakpoint_is_refused(cell):
    with pytest.raises(ExecutionError, match=r"cell 1: `breakpoint\(\)` waits for a user who is not there"):
        check_cells(new_notebook(cells=[new_code_cell(cell)]), "notebooks/x.ipynb")


@pytest.mark.parametrize("cell", ["'breakpoint()'", "# breakpoint()", "breakpoint = 1", "x.breakpoint"])
def test_a_breakpoint_that_is_none_may_stay(cell):
    check_cells(new_notebook(cells=[new_code_cell(cell)]), "notebooks/x.ipynb")
