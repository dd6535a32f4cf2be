"""Bringing the ledger in line with the clock, which may have been set back, and with the entries declared."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from handover.schedule.entry import Entry
from handover.schedule.ledger import Ledger, line
from handover.schedule.record import Record
from handover.schedule.ticks import ticks


def settle(ledger: Ledger, entries: Sequence[Entry], now: dt.datetime) -> None:
    """Note what has changed since the last look; the caller holds the ledger.

    An entry counts from when it is first seen. One whose times were changed keeps the ticks that it missed before.
    """
    ledger.append(*(one for name, record in ledger.records.items() for one in _set_back(name, record, now)))
    for entry in entries:
        standing = ledger.of_entry(entry.name).standing
        if not standing or (standing.cron, standing.timezone) != (entry.cron, entry.timezone):
            ledger.append(line("declared", entry.name, now, cron=entry.cron, timezone=entry.timezone))
    declared = {entry.name for entry in entries}
    for name, record in list(ledger.records.items()):
        if name not in declared and record.standing:
            ledger.append(*_retired(name, record, now))


def _set_back(name: str, record: Record, now: dt.datetime) -> Iterator[dict[str, Any]]:
    """The line to write if the clock shows less than it did when this record was written."""
    ends = (end for one in record.segments for end in (one.since, one.until))
    if max(instant for instant in (record.floor, record.good, *ends) if instant) > now.replace(microsecond=0):
        yield line("clock back", name, now, ticks=_passed(record, now))


def _passed(record: Record, now: dt.datetime) -> int:
    """How many ticks of the skip that reaches beyond `now` have come by then."""
    for skip in record.skips:
        if skip.first <= now < skip.last:
            before = skip.first - dt.timedelta(seconds=1)
            found = {
                tick
                for one in record.segments
                for tick in ticks(one.cron, one.timezone, max(before, one.since), min(one.until or now, now))
            }
            return len(found - record.ran.keys())
    return 0


def _retired(name: str, record: Record, now: dt.datetime) -> Iterable[dict[str, Any]]:
    """The lines that close an entry which is declared no more."""
    left = list(record.pending(now))
    if left:
        why = "the entry was removed"
        yield line("skipped", name, now, first=left[0], last=left[-1], ticks=len(left), why=why)
    yield line("retired", name, now)
