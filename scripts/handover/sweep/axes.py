"""What a sweep runs over: axes as the command line has them, each a parameter and the values it takes.

An axis is ``NAME=VALUES``. Values are a list with commas, ``evidence=article,record``; an item of it may be a range
with a step, of days, weeks, months or years, ``as_of=2020-01-01..2026-06-30/1w``, or of whole numbers,
``level=1..9/2``.
"""

import datetime as dt
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress

from dateutil.relativedelta import relativedelta

from handover import plain
from handover.errors import ParameterError

#: A sweep of more editions is more likely a mistyped step.
MOST = 100_000

RANGE = re.compile(r"(?P<first>[^./]+)\.\.(?P<last>[^./]+)(?:/(?P<step>.*))?")
DAYS_STEP = re.compile(r"(?P<count>[1-9][0-9]{0,4})(?P<unit>[dwmy])")
UNITS = {"d": "days", "w": "weeks", "m": "months", "y": "years"}
WHOLE_STEP = re.compile(r"[1-9][0-9]{0,8}")
EXAMPLE = "Write for example --sweep as_of=2020-01-01..2026-06-30/1w or --sweep evidence=article,record."


def read(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Read the axes of a sweep, one ``NAME=VALUES`` each, into the values by axis, in the order given.

    Raises:
        ParameterError: An axis cannot be read; all faults at once, each with its axis.
    """
    axes: dict[str, tuple[str, ...]] = {}
    faults = []
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip()
        try:
            if not equals or not name:
                raise ValueError(f"must be NAME=VALUES (got {text!r})")
            if name in axes:
                raise ValueError("must be given once (got it twice)")
            axes[name] = _values(values)
        except ValueError as fault:
            faults.append(f"--sweep {name or text}: {fault}.")
    total = math.prod(map(len, axes.values()))
    if total > MOST and not faults:
        sizes = " × ".join(f"{len(values)} of {name}" for name, values in axes.items())
        faults.append(f"--sweep: must come to at most {MOST:,} editions of a report (got {total:,}: {sizes}).")
    if faults:
        raise ParameterError("\n".join([*faults, EXAMPLE]))
    return axes


def _values(text: str) -> tuple[str, ...]:
    items = [item.strip() for item in text.split(",")]
    if not all(items):
        raise ValueError(f"must name a value between commas (got {text!r})")
    values = [value for item in items for value in _item(item)]
    twice = sorted(value for value, count in Counter(values).items() if count > 1)
    if twice:
        raise ValueError(f"must take each value once (twice: {', '.join(twice[:5])})")
    return tuple(values)


def _item(item: str) -> list[str]:
    found = RANGE.fullmatch(item)
    if not found:
        if ".." in item:
            raise ValueError(f"a range must be FROM..TO/STEP (got {item!r})")
        return [item]
    first, last, step = found["first"].strip(), found["last"].strip(), found["step"] or ""
    if plain.INTEGER.fullmatch(first) and plain.INTEGER.fullmatch(last):
        if not WHOLE_STEP.fullmatch(step):
            raise ValueError(f"a range of whole numbers must have a step, as in 1..9/2 (got {item!r})")
        values = map(str, range(int(first), int(last) + 1, int(step)))
    elif plain.DAY.fullmatch(first) and plain.DAY.fullmatch(last):
        if not (size := DAYS_STEP.fullmatch(step)):
            raise ValueError(f"a range of days must have a step such as 1d, 2w, 1m or 1y (got {item!r})")
        values = map(dt.date.isoformat, _days(_day(first), _day(last), int(size["count"]), UNITS[size["unit"]]))
    else:
        raise ValueError(f"a range must run between two days or two whole numbers (got {item!r})")
    held = list(itertools.islice(values, MOST + 1))
    if not held:
        raise ValueError(f"a range must not end before it begins (got {item!r})")
    return held


def _days(first: dt.date, last: dt.date, size: int, unit: str) -> Iterator[dt.date]:
    """Days from the first; months and years count from it too, so that a month too short shifts only itself."""
    with suppress(OverflowError, ValueError):  # past the last year that there is
        for number in itertools.count():
            if (day := first + relativedelta(**{unit: number * size})) > last:
                return
            yield day


def _day(text: str) -> dt.date:
    try:
        return plain.day(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day of the calendar") from None
