"""Laws of every chart, drawn from the real tables on days when much, little and nothing was known.

Its texts can be read (inside the canvas, apart, large enough), and it is the same without the rows of the lowest grade.
"""

import datetime as dt
import random
import re

import nbformat
import pytest
from matplotlib.font_manager import FontProperties

from handover.errors import ChartError
from handover.story.charts import attacks, figure, handovers, isis, places, quantities, slip, style, timeline, troops
from handover.story.claims import WEAK
from handover.story.values import English, Period

MARKS = {"H006": "First handover", "H044": "US troops return", "A004": "Missiles", "E046": "Convoys leave"}
WEEK = Period(dt.date(2026, 1, 1), dt.date(2026, 1, 11))
#: A few for every push; the slow ones are every year from 2020 on.
DAYS = ["2020-01-01", "2021-03-01", "2024-10-11", "2026-01-07", "2026-01-18", "2026-10-01"]
MANY = [f"{year}-04-11" for year in range(2020, 2027)]
EDITIONS = [*((day, "record") for day in DAYS), *((day, "article") for day in DAYS[-3:])]
EDITIONS += [pytest.param(day, "record", marks=pytest.mark.slow) for day in MANY]
#: Charts that need a full canvas.
WIDE = ("bars", "handovers", "timeline")


def charts(story, rows):
    """Return every chart of the reports, its rows passed through a function."""
    day, place = story.view.as_of, "place_id == 'ain_al_asad'"
    claims, bases = story.frame("claims"), story.frame("bases")
    levels = rows(troops.in_iraq(story.frame("troop_levels"), claims))
    raids, given = rows(story.frame("attacks").query(place)), rows(story.frame("handovers"))
    counts = isis.comparable(rows(story.frame("isis_attacks")), claims)
    early = levels.query("date < '2009-01-01'")
    over = rows(story.frame("events").query("row_id == 'E154'"))
    days = given.query(f"{place} and date >= '2025-12-31'")
    return {
        "troops": lambda ax: troops.levels(ax, levels[levels["basis"] == "observed"], until=day),
        "troops, planned too": lambda ax: troops.levels(ax, levels, since=f"{day.year - 5}-01-01", until=day),
        "bars": lambda ax: quantities.bars(ax, early, "row_id"),
        "over time": lambda ax: quantities.over_time(ax, rows(story.frame("isis_strength")), until=day),
        "attacks by month": lambda ax: attacks.by_month(ax, raids, until=day),
        "attacks by year": lambda ax: attacks.by_year(ax, raids, until=day),
        "isis": lambda ax: isis.counts(ax, counts),
        "slip": lambda ax: slip.days(ax, WEEK, days),
        "handovers": lambda ax: handovers.strip(ax, handovers.ended(given, bases), until=day),
        "map": lambda ax: places.locator(ax, story.outlines, places.states(bases, given, over)),
        "timeline": lambda ax: timeline.priestley(ax, story.holdings("ain_al_asad"), rows(story.marks(MARKS))),
    }


def picture(name, chart, size):
    fig, ax = figure.canvas(size)
    try:
        chart(ax)
    except ChartError as error:
        assert "nothing to draw" in str(error) or (size == "half" and name in WIDE), error
        return ""
    return figure.svg(fig)  # refuses what cannot be read


@pytest.mark.parametrize(("day", "evidence"), EDITIONS)
def test_every_chart_can_be_read_and_is_the_same_without_the_lowest_grade(tell, day, evidence):
    story = tell(day, evidence=evidence)
    sound = charts(story, lambda rows: rows[rows["grade"] != WEAK])
    for n, (name, chart) in enumerate(charts(story, lambda rows: rows).items(), int(day[2:4])):
        size, other = [*figure.SIZES, "full"][n % 3 :][:2]
        picture(name, chart, other)
        assert picture(name, chart, size) == picture(name, sound[name], size), (name, size)


@pytest.mark.parametrize("report", ["drawdown", "briefing"])
def test_what_a_title_of_a_chart_of_levels_names_is_written_in_each_of_its_drawings(report, tell, project, monkeypatch):
    monkeypatch.chdir(project.notebooks)
    cells = [cell for cell in nbformat.read(project.notebooks / f"{report}.ipynb", 4).cells if cell.cell_type == "code"]
    named = 0
    for day in ("2020-09-30", "2023-06-30", "2026-01-07", "2026-01-31", "2026-10-01"):
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
    assert named > 4


