"""What is due: which ticks are skipped, which one runs next, and why. Pure: it is told the time."""

import datetime as dt
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from handover.schedule.entries import Entry
from handover.schedule.log import Record, Tick
from handover.schedule.times import SECOND, format_length


@dataclass(frozen=True, slots=True)
class Plan:
    """What an entry is to do now.

    `skipped` are the ticks that a rule, `why`, skips. `tick` is None if nothing is to run before `look`, the next
    instant at which something may change. `trigger` is ``on time``, ``catch-up``, ``retry`` (without `tick`: that of
    `look` will be one) or ``recovery``; `behind` counts what waits after `tick`.
    """

    skipped: Sequence[dt.datetime] = ()
    why: str = ""
    tick: dt.datetime | None = None
    trigger: str = ""
    behind: int = 0
    look: dt.datetime | None = None


def plan(entry: Entry, record: Record, now: dt.datetime) -> Plan:
    """Decide what an entry does at an instant.

    Ticks run in order. One that was begun is brought to its end, whatever has come since; of those before and after
    it the entry's catch-up rule decides.
    """
    begun = next((one for one in record.begun if one.tick <= now), None)
    skipped, kept = _divided(entry, record, now, begun)
    why = _why(entry) if skipped else ""
    if kept:
        late = now - kept[0] > entry.grace
        return Plan(skipped, why, kept[0], "catch-up" if late else "on time", len(kept) - 1)
    if begun is None:
        return Plan(skipped, why, look=next(entry.ticks(now), None))
    # only from the failure on: a clock that was set back must not make the wait any longer
    if not begun.running and begun.again and begun.at <= now < begun.again:
        return Plan(skipped, why, trigger="retry", look=begun.again)
    return Plan(skipped, why, begun.tick, "recovery" if begun.running or not begun.failures else "retry")


def _divided(
    entry: Entry, record: Record, now: dt.datetime, begun: Tick | None
) -> tuple[list[dt.datetime], deque[dt.datetime]]:
    """The pending ticks, of those before one that was begun, that the rule skips, and those that it keeps."""
    limit = {"latest": 0 if begun else 1, "all": entry.limit, "none": None}[entry.catch_up]
    skipped: list[dt.datetime] = []
    kept: deque[dt.datetime] = deque()
    for tick in record.pending(begun.tick - SECOND if begun else now):
        kept.append(tick)
        while kept and (now - kept[0] > entry.grace if limit is None else len(kept) > limit):
            skipped.append(kept.popleft())
    return skipped, kept


def _why(entry: Entry) -> str:
    match entry.catch_up:
        case "latest":
            return "missed; catch_up = 'latest' runs only the last"
        case "all":
            return f"missed; catch_up = 'all' runs the last {entry.limit}"
        case _:
            return f"missed by more than {format_length(entry.grace)}; catch_up = 'none'"
