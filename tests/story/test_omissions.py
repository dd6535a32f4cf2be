"""Nothing vanishes: what a report leaves out or replaces is told in the cell, with the reason; rows that contradict."""

import builtins
import datetime as dt
import re
import shutil
from dataclasses import replace

import pytest

from handover.errors import FactError
from handover.project import Project
from handover.story.charts import labels
from handover.story.claims import View, Why
from handover.story.contradictions import contradictions
from handover.story.data import Tables
from handover.story.facts import Facts, check_facts
from handover.story.omissions import OMITTED_MIME

WORDS = {"title": "A finding", "subtitle": "US troops", "alt": "A chart of troops, from many to few, falling."}


@pytest.fixture
def told(tell, monkeypatch):
    """Return a function that makes a story of a day, and the list of what its cells are told."""
    lines = []
    monkeypatch.setattr(builtins, "display", lambda data, raw: lines.extend(data[OMITTED_MIME]), raising=False)
    return tell, lines


# refusals


def test_a_row_that_is_not_there_is_refused(tell):
    with pytest.raises(FactError, match=r"'E07l' is not a row of any table; did you mean 'E.*\nName a row by its id"):
        tell("2026-01-31").statements("E07l")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("E07l", r"marks: must name a fact or row \(got 'E07l'; did you mean 'E\d+'\?\)\.\nCorrect the name\."),
        ("erbil_lef", r"must name a fact or row \(got 'erbil_lef'; did you mean 'erbil_left'\?\)"),
        ("as_of", r"marks: must name a fact that rests on a row \(got 'as_of', which rests on none\)\.\nName another"),
    ],
)
def test_a_mark_of_what_is_no_row_is_refused(tell, name, message):
    with pytest.raises(FactError, match=message):
        tell("2026-01-31").marks({name: "Mark"})


# what is told


def test_what_a_cell_makes_and_does_not_show_is_a_loss_told_by_the_evidence(told):
    """Jupyter shows the last expression of a cell alone; what stands above it is on no page."""
    tell, lines = told
    story = tell("2026-10-01")
    rows = story.frame("troop_levels").query("level_id == 'T001'")
    made = [
        story.findings("Late by {slip} days."),
        story.say("It was announced on {handover_announced}."),
        story.say("", "Nothing at all."),
        story.table(rows, {"when": "When"}, caption="The first level"),
    ]
    made[1]._repr_mimebundle_()
    lines.clear()
    story.evidence()
    why = "left out: it is not the last line of its cell, which alone is shown"
    assert [line for line in lines if why in line["text"]] == [
        {"text": f"findings “Late by 2 to 10≠ days.” {why}", "lost": True, "expected": False},
        {"text": f"table “The first level” {why}", "lost": True, "expected": False},
    ]
    lines.clear()
    story.evidence()
    assert not [line for line in lines if why in line["text"]]


def test_a_text_that_is_left_out_is_a_loss_and_says_until_when_its_fact_is_unknown(told):
    tell, lines = told
    assert tell("2026-01-31").say("The last left on {erbil_left}.").text == ""
    text = "say “The last left on {erbil_left}.” left out: erbil_left unknown until 30 September 2026"
    assert lines == [{"text": text, "lost": True, "expected": True}]


def test_an_empty_alternative_allows_it(told):
    tell, lines = told
    story = tell("2026-01-31")
    assert story.say("The last left on {erbil_left}.", "").text == ""
    assert story.findings(("Until {erbil_left}.", ""), "{slip} days").text.startswith("- ")
    assert [line["lost"] for line in lines] == [False, False]
    assert "findings “Until {erbil_left}.” left out" in lines[1]["text"]


def test_an_alternative_says_what_it_stands_for_and_all_that_was_missing(told):
    tell, lines = told
    tell("2026-01-31").say("{erbil_left}", "{war_start} and {tanf_left}", "Neither by {as_of}.")
    assert lines == [
        {
            "text": "say “{erbil_left}” gave way to “Neither by 31 January 2026.”: erbil_left unknown until 30 "
            "September 2026; war_start unknown until 28 February 2026; tanf_left unknown until 12 February 2026",
            "lost": False,
            "expected": True,
        }
    ]


def test_nothing_is_told_of_what_is_printed(told):
    tell, lines = told
    story = tell("2026-10-01")
    story.say("{erbil_left}", "Not known.")
    story.findings("{slip}")
    assert lines == []


