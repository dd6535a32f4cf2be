"""What was known by a day, in words, and nothing from the future."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.project import Project
from handover.story.claims import View, statement
from handover.story.data import Tables
from handover.story.facts import Facts
from handover.story.values import LANGUAGES, Period, Quantity, known_since, month_end, overlap

TABLES = Tables.load(Project.find())
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2026, 11, 24))
DAY = dt.date(2026, 1, 17)


@pytest.mark.parametrize(
    ("row", "cells", "known"),
    [
        ({"date": dt.date(2020, 1, 1)}, {"published": DAY, "published_precision": "day"}, DAY),
        ({"date": DAY}, {"published": dt.date(2026, 2, 1), "published_precision": "month"}, dt.date(2026, 2, 28)),
        ({}, {"not_before": dt.date(2025, 12, 31), "not_after": dt.date(2026, 1, 7)}, dt.date(2026, 1, 7)),
        ({"date": dt.date(2020, 3, 1), "date_precision": "month"}, {}, dt.date(2020, 3, 31)),
        ({"date": dt.date(2020, 3, 1)}, {"not_before": DAY}, DAY),
        ({"start": dt.date(2026, 9, 1), "end": dt.date(2026, 9, 30), "stated": DAY}, {}, DAY),
        ({}, {}, dt.date.min),
    ],
)
def test_a_row_is_known_from_the_day_its_source_allows(row, cells, known):
    source = {"published": None, "published_precision": "unknown", "not_before": None, "not_after": None}
    assert known_since(row, source | cells) == known


@given(st.dates(), st.sampled_from(["day", "month", "year"]))
def test_a_period_contains_the_day_it_was_made_from(day, precision):
    period = Period.around(day, precision)
    assert period.start <= day <= period.end
    assert (month_end(day) + dt.timedelta(days=1)).day == 1 if month_end(day) < dt.date.max else True


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
    assert overlap(one, other) is overlap(other, one) is together


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


@pytest.mark.parametrize(
    ("first", "last", "precision", "full", "month", "day"),
    [
        ("2025-10-01", "2025-10-31", "month", "October 2025", "October 2025", "October"),
        ("2025-02-01", "2025-06-30", "month", "February to June 2025", "February to June 2025", "February to June"),
        ("2024-12-01", "2025-01-31", "month", *["December 2024 to January 2025"] * 2, "December to January"),
        ("2025-01-01", "2025-12-31", "month", "2025", "January to December 2025", "January to December"),
        ("2018-01-01", "2018-12-31", "year", "2018", "2018", "2018"),
        ("2018-03-01", "2019-02-28", "year", *["2018 to 2019"] * 3),
        ("2025-10-01", "2025-10-31", "day", "1 to 31 October 2025", "October 2025", "1 to 31 October"),
        ("2025-12-30", "2026-01-02", "day", "30 December 2025 to 2 January 2026", "December 2025", None),
    ],
)
def test_a_period_is_written_no_more_exactly_than_it_is_known(first, last, precision, full, month, day):
    period = Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last), precision)
    english = LANGUAGES["en"]
    assert (english.period(period), english.period(period, "month")) == (full, month)
    assert english.period(period, "day") == (day or "30 December to 2 January")


@given(DAYS, DAYS)
def test_what_was_known_stays_known(one, other):
    before, after = (View(TABLES, day) for day in sorted((one, other)))
    assert all(after.sees(row) for row in TABLES.where if before.sees(row))


@given(DAYS, st.sampled_from(["record", "article"]))
def test_no_fact_rests_on_the_future_or_on_another_kind_of_evidence(day, evidence):
    facts = Facts(View(TABLES, day, evidence))
    for fact in filter(None, map(facts.__getitem__, facts)):
        assert fact.known <= day
        for claim in map(facts.view.claim, fact.claims):
            published = TABLES.sources[claim.source]["published"]
            assert claim.known <= day and (published is None or published <= day), (fact.key, claim.id)
            assert evidence == "record" or claim.source == "S001"
        assert evidence == "record" or fact.conflicts == ()


def test_every_row_makes_a_sentence():
    for row_id in TABLES.where:
        text = statement(TABLES, row_id)
        assert text[-1] in ".!?" and "None" not in text and "  " not in text, (row_id, text)


def test_a_conflict_shows_only_when_both_sides_were_known_and_its_reading_from_its_day():
    known = {day: View(TABLES, dt.date(2026, 1, day)).conflicts for day in (13, 14, 17, 18)}
    assert "C016" not in known[13] and "C016" in known[14]
    assert known[17]["C008"]["reading"] == "" and known[18]["C008"]["reading"]
