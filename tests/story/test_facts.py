"""Facts: the reading chosen, weak sources, contradictions, and what is worked out."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.errors import FactError
from handover.project import Project
from handover.story import Story
from handover.story.facts import Facts, overlap
from handover.story.periods import Period
from handover.story.reckoning import RECKONINGS, readings_of_next_week
from handover.story.record import Record
from handover.story.view import View
from handover.story.wording import LANGUAGES, Quantity

RECORD = Record.load(Project.find())


def changed(monkeypatch, fact, **cells):
    """A story whose declared fact has other cells."""
    rows = [row | cells if row["fact"] == fact else row for row in RECORD.rows["facts"]]
    monkeypatch.setattr(
        Record,
        "load",
        classmethod(lambda cls, _: Record(RECORD.rows | {"facts": rows}, RECORD.paths, RECORD.where, RECORD.sources)),
    )
    return Story("2026-10-01")


def test_claims_that_contradict_each_other_need_a_conflict(monkeypatch):
    story = changed(monkeypatch, "troops_2020", claims="T048 T061")
    with pytest.raises(FactError) as error:
        story.say("{troops_2020}")
    assert "'troops_2020': T048 and T061 contradict each other (5200 against 2500)" in str(error.value)
    assert "Register it in data/record/conflicts.csv" in str(error.value)


def test_a_source_of_grade_d_never_stands_alone(monkeypatch):
    weak = next(row["event_id"] for row in RECORD.rows["events"] if RECORD.source_of(row)["grade"] == "D")
    assert changed(monkeypatch, "convoy_day", claims=weak).facts["convoy_day"] is None


def test_a_better_source_goes_before_one_of_grade_d(monkeypatch):
    weak = next(row["event_id"] for row in RECORD.rows["events"] if RECORD.source_of(row)["grade"] == "D")
    story = changed(monkeypatch, "convoy_day", claims=f"{weak} E046", conflicts="none")
    try:
        assert story.facts["convoy_day"].claims[0] == "E046"
    except FactError as error:
        assert "E046" in str(error)


def test_next_week_said_on_a_wednesday_can_mean_three_weeks():
    weeks = readings_of_next_week(dt.date(2025, 12, 31))
    assert [(week.start.day, week.end.day) for week in weeks] == [(1, 7), (4, 10), (5, 11)]


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)))
def test_next_week_begins_after_the_day_it_was_said_and_within_seven_days(day):
    for week in readings_of_next_week(day):
        assert day < week.start <= day + dt.timedelta(7) and week.end - week.start == dt.timedelta(6)


def test_the_slip_is_a_range_once_both_ends_are_known():
    assert Story("2026-01-16").facts["slip"] is None
    assert Story("2026-01-17").facts["slip"].quantity == Quantity(low=2, high=10, bound="range")


def test_days_of_attack_on_the_base_follow_the_record():
    facts = Story("2026-10-01").facts
    years = {year: fact.quantity.value for year in range(2019, 2027) if (fact := facts[f"attack_days_{year}"])}
    assert years == {2019: 1, 2020: 1, 2021: 8, 2022: 5, 2023: 16, 2024: 9, 2025: 1}
    assert facts["attack_days"].quantity.value == sum(years.values()) == 41
    assert facts["attack_days_claimed"].quantity.value == 3
    assert "Left out are days that only the attackers claim: three." in facts["attack_days"].reading
    assert "only the attackers claim" not in facts["attack_days_2024"].reading


@pytest.mark.parametrize(
    ("cells", "counts"),
    [
        ({}, True),
        ({"basis": "claimed", "attribution": "claimed", "attributed_to": "somebody"}, False),
        ({"basis": "passing"}, False),
        ({"source_id": "S092"}, False),
        ({"date_precision": "month"}, False),
        ({"place_id": "harir"}, False),
    ],
)
def test_a_day_counts_only_when_others_than_the_attackers_report_it(cells, counts):
    day = next(row for row in RECORD.rows["attacks"] if row["attack_id"] == "A002") | cells
    facts = Facts(View(replace(RECORD, rows=RECORD.rows | {"attacks": [day]}), dt.date(2026, 10, 1)), RECKONINGS)
    assert (facts["attack_days"] is not None) is counts


def test_days_of_a_year_are_counted_once_it_is_over():
    within, after = (Story(day).facts["attack_days_2023"] for day in ("2023-12-31", "2024-01-01"))
    assert within is None and after.quantity.value > 0


def test_the_level_of_2500_never_stands_for_january_2026_without_its_conflict():
    assert Story("2026-01-31").facts["troops_article"].conflicts == ("C016",)
    assert Story("2026-01-31").facts["troops_now"].quantity == Quantity(high=2000, bound="fewer_than")


def test_every_declared_fact_can_be_printed_at_the_end_of_the_record():
    facts = Story("2026-11-24").facts
    missing = [key for key in facts if facts[key] is None]
    assert missing == [key for key in missing if key.startswith("attack_days_") or key in ALONE_ON_WEAK], missing


#: Facts whose only claims rest on sources of grade D: kept, so that a better source can join them.
ALONE_ON_WEAK = {"trucks_day", "disarm_due_later"}


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (Quantity(high=2000, bound="fewer_than"), Quantity(2500, bound="about"), False),
        (Quantity(high=2000, bound="fewer_than"), Quantity(high=1000, bound="fewer_than"), True),
        (Quantity(low=250, high=350, bound="range"), Quantity(300, bound="about"), True),
        (Period(dt.date(2026, 1, 13), dt.date(2026, 1, 14)), Period(dt.date(2026, 1, 16), dt.date(2026, 1, 16)), False),
    ],
)
def test_readings_overlap_where_both_can_be_true(one, other, together):
    assert overlap(one, other) is together
    assert overlap(other, one) is together


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Quantity(2500, bound="about"), "about 2,500"),
        (Quantity(high=2000, bound="fewer_than"), "fewer than 2,000"),
        (Quantity(low=300, bound="more_than"), "more than 300"),
        (Quantity(low=4, high=5, bound="range"), "4 to 5"),
        (Quantity(4, bound="exact"), "four"),
    ],
)
def test_a_number_keeps_the_hedge_of_its_source(quantity, text):
    assert LANGUAGES["en"].quantity(quantity) == text


def test_a_conflict_shows_only_when_both_sides_were_known():
    assert "C016" not in View(RECORD, dt.date(2026, 1, 13)).conflicts
    assert "C016" in View(RECORD, dt.date(2026, 1, 14)).conflicts


def test_a_reading_given_later_is_left_out_until_then():
    assert View(RECORD, dt.date(2026, 1, 17)).conflicts["C008"]["reading"] == ""
    assert View(RECORD, dt.date(2026, 1, 18)).conflicts["C008"]["reading"]


@pytest.mark.parametrize(
    ("day", "evidence", "words"),
    [
        ("2020-01-01", "record", "shared with US forces"),
        ("2026-01-07", "record", "promised to Iraq"),
        ("2026-01-07", "article", "promised to Iraq"),
        ("2026-01-17", "record", "handed over to Iraq"),
    ],
)
def test_the_status_of_the_base_follows_the_last_step_known(day, evidence, words):
    fact = Story(day, evidence=evidence).facts["base_status"]
    assert (fact.words, fact.value) == (words, words)
    assert fact.claims and fact.known <= dt.date.fromisoformat(day)