def test_a_fact_outside_the_chosen_evidence_says_so(told):
    tell, lines = told
    tell("2026-01-31", evidence="article").say("{slip}")
    tell("2026-01-31", evidence="article").say("{erbil_left}")
    assert lines[0]["text"].endswith("slip outside the chosen evidence")
    assert lines[1]["text"].endswith("outside the chosen evidence, and unknown until 30 September 2026")


def test_a_fact_on_sources_of_grade_d_alone_says_so(tables):
    row = tables.rows["facts"][0] | {"fact": "weak", "of": "munitions", "claims": "A008", "choose": "first"}
    facts = Facts(View(replace(tables, rows=tables.rows | {"facts": [row]}), dt.date(2026, 10, 1)))
    assert facts.why_unknown("weak") == Why("rests on sources of grade D alone")


def test_a_count_of_no_row_says_so(tables):
    row = tables.rows["facts"][0] | {"fact": "none", "of": "rows", "claims": "attacks weapon=trebuchet"}
    row |= {"choose": "count", "unit": "attacks"}
    facts = Facts(View(replace(tables, rows=tables.rows | {"facts": [row]}), dt.date(2026, 10, 1)))
    assert facts.why_unknown("none") == Why("rests on no row that gives a value")


def test_a_part_that_a_fact_has_not_says_so(told):
    tell, lines = told
    tell("2026-10-01").say("{completion_centcom.speaker} said.", "")
    assert "has no speaker" in lines[0]["text"] and "unknown" not in lines[0]["text"]
    assert not lines[0]["expected"], "neither the day nor the evidence explains it"


def test_findings_headlines_charts_and_tables_that_give_way_are_told(told):
    tell, lines = told
    early = tell("2020-01-01")
    early.findings("{slip}", otherwise="Nothing by {as_of}.")
    early.headline(title=("{slip:if}Late", "A base"), standfirst=("On {erbil_left}.", "On {as_of}."))
    early.figure(lambda ax: None, early.frame("troop_levels").iloc[:0], **WORDS, otherwise="No figure by {as_of}.")
    early.table(early.frame("events").iloc[:0], {"when": "When"}, caption="What happened")
    lines = [line for line in lines if not line["text"].startswith("rows of")]
    texts = [line["text"] for line in lines]
    assert [line["lost"] for line in lines] == [False, False, False, False, True]
    assert texts[0].startswith("findings “{slip}” gave way to “Nothing by 1 January 2020.”: slip unknown until 17 Jan")
    assert texts[1].startswith("title “{slip:if}Late” gave way to “A base”")
    assert texts[2].startswith("standfirst “On {erbil_left}.” gave way to “On 1 January 2020.”")
    assert texts[3] == (
        "chart “A finding” gave way to “No figure by 1 January 2020.”: it has no row: none that the cell chose may be "
        "used on 1 January 2020"
    )
    assert (
        texts[4]
        == "table “What happened” left out: it has no row: none that the cell chose may be used on 1 January 2020"
    )


def test_rows_and_marks_that_the_notebook_names_and_facts_that_it_asks_for_are_told(told):
    tell, lines = told
    story = tell("2026-01-01")
    story.statements("E071", "E083")
    story.marks({"erbil_left": "The end", "H031": "Announced"})
    assert story.facts["slip"] is None and story.period("erbil_left") is None
    texts = [line["text"] for line in lines]
    assert texts[0].startswith("row “") and texts[0].endswith("left out: unknown until 17 January 2026")
    assert texts[1] == "mark “erbil_left” left out: unknown until 30 September 2026"
    assert texts[2].startswith("mark “Ain al-Asad Air Base announced") and texts[2].endswith(
        "unknown until 17 January 2026"
    )
    assert texts[3] == "a fact that the cell asks for “slip” left out: unknown until 17 January 2026"
    assert len(texts) == 5 and not any(line["lost"] for line in lines)


def test_conflicts_that_a_brief_report_has_no_room_for_are_told(told):
    tell, lines = told
    story = tell("2026-01-31")
    story.say("{departures}")
    story.evidence(brief=True)
    short = [line["text"] for line in lines if "a brief report prints one conflict a fact (departures)" in line["text"]]
    assert short and all(text.startswith("conflict “") for text in short)


def test_where_no_cell_runs_nobody_is_told(tell, monkeypatch):
    monkeypatch.delattr(builtins, "display", raising=False)
    assert tell("2026-01-31").say("{erbil_left}").text == ""


