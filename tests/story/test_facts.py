"""Facts: the claim chosen, weak sources, contradictions, and derived facts."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.errors import FactError
from handover.story.claims import View
from handover.story.facts import Facts, readings_of_next_week
from handover.story.values import Quantity

#: Facts with claims of grade D alone: kept, so that a better source can be added.
ALONE_ON_WEAK = {"trucks_day", "disarm_due_later"}


@pytest.fixture
def facts(tables):
    """Return a function that makes the facts of a day, with some cells of a row changed."""

    def make(day="2026-10-01", evidence="record", table="facts", row=None, **cells):
        rows = [one | cells if next(iter(one.values())) == row else one for one in tables.rows[table]]
        changed = replace(tables, rows=tables.rows | {table: rows}) if row else tables
        return Facts(View(changed, dt.date.fromisoformat(day), evidence))

    return make


@pytest.fixture
def weak(tables):
    return next(row["event_id"] for row in tables.rows["events"] if tables.source_of(row)["grade"] == "D")


def test_claims_that_contradict_each_other_need_a_conflict(facts):
    with pytest.raises(FactError) as error:
        _ = facts(row="troops_2020", claims="T048 T061")["troops_2020"]
    assert "'troops_2020': T048 and T061 contradict each other (5200 against 2500)" in str(error.value)
    assert "Register it in data/record/conflicts.csv" in str(error.value)


def test_an_unknown_fact_is_named_with_the_near_one(facts):
    with pytest.raises(FactError, match=r"'slib' is not a fact; did you mean 'slip'\?"):
        _ = facts()["slib"]


def test_a_source_of_grade_d_never_stands_alone(facts, weak):
    assert facts(row="convoy_day", claims=weak)["convoy_day"] is None


def test_a_better_source_goes_before_one_of_grade_d(facts, weak):
    with pytest.raises(FactError, match=f"E046 and {weak} contradict"):
        _ = facts(row="convoy_day", claims=f"{weak} E046", conflicts="none")["convoy_day"]


def test_next_week_said_on_a_wednesday_can_mean_three_weeks():
    weeks = readings_of_next_week(dt.date(2025, 12, 31))
    assert [(week.start.day, week.end.day) for week in weeks] == [(1, 7), (4, 10), (5, 11)]


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)))
def test_next_week_begins_after_the_day_it_was_said_and_within_seven_days(day):
    for week in readings_of_next_week(day):
        assert day < week.start <= day + dt.timedelta(7) and week.end - week.start == dt.timedelta(6)


def test_the_slip_is_a_range_once_both_ends_are_known(facts):
    assert facts("2026-01-16")["slip"] is None
    assert facts("2026-01-17")["slip"].quantity == Quantity(low=2, high=10, bound="range")


def test_days_of_attack_on_the_base_follow_the_record(facts):
    found = facts()
    years = {year: fact.quantity.value for year in range(2019, 2027) if (fact := found[f"attack_days_{year}"])}
    assert years == {2019: 1, 2020: 1, 2021: 8, 2022: 5, 2023: 16, 2024: 9, 2025: 1}
    assert found["attack_days"].quantity.value == sum(years.values()) == 41
    assert found["attack_days_claimed"].quantity.value == 3
    assert "Left out are days that only the attackers claim: three." in found["attack_days"].reading
    assert "only the attackers claim" not in found["attack_days_2024"].reading


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
def test_a_day_counts_only_when_others_than_the_attackers_report_it(tables, cells, counts):
    day = next(row for row in tables.rows["attacks"] if row["attack_id"] == "A002") | cells
    facts = Facts(View(replace(tables, rows=tables.rows | {"attacks": [day]}), dt.date(2026, 10, 1)))
    assert (facts["attack_days"] is not None) is counts


@pytest.mark.parametrize(("key", "last"), [("attack_days_2023", "2023-12-31"), ("bases_2020", "2020-12-31")])
def test_a_year_is_counted_once_it_is_over(facts, key, last):
    after = (dt.date.fromisoformat(last) + dt.timedelta(1)).isoformat()
    assert facts(last)[key] is None and facts(after)[key].quantity.value > 0


def test_the_level_of_2500_never_stands_for_january_2026_without_its_conflict(facts):
    assert facts("2026-01-31")["troops_article"].conflicts == ("C016",)
    assert facts("2026-01-31")["troops_now"].quantity == Quantity(high=2000, bound="fewer_than")


def test_every_declared_fact_can_be_printed_at_the_end_of_the_record(facts):
    found = facts("2026-11-24")
    missing = {key for key in found if found[key] is None}
    assert {key for key in missing if not key.startswith("attack_days_")} <= ALONE_ON_WEAK


@pytest.mark.parametrize(
    ("day", "evidence", "words"),
    [
        ("2020-01-01", "record", "shared with US forces"),
        ("2026-01-07", "record", "promised to Iraq"),
        ("2026-01-07", "article", "promised to Iraq"),
        ("2026-01-17", "record", "handed over to Iraq"),
    ],
)
def test_the_status_of_the_base_follows_the_last_step_known(facts, day, evidence, words):
    fact = facts(day, evidence)["base_status"]
    assert (fact.words, fact.value) == (words, words)
    assert fact.claims and fact.known <= dt.date.fromisoformat(day)
