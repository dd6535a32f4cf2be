"""What there is to tell of an outcome: an edition that says something new, or a run that failed."""

import datetime as dt
from typing import Any

from handover.editions import Change, Edition, Manifest, Store, before, compare
from handover.errors import StoreError
from handover.schedule.spans import stamp


def identify(entry: str, what: str, instant: dt.datetime) -> str:
    """The name of one mail, the same however often it is made."""
    return f"{entry}/{what}/{stamp(instant)}"


def of_outcome(store: Store, report: str, kind: str, edition: str) -> dict[str, Any] | None:
    """Say what is to be mailed of an outcome; None if nothing is.

    An edition that tells no news and corrects nothing is not mailed, whatever day it speaks from.
    """
    if kind == "failed":
        return {"kind": "failed"}
    if kind != "published":
        return None
    try:
        made = Edition(store.root, report, edition).manifest()
    except StoreError:
        return {"kind": "new", "before": ""}
    last = edition_before(store, made)
    if last and not compare(last, made):
        return None
    return {"kind": "new", "before": last["edition"] if last else ""}


def changes(store: Store, report: str, old: str, new: str) -> list[Change]:
    """What one edition says that an earlier one does not, or got wrong; nothing without an earlier one.

    Raises:
        StoreError: An edition is gone or torn.
    """
    if not old:
        return []
    return compare(*(Edition(store.root, report, name).manifest() for name in (old, new)))


def edition_before(store: Store, made: Manifest) -> Manifest | None:
    """The edition that readers had before: the one of the same day that this one takes the place of, else the earlier.

    Who was mailed an edition of the day is told what the new one corrects, and not its news once more.
    """
    days = sorted({one.name[:10] for one in store.editions(made["report"])}, reverse=True)
    earlier, replaced = before(made, days, lambda day: _of_day(store, made["report"], day))
    return replaced or earlier


def _of_day(store: Store, report: str, day: str) -> list[Manifest]:
    return [one for one in map(_read, store.editions(report, prefix=day)) if one]


def _read(edition: Edition) -> Manifest | None:
    try:
        return edition.manifest()
    except StoreError:
        return None
