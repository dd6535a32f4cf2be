"""The line that settles a tick: what its run came to, told apart from what an attempt before it had done."""

import datetime as dt
from typing import Any

from handover.editions import Store
from handover.errors import HandoverError
from handover.schedule import news
from handover.schedule.entry import Entry
from handover.schedule.job import Result
from handover.schedule.ledger import Ledger, line
from handover.schedule.record import Begun


def there(store: Store, entry: Entry, tick: dt.datetime) -> list[str]:
    """The editions of a tick's day; none if its parameters do not hold, which its run will tell."""
    try:
        day = entry.bound(tick)["as_of"]
    except HandoverError:
        return []
    return [edition.name for edition in store.editions(entry.report, prefix=f"{day}-")]


def outcome(
    store: Store, ledger: Ledger, entry: Entry, tick: dt.datetime, trigger: str, result: Result, now: dt.datetime
) -> dict[str, Any]:
    """Make the line for a tick that has been claimed; the caller holds the ledger."""
    begun = ledger.of_entry(entry.name).begun.get(tick)
    kind = result.kind
    # an earlier attempt published it and did not come to say so
    if kind == "unchanged" and _ours(ledger, entry, begun, result):
        kind = "published"
    mail = news.of_outcome(store, entry.report, kind, result.edition) if entry.notify else None
    return line(
        "outcome",
        entry.name,
        now,
        tick=tick,
        outcome=kind,
        trigger=trigger,
        report=entry.report,
        edition=result.edition,
        cause=result.cause,
        warnings=list(result.warnings),
        given=entry.given(tick),
        attempts=begun.claims if begun else 0,
        mail=mail and {"id": news.identify(entry.name, "run", tick), **mail},
    )


def _ours(ledger: Ledger, entry: Entry, begun: Begun | None, result: Result) -> bool:
    """Whether an edition appeared between two attempts of this tick, and no other tick is known to have made it."""
    if begun is None or begun.claims < 2 or result.edition in begun.there:
        return False
    made = (entry.report, result.edition, "published")
    told = (one for record in ledger.records.values() for one in record.ran.values())
    return all((one["report"], one["edition"], one["outcome"]) != made for one in told)
