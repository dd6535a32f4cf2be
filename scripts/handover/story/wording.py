"""How numbers, dates and intervals read; one class a language, the rest of the story knows none."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from handover.story.periods import Period


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as its source gave it: `value`, or the edges it gave; an edge nobody gave is None."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    bound: str | None = None

    @property
    def known(self) -> bool:
        """Whether anything was stated at all."""
        return self.bound is not None

    def edges(self) -> tuple[float | None, float | None]:
        """The interval it allows: an exact number is its own edges; "about" has none that were given."""
        return (self.value, self.value) if self.value is not None else (self.low, self.high)


class English:
    """British spelling, numbers under ten as words, day before month."""

    code = "en"
    months = (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    )
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    hedges: ClassVar[dict[str, str]] = {
        "exact": "{v}",
        "about": "about {v}",
        "fewer_than": "fewer than {v}",
        "at_most": "at most {v}",
        "more_than": "more than {v}",
        "at_least": "at least {v}",
        "range": "{l} to {h}",
    }

    def number(self, value: float, *, digits: bool = False) -> str:
        """Write a number: words under ten unless `digits`, thousands with commas."""
        whole = float(value).is_integer()
        if whole and 0 <= value < len(self.words) and not digits:
            return self.words[int(value)]
        return f"{int(value):,}" if whole else f"{value:,.1f}"

    def quantity(self, quantity: Quantity, *, hedge: bool = True, digits: bool = False) -> str:
        """Write an interval with the hedge its source gave it, or without (for charts and tables)."""
        write = {
            key: self.number(edge, digits=digits or quantity.bound == "range")
            for key, edge in (("v", quantity.value), ("l", quantity.low), ("h", quantity.high))
            if edge is not None
        }
        write.setdefault("v", write.get("h", write.get("l", "")))
        return self.hedges[quantity.bound if hedge or quantity.bound == "range" else "exact"].format(**write)

    def period(self, period: Period, form: str = "") -> str:
        """Write a period; `form` is "" (in full), ``year``, ``month`` (month and year) or ``day`` (no year)."""
        first, last = period.start, period.end
        if form == "year":
            return str(first.year) if first.year == last.year else f"{first.year} to {last.year}"
        if form == "month":
            return f"{self.months[first.month - 1]} {first.year}"
        if form == "day":
            return self._days(first, last, years=False)
        if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
            return self.period(period, "year")
        if period.precision == "month" and (first.year, first.month) == (last.year, last.month):
            return self.period(period, "month")
        return self._days(first, last, years=True)

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
