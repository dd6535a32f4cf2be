"""Every report on many days: it says something, answers for all of it, and knows nothing from later.

The notebooks' cells run in this process, without a kernel, and what they display is read and audited as the
press does it. Leaks are judged by the evidence of the finished report against the table of sources.
"""

import ast
import csv
import datetime as dt
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from handover.press import document, manifest, markdown
from handover.press.audit import audit
from handover.press.compare import compare
from handover.press.document import Code, Prose

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ("briefing", "drawdown", "handover")
TURNS = ["2020-01-01", "2020-01-05", "2025-12-31", "2026-01-03", "2026-01-07", "2026-01-17", "2026-01-31", "2026-10-01"]
MANY = [(dt.date(2020, 1, 2) + dt.timedelta(days=41 * n)).isoformat() for n in range(62)]
SLOW = pytest.param("many", marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def published():
    with (ROOT / "data" / "sources.csv").open(newline="", encoding="utf-8") as file:
        return {row["source_id"]: row["published"] for row in csv.DictReader(file)}


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
    return document.read(nb, name)


def level(block):
    """How many signs of a heading a block consists of; nought for any other block."""
    source = block.source.strip() if isinstance(block, Prose) else ""
    return len(source) - len(source.lstrip("#")) if "\n" not in source else 0


def hollow(made):
    """The headings of a document with nothing under them."""
    blocks = [block for block in made.blocks if not isinstance(block, Code)]
    return [
        own.source
        for own, after in pairwise([*blocks, None])
        if level(own) and (not after or 0 < level(after) <= level(own))
    ]


def check(name, day, published, evidence="record"):
    made = finished(name, day, evidence)
    audit(made, f"{name} as of {day}")
    for source in made.evidence["sources"]:
        assert published[source["id"]] <= day, source["id"]
    assert hollow(made) == []
    told = " ".join(block.source for block in made.blocks if isinstance(block, Prose))
    assert evidence == "article" or day >= "2026-01-07" or "article" not in told.lower()
    said = [block for block in made.blocks if isinstance(block, Prose) and not block.source.startswith("#")]
    assert said, "a report must say something on every day"


@pytest.mark.parametrize("evidence", ["record", "article"])
@pytest.mark.parametrize("day", TURNS)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_holds_at_the_turns_of_the_story(name, day, evidence, published, monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    check(name, day, published, evidence)


@pytest.mark.parametrize("evidence", ["record", "article"])
@pytest.mark.parametrize("name", ["drawdown", "handover"])
def test_the_section_on_changes_names_what_comparing_the_editions_finds(name, evidence, monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    made = {day: finished(name, day, evidence, since) for since, day in zip([None, *TURNS], TURNS, strict=False)}
    told = 0
    for before, day in pairwise(TURNS):
        audit(made[day], f"{name} as of {day}, since {before}")
        (section,) = (block.source for block in made[day].blocks if getattr(block, "source", "").startswith(CHANGED))
        items = [token["children"] for token in markdown.parse(section) if token["type"] == "list"]
        said = [markdown.plain(item["children"]).replace("≠", "") for item in (items[0] if items else [])]
        found = compare(in_short(made[before], before), in_short(made[day], day))
        assert len(said) == len(found), (before, day)
        for item, change in zip(said, found, strict=True):
            assert item.startswith(change.sentence.removesuffix(".")), (before, day)
        told += len(found)
    assert told, "something is new from one of these days to the next"


CHANGED = "## What has changed?"


def in_short(made, day):
    """What is compared of an edition's manifest."""
    facts, statements = manifest.facts(made.evidence), manifest.statements(made.evidence)
    about = {"report": made.name, "language": "en", "variant": {}, "parameters": {}, "as_of": day}
    return about | {"facts": facts, "statements": statements}


def test_a_section_with_nothing_in_it_would_be_seen():
    cells = [nbformat.v4.new_markdown_cell(text) for text in ("# Title", "## Empty", "## Full", "words", "## Last")]
    assert hollow(document.read(nbformat.v4.new_notebook(cells=cells), "x")) == ["## Empty", "## Last"]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("days", [SLOW])
def test_a_report_holds_on_any_day(name, days, published, monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    for day in MANY:
        check(name, day, published)


@pytest.mark.parametrize("name", REPORTS)
def test_the_article_alone_cites_one_source(name, monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    made = finished(name, "2026-01-07", "article")
    audit(made, name)
    assert [source["id"] for source in made.evidence["sources"]] == ["S001"]
