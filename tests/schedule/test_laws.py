"""The law of the runner, whatever clock, report and machine do: one outcome a tick, none lost, none twice."""

import contextlib
import datetime as dt
import os
import shutil
import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from schedule_desk import Desk, Killed, counted, die, utc

from handover.project import Project
from handover.schedule import log
from handover.schedule.runner import Result, Stopped

MINI = Path(__file__).parents[1] / "mini"
CRON = "0 */3 * * *"
HOURS = st.one_of(st.integers(0, 12), st.integers(-12, 0), st.integers(-200, 200))
#: What becomes of each attempt: well, badly, the runner killed, the runner told to stop.
FATES = st.lists(st.sampled_from(["good", "good", "bad", "killed", "stopped"]), max_size=5)
RULES = st.sampled_from(
    [
        {"catch_up": "latest", "retries": 2, "back_off": "20m"},
        {"catch_up": "all", "limit": 2, "retries": 1, "back_off": "0s"},
        {"catch_up": "none", "grace": "7h", "retries": 1, "back_off": "4h"},
    ]
)


@given(RULES, st.lists(st.tuples(HOURS, FATES), max_size=6))
def test_law_every_tick_has_one_outcome_and_runs_to_one_at_most(rule, steps):
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(os, "fsync", lambda handle: None),
        mock.patch.object(log, "SYNCHRONOUS", "OFF"),
    ):
        shutil.copytree(MINI, Path(folder) / "mini", ignore=shutil.ignore_patterns("reports", ".handover"))
        desk = Desk(Project(Path(folder) / "mini"), utc("2026-01-28 00:00"))
        desk.declare({"cron": CRON, "parameters": {}, "ahead": True, **rule})
        latest = lived(desk, steps)
        # every tick that has come, by the clock as it is at the end
        counted(desk.project, cron=CRON, until=desk.clock.time)
        ran = desk.ran()
        ended = [text[:23] for text in desk.told if text.split()[3] in ("published:", "unchanged:", "failed:")]
        assert len(set(ended)) == len(ended) == len(ran)
        published = [row for row in ran if row["outcome"] == "published"]
        assert len(published) == len(desk.editions()) == any(row["edition"] for row in ran)
        # no tick ran before the clock had ever shown its time
        assert all(row["tick"] <= f"{latest:%Y-%m-%dT%H:%M:%SZ}" for row in ran)


def lived(desk, steps):
    """Live through the steps, then one more with nothing in the way; returns the latest time the clock has shown."""
    latest = desk.clock.time
    for hours, fates in [*steps, (1, [])]:
        desk.clock.time = max(desk.clock.time + dt.timedelta(hours=hours), utc("2026-01-01 00:00"))
        desk.tiny.before = fated(desk, list(fates))
        with contextlib.suppress(Killed):
            desk.once()
        latest = max(latest, desk.clock.time)
        if desk.clock():
            desk.clock.__init__(desk.clock.time)
    return latest


def fated(desk, fates):
    def before(given):
        match fates.pop(0) if fates else "good":
            case "bad":
                return Result("failed", cause="no")
            case "killed":
                die(given)
            case "stopped":
                desk.clock.set()
                raise Stopped
        return None

    return before
