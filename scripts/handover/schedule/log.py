"""The log of the schedule, ``.handover/schedule/log.sqlite3``: each tick with its one outcome, and the mails owed.

A tick is one row, and its key allows no second outcome. What belongs together is written in one transaction, which
SQLite makes last before it returns, and undoes if the writer is killed half way.
"""

import datetime as dt
import errno
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from handover import atomic
from handover.errors import ScheduleError
from handover.project import Project
from handover.schedule.entries import Entry
from handover.schedule.times import parse_stamp, stamp, ticks

#: How long one transaction waits for another; each takes some milliseconds.
BUSY_S = 60.0
SYNCHRONOUS = "FULL"
#: Marks a file as a log of this shape.
APPLICATION_ID = 0x484F4C31
SCHEMA = f"""
CREATE TABLE stretch (
  entry TEXT NOT NULL, since TEXT NOT NULL, until TEXT, cron TEXT NOT NULL, timezone TEXT NOT NULL,
  settled TEXT NOT NULL
) STRICT;
CREATE TABLE tick (
  entry TEXT NOT NULL, tick TEXT NOT NULL, at TEXT NOT NULL, outcome TEXT NOT NULL, trigger TEXT NOT NULL,
  report TEXT NOT NULL, edition TEXT NOT NULL, cause TEXT NOT NULL, given TEXT, attempts INTEGER NOT NULL,
  failures INTEGER NOT NULL, interruptions INTEGER NOT NULL, running INTEGER NOT NULL, again TEXT, there TEXT NOT NULL,
  PRIMARY KEY (entry, tick)
) STRICT, WITHOUT ROWID;
CREATE TABLE mail (
  id TEXT PRIMARY KEY, entry TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, subject TEXT NOT NULL,
  text TEXT NOT NULL, report TEXT NOT NULL, edition TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
  tried TEXT, cause TEXT NOT NULL, refused TEXT NOT NULL
) STRICT;
PRAGMA application_id = {APPLICATION_ID};
"""

