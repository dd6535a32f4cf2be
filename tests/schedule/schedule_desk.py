"""What the tests of the schedule share: entries as text, a tiny renderer on a real store, and a count of outcomes."""

import contextlib
import datetime as dt
import json
import os
import shutil
import sqlite3
from collections import Counter

from handover import digest
from handover.editions import manifest
from handover.editions.store import Store, file_name
from handover.project import Project
from handover.schedule import entries
from handover.schedule.log import Log
from handover.schedule.runner import Result, Runner, Stop
from handover.schedule.times import stamp, ticks
from publishing import fact, made

ENTRY = {
    "name": "daily",
    "report": "mini",
    "cron": "0 7 * * *",
    "timezone": "UTC",
    "parameters": {"as_of": "{date}"},
}


def utc(text):
    return dt.datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=dt.UTC)


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    return value.isoformat() if isinstance(value, dt.date) else json.dumps(value)


def declare(project, *tables, mail=None):
    """Write the entries, each over `ENTRY`; a field that is None is left out."""
    parts = []
    for table in tables:
        whole = {key: value for key, value in {**ENTRY, **table}.items() if value is not None}
        parts.append("[[tool.handover.schedule]]\n" + "\n".join(f"{key} = {toml(one)}" for key, one in whole.items()))
    if mail:
        parts.append("[tool.handover.mail]\n" + "\n".join(f"{key} = {toml(one)}" for key, one in mail.items()))
    (project.root / "pyproject.toml").write_text("\n\n".join(parts) + "\n")


class Clock(Stop):
    """A clock that only waiting, or the test, moves."""

    def __init__(self, now):
        super().__init__()
        self.time = now

    def now(self):
        return self.time

    def wait(self, seconds):
        self.time += dt.timedelta(seconds=max(0.0, seconds))
        return self()


class Tiny:
    """A renderer that publishes one line of text in the real store; `says` makes it of the day."""

    def __init__(self, project):
        self.store = Store.of(project)
        self.runs = []
        self.says = lambda day: {"doors": "3"}
        self.before = lambda given: None

    def __call__(self, project, report, given, stopped, **how):
        self.runs.append((report, given))
        answer = self.before(given)
        if answer is not None:
            return answer
        day = given.get("as_of", "2026-01-31")
        return publish(self.store, report, day, self.says(day))


def publish(store, report, day, facts, known=None):
    """Publish a tiny edition that says these facts, known since a day; the later of one day was made later."""
    data = json.dumps(facts).encode()
    name = f"{day}-en-{digest.of_bytes(data)[:8]}"
    files = {file_name(report, name, suffix): data for suffix in (".html", ".pdf", ".ipynb")}
    about = {
        **made(report, day)[0],
        "report": report,
        "edition": name,
        "content": digest.of_bytes(data),
        "title": "Doors in miniature",
        "standfirst": "",
        "parameters": {},
        "as_of": day,
        "language": "en",
        "outputs": manifest.outputs(files),
        "facts": {key: fact(key.capitalize(), value, known) for key, value in facts.items()},
        "run": {"started": f"2026-02-01T00:00:{len(store.editions()):02}Z", "seconds": {}},
    }
    with store.locked():
        fresh = store.publish(report, name, files, about)
    return Result("published" if fresh else "unchanged", name)


class Desk:
    """A project, its clock, its renderer, and runners over them."""

    def __init__(self, project, now):
        self.project = project
        self.clock = Clock(now)
        self.tiny = Tiny(project)
        self.told = []
        self.sent = []
        declare(project, {})

    def declare(self, *tables, mail=None):
        declare(self.project, *tables, mail=mail)

    def send(self, notify, message, to):
        self.sent.append(message)
        return {}

    def runner(self):
        return Runner(self.project, self.clock, self.clock.now, self.tiny, self.send, self.told.append)

    def once(self, after=None, runner=None):
        """Let time pass, then run what is due, with a runner that knows nothing yet unless one is given."""
        self.clock.time += after or dt.timedelta()
        return (runner or self.runner()).once()

    def crashes(self, after=None):
        """Let time pass, and have the runner killed as soon as it renders."""
        self.tiny.before = die
        try:
            self.once(after)
        except Killed:
            return
        finally:
            self.tiny.before = lambda given: None
        raise AssertionError("nothing was rendered")

    def entries(self):
        return entries.load(self.project, self.clock.time)

    @property
    def path(self):
        return Log(self.project).path

    def ran(self):
        return [row for row in rows(self.project) if row["outcome"] not in ("", "skipped")]

    def mails(self, state):
        return [mail for mail in rows(self.project, "mail") if mail["state"] == state]

    def editions(self, report="mini"):
        return [edition.name for edition in self.tiny.store.editions(report)]


class Killed(BaseException):
    """The runner is gone; nothing of ours can catch it."""


def die(given):
    raise Killed


def rows(project, table="tick"):
    """The rows of a table of the log, as they stand in the file."""
    with contextlib.closing(sqlite3.connect(Log(project).path)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(f"SELECT * FROM {table}")]


def counted(project, name="daily", cron="0 7 * * *", timezone="UTC", until=None):
    """Count outcomes tick by tick since the entry was seen; every tick must have exactly one, and no other has one."""
    counts = Counter()
    (since,) = (dt.datetime.fromisoformat(one["since"]) for one in rows(project, "entry") if one["name"] == name)
    outcomes = {row["tick"]: row["outcome"] for row in rows(project) if row["entry"] == name}
    for tick in ticks(cron, timezone, since, until):
        assert outcomes.get(stamp(tick)), f"{name}, {tick}: no outcome"
        counts[outcomes[stamp(tick)]] += 1
    return dict(counts)


def seen(project, at, *tables):
    """Have a runner see entries at an instant, long ago; they are declared from then on."""
    declare(project, *tables)
    log = Log(project)
    with log.writing():
        log.declare(entries.load(project, utc(at)), utc(at))


def copied(source, target):
    """A project of its own for a process of its own."""
    shutil.copytree(source, target)
    return Project(target)


def note(path, text):
    """Add a line to a file that several processes write, synced."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(handle, f"{text}\n".encode())
    os.close(handle)
