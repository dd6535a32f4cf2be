"""The runner: every tick has one recorded outcome, however late it is noticed and whatever the clock does."""

import datetime as dt
from itertools import pairwise

import pytest
from schedule_desk import counted, publish, rows, utc

from handover.errors import ScheduleError, StoreError
from handover.schedule import log
from handover.schedule import runner as runners
from handover.schedule.runner import Result, Stopped

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
HOURLY = {"cron": "0 * * * *"}
FAILED = Result("failed", cause="notebooks/mini.ipynb: cell 3 raised")


def hours(done):
    return [f"{row.tick:%d %H}" for row in done]


# what stops


def test_a_bad_entry_runs_nothing_and_leaves_no_log(desk):
    desk.declare({}, {"name": "second", "cron": "x"})
    with pytest.raises(ScheduleError, match="cron must have five fields"):
        desk.once(DAY)
    assert desk.tiny.runs == [] and not desk.path.exists()


def test_a_run_that_fails_is_recorded_with_its_cause_and_the_next_tick_runs(desk):
    desk.once()
    desk.tiny.before = lambda given: FAILED
    (failed,) = desk.once(DAY)
    desk.tiny.before = lambda given: None
    (good,) = desk.once(DAY)
    assert (failed.outcome, failed.cause) == ("failed", "notebooks/mini.ipynb: cell 3 raised")
    assert (good.outcome, good.trigger) == ("published", "catch-up")
    assert desk.editions() == [good.edition]


