"""Counts of ISIS attacks, one lane for each counter, since they do not count the same thing.

All lanes share one scale; a count is a bar over the months it covers, so that part of a year looks like one.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from handover.story.charts import dates, labels, marks
from handover.story.charts.frame import MARGIN, heighten, room, styled
from handover.story.charts.palette import CONTEXT, FOCUS, INK, LABEL, RULE
from handover.story.rows import records

#: What is counted, in words; averages and trends are no counts.
MEASURES = {"attacks": "attacks", "claims": "claims", "incidents": "incidents"}
IRAQI = "Iraqi Joint Operations Command"
#: Who the article says counted, and in whose lane it belongs.
SAME = {"Iraqi officials": IRAQI}
#: Points that the highest count takes.
TALL = 34.0
#: Points between a bar and the name of its counter.
SPACE = 6
#: Days left free at each end of a bar, so that a year ends where the next begins.
GAP = 6
#: A shorter count is an episode, not a level.
SHORTEST = 80


def comparable(rows: pd.DataFrame, claims: pd.DataFrame | None = None, scope: str = "Iraq") -> pd.DataFrame:
    """Return the counts that can stand side by side: of one area, over a quarter or more, each month once.

    Args:
        rows: Rows of ``isis_attacks``.
        claims: Rows of ``claims``; the article's own counts of attacks are added from them.
        scope: The area counted.

    Returns:
        Rows with the columns of ``isis_attacks`` and its evidence; a count that lies within a longer one by the
        same counter is left out.
    """
    found = rows[(rows["scope"] == scope) & rows["measure"].isin(MEASURES) & rows["bound"].notna()]
    if claims is not None and not claims.empty:
        told = claims[(claims["unit"] == "attacks") & claims["bound"].notna()]
        # a claim's own start and end are places in the text
        told = told.drop(columns=["start", "end"]).assign(scope=scope, measure="attacks")
        told = told.rename(columns={"start_date": "start", "end_date": "end", "speaker": "counted_by"})
        told = told[[column for column in rows.columns if column in told.columns]]
        found = pd.concat([found, told]) if len(found) else told
    length = (found["end"] - found["start"]).dt.days
    found = found[length >= SHORTEST].reset_index(drop=True)
    stretches = [(_lane(row), row["start"], row["end"]) for row in records(found)]
    return found[[not _within(own, stretches) for own in stretches]].reset_index(drop=True)


Stretch = tuple[tuple[str, str, str], pd.Timestamp, pd.Timestamp]


def _within(own: Stretch, others: list[Stretch]) -> bool:
    """Whether a longer stretch of the same lane covers this one."""
    lane, start, end = own
    return any(
        lane == other and first <= start and end <= last and last - first > end - start for other, first, last in others
    )


def _lane(row: Mapping[str, Any]) -> tuple[str, str, str]:
    counter = str(row["counted_by"])
    return SAME.get(counter, counter), str(row["measure"]), str(row["scope"])


@styled
def counts(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw the counts, a lane a counter, on one scale that starts at nought in every lane.

    The Iraqi count, which the article prints, is in the focus colour. The canvas takes the height it needs.

    Args:
        ax: From `frame.canvas`.
        rows: From `comparable`.

    Raises:
        ChartError: There is no row.
    """
    rows = rows[rows["bound"].notna()]
    marks.need(rows, "counts of ISIS attacks")
    lanes = _lanes(rows)
    top = max(marks.height(marks.stated(row)) for row in records(rows))
    first = rows["start"].min().date().replace(month=1, day=1)
    last = rows["end"].max().date()
    room(ax, left=MARGIN, right=MARGIN, top=0, bottom=0)
    ax.set_xlim(dates.num(first), dates.num(dt.date(last.year, 12, 31)) + 1)
    per = TALL / top
    measured = [_lane_of(ax, key, group, per) for key, group in lanes]
    heighten(ax, sum(lane.height for lane in measured) + 20 + MARGIN)
    _, tall = room(ax, left=MARGIN, right=MARGIN, top=MARGIN, bottom=20)
    ax.set_ylim(0, tall)
    ax.yaxis.set_visible(False)
    base = tall
    for lane in measured:
        base -= lane.height
        _draw(ax, lane, base)
    _year_ticks(ax, first.year, last.year)


def _lanes(rows: pd.DataFrame) -> list[tuple[tuple[str, str, str], pd.DataFrame]]:
    """Lanes in the order their counts begin, the Iraqi count last; equal counts told twice are drawn once."""
    found = rows.assign(lane=[_lane(row) for row in records(rows)])
    found = found.drop_duplicates(["lane", "start", "end", "value", "low", "high", "bound"])
    groups = [(lane, group.sort_values(["start", "end"])) for lane, group in found.groupby("lane", sort=True)]
    return sorted(groups, key=lambda pair: (pair[0][0] == IRAQI, pair[1]["start"].min(), pair[0]))


@dataclass(frozen=True)
class Bar:
    """A count: its months on the axis, its height, whether it covers whole years, its number and their place."""

    left: float
    right: float
    tall: float
    whole: bool
    word: str
    box: labels.Box


@dataclass(frozen=True)
class Lane:
    """A counter's counts, measured; heights are points over the lane's base line."""

    name: str
    what: str
    colour: str
    bars: list[Bar]
    lines: list[tuple[str, str]]
    at: float
    over: bool
    height: float


