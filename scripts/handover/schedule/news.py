"""What there is to tell of an outcome: an edition that says something new, or a run that failed."""

import datetime as dt
from typing import Any

from handover.errors import StoreError
from handover.press.compare import Difference, compare
from handover.press.manifest import Manifest
from handover.press.store import Edition, Store
from handover.schedule.spans import stamp


def identify(entry: str, what: str, instant: dt.datetime) -> str:
    """The name of one mail, the same however often it is made."""
    return f"{entry}/{what}/{stamp(instant)}"


def of_outcome(store: Store, report: str, kind: str, edition: str) -> dict[str, Any] | None:
    """Say what is to be mailed of an outcome; None if nothing is.

    An edition that prints the same facts as the one before it says nothing new, whatever day it speaks from.
    """
    if kind == "failed":
        return {"kind": "failed"}
    if kind != "published":
        return None
    try:
        made = Edition(store.root, report, edition).manifest()
    except StoreError:
        return {"kind": "new", "before": ""}
    before = edition_before(store, made)
    if before and not compare(before["facts"], made["facts"]):
        return None
    return {"kind": "new", "before": before["edition"] if before else ""}


def changes(store: Store, report: str, before: str, after: str) -> list[Difference]:
    """What one edition says that another does not; nothing without an earlier one.

    Raises:
        StoreError: An edition is gone or torn.
    """
    if not before:
        return []
    old, new = (Edition(store.root, report, name).manifest() for name in (before, after))
    return compare(old["facts"], new["facts"])


def edition_before(store: Store, made: Manifest) -> Manifest | None:
    """The edition of the same report and settings that came before: of an earlier day, or made earlier of the same."""
    days = {one.name[:10] for one in store.editions(made["report"]) if one.name[:10] <= made["as_of"]}
    for day in sorted(days, reverse=True):
        found = [one for one in map(_read, store.editions(made["report"], prefix=day)) if one and _precedes(one, made)]
        if found:
            return max(found, key=lambda one: str(one["run"].get("started", "")))
    return None


def _read(edition: Edition) -> Manifest | None:
    try:
        return edition.manifest()
    except StoreError:
        return None


def _precedes(one: Manifest, made: Manifest) -> bool:
    if one["edition"] == made["edition"] or one["variant"] != made["variant"] or one["language"] != made["language"]:
        return False
    return one["as_of"] < made["as_of"] or str(one["run"].get("started", "")) <= str(made["run"].get("started", ""))
