"""What a notebook works with: lists, frames, tables, credits, figures, changes."""

import datetime as dt
import re

import nbformat.v4 as v4
import pytest

from handover.document import read
from handover.document.audit import findings
from handover.errors import ChartError, FactError, ParameterError, ProseError
from handover.story import frames
from handover.story.values import English, Period

WORDS = {"title": "A finding", "subtitle": "US troops", "alt": "A chart of troops, from many to few, falling."}
VALUES = {"when": "When", "quantity": "Troops"}
OBSERVED = "scope == 'us_in_iraq' and basis == 'observed'"


# refusals


@pytest.mark.parametrize("item", ["A quiet exit, the article says.", ("{slip} days", "A quiet exit.")])
def test_a_finding_that_rests_on_nothing_is_refused(tell, item):
    with pytest.raises(
        ProseError, match=r"a finding must name a fact .got '.*exit.*\nWithout one it would be printed before"
    ):
        tell("2025-06-01").findings("{as_of}", item)


def test_an_unknown_table_is_named_with_the_near_one(tell):
    with pytest.raises(FactError, match=r"'troop_level' is not a table .*did you mean 'troop_levels'"):
        tell("2026-01-31").frame("troop_level")


def test_a_chart_of_many_values_must_have_them_beside_it(tell):
    story = tell("2026-01-31")
    rows = story.frame("troop_levels").query(OBSERVED)
    with pytest.raises(ChartError, match=rf"more than 12 rows must have its values .*\(got {len(rows)} rows"):
        story.figure(lambda ax: None, rows, **WORDS)


@pytest.mark.parametrize("day", ["2026-1-31", "20260131", "2026-W05-6", "٢٠٢٦-٠١-٣١", "31.1.2026"])
def test_a_day_in_another_form_is_refused(tell, day):
    with pytest.raises(ParameterError, match=rf"as_of: must be a date like 2026-01-31 \(got '{day}'\)"):
        tell(day)
    with pytest.raises(ParameterError, match=rf"since: must be a date like 2026-01-31 \(got '{day}'\)"):
        tell("2026-01-31").changes(day, "What has changed?")


def test_news_printed_below_the_changes_is_refused(tell):
    story = tell("2026-01-31")
    story.changes("2026-01-07", "What has changed?")
    story.say("{isis_attacks_2025} {province.source}")
    story.evidence()
    story.say("{commission_day}")
    with pytest.raises(ProseError, match=r"must stand below every cell that prints news \(got commission_day below"):
        story.evidence()


# lists and changes


def test_findings_leave_out_what_was_not_known_and_say_otherwise_where_nothing_was(tell):
    text = tell("2026-01-31").findings("{slip}", "{drones_at_base}", ("{drones_at_base}", "{commission_day}")).text
    assert text.count("- ") == 2
    assert tell("2020-01-01").findings("{slip}", otherwise="Nothing by {as_of}.").text.startswith("Nothing by [1 Jan")


def test_changes_are_sentences_each_with_its_source(tell):
    assert tell("2026-01-31").changes(None, "What has changed?").text == ""
    story = tell("2026-01-31")
    story.say("{handover_announced} {troops_now} {isis_attacks_2025} {us_silence.source}")
    heading, _, opening, _, *items = story.changes("2026-01-07", "What has changed?").text.splitlines()
    assert heading == "## What has changed?"
    assert opening.startswith("Since the edition of [7 January 2026](#fact-since ")
    assert items[0].startswith("- Iraq’s defence ministry announced on [17 January 2026](#fact-handover_announced")
    assert items[1].startswith("- The latest level of US troops in Iraq relied on is [")
    assert all("](#source-S" in item for item in items) and len(items) == 2


def test_where_nothing_is_new_the_report_says_so(tell):
    story = tell("2026-01-31")
    story.say("{isis_attacks_2025}")
    text = story.changes("2026-01-07", "What has changed?").text
    assert text.splitlines()[-1].startswith("Nothing that is printed here became known after [7 January 2026](")


def test_a_changed_value_says_what_it_was(tell):
    before, story = tell("2026-01-31"), tell("2026-10-01")
    story.say("{troops_now} US troops")
    was = before._writer.plain("{troops_now}")
    assert story.changes("2026-01-31", "What has changed?").text.endswith(f"; before: {was}).")


def test_a_statement_is_news_only_with_a_sentence(tell):
    story = tell("2026-01-31")
    story.say("{article.source}, {us_silence.source}")
    text = story.changes("2025-12-01", "What has changed?").text
    assert text.count("\n- ") == 1 and "Neither the Pentagon nor US Central Command" in text
    assert [one["key"] for one in story.evidence().content["statements"]] == ["us_silence"]


# frames