def test_a_failure_is_tried_again_with_growing_waits_and_then_recorded_once(desk):
    desk.declare({"retries": 3, "back_off": "10m"})
    desk.once()
    seen = []
    desk.tiny.before = lambda given: seen.append(desk.clock.time) or FAILED
    (row,) = desk.once(7 * HOUR)
    assert (row.outcome, row.attempts, row.trigger) == ("failed", 4, "retry")
    waits = [(b - a).total_seconds() for a, b in pairwise(seen)]
    assert [int(wait // 600) for wait in waits] == [1, 2, 4] and all(wait % 600 < 3 for wait in waits)
    assert len(rows(desk.project)) == 1


def test_a_failing_entry_does_not_hold_up_the_others_and_a_retry_that_succeeds_is_the_outcome(desk):
    desk.declare({"retries": 1, "back_off": "1h"}, {"name": "other"})
    desk.once()
    desk.tiny.before = lambda given: FAILED if len(desk.tiny.runs) == 1 else None
    other, daily = desk.once(7 * HOUR)
    assert (other.entry, other.outcome) == ("other", "published") and desk.clock.time > utc("2026-01-28 08:00")
    assert (daily.entry, daily.outcome, daily.attempts, daily.cause) == ("daily", "unchanged", 2, "")


def test_told_to_stop_a_run_is_left_to_the_next_runner_and_not_counted(desk):
    desk.once()

    def stop(given):
        desk.clock.set()
        raise Stopped

    desk.tiny.before = stop
    assert desk.once(DAY) == []
    (row,) = rows(desk.project)
    assert (row["outcome"], row["running"], row["failures"]) == ("", 0, 0)
    desk.clock.__init__(desk.clock.time)
    desk.tiny.before = lambda given: None
    (row,) = desk.once()
    assert (row.outcome, row.trigger, row.interruptions) == ("published", "recovery", 0)


def test_a_full_disk_says_so_and_loses_no_tick(desk, monkeypatch):
    desk.once()
    whole = log.Log.put

    def full(self, row):
        if row.outcome:
            (pages,) = self._db.execute("PRAGMA page_count").fetchone()
            self._db.execute(f"PRAGMA max_page_count = {pages}")
            row.cause = "x" * 100_000
        return whole(self, row)

    with monkeypatch.context() as patch, pytest.raises(StoreError) as error:
        patch.setattr(log.Log, "put", full)
        desk.once(7 * HOUR)
    assert str(error.value) == (
        f"{desk.path}: must be writable (got database or disk is full).\n"
        "Free some space on this disk and run the command again."
    )
    (row,) = desk.once()
    # the edition was published before the disk was full, and by this tick
    assert (row.outcome, row.trigger, row.attempts) == ("published", "recovery", 2)
    assert desk.editions() == [row.edition]


def test_a_tick_that_kills_its_runner_again_and_again_is_given_up(desk, monkeypatch):
    monkeypatch.setattr(runners, "INTERRUPTIONS", 3)
    desk.once()
    desk.clock.time += 7 * HOUR
    for _ in range(4):
        desk.crashes()
    (row,) = desk.once()
    assert (row.outcome, row.cause) == ("failed", "mini: its runner was killed 4 times while it ran.")


# what runs


def test_an_entry_counts_from_when_it_is_first_seen(desk):
    assert desk.once() == [] and desk.once(6 * HOUR) == []
    (row,) = desk.once(HOUR)
    assert (row.outcome, row.trigger, row.tick) == ("published", "on time", utc("2026-01-28 07:00"))
    assert row.given == {"as_of": "2026-01-28"} and desk.tiny.runs == [("mini", {"as_of": "2026-01-28"})]
    assert desk.once() == [] and desk.once(HOUR) == []


def test_an_edition_that_was_there_before_is_not_claimed_as_published(desk):
    desk.declare({"retries": 1, "parameters": {}, "ahead": True})
    publish(desk.tiny.store, "mini", "2026-01-31", {"doors": "3"})
    desk.once()
    answers = [FAILED]
    desk.tiny.before = lambda given: answers.pop() if answers else None
    (row,) = desk.once(7 * HOUR)
    assert (row.outcome, row.attempts) == ("unchanged", 2)


def test_an_edition_that_somebody_else_publishes_meanwhile_is_unchanged(desk):
    desk.once()
    desk.tiny.before = lambda given: publish(desk.tiny.store, "mini", "2026-01-28", {"doors": "3"}) and None
    (row,) = desk.once(7 * HOUR)
    assert (row.outcome, row.attempts) == ("unchanged", 1)


@pytest.mark.parametrize(
    ("rule", "counts", "first"),
    [
        ({"catch_up": "latest"}, {"skipped": 99, "published": 1}, "01 04"),
        ({"catch_up": "all", "limit": 30}, {"skipped": 70, "published": 3, "unchanged": 27}, "30 23"),
        ({"catch_up": "none"}, {"skipped": 100}, None),
        ({"catch_up": "none", "grace": "3h"}, {"skipped": 97, "published": 1, "unchanged": 2}, "01 02"),
    ],
    ids=str,
)
def test_down_for_a_hundred_ticks_each_has_one_outcome(desk, rule, counts, first):
    desk.declare({**HOURLY, **rule})
    desk.once()
    done = desk.once(100 * HOUR + dt.timedelta(minutes=20))
    assert counted(desk.project, cron=HOURLY["cron"], until=desk.clock.time) == counts
    ran = [row for row in done if row.outcome != "skipped"]
    assert len(done) == 100 and ran == sorted(ran, key=lambda row: row.tick) and hours(ran[:1]) == [first] * bool(first)
    assert len(desk.tiny.runs) == len(ran) and len(desk.editions()) == counts.get("published", 0)
    # what was caught up speaks from its own day
    assert all(row.given["as_of"] == f"{row.tick:%Y-%m-%d}" for row in ran)
    assert desk.once() == []


def test_a_run_that_takes_longer_than_the_time_between_ticks_does_not_pile_up(desk):
    desk.declare({"cron": "* * * * *"})
    desk.once()

    def slow(given):
        desk.clock.time += dt.timedelta(minutes=7)
        if len(desk.tiny.runs) == 5:
            desk.clock.set()

    desk.tiny.before = slow
    desk.once(dt.timedelta(minutes=1))
    last = utc("2026-01-28 00:29")
    counts = {"published": 1, "unchanged": 4, "skipped": 24}
    assert counted(desk.project, cron="* * * * *", until=last) == counts


# what the clock does


def test_a_clock_that_changes_twice_a_year_neither_repeats_nor_loses_a_tick(desk):
    desk.declare({"cron": "30 2 * * *", "timezone": "Europe/Berlin"})
    for start in ("2026-03-27 12:00", "2026-10-23 12:00"):
        desk.clock.time = utc(start)
        desk.once()
        done = [row for _ in range(72) for row in desk.once(HOUR)]
        assert [row.given["as_of"][8:] for row in done] == (
            ["28", "29", "30"] if "-03-" in start else ["24", "25", "26"]
        )


@pytest.mark.parametrize(
    "rule", [{"catch_up": "latest"}, {"catch_up": "all", "limit": 5}, {"catch_up": "none"}], ids=str
)
def test_a_clock_set_forward_and_back_repeats_nothing_loses_nothing_and_stops_nothing(desk, rule):
    desk.declare(rule)
    desk.once()
    desk.once(7 * HOUR)
    ahead = [row.tick for row in desk.once(30 * DAY) if row.outcome != "skipped"]
    desk.clock.time -= 30 * DAY
    desk.once()
    later = [row.tick for _ in range(40) for row in desk.once(DAY)]
    assert counted(desk.project, until=desk.clock.time) == {"published": 41}
    assert sorted(ahead + later) == [utc("2026-01-28 07:00") + n * DAY for n in range(1, 41)]


def test_an_entry_first_seen_while_the_clock_was_ahead_counts_from_when_it_is_right(desk):
    desk.clock.time += 365 * DAY
    desk.once()
    desk.clock.time -= 365 * DAY
    desk.once()
    assert hours(desk.once(7 * HOUR)) == ["28 07"]


def test_a_wait_for_a_retry_does_not_grow_when_the_clock_is_set_back(desk):
    desk.declare({"retries": 1, "back_off": "1h"})
    desk.once()
    desk.tiny.before = lambda given: desk.clock.set() or FAILED
    desk.once(10 * HOUR)
    desk.clock.__init__(desk.clock.time - 2 * HOUR)
    desk.tiny.before = lambda given: None
    (row,) = desk.once()
    assert (row.outcome, row.attempts) == ("published", 2) and desk.clock.time < utc("2026-01-28 08:01")


def test_a_tick_begun_before_the_clock_was_set_back_waits_for_those_before_it(desk):
    desk.declare({"cron": "0 */3 * * *", "catch_up": "all"})
    desk.once()
    desk.crashes(3 * HOUR)
    desk.once(-4 * HOUR)
    done = desk.once(4 * HOUR)
    assert [(f"{row.tick:%H}", row.trigger) for row in done] == [("00", "catch-up"), ("03", "recovery")]


# entries that change


def test_other_times_take_over_when_they_are_seen_and_what_was_missed_before_is_kept(desk):
    desk.declare({"catch_up": "all"})
    desk.once()
    desk.declare({"catch_up": "all", "cron": "0 12 * * *"})
    assert hours(desk.once(2 * DAY)) == ["28 07", "29 07"]  # seen at midnight on the 30th
    assert hours(desk.once(13 * HOUR)) == ["30 12"]


def test_an_entry_that_is_removed_has_its_ticks_skipped_and_may_come_back(desk):
    desk.once()
    desk.crashes(7 * HOUR)
    desk.declare()
    assert desk.once(DAY) == []
    assert [(row["outcome"], row["cause"]) for row in rows(desk.project)] == [("skipped", "the entry was removed")] * 2
    desk.declare({})
    assert desk.once(2 * DAY) == []
    assert hours(desk.once(DAY)) == ["01 07"]


def test_a_runner_that_stays_up_takes_up_a_changed_entry_and_survives_a_bad_one(desk):
    desk.once()
    steps = []

    def wait(seconds):
        desk.clock.time += HOUR
        steps.append(seconds)
        if len(steps) == 2:
            desk.declare({"cron": "x"})
        if len(steps) == 10:
            desk.declare({"cron": "0 */2 * * *"})
        if len(steps) == 14:
            desk.clock.set()

    desk.clock.wait = wait
    desk.runner().stay()
    assert [row["tick"][11:13] for row in desk.ran()] == ["07", "12"]
    told = [text for text in desk.told if "cannot be kept" in text]
    assert len(told) == 1 and told[0].endswith("Until then the entries stay as they were.")
    assert all(0 <= step <= runners.LOOK_S for step in steps)


def test_a_runner_that_stays_up_tells_a_fault_once_and_goes_on(desk, monkeypatch):
    desk.once()
    faults = [StoreError("no space")] * 3
    whole = runners.Runner._turn

    def wait(seconds):
        desk.clock.time += HOUR
        if desk.clock.time == utc("2026-01-28 09:00"):
            desk.clock.set()

    def turn(self, entry):
        if faults:
            raise faults.pop()
        return whole(self, entry)

    monkeypatch.setattr(runners.Runner, "_turn", turn)
    desk.clock.wait = wait
    desk.runner().stay()
    assert desk.told.count("no space") == 1 and [row["outcome"] for row in desk.ran()] == ["published"]