# rows, marks, labels and conflicts that are left out


def resourced(tables, row_id, **cells):
    """The tables with a row whose source is as it was but for some cells: later, or of another grade."""
    name, row = tables.where[row_id]
    source = tables.source_of(row) | {"source_id": "S900"} | cells
    rows = [one | {"source_id": "S900"} if one is row else one for one in tables.rows[name]]
    where = tables.where | {row_id: (name, next(one for one in rows if one["source_id"] == "S900"))}
    made = tables.rows | {name: rows, "sources": [*tables.rows["sources"], source]}
    return replace(tables, rows=made, where=where)


LATER = {"published": dt.date(2027, 10, 1), "published_precision": "day", "not_before": None, "not_after": None}


@pytest.fixture
def told_of(tell, monkeypatch):
    """Return what a function of a story tells that rests on the tables given."""

    def told_of(tables, ask, day="2026-10-01"):
        lines = []
        monkeypatch.setattr(builtins, "display", lambda data, raw: lines.extend(data[OMITTED_MIME]), raising=False)
        monkeypatch.setattr(Tables, "load", classmethod(lambda cls, _: tables))
        ask(tell(day))
        return [line["text"] for line in lines]

    return told_of


def test_a_frame_tells_once_which_rows_it_may_not_use_and_not_what_its_cell_filters(told):
    tell, lines = told
    story = tell("2021-01-01")
    for _ in range(2):
        story.frame("troop_levels").query("basis == 'no such basis'")
    story.holdings("ain_al_asad")
    story.frame("handovers")
    levels, handovers = (line["text"] for line in lines)
    later = r"\d+ known only from 15 January 2021 \(T061\) to \d+ \w+ 20\d\d \(\w+\)"
    assert re.fullmatch(
        rf"rows of “troop_levels” left out: of \d+ rows {later}; 3 of grade D \(T022, T040, T042\)", levels
    )
    assert (
        handovers.startswith("rows of “handovers” left out: of ") and "4 of grade D (H003, H015, H020, …)" in handovers
    )
    assert all(line["expected"] and not line["lost"] for line in lines)
    lines.clear()
    tell("2026-10-01").frame("bases")
    assert lines == [], "nothing is told of a table that is used whole"
    tell("2026-10-01", evidence="article").frame("bases")
    assert re.fullmatch(r"rows of “bases” left out: of (\d+) rows \1 outside the chosen evidence", lines[0]["text"])


@pytest.mark.parametrize("row", ["T072", "A071", "H031"])
def test_a_row_that_is_known_later_or_weak_shows_in_the_rows_of_its_table(tables, told_of, row):
    name = tables.where[row][0]
    (before,) = told_of(tables, lambda story: story.frame(name))
    (later,) = told_of(resourced(tables, row, **LATER), lambda story: story.frame(name))
    assert f"1 known only from 1 October 2027 ({row})" in later and "known only" not in before
    (weak,) = told_of(resourced(tables, row, grade="D"), lambda story: story.frame(name))
    count = int(re.search(r"(\d+) of grade D", before)[1])
    assert f"{count + 1} of grade D" in weak


def test_a_mark_that_rests_on_a_weak_row_or_gives_no_day_is_left_out_with_a_word(tables, told_of):
    made = []
    texts = told_of(
        resourced(tables, "H006", grade="D"),
        lambda story: made.append(
            story.marks({"H006": "First", "H044": "Back", "p01s01b": "Where", "sovereignty": ""})
        ),
    )
    assert list(made[0]["row_id"]) == ["H044"]
    assert texts[0].startswith("mark “Ain al-Asad Air Base handed over") and texts[0].endswith("a source of grade D")
    assert texts[1:] == [
        "mark “Where” left out: p01s01b gives no day",
        "mark “p03s01c” left out: p03s01c gives no day",
    ]


def printed(story):
    """Print facts that rest on a preferred row, on the latest, and on all of a table."""
    story.say("{troops_peak}, {troops_now}, {attack_days}")
    story.evidence()


