"""No mark and no label rests on the lowest grade alone: a chart is the same picture without the rows of that grade.

Held over many days and in both kinds of evidence, for every chart of the reports, wide and narrow.
"""

import datetime as dt

import pytest

from handover.errors import ChartError
from handover.project import Project
from handover.story import Story
from handover.story.charts import attacks, frame, handovers, isis, places, slip, timeline, troops
from handover.story.periods import Period
from handover.story.view import WEAK

MARKS = {"H006": "First handover", "H044": "US troops return", "A004": "Missiles", "E046": "Convoys leave"}
WEEK = Period(dt.date(2026, 1, 1), dt.date(2026, 1, 11))
DAYS = [
    *(f"{year}-{month:02}-11" for year in range(2020, 2027) for month in (4, 10)),
    *("2026-01-07", "2026-01-18", "2026-01-31", "2026-10-01"),
]
EDITIONS = [(day, "record") for day in DAYS] + [(day, "article") for day in DAYS if day >= "2026-01-07"]


def charts(story, rows):
    """Every chart of the reports, from the rows that a function of a table's frame gives."""
    day, place = story.view.as_of, "place_id == 'ain_al_asad'"
    levels, raids = (
        rows(story.frame("troop_levels").query("scope == 'us_in_iraq'")),
        story.frame("attacks").query(place),
    )
    given, bases = rows(story.frame("handovers")), story.frame("bases")
    counts = isis.comparable(rows(story.frame("isis_attacks")), story.frame("claims"))
    over = rows(story.frame("events").query("row_id == 'E154'"))
    days = given.query(f"{place} and date >= '2025-12-31'")
    return {
        "troops": lambda ax: troops.levels(ax, levels[levels["basis"] == "observed"], until=day),
        "troops, planned too": lambda ax: troops.levels(ax, levels[levels["date"] >= "2020"], until=day),
        "attacks by month": lambda ax: attacks.by_month(ax, raids, until=day),
        "attacks by year": lambda ax: attacks.by_year(ax, raids, until=day),
        "isis": lambda ax: isis.counts(ax, counts),
        "slip": lambda ax: slip.days(ax, WEEK, days),
        "strip": lambda ax: handovers.strip(ax, handovers.ended(given, bases), until=day),
        "map": lambda ax: places.locator(ax, story.outlines, places.states(bases, given, over)),
        "timeline": lambda ax: timeline.priestley(ax, story.holdings("ain_al_asad"), rows(story.marks(MARKS))),
    }


def picture(chart, size):
    fig, ax = frame.canvas(size)
    try:
        chart(ax)
    except ChartError as error:
        assert "nothing to draw" in str(error)
        return ""
    return frame.svg(fig)


@pytest.mark.parametrize(("day", "evidence"), EDITIONS)
def test_a_chart_is_the_same_picture_without_the_rows_of_the_lowest_grade(day, evidence):
    story, size = Story(day, evidence=evidence, project=Project.find()), ("full", "narrow")[DAYS.index(day) % 2]
    every, sound = charts(story, lambda rows: rows), charts(story, lambda rows: rows[rows["grade"] != WEAK])
    for name, chart in every.items():
        assert picture(chart, size) == picture(sound[name], size), name
