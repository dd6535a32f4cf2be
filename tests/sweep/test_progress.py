"""What is shown of a sweep while it goes on: how far, how fast, how long yet, and what holds it up."""

import sys

import pytest

from handover.sweep import run
from handover.sweep.run import Summary, SweepProgress, duration


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(run.time, "monotonic", lambda: now[0])
    return now


def test_where_there_is_no_terminal_a_line_comes_now_and_then(clock, capsys):
    with SweepProgress(10) as shown:
        for seconds, summary in ((31, Summary()), (10, Summary(published=1)), (21, Summary(published=2))):
            clock[0] += seconds
            shown(summary)
    assert capsys.readouterr().err == "0 of 10\n2 of 10, 31.0 s each, about 4 min left\n"


def test_a_terminal_has_one_line_that_changes_and_is_erased(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with SweepProgress(1000, lambda: "waiting: the cluster has no worker") as shown:
        clock[0] += 10
        shown(Summary(published=40, unchanged=9, failed={"it failed": ["a"]}))
        shown(Summary(published=41))  # too soon
    line = "50 of 1000, 9 unchanged, 1 failed, 4.1 a second, about 4 min left, waiting: the cluster has no worker"
    assert capsys.readouterr().err == f"\r\x1b[K{line}\r\x1b[K"


def test_the_rate_is_that_of_the_last_minute_and_what_was_there_counts_for_none(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shown = SweepProgress(100)
    for done in range(1, 15):
        clock[0] += 10
        shown(Summary(published=min(done, 6), unchanged=max(done - 6, 0)))
    said = capsys.readouterr().err
    assert "1 of 100, 10.0 s each, about 16 min left" in said
    assert said.endswith("\r\x1b[K14 of 100, 8 unchanged")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h"), (36000, "10.0 h")],
)
def test_a_length_of_time_is_said_as_people_say_it(seconds, words):
    assert duration(seconds) == words