def test_a_frame_contains_what_was_known_and_no_more(tell):
    early, late = (tell(day).frame("handovers") for day in ("2026-01-16", "2026-01-18"))
    assert set(early["row_id"]) < set(late["row_id"])
    assert "H031" in set(late["row_id"]) - set(early["row_id"])
    assert late["date"].dtype.kind == late["known"].dtype.kind == "M"


@pytest.mark.parametrize(
    ("day", "kinds"),
    [("2020-01-01", ["us", "iraq", "coalition"]), ("2026-01-31", ["us", "iraq", "coalition", "iraq"])],
)
def test_who_held_the_base_follows_the_record(tell, day, kinds):
    spans = tell(day).holdings("ain_al_asad")
    assert list(spans["kind"]) == kinds
    assert list(spans["open"]) == [False] * (len(kinds) - 1) + [True]
    assert list(spans["end"][:-1]) == list(spans["start"][1:])
    assert tell(day, evidence="article").holdings("ain_al_asad").empty


def test_a_mark_is_a_row_or_what_a_fact_rests_on(tell):
    story = tell("2026-10-01")
    found = story.marks({"erbil_left": "out", "T001": "invasion"})
    assert list(found["row_id"]) == ["T001", story.facts["erbil_left"].claims[0]]
    assert list(found["label"]) == ["invasion", "out"]
    assert list(tell("2026-01-31").marks({"erbil_left": "out", "T001": "invasion"})["row_id"]) == ["T001"]


def jan(first, last=None, precision="day"):
    return Period(dt.date(2026, 1, first), dt.date(2026, 1, last or first), precision)


@pytest.mark.parametrize(
    ("due", "done", "words"),
    [
        (jan(10), jan(10), "on time"),
        (jan(10), jan(11), "1 day late"),
        (jan(10), jan(7), "3 days early"),
        (jan(10), jan(12, 15), "2 to 5 days late"),
        (jan(1, 31, "month"), jan(31), "on time"),
        (jan(1, 10, "month"), jan(12), "2 days late"),
        (jan(1, 7, "week"), jan(17), "10 days late"),
        (jan(1, 11, "week"), jan(17), "6 to 10 days late"),
        (jan(1, 11, "week"), jan(9), "0 to 2 days late"),
        (jan(1, 11, "week"), jan(5), "on time"),
    ],
)
def test_lateness_is_counted_from_the_end_of_what_was_due_and_keeps_its_range(due, done, words):
    assert frames.lateness(due, done, English()) == words


@pytest.mark.parametrize("day", ["2021-12-15", "2025-10-01", "2026-01-07", "2026-10-01"])
def test_a_promise_names_the_source_of_its_time_and_that_of_its_end(tell, day):
    found = tell(day).promises()
    assert "D" not in set(found["grade"]) and (found["known"] <= day).all()
    assert tell(day, evidence="article").promises().empty
    for _, rows in found.groupby("label"):
        reported = rows["done"].iloc[0] not in ("not reported", "not due yet")
        assert len(rows) == 1 + reported
        assert rows[["due", "done", "late"]].drop_duplicates().shape[0] == 1
        assert bool(rows["late"].iloc[0]) == reported


def test_a_promise_is_open_until_a_source_reports_it(tell):
    before, after = (tell(f"2026-01-{day}").promises().set_index("label") for day in (16, 17))
    step = "Ain al-Asad passes to Iraqi units"
    assert before.loc[step, "done"] in ("not reported", "not due yet")
    assert set(after.loc[step, "done"]) == {"17 January 2026"}


# tables and figures


@pytest.mark.parametrize(
    ("count", "bound", "printed"),
    [
        (100.0, "more_than", "more than 100"),
        (4.0, "at_least", "at least 4"),
        (16.0, "at_most", "at most 16"),
        (15.0, "about", "about 15"),
        (0.0, "exact", ">0<"),
        (None, None, '<td class="number"></td>'),
    ],
)
def test_a_count_is_printed_with_its_bound(count, bound, printed):
    row = {"date": "8 January", "wounded": count, "wounded_bound": bound, "source_id": "S001", "outlet": "Reuters"}
    table = frames.html_table([row], {"date": "Day", "wounded": "Hurt"}, "Hurt", English())
    assert printed in table.html


def test_a_table_ends_each_row_in_its_source_and_passes_the_audit(tell):
    story = tell("2026-01-31")
    rows = story.frame("troop_levels").query("place_id == 'ain_al_asad'")
    shown = story.table(rows, {"when": "When", "quantity": "People"}, caption="Head counts by {as_of}")
    assert shown.html.count('href="#source-') == len(rows)
    assert '<td class="number">250 to 350</td>' in shown.html
    outputs = [v4.new_output("display_data", part._repr_mimebundle_()) for part in (shown, story.evidence())]
    assert list(findings(read(v4.new_notebook(cells=[v4.new_code_cell("x", outputs=outputs)])))) == []


