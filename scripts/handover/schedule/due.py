"""What is due: which waiting ticks the catch-up rule skips, which one runs now, and why. Pure: it is given the time."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from handover.schedule.entries import Entry
from handover.schedule.log import Tick
from handover.schedule.times import format_length


@dataclass(frozen=True, slots=True)
class Plan:
    """What an entry is to do now.

    `skipped` are the ticks that a rule, `why`, skips. `tick` is None if nothing is to run before `look`, the next
    instant at which something may change. `trigger` is ``on time``, ``catch-up``, ``retry`` (without `tick`: that of
    `look` will be one) or ``recovery``; `behind` counts what waits after `tick`.
    """

    skipped: Sequence[Tick] = ()
    why: str = ""
    tick: Tick | None = None
    trigger: str = ""
    behind: int = 0
    look: dt.datetime | None = None


def plan(entry: Entry, waiting: Sequence[Tick], now: dt.datetime) -> Plan:
    """Decide what an entry does at an instant.

    Ticks run in order. One that was begun is brought to its end, whatever has come since; of those before and after
    it the entry's catch-up rule decides. `waiting` are its ticks up to `now` that have no outcome, in order.
    """
    begun = next((one for one in waiting if one.attempts), None)
    fresh = list(takewhile(lambda one: not one.attempts, waiting))
    match entry.catch_up:
        case "latest":
            skips, why = len(fresh) - (0 if begun else 1), "missed; catch_up = 'latest' runs only the last"
        case "all":
            skips, why = len(fresh) - entry.limit, f"missed; catch_up = 'all' runs the last {entry.limit}"
        case _:
            skips = sum(now - one.tick > entry.grace for one in fresh)
            why = f"missed by more than {format_length(entry.grace)}; catch_up = 'none'"
    skips = max(0, skips)
    skipped, kept, why = fresh[:skips], fresh[skips:], why if skips else ""
    if kept:
        late = now - kept[0].tick > entry.grace
        return Plan(skipped, why, kept[0], "catch-up" if late else "on time", len(kept) - 1)
    if begun is None:
        return Plan(skipped, why, look=next(entry.ticks(now), None))
    # only from the failure on: a clock that was set back must not make the wait any longer
    if not begun.running and begun.again and begun.at <= now < begun.again:
        return Plan(skipped, why, trigger="retry", look=begun.again)
    return Plan(skipped, why, begun, "recovery" if begun.running or not begun.failures else "retry")