def test_a_fact_that_may_not_rest_on_the_row_that_it_prefers_says_so(tables, told_of):
    weak = told_of(resourced(tables, "T015", grade="D"), printed)
    assert [text for text in weak if text.startswith("claim")] == [
        "claim “About 170,000 US troops in Iraq, October 2007. Called the …” left out: rests on a source of grade D, "
        "so troops_peak rests on T012"
    ]
    later = told_of(resourced(tables, "T015", **LATER), printed)
    assert [text[-66:] for text in later if text.startswith("claim")] == [
        "left out: unknown until 1 October 2027, so troops_peak rests on T012"[-66:]
    ]
    before = told_of(tables, printed)
    assert not any(text.startswith("claim") for text in before)
    tables_told = [text.split("”")[0] for text in before if text.startswith("rows of")]
    assert tables_told == ["rows of “troop_levels", "rows of “attacks"]


def test_a_row_whose_number_or_day_is_gone_is_told_with_its_table(tables, told_of):
    gone = {"value": None, "bound": None}
    for row_id, cells, said in (
        ("T109", gone, "1 without a number (T109)"),
        ("p09s01b", {"start_date": None, "end_date": None}, "of 40 rows 1 with a number and no day (p09s01b)"),
    ):
        name, row = tables.where[row_id]
        rows = [one | cells if one is row else one for one in tables.rows[name]]
        made = replace(tables, rows=tables.rows | {name: rows})
        (text,) = told_of(made, lambda story, name=name: story.frame(name))
        assert text.startswith(f"rows of “{name}” left out: ") and text.endswith(said)


def test_a_number_that_a_fact_has_not_is_told(told):
    tell, lines = told
    assert list(tell("2026-10-01").numbers("troops_peak", "us_silence", "erbil_left")["fact"])[:1] == ["troops_peak"]
    assert [line["text"] for line in lines] == [
        "number “us_silence” left out: has no number",
        "number “erbil_left” left out: has no number",
    ]
    assert not any(line["expected"] for line in lines)


def test_a_deadline_whose_report_is_later_says_so(tables, told_of):
    later = resourced(tables, "E023", **LATER)
    texts = told_of(later, lambda story: story.promises())
    said = [text for text in texts if text.startswith("report that it was done")]
    assert len(said) == 1 and said[0].endswith("left out: unknown until 1 October 2027")
    assert not any(text.startswith("report that") for text in told_of(tables, lambda story: story.promises()))


@pytest.mark.parametrize(
    ("printed", "evidence", "said"),
    [
        ("{handover_announced}", "record", ["unknown until 1 October 2027"]),
        ("{erbil_left}", "record", []),
        ("{troops_article}", "article", ["outside the chosen evidence"]),
        ("{us_silence[silent]} on {promise_day}", "record", []),
    ],
)
def test_a_conflict_that_is_none_yet_is_told_where_what_it_is_over_is_printed(
    tell, tables, monkeypatch, printed, evidence, said
):
    lines, side = [], tables.where["C006"][1]["source_a"]
    later = [row | LATER if row["source_id"] == side else row for row in tables.rows["sources"]]
    made = replace(tables, rows=tables.rows | {"sources": later})
    monkeypatch.setattr(builtins, "display", lambda data, raw: lines.extend(data[OMITTED_MIME]), raising=False)
    monkeypatch.setattr(Tables, "load", classmethod(lambda cls, _: made))
    story = tell("2026-10-01", evidence=evidence)
    story.say(printed)
    story.evidence()
    whys = [line["text"].rpartition("left out: ")[2] for line in lines if line["text"].startswith("conflict ")]
    assert list(dict.fromkeys(whys)) == said


def test_a_label_without_room_is_told_unless_the_values_stand_beside_the_chart(told):
    tell, lines = told
    story = tell("2026-10-01")

    def draw(ax):
        ax.set_axis_off()
        notes = [labels.Note(0.5, 0.5, f"Label {n}") for n in range(400)]
        labels.beside(ax, notes, needed=1)

    rows = story.frame("isis_strength")
    values = {"quantity": "Members"}
    lines.clear()
    story.figure(draw, rows.iloc[:3], **WORDS, values=values)
    texts = [line["text"] for line in lines]
    assert "label “Label 399” left out: there is no room for it in the chart, and no table beside it" in texts
    assert not any("“Label 0”" in text for text in texts) and len(texts) == len(set(texts))
    lines.clear()
    story.figure(draw, story.frame("troop_levels"), **WORDS, values=values)
    assert [line["text"] for line in lines if "label" in line["text"]] == []


# rows that contradict each other


def contrary(tables, **cells):
    """The tables with one more row of the level of 20 March 2026."""
    twin = next(row for row in tables.rows["troop_levels"] if row["level_id"] == "T095")
    more = twin | {"level_id": "T900", "source_id": "S004"} | cells
    where = tables.where | {"T900": ("troop_levels", more)}
    return replace(tables, rows=tables.rows | {"troop_levels": [*tables.rows["troop_levels"], more]}, where=where)


