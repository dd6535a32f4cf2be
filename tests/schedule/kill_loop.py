"""Run a schedule and be killed at the n-th step, for every n; then let another runner finish, and count.

Started as a process of its own, which has one thread and may fork: ``kill_loop.py FOLDER PROJECT EVERY``. A step is a
touch of the disk by the store, tried two ways (killed before it, or half way through a write, and after it), or a
statement of the log, killed before it. Prints one JSON object of counts; any tick without exactly one outcome, and any
edition published twice, is listed under ``wrong``.
"""

import datetime as dt
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from pathlib import Path

import filelock  # noqa: F401  once, and not in every fork
from schedule_desk import Clock, Tiny, copied, counted, declare, rows, utc

from handover.editions import inputs
from handover.schedule import log
from handover.schedule.runner import Runner

TOUCHES = ("write", "fsync", "rename", "mkdir", "open")
START = utc("2026-01-28 00:00")
#: Two entries: one whose edition is new each day, one whose edition is the same again.
ENTRIES = (
    {"catch_up": "all", "limit": 2},
    {"name": "fixed", "parameters": {}, "ahead": True, "catch_up": "all", "limit": 2},
)
DAYS = 3
#: How a step is broken off.
WAYS = {"statement": ("before",), "write": ("half", "after")}


class Killer:
    """Counts steps, and kills this process at one of them; at 0 it only counts."""

    def __init__(self, at, way):
        self.at, self.way, self.kinds = at, way, []

    def watch(self):
        for name in TOUCHES:
            setattr(os, name, self._wrapped(name, getattr(os, name)))
        connect = sqlite3.connect

        def watched(*given, **named):
            db = connect(*given, **named)
            db.set_trace_callback(lambda statement: self.step("statement") and self.die())
            return db

        sqlite3.connect = watched

    def step(self, kind):
        self.kinds.append(kind)
        return len(self.kinds) == self.at

    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def _wrapped(self, name, whole):
        def touch(*given, **named):
            if not self.step(name):
                return whole(*given, **named)
            if self.way == "half" and name == "write":
                whole(given[0], bytes(given[1])[: len(given[1]) // 2])
            if self.way == "after":
                whole(*given, **named)
            return self.die()

        return touch


def in_child(work):
    """Run `work` in a fork; returns what it ended with, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(project, now, killer=None):
    def work():
        if killer:
            killer.watch()
        clock = Clock(now)
        Runner(project, clock, clock.now, Tiny(project)).once()
        if killer and killer.at == 0:
            (project.root / "steps").write_text(" ".join(killer.kinds))

    return in_child(work)


def fresh(folder, source):
    shutil.rmtree(folder, ignore_errors=True)
    project = copied(source, folder)
    declare(project, *ENTRIES)
    assert run(project, START) == 0
    return project


def judge(project, now):
    """Count outcomes and editions; say what is wrong with them."""
    wrong, counts = [], Counter()
    for name in ("daily", "fixed"):
        try:
            counts.update(counted(project, name, until=now))
        except AssertionError as error:
            wrong.append(str(error))
    store = Tiny(project).store
    published = Counter(row["edition"] for row in rows(project) if row["outcome"] == "published")
    editions = {edition.name for edition in store.editions()}
    wrong += [f"{name} published {count} times" for name, count in published.items() if count > 1]
    wrong += [f"{name} is in the store and never published" for name in editions ^ published.keys()]
    wrong += [f"{edition.name}: {edition.faults()}" for edition in store.editions() if edition.faults()]
    counts["editions"] = len(editions)
    return wrong, counts


def main(folder, source, every):
    package = inputs._package()
    inputs._package = lambda: package
    # kill -9 leaves what the system was given; only a cut of the power would not
    os.fsync = lambda handle: None
    log.SYNCHRONOUS = "OFF"
    now = START + dt.timedelta(days=DAYS)
    project = fresh(folder, source)
    assert run(project, now, Killer(0, "")) == 0
    steps = (project.root / "steps").read_text().split()
    tried = killed = 0
    wrong, totals = [], Counter()
    for at in range(1, len(steps) + 1, every):
        kind = steps[at - 1]
        for way in WAYS.get(kind, ("before", "after")):
            project = fresh(folder, source)
            tried += 1
            killed += run(project, now, Killer(at, way)) == -signal.SIGKILL
            # the next runner is killed too, a little further on, and only the third gets through
            killed += run(project, now, Killer(1 + at % 17, way)) == -signal.SIGKILL
            code = run(project, now)
            found, counts = judge(project, now)
            wrong += [f"step {at}, {way}: {one}" for one in found] + ([f"step {at}: left {code}"] if code else [])
            totals.update([json.dumps(counts, sort_keys=True)])
    print(json.dumps({"steps": Counter(steps), "tried": tried, "killed": killed, "wrong": wrong, "totals": totals}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
