"""What `list`, `due`, `history` and `health` show of the schedule and its log. It only reads."""

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handover.editions import Edition, Store
from handover.schedule.due import plan
from handover.schedule.entries import Entry, Notify
from handover.schedule.log import Log, Mail
from handover.schedule.times import format_length, stamp

#: How long a mail may be owed, once it was tried, before health fails.
OWED_MAX = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Health:
    """How old the last good edition of an entry is; `ever` is whether there was one.

    `good` is when it was last known to be good, else since when the entry counts, else, if no runner has seen it, None.
    """

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
        return {"entry": self.entry.name, "stale": self.stale, "age": _seconds(self.age)}

    def __str__(self) -> str:
        if self.age is None:
            return f"{self.entry.name}: must be run (no runner has seen it yet)."
        limit = f"; it may be {format_length(self.entry.max_age)} old" if self.entry.max_age else ""
        age = format_length(self.age)
        good = f"{age} ago" if self.ever else f"never; it counts since {age}"
        return f"{self.entry.name}: last good {good}{limit}."


def health(entry: Entry, log: Log, now: dt.datetime) -> Health:
    """Judge one entry; a run that found its edition unchanged counts as good."""
    good = log.good(entry.name, now)
    seen = log.seen(entry.name)
    since = good or (seen.since if seen else None)
    return Health(entry, since, good is not None, max(now - since, dt.timedelta()) if since else None)


def faults(entry: Entry, log: Log, store: Store, now: dt.datetime) -> Iterator[str]:
    """What is wrong with an entry beside its age, one text each: editions that are gone or damaged, mails undelivered.

    Its last edition is read whole. Of those before, which may have been pruned, what is left is looked at by size.
    """
    last, *earlier = [Edition(store.root, *names) for names in log.editions(entry.name)] or [None]
    if last and not os.path.lexists(last.folder):
        cure = "Restore it, or run `handover schedule run --once`, which renders it again."
        yield f"{entry.name}: {last.folder} must be there (it is gone).\n{cure}"
    for one in filter(None, [last, *earlier]):
        wrong = one.faults(by_size=one is not last) if os.path.lexists(one.folder) else []
        if wrong:
            cure = "Restore the edition, or remove its folder and run `handover schedule run --once`."
            yield f"{entry.name}: {'; '.join(wrong)}.\n{cure}"
    if entry.notify:
        yield from _undelivered(entry.notify, entry.name, log, now)


def _undelivered(notify: Notify, name: str, log: Log, now: dt.datetime) -> Iterator[str]:
    last, mend = log.last_mail(name), "Mend `notify` or the server;"
    if last and (last.state == "given up" or set(last.refused) & set(notify.to)):
        yield f"{name}: '{last.subject}': {last.trouble()}\n{mend} the next mail that reaches everybody ends this."
    for one in log.owed():
        if one.entry == name and one.attempts and now - one.at > OWED_MAX:
            since = f"is owed since {format_length(now - one.at)}: {one.cause}"
            yield f"{name}: '{one.subject}' {since}\n{mend} it is tried at each run."


def grown_stale(entries: Sequence[Entry], log: Log, now: dt.datetime) -> Iterator[Mail]:
    """The mails about reports that have grown stale: the same one, by its identifier, until it is good again."""
    advice = "Run `handover schedule history` to see why, and `handover schedule due` to see what waits."
    for entry in entries:
        found = health(entry, log, now)
        if entry.notify and found.stale and found.good:
            name = f"{entry.name}/stale/{stamp(found.good)}"
            yield Mail(name, entry.name, "stale", now, f"{entry.name}: grown stale", f"{found}\n\n{advice}\n")


def listing(entries: Sequence[Entry], log: Log, now: dt.datetime) -> Iterator[dict[str, Any]]:
    """One row an entry: its next tick, what came of its last, and how many seconds old its last good edition is."""
    owed = [mail.entry for mail in log.owed()]
    for entry in entries:
        found, last = health(entry, log, now), log.last(entry.name, skipped=True)
        yield {
            "entry": entry.name,
            "report": entry.report,
            "cron": entry.cron,
            "timezone": entry.timezone,
            "next": next(entry.ticks(now), None),
            "last": last and last.tick,
            "outcome": last and last.outcome,
            "edition": next((edition for _, edition in log.editions(entry.name)), None),
            "age": _seconds(found.age) if found.ever else None,
            "max_age": _seconds(entry.max_age),
            "stale": found.stale,
            "pending": len(log.waiting(entry.name, now)),
            "mails_owed": owed.count(entry.name),
        }


def due(entries: Sequence[Entry], log: Log, now: dt.datetime) -> Iterator[dict[str, Any]]:
    """One row for each entry with something to run, to skip or to try again.

    `behind` counts the ticks that wait after `tick`, `skips` those that `why` skips.
    """
    for entry in entries:
        todo = plan(entry, log.waiting(entry.name, now), now)
        tick, again = todo.tick and todo.tick.tick, todo.look if todo.trigger == "retry" and not todo.tick else None
        if tick or todo.skipped or again:
            yield {
                "entry": entry.name,
                "report": entry.report,
                "tick": tick,
                "trigger": todo.trigger or None,
                "again": again,
                "parameters": entry.given(tick) if tick else None,
                "behind": todo.behind,
                "skips": len(todo.skipped),
                "why": todo.why or None,
            }


def format_instant(instant: dt.datetime | None, name: str, entries: Sequence[Entry]) -> str:
    """An instant by the wall clock of an entry, in UTC for one that is declared no more."""
    if instant is None:
        return "-"
    entry = next((one for one in entries if one.name == name), None)
    return f"{entry.local(instant) if entry else instant:%Y-%m-%d %H:%M %Z}"


def format_age(row: Mapping[str, Any]) -> str:
    """The age of a row of `listing` as people say it."""
    age = "-" if row["age"] is None else format_length(dt.timedelta(seconds=row["age"]))
    return f"{age} (stale)" if row["stale"] else age


def _seconds(length: dt.timedelta | None) -> int | None:
    return None if length is None else int(length.total_seconds())
