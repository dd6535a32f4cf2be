"""What a notebook works with: lists, tables, credits, changes."""

import re

import pytest

from handover.document import read
from handover.document.audit import findings
from handover.errors import ChartError, FactError, ProseError
from handover.story import Story


def test_findings_leave_out_what_was_not_known():
    text = Story("2026-01-31").findings("{slip}", "{drones_at_base}", ("{drones_at_base}", "{commission_day}")).text
    assert text.count("- ") == 2


def test_findings_say_otherwise_where_nothing_was_known():
    assert Story("2020-01-01").findings("{slip}", otherwise="Nothing by {as_of}.").text.startswith("Nothing by [1 Jan")


@pytest.mark.parametrize("item", ["A quiet exit, the article says.", ("{slip} days", "A quiet exit.")])
def test_a_finding_that_rests_on_nothing_is_refused(item):
    with pytest.raises(
        ProseError, match=r"a finding must name a fact .got '.*exit.*\nWithout one it would stand on days "
    ):
        Story("2025-06-01").findings("{as_of}", item)


def test_an_unknown_table_is_named_with_the_near_one():
    with pytest.raises(FactError, match=r"'troop_level' is not a table .*did you mean 'troop_levels'"):
        Story("2026-01-31").frame("troop_level")


def test_a_table_ends_each_row_in_its_source_and_passes_the_audit():
    import nbformat.v4 as v4

    story = Story("2026-01-31")
    rows = story.frame("troop_levels").query("place_id == 'ain_al_asad'")
    shown = story.table(rows, {"when": "When", "quantity": "People"}, caption="Head counts by {as_of}")
    assert shown.html.count('href="#source-') == len(rows)
    assert '<td class="number">250 to 350</td>' in shown.html
    outputs = [v4.new_output("display_data", part._repr_mimebundle_()) for part in (shown, story.evidence())]
    document = read(v4.new_notebook(cells=[v4.new_code_cell("x", outputs=outputs)]))
    assert list(findings(document)) == []


def test_a_credit_names_the_outlets_with_most_rows_first():
    story = Story("2026-01-31")
    rows = story.frame("handovers").query("place_id == 'ain_al_asad' and date >= '2026-01-01'")
    assert story.credit(rows).startswith("Sources: [")
    assert story.credit(rows.iloc[:1]).startswith("Source: [")


def test_a_frame_holds_what_was_known_and_no_more():
    early, late = (Story(day).frame("handovers") for day in ("2026-01-16", "2026-01-18"))
    assert set(early["row_id"]) < set(late["row_id"])
    assert "H031" in set(late["row_id"]) - set(early["row_id"])


def test_changes_are_silent_without_an_earlier_day():
    assert Story("2026-01-31").changes(None, "What has changed?").text == ""


def test_changes_are_sentences_each_with_its_source():
    story = Story("2026-01-31")
    story.say("{handover_announced} {troops_now} {isis_attacks_2025} {us_silence.source}")
    heading, _, opening, _, *items = story.changes("2026-01-07", "What has changed?").text.splitlines()
    assert heading == "## What has changed?" and opening.startswith(
        "Since the edition of [7 January 2026](#fact-since "
    )
    assert items[0].startswith("- Iraq's defence ministry announced on [17 January 2026](#fact-handover_announced")
    assert items[1].startswith("- The latest level of US troops in Iraq relied on is [")
    assert all("](#source-S" in item for item in items) and len(items) == 2


def test_where_nothing_is_new_the_report_says_so():
    story = Story("2026-01-31")
    story.say("{isis_attacks_2025}")
    text = story.changes("2026-01-07", "What has changed?").text
    assert text.splitlines()[-1].startswith("Nothing that is printed here became known after [7 January 2026](")


@pytest.mark.parametrize(
    ("day", "kinds"),
    [("2020-01-01", ["us", "iraq", "coalition"]), ("2026-01-31", ["us", "iraq", "coalition", "iraq"])],
)
def test_who_held_the_base_follows_the_record(day, kinds):
    spans = Story(day).holdings("ain_al_asad")
    assert list(spans["kind"]) == kinds
    assert list(spans["open"]) == [False] * (len(kinds) - 1) + [True]
    assert list(spans["end"][:-1]) == list(spans["start"][1:])


