"""Instants, lengths of time, and the ticks of cron in a time zone, across changes of the clock.

The rule for ticks: a time that the clock skips comes at the next valid instant, a time that it repeats comes the first
time; times that fall on one instant are one tick.
"""

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

SECOND = dt.timedelta(seconds=1)
CRON_EXAMPLE = "five fields: minute, hour, day of month, month, day of week, such as '0 7 * * MON'"
LENGTH_EXAMPLE = "a number and one of s, m, h, d, w, such as '15m'"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def clock() -> dt.datetime:
    """The present instant, in UTC; the schedule asks the time only here."""
    return dt.datetime.now(dt.UTC)


def stamp(instant: dt.datetime) -> str:
    """Write an instant in UTC, cut to whole seconds; such texts sort as their instants do."""
    return instant.astimezone(dt.UTC).strftime(FORMAT)


def parse_length(text: object) -> dt.timedelta | None:
    """Read a length such as ``90s``, ``15m``, ``8d``; None if it is none."""
    match = re.fullmatch(r"([0-9]{1,6})([smhdw])", text) if isinstance(text, str) else None
    return dt.timedelta(seconds=int(match[1]) * UNITS[match[2]]) if match else None


def format_length(length: dt.timedelta) -> str:
    """Write a length with at most two units, e.g. ``3d 4h``."""
    rest, words = int(abs(length.total_seconds())), []
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, UNITS[unit])
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words[:2]) or "0s"


@cache
def zones() -> frozenset[str]:
    """The names of all time zones in the pinned time zone data."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@cache
def zone(name: str) -> ZoneInfo:
    """A time zone by its name, one of `zones`, from the pinned data: ticks are the same on every machine."""
    with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def cron_fault(cron: str) -> str | None:
    """Say what a cron expression must do that it does not; None if it is valid and comes at all."""
    if len(cron.split()) != 5:
        return f"have {CRON_EXAMPLE}"
    try:
        found = next(CronSim(cron, dt.datetime(2024, 1, 1)), None)
    except CronSimError as error:
        return f"be cron's {CRON_EXAMPLE}: {str(error)[:1].lower()}{str(error)[1:]}"
    return None if found else "name a day that comes"


def ticks(cron: str, timezone: str, after: dt.datetime, until: dt.datetime | None = None) -> Iterator[dt.datetime]:
    """Yield the ticks later than `after` and, if `until` is given, not later than that, in order, in UTC.

    `cron` has five fields, which mean the wall clock of `timezone`.
    """
    place, last = zone(timezone), after.astimezone(dt.UTC)
    # the wall's own times, so that cron never sees a change of the clock
    for wall in CronSim(cron, last.astimezone(place).replace(tzinfo=None)):
        tick = _instant(wall, place)
        if until is not None and tick > until:
            return
        if tick > last:
            yield tick
            last = tick


def _instant(wall: dt.datetime, place: ZoneInfo) -> dt.datetime:
    """The first instant at which the wall clock shows this time, or, if it skips it, the next time it shows."""
    first = wall.replace(tzinfo=place, fold=0).astimezone(dt.UTC)
    if first.astimezone(place).replace(tzinfo=None) == wall:
        return first
    # skipped: with fold=0 it is read by the clock before the change, which lands after it; with fold=1 before it
    low, high = wall.replace(tzinfo=place, fold=1).astimezone(dt.UTC), first
    while high - low > SECOND:
        middle = low + SECOND * ((high - low) // SECOND // 2)
        if middle.astimezone(place).replace(tzinfo=None) < wall:
            low = middle
        else:
            high = middle
    return high
