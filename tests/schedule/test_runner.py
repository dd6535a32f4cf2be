"""The runner: every tick has one recorded outcome, however late it is noticed and whatever the clock does."""

import datetime as dt
from collections import Counter
from itertools import pairwise

import pytest
from schedule_desk import publish, settled, utc

from handover.errors import ScheduleError, StoreError
from handover.schedule import runner as runners
from handover.schedule.job import Result, Stopped

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
HOURLY = {"cron": "0 * * * *"}


def outcomes(lines):
    return [(line["event"], line.get("outcome") or line.get("ticks")) for line in lines]


# what stops


def test_a_bad_entry_runs_nothing_and_leaves_no_ledger(desk):
    desk.declare({}, {"name": "second", "cron": "x"})
    with pytest.raises(ScheduleError, match="cron must have five fields"):
        desk.once(DAY)
    assert desk.press.runs == [] and not desk.path.exists()


def test_a_run_that_fails_is_recorded_with_its_cause_and_the_next_tick_runs(desk):
    desk.once()
    desk.press.before = lambda job: Result("failed", cause="notebooks/mini.ipynb: cell 3 raised")
    (failed,) = desk.once(DAY)
    desk.press.before = lambda job: None
    (good,) = desk.once(DAY)
    assert (failed["outcome"], failed["cause"]) == ("failed", "notebooks/mini.ipynb: cell 3 raised")
    assert (good["outcome"], good["trigger"]) == ("published", "catch-up")
    assert desk.editions() == [good["edition"]]