def test_a_chart_of_many_values_must_have_them_beside_it():
    story = Story("2026-01-31")
    rows = story.frame("troop_levels").query("scope == 'us_in_iraq' and basis == 'observed'")
    with pytest.raises(ChartError, match=rf"more than 12 rows must have its values .*\(got {len(rows)} rows"):
        story.figure(lambda ax: None, rows, title="A finding", subtitle="x", alt="A chart of troops, " * 3)


def test_the_values_of_a_chart_are_its_rows_in_the_order_of_their_days():
    story = Story("2026-01-31")
    rows = story.frame("troop_levels").query("scope == 'us_in_iraq' and basis == 'observed'")
    words = {"title": "A finding", "subtitle": "US troops", "alt": "A chart of troops, from many to few, falling."}
    shown = story.figure(lambda ax: None, rows[::-1], **words, values={"when": "When", "quantity": "Troops"})
    assert shown.values.count('href="#source-') == len(rows)
    assert "<caption>US troops</caption>" in shown.values
    years = [int(year) for year in re.findall(r'<th scope="row">[^<]*?(\d{4})</th>', shown.values)]
    assert years == sorted(years) and years[0] == 2003
    data, about = shown._repr_mimebundle_()
    assert about["image/svg+xml"]["values"] == shown.values and shown.values in data["text/html"]


def test_a_mark_is_a_row_or_what_a_fact_rests_on():
    story = Story("2026-10-01")
    found = story.marks({"erbil_left": "out", "T001": "invasion"})
    assert list(found["row_id"]) == ["T001", story.facts["erbil_left"].claims[0]]
    assert list(found["label"]) == ["invasion", "out"]
    assert list(Story("2026-01-31").marks({"erbil_left": "out", "T001": "invasion"})["row_id"]) == ["T001"]


def test_of_several_frames_the_first_holds_the_values_and_a_row_is_credited_once():
    story = Story("2026-10-01")
    rows = story.frame("troop_levels").query("scope == 'us_in_iraq'").head(15)
    marks = story.marks({str(rows["row_id"].iloc[0]): "", "erbil_left": "out"})
    words = {"title": "A finding", "subtitle": "US troops", "alt": "A chart of troops, from many to few, falling."}
    shown = story.figure(lambda ax: None, [rows, marks], **words, values={"when": "When", "quantity": "Troops"})
    assert shown.values.count('href="#source-') == len(rows)
    assert set(marks["source_id"]) <= set(story.ledger.sources)


def test_a_full_chart_is_drawn_narrow_too():
    story = Story("2026-10-01")
    rows = story.frame("troop_levels").head(3)
    words = {"title": "A finding", "subtitle": "US troops", "alt": "A chart of troops, from many to few, falling."}
    assert [bool(story.figure(lambda ax: None, rows, **words, size=size).narrow) for size in ("full", "half")] == [
        True,
        False,
    ]


def test_a_chart_of_few_values_shows_them_itself():
    story = Story("2026-01-31")
    rows = story.frame("troop_levels").query("scope == 'us_in_iraq'").head(12)
    words = {"title": "A finding", "subtitle": "US troops", "alt": "A chart of troops, from many to few, falling."}
    assert story.figure(lambda ax: None, rows, **words, values={"when": "When"}).values == ""


def test_rows_of_a_table_that_read_alike_share_one_with_all_their_sources():
    story = Story("2026-10-01")
    rows = story.frame("attacks").query("place_id == 'ain_al_asad' and row_id in ('A001', 'A002')")
    shown = story.table(rows, {"when": "Day", "weapon": "Weapon"}, caption="One day")
    assert len(rows) > 1 and shown.html.count("<tr>") == 2
    assert shown.html.count('href="#source-') == len(rows)
