"""When an entry's times come: cron in a time zone, across changes of the clock. Pure: nothing here asks the time.

The rule: a time that the clock skips comes at the next valid instant, a time that it repeats comes the first time;
times that fall on one instant are one tick.
"""

import datetime as dt
from collections.abc import Iterator
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

SECOND = dt.timedelta(seconds=1)
EXAMPLE = "five fields: minute, hour, day of month, month, day of week, such as '0 7 * * MON'"


@cache
def zones() -> frozenset[str]:
    """The names of all time zones that the pinned time zone data know."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@cache
def zone(name: str) -> ZoneInfo:
    """A time zone by its name, from the pinned data, so that ticks are the same on every machine.

    Args:
        name: One of `zones`.
    """
    with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def fault(cron: str) -> str | None:
    """Say what is wrong with a cron expression; None if nothing is, and it comes at all."""
    if len(cron.split()) != 5:
        return f"must have {EXAMPLE}"
    try:
        found = next(CronSim(cron, dt.datetime(2024, 1, 1)), None)
    except CronSimError as error:
        return f"must be cron's {EXAMPLE}: {str(error)[:1].lower()}{str(error)[1:]}"
    return None if found else "must name a day that comes"


def ticks(cron: str, timezone: str, after: dt.datetime, until: dt.datetime | None = None) -> Iterator[dt.datetime]:
    """Yield the ticks later than `after` and not later than `until`, in order, in UTC.

    Args:
        cron: Five fields.
        timezone: The zone whose clock on the wall the fields mean.
        after: An instant.
        until: An instant; without it there is no end.
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
    """The first instant at which the clock on the wall shows this time, or, if it skips it, the next it shows."""
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