@pytest.mark.parametrize(
    ("chart", "table", "what"),
    [
        (troops.levels, "troop_levels", "troop levels must have a row"),
        (attacks.by_month, "attacks", "attacks by month"),
        (attacks.by_year, "attacks", "attacks by year"),
        (isis.counts, "isis_attacks", "counts of ISIS attacks"),
        (lambda ax, rows: slip.days(ax, WEEK, rows), "handovers", "days of the handover"),
        (handovers.strip, "handovers", "handovers of bases"),
        (lambda ax, rows: quantities.bars(ax, rows, "scope"), "troop_levels", "bars must have a row"),
        (quantities.over_time, "isis_attacks", "quantities over time must have a row"),
        (lambda ax, rows: timeline.priestley(ax, rows, rows), "handovers", "timeline must have a row"),
    ],
)
def test_no_row_is_nothing_to_draw(rows, chart, table, what):
    with pytest.raises(ChartError, match=rf"nothing to draw: {what}.*\nLeave the chart out where nothing was known"):
        chart(figure.canvas()[1], rows(table))


@pytest.mark.parametrize(
    "chart",
    [
        lambda ax, rows: quantities.bars(ax, rows, "kind"),
        handovers.strip,
        lambda ax, rows: timeline.priestley(ax, rows, rows),
    ],
)
def test_a_half_canvas_is_refused_where_labels_have_no_room(rows, chart):
    with pytest.raises(ChartError, match=r"must be drawn on a full canvas \(got half\)"):
        chart(figure.canvas("half")[1], rows("handovers", {"date": "2020-03-29"}))


# charts of any table


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        (lambda ax, rows: quantities.bars(ax, rows, "scop"), "bars: the rows must have a column 'scop' (got "),
        (lambda ax, rows: quantities.bars(ax, rows, "scop"), "; did you mean 'scope'?).\nName a column of the table"),
        (lambda ax, rows: quantities.bars(ax, rows.drop(columns="bound"), "scope"), "must have a column 'bound'"),
        (lambda ax, rows: quantities.over_time(ax, rows.drop(columns="date")), "must have a column 'start'"),
    ],
)
def test_a_column_that_a_table_has_not_is_named(rows, chart, said):
    with pytest.raises(ChartError, match=re.escape(said)):
        chart(figure.canvas()[1], rows("troop_levels", {"date": "2020-03-29", "value": 1, "bound": "exact"}))


def test_a_bar_that_is_not_there_cannot_be_the_one_that_the_title_is_about(rows):
    found = rows("troop_levels", {"date": "2020-03-29", "value": 1, "bound": "exact", "scope": "Grünhörn"})
    with pytest.raises(ChartError, match=r"bars: focus must name a bar \(got 'Grunhorn'; did you mean 'Grünhörn'\?\)"):
        quantities.bars(figure.canvas()[1], found, "scope", focus="Grunhorn")


@pytest.mark.parametrize(("values", "whole"), [((4, 0, 9), True), ((1, 2), True), ((0.5, 2), False)])
def test_what_is_counted_in_whole_numbers_has_no_half_on_its_axis(rows, values, whole):
    ax = figure.canvas()[1]
    cells = [{"date": f"2020-0{n}-01", "value": value, "bound": "exact"} for n, value in enumerate(values, 1)]
    quantities.over_time(ax, rows("troop_levels", *cells))
    assert all(float(tick.get_text()).is_integer() for tick in ax.get_yticklabels()) is whole


BOUNDS = {"exact": "value", "about": "value", "at_most": "high", "fewer_than": "high", "more_than": "low"}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_table_states_its_bars_and_its_marks_along_time_can_be_read(rows, seed):
    """Not by hypothesis: a chart takes a tenth of a second, and a failing one would be shrunk for minutes."""
    chance = random.Random(seed)
    start, step = dt.date(2001, 1, 1), chance.choice([1, 31, 800])
    made = []
    for n in range(chance.randint(1, 20)):
        bound = chance.choice([*BOUNDS])
        value = chance.choice([chance.randint(-(10**7), 10**7), chance.uniform(-(10**4), 10**4), chance.randint(0, 50)])
        scope = "".join(chance.choices("abc xyz", k=chance.randint(1, 60)))
        when = {"start": start + dt.timedelta(step * n), "end": start + dt.timedelta(step * (n + 1))}
        made.append({"scope": scope, "bound": bound, BOUNDS[bound]: value, **when})
    found = rows("isis_attacks", *made)
    last = English().number(abs(value), digits=True)
    for size in figure.SIZES:
        for name, chart in (
            ("bars", lambda ax: quantities.bars(ax, found, "scope")),
            ("over time", lambda ax: quantities.over_time(ax, found)),
        ):
            if name in WIDE and size == "half":
                continue
            fig, ax = figure.canvas(size)
            chart(ax)
            svg = figure.svg(fig)  # refuses what cannot be read
            assert last in svg or size == "half"


@pytest.mark.parametrize("name", ["الميناء", "港町", "बंदरगाह", "항구", "\U0001f600", "\ue123"])
def test_a_name_in_any_script_finds_its_width_without_a_warning(name, recwarn):
    """A warning on stderr names a file of this machine, for which a report is refused."""
    with style.house():
        font = FontProperties(family=style.FAMILY, size=9)
        plain, width = (style.text_size(text, font)[0] for text in ("", name))
    assert width > plain == 0
    assert not [one for one in recwarn if "Glyph" in str(one.message)]
