"""What is due: which ticks are skipped, which one runs next, and why. Pure: it is told the time."""

import datetime as dt
from collections import deque
from dataclasses import dataclass

from handover.schedule.entry import Entry
from handover.schedule.record import Begun, Record
from handover.schedule.spans import show

#: A tick during which its runner was killed this often is not tried again.
INTERRUPTIONS = 10


@dataclass(frozen=True, slots=True)
class Skipped:
    """A run of ticks that one rule skips."""

    first: dt.datetime
    last: dt.datetime
    ticks: int
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an entry is to do now.

    `tick` is None if nothing is to run before `look`, the next instant at which something may change.
    `trigger` is ``on time``, ``catch-up``, ``retry`` (without `tick`: that of `look` will be one) or ``recovery``;
    `behind` counts what waits after `tick`.
    """

    skipped: Skipped | None = None
    tick: dt.datetime | None = None
    trigger: str = ""
    behind: int = 0
    look: dt.datetime | None = None


def plan(entry: Entry, record: Record, now: dt.datetime) -> Plan:
    """Decide what an entry does at an instant.

    A tick that was begun is brought to its end before any other; beyond that the entry's catch-up rule decides.
    """
    begun = record.begun
    if begun and begun.tick <= now and begun.tick not in record.ran:
        return _resume(begun, now)
    keep = {"latest": 1, "all": entry.limit, "none": None}[entry.catch_up]
    held: deque[dt.datetime] = deque()
    first = last = None
    count = 0
    for tick in record.pending(now):
        held.append(tick)
        while held and (len(held) > keep if keep else now - held[0] > entry.grace):
            last = held.popleft()
            first = first or last
            count += 1
    skipped = Skipped(first, last, count, _why(entry)) if first and last else None
    if not held:
        return Plan(skipped, look=next(entry.ticks(now), None))
    late = now - held[0] > entry.grace
    return Plan(skipped, held[0], "catch-up" if late else "on time", len(held) - 1)


def _resume(begun: Begun, now: dt.datetime) -> Plan:
    if begun.running:
        return Plan(tick=begun.tick, trigger="recovery")
    # a clock set back since the failure must not make the wait any longer
    waits = begun.again and begun.failed and begun.failed <= now < begun.again
    if waits:
        return Plan(trigger="retry", look=begun.again)
    return Plan(tick=begun.tick, trigger="retry" if begun.failures else "recovery")


def _why(entry: Entry) -> str:
    match entry.catch_up:
        case "latest":
            return "missed; catch_up = 'latest' runs only the last"
        case "all":
            return f"missed; catch_up = 'all' runs the last {entry.limit}"
        case _:
            return f"missed by more than {show(entry.grace)}; catch_up = 'none'"
