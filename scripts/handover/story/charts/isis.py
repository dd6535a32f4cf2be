"""Counts of ISIS attacks: a line for each count, grouped by counter, since each counts something different.

Counts cover different periods, so the chart shows rates, counts divided by their months. The highest is hundreds of
times the lowest: the axis is logarithmic, with dots, since a bar would need a zero.
"""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from handover.story.charts import axes, labels, marks
from handover.story.charts.figure import MARGIN, full, heighten, room
from handover.story.charts.style import CONTEXT, FOCUS, INK, LABEL, PAPER, RULE, house
from handover.story.frames import from_rows, records, sound
from handover.story.values import quantity_of

#: Measure -> its words; averages and trends are not counts.
MEASURES = {"attacks": "attacks", "claims": "attacks claimed by ISIS", "incidents": "incidents in the media"}
IRAQI = "Iraqi Joint Operations Command"
#: Counter as named by the article -> counter whose lane its counts belong to.
SAME = {"Iraqi officials": IRAQI}
#: The shortest count drawn, in days; a shorter one is an episode.
SHORTEST = 80
#: Heading of the axis.
RATE = "A month; each line ten times the last"
#: Height of a count's line, and the space above and below a group, in points.
ROW, SPACE = 13.0, 5.0
#: Space between two columns, in points.
GUTTER = 10.0
#: Greatest width of the counters' names beside their counts, in points.
NAMES = 142.0


def comparable(rows: pd.DataFrame, claims: pd.DataFrame | None = None, scope: str = "Iraq") -> pd.DataFrame:
    """Return the counts that can be compared: of one area, over about a quarter or more, each month once.

    Args:
        rows: Rows of ``isis_attacks``.
        claims: Rows of ``claims``; the article's own counts of attacks are added from them.
        scope: The area counted.

    Returns:
        Rows with the columns of ``isis_attacks`` and its evidence; a count within a longer one by the same counter
        is left out, and so are weak sources.
    """
    found = [row for row in sound(rows) if row["scope"] == scope and row["measure"] in MEASURES]
    for row in records(claims) if claims is not None else ():
        if row["unit"] == "attacks":
            # `start` and `end` of a claim are places in the text
            own = {"start": row["start_date"], "end": row["end_date"], "counted_by": row["speaker"]}
            found.append(dict.fromkeys(rows) | row | own | {"scope": scope, "measure": "attacks"})
    found = [row for row in found if row["bound"] and row["end"] and (row["end"] - row["start"]).days >= SHORTEST]
    stretches = [(_lane(row), row["start"], row["end"]) for row in found]
    kept = []
    for row, (lane, start, end) in zip(found, stretches, strict=True):
        longer = ((first, last) for other, first, last in stretches if other == lane and last - first > end - start)
        if not any(first <= start and end <= last for first, last in longer):
            kept.append(row)
    return from_rows(kept, rows.columns.tolist())


def _lane(row: Mapping[str, Any]) -> tuple[str, str, str]:
    counter = str(row["counted_by"])
    return SAME.get(counter, counter), str(row["measure"]), str(row["scope"])


