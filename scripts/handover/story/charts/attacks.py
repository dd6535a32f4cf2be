"""Attacks on a base: one mark a day on which at least one source reports one, and days a year.

A day counts once, however many sources report it, by the rule of the data's column ``basis``; a mark does not say how
many attacks a day saw. Days that only the attackers claim hang, hollow, under the axis, and are not counted.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from handover.story.charts import axes, labels, marks
from handover.story.charts.figure import MARGIN, full, heighten, room
from handover.story.charts.style import ALERT, CONTEXT, FOCUS, INK, LABEL, PAPER, house
from handover.story.claims import WEAK
from handover.story.frames import records, sound
from handover.story.values import Period, Quantity, quantity_of

#: Weapon of a day -> its name, shape and colour.
WEAPONS = {
    "rocket": ("rockets", "s", CONTEXT),
    "drone": ("drones", "o", FOCUS),
    "ballistic_missile": ("ballistic missiles", "^", ALERT),
    "mixed": ("more than one kind", "D", INK),
    "unknown": ("weapon not stated", "o", PAPER),
}
#: Height of a day in its month's stack, in points.
UNIT = 8.0
#: Largest size of a mark, in points.
LARGEST = 8.0
#: How many days with the most wounded get a label, on a full and a narrower canvas, and the fewest wounded worth one.
WORST, WORST_HALF, LEAST = 4, 2, 4

#: Words for days that only the attackers claim, and for years with nothing on record or nothing that counts.
CLAIMED, NONE, UNCOUNTED = "claimed, not counted", "none on record", "none that counts"
#: Weapon -> colour of its label; CONTEXT is too pale for text.
WORDS = {kind: INK if colour in (CONTEXT, PAPER) else colour for kind, (_, _, colour) in WEAPONS.items()}
#: The widest a column gets, in points, and the fewest days that fill the height.
COLUMN, LOWEST = 36.0, 4


@dataclass(frozen=True, slots=True)
class Day:
    """A day with an attack; `weapon` is ``mixed`` where sources name several, `wounded` the highest count of any."""

    date: dt.date
    weapon: str
    wounded: Quantity | None


def _dated(rows: pd.DataFrame, basis: str) -> list[Day]:
    reports: dict[dt.date, list[dict[str, Any]]] = {}
    for row in sound(rows):
        if row["date_precision"] == "day" and row["basis"] == basis:
            reports.setdefault(row["date"], []).append(row)
    return [_day(day, group) for day, group in sorted(reports.items(), key=itemgetter(0))]


def _day(day: dt.date, group: list[dict[str, Any]]) -> Day:
    weapons = {row["weapon"] for row in group if row["weapon"]}
    weapon = "mixed" if len(weapons) > 1 else next(iter(weapons), "unknown")
    counts = [row for row in group if row["wounded"] is not None]
    most = max(counts, key=itemgetter("wounded"), default=None)
    return Day(day, weapon, quantity_of(most, "wounded") if most else None)


def days(rows: pd.DataFrame) -> list[Day]:
    """Return the days that count as days with an attack.

    Args:
        rows: Rows of ``attacks``. A day counts when a source of grade A to C, other than the attackers, reports
            it; rows that give no day are left out, since another row may give the day.
    """
    return _dated(rows, "reported")


def claimed(rows: pd.DataFrame) -> list[Day]:
    """Return the days for which only the attackers claim an attack."""
    counted = {day.date for day in days(rows)}
    return [day for day in _dated(rows, "claimed") if day.date not in counted]


def listed_by_day(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that `by_month` draws, each with what the mark of its day says: the values of that chart.

    Rows of one day read alike, so a table shows them as one row with several sources.

    Args:
        rows: As for `by_month`.

    Returns:
        The rows with ``weapon`` and ``wounded`` of their day, and whether it counts, in words, as ``basis``.
    """
    said = {(day.date, "reported"): (WEAPONS[day.weapon][0], "reported", day.wounded) for day in days(rows)}
    said |= {(day.date, "claimed"): ("", CLAIMED, None) for day in claimed(rows)}
    listed, drawn = _listed(rows, lambda row: said.get((row["date"], row["basis"])))
    weapons, basis, wounded = zip(*drawn, strict=True) if drawn else ((), (), ())
    return listed.assign(
        weapon=weapons,
        wounded=[None if one is None else marks.height(one) for one in wounded],
        wounded_bound=[None if one is None else one.bound for one in wounded],
        basis=basis,
    )


def listed_by_year(rows: pd.DataFrame, *, until: str | dt.date) -> pd.DataFrame:
    """Return the rows that `by_year` counts, each with the count of its year: the values of that chart.

    Args:
        rows: As for `by_year`.
        until: The report's day.

    Returns:
        The rows with ``year``, in words, and ``days``. Those of one year read alike, as in `listed_by_day`.
    """
    end = axes.day_from(until)
    counts = Counter(day.date.year for day in days(rows))
    listed, years = _listed(rows, lambda row: row["basis"] == "reported" and row["date"].year)
    words = [f"{year} so far" if year == end.year and not _is_over(end) else str(year) for year in years]
    return listed.assign(year=words, days=[counts[year] for year in years])


