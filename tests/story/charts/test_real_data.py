"""Every chart is drawn from the tables as they are, on days when much, little and nothing was known."""

import re

import nbformat
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


@pytest.mark.parametrize("size", ["full", "half", "narrow"])
def test_the_lowest_grade_leaves_no_trace_in_a_chart_of_levels(story, size):
    levels = troops.in_iraq(story.frame("troop_levels"), story.frame("claims"))
    drawn = []
    for rows in (levels, levels[levels["grade"] != "D"]):
        fig, ax = frame.canvas(size)
        troops.levels(ax, rows, until=story.view.as_of)
        drawn.append(frame.svg(fig))
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("report", ["drawdown", "briefing"])
def test_what_a_title_of_a_chart_of_levels_names_is_written_in_each_of_its_drawings(report, monkeypatch):
    project = Project.find()
    monkeypatch.chdir(project.notebooks)
    cells = [cell for cell in nbformat.read(project.notebooks / f"{report}.ipynb", 4).cells if cell.cell_type == "code"]
    named = 0
    for day in ("2020-02-01", "2020-09-30", "2021-02-01", "2023-06-30", "2026-01-07", "2026-01-31", "2026-10-01"):
        shell = {}
        for cell in cells:
            if "parameters" in cell.metadata.get("tags", []):
                exec(cell.source, shell)
                shell["as_of"] = day
            elif "story = Story(" in cell.source:
                exec(cell.source, shell)
            elif "troops.levels(" in cell.source:
                exec(cell.source.replace("\nfigure(", "\nshown = figure("), shell)
                shown = shell["shown"]
                for svg in filter(None, (getattr(shown, "svg", ""), getattr(shown, "narrow", ""))):
                    words = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
                    for number in re.findall(r"\[[^\]]*?([\d,]+)\]\(#fact-troops", shown.title):
                        assert number in words, (day, shown.title)
                        named += 1
    assert named > 10
