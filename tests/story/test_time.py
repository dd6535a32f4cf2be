"""Time travel: a report shows what had been published by its day, and nothing later."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handover.project import Project
from handover.story import Story
from handover.story.periods import Period, known_since, month_end
from handover.story.record import Record

RECORD = Record.load(Project.find())
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2026, 11, 24))


def source(**cells):
    return {"published": None, "published_precision": "unknown", "not_before": None, "not_after": None} | cells


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
def test_known_since(row, cells, known):
    assert known_since(row, source(**cells)) == known


@given(st.dates())
def test_a_month_ends_on_its_last_day(day):
    last = month_end(day)
    assert last >= day
    assert last == dt.date.max or (last + dt.timedelta(days=1)).day == 1


@given(st.dates(), st.sampled_from(["day", "month", "year"]))
def test_a_period_holds_the_day_it_was_made_from(day, precision):
    period = Period.around(day, precision)
    assert period.start <= day <= period.end


def everything(story: Story) -> dict:
    """The evidence of a report that prints every fact it can."""
    for key in story.facts:
        story.say(f"{{{key}.source}}" if story.facts.said(key) else f"{{{key}}}")
    return story.evidence().content


@settings(max_examples=80, deadline=None)
@given(DAYS)
def test_nothing_leaks_from_the_future(day):
    content = everything(Story(day.isoformat()))
    claims = [claim for source in content["sources"] for claim in source["claims"]]
    known = [item["known_since"] for item in [*claims, *content["facts"]] if item["known_since"]]
    assert all(dt.date.fromisoformat(since) <= day for since in known)
    for entry in content["sources"]:
        published = RECORD.sources[entry["id"]]["published"]
        assert published is None or published <= day, entry["id"]


@settings(max_examples=40, deadline=None)
@given(DAYS)
def test_the_article_alone_cites_one_source(day):
    content = everything(Story(day.isoformat(), evidence="article"))
    cited = {entry["id"] for entry in content["sources"]}
    assert cited <= {"S001"}
    assert bool(cited) == (day >= dt.date(2026, 1, 7))
    assert content["conflicts"] == []


@settings(max_examples=30, deadline=None)
@given(DAYS, DAYS)
def test_what_was_known_stays_known(one, other):
    early, late = sorted((one, other))
    before, after = (Story(day.isoformat()).view for day in (early, late))
    assert {row for row in RECORD.where if before.sees(row)} <= {row for row in RECORD.where if after.sees(row)}
