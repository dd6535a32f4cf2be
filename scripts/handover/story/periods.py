"""Days, weeks, months and years with the precision their source gave, and when a row became known."""

import calendar
import datetime as dt
from dataclasses import dataclass

from handover.story.tables import Row


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of days, both ends included; "January 2026" is not the first of January."""

    start: dt.date
    end: dt.date
    precision: str = "day"

    @classmethod
    def around(cls, day: dt.date, precision: str) -> "Period":
        """Return the day, or the whole month or year it stands for."""
        if precision == "month":
            return cls(day.replace(day=1), month_end(day), precision)
        if precision == "year":
            return cls(dt.date(day.year, 1, 1), dt.date(day.year, 12, 31), precision)
        return cls(day, day, precision)


def month_end(day: dt.date) -> dt.date:
    """Return the last day of the month that holds `day`."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def period_of(row: Row) -> Period | None:
    """Return when the thing a row tells of was so, or None where the row gives no time."""
    precision = str(row.get("date_precision") or "day")
    day = row.get("date")
    if isinstance(day, dt.date):
        return Period.around(day, precision)
    for first, last in (("start", "end"), ("start_date", "end_date")):
        begin, end = row.get(first), row.get(last)
        if isinstance(begin, dt.date):
            return Period(begin, end if isinstance(end, dt.date) else begin, precision)
    return None


def known_since(row: Row, source: Row) -> dt.date:
    """Return the day from which a report may use a row.

    That is the day its source was published; where only the month is known, the month's end; where the
    page shows no date but a window, the window's end; where neither, when the thing it tells of was over,
    and not before the page can have existed. A promise happens when it is `stated`, not when it falls due.
    What is always so, such as where a place lies, was always known.

    Args:
        row: A row of any table.
        source: The row of ``sources.csv`` it cites.
    """
    published = source["published"]
    if isinstance(published, dt.date):
        return month_end(published) if source["published_precision"] == "month" else published
    latest = source["not_after"]
    if isinstance(latest, dt.date):
        return latest
    period, stated = period_of(row), row.get("stated")
    told = stated if isinstance(stated, dt.date) else period.end if period else dt.date.min
    earliest = source["not_before"]
    return max(told, earliest) if isinstance(earliest, dt.date) else told
