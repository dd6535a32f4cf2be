"""Every report on many days: it says something, answers for all of it, and knows nothing from later.

The notebooks' cells run in this process, without a kernel, and what they display is read and audited as for a page.
Leaks are judged by the evidence of the finished report against the table of sources. Charts, which take most of the
time, are drawn in the slow tests alone: what they say is in their words, and `tests/story/charts` draws them.
"""

import ast
import csv
import datetime as dt
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from handover.document import model, read
from handover.document.audit import audit
from handover.editions import compare, manifest
from handover.project import Project
from handover.story.charts import figure
from handover.story.data import Tables
from handover.story.evidence import PrintLog

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ("briefing", "drawdown", "handover")
TURNS = ["2020-01-01", "2020-01-05", "2025-12-31", "2026-01-03", "2026-01-07", "2026-01-17", "2026-01-31", "2026-10-01"]
MANY = [(dt.date(2020, 1, 2) + dt.timedelta(days=41 * n)).isoformat() for n in range(62)]
#: How an outcome would be worded, and the day on which it was first known.
OUTCOMES = {
    r"combat mission over|combat forces had left": "2021-12-20",
    r"mission .{0,60}\b(is|was|were|would|to) (to )?end|the end of the coalition’s mission": "2024-09-08",
    r"first convoy|begin to leave": "2025-08-18",
    r"promise|“next week”|following week": "2025-12-31",
    r"the article\b": "2026-01-07",
    r"last departures|flew out": "2026-01-14",
    r"taken over|takes over|take over Ain|\bDone\b|\bLate\b|later than promised|handed over to Iraq": "2026-01-17",
    r"federal Iraq vacated|every site in federal Iraq|out of federal Iraq": "2026-01-17",
    r"[Ww]ar with Iran": "2026-02-28",
    r"NATO withdrew": "2026-03-20",
    r"truce": "2026-04-08",
    r"have left Iraq|left Iraq altogether|withdrawal (from Iraq )?complete|It is over|was complete": "2026-09-30",
}


@pytest.fixture(scope="module")
def published():
    with (ROOT / "data" / "sources.csv").open(newline="", encoding="utf-8") as file:
        return {row["source_id"]: row["published"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def tables():
    return Tables.load(Project.find())


@pytest.fixture(autouse=True)
def in_notebooks(monkeypatch, tables):
    """Run cells in the folder of the notebooks, and read the tables once."""
    monkeypatch.chdir(ROOT / "notebooks")
    monkeypatch.setattr(Tables, "load", classmethod(lambda cls, project: tables))


@pytest.fixture
def undrawn(monkeypatch):
    """Leave the pictures of charts empty."""
    monkeypatch.setattr(figure, "drawn", lambda draw, size, ratio: (None, None))
    monkeypatch.setattr(figure, "svg", lambda fig: '<svg viewBox="0 0 9 9" xmlns="http://www.w3.org/2000/svg"></svg>')


def finished(name, day, evidence="record", since=None):
    """A report of a day, executed in this process."""
    nb = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    space = {}
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), space)
        if "parameters" in cell.metadata.get("tags", []):
            space |= {"as_of": day, "evidence": evidence, "since": since}
            cell.source = f'as_of = "{day}"'
        if last:
            shown = eval(compile(ast.Expression(last.value), name, "eval"), space)._repr_mimebundle_()
            data, about = shown if isinstance(shown, tuple) else (shown, {})
            cell.outputs = [nbformat.v4.new_output("display_data", data, metadata=about)]
    return read(nb, name)


def outline(made):
    """The blocks of a document's prose, and its other parts but code."""
    for part in made.parts:
        if not isinstance(part, model.CellCode):
            yield from part.blocks if isinstance(part, model.Prose) else [part]


def level(block):
    """The level of a heading; 0 for any other block."""
    return block.level if isinstance(block, model.Heading) else 0


def hollow(made):
    """The headings of a document with nothing under them."""
    return [
        own.text
        for own, after in pairwise([*outline(made), None])
        if level(own) and (not after or 0 < level(after) <= level(own))
    ]


def words(part):
    """What a part tells in words, without the addresses and tips of its links."""
    if isinstance(part, model.Figure):
        return " ".join([model.plain(part.title), model.plain(part.subtitle), part.alt])
    return model.plain(part.blocks) if isinstance(part, model.Prose) else ""


def foreknown(text, day):
    """The outcomes that a text tells before they were known."""
    return [outcome for outcome, known in OUTCOMES.items() if day < known and re.search(outcome, text)]