@house()
def counts(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw each count as a dot at its monthly rate, in a line that gives its months and the count itself.

    The Iraqi count, which the article prints, is in the focus colour. Sets the height of the canvas.

    Args:
        ax: From `figure.canvas`.
        rows: From `comparable`.
    """
    told = [row for row in records(rows) if row["bound"]]
    marks.need(told, "counts of ISIS attacks")
    groups = _groups(told, beside=full(ax))
    lines = [line for group in groups for line in group.lines]
    columns = _columns(groups, beside=full(ax))
    heading = labels.wrap(RATE, ax.figure.bbox.width - MARGIN - columns.plot)
    over = MARGIN + (heading.count("\n") + 2) * labels.LINE + 6
    heighten(ax, over + sum(group.tall for group in groups) + MARGIN)
    _, plot = room(ax, left=columns.plot, right=MARGIN, top=over, bottom=MARGIN)
    _scale(ax, [line.rate for line in lines], plot)
    _heads(ax, columns, heading)
    tops = [*accumulate((-group.tall for group in groups), initial=ax.get_window_extent().y1)]
    _rules(ax, groups, tops)
    for group, top in zip(groups, tops, strict=False):
        _draw(ax, group, columns, top)


@dataclass(frozen=True)
class Line:
    """A count: its months and number as text, its monthly rate, and whether it is exact."""

    months: str
    count: str
    rate: float
    exact: bool


@dataclass(frozen=True)
class Group:
    """A counter's counts, `beside` its name or under it; `what` is counted follows the name or is under it."""

    name: str
    what: str
    colour: str
    lines: list[Line]
    beside: bool

    @property
    def inline(self) -> bool:
        """Whether `what` follows the name on its line."""
        return not self.beside or (self.wide <= NAMES and "\n" not in self.name)

    @property
    def wide(self) -> float:
        """Width in points of the name and `what` on one line."""
        return labels.breadth(self.name, "bold") + labels.PAD + labels.breadth(self.what)

    @property
    def words(self) -> float:
        """Height in points of the name and `what`."""
        return (self.name.count("\n") + (1 if self.inline else 2)) * labels.LINE

    @property
    def tall(self) -> float:
        """Height in points, with the space around it."""
        dots = len(self.lines) * ROW
        return (max(self.words, dots) if self.beside else self.words + dots) + 2 * SPACE


@dataclass(frozen=True)
class Columns:
    """The left edges of the columns, in points; for `count`, the right edge."""

    months: float
    count: float
    plot: float


def _groups(rows: list[dict[str, Any]], *, beside: bool) -> list[Group]:
    """Return counters in the order in which their counts begin, the Iraqi last; equal counts are drawn once."""
    lanes: dict[tuple[str, str, str], dict[object, dict[str, Any]]] = {}
    for row in sorted(rows, key=itemgetter("start", "end")):
        lanes.setdefault(_lane(row), {}).setdefault((row["start"], row["end"], quantity_of(row)), row)
    order = sorted(lanes, key=lambda lane: (lane[0] == IRAQI, next(iter(lanes[lane].values()))["start"], lane))
    return [_group(lane, list(lanes[lane].values()), beside) for lane in order]


def _group(lane: tuple[str, str, str], rows: list[dict[str, Any]], beside: bool) -> Group:
    counter, measure, scope = lane
    names = [str(row["counted_by"]) for row in rows]
    name = counter if counter in names else names[0]
    what = MEASURES[measure] + ("" if scope == "Iraq" else f", {scope}")
    name = labels.wrap(name, NAMES, "bold") if beside else name
    return Group(name, what, FOCUS if counter == IRAQI else INK, [_counted(row) for row in rows], beside)


def _counted(row: Mapping[str, Any]) -> Line:
    quantity = quantity_of(row)
    count = ("about " if quantity.bound == "about" else "") + marks.words(quantity)
    start, end = row["start"], row["end"]
    rate = marks.height(quantity) / _month_count(start, end)
    return Line(_months(start, end), count, rate, quantity.bound == "exact")


def _month_count(start: dt.date, end: dt.date) -> float:
    after = end + dt.timedelta(1)
    if start.day == after.day == 1:
        return float((after.year - start.year) * 12 + after.month - start.month)
    return ((end - start).days + 1) / (365.25 / 12)


def _months(start: dt.date, end: dt.date) -> str:
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31):
        return str(start.year) if start.year == end.year else f"{start.year}–{end.year}"
    return f"{axes.short(start, 'month', year=start.year != end.year)}–{axes.short(end, 'month')}"


def _columns(groups: list[Group], *, beside: bool) -> Columns:
    lines = [line for group in groups for line in group.lines]
    wide = [
        one.wide if one.inline else max(labels.breadth(one.name, "bold"), labels.breadth(one.what)) for one in groups
    ]
    names = max(wide) + GUTTER if beside else 0.0
    months = max(labels.breadth(line.months) for line in lines)
    count = max([labels.breadth("Count"), *(labels.breadth(line.count, "bold") for line in lines)])
    end = MARGIN + names + months + GUTTER + count
    return Columns(MARGIN + names, end, end + GUTTER)