def test_a_failure_is_tried_again_with_growing_waits_and_then_recorded_once(desk):
    desk.declare({"retries": 3, "back_off": "10m"})
    desk.once()
    seen = []
    desk.press.before = lambda job: seen.append(desk.clock.time) or Result("failed", cause="no")
    (line,) = desk.once(7 * HOUR)
    assert (line["outcome"], line["attempts"], line["trigger"]) == ("failed", 4, "retry")
    waits = [(b - a).total_seconds() for a, b in pairwise(seen)]
    assert [int(wait // 600) for wait in waits] == [1, 2, 4] and all(wait % 600 < 3 for wait in waits)
    assert Counter(line["event"] for line in desk.lines()) == {"declared": 1, "claimed": 4, "retry": 3, "outcome": 1}


def test_a_retry_that_succeeds_is_the_outcome(desk):
    desk.declare({"retries": 2})
    desk.once()
    answers = [Result("failed", cause="no")]
    desk.press.before = lambda job: answers.pop() if answers else None
    (line,) = desk.once(7 * HOUR)
    assert (line["outcome"], line["attempts"], line["cause"]) == ("published", 2, "")


def test_a_failing_entry_does_not_hold_up_the_others(desk):
    desk.declare({"retries": 1, "back_off": "1h"}, {"name": "other"})
    desk.once()
    desk.press.before = lambda job: Result("failed", cause="no") if len(desk.press.runs) == 1 else None
    done = desk.once(7 * HOUR)
    assert [line["entry"] for line in done] == ["other", "daily"]
    assert desk.clock.time > utc("2026-01-28 08:00")


def test_told_to_stop_a_run_is_left_to_the_next_runner_and_not_counted(desk):
    desk.once()

    def stop(job):
        desk.clock.set()
        raise Stopped

    desk.press.before = stop
    assert desk.once(DAY) == []
    assert [line["event"] for line in desk.lines()] == ["declared", "claimed", "released"]
    desk.clock.__init__(desk.clock.time)
    desk.press.before = lambda job: None
    (line,) = desk.once()
    assert (line["outcome"], line["trigger"]) == ("published", "recovery")


def test_a_full_disk_loses_no_tick(desk, monkeypatch):
    from handover import atomic
    from handover.schedule import journal

    desk.once()
    whole = journal.Journal.append

    def full(self, lines):
        lines = list(lines)
        if any(line["event"] == "outcome" for line in lines):
            with atomic.told(self.path):
                raise OSError(28, "No space left on device", str(self.path))
        whole(self, lines)

    monkeypatch.setattr(journal.Journal, "append", full)
    with pytest.raises(StoreError, match="No space left on device"):
        desk.once(7 * HOUR)
    monkeypatch.undo()
    (line,) = desk.once()
    # the edition was published before the disk was full, and by this tick
    assert (line["outcome"], line["trigger"], line["attempts"]) == ("published", "recovery", 2)
    assert desk.editions() == [line["edition"]]


def test_a_tick_that_kills_its_runner_again_and_again_is_given_up(desk, monkeypatch):
    monkeypatch.setattr(runners, "INTERRUPTIONS", 3)
    desk.once()

    def die(job):
        raise KeyboardInterrupt

    desk.press.before = die
    desk.clock.time += 7 * HOUR
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            desk.once()
    (line,) = desk.once()
    assert line["outcome"] == "failed"
    assert line["cause"] == "mini: its runner was killed 4 times while it ran."


# what runs


def test_an_entry_counts_from_when_it_is_first_seen(desk):
    assert desk.once() == []
    assert desk.once(6 * HOUR) == []
    (line,) = desk.once(HOUR)
    assert (line["outcome"], line["trigger"], line["tick"]) == ("published", "on time", "2026-01-28T07:00:00Z")
    assert line["given"] == {"as_of": "2026-01-28"} and desk.press.runs == [("mini", {"as_of": "2026-01-28"})]
    assert desk.once() == [] and desk.once(HOUR) == []


def test_the_same_again_is_unchanged(desk):
    desk.declare({"parameters": {}})
    desk.once()
    done = desk.once(7 * HOUR) + desk.once(DAY)
    assert [line["outcome"] for line in done] == ["published", "unchanged"]
    assert done[0]["edition"] == done[1]["edition"]


def test_an_edition_that_was_there_before_is_not_claimed_as_published(desk):
    desk.declare({"retries": 1, "parameters": {}})
    desk.press(type("Job", (), {"report": "mini", "given": {}}), None)
    desk.once()
    answers = [Result("failed", cause="no")]
    desk.press.before = lambda job: answers.pop() if answers else None
    (line,) = desk.once(7 * HOUR)
    assert (line["outcome"], line["attempts"]) == ("unchanged", 2)


def test_an_edition_that_somebody_else_publishes_meanwhile_is_unchanged(desk):
    desk.once()
    desk.press.before = lambda job: publish(desk.press.store, "mini", "2026-01-28", {"doors": "3"}) and None
    (line,) = desk.once(7 * HOUR)
    assert (line["outcome"], line["attempts"]) == ("unchanged", 1)


@pytest.mark.parametrize(
    ("rule", "counts", "first"),
    [
        ({"catch_up": "latest"}, {"skipped": 999, "published": 1}, "2026-03-10T16:00:00Z"),
        ({"catch_up": "all", "limit": 50}, {"skipped": 950, "published": 3, "unchanged": 47}, "2026-03-08T15:00:00Z"),
        pytest.param(
            {"catch_up": "all", "limit": 1000},
            {"published": 42, "unchanged": 958},
            "2026-01-28T01:00:00Z",
            marks=pytest.mark.slow,
        ),
        ({"catch_up": "none"}, {"skipped": 1000}, None),
        ({"catch_up": "none", "grace": "3h"}, {"skipped": 997, "published": 1, "unchanged": 2}, "2026-03-10T14:00:00Z"),
    ],
    ids=str,
)  # fmt: skip
def test_down_for_a_thousand_ticks_each_has_one_outcome(desk, rule, counts, first):
    desk.declare({**HOURLY, **rule})
    desk.once()
    done = desk.once(1000 * HOUR + dt.timedelta(minutes=20))
    now = desk.clock.time
    assert settled(desk.record(), HOURLY["cron"], until=now) == counts
    ran = [line for line in done if line["event"] == "outcome"]
    assert ran == sorted(ran, key=lambda line: line["tick"]) and (ran[0]["tick"] if ran else None) == first
    assert len(desk.press.runs) == len(ran) == 1000 - counts.get("skipped", 0)
    assert len(desk.editions()) == counts.get("published", 0)
    # what was caught up speaks from its own day
    assert all(line["given"]["as_of"] == line["tick"][:10] for line in ran)
    assert desk.once() == []


def test_a_run_that_takes_longer_than_the_time_between_ticks_does_not_pile_up(desk):
    desk.declare({"cron": "* * * * *"})
    desk.once()

    def slow(job):
        desk.clock.time += dt.timedelta(minutes=7)
        if len(desk.press.runs) == 5:
            desk.clock.set()

    desk.press.before = slow
    desk.once(dt.timedelta(minutes=1))
    assert settled(desk.record(), "* * * * *", until=desk.record().floor) == {
        "published": 1,
        "unchanged": 4,
        "skipped": 24,
    }


# the clock


@pytest.mark.parametrize(
    "rule", [{"catch_up": "latest"}, {"catch_up": "all", "limit": 100}, {"catch_up": "none"}], ids=str
)
def test_the_clock_set_back_a_day_repeats_nothing_and_loses_nothing(desk, rule):
    desk.declare({**HOURLY, **rule})
    desk.once()
    for _ in range(48):
        desk.once(HOUR)
    assert len(desk.press.runs) == 48
    desk.clock.time -= DAY
    for _ in range(48):
        desk.once(HOUR)
    assert settled(desk.record(), HOURLY["cron"], until=desk.clock.time) == {"published": 4, "unchanged": 68}
    assert len(desk.press.runs) == len({line["tick"] for line in desk.lines() if line["event"] == "outcome"}) == 72


@pytest.mark.parametrize(
    ("rule", "ran"),
    [
        ({"catch_up": "latest"}, 1),
        pytest.param({"catch_up": "all", "limit": 5}, 5, marks=pytest.mark.slow),
        pytest.param({"catch_up": "none"}, 1, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_the_clock_set_forward_a_year_and_back_repeats_nothing_and_loses_nothing(desk, rule, ran):
    """What the year's ticks were skipped for is taken back; what ran ahead of its time does not run again."""
    desk.declare(rule)
    runner = desk.runner()
    desk.once(7 * HOUR, runner)
    for _ in range(8):
        desk.once(DAY, runner)
    assert len(desk.press.runs) == 8
    desk.once(365 * DAY, runner)
    assert settled(desk.record(), until=desk.clock.time) == {"published": 8 + ran, "skipped": 365 - ran}
    desk.clock.time -= 365 * DAY
    for _ in range(369):
        desk.once(DAY, runner)
    assert settled(desk.record(), until=desk.clock.time) == {"published": 8 + 369}
    assert len({line["tick"] for line in desk.lines() if line["event"] == "outcome"}) == len(desk.press.runs) == 8 + 369
    assert len(desk.editions()) == 8 + 369


def test_a_skip_that_the_clock_was_set_back_into_keeps_what_had_come(desk):
    desk.declare({**HOURLY, "catch_up": "none"})
    desk.once()
    desk.once(100 * HOUR + dt.timedelta(minutes=30))
    desk.clock.time -= 60 * HOUR
    desk.once()
    assert settled(desk.record(), HOURLY["cron"], until=desk.clock.time) == {"skipped": 40}
    desk.once(HOUR)
    assert len(desk.press.runs) == 0  # half an hour late, and beyond the grace
    desk.once(dt.timedelta(minutes=30))
    assert settled(desk.record(), HOURLY["cron"], until=desk.clock.time) == {"skipped": 41, "published": 1}


def test_an_entry_first_seen_while_the_clock_was_ahead_counts_from_when_it_is_right(desk):
    desk.clock.time += 365 * DAY
    desk.once()
    desk.clock.time -= 365 * DAY
    desk.once()
    (line,) = desk.once(7 * HOUR)
    assert line["tick"] == "2026-01-28T07:00:00Z"


def test_a_wait_for_a_retry_does_not_grow_when_the_clock_is_set_back(desk):
    desk.declare({"retries": 1, "back_off": "1h", "cron": "0 7 * * *"})
    desk.once()
    desk.clock.time += 10 * HOUR

    def stop(job):
        desk.clock.set()
        return Result("failed", cause="no")

    desk.press.before = stop
    desk.once()
    desk.clock.__init__(desk.clock.time - 2 * HOUR)
    desk.press.before = lambda job: None
    (line,) = desk.once()
    assert (line["outcome"], line["attempts"]) == ("published", 2) and desk.clock.time < utc("2026-01-28 08:01")


def test_a_tick_begun_before_the_clock_was_set_back_waits_for_those_before_it(desk):
    """Found by the law: the begun tick ran first, and the ones that the clock brought again were lost."""
    desk.declare({"cron": "0 */3 * * *", "catch_up": "all"})
    desk.once()

    def die(job):
        raise KeyboardInterrupt

    desk.press.before = die
    with pytest.raises(KeyboardInterrupt):
        desk.once(3 * HOUR)
    desk.press.before = lambda job: None
    desk.once(-4 * HOUR)
    done = desk.once(4 * HOUR)
    assert [(line["tick"][11:13], line["trigger"]) for line in done] == [("00", "catch-up"), ("03", "recovery")]


# entries that change


def test_other_times_take_over_when_they_are_seen_and_what_was_missed_before_is_kept(desk):
    desk.declare({"catch_up": "all"})
    desk.once()
    desk.declare({"catch_up": "all", "cron": "0 12 * * *"})
    done = desk.once(2 * DAY)  # seen at midnight on the 30th
    assert [line["tick"] for line in done] == ["2026-01-28T07:00:00Z", "2026-01-29T07:00:00Z"]
    done = desk.once(13 * HOUR)
    assert [line["tick"] for line in done] == ["2026-01-30T12:00:00Z"]


def test_an_entry_that_is_removed_has_its_ticks_skipped_and_may_come_back(desk):
    desk.once()
    desk.declare()
    assert desk.once(2 * DAY) == []
    assert outcomes(desk.lines()) == [("declared", None), ("skipped", 2), ("retired", None)]
    desk.declare({})
    assert desk.once(2 * DAY) == []
    (line,) = desk.once(7 * HOUR)
    assert line["tick"] == "2026-02-01T07:00:00Z"


def test_a_runner_that_stays_up_takes_up_a_changed_entry_and_survives_a_bad_one(desk):
    desk.once()
    steps = []

    def wait(seconds):
        desk.clock.time += dt.timedelta(hours=1)
        steps.append(seconds)
        if len(steps) == 2:
            desk.declare({"cron": "x"})
        if len(steps) == 10:
            desk.declare({"cron": "0 */2 * * *"})
        if len(steps) == 14:
            desk.clock.set()

    desk.clock.wait = wait
    desk.runner().stay()
    ran = [line["tick"][11:13] for line in desk.lines() if line["event"] == "outcome"]
    assert ran == ["07", "12"]
    told = [text for text in desk.told if "cannot be kept" in text]
    assert len(told) == 1 and told[0].endswith("Until then the entries stay as they were.")
    assert all(0 <= step <= runners.LOOK_S for step in steps)


def test_a_runner_that_stays_up_tells_a_fault_once_and_goes_on(desk, monkeypatch):
    desk.once()
    faults = [StoreError("no space")] * 3

    def wait(seconds):
        desk.clock.time += dt.timedelta(hours=1)
        if desk.clock.time == utc("2026-01-28 09:00"):
            desk.clock.set()

    def turn(self, entry):
        if faults:
            raise faults.pop()
        return whole(self, entry)

    whole = runners.Runner._turn
    monkeypatch.setattr(runners.Runner, "_turn", turn)
    desk.clock.wait = wait
    desk.runner().stay()
    assert desk.told.count("no space") == 1
    assert [line["outcome"] for line in desk.lines() if line["event"] == "outcome"] == ["published"]