#: The fields of rows that hold instants, and those kept as JSON.
INSTANTS = {"tick", "at", "again", "since", "until", "settled", "tried", "first", "last"}
JSON = {"given", "parameters", "there", "refused"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in which an entry came at certain times; `until` is None while it stands.

    Every tick of it up to `settled` has its outcome.
    """

    entry: str
    since: dt.datetime
    until: dt.datetime | None
    cron: str
    timezone: str
    settled: dt.datetime


@dataclass(slots=True)
class Tick:
    """A tick that was skipped or taken up.

    `outcome` is empty while it is under way, then ``published``, ``unchanged``, ``failed`` or ``skipped``; `at` is
    when the row was written. `running` stands from a claim to what became of it: if it stands and nobody holds the
    entry's lock, the runner was killed. `there` are the editions of the tick's day from before the first claim.
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
    """A mail, and whether it is ``owed``, ``sent`` or ``dropped``; with `edition` it carries that edition's PDF."""

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
    refused: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """A row of the history: a tick that ran, or `ticks` of them skipped for one reason at one time."""

    entry: str
    first: dt.datetime
    last: dt.datetime
    ticks: int
    outcome: str
    trigger: str
    edition: str
    attempts: int
    cause: str
    parameters: Mapping[str, Any] | None
    at: dt.datetime
    mail: str


@dataclass(frozen=True, slots=True)
class Record:
    """What the log knows of one entry: when it came, what is under way, and what ran before the clock was set back."""

    stretches: Sequence[Stretch] = ()
    begun: Sequence[Tick] = ()
    ahead: frozenset[dt.datetime] = frozenset()

    @property
    def standing(self) -> Stretch | None:
        """The stretch that is open."""
        return next((one for one in self.stretches if one.until is None), None)

    def pending(self, now: dt.datetime) -> Iterator[dt.datetime]:
        """The ticks up to `now` that have no outcome, in order."""
        for one in self.stretches:
            found = ticks(one.cron, one.timezone, max(one.since, one.settled), min(one.until or now, now))
            yield from (tick for tick in found if tick not in self.ahead)


Row = TypeVar("Row", Stretch, Tick, Mail, Past)


class Log:
    """The log of a project; its rows are read and written within `reading` and `writing`."""

    def __init__(self, project: Project) -> None:
        self.folder = project.root / ".handover" / "schedule"
        self.path = self.folder / "log.sqlite3"
        self._checked = False
        self._db: sqlite3.Connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See the log as it stands at one time; a log that does not exist is empty, and is not made.

        Raises:
            ScheduleError: The log is damaged.
        """
        with self._errors_translated(), self._opened(exists=self.path.exists()):
            self._db.execute("BEGIN")
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the log against every other writer; all that is written lasts, or none if the body raises.

        Raises:
            ScheduleError: The log is damaged, or another writer holds it for too long.
            StoreError: The disk refuses.
        """
        if not self.path.exists():
            self._create()
        with self._errors_translated(), self._opened(exists=True):
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")

    @contextmanager
    def held(self, what: str) -> Iterator[bool]:
        """Try to take a lock that ends with the process that holds it.

        Yields:
            Whether it was free.
        """
        import filelock

        with atomic.told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.folder / f"{what}.lock", timeout=0, mode=0o644)
            try:
                lock.acquire()
            except filelock.Timeout:
                lock = None
        try:
            yield lock is not None
        finally:
            if lock:
                lock.release()

    def record(self, entry: str) -> Record:
        """What is known of an entry; an empty record if nothing is."""
        stretches = self._rows(Stretch, "SELECT * FROM stretch WHERE entry = ? ORDER BY rowid", entry)
        begun = self._rows(Tick, "SELECT * FROM tick WHERE entry = ? AND outcome = '' ORDER BY tick", entry)
        floor = stamp(min((one.settled for one in stretches), default=dt.datetime.max.replace(tzinfo=dt.UTC)))
        ahead = self._rows(Tick, "SELECT * FROM tick WHERE entry = ? AND outcome <> '' AND tick > ?", entry, floor)
        return Record(stretches, begun, frozenset(one.tick for one in ahead))

    def good(self, entry: str, now: dt.datetime) -> dt.datetime | None:
        """When the last good outcome of an entry was recorded."""
        good = "SELECT max(at) FROM tick WHERE entry = ? AND outcome IN ('published', 'unchanged') AND at <= ?"
        (at,) = self._db.execute(good, (entry, stamp(now))).fetchone()
        return parse_stamp(at) if at else None

    def last_edition(self, entry: str) -> str | None:
        """The edition of the latest tick that came to one."""
        last = "SELECT edition FROM tick WHERE entry = ? AND edition <> '' ORDER BY tick DESC LIMIT 1"
        return next((edition for (edition,) in self._db.execute(last, (entry,))), None)

    def has_published(self, report: str, edition: str) -> bool:
        """Whether some tick is known to have published an edition."""
        known = "SELECT 1 FROM tick WHERE report = ? AND edition = ? AND outcome = 'published'"
        return self._db.execute(known, (report, edition)).fetchone() is not None

    def history(self, entry: str | None = None, count: int = -1) -> list[Past]:
        """The recorded outcomes, the latest tick first; ticks skipped at once for one reason are one row.

        Args:
            entry: Only those of this entry.
            count: How many at most; all if negative.
        """
        return self._rows(
            Past,
            "SELECT tick.entry, min(tick) AS first, max(tick) AS last, count(*) AS ticks, outcome, trigger,"
            "  CASE tick.edition WHEN '' THEN '' ELSE tick.report || '/' || tick.edition END AS edition,"
            "  tick.attempts, tick.cause, given AS parameters, tick.at,"
            "  coalesce(kind || CASE state WHEN 'owed' THEN ', owed' ELSE '' END, '') AS mail"
            " FROM tick LEFT JOIN mail ON id = tick.entry || '/run/' || tick"
            " WHERE outcome <> '' AND tick.entry = coalesce(?, tick.entry)"
            " GROUP BY tick.entry, CASE outcome WHEN 'skipped' THEN tick.at || tick.cause ELSE tick END"
            " ORDER BY last DESC, tick.entry DESC LIMIT ?",
            entry,
            count,
        )

    def declare(self, entries: Sequence[Entry], now: dt.datetime) -> None:
        """Bring the log in line with the clock and with the entries declared.

        An entry counts from when it is first seen. One whose times were changed keeps the ticks that it missed before;
        one that was removed has them skipped. A clock that was set back makes what was skipped ahead of it come again.
        """
        at = stamp(now)
        self._db.execute("DELETE FROM tick WHERE outcome = 'skipped' AND tick > ?", (at,))
        self._db.execute(
            "UPDATE stretch SET since = min(since, :at), until = min(until, :at), settled = min(settled, :at)"
            " WHERE max(since, settled, coalesce(until, since)) > :at",
            {"at": at},
        )
        standing = {one.entry: one for one in self._rows(Stretch, "SELECT * FROM stretch WHERE until IS NULL")}
        for entry in entries:
            seen = standing.pop(entry.name, None)
            if seen and (seen.cron, seen.timezone) == (entry.cron, entry.timezone):
                continue
            self._close(entry.name, at)
            self._db.execute(
                "INSERT INTO stretch VALUES (?, ?, NULL, ?, ?, ?)", (entry.name, at, entry.cron, entry.timezone, at)
            )
        for name in standing:
            self.skip(name, self.record(name).pending(now), "the entry was removed", now)
            self._close(name, at)

    def skip(self, entry: str, skipped: Iterable[dt.datetime], why: str, now: dt.datetime) -> list[Tick]:
        """Record ticks as skipped; returns their rows."""
        rows = [Tick(entry, tick, now, "skipped", cause=why) for tick in skipped]
        for row in rows:
            self.put(row)
        return rows

    def tick(self, entry: str, tick: dt.datetime) -> Tick | None:
        """The row of a tick, if it was taken up or skipped."""
        return next(iter(self._rows(Tick, "SELECT * FROM tick WHERE entry = ? AND tick = ?", entry, stamp(tick))), None)

    def put(self, row: Tick) -> bool:
        """Write the row of a tick, unless the tick has an outcome: that one stands.

        Returns:
            Whether it was written.
        """
        names = [field.name for field in fields(Tick)]
        done = self._db.execute(
            f"INSERT INTO tick VALUES ({', '.join(f':{name}' for name in names)}) ON CONFLICT DO UPDATE SET"
            f" {', '.join(f'{name} = excluded.{name}' for name in names)} WHERE outcome = ''",
            _plain(row),
        )
        if row.outcome:
            settled = "UPDATE stretch SET settled = max(settled, ?) WHERE entry = ?"
            self._db.execute(settled, (stamp(row.tick), row.entry))
        return done.rowcount == 1

    def owe(self, mail: Mail) -> None:
        """Add a mail, unless one of its identifier is there."""
        self._put_mail("INSERT OR IGNORE", mail)

    def owed(self) -> list[Mail]:
        """The mails owed, the oldest first."""
        return self._rows(Mail, "SELECT * FROM mail WHERE state = 'owed' ORDER BY at, id")

    def note(self, mail: Mail) -> None:
        """Write what became of a mail."""
        self._put_mail("REPLACE", mail)

    def _put_mail(self, verb: str, mail: Mail) -> None:
        names = ", ".join(f":{field.name}" for field in fields(Mail))
        self._db.execute(f"{verb} INTO mail VALUES ({names})", _plain(mail))

    def _close(self, entry: str, at: str) -> None:
        self._db.execute("UPDATE stretch SET until = ? WHERE entry = ? AND until IS NULL", (at, entry))

    def _rows(self, kind: type[Row], query: str, *values: Any) -> list[Row]:
        cursor = self._db.execute(query, values)
        names = [column[0] for column in cursor.description]
        try:
            return [
                kind(**{name: _read(name, value) for name, value in zip(names, row, strict=True)}) for row in cursor
            ]
        except (ValueError, TypeError) as error:
            raise sqlite3.DatabaseError(str(error)) from error

    def _create(self) -> None:
        """Make an empty log in one step, so that a file that is there is a whole one."""
        import filelock

        with closing(sqlite3.connect(":memory:")) as db:
            db.executescript(SCHEMA)
            empty = db.serialize()
        with atomic.told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self.folder / "log.lock", mode=0o644):
                if not self.path.exists():
                    atomic.replace(self.path, empty)

    @contextmanager
    def _opened(self, *, exists: bool) -> Iterator[None]:
        """Connect for one transaction; without a COMMIT, closing undoes it."""
        if self.path.is_symlink():
            with atomic.told(self.path):
                raise OSError(errno.ELOOP, "it is a symbolic link", str(self.path))
        where = f"{self.path.as_uri()}?mode=rw" if exists else ":memory:"
        self._db = sqlite3.connect(where, timeout=BUSY_S, isolation_level=None, uri=True)
        try:
            if not exists:
                self._db.executescript(SCHEMA)
            self._db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
            if not self._checked:
                self._check()
            yield
        finally:
            self._db.close()

    def _check(self) -> None:
        if self._db.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            raise sqlite3.DatabaseError("another kind of file")
        (said,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise sqlite3.DatabaseError(said.splitlines()[-1])
        self._checked = True

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        """Turn what SQLite says of the file into our errors; what it says of our own statements is a bug, and stays."""
        refused = {
            sqlite3.SQLITE_FULL: errno.ENOSPC,
            sqlite3.SQLITE_IOERR: errno.EIO,
            sqlite3.SQLITE_READONLY: errno.EACCES,
            sqlite3.SQLITE_CANTOPEN: errno.EACCES,
            sqlite3.SQLITE_PERM: errno.EACCES,
        }
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code in refused:
                with atomic.told(self.path):
                    raise OSError(refused[code], str(error), str(self.path)) from error
            if code == sqlite3.SQLITE_BUSY:
                raise ScheduleError(
                    f"{self.path}: must be free to write (held for {BUSY_S:g} seconds by another runner).\n"
                    "End that runner; the log is whole."
                ) from error
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise ScheduleError(
                    f"{self.path}: must be a whole log of the schedule (got {error}).\n"
                    "Put a copy of it back; or move it away, and every entry counts from the next run on."
                ) from error
            raise


def _plain(row: Tick | Mail) -> dict[str, Any]:
    """A row as SQLite takes it: instants as text, lists and tables as JSON, half characters as escapes."""
    plain: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if field.name in JSON:
            value = None if value is None else json.dumps(value)
        elif isinstance(value, dt.datetime):
            value = stamp(value)
        elif isinstance(value, str):
            value = value.encode("utf-8", "backslashreplace").decode()
        plain[field.name] = value
    return plain


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    return parse_stamp(value) if name in INSTANTS else json.loads(value) if name in JSON else value