def _listed(rows: pd.DataFrame, say: Callable[[dict[str, Any]], Any]) -> tuple[pd.DataFrame, list[Any]]:
    """Return the rows of days of which a chart says something, and what it says."""
    told = [
        (n, say(row)) for n, row in enumerate(records(rows)) if row["grade"] != WEAK and row["date_precision"] == "day"
    ]
    told = [(n, said) for n, said in told if said]
    return rows.iloc[[n for n, _ in told]], [said for _, said in told]


def _is_over(end: dt.date) -> bool:
    """Return whether the year of a report's day is over."""
    return (end.month, end.day) == (12, 31)


@house()
def by_month(ax: Axes, rows: pd.DataFrame, *, until: str | dt.date | None = None) -> None:
    """Stack a mark for each day with an attack in its month, its shape for the weapon.

    A year without one says so. Days that were only claimed hang under the axis.

    Args:
        ax: From `figure.canvas`; the canvas takes the height it needs.
        rows: Rows of ``attacks`` on one base.
        until: The axis reaches at least to this day: the report's.
    """
    found, hung = days(rows), claimed(rows)
    marks.need(found, "attacks by month")
    stacked, hanging = _stacked(found), _stacked(hung)
    tops = dict(stacked)
    top, low = max(tops.values()) + 0.5, max((level + 1.1 for _, level in hanging), default=0.0)
    first, last = found[0].date, max(day.date for day in (*found, *hung))
    if until is not None:
        last = max(last, axes.day_from(until))
    none = {*range(first.year, last.year + _is_over(last))} - {day.date.year for day in found}
    first, last = first.replace(day=1) - dt.timedelta(20), last + dt.timedelta(35)
    kinds = {kind: name for kind, (name, *_) in WEAPONS.items() if any(day.weapon == kind for day in found)}
    kinds |= {"claimed": CLAIMED} if hung else {}
    notes = _worst(found, stacked, WORST if full(ax) else WORST_HALF)
    unit = max(UNIT, 24 / top)
    over, ticks = marks.key_room(ax, list(kinds.values())), axes.foot(first, last)
    foot = ticks + low * unit

    def scale(plot: float, foot: float = foot) -> None:
        heighten(ax, foot + plot + over)
        room(ax, left=MARGIN + axes.tick_room(top), right=MARGIN + 2, top=over, bottom=foot)
        ax.set_ylim(0, plot / unit)

    # no taller than the stacks and labels need, so that a stack looks like one
    plot = top * unit
    scale(plot, ticks)
    axes.time_axis(ax, first, last)
    scale(plot)
    highest = max((box.top for box in labels.flag_boxes(ax, notes, _stacks(ax, tops))), default=0.0)
    scale(max(plot, highest - foot + 3))
    marks.key(ax, kinds, {kind: _look(kind, 5.5) for kind in kinds})
    axes.count_axis(ax, top, most=max(int(top * unit / 16), 1))
    size = _size(ax)
    for kind in sorted({day.weapon for day in found}):
        places = [place for day, place in zip(found, stacked, strict=True) if day.weapon == kind]
        marks.plot(ax, places, **_look(kind, size))
    marks.plot(ax, [(x, -level - 0.4) for x, level in hanging], clip_on=False, **_look("claimed", size))
    boxes = [*_stacks(ax, tops), *labels.flags(ax, notes, _stacks(ax, tops))]
    for year in sorted(none):
        _write_none(ax, year, boxes)


def _stacked(found: list[Day]) -> list[tuple[float, float]]:
    """Return for each day the middle of its month, and its place in the month's stack."""
    heights: Counter[float] = Counter()
    places = []
    for day in found:
        month = Period.around(day.date, "month")
        middle = (axes.num(month.start) + axes.num(month.end) + 1) / 2
        places.append((middle, heights[middle] + 0.5))
        heights[middle] += 1
    return places


def _write_none(ax: Axes, year: int, taken: list[labels.Box]) -> None:
    """Write over a year of the axis that nothing is on record, if there is room."""
    px, py = labels.points(ax, axes.num(dt.date(year, 7, 2)), 0)
    (left, _), (right, _) = (labels.points(ax, axes.num(dt.date(y, 1, 1)), 0) for y in (year, year + 1))
    words = labels.wrap(NONE, right - left)
    wide, tall = labels.breadth(words) / 2, (words.count("\n") + 1) * labels.LINE
    box = labels.Box(px - wide, py + 3, px + wide, py + 3 + tall)
    if not any(box.meets(other) for other in taken):
        labels.set_text(ax, px, box.top, words, colour=LABEL, align="center")


def _stacks(ax: Axes, tops: Mapping[float, float]) -> list[labels.Box]:
    spots = labels.all_points(ax, [(x, level + 0.5) for x, level in tops.items()])
    return [labels.Box(px - 3, 0, px + 3, py) for px, py in spots]


