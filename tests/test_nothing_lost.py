"""Nothing of the reports vanishes without a word: their facts and rows go, are misspelt, known later, weak or bare.

The cells run in this process, as in `test_time_travel`. Some facts and rows of each report are taken, evenly, each on
another day or with the other evidence; with ``HYPOTHESIS_PROFILE=thorough`` all are.
"""

import builtins
import copy
import datetime as dt
import json
import os
import re
from collections import Counter
from dataclasses import replace
from itertools import cycle

import pytest

import test_time_travel as travel
from handover.document import model
from handover.editions import compose, render
from handover.errors import ChartError, FactError
from handover.project import Project
from handover.story.claims import View
from handover.story.data import Tables
from handover.story.evidence import PrintLog
from handover.story.facts import DERIVED, RESTS_ON, Facts
from handover.story.omissions import OMITTED_MIME
from handover.tables import row_id

in_notebooks, undrawn, tables = travel.in_notebooks, travel.undrawn, travel.tables
DAY = "2026-10-01"
#: Days on which other headlines and alternatives are printed, and the evidence.
EDITIONS = [
    (DAY, "record"),
    ("2020-01-10", "record"),
    ("2021-08-01", "record"),
    ("2024-11-01", "record"),
    ("2025-11-03", "record"),
    ("2026-01-07", "article"),
    ("2026-01-07", "record"),
    ("2026-01-31", "record"),
    ("2026-06-15", "record"),
    (DAY, "article"),
    ("2026-09-30", "record"),
]
#: What a report sets itself; no row is behind it.
OF_THE_DAY = {"as_of", "since"}
NAME = re.compile(r"\{(\w+)[}.\[:]|(?:facts\[|period\()\"(\w+)\"|\"(\w+)\": \"")
#: How a value is written; one that is another is no text that is gone.
VALUE = re.compile(
    r"\b(about|fewer than|more than|at most|at least|from|to|on|in|the night of) |[\d,.]+|[≠\xa0]|\b(January|February|"
    r"March|April|May|June|July|August|September|October|November|December)\b|"
    r"\b(zero|one|two|three|four|five|six|seven|eight|nine)\b|\s+",
    re.IGNORECASE,
)
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
TRIES = 5
LATER = dt.date(2027, 10, 1)


