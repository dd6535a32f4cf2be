"""Numbers with their bounds and times with their precision, as sources gave them, and their words in English."""

import calendar
import datetime as dt
from dataclasses import dataclass

from handover.tables import Row
from handover.text import DIGITS

#: What is read off a row that is no number, but a day.
DAYS = ("date", "start", "end")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A range of days, both ends included, and its precision; "January 2026" is not the first of January."""

    start: dt.date
    end: dt.date
    precision: str = "day"

    @classmethod
    def around(cls, day: dt.date, precision: str) -> "Period":
        """Return the day, or the whole month or year that it is in."""
        if precision == "month":
            return cls(day.replace(day=1), month_end(day), precision)
        if precision == "year":
            return cls(dt.date(day.year, 1, 1), dt.date(day.year, 12, 31), precision)
        return cls(day, day, precision)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as its source gave it: `value`, or the edges of an interval, None where not given."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    bound: str | None = None

    @property
    def known(self) -> bool:
        """Whether anything was stated at all."""
        return self.bound is not None

    def edges(self) -> tuple[float | None, float | None]:
        """Return the interval of values allowed: a number's own value twice, or the edges given."""
        return (self.value, self.value) if self.value is not None else (self.low, self.high)


def month_end(day: dt.date) -> dt.date:
    """Return the last day of the month of `day`."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def period_of(row: Row) -> Period | None:
    """Return the time that a row speaks of, or None where it gives none."""
    precision = str(row.get("date_precision") or "day")
    day = row.get("date")
    if isinstance(day, dt.date):
        return Period.around(day, precision)
    for first, last in (("start", "end"), ("start_date", "end_date")):
        begin, end = row.get(first), row.get(last)
        if isinstance(begin, dt.date):
            return Period(begin, end if isinstance(end, dt.date) else begin, precision)
    return None


def quantity_of(row: Row, column: str = "value") -> Quantity:
    """Return the number a row states in a column; ``value`` stands for the five columns of an interval."""
    if column == "value" and "value" in row and "bound" in row:
        return Quantity(row["value"], row.get("low"), row.get("high"), row["bound"])  # type: ignore[arg-type]
    number = row.get(column)
    if number is None:
        return Quantity()
    bound = str(row.get(f"{column}_bound") or "exact")
    edge = {"at_least": "low", "more_than": "low", "at_most": "high"}.get(bound, "value")
    return Quantity(**{edge: number}, bound=bound)  # type: ignore[arg-type]


def stated(row: Row, of: str) -> Quantity | Period | None:
    """Return what a row states in a column, or on which day, if `of` is one of `DAYS`; None where it states nothing."""
    if of in DAYS:
        period = period_of(row)
        return period if of == "date" or not period else Period(getattr(period, of), getattr(period, of))
    if of != "value" and not isinstance(row.get(of), int | float):
        return None
    quantity = quantity_of(row, of)
    return quantity if quantity.known else None


def known_since(row: Row, source: Row) -> dt.date:
    """Return the day from which a report may use a row.

    That is the day its source was published; if only the month is known, the end of the month; if only a window
    (`not_before`, `not_after`), its end; otherwise the end of what the row reports, and not before the window begins. A
    promise counts from when it was `stated`, not from when it is due. A row without a date, for example where a place
    lies, was always known.
    """
    published = source["published"]
    if isinstance(published, dt.date):
        return month_end(published) if source["published_precision"] == "month" else published
    latest = source["not_after"]
    if isinstance(latest, dt.date):
        return latest
    period, stated = period_of(row), row.get("stated")
    over = stated if isinstance(stated, dt.date) else period.end if period else dt.date.min
    earliest = source["not_before"]
    return max(over, earliest) if isinstance(earliest, dt.date) else over


def overlap(one: Quantity | Period, other: Quantity | Period) -> bool:
    """Return whether two values can both be true; an open edge allows everything on its side."""
    if isinstance(one, Period) and isinstance(other, Period):
        return one.start <= other.end and other.start <= one.end
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        (low, high), (floor, ceiling) = one.edges(), other.edges()
        below = high is not None and floor is not None and high < floor
        above = low is not None and ceiling is not None and low > ceiling
        return not below and not above
    return False


class English:
    """British spelling, numbers under ten as words, day before month."""

    months = (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    )

    def number(self, value: float, *, digits: bool = False) -> str:
        """Write a number: words under ten unless `digits`, thousands with commas."""
        whole = float(value).is_integer()
        if whole and 0 <= value < len(DIGITS) and not digits:
            return DIGITS[int(value)]
        return f"{int(value):,}" if whole else f"{value:,.1f}"

    def quantity(self, quantity: Quantity, *, hedge: bool = True, digits: bool = False) -> str:
        """Write an interval with the hedge its source gave it, or without (for charts and tables)."""
        if quantity.bound == "range":
            return " to ".join(self.number(edge, digits=True) for edge in (quantity.low, quantity.high))
        edges = (edge for edge in (quantity.value, quantity.high, quantity.low) if edge is not None)
        number = next((self.number(edge, digits=digits) for edge in edges), "")
        # the names of bounds are the words of hedges
        return f"{quantity.bound.replace('_', ' ')} {number}" if hedge and quantity.bound != "exact" else number

    def period(self, period: Period, form: str = "") -> str:
        """Write a period; `form` is "" (in full), ``year``, ``month`` (month and year) or ``day`` (no year).

        It is never written more exactly than it is known: the day of what happened in a month is that month.
        """
        first, last = period.start, period.end
        whole = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)
        if form == "year" or period.precision == "year" or (whole and not form):
            return str(first.year) if first.year == last.year else f"{first.year} to {last.year}"
        if period.precision == "month":
            return self._months(first, last, years=form != "day")
        if form == "month":
            return self._months(first, first, years=True)
        return self._days(first, last, years=form != "day")

    def _months(self, first: dt.date, last: dt.date, *, years: bool) -> str:
        begin, end = (f"{self.months[day.month - 1]}{f' {day.year}' if years else ''}" for day in (first, last))
        if begin == end:
            return end
        return f"{self.months[first.month - 1] if first.year == last.year else begin} to {end}"

    def _days(self, first: dt.date, last: dt.date, *, years: bool) -> str:
        year = f" {last.year}" if years else ""
        end = f"{last.day} {self.months[last.month - 1]}{year}"
        if first == last:
            return end
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day} to {end}"
        begin = f"{first.day} {self.months[first.month - 1]}"
        return f"{begin}{f' {first.year}' if years and first.year != last.year else ''} to {end}"

    def date(self, day: dt.date) -> str:
        """Write one day in full."""
        return self._days(day, day, years=True)

    def join(self, parts: list[str]) -> str:
        """Write a list: "a", "a and b", "a, b and c"."""
        return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""


LANGUAGES = {"en": English()}
