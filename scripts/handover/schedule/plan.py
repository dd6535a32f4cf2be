"""What is due: which ticks are skipped, which one runs next, and why. Pure: it is told the time."""

import datetime as dt
from collections import deque
from dataclasses import dataclass

from handover.schedule.entry import Entry
from handover.schedule.record import Begun, Record
from handover.schedule.spans import show
from handover.schedule.ticks import SECOND

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

    Ticks run in order. One that was begun is brought to its end, whatever has come since; of those before and after
    it the entry's catch-up rule decides.
    """
    tick = min((one for one in record.begun if one <= now), default=None)
    skipped, held = _sorted(entry, record, now, tick)
    if held:
        late = now - held[0] > entry.grace
        return Plan(skipped, held[0], "catch-up" if late else "on time", len(held) - 1)
    if tick is None:
        return Plan(skipped, look=next(entry.ticks(now), None))
    return _resumed(skipped, tick, record.begun[tick], now)


def _sorted(
    entry: Entry, record: Record, now: dt.datetime, begun: dt.datetime | None
) -> tuple[Skipped | None, deque[dt.datetime]]:
    """Which pending ticks, of those before one that was begun, the rule skips, and which it holds to be run."""
    keep = {"latest": 0 if begun else 1, "all": entry.limit, "none": None}[entry.catch_up]
    held: deque[dt.datetime] = deque()
    first = last = None
    count = 0
    for tick in record.pending(begun - SECOND if begun else now):
        held.append(tick)
        while held and (now - held[0] > entry.grace if keep is None else len(held) > keep):
            last = held.popleft()
            first = first or last
            count += 1
    return (Skipped(first, last, count, _why(entry)) if first and last else None), held


def _resumed(skipped: Skipped | None, tick: dt.datetime, begun: Begun, now: dt.datetime) -> Plan:
    # a clock set back since the failure must not make the wait any longer
    if not begun.running and begun.again and begun.failed and begun.failed <= now < begun.again:
        return Plan(skipped, trigger="retry", look=begun.again)
    return Plan(skipped, tick, "recovery" if begun.running or not begun.failures else "retry")


def _why(entry: Entry) -> str:
    match entry.catch_up:
        case "latest":
            return "missed; catch_up = 'latest' runs only the last"
        case "all":
            return f"missed; catch_up = 'all' runs the last {entry.limit}"
        case _:
            return f"missed by more than {show(entry.grace)}; catch_up = 'none'"
