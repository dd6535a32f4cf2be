"""Attacks on a base: one mark a day on which at least one source reports one, and days a year.

A day is counted once, however many sources report it; what a mark cannot say, such as how many attacks a day
saw, is not drawn.
"""

import datetime as dt
from itertools import groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from handover.story.charts import dates, labels, marks
from handover.story.charts.frame import MARGIN, heighten, room, styled
from handover.story.charts.palette import ALERT, CONTEXT, FOCUS, INK, LABEL, PAPER
from handover.story.charts.placement import Box
from handover.story.rows import records
from handover.story.wording import Quantity

#: Weapon of a day -> its name, shape, colour; shapes differ as much as colours do.
WEAPONS = {
    "rocket": ("rockets", "s", CONTEXT),
    "drone": ("drones", "o", FOCUS),
    "ballistic_missile": ("ballistic missiles", "^", ALERT),
    "mixed": ("more than one kind", "D", INK),
    "unknown": ("weapon not stated", "o", PAPER),
}
#: Points that a day takes in its month's stack.
UNIT = 8.0
#: Days with the most wounded that carry a label, and the fewest wounded worth one.
WORST, WORST_HALF, LEAST = 4, 2, 4


def days(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each day with an attack.

    Args:
        rows: Rows of ``attacks``; those that give no day are left out, since they may tell of a day that
            another row gives.

    Returns:
        Columns ``date``, ``weapon`` (``mixed`` where sources name several) and ``wounded``, the highest count
        that a source gives, as a `Quantity`, or None.
    """
    reports: dict[pd.Timestamp, list[dict[str, Any]]] = {}
    for row in records(rows[rows["date_precision"] == "day"].sort_values("date")):
        reports.setdefault(row["date"], []).append(row)
    found = []
    for day, told in reports.items():
        weapons = {row["weapon"] for row in told if pd.notna(row["weapon"])}
        weapon = "mixed" if len(weapons) > 1 else next(iter(weapons), "unknown")
        found.append({"date": day, "weapon": weapon, "wounded": _wounded(told)})
    return pd.DataFrame(found, columns=["date", "weapon", "wounded"])


def _wounded(told: list[dict[str, Any]]) -> Quantity | None:
    known = [row for row in told if row["wounded"] > 0]
    if not known:
        return None
    # of equal counts the last
    most = max(reversed(known), key=lambda row: row["wounded"])
    number = float(most["wounded"])
    bound = str(most["wounded_bound"]) if pd.notna(most["wounded_bound"]) else "exact"
    edge = {"low": number} if bound in marks.LOWER else {"high": number} if bound in marks.UPPER else {"value": number}
    return Quantity(**edge, bound=bound)


@styled
def by_month(ax: Axes, rows: pd.DataFrame, *, until: str | dt.date | None = None) -> None:
    """Stack one mark for each day with an attack in the month it fell in; the shape tells the weapon.

    Args:
        ax: From `frame.canvas`; the canvas takes the height it needs.
        rows: Rows of ``attacks`` on one base.
        until: Last day to show at least, such as the day the report speaks from.

    Raises:
        ChartError: No row gives a day.
    """
    found = days(rows)
    marks.need(found, "attacks by month")
    months = found["date"].dt.to_period("M")
    found["level"] = found.groupby(months).cumcount() + 0.5
    found["x"] = [dates.num(m.start_time) + m.days_in_month / 2 for m in months]
    top = found["level"].max() + 0.5
    first, last = found["date"].min().date(), found["date"].max().date()
    if until is not None:
        last = max(last, pd.Timestamp(until).date())
    first, last = first.replace(day=1) - dt.timedelta(20), last + dt.timedelta(35)
    kinds = {kind: name for kind, (name, *_) in WEAPONS.items() if kind in set(found["weapon"])}
    notes = _worst(found, WORST if ax.figure.bbox.width > 300 else WORST_HALF)
    unit = max(UNIT, 24 / top)
    foot, over = dates.foot(first, last), marks.key_room(ax, list(kinds.values()))

    def scale(plot: float) -> None:
        heighten(ax, foot + plot + over)
        room(ax, left=MARGIN + marks.tick_room(top), right=MARGIN + 2, top=over, bottom=foot)
        ax.set_ylim(0, plot / unit)

    # as tall as its stacks and labels, so that a stack looks like one
    plot = top * unit
    scale(plot)
    dates.time_axis(ax, first, last)
    highest = max((box.top for box in labels.flag_boxes(ax, notes, _stacks(ax, found))), default=0.0)
    scale(max(plot, highest - foot + 3))
    marks.key(ax, kinds, {kind: _sampler(kind) for kind in WEAPONS})
    marks.count_axis(ax, top, most=max(int(top * unit / 16), 1))
    size = _size(ax)
    for kind, group in found.groupby("weapon", sort=True):
        _mark(ax, list(zip(group["x"], group["level"], strict=True)), kind, size)
    labels.flags(ax, notes, _stacks(ax, found))


def _stacks(ax: Axes, found: pd.DataFrame) -> list[labels.Box]:
    tops = found.groupby("x")["level"].max() + 0.5
    spots = [labels.points(ax, x, top) for x, top in tops.items()]
    return [labels.Box(px - 3, 0, px + 3, py) for px, py in spots]


def _size(ax: Axes) -> float:
    """As large as a month is wide and a day is tall, within what is legible."""
    (x0, y0), (x1, y1) = labels.points(ax, 0, 0), labels.points(ax, 30.4, 1)
    return min(max(x1 - x0, 3.6), y1 - y0) - 0.4


def _mark(ax: Axes, places: list[tuple[float, float]], kind: str, size: float, **how: Any) -> None:
    _, shape, colour = WEAPONS[kind]
    look = {"mfc": colour, "mec": CONTEXT if colour == PAPER else colour, "mew": 0.4, "zorder": 3}
    marks.plot(ax, places, marker=shape, ms=size * (0.85 if shape == "D" else 1), **look | how)


def _sampler(kind: str) -> marks.Sample:
    return lambda ax, x, y: _mark(ax, [(x, y)], kind, 5.5, **marks.KEY)


def _worst(found: pd.DataFrame, most: int) -> list[labels.Note]:
    hurt = found[[wounded is not None and marks.height(wounded) >= LEAST for wounded in found["wounded"]]]
    order = sorted(hurt.index, key=lambda n: (-marks.height(found.loc[n, "wounded"]), n))[:most]
    notes = []
    for n in sorted(order):
        row = found.loc[n]
        # the stem starts at the top of the month's stack, which is what it points to
        level = found[found["x"] == row["x"]]["level"].max() + 0.5
        words = f"{marks.words(row['wounded'])} wounded"
        notes.append(
            labels.Note(row["x"], level, words, dates.short(row["date"].date()), WORDS[row["weapon"]], inline=True)
        )
    return notes


#: Colour of a label; CONTEXT is too pale for text.
WORDS = {kind: INK if colour in (CONTEXT, PAPER) else colour for kind, (_, _, colour) in WEAPONS.items()}


@styled
def by_year(
    ax: Axes, rows: pd.DataFrame, *, others: pd.DataFrame | None = None, until: str | dt.date | None = None
) -> None:
    """Draw a column for each year: the number of days with an attack.

    Args:
        ax: From `frame.canvas`.
        rows: Rows of ``attacks`` on one base that count.
        others: Rows on the same base that do not, such as a claim alone; a year that has only these says so.
        until: The day the report speaks from; its year's column is hatched, since the year is not over, and
            up to it, years without a reported attack say so.

    Raises:
        ChartError: No row gives a day.
    """
    found = days(rows)
    marks.need(found, "attacks by year")
    counts = found.groupby(found["date"].dt.year).size()
    end = pd.Timestamp(until) if until is not None else None
    last = max(counts.index.max(), end.year if end is not None else 0)
    years = list(range(counts.index.min(), last + 1))
    partial = end is not None and end.year == last and not end.is_year_end
    wide, _ = room(ax, left=MARGIN, right=MARGIN, top=MARGIN + labels.LINE, bottom=31 if partial else 20)
    ax.set_xlim(-0.6, len(years) - 0.4)
    # a single day is no tower
    ax.set_ylim(0, max(counts.max(), LOWEST))
    ax.yaxis.set_visible(False)
    half = min(0.32, COLUMN / 2 * (len(years) + 0.2) / wide)
    for n, year in enumerate(years):
        count = int(counts.get(year, 0))
        part = partial and year == last
        look = {"fc": PAPER, "ec": FOCUS, "hatch": "////"} if part else {"fc": FOCUS, "ec": FOCUS}
        if count:
            ax.add_patch(Rectangle((n - half, 0), 2 * half, count, lw=0.8, clip_on=False, **look))
            px, py = labels.points(ax, n, count)
            labels.set_text(ax, px, py + labels.LINE + 1, str(count), weight="bold", colour=FOCUS, align="center")
    uncounted = set() if others is None else set(others["date"].dt.year)
    _empty(ax, [(year not in counts.index, year in uncounted) for year in years], wide / (len(years) + 0.2))
    every = next(n for n in (1, 2, 3, 5, 10) if wide / len(years) * n > 22)
    shown = [n for n in range(len(years)) if (len(years) - 1 - n) % every == 0]
    words = [str(years[n]) for n in shown]
    if partial:
        words[-1] += f"\nto {dates.SHORT[end.month - 1]}"
    labels.ticks(ax, list(zip(shown, words, strict=True)), length=0)
    ax.spines["bottom"].set_color(INK)


#: The widest a column gets, in points, and the fewest days that fill the height.
COLUMN, LOWEST = 36.0, 4


def _empty(ax: Axes, years: list[tuple[bool, bool]], each: float) -> None:
    """Say over neighbouring years without a column why: in words, since a nought would read as a finding.

    Args:
        ax: Its limits must be final.
        years: Of each whether it has no column, and whether the record has rows that do not count.
        each: Points that a year takes.
    """
    start, told = 0, Box(0, 0, 0, 0)
    for (empty, uncounted), group in groupby(years):
        many = len(list(group))
        if empty:
            words = labels.wrap(UNCOUNTED if uncounted else NOTHING, (many + 0.3) * each)
            half, tall = labels.breadth(words) / 2, labels.LINE * (words.count("\n") + 1)
            px, foot = labels.points(ax, start + (many - 1) / 2, 0)
            # over the words beside it, where it is wider than its years
            foot = told.top if told.right + labels.PAD > px - half else foot + 2
            told = Box(px - half, foot, px + half, foot + tall)
            labels.set_text(ax, px, told.top, words, colour=LABEL, align="center")
        start += many


NOTHING, UNCOUNTED = "none on record", "none that counts"
