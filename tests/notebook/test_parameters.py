"""Parameters: what a notebook may declare, what a caller may give, and how papermill writes it."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.errors import NotebookError, ParameterError
from handover.notebook.parameters import bind, declared

WHERE = "notebooks/drawdown.ipynb"

CONTRACT = """\
from typing import Annotated, Literal, Optional
import typing as t

as_of: Annotated["date", "2020-01-01.."] = "2026-10-01"  # the day the report speaks from
language: Literal["en", "ar"] = "en"  # language of the text
since: "date | None" = None  # compare with # this day
top: t.Annotated[int, "1..10"] = 3  # how many
share: Annotated[float | None, "0..1"] = 0.5  # a part
draft: bool = False  # whether to mark it
note: str = "a # b = c"  # printed below
bases: list[str] = ["ain_al_asad"]  # bases shown
days: Optional[list["date"]] = (
    None
)  # days to mark
level: Literal[1, 2] = 1  # depth
"""


def notebook(source, *more):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": ["# Title"]}]
    for text in (source, *more):
        tags = {"tags": ["parameters"]}
        cells.append({"cell_type": "code", "metadata": tags, "source": text.splitlines(keepends=True)})
    return {"cells": cells}


def contract():
    return declared(notebook(CONTRACT), WHERE)


# what a notebook may not declare


def test_no_parameters_cell_is_refused():
    with pytest.raises(NotebookError, match=r"drawdown\.ipynb: one code cell must be tagged 'parameters' \(got none\)"):
        declared({"cells": []}, WHERE)


def test_two_parameters_cells_are_refused():
    with pytest.raises(NotebookError, match=r"must be tagged 'parameters' \(got cells 2, 3\)"):
        declared(notebook("x: int = 1  # one", "y: int = 1  # two"), WHERE)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("x = 1  # c", "'x' must have a type, a default and a comment (no type)"),
        ("x: int  # c", "'x' must have a type, a default and a comment (no default)"),
        ("x: int = 1", "'x' must have a type, a default and a comment (no comment)"),
        ("x: int = 1  #", "'x' must have a type, a default and a comment (no comment)"),
        ("x = 1", "(no type, no comment)"),
        ("print(1)", "only imports and declarations may stand here (got 'print(1)')"),
        ("x.y: int = 1  # c", "only imports and declarations may stand here"),
        ("x: int = len('a')  # c", "'x' must have a literal as its default (got \"len('a')\")"),
        ("x: int = '1'  # c", "'x' must be a whole number (got '1')"),
        ("x: int = True  # c", "'x' must be a whole number (got True)"),
        ("x: str = None  # c", "'x' must be text (got None)"),
        ("x: dict = {}  # c", "'x' has a type that is not known (got 'dict'; known: str, int, float, bool"),
        ("x: int | str = 1  # c", "'x' has a type that is not known (got 'int | str'"),
        ("x: 'a b' = 1  # c", "'x' has a type that is not known"),
        ("x: list[list[int]] = []  # c", "'x' has a type that is not known"),
        ("x: Literal['a', 1] = 1  # c", "'x' must have choices of one type"),
        ("x: Literal[y] = 1  # c", "'x' must list literals as its choices"),
        ("x: Literal['a'] = 'b'  # c", "'x' must be a (got 'b')"),
        ("x: Annotated[int, '5'] = 1  # c", "'x' must give its range as \"low..high\""),
        ("x: Annotated[str, 'a..b'] = 'a'  # c", "'x' must be a number or a date to have a range"),
        ("x: Annotated[int, '9..1'] = 5  # c", "'x' must have a range that runs upwards (got '9..1')"),
        ("x: Annotated[int, '1..a'] = 5  # c", "'x' must be a whole number (got 'a')"),
        ("x: Annotated[int, '2..'] = 1  # c", "'x' must be at least 2 (got 1)"),
        ("x: date = '2026-02-30'  # c", "'x' must be a day that exists (got '2026-02-30')"),
        ("x: date = '20260101'  # c", "'x' must be a date, YYYY-MM-DD (got '20260101')"),
        (
            "api_key: str = 'abc'  # c",
            "'api_key' must not be named like a secret, since parameters are printed and kept",
        ),
        ("dbPassword = 'abc'", "'dbPassword' must not be named like a secret"),
        ("x: float = 1e999  # c", "'x' must be a number (got inf)"),
    ],
)
def test_a_line_that_breaks_the_contract(line, fault):
    with pytest.raises(NotebookError) as caught:
        declared(notebook("import os\n" + line), WHERE)
    assert f"{WHERE}: the parameters cell (cell 2) breaks the contract:\n  line 2: " in str(caught.value)
    assert fault in str(caught.value)


def test_all_faults_of_a_cell_are_listed_at_once():
    with pytest.raises(NotebookError) as caught:
        declared(notebook("x = 1\ny: int = 2  # two\ny: int = 3  # again\nz: dict = {}  # c"), WHERE)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines[1:4]] == ["  line 1", "  line 3", "  line 4"]
    assert "'y' is declared twice" in lines[2]
    assert "Declare each as in" in lines[-1]


def test_two_parameters_that_differ_in_case_alone_are_refused():
    with pytest.raises(NotebookError, match=r"line 2: 'As_Of' must differ from 'as_of' in more than case"):
        declared(notebook("as_of: str = 'a'  # day\nAs_Of: str = 'a'  # day"), WHERE)


@pytest.mark.parametrize("source", ["x: int = = 1", "%matplotlib inline\nx: int = 1  # c", "x: int = '"])
def test_a_cell_that_is_not_python(source):
    with pytest.raises(NotebookError, match=r"cell 2\) must be plain Python \(got .+ in line 1\)"):
        declared(notebook(source), WHERE)


# what a caller may not give


def refusal(**given):
    with pytest.raises(ParameterError) as caught:
        bind(contract(), given, WHERE)
    return str(caught.value)


def test_an_unknown_name_is_refused_with_the_near_one():
    assert refusal(as_off="2026-01-07").splitlines()[0] == (
        "notebooks/drawdown.ipynb: parameter 'as_off' is unknown (known: as_of, language, since, top, share, "
        "draft, note, bases, days, level; did you mean 'as_of'?)."
    )


@pytest.mark.parametrize(
    ("name", "raw", "fault"),
    [
        ("as_of", "2026-02-30", "'as_of' must be a day that exists (got '2026-02-30')"),
        ("as_of", "31.1.2026", "'as_of' must be a date, YYYY-MM-DD (got '31.1.2026')"),
        ("as_of", "2026-W05-6", "'as_of' must be a date"),
        ("as_of", "2019-12-31", "'as_of' must be at least 2020-01-01 (got '2019-12-31')"),
        ("as_of", "none", "'as_of' must be a date"),
        ("as_of", 20260101, "'as_of' must be a date, YYYY-MM-DD (got 20260101)"),
        ("as_of", dt.datetime(2026, 1, 1), "'as_of' must be a date"),
        ("language", "arr", "'language' must be one of en, ar (got 'arr'; did you mean 'ar'?)"),
        ("since", "soon", "'since' must be a date, YYYY-MM-DD or none (got 'soon')"),
        ("top", "11", "'top' must be at most 10 (got '11')"),
        ("top", "3.0", "'top' must be a whole number (got '3.0')"),
        ("top", "１", "'top' must be a whole number"),
        ("top", "9" * 5000, "'top' must be a whole number"),
        ("top", 3.0, "'top' must be a whole number (got 3.0)"),
        ("top", True, "'top' must be a whole number (got True)"),
        ("share", "nan", "'share' must be a number or none (got 'nan')"),
        ("share", "1e999", "'share' must be a number"),
        ("share", "2", "'share' must be at most 1.0 or none (got '2')"),
        ("draft", "maybe", "'draft' must be true or false (got 'maybe')"),
        ("draft", 1, "'draft' must be true or false (got 1)"),
        ("note", 5, "'note' must be text (got 5)"),
        ("note", "\ud800", "'note' must be text"),
        ("bases", ("a", "b"), "'bases' must be a list, each text (got ('a', 'b'))"),
        ("bases", [1], "'bases' must be text (got 1)"),
        ("bases", "[1", "'bases' must be a JSON list or words between commas (got '[1')"),
        ("days", "2026-01-01, 2026-13-01", "'days' must be a day that exists or none"),
        ("level", "3", "'level' must be one of 1, 2 (got '3'"),
    ],
)
def test_a_value_that_breaks_its_declaration(name, raw, fault):
    assert fault.split(" or none")[0] in refusal(**{name: raw})


@pytest.mark.parametrize("name", ["api_key", "PASSWORD", "githubToken"])
def test_a_secret_is_refused_with_the_place_where_it_belongs_and_is_not_shown(name):
    assert refusal(**{name: "hunter2-hunter2"}) == (
        f"notebooks/drawdown.ipynb: parameter '{name}' must not be named like a secret, since parameters are printed "
        "and kept with every edition: fetch the data before the render, with the secret in the environment or the "
        "keyring of what fetches it, and put only the data into data/.\n"
        "The cell tagged 'parameters' declares what each may be; nothing was run."
    )


def test_all_faults_of_a_request_are_listed_at_once():
    text = refusal(as_off="x", top="0", language="fr")
    assert text.startswith("notebooks/drawdown.ipynb: 3 parameters cannot be taken:\n  'as_off' is unknown")
    assert "\n  'top' must be at least 1 (got '0')\n  'language' must be one of" in text


@pytest.mark.parametrize("name", ["x; import os", "x=1\nimport os", "", "as_of "])
def test_a_name_is_never_code(name):
    assert "is unknown" in refusal(**{name: "1"})


# what works


def test_the_contract_as_declared():
    found = {parameter.name: parameter for parameter in contract()}
    assert list(found) == ["as_of", "language", "since", "top", "share", "draft", "note", "bases", "days", "level"]
    assert (found["as_of"].type, found["as_of"].low, found["as_of"].high) == ("date", "2020-01-01", None)
    assert found["as_of"].comment == "the day the report speaks from"
    assert found["as_of"].line == 4
    assert found["language"].choices == ("en", "ar")
    assert found["since"].optional and found["since"].comment == "compare with # this day"
    assert (found["top"].low, found["top"].high, found["top"].default) == (1, 10, 3)
    assert found["note"].default == "a # b = c"
    assert found["bases"].many and found["bases"].default == ["ain_al_asad"]
    assert found["days"].many and found["days"].optional and found["days"].comment == "days to mark"


def test_defaults_are_filled_in_the_order_of_declaration():
    bound = bind(contract(), {"top": "5"})
    assert list(bound) == [parameter.name for parameter in contract()]
    assert bound["top"] == 5
    assert bound["as_of"] == "2026-10-01"


def test_a_default_is_not_shared_between_requests():
    parameters = contract()
    bind(parameters, {})["bases"].append("erbil")
    assert bind(parameters, {})["bases"] == ["ain_al_asad"]


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("as_of", " 2026-01-31 ", "2026-01-31"),
        ("as_of", dt.date(2026, 1, 31), "2026-01-31"),
        ("since", "none", None),
        ("since", None, None),
        ("share", "1e-1", 0.1),
        ("share", 1, 1.0),
        ("share", ".5", 0.5),
        ("draft", "Yes", True),
        ("draft", "0", False),
        ("note", "none", "none"),
        ("note", "", ""),
        ("note", "'; import os #", "'; import os #"),
        ("bases", "a, b ,", ["a", "b"]),
        ("bases", '["a, b"]', ["a, b"]),
        ("bases", "", []),
        ("days", "2026-01-01", ["2026-01-01"]),
        ("level", "2", 2),
    ],
)
def test_a_value_as_it_comes_out(name, raw, value):
    bound = bind(contract(), {name: raw})[name]
    assert (bound, type(bound)) == (value, type(value))


@given(
    st.dictionaries(st.sampled_from([p.name for p in contract()]) | st.text(), st.text() | st.integers() | st.none())
)
def test_whatever_is_given_comes_out_plain_or_is_refused(raw):
    try:
        bound = bind(contract(), raw)
    except ParameterError:
        return
    assert json.loads(json.dumps(bound)) == bound


@given(st.text(alphabet="xyint:=# \n'\"[]|.,0a", max_size=60))
def test_any_cell_is_read_or_refused(source):
    try:
        declared(notebook(source), WHERE)
    except NotebookError:
        return


def test_importing_the_contract_imports_nothing_heavy():
    heavy = "{'nbformat', 'papermill', 'jupyter_client', 'pandas', 'pathlib', 'json.tool'} & set(sys.modules)"
    code = f"import sys; sys.path[:0] = {sys.path!r}; import handover.notebook.parameters; print({heavy})"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


# the real notebooks, and papermill


ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_our_notebooks_keep_the_contract(path):
    found = {parameter.name for parameter in declared(json.loads(path.read_text("utf-8")), path)}
    assert {"as_of", "language", "evidence"} <= found


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")  # of papermill's own making, at its import
def test_papermill_inspects_our_parameter_cells(path):
    import papermill

    inspected = papermill.inspect_notebook(str(path))
    assert set(inspected) <= {parameter.name for parameter in declared(json.loads(path.read_text("utf-8")), path)}


@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore")  # stock papermill starts its kernel over TCP, and ipykernel warns of that
def test_papermill_runs_a_cell_that_declares_everything():
    import nbformat
    import papermill
    from nbformat.v4 import new_code_cell, new_notebook

    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    head = new_code_cell(CONTRACT, metadata={"tags": ["parameters"]})
    show = new_code_cell("print(as_of, language, since, top, share, draft, note, bases, days, level)")
    nb = new_notebook(cells=[head, show], metadata={"kernelspec": kernel})
    done = papermill.execute_notebook(
        nbformat.from_dict(nb), None, parameters={"as_of": "2026-01-31"}, progress_bar=False
    )
    assert done.cells[-1].outputs[0].text == "2026-01-31 en None 3 0.5 False a # b = c ['ain_al_asad'] None 1\n"
