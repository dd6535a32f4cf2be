"""Bringing the ledger in line with the clock, which may have been set back, and with the entries declared."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from handover.schedule.entry import GRACE, Entry
from handover.schedule.ledger import Ledger, line
from handover.schedule.record import Record
from handover.schedule.spans import instant
from handover.schedule.ticks import ticks


def settle(ledger: Ledger, entries: Sequence[Entry], now: dt.datetime) -> None:
    """Note what has changed since the last look; the caller holds the ledger.

    An entry counts from when it is first seen. One whose times were changed keeps the ticks that it missed before.
    """
    grace = {entry.name: entry.grace for entry in entries}
    for name, record in list(ledger.records.items()):
        ledger.append(*_set_back(name, record, now, grace.get(name, GRACE)))
    for entry in entries:
        standing = ledger.of_entry(entry.name).standing
        if not standing or (standing.cron, standing.timezone) != (entry.cron, entry.timezone):
            ledger.append(line("declared", entry.name, now, cron=entry.cron, timezone=entry.timezone))
    declared = {entry.name for entry in entries}
    for name, record in list(ledger.records.items()):
        if name not in declared and record.standing:
            ledger.append(*_retired(name, record, now))


def _set_back(name: str, record: Record, now: dt.datetime, grace: dt.timedelta) -> Iterator[dict[str, Any]]:
    """The line to write if the clock shows less than it did when this record was written."""
    ends = (end for one in record.segments for end in (one.since, one.until))
    if max(end for end in (record.floor, record.good, *ends) if end) > now.replace(microsecond=0):
        after = _reopened(record, now, grace)
        yield line("clock back", name, now, after=after, ticks=_passed(record, after))


def _reopened(record: Record, now: dt.datetime, grace: dt.timedelta) -> dt.datetime:
    """The instant after which skipped ticks are taken back: those to come, and those of which it is still time.

    The latter only if the clock was well ahead when they were skipped, which a clock that is trimmed by seconds is not.
    """
    right = now + grace
    if all(skip.at <= right for skip in record.skips):
        return now
    stands = [skip.last for skip in record.skips if skip.at <= right and skip.last <= now]
    stands += [tick for tick, one in record.ran.items() if tick <= now and instant(one["at"]) <= right]
    return max([now - grace, *stands])


def _passed(record: Record, after: dt.datetime) -> int:
    """How many ticks of the skip that reaches beyond `after` have come by then."""
    for skip in record.skips:
        if skip.first <= after < skip.last:
            before = skip.first - dt.timedelta(seconds=1)
            found = {
                tick
                for one in record.segments
                for tick in ticks(one.cron, one.timezone, max(before, one.since), min(one.until or after, after))
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
