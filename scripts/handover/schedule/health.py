"""How old the last good edition of each entry is, and whether it may be."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from handover.schedule import news
from handover.schedule.entry import Entry
from handover.schedule.ledger import Ledger, line
from handover.schedule.spans import show


@dataclass(frozen=True, slots=True)
class Health:
    """One entry: since when its edition is not known to be good, None if no runner has ever seen the entry."""

    entry: Entry
    good: dt.datetime | None
    ever: bool
    age: dt.timedelta | None

    @property
    def stale(self) -> bool:
        """Whether it is older than it may be."""
        limit = self.entry.max_age
        return limit is not None and (self.age is None or self.age > limit)

    def as_json(self) -> dict[str, Any]:
        """The same for programs; the age in seconds."""
        age = None if self.age is None else int(self.age.total_seconds())
        return {"entry": self.entry.name, "stale": self.stale, "age": age}

    def __str__(self) -> str:
        if self.age is None:
            return f"{self.entry.name}: must be run (no runner has seen it yet)."
        may = f"; it may be {show(self.entry.max_age)} old" if self.entry.max_age else ""
        told = f"{show(self.age)} ago" if self.ever else f"never; it counts since {show(self.age)}"
        return f"{self.entry.name}: last good {told}{may}."


def look(entry: Entry, ledger: Ledger, now: dt.datetime) -> Health:
    """Judge one entry; a run that found its edition unchanged counts as good."""
    record = ledger.of_entry(entry.name)
    good = record.good or record.since
    return Health(entry, good, record.good is not None, max(now - good, dt.timedelta()) if good else None)


def grown_stale(entries: Sequence[Entry], ledger: Ledger, now: dt.datetime) -> Iterable[dict[str, Any]]:
    """The lines that owe a mail, one for each report that has grown stale since it was last good."""
    for entry in entries:
        found = look(entry, ledger, now)
        if entry.notify and found.stale and found.good and ledger.of_entry(entry.name).stale != found.good:
            mail = {"id": news.identify(entry.name, "stale", found.good), "kind": "stale"}
            yield line("stale", entry.name, now, good=found.good, text=str(found), mail=mail)