def _size(ax: Axes) -> float:
    """Return the size of a mark: as wide as a month and as tall as a day, within limits."""
    (x0, y0), (x1, y1) = labels.points(ax, 0, 0), labels.points(ax, 30.4, 1)
    return min(max(x1 - x0, 4.0), y1 - y0, LARGEST) - 0.4


def _look(kind: str, size: float) -> dict[str, Any]:
    if kind == "claimed":
        return {"marker": "o", "ms": size * 0.85, "mfc": PAPER, "mec": LABEL, "mew": 0.7, "zorder": 3, "gid": "claimed"}
    _, shape, colour = WEAPONS[kind]
    look = {"mfc": colour, "mec": CONTEXT if colour == PAPER else colour, "mew": 0.4, "zorder": 3}
    return look | {"marker": shape, "ms": size * (0.85 if shape == "D" else 1)}


def _worst(found: list[Day], stacked: list[tuple[float, float]], most: int) -> list[labels.Note]:
    hurt = {n: marks.height(day.wounded) for n, day in enumerate(found) if day.wounded}
    order = sorted((n for n in hurt if hurt[n] >= LEAST), key=lambda n: (-hurt[n], n))[:most]
    tops, notes = dict(stacked), []
    for n in sorted(order):
        day, (x, _) = found[n], stacked[n]
        words = f"{marks.words(day.wounded)} wounded"
        # the stem starts at the top of the month's stack
        notes.append(labels.Note(x, tops[x] + 0.5, words, axes.short(day.date), WORDS[day.weapon], inline=True))
    return notes


@house()
def by_year(ax: Axes, rows: pd.DataFrame, *, until: str | dt.date | None = None) -> None:
    """Draw a column for each year: the number of days with an attack.

    Args:
        ax: From `figure.canvas`.
        rows: Rows of ``attacks`` on one base; a year with only rows that do not count says so.
        until: The report's day; the column of its unfinished year is hatched, and years up to it without a reported
            attack say so.
    """
    found = days(rows)
    marks.need(found, "attacks by year")
    counts = Counter(day.date.year for day in found)
    end = axes.day_from(until) if until is not None else None
    last = max(*counts, end.year if end else 0)
    years = list(range(min(counts), last + 1))
    partial = end is not None and end.year == last and not _is_over(end)
    wide, _ = room(ax, left=MARGIN, right=MARGIN, top=MARGIN + labels.LINE, bottom=31 if partial else 20)
    ax.set_xlim(-0.6, len(years) - 0.4)
    # a single day must not fill the height
    ax.set_ylim(0, max(*counts.values(), LOWEST))
    ax.yaxis.set_visible(False)
    half = min(0.32, COLUMN / 2 * (len(years) + 0.2) / wide)
    for n, year in enumerate(years):
        count = counts[year]
        part = partial and year == last
        look = {"fc": PAPER, "ec": FOCUS, "hatch": "////"} if part else {"fc": FOCUS, "ec": FOCUS}
        if count:
            labels.block(ax, n - half, 0, 2 * half, count, lw=0.8, clip_on=False, **look)
            px, py = labels.points(ax, n, count)
            labels.set_text(ax, px, py + labels.LINE + 1, str(count), weight="bold", colour=FOCUS, align="center")
    uncounted = {row["date"].year for row in records(rows)}
    _explain_gaps(ax, [(not counts[year], year in uncounted) for year in years], wide / (len(years) + 0.2))
    every = next(n for n in (1, 2, 3, 5, 10) if wide / len(years) * n > 22)
    shown = [n for n in range(len(years)) if (len(years) - 1 - n) % every == 0]
    words = [str(years[n]) for n in shown]
    if partial:
        words[-1] += f"\nto {axes.SHORT[end.month - 1]}"
    axes.ticks(ax, list(zip(shown, words, strict=True)), length=0)
    ax.spines["bottom"].set_color(INK)


def _explain_gaps(ax: Axes, years: list[tuple[bool, bool]], each: float) -> None:
    """Write over neighbouring years why they have no column: a zero would read as a finding.

    `years` says of each whether it has no column, and whether the record has rows that do not count; `each` is the
    width of a year in points. The limits of the axes must be final.
    """
    start, last = 0, labels.Box(0, 0, 0, 0)
    for (empty, uncounted), group in groupby(years):
        many = len(list(group))
        if empty:
            words = labels.wrap(UNCOUNTED if uncounted else NONE, (many + 0.3) * each)
            half, tall = labels.breadth(words) / 2, labels.LINE * (words.count("\n") + 1)
            px, foot = labels.points(ax, start + (many - 1) / 2, 0)
            px = min(px, ax.figure.bbox.width - MARGIN - half)
            # above the words before it if it would touch them
            foot = last.top if last.right + labels.PAD > px - half else foot + 2
            last = labels.Box(px - half, foot, px + half, foot + tall)
            labels.set_text(ax, px, last.top, words, colour=LABEL, align="center")
        start += many
