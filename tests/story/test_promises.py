"""What was promised and whether it was kept: no step is done before a source says so, and a choice has its range."""

import datetime as dt

import pytest

from handover.project import Project
from handover.story import Story
from handover.story.periods import Period
from handover.story.series import _late, _lateness
from handover.story.wording import English

JAN = [dt.date(2026, 1, day) for day in range(1, 32)]


def day(number):
    return Period(JAN[number - 1], JAN[number - 1])


@pytest.mark.parametrize(
    ("due", "done", "words"),
    [
        (day(10), day(10), "on time"),
        (day(10), day(11), "1 day late"),
        (day(10), day(7), "3 days early"),
        (day(10), Period(JAN[11], JAN[14]), "2 to 5 days late"),
        (Period(JAN[0], JAN[30], "month"), day(31), "on time"),
        (Period(JAN[0], JAN[9], "month"), day(12), "2 days late"),
        (Period(JAN[0], JAN[6], "week"), day(17), "10 days late"),
        (Period(JAN[0], JAN[10], "week"), day(17), "6 to 10 days late"),
        (Period(JAN[0], JAN[10], "week"), day(9), "0 to 2 days late"),
        (Period(JAN[0], JAN[10], "week"), day(5), "on time"),
    ],
)
def test_lateness_is_counted_from_the_end_of_what_was_due_and_keeps_its_range(due, done, words):
    assert _late(_lateness(due, done), English()) == words


@pytest.fixture(scope="module", params=["2021-12-15", "2025-10-01", "2026-01-07", "2026-10-01"])
def story(request):
    return Story(request.param, project=Project.find())


def test_no_step_rests_on_a_weak_source_or_on_one_that_was_not_out(story):
    found = story.promises()
    assert not found.empty
    assert "D" not in set(found["grade"])
    assert (found["known"] <= story.view.as_of).all()


def test_a_step_names_the_source_of_its_time_and_that_of_its_end(story):
    for _, rows in story.promises().groupby("label"):
        reported = rows["done"].iloc[0] not in ("not reported", "not due yet")
        assert len(rows) == 1 + reported
        assert rows[["due", "done", "late"]].drop_duplicates().shape[0] == 1
        assert bool(rows["late"].iloc[0]) == reported


def test_a_step_is_open_until_a_source_reports_it():
    before = Story("2026-01-16", project=Project.find()).promises().set_index("label")
    after = Story("2026-01-17", project=Project.find()).promises().set_index("label")
    step = "Ain al-Asad passes to Iraqi units"
    assert before.loc[step, "done"] in ("not reported", "not due yet")
    assert set(after.loc[step, "done"]) == {"17 January 2026"}


def test_the_article_alone_makes_no_table(story):
    alone = Story(story.view.as_of.isoformat(), evidence="article", project=Project.find())
    assert alone.promises().empty
