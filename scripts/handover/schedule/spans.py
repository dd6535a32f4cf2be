"""Lengths of time and instants as people write them: ``15m`` in an entry, ``3d 4h`` in a table, UTC in the ledger."""

import datetime as dt
import re

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
EXAMPLE = "a number and one of s, m, h, d, w, such as '15m'"
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def read(text: object) -> dt.timedelta | None:
    """Read a length such as ``90s``, ``15m``, ``8d``; None if it is none."""
    match = re.fullmatch(r"([0-9]{1,6})([smhdw])", text) if isinstance(text, str) else None
    return dt.timedelta(seconds=int(match[1]) * UNITS[match[2]]) if match else None


def show(length: dt.timedelta) -> str:
    """Write a length with at most two units, e.g. ``3d 4h``."""
    rest, words = int(abs(length.total_seconds())), []
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, UNITS[unit])
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words[:2]) or "0s"


def stamp(instant: dt.datetime) -> str:
    """An instant as the ledger keeps it."""
    return instant.astimezone(dt.UTC).strftime(FORMAT)


def instant(text: str) -> dt.datetime:
    """Read what `stamp` wrote.

    Raises:
        ValueError: It is no such instant.
    """
    return dt.datetime.strptime(text, FORMAT).replace(tzinfo=dt.UTC)
