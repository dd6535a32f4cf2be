"""Every chart is drawn from the tables as they are, on days when much, little and nothing was known."""

import pytest

from handover.errors import ChartError
from handover.project import Project
from handover.story import Story
from handover.story.charts import attacks, frame, handovers, isis, places, slip, troops
from handover.story.periods import Period

DAYS = ("2020-01-01", "2021-03-01", "2026-01-07", "2026-01-31", "2026-10-01")


@pytest.fixture(scope="module", params=DAYS)
def story(request):
    return Story(request.param, project=Project.find())


def charts(story):
    import datetime as dt

    day = story.view.as_of
    levels = story.frame("troop_levels").query("scope == 'us_in_iraq'")
    base = story.frame("attacks").query("place_id == 'ain_al_asad'")
    given = story.frame("handovers")
    counts = isis.comparable(story.frame("isis_attacks"), story.frame("claims"))
    ended = handovers.ended(given, story.frame("bases"))
    week = Period(dt.date(2026, 1, 1), dt.date(2026, 1, 7))
    at_base = given[(given["place_id"] == "ain_al_asad") & (given["date"] >= "2025-12-31")]
    since = day.replace(year=day.year - 5, month=1, day=1).isoformat()
    states = places.states(story.frame("bases"), given)
    return {
        "troops": lambda ax: troops.levels(ax, levels[levels["basis"] == "observed"], until=day),
        "troops, five years": lambda ax: troops.levels(ax, levels, since=since, until=day),
        "attacks by month": lambda ax: attacks.by_month(ax, base, until=day),
        "attacks by year": lambda ax: attacks.by_year(ax, base, until=day),
        "isis": lambda ax: isis.counts(ax, counts),
        "slip": lambda ax: slip.days(ax, week, at_base),
        "handovers": lambda ax: handovers.strip(ax, ended, until=day),
        "places": lambda ax: places.locator(ax, story.outlines, states),
    }


@pytest.mark.parametrize("size", ["full", "half"])
def test_charts_of_the_real_tables_can_be_read(story, size):
    for name, chart in charts(story).items():
        fig, ax = frame.canvas(size)
        try:
            chart(ax)
        except ChartError as error:
            assert "nothing to draw" in str(error) or (size == "half" and name == "handovers"), name
            continue
        frame.check(fig)
        assert frame.svg(fig).startswith("<svg "), name