def _lane_of(ax: Axes, key: tuple[str, str, str], group: pd.DataFrame, per: float) -> Lane:
    counter, measure, scope = key
    name = counter if counter in set(group["counted_by"]) else str(group["counted_by"].iloc[0])
    what = "" if MEASURES[measure] in name else MEASURES[measure]
    what = ", ".join(filter(None, [what, "" if scope == "Iraq" else scope]))
    bars = _bars(ax, group, per)
    spots = ax.transData.transform([(bar.left, 0) for bar in bars] + [(bar.right, 0) for bar in bars])[:, 0]
    left = min(*spots, *(bar.box.left for bar in bars)) - SPACE
    right = max(*spots, *(bar.box.right for bar in bars)) + SPACE
    one, two = [(name, what)], [(name, ""), ("", what)] if what else [(name, "")]
    # before the bars, else behind them, else over them
    places = [(MARGIN, left - MARGIN), (right, ax.figure.bbox.width - MARGIN - right)]
    fitting = ((lines, x) for x, wide in places for lines in (one, two) if _width(lines) <= wide)
    lines, at = next(fitting, (None, MARGIN))
    over = lines is None
    if lines is None:
        lines = one if _width(one) <= ax.figure.bbox.width - 2 * MARGIN else two
    text, highest = len(lines) * labels.LINE, max(bar.box.top for bar in bars)
    height = highest + text if over else max(highest, text)
    return Lane(name, what, FOCUS if counter == IRAQI else CONTEXT, bars, lines, at, over, height + 8)


def _width(lines: list[tuple[str, str]]) -> float:
    return max(
        labels.breadth(head, "bold") + (labels.PAD + labels.breadth(body) if body else 0) for head, body in lines
    )


def _bars(ax: Axes, group: pd.DataFrame, per: float) -> list[Bar]:
    """Put each number over its bar, by its middle or an edge; one that would touch something moves up."""
    found = []
    for row in records(group):
        left, right = dates.num(row["start"].date()), dates.num(row["end"].date()) + 1
        quantity = marks.stated(row)
        spans = ax.transData.transform([(left, 0), (right, 0)])[:, 0]
        word = ("about " if quantity.bound == "about" else "") + marks.words(quantity)
        whole = row["start"].is_year_start and row["end"].is_year_end
        found.append((Bar(left, right, marks.height(quantity) * per, whole, word, labels.Box(0, 0, 0, 0)), spans))
    placed: list[Bar] = []
    for bar, (px0, px1) in sorted(found, key=lambda pair: pair[0].tall):
        blocks = [other.box for other in placed]
        blocks += [labels.Box(a, 0, b, other.tall) for other, (a, b) in found if other is not bar]
        wide = labels.breadth(bar.word, "bold")
        starts = [(px0 + px1 - wide) / 2, px0, px1 - wide]
        inside = [min(max(start, MARGIN), ax.figure.bbox.width - MARGIN - wide) for start in starts]
        boxes = [_lifted(labels.Box(x, bar.tall + 1, x + wide, bar.tall + 1 + labels.LINE), blocks) for x in inside]
        placed.append(replace(bar, box=min(boxes, key=lambda box: box.bottom)))
    return sorted(placed, key=lambda bar: bar.left)


def _lifted(box: labels.Box, blocks: list[labels.Box]) -> labels.Box:
    for block in sorted(blocks, key=lambda block: block.top):
        if box.meets(block):
            box = labels.Box(box.left, block.top + 0.5, box.right, block.top + 0.5 + labels.LINE)
    return box


def _draw(ax: Axes, lane: Lane, base: float) -> None:
    ink = INK if lane.colour == CONTEXT else lane.colour
    ax.plot(ax.get_xlim(), [base, base], color=RULE, lw=0.7, zorder=1)
    floor = ax.get_window_extent().y0 + base
    for bar in lane.bars:
        look = {"fc": lane.colour} if bar.whole else {"fc": "none", "hatch": "//////"}
        left, right = bar.left + GAP, bar.right - GAP
        ax.add_patch(
            Rectangle((left, base), right - left, bar.tall, ec=lane.colour, lw=0.8, zorder=2, gid="count", **look)
        )
        # a count too low to see still says which months it covers
        ax.plot([left, right], [base, base], color=lane.colour, lw=1.6, zorder=2, solid_capstyle="butt")
        labels.set_text(ax, bar.box.left, floor + bar.box.top, bar.word, weight="bold", colour=ink)
        if bar.box.bottom > bar.tall + 3:
            middle = labels.points(ax, (left + right) / 2, 0)[0]
            labels.line(ax, (middle, floor + bar.tall), (middle, floor + bar.box.bottom + 1), LABEL)
    top = floor + (lane.height - 8 if lane.over else len(lane.lines) * labels.LINE)
    for n, (head, body) in enumerate(lane.lines):
        past = labels.breadth(head, "bold") + labels.PAD if head else 0
        labels.set_text(ax, lane.at, top - n * labels.LINE, head, weight="bold", colour=ink)
        labels.set_text(ax, lane.at + past, top - n * labels.LINE, body, colour=LABEL)


def _year_ticks(ax: Axes, first: int, last: int) -> None:
    """Years stand under their middle, since a count covers a year and does not happen at its start."""
    years = list(range(first, last + 1))
    width = ax.get_window_extent().width / len(years)
    every = next(n for n in (1, 2, 3, 5) if width * n > 22)
    shown = [year for year in years if (last - year) % every == 0]
    labels.ticks(ax, [(dates.num(dt.date(year, 7, 2)), str(year)) for year in shown], length=0)
    ax.spines["bottom"].set_visible(False)
