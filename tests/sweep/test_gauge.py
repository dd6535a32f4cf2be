"""What is told of a sweep while it goes on: how far, how fast, how long yet, and what holds it up."""

import io

import pytest

from handover.sweep import gauge
from handover.sweep.run import Summary


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(gauge.time, "monotonic", lambda: now[0])
    return now


def told(stream):
    return stream.getvalue().replace("\r\x1b[K", "\n").split("\n")[-1] or stream.getvalue().split("\n")[-2]


def test_nothing_is_told_of_the_rate_before_anything_is_done(clock):
    shown = gauge.Gauge(10, stream := io.StringIO())
    clock[0] += 31
    shown(Summary())
    assert stream.getvalue() == "0 of 10\n"


def test_where_there_is_no_terminal_a_line_comes_now_and_then(clock):
    shown = gauge.Gauge(10, stream := io.StringIO())
    for seconds in (10, 10, 11, 1):
        clock[0] += seconds
        shown(Summary(published=2))
    assert stream.getvalue() == "2 of 10, 15.5 s each, about 2 min left\n"


def test_a_terminal_has_one_line_that_changes(clock):
    shown = gauge.Gauge(1000, stream := Terminal())
    clock[0] += 10
    shown(Summary(published=40, unchanged=9, failed={"it failed": ["a"]}))
    shown(Summary(published=41))
    assert stream.getvalue() == "\r\x1b[K50 of 1000, 9 unchanged, 1 failed, 4.1 a second, about 4 min left"
    shown.clear()
    assert stream.getvalue().endswith("left\r\x1b[K")


def test_the_rate_is_that_of_the_last_minute_and_what_was_there_counts_for_none(clock):
    shown = gauge.Gauge(100, stream := Terminal())
    for done in range(1, 15):
        clock[0] += 10
        shown(Summary(published=min(done, 6), unchanged=max(done - 6, 0)))
    assert told(stream) == "14 of 100, 8 unchanged"


def test_what_holds_a_sweep_up_is_told(clock):
    shown = gauge.Gauge(3, stream := Terminal())
    shown.ailing = lambda: "waiting: the cluster has no worker"
    clock[0] += 1
    shown(Summary(published=1))
    assert told(stream) == "1 of 3, 1.0 a second, about 2 s left, waiting: the cluster has no worker"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h"), (36000, "10.0 h")],
)
def test_a_length_of_time_is_told_as_people_say_it(seconds, words):
    assert gauge.spoken(seconds) == words
