"""How a cell would be written well, where that can be told from what was written."""

import datetime as dt
import re
from contextlib import suppress

#: The ways in which days are written elsewhere; where two of them give different days, neither is proposed.
DAYS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%Y", "%m/%d/%Y"),
    *("%d %B %Y", "%d %b %Y", "%d-%b-%Y", "%B %d, %Y", "%b %d, %Y"),
    *("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"),
)
THOUSANDS = re.compile(r"-?[0-9]{1,3}([,.'’_ \u00a0\u2009\u202f][0-9]{3})+")


def written_well(type: str, text: str) -> str:
    """Say what to write instead of a cell that is no integer, number or date."""
    if type == "date":
        found = _day(text)
        return f"Write {found}." if found else "Write year-month-day, in digits."
    found = _number(text, whole=type == "integer")
    return f"Write {found}." if found else "Write digits alone: words, units and hedges have columns of their own."


def _day(text: str) -> str:
    found = set()
    for form in DAYS:
        with suppress(ValueError):
            found.add(dt.datetime.strptime(text, form).date().isoformat())
    return found.pop() if len(found) == 1 else ""


def _number(text: str, *, whole: bool) -> str:
    plain = text.replace("−", "-").removeprefix("+")
    if THOUSANDS.fullmatch(plain):
        return re.sub(r"[^0-9-]", "", plain)
    if not whole:
        plain = plain.replace(",", ".")
    elif plain.endswith(".0"):
        plain = plain.removesuffix(".0")
    form = r"-?(0|[1-9][0-9]{0,17})" + (r"" if whole else r"(\.[0-9]{1,17})?")
    return plain if plain != text and re.fullmatch(form, plain) else ""
