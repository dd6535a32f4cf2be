"""What `list`, `due` and `history` show: the schedule and its ledger as rows; reading only."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from handover.schedule import health
from handover.schedule.entry import Entry
from handover.schedule.ledger import Ledger
from handover.schedule.plan import plan
from handover.schedule.record import Record
from handover.schedule.spans import instant, show, stamp

Row = dict[str, Any]


def listing(entries: Sequence[Entry], ledger: Ledger, now: dt.datetime) -> list[Row]:
    """One row an entry: when it comes next, what came of its last tick, how old its last good edition is."""
    rows = []
    for entry in entries:
        record, found = ledger.of_entry(entry.name), health.look(entry, ledger, now)
        last = _outcomes(entry.name, record)[-1:]
        rows.append(
            {
                "entry": entry.name,
                "report": entry.report,
                "cron": entry.cron,
                "timezone": entry.timezone,
                "next": _stamped(next(entry.ticks(now), None)),
                "last": last[0]["last"] if last else None,
                "outcome": last[0]["outcome"] if last else None,
                "edition": next((one["edition"] for one in reversed(_good(record))), None),
                "age": int(found.age.total_seconds()) if found.ever and found.age is not None else None,
                "max_age": int(entry.max_age.total_seconds()) if entry.max_age else None,
                "stale": found.stale,
                "pending": sum(1 for _ in record.pending(now)),
                "mails_owed": len(record.owed),
            }
        )
    return rows


def due(entries: Sequence[Entry], ledger: Ledger, now: dt.datetime) -> list[Row]:
    """What a runner would do now: one row for each entry with something to run, to skip or to try again."""
    rows = []
    for entry in entries:
        todo = plan(entry, ledger.of_entry(entry.name), now)
        again = todo.look if todo.trigger == "retry" and not todo.tick else None
        if todo.tick or todo.skipped or again:
            rows.append(
                {
                    "entry": entry.name,
                    "report": entry.report,
                    "tick": _stamped(todo.tick),
                    "trigger": todo.trigger or None,
                    "again": _stamped(again),
                    "parameters": entry.given(todo.tick) if todo.tick else None,
                    "behind": todo.behind,
                    "skips": todo.skipped.ticks if todo.skipped else 0,
                    "why": todo.skipped.why if todo.skipped else None,
                }
            )
    return rows


def history(ledger: Ledger, names: Sequence[str] | None = None) -> list[Row]:
    """Every recorded outcome, the latest tick first; skipped ticks of one reason are one row."""
    rows = [
        row
        for name, record in ledger.records.items()
        if names is None or name in names
        for row in _outcomes(name, record)
    ]
    return sorted(rows, key=lambda row: (row["last"], row["entry"]), reverse=True)


def shown(row: Row, entries: Sequence[Entry], key: str) -> str:
    """An instant of a row by the clock of its entry, in UTC for an entry that is declared no more."""
    if not row[key]:
        return "-"
    at = instant(row[key])
    entry = next((one for one in entries if one.name == row["entry"]), None)
    return f"{entry.local(at) if entry else at:%Y-%m-%d %H:%M %Z}"


def aged(row: Row) -> str:
    """The age of a row as people say it."""
    age = "-" if row["age"] is None else show(dt.timedelta(seconds=row["age"]))
    return f"{age} (stale)" if row["stale"] else age


def _outcomes(name: str, record: Record) -> list[Row]:
    """The settled ticks of an entry, in order."""
    ran = [
        {
            "entry": name,
            "first": line["tick"],
            "last": line["tick"],
            "ticks": 1,
            "outcome": line["outcome"],
            "trigger": line["trigger"],
            "edition": line["edition"] and f"{line['report']}/{line['edition']}",
            "attempts": line["attempts"],
            "cause": line["cause"],
            "parameters": line["given"],
            "at": line["at"],
            "mail": _posted(record, line),
        }
        for line in record.ran.values()
    ]
    skipped = [
        {
            "entry": name,
            "first": stamp(one.first),
            "last": stamp(one.last),
            "ticks": one.ticks,
            "outcome": "skipped",
            "trigger": "",
            "edition": "",
            "attempts": 0,
            "cause": one.why,
            "parameters": None,
            "at": stamp(one.at),
            "mail": "",
        }
        for one in record.skips
    ]
    return sorted([*ran, *skipped], key=lambda row: row["last"])


def _posted(record: Record, line: Row) -> str:
    mail = line["mail"]
    if not mail:
        return ""
    return f"{mail['kind']}, owed" if mail["id"] in record.owed else mail["kind"]


def _good(record: Record) -> list[Row]:
    good = [one for one in record.ran.values() if one["edition"]]
    return sorted(good, key=lambda one: one["tick"])


def _stamped(at: dt.datetime | None) -> str | None:
    return stamp(at) if at else None