def used(name, facts):
    """The facts that a notebook names, in order."""
    cells = json.loads((travel.ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    named = (next(filter(None, names)) for names in NAME.findall(code))
    return [key for key in dict.fromkeys(named) if key in facts and key not in OF_THE_DAY]


def some(things):
    """A few of many, evenly, or all."""
    return things if THOROUGH else things[:: max(len(things) // TRIES, 1)][:TRIES]


class Shown:
    """What a report shows, and what it says that it left out or replaced."""

    def __init__(self, name, edition, monkeypatch, tables):
        self.lines, self.rows = set(), set()
        with monkeypatch.context() as patch:
            tell = lambda data, raw: self.lines.update(line["text"] for line in data[OMITTED_MIME])  # noqa: E731
            patch.setattr(builtins, "display", tell, raising=False)
            patch.setattr(PrintLog, "rows", lambda log, rows, of=PrintLog.rows: of(log, self.draws(rows)))
            patch.setattr(Tables, "load", classmethod(lambda cls, project: tables))
            made = travel.finished(name, *edition)
        self.texts = Counter([made.title, made.standfirst])
        self.marks = Counter()
        for part in made.parts:
            if not isinstance(part, model.CellCode):
                self.texts.update(VALUE.sub("", text) for text in pieces(part))
                self.marks[part.cell] += model.plain(getattr(part, "blocks", ())).count("≠")
        self.conflicts = {conflict["id"] for conflict in (made.evidence or {}).get("conflicts", ())}

    def draws(self, rows):
        rows = list(rows)
        self.rows.update(row_id for row_id, _, _ in rows)
        return rows

    def gone(self, now):
        """What this report shows and another does not: texts, rows of tables, rows drawn, conflicts and their marks."""
        return [
            *(self.texts - now.texts),
            *self.rows - now.rows,
            *self.conflicts - now.conflicts,
            *self.marks - now.marks,
        ]


def pieces(part):
    """The texts of a part, one for each item of a list and each row of a table."""
    if isinstance(part, model.Figure):
        yield from (model.plain(part.title), model.plain(part.subtitle), part.alt)
    for block in getattr(part, "values", ()) or getattr(part, "blocks", ()):
        if isinstance(block, model.List):
            yield from (model.plain(item.blocks) for item in block.items)
        elif isinstance(block, model.Table):
            yield from (" ".join(cell.text for cell in row) for row in block.body)
        else:
            yield model.plain([block])


# facts


def without(tables, key, instead=""):
    """The tables without a fact, or with its name written otherwise."""
    rows = [row | {"fact": instead} if row["fact"] == key else row for row in tables.rows["facts"]]
    rows = [row for row in rows if row["fact"]]
    where = {name: found for name, found in tables.where.items() if name != key}
    made = replace(tables, rows=tables.rows | {"facts": rows}, where=where)
    vars(made)["_since"] = tables._since | dict.fromkeys(map(id, rows), dt.date.min)
    return made


@pytest.mark.parametrize("name", travel.REPORTS)
def test_a_fact_that_is_gone_or_misspelt_fails_its_cell(name, monkeypatch, tables, undrawn):
    facts = Facts(View(tables, dt.date.fromisoformat(DAY)))
    editions = cycle(edition for edition in EDITIONS if edition[1] == "record")
    for key, edition in zip(some(used(name, facts)), editions, strict=False):
        for spelling in ("", f"{key}x"):
            with monkeypatch.context() as patch:
                patch.delitem(DERIVED, key, raising=False)
                near = f"did you mean '{spelling}'" if spelling and key in facts.declared else ""
                # where a text comes first that names what Python computes from it, that is told
                gone = rf"must rest on facts that there are \(missing: .*{key}"
                on_it = "|".join(f"'{name}' {gone}" for name, needs in RESTS_ON.items() if key in needs) or "^$"
                with pytest.raises(FactError, match=rf"'{key}' is not a (fact.*{near}|row)|{on_it}"):
                    Shown(name, edition, patch, without(tables, key, spelling))


# rows


def later(tables, rows):
    """The tables with some rows known only a year after the last day."""
    made = replace(tables)
    vars(made)["_since"] = tables._since | {id(tables.where[row][1]): LATER for row in rows}
    return made


def weak(tables, rows):
    """The tables with some rows that are each of a source of its own, of the lowest grade."""
    changed = {name: {"source_id": f"S{900 + n}"} for n, name in enumerate(rows)}
    own = [tables.source_of(tables.where[name][1]) | cells | {"grade": "D"} for name, cells in changed.items()]
    return rewritten(tables, changed, own)


def bare(tables, rows):
    """The tables with some rows that give no number."""
    return rewritten(tables, {name: dict.fromkeys(("value", "low", "high", "bound")) for name in rows})


#: What may be done to a row, and to which.
MUTATIONS = {
    later: lambda row: True,
    weak: lambda row: row.get("source_id") is not None,
    bare: lambda row: row.get("bound") is not None,
}


def rewritten(tables, changed, sources=()):
    """The tables with other cells in some rows, and more sources."""
    new = {name: tables.where[name][1] | cells for name, cells in changed.items()}
    rows = {table: [new.get(row_id(row), row) for row in rows] for table, rows in tables.rows.items()}
    rows["sources"] = [*rows["sources"], *sources]
    where = tables.where | {name: (tables.where[name][0], row) for name, row in new.items()}
    return replace(tables, rows=type(tables.rows)(rows), where=where)


@pytest.fixture(scope="module")
def whole(tables):
    """Return the reports of some editions as they are, each made once."""
    made = {}

    def whole(name, monkeypatch):
        for edition in EDITIONS if THOROUGH else EDITIONS[:TRIES]:
            if (name, edition) not in made:
                made[name, edition] = Shown(name, edition, monkeypatch, tables)
        return {edition: shown for (report, edition), shown in made.items() if report == name}

    return whole


def cases(tables, name, editions, fit):
    """Return editions, each with rows that fit: those behind a fact, or one that a chart or a table shows."""
    facts = {edition: Facts(View(tables, dt.date.fromisoformat(edition[0]), edition[1])) for edition in editions}
    declared = {row["fact"]: str(row["claims"]).split() for row in tables.rows["facts"]}
    found = []
    for key, edition in zip(used(name, facts[EDITIONS[0]]), cycle(editions), strict=False):
        fact = facts[edition][key]
        behind = dict.fromkeys([*declared.get(key, ()), *(fact.claims if fact else ())])
        found.append((edition, [row for row in behind if row in tables.where and fit(tables.where[row][1])]))
    drawn = sorted({(row, edition) for edition, shown in editions.items() for row in shown.rows})
    alone = [(edition, [row]) for row, edition in drawn if fit(tables.where[row][1])]
    return [*some([case for case in found if case[1]]), *some(alone)]


@pytest.mark.parametrize("mutate", MUTATIONS)
@pytest.mark.parametrize("name", travel.REPORTS)
def test_whatever_disappears_is_told_whether_it_rests_on_a_fact_or_on_a_row(
    name, mutate, whole, monkeypatch, tables, undrawn
):
    editions, lost = whole(name, monkeypatch), 0
    for edition, rows in cases(tables, name, editions, MUTATIONS[mutate]):
        try:
            now = Shown(name, edition, monkeypatch, mutate(tables, rows))
        except ChartError as error:
            assert "its words must be complete" in str(error)
            continue
        if gone := editions[edition].gone(now):
            lost += 1
            assert now.lines - editions[edition].lines, (edition, rows, gone)
    assert lost, "some of it must disappear, or nothing was tried"


@pytest.mark.kernel
@pytest.mark.slow
def test_a_real_kernel_tells_it_in_the_cell_and_no_page_does(tmp_path, monkeypatch):
    """JupyterLab shows what the notebook that was run contains; what is published does not contain it."""
    ran = []
    composed = compose.compose
    monkeypatch.setattr(compose, "compose", lambda nb, *a, **k: ran.append(copy.deepcopy(nb)) or composed(nb, *a, **k))
    made = render.render(Project(travel.ROOT), "briefing", {"as_of": "2026-01-31"}, out=tmp_path)
    told = "title “{mission_over:if}The last US troops have left Iraq” gave way to “Iraq takes over Ain al-Asad from US"
    shown = [
        output for cell in ran[-1].cells for output in cell.get("outputs", []) if OMITTED_MIME in output.get("data", {})
    ]
    assert shown[0].data[OMITTED_MIME][0]["text"].startswith(told)
    assert shown[0].data["text/markdown"].startswith("Not in the report:\n\n- title “{mission\\_over:if}")
    assert made.omissions[0].startswith("cell 4: " + told)
    assert made.edition.manifest()["omitted"][0]["cell"] == 4
    pages = b"".join(made.edition.file(suffix).read_bytes() for suffix in (".html", ".ipynb"))
    assert b"Not in the report" not in pages and OMITTED_MIME.encode() not in pages
