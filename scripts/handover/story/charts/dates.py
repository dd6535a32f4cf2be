"""Days as places on an axis, and axes of years, months and days, worded without the machine's locale."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from handover.story.charts.labels import breadth, ticks
from handover.story.charts.palette import INK
from handover.story.periods import Period
from handover.story.wording import English

ENGLISH = English()
#: An axis of more days than these has ticks at years, at months.
YEARS_FROM, MONTHS_FROM = 3 * 366, 70
SHORT = tuple(name[:3] for name in English.months)


def num(day: dt.date | pd.Timestamp) -> float:
    """A day as a number of days; an axis of ours never holds dates, so no locale words its ticks."""
    return float(day.toordinal())


def day_of(number: float) -> dt.date:
    """The day a number stands for."""
    return dt.date.fromordinal(int(number))


def period(row: Mapping[str, Any]) -> Period:
    """When a row's thing was so: the day, or the whole month or year, as precisely as it says."""
    return Period.around(row["date"].date(), str(row.get("date_precision") or "day"))


def when(row: Mapping[str, Any]) -> str:
    """The same in words, short enough for a label: "8 Jan 2020", "Oct 2007", "2008"."""
    found = period(row)
    return short(found.start, found.precision)


def short(day: dt.date, precision: str = "day", *, year: bool = True) -> str:
    """A day, month or year in a few letters."""
    if precision == "year":
        return str(day.year)
    month = SHORT[day.month - 1]
    words = month if precision == "month" else f"{day.day} {month}"
    return f"{words} {day.year}" if year else words


def foot(first: dt.date, last: dt.date) -> float:
    """Points that the ticks of a time axis take: months and days have the year in a second line."""
    return 20.0 if (last - first).days > YEARS_FROM else 33.0


def time_axis(ax: Axes, first: dt.date, last: dt.date) -> None:
    """Set the limits and ticks of a time axis: years, or months or days where the stretch is short.

    Args:
        ax: Its position must be final, with `foot` points left free under it.
        first: First day shown.
        last: Last day shown.
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
    """Set ticks, without those whose text would be cut off at an end."""
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
    """Write the year under the first tick that lies in it."""
    first = {day.year: day for day, _ in reversed(found)}
    return [(num(day) + middle, f"{words}\n{day.year}" if first[day.year] == day else words) for day, words in found]