def check(name, day, published, evidence="record"):
    made = finished(name, day, evidence)
    audit(made, f"{name} as of {day}")
    labels = [fact["label"] for fact in made.evidence["facts"]]
    told = [made.title, made.standfirst, *labels, *map(words, made.parts)]
    assert [(text, found) for text in told if (found := foreknown(text, day))] == []
    for source in made.evidence["sources"]:
        assert published[source["id"]] <= day, source["id"]
    assert hollow(made) == []
    assert any(not isinstance(block, model.Heading) for block in outline(made)), (
        "a report must say something on every day"
    )


@pytest.mark.parametrize("evidence", ["record", "article"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_holds_at_the_turns_of_the_story(name, evidence, published, undrawn):
    for day in TURNS:
        check(name, day, published, evidence)


@pytest.mark.parametrize("evidence", ["record", "article"])
@pytest.mark.parametrize("name", ["drawdown", "handover"])
@pytest.mark.slow
def test_the_section_on_changes_names_what_comparing_the_editions_finds(name, evidence, undrawn):
    made = {day: finished(name, day, evidence, since) for since, day in zip([None, *TURNS], TURNS, strict=False)}
    told = 0
    for before, day in pairwise(TURNS):
        audit(made[day], f"{name} as of {day}, since {before}")
        (section,) = (part for part in made[day].parts if model.plain(getattr(part, "blocks", ())).startswith(CHANGED))
        items = [item for block in section.blocks if isinstance(block, model.List) for item in block.items]
        said = [model.plain(item.blocks).replace("≠", "").replace("\u00a0", " ") for item in items]
        found = compare(in_short(made[before], before), in_short(made[day], day))
        assert len(said) == len(found), (before, day)
        for item, change in zip(said, found, strict=True):
            assert item.startswith(change.sentence.removesuffix(".")), (before, day)
        told += len(found)
    assert told, "something is new from one of these days to the next"


CHANGED = "What has changed?"


def in_short(made, day):
    """What is compared of an edition's manifest."""
    facts, statements = manifest.facts(made.evidence), manifest.statements(made.evidence)
    about = {"report": made.name, "language": "en", "variant": {}, "parameters": {}, "as_of": day}
    return about | {"facts": facts, "statements": statements}


def test_a_section_with_nothing_in_it_would_be_seen():
    cells = [nbformat.v4.new_markdown_cell(text) for text in ("# Title", "## Empty", "## Full", "words", "## Last")]
    assert hollow(read(nbformat.v4.new_notebook(cells=cells), "x")) == ["Empty", "Last"]


@pytest.mark.slow
@pytest.mark.parametrize("evidence", ["record", "article"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_and_its_charts_hold_on_any_day(name, evidence, published):
    for day in MANY:
        check(name, day, published, evidence)


def test_an_outcome_told_too_early_would_be_seen():
    assert foreknown("Iraq takes over Ain al-Asad", "2026-01-16") != []
    assert foreknown("Iraq takes over Ain al-Asad", "2026-01-17") == []


@pytest.mark.parametrize("edition", [("2026-01-07", "article"), ("2026-01-07", "record"), ("2026-10-01", "record")])
def test_the_two_long_reports_tell_every_claim_of_the_article(edition, undrawn):
    with (ROOT / "data" / "article" / "claims.csv").open(newline="", encoding="utf-8") as file:
        claims = {row["claim_id"] for row in csv.DictReader(file)}
    made = [finished(name, *edition) for name in ("handover", "drawdown")]
    told = {claim["id"] for one in made for source in one.evidence["sources"] for claim in source["claims"]}
    assert (len(claims), claims - told) == (40, set())


@pytest.mark.slow
def test_every_row_behind_what_is_printed_was_compared_with_its_source(monkeypatch, undrawn):
    drawn = set()
    monkeypatch.setattr(PrintLog, "rows", lambda log, rows: drawn.update(row_id for row_id, _, _ in rows))
    with (ROOT / "data" / "checks.csv").open(newline="", encoding="utf-8") as file:
        checked = {row["row_id"] for row in csv.DictReader(file)}
    for name in REPORTS:
        for day in ("2020-06-30", "2021-06-30", "2026-01-07", "2026-10-01"):
            sources = finished(name, day).evidence["sources"]
            drawn |= {claim["id"] for source in sources for claim in source["claims"]}
    assert len(drawn) > 100 and drawn - checked == set()


@pytest.mark.parametrize("name", REPORTS)
def test_the_article_alone_cites_one_source(name, undrawn):
    made = finished(name, "2026-01-07", "article")
    audit(made, name)
    assert [source["id"] for source in made.evidence["sources"]] == ["S001"]