def _scale(ax: Axes, rates: list[float], plot: float) -> None:
    """Set the axis to whole powers of ten, with room for the number after the last dot."""
    low, high = math.floor(math.log10(min(rates))), math.floor(math.log10(max(rates))) + 1
    inner = ax.get_window_extent().width
    before, behind = 10.0, 12.0
    per = (high - low) / (inner - before - behind)
    ax.set_xlim(low - before * per, high + behind * per)
    ax.set_ylim(0, plot)
    ax.set_axis_off()


def _heads(ax: Axes, columns: Columns, heading: str) -> None:
    """Write the headings, and the powers of ten over their lines."""
    top = ax.figure.bbox.height - MARGIN
    if columns.months > MARGIN:
        labels.set_text(ax, MARGIN, top, "Counted by", colour=LABEL)
    labels.set_text(ax, columns.months, top, "Period", colour=LABEL)
    labels.set_text(ax, columns.count, top, "Count", colour=LABEL, align="right")
    labels.set_text(ax, columns.plot, top, heading, colour=LABEL)
    top -= (heading.count("\n") + 1) * labels.LINE + 1
    for power in _powers(ax):
        px, _ = labels.points(ax, power, 0)
        labels.set_text(ax, px, top, f"{10.0**power:,g}", colour=LABEL, align="center")


def _powers(ax: Axes) -> range:
    low, high = ax.get_xlim()
    return range(math.ceil(low), math.floor(high) + 1)


def _rules(ax: Axes, groups: list[Group], tops: list[float]) -> None:
    """Draw a line over each group, and the lines of the axis, which stop short of names above their counts."""
    edge, powers = ax.figure.bbox.width - MARGIN, [px for px, _ in labels.all_points(ax, [(p, 0) for p in _powers(ax)])]
    ceilings = [top - (0 if group.beside else SPACE + group.words) for group, top in zip(groups, tops, strict=False)]
    over = [((MARGIN, top), (edge, top)) for top in tops[:-1]]
    down = [((px, floor), (px, top)) for floor, top in zip(tops[1:], ceilings, strict=True) for px in powers]
    labels.strokes(ax, over, RULE, lw=0.7, zorder=0.6, **marks.OVER)
    labels.strokes(ax, down, RULE, lw=0.8, zorder=0.5, **marks.OVER)


def _draw(ax: Axes, group: Group, columns: Columns, top: float) -> None:
    base = top - SPACE
    labels.set_text(ax, MARGIN, base, group.name, weight="bold", colour=group.colour)
    past = labels.breadth(group.name, "bold") + labels.PAD if group.inline else 0.0
    labels.set_text(ax, MARGIN + past, base - group.words + labels.LINE, group.what, colour=LABEL)
    base -= 0 if group.beside else group.words
    spots = []
    for line in group.lines:
        text = base - (ROW - labels.LINE) / 2
        px, _ = labels.points(ax, math.log10(line.rate), 0)
        spots.append((px, base - ROW / 2, line.exact))
        labels.set_text(ax, columns.months, text, line.months, colour=LABEL)
        labels.set_text(ax, columns.count, text, line.count, weight="bold", colour=group.colour, align="right")
        labels.set_text(ax, px + 6, text, f"{line.rate:,.{0 if line.rate >= 10 else 1}f}", colour=group.colour)
        base -= ROW
    mark = FOCUS if group.colour == FOCUS else CONTEXT
    for exact in (True, False):
        look = {"ms": 6.4, "mfc": mark if exact else PAPER, "mec": mark, "mew": 1.2, "zorder": 3, "gid": "count"}
        marks.plot(ax, [(x, y) for x, y, own in spots if own == exact], marker="o", **look | marks.OVER)
