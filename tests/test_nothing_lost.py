"""No text of the reports vanishes without a word: each fact they use is deleted, misspelt or made known only later.

The cells run in this process, as in `test_time_travel`. Here some facts of each report are taken, evenly; with
``HYPOTHESIS_PROFILE=thorough`` all are.
"""

import builtins
import copy
import datetime as dt
import json
import os
import re
from dataclasses import replace

import pytest

import test_time_travel as travel
from handover.errors import ChartError, FactError
from handover.project import Project
from handover.story.claims import View
from handover.story.data import Tables
from handover.story.facts import DERIVED, Facts
from handover.story.omissions import OMITTED_MIME

in_notebooks, undrawn, tables = travel.in_notebooks, travel.undrawn, travel.tables
DAY = "2026-10-01"
#: What a report sets itself; no row is behind it.
OF_THE_DAY = {"as_of", "since"}
NAME = re.compile(r"\{(\w+)[}.\[:]|(?:facts\[|period\()\"(\w+)\"|\"(\w+)\": \"")
#: How a value is written; one that is another is no text that is gone.
VALUE = re.compile(
    r"\b(about|fewer than|more than|at most|at least) |[\d,.]+|≠|\b(January|February|March|April|May|June|July|August|"
    r"September|October|November|December)\b|\b(one|two|three|four|five|six|seven|eight|nine)\b"
)
EVERY = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 14


def used(name, facts):
    """The facts that a notebook names, in order."""
    cells = json.loads((travel.ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    named = (next(filter(None, names)) for names in NAME.findall(code))
    return [key for key in dict.fromkeys(named) if key in facts and key not in OF_THE_DAY]


def told(name, monkeypatch):
    """The words of a report, whatever the values in them, and what it says it left out or replaced."""
    lines = []
    monkeypatch.setattr(builtins, "display", lambda data, raw: lines.extend(data[OMITTED_MIME]), raising=False)
    made = travel.finished(name, DAY)
    words = [made.title, made.standfirst, *map(travel.words, made.parts)]
    return [VALUE.sub("", text) for text in words], {line["text"] for line in lines}


def without(tables, key, instead=""):
    """The tables without a fact, or with its name written otherwise."""
    rows = [row | {"fact": instead} if row["fact"] == key else row for row in tables.rows["facts"]]
    rows = [row for row in rows if row["fact"]]
    where = {name: found for name, found in tables.where.items() if name != key}
    made = replace(tables, rows=tables.rows | {"facts": rows}, where=where)
    vars(made)["_since"] = tables._since | dict.fromkeys(map(id, rows), dt.date.min)
    return made


def postdated(tables, key):
    """The tables with all rows behind a fact known only a year after the report's day."""
    fact = Facts(View(tables, dt.date.fromisoformat(DAY)))[key]
    declared = next((str(row["claims"]).split() for row in tables.rows["facts"] if row["fact"] == key), [])
    behind = [tables.where[row][1] for row in {*declared, *(fact.claims if fact else ())} if row in tables.where]
    later = replace(tables)
    vars(later)["_since"] = tables._since | {id(row): dt.date(2027, 10, 1) for row in behind}
    return later


def mutated(monkeypatch, tables):
    monkeypatch.setattr(Tables, "load", classmethod(lambda cls, project: tables))


@pytest.mark.parametrize("name", travel.REPORTS)
def test_a_fact_that_is_gone_or_misspelt_fails_its_cell(name, monkeypatch, tables, undrawn):
    facts = Facts(View(tables, dt.date.fromisoformat(DAY)))
    for key in used(name, facts)[::EVERY]:
        for spelling in ("", f"{key}x"):
            with monkeypatch.context() as patch:
                mutated(patch, without(tables, key, spelling))
                patch.delitem(DERIVED, key, raising=False)
                near = f"did you mean '{spelling}'" if spelling and key in facts.declared else ""
                with pytest.raises(FactError, match=rf"'{key}' is not a (fact|row).*{near}"):
                    told(name, patch)


@pytest.mark.parametrize("name", travel.REPORTS)
def test_a_fact_that_is_known_only_later_is_told_wherever_a_text_gives_way(name, monkeypatch, tables, undrawn):
    words, lines = told(name, monkeypatch)
    facts = Facts(View(tables, dt.date.fromisoformat(DAY)))
    gave_way = 0
    for key in used(name, facts)[::EVERY]:
        with monkeypatch.context() as patch:
            mutated(patch, postdated(tables, key))
            try:
                now, said = told(name, patch)
            except ChartError as error:
                assert "its words must be complete" in str(error)
                continue
        if now != words:
            gave_way += 1
            assert any("unknown until 1 October 2027" in line for line in said - lines), key
    assert gave_way


@pytest.mark.kernel
@pytest.mark.slow
def test_a_real_kernel_tells_it_in_the_cell_and_no_page_does(tmp_path, monkeypatch):
    """JupyterLab shows what the notebook that was run contains; what is published does not contain it."""
    from handover.editions import compose, render

    ran = []
    composed = compose.compose
    monkeypatch.setattr(compose, "compose", lambda nb, *a, **k: ran.append(copy.deepcopy(nb)) or composed(nb, *a, **k))
    made = render.render(Project(travel.ROOT), "briefing", {"as_of": "2026-01-31"}, out=tmp_path)
    told = "title “{mission_over:if}The last US troops have left Iraq” gave way to “Iraq takes over Ain al-Asad from US"
    shown = [
        output for cell in ran[0].cells for output in cell.get("outputs", []) if OMITTED_MIME in output.get("data", {})
    ]
    assert shown[0].data[OMITTED_MIME][0]["text"].startswith(told)
    assert shown[0].data["text/markdown"].startswith("Not in the report:\n\n- title “{mission\\_over:if}")
    assert made.omissions[0].startswith("cell 4: " + told)
    assert made.edition.manifest()["omitted"][0]["cell"] == 4
    pages = b"".join(made.edition.file(suffix).read_bytes() for suffix in (".html", ".ipynb"))
    assert b"Not in the report" not in pages and OMITTED_MIME.encode() not in pages