def test_the_record_contains_no_contradiction_that_is_not_registered(tables):
    assert list(map(str, contradictions(tables))) == []


def test_a_row_that_contradicts_another_of_its_scope_and_period_is_named(tables):
    found = contradictions(contrary(tables, value=1500, high=None, bound="exact"))
    assert list(map(str, found)) == [
        "T095 and T900 contradict each other (value: fewer than 1,000 against 1,500), and no conflict is registered"
    ]


@pytest.mark.parametrize(
    "cells",
    [
        {"value": 900, "high": None, "bound": "about"},
        {"value": 1500, "high": None, "bound": "exact", "scope": "us_in_syria"},
        {"value": 1500, "high": None, "bound": "exact", "basis": "planned"},
        {"value": 1500, "high": None, "bound": "exact", "date": dt.date(2026, 3, 21)},
    ],
)
def test_a_row_that_speaks_of_something_else_or_can_be_true_too_is_none(tables, cells):
    assert list(contradictions(contrary(tables, **cells))) == []


def unregistered(tables, *conflicts):
    """The contradictions that there are without some conflicts."""
    rows = [row for row in tables.rows["conflict_rows"] if row["conflict_id"] not in conflicts]
    return list(map(str, contradictions(replace(tables, rows=tables.rows | {"conflict_rows": rows}))))


def test_rows_of_several_tables_that_a_fact_names_are_compared_and_what_speaks_of_the_same(tables):
    claim = tables.where["p07s03a"][1]
    made = replace(tables, where=tables.where | {"p07s03a": ("claims", claim | {"value": 9})})
    assert list(map(str, contradictions(made))) == [
        "p07s03a and I028 contradict each other (value: 9 against 4), and no conflict is registered",
        "p07s03a and I036 contradict each other (value: 9 against 4), and no conflict is registered",
    ]
    bound = claim | {"value": None, "high": 9, "bound": "fewer_than"}
    fewer = replace(tables, where=tables.where | {"p07s03a": ("claims", bound)})
    assert list(contradictions(fewer)) == [], "a bound that holds for the others too is none"


def test_two_days_for_one_turn_of_a_base_contradict_each_other(tables):
    assert unregistered(tables, "C007") == [
        "H028 and H029 contradict each other (date: 13 January 2026 against 16 January 2026), "
        "and no conflict is registered"
    ]
    assert unregistered(tables) == [], "those of another kind, or months apart, do not"


def test_a_registered_conflict_sets_rows_against_each_other(tables):
    made = contrary(tables, value=1500, high=None, bound="exact")
    sides = [{"conflict_id": "C078", "side": side, "row_id": row} for side, row in (("a", "T900"), ("b", "T095"))]
    rows = made.rows | {"conflict_rows": [*made.rows["conflict_rows"], *sides]}
    assert list(contradictions(replace(made, rows=rows))) == []


def test_check_reads_it_off_the_files(project, tmp_path):
    shutil.copytree(project.data, tmp_path / "data")
    (tmp_path / "pyproject.toml").touch()
    with (tmp_path / "data" / "record" / "troop_levels.csv").open("a") as file:
        file.write("T900,2026-03-20,day,us_in_iraq,observed,press,1500,,,exact,,,S004,\n")
    assert check_facts(Project(tmp_path)) == [
        "T095 and T900 contradict each other (value: fewer than 1,000 against 1,500), and no conflict is registered; "
        "register the conflict in data/record/conflicts.csv and conflict_rows.csv, or correct the row that is wrong"
    ]


@pytest.mark.parametrize("printed", ["{troops_mar_2026} then", "{war_start}"])
def test_a_contradiction_is_told_where_either_row_is_printed(told, tables, printed, monkeypatch):
    tell, lines = told
    made = contrary(tables, value=1500, high=None, bound="exact")
    monkeypatch.setattr(Tables, "load", classmethod(lambda cls, _: made))
    story = tell("2026-10-01")
    story.say(printed)
    story.evidence()
    texts = [line["text"] for line in lines if "T900" in line["text"]]
    assert texts == (
        ["mark ≠ “T095 and T900” left out: value: fewer than 1,000 against 1,500, and no conflict is registered"]
        if "troops" in printed
        else []
    )
