"""Numbers and days from outside, each in one form, in ASCII.

Python's own readers also take ``1_000``, ``٥``, ``nan``, ``20260107`` and ``2026-W01-3``: slips that would pass for
data, and days that do not sort as text. Every function raises ValueError for another form.
"""

import datetime as dt
import re

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
NUMBER = re.compile(rf"{INTEGER.pattern}(?:\.[0-9]+)?")
YEAR = re.compile(r"[0-9]{4}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def integer(text: str) -> int:
    """Read a whole number such as ``-1200``."""
    return int(_match(INTEGER, text))


def number(text: str) -> float:
    """Read a number such as ``33.8``; one too large for a float is refused too."""
    found = float(_match(NUMBER, text))
    if found in (float("inf"), float("-inf")):
        raise ValueError(text)
    return found


def day(text: str) -> dt.date:
    """Read a day such as ``2026-01-31``."""
    return dt.date.fromisoformat(_match(DAY, text))


def year(text: str) -> str:
    """Read a year such as ``1951``, which stays text: it is not counted, and so has no comma."""
    return _match(YEAR, text)


def _match(form: re.Pattern[str], text: str) -> str:
    if not form.fullmatch(text):
        raise ValueError(text)
    return text