def test_facts_are_rows_too_one_line_each_with_all_their_sources(tell):
    story = tell("2026-01-31")
    found = story.numbers("attack_days_2023", "attack_days_2024", "troops_mar_2026")
    assert found.groupby("fact")["value"].agg(["first", "nunique"]).to_dict("index") == {
        "attack_days_2023": {"first": 16, "nunique": 1},
        "attack_days_2024": {"first": 9, "nunique": 1},
    }
    html = story.table(found, {"label": "Year", "quantity": "Days"}, caption="Days of attack").html
    assert html.count("<tr>") == 3 and html.count("#source-") == found.drop_duplicates(["fact", "source_id"]).shape[0]
    with pytest.raises(FactError, match="'attack_day' is not a fact; did you mean 'attack_days'"):
        story.numbers("attack_day")


def test_a_credit_names_the_outlets_with_most_rows_first(tell):
    story = tell("2026-01-31")
    rows = story.frame("handovers").query("place_id == 'ain_al_asad' and date >= '2026-01-01'")
    most = rows["outlet"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    credits = [story.figure(lambda ax: None, part, **WORDS).credit for part in (rows, rows.iloc[:1])]
    assert re.findall(r"\[(.*?)\]", credits[0]) == list(most.index[:6]) and credits[0].startswith("Sources: ")
    assert credits[1].startswith("Source: [")


def test_the_values_of_a_chart_are_its_rows_in_the_order_of_their_days(tell):
    story = tell("2026-01-31")
    rows = story.frame("troop_levels").query(OBSERVED)
    shown = story.figure(lambda ax: None, rows[::-1], **WORDS, values=VALUES)
    assert shown.values.count('href="#source-') == len(rows)
    assert "<caption>US troops</caption>" in shown.values
    years = [int(year) for year in re.findall(r'<th scope="row">[^<]*?(\d{4})</th>', shown.values)]
    assert years == sorted(years) and years[0] == 2003
    data, about = shown._repr_mimebundle_()
    assert about["image/svg+xml"]["values"] == shown.values and shown.values in data["text/html"]


def test_of_several_frames_the_first_contains_the_values_and_a_row_is_credited_once(tell):
    story = tell("2026-10-01")
    rows = story.frame("troop_levels").query("scope == 'us_in_iraq'").head(15)
    marks = story.marks({str(rows["row_id"].iloc[0]): "", "erbil_left": "out"})
    shown = story.figure(lambda ax: None, [rows, marks], **WORDS, values=VALUES)
    assert shown.values.count('href="#source-') == len(rows)
    assert set(marks["source_id"]) <= set(story.log.sources)


def test_a_full_chart_is_drawn_narrow_too_and_a_half_one_is_not(tell):
    story = tell("2026-10-01")
    rows = story.frame("troop_levels").head(3)
    sizes = []
    shown = [
        story.figure(lambda ax: sizes.append(ax.bbox.width), rows, **WORDS, size=size) for size in ("full", "half")
    ]
    assert [bool(chart.narrow) for chart in shown] == [True, False] and len(sizes) == 3


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda rows: {"draw": rows.plot, "rows": rows.groupby("scope").size().reset_index()},
            r"figure: must be given rows as frame\(…\) returns them \(got a frame without row_id, source_id, outlet\)"
            r"\.\nChoose among them with query; ",
        ),
        (lambda rows: {"draw": print, "rows": rows["value"]}, r"figure: must be given rows .*\(got a Series\)"),
        (lambda rows: {"draw": print, "rows": [rows, [1]]}, r"figure: must be given rows .*\(got a list\)"),
        (
            lambda rows: {"draw": [rows], "rows": rows[:2]},
            r"figure: must be given a function that draws on axes \(got a list\)\.\nWrite figure\(lambda ax",
        ),
        (
            lambda rows: {"draw": rows, "rows": print},
            r"figure: must be given rows .*\(got a builtin_function_or_method\)",
        ),
        (
            lambda rows: {"draw": print, "rows": rows, "values": {"wen": "When"}},
            r"figure: must show columns of its rows \(got 'wen'\)\.\nThese are level_id, date, ",
        ),
        (
            lambda rows: {"draw": print, "rows": rows[:2], "values": {"valeu": "Troops"}},
            r"figure: must show columns of its rows \(got 'valeu'; did you mean 'value'\?\)",
        ),
    ],
)
def test_a_chart_of_what_is_no_row_of_the_record_is_refused(tell, make, said):
    story = tell("2026-10-01")
    with pytest.raises(ChartError, match=said):
        story.figure(**make(story.frame("troop_levels")), title="Troops", subtitle="In Iraq", alt="Steps.")


def test_a_table_of_what_is_no_row_of_the_record_is_refused(tell):
    story = tell("2026-10-01")
    with pytest.raises(ChartError, match=r"table: must be given rows as frame\(…\) returns them \(got a list\)"):
        story.table([1], {"date": "Day"}, caption="Days")
