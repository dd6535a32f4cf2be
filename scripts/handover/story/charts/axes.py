"""Axes of years, months and days, worded without the machine's locale, and of counts.

A day is a number on an axis (its ordinal), so matplotlib handles no dates.
"""

import datetime as dt
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from handover.story.charts.labels import LINE, PAD, POINTS, TEXT, all_points, breadth, set_text, strokes
from handover.story.charts.style import INK, LABEL, RULE
from handover.story.values import English

STROKE = 3.0  #: length of a tick in points
#: An axis of more days than these has ticks at years or at months, otherwise at days.
YEARS_FROM, MONTHS_FROM = 3 * 366, 70
SHORT = tuple(name[:3] for name in English.months)


def num(day: dt.date) -> float:
    """Return the place of a day on an axis."""
    return float(day.toordinal())


def day_of(number: float) -> dt.date:
    """Return the day at a place on an axis."""
    return dt.date.fromordinal(int(number))


def day_from(given: str | dt.date) -> dt.date:
    """Return a day that a notebook gives."""
    return pd.Timestamp(given).date()


def short(day: dt.date, precision: str = "day", *, year: bool = True) -> str:
    """Return a day, month or year in short form."""
    if precision == "year":
        return str(day.year)
    month = SHORT[day.month - 1]
    words = month if precision == "month" else f"{day.day} {month}"
    return f"{words} {day.year}" if year else words


def foot(first: dt.date, last: dt.date) -> float:
    """Return the height in points of the ticks of a time axis; months and days have the year on a second line."""
    return 20.0 if (last - first).days > YEARS_FROM else 33.0


def time_axis(ax: Axes, first: dt.date, last: dt.date) -> None:
    """Set the limits and ticks of a time axis, with `first` and `last` shown.

    Its position must be final, with `foot` points free under it.
    """
    ax.set_xlim(num(first), num(last) + 1)
    width, days = ax.get_window_extent().width, (last - first).days
    if days > YEARS_FROM:
        _years(ax, width, days)
    elif days > MONTHS_FROM:
        _months(ax, width, days)
    else:
        _days(ax, width, days + 1)
    ax.spines["bottom"].set_color(INK)


def _ticks(ax: Axes, found: list[tuple[float, str]]) -> None:
    """Set ticks, except those whose text would be cut off at an end."""
    low, high = ax.get_xlim()
    box = ax.get_window_extent()
    scale = box.width / (high - low)
    edge = ax.figure.bbox.width * 0.015
    kept = []
    for at, words in found:
        middle, half = box.x0 + (at - low) * scale, breadth(words) / 2
        if low <= at <= high and middle - half >= edge and middle + half <= ax.figure.bbox.width - edge:
            kept.append((at, words))
    ticks(ax, kept)


def _years(ax: Axes, width: float, days: float) -> None:
    every = next(n for n in (1, 2, 3, 5, 10, 20, 50) if width / (days / 365.25) * n > 27)
    low, high = (day_of(edge).year for edge in ax.get_xlim())
    years = [year for year in range(low, high + 2) if year % every == 0]
    _ticks(ax, [(num(dt.date(year, 1, 1)), str(year)) for year in years])


def _months(ax: Axes, width: float, days: float) -> None:
    every = next(n for n in (1, 2, 3, 6, 12) if width / (days / 30.4) * n > 30)
    low, high = (day_of(edge) for edge in ax.get_xlim())
    months = (divmod(n, 12) for n in range(low.year * 12 + low.month - 1, high.year * 12 + high.month))
    found = [dt.date(year, month + 1, 1) for year, month in months if month % every == 0]
    _ticks(ax, _with_years([(day, SHORT[day.month - 1]) for day in found]))


def _days(ax: Axes, width: float, days: float) -> None:
    every = next(n for n in (1, 2, 7, 14, 28) if width / days * n > 28)
    low, high = (int(edge) for edge in ax.get_xlim())
    found = [day_of(n) for n in range(low, high) if n % every == 0]
    _ticks(ax, _with_years([(day, short(day, year=False)) for day in found], middle=0.5))


def _with_years(found: list[tuple[dt.date, str]], middle: float = 0.0) -> list[tuple[float, str]]:
    """Add the year under its first tick."""
    first = {day.year: day for day, _ in reversed(found)}
    return [(num(day) + middle, f"{words}\n{day.year}" if first[day.year] == day else words) for day, words in found]


def ticks(ax: Axes, found: Sequence[tuple[float, str]], *, length: float = STROKE) -> None:
    """Write words under places of the x axis, each under a stroke.

    The words may have several lines; the strokes have `length` points, or there are none if it is zero. The limits and
    the position of the axes, except its height, must be final. matplotlib's ticks, of five artists each, would take a
    fifth of the time of a chart.
    """
    ax.xaxis.set_major_locator(NullLocator())
    foot = ax.get_window_extent().y0
    places = [px for px, _ in all_points(ax, [(at, 0.0) for at, _ in found])]
    if length:
        ends = [((px, foot - length), (px, foot)) for px in places]
        strokes(ax, ends, LABEL, transform=POINTS, lw=0.8, zorder=2, clip_on=False)
    for px, (_, words) in zip(places, found, strict=True):
        set_text(ax, px, foot - length - PAD / 2, words, colour=LABEL, align="center")


def count_axis(ax: Axes, top: float, *, most: int = 4) -> None:
    """Set a y axis of counts from zero, with as many whole numbers up to `top` as have room, at most `most`."""
    low, high = 0.0, ax.get_ylim()[1]
    most = min(most, max(int(ax.get_window_extent().height * top / high / (LINE + 1)), 1))
    steps = MaxNLocator(nbins=most, integer=True, steps=[1, 2, 5, 10]).tick_values(0, max(top, 1))
    ticks = [tick for tick in steps if 0 <= tick <= max(top, 1) * 1.001]
    ax.set_ylim(low, high)
    value_ticks(ax, ticks, [f"{tick:,.0f}" for tick in ticks])
    ax.spines["bottom"].set_color(INK)


def value_ticks(ax: Axes, places: Sequence[float], words: Sequence[str]) -> None:
    """Draw a grid line at each place of the y axis, and its words before it; the limits must be final."""
    ax.yaxis.set_major_locator(FixedLocator(places))
    ax.yaxis.set_visible(False)
    box, heights = ax.get_window_extent(), [py for _, py in all_points(ax, [(0.0, at) for at in places])]
    ends = [((box.x0, py), (box.x1, py)) for py in heights]
    strokes(ax, ends, RULE, transform=POINTS, lw=0.7, zorder=0.5, clip_on=False)
    for py, text in zip(heights, words, strict=True):
        set_text(ax, box.x0 - 4, py + LINE * 0.78 - TEXT * 0.39, text, colour=LABEL, align="right")


def tick_room(top: float) -> float:
    """Return the width in points of the numbers of a count axis up to `top`."""
    return breadth(f"{top:,.0f}") + 9
