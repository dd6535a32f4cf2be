"""The log of the schedule, ``.handover/schedule/log.sqlite3``: each tick with its one outcome, and the mails owed.

A tick is one row from when it comes, and its key allows no second outcome. What belongs together is written in one
transaction, which SQLite makes last before it returns, and undoes if the writer is killed half way. Each row carries a
checksum, since SQLite has none: damage that leaves a readable file is noticed too.
"""

import datetime as dt
import errno
import json
import os
import sqlite3
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from handover import atomic
from handover.errors import ScheduleError
from handover.project import Project
from handover.schedule.entries import Entry
from handover.schedule.times import stamp, ticks

#: How long one transaction waits for another; each takes some milliseconds.
BUSY_S = 60.0
SYNCHRONOUS = "FULL"
#: The lock of whoever makes the log, which stays when the log goes; and the column of a row's checksum.
LOCK, SEAL = "log.lock", "seal"
#: The trigger of a run that a person asked for, whose row is no tick: its instant is none of a crontab's.
BY_HAND = "by hand"
#: The fields of rows that hold instants, and those kept as JSON.
INSTANTS = {"since", "noted", "tick", "at", "again", "tried", "first", "last"}
JSON = {"given", "there", "reached", "refused", "parameters"}


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry since it was first seen: every tick up to `noted` has its row."""

    name: str
    cron: str
    timezone: str
    since: dt.datetime
    noted: dt.datetime


@dataclass(slots=True)
class Tick:
    """A tick that has come, or a run by hand.

    `outcome` is empty, then ``published``, ``unchanged``, ``failed`` or ``skipped``; `at` is when the row was written.
    `running` stands from a claim to its outcome: if it stands and no runner holds the entry's lock, the runner was
    killed. `there` are the editions of the tick's day from before the first claim.
    """

    entry: str
    tick: dt.datetime
    at: dt.datetime
    outcome: str = ""
    trigger: str = ""
    report: str = ""
    edition: str = ""
    cause: str = ""
    given: Mapping[str, Any] | None = None
    attempts: int = 0
    failures: int = 0
    interruptions: int = 0
    running: bool = False
    again: dt.datetime | None = None
    there: Sequence[str] = ()


@dataclass(slots=True)
class Mail:
    """A mail, and whether it is ``owed``, ``sent``, ``given up`` or ``dropped``.

    With `edition` it carries that edition's PDF, unless it is `bare`, since a server refused it. Of the recipients
    some have it, `reached`, and some are `refused` for good.
    """

    id: str
    entry: str
    kind: str
    at: dt.datetime
    subject: str
    text: str
    report: str = ""
    edition: str = ""
    state: str = "owed"
    attempts: int = 0
    tried: dt.datetime | None = None
    cause: str = ""
    reached: Sequence[str] = ()
    refused: Sequence[str] = ()
    bare: bool = False

    def trouble(self) -> str:
        """What kept it from everybody, or its PDF; "" if nothing did."""
        if self.state == "owed":
            return f"mail not sent: {self.cause}"
        if self.state == "given up":
            return f"mail given up, nobody has it: {self.cause}"
        if self.refused:
            return f"mail refused by {', '.join(self.refused)}: {self.cause}"
        return f"mail sent without its PDF: {self.cause}" if self.bare else ""


Row = TypeVar("Row", Seen, Tick, Mail, dict[str, Any])
TABLES = {Seen: ("entry", "name"), Tick: ("tick", "entry, tick"), Mail: ("mail", "id")}


class Log:
    """The log of a project; its rows are read and written within `reading` and `writing`.

    `tell` receives a line if the log is begun anew where there was one.
    """

    def __init__(self, project: Project, tell: Callable[[str], None] = lambda text: None) -> None:
        self._tell = tell
        self.folder = project.root / ".handover" / "schedule"
        self.path = self.folder / "log.sqlite3"
        self._checked = False
        self._db: sqlite3.Connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See the log as it stands at one time; before the first run it is empty, and is not made.

        Raises:
            ScheduleError: The log is damaged, or it is gone.
        """
        there = self._is_there()
        if not there and self._was_there():
            raise ScheduleError(
                f"{self.path}: must be there, for the schedule has run here before (got none).\n"
                "Put a copy of it back; or run `handover schedule run`, and every entry counts from then on."
            )
        with self._errors_translated(), self._opened(exists=there):
            self._db.execute("BEGIN")
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the log against every other writer; all that is written lasts, or none if the body raises.

        Raises:
            ScheduleError: The log is damaged, or another writer holds it for too long.
            StoreError: The disk refuses.
        """
        if not self._is_there():
            self._create()
        with self._errors_translated(), self._opened(exists=True):
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")

    def held(self, what: str) -> AbstractContextManager[bool]:
        """Try to take a lock beside the log; see `atomic.held`."""
        return atomic.held(self.folder / f"{what}.lock")

    def declare(self, entries: Sequence[Entry], now: dt.datetime) -> None:
        """Bring the log in line with the clock and with the entries declared, and note the ticks that have come.

        An entry counts from when it is first seen. One whose times were changed keeps the ticks that it missed before;
        one that was removed has them skipped. Behind a clock that was set back, what had not run is to come again.
        """
        at = stamp(now)
        to_come = "tick > ? AND (outcome = 'skipped' OR (outcome = '' AND attempts = 0))"
        self._db.execute(f"DELETE FROM tick WHERE {to_come}", (at,))
        declared = {entry.name for entry in entries}
        for seen in self._all(Seen):
            back = replace(seen, since=min(seen.since, now), noted=min(seen.noted, now))
            found = self._unnoted(back, now)
            for tick in found:
                self.put(tick)
            noted = replace(back, noted=found[-1].tick if found else back.noted)
            if noted != seen:
                self._write("REPLACE", noted)
            if seen.name not in declared:
                self.skip(self.waiting(seen.name, now), "the entry was removed", now)
                self._db.execute("DELETE FROM entry WHERE name = ?", (seen.name,))
        for entry in entries:
            seen = self.seen(entry.name)
            if not seen or (seen.cron, seen.timezone) != (entry.cron, entry.timezone):
                since = seen.since if seen else now
                self._write("REPLACE", Seen(entry.name, entry.cron, entry.timezone, since, now))

    def seen(self, entry: str) -> Seen | None:
        """The row of an entry, if a runner has seen it."""
        return self._first(Seen, "name = ?", entry)

    def waiting(self, entry: str, now: dt.datetime) -> list[Tick]:
        """The ticks up to `now` that have no outcome, in order, including those that no runner has noted yet."""
        seen = self.seen(entry)
        noted = self._all(Tick, "entry = ? AND outcome = '' AND tick <= ?", entry, stamp(now))
        found = noted + (self._unnoted(seen, now) if seen else [])
        return sorted(found, key=lambda one: one.tick)

    def put(self, row: Tick) -> bool:
        """Write the row of a tick, and say so, unless the tick has an outcome: that one stands."""
        settled = "SELECT 1 FROM tick WHERE entry = ? AND tick = ? AND outcome <> ''"
        if self._db.execute(settled, (row.entry, stamp(row.tick))).fetchone():
            return False
        self._write("REPLACE", row)
        return True

    def skip(self, waiting: Sequence[Tick], why: str, now: dt.datetime) -> None:
        """Record ticks as skipped."""
        for row in waiting:
            row.outcome, row.cause, row.running, row.at = "skipped", why, False, now
            self.put(row)

    def good(self, entry: str, now: dt.datetime) -> dt.datetime | None:
        """When the last good outcome of an entry was recorded."""
        good = "SELECT max(at) FROM tick WHERE entry = ? AND outcome IN ('published', 'unchanged') AND at <= ?"
        (at,) = self._db.execute(good, (entry, stamp(now))).fetchone()
        return dt.datetime.fromisoformat(at) if at else None

    def last(self, entry: str, *, skipped: bool = False) -> Tick | None:
        """The latest tick of an entry that was run to an outcome, or, if asked, that was `skipped`."""
        over = f"outcome NOT IN ('', '{'' if skipped else 'skipped'}')"
        return self._first(Tick, f"entry = ? AND {over} AND trigger <> ? ORDER BY tick DESC", entry, BY_HAND)

    def failing(self, entry: str) -> Tick | None:
        """The last tick that failed, if nothing of its entry has come out well since it was recorded."""
        told = "entry = ? AND (outcome IN ('published', 'unchanged') OR outcome = 'failed' AND trigger <> ?)"
        row = self._first(Tick, f"{told} ORDER BY at DESC, tick DESC", entry, BY_HAND)
        return row if row and row.outcome == "failed" else None

    def by_hand(self, entry: str, now: dt.datetime) -> Tick:
        """A row for a run by hand, at an instant of its own that no crontab names: those begin their minute."""
        at = now.replace(microsecond=0)
        taken = "SELECT 1 FROM tick WHERE entry = ? AND tick = ?"
        while not at.second or self._db.execute(taken, (entry, stamp(at))).fetchone():
            at += dt.timedelta(seconds=1)
        return Tick(entry, at, now, trigger=BY_HAND, attempts=1)

    def reopen(self, row: Tick) -> None:
        """Take back the outcome of a tick whose edition is gone, so that it is run again."""
        row.outcome, row.edition, row.failures, row.again = "", "", 0, None
        self._write("REPLACE", row)

    def editions(self, entry: str) -> list[tuple[str, str]]:
        """Report and name of the editions of an entry's ticks, that of the latest tick first, each once."""
        made = "SELECT report, edition FROM tick WHERE entry = ? AND edition <> '' AND trigger <> ? ORDER BY tick DESC"
        return list(dict.fromkeys(self._db.execute(made, (entry, BY_HAND))))

    def has_published(self, report: str, edition: str) -> bool:
        """Whether some tick is known to have published an edition."""
        known = "SELECT 1 FROM tick WHERE report = ? AND edition = ? AND outcome = 'published'"
        return self._db.execute(known, (report, edition)).fetchone() is not None

    def history(self, entry: str | None = None, count: int = -1) -> list[dict[str, Any]]:
        """The recorded outcomes of one entry or all, the latest tick first, at most `count`, or all if negative.

        Ticks skipped at once for one reason are one row, of so many `ticks`.
        """
        return self._rows(
            dict,
            "SELECT tick.entry, min(tick) AS first, max(tick) AS last, count(*) AS ticks, outcome, trigger,"
            "  CASE tick.edition WHEN '' THEN '' ELSE tick.report || '/' || tick.edition END AS edition,"
            "  tick.attempts, tick.cause, given AS parameters, tick.at,"
            "  coalesce(kind || CASE state WHEN 'sent' THEN '' ELSE ', ' || state END"
            "   || CASE WHEN bare THEN ', without its PDF' ELSE '' END"
            "   || (SELECT coalesce(', refused by ' || group_concat(value, ' '), '') FROM json_each(refused)),"
            "  '') AS mail"
            " FROM tick LEFT JOIN mail ON id = tick.entry || '/run/' || tick"
            " WHERE outcome <> '' AND tick.entry = coalesce(?, tick.entry)"
            " GROUP BY tick.entry, CASE outcome WHEN 'skipped' THEN tick.at || tick.cause ELSE tick END"
            " ORDER BY last DESC, tick.entry DESC LIMIT ?",
            entry,
            count,
        )

    def owe(self, mail: Mail) -> None:
        """Add a mail, unless one of its identifier is there."""
        self._write("INSERT OR IGNORE", mail)

    def owed(self) -> list[Mail]:
        """The mails owed, the oldest first."""
        return self._all(Mail, "state = 'owed' ORDER BY at, id")

    def last_mail(self, entry: str) -> Mail | None:
        """The mail of an entry that was sent or given up last."""
        return self._first(Mail, "entry = ? AND state IN ('sent', 'given up') ORDER BY tried DESC, at DESC", entry)

    def note(self, mail: Mail) -> None:
        """Write what became of a mail."""
        self._write("REPLACE", mail)

    def _unnoted(self, seen: Seen, now: dt.datetime) -> list[Tick]:
        """The ticks of an entry up to `now` that have no row, except those that ran before the clock was set back."""
        rows = {one.tick for one in self._all(Tick, "entry = ? AND tick > ?", seen.name, stamp(seen.noted))}
        found = ticks(seen.cron, seen.timezone, seen.noted, now)
        return [Tick(seen.name, tick, now) for tick in found if tick not in rows]

    def _first(self, kind: type[Row], where: str, *values: Any) -> Row | None:
        return next(iter(self._all(kind, f"{where} LIMIT 1", *values)), None)

    def _all(self, kind: type[Row], where: str = "true", *values: Any) -> list[Row]:
        return self._rows(kind, f"SELECT * FROM {TABLES[kind][0]} WHERE {where}", *values)

    def _rows(self, kind: type[Row], query: str, *values: Any) -> list[Row]:
        cursor = self._db.execute(query, values)
        names = [column[0] for column in cursor.description]
        try:
            return [
                kind(**{name: _read(name, value) for name, value in zip(names, row, strict=True) if name != SEAL})
                for row in cursor
            ]
        except (ValueError, TypeError) as error:
            raise sqlite3.DatabaseError(str(error)) from error

    def _write(self, verb: str, row: Seen | Tick | Mail) -> None:
        values = [_plain(field.name, getattr(row, field.name)) for field in fields(row)]
        values.append(_sum(values))
        self._db.execute(f"{verb} INTO {TABLES[type(row)][0]} VALUES ({', '.join('?' * len(values))})", values)

    def _is_there(self) -> bool:
        """Whether there is a log; that something else is in its place, or nobody can say, is an error."""
        try:
            mode = os.lstat(self.path).st_mode
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from error
        if not stat.S_ISREG(mode):
            kind = "a symbolic link" if stat.S_ISLNK(mode) else "a folder" if stat.S_ISDIR(mode) else "no file"
            raise ScheduleError(
                f"{self.path}: must be a file (got {kind}).\nMove it away, and put a copy of the log back."
            )
        return True

    def _was_there(self) -> bool:
        """Whether a log was begun here at some time: its lock file stays."""
        return (self.folder / LOCK).exists()

    def _unreadable(self, said: str) -> ScheduleError:
        return ScheduleError(
            f"{self.path}: must be a file that can be read and written (got {said}).\n"
            "Give yourself the right to both, in its folder too."
        )

    def _create(self) -> None:
        """Make an empty log in one step, so that a file that is there is a whole one."""
        with closing(_empty()) as db:
            empty = db.serialize()
        was_there = self._was_there()
        with atomic.held(self.folder / LOCK, -1), atomic.translate_os_errors(self.folder):
            if not self.path.exists():
                if was_there:
                    self._tell(f"{self.path}: is gone, and is begun anew: every entry counts from now on.")
                # the journal of a log that was moved away does not belong to the new one
                self.path.with_name(f"{self.path.name}-journal").unlink(missing_ok=True)
                atomic.replace(self.path, empty)

    @contextmanager
    def _opened(self, *, exists: bool) -> Iterator[None]:
        """Connect for one transaction; without a COMMIT, closing undoes it."""
        # mode=rw: a file that is gone by now is not made anew
        where = f"{self.path.absolute().as_uri()}?mode=rw"
        db = sqlite3.connect(where, timeout=BUSY_S, isolation_level=None, uri=True) if exists else _empty()
        with closing(db) as self._db:
            db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
            if exists and not self._checked:
                self._check()
                self._checked = True
            yield

    def _check(self) -> None:
        """Read the whole log once; if it is not what was written, that is an error of the database."""
        if not self.path.stat().st_size:
            raise sqlite3.DatabaseError("an empty file")
        with closing(_empty()) as empty:
            shapes = [db.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() for db in (self._db, empty)]
        if shapes[0] != shapes[1]:
            raise sqlite3.DatabaseError("another kind of file")
        (said,) = self._db.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise sqlite3.DatabaseError(said.splitlines()[-1])
        for table, _ in TABLES.values():
            for *values, seal in self._db.execute(f"SELECT * FROM {table}"):
                if seal != _sum(values):
                    raise sqlite3.DatabaseError(f"a changed row of {table}: {' '.join(map(str, values[:2]))!r:.80}")

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        """Turn SQLite's errors about the file into ours; those about our own statements are bugs, and stay."""
        full = {sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_IOERR: errno.EIO}
        try:
            yield
        except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
            raise
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code in full:
                with atomic.translate_os_errors(self.path):
                    raise OSError(full[code], str(error), str(self.path)) from error
            if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
                raise self._unreadable(str(error)) from error
            if code == sqlite3.SQLITE_BUSY:
                raise ScheduleError(
                    f"{self.path}: must be free to write (held for {BUSY_S:g} seconds by another runner).\n"
                    "End that runner; the log is whole."
                ) from error
            # whatever else SQLite finds, it finds in the file: what it is asked is always the same
            raise ScheduleError(
                f"{self.path}: must be a whole log of the schedule (got {error}).\n"
                "Put a copy of it back; or move it away, and every entry counts from the next run on."
            ) from error


def _empty() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    for kind, (table, key) in TABLES.items():
        columns = ", ".join(field.name for field in fields(kind))
        db.execute(f"CREATE TABLE {table} ({columns}, {SEAL}, PRIMARY KEY ({key})) WITHOUT ROWID")
    return db


def _plain(name: str, value: Any) -> Any:
    """A value as SQLite takes it: instants as text, lists and tables as JSON, half characters as escapes."""
    if isinstance(value, dt.datetime):
        return stamp(value)
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value) if name in JSON and value is not None else value


def _sum(values: Sequence[Any]) -> int:
    """The checksum of a row, from its values as SQLite keeps them."""
    return zlib.crc32(repr([*values]).encode("utf-8", "backslashreplace"))


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    return dt.datetime.fromisoformat(value) if name in INSTANTS else json.loads(value) if name in JSON else value
