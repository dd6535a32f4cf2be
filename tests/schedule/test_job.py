"""A run in a process of its own: what it answers, and what is said when it cannot."""

import json
import os
import re
import signal
import time
from pathlib import Path

import psutil
import pytest

from handover.editions import Store, render
from handover.schedule import runner
from handover.schedule.runner import Stopped, run

pytestmark = pytest.mark.kernel


def never():
    return False


# run in place of a render, in the worker process


def die(project, report, given, **options):
    signal.raise_signal(signal.SIGKILL)


def leave(project, report, given, **options):
    os._exit(3)


def break_down(project, report, given, **options):
    raise ValueError("no such thing")


def hang(project, report, given, **options):
    """Hang with a process in a session of its own, as a kernel is."""
    from handover.notebook import processes

    command, root = ["sleep", str(10**6 + os.getpid())], project.root
    process = processes.start(command, env=dict(os.environ), cwd=root, log=root / "log")
    try:
        (root / "began").write_text(" ".join(command))
        time.sleep(10**6)
    finally:
        process.end()


@pytest.fixture
def instead(monkeypatch):
    """Call with a function of this module: the worker process runs it in place of a render."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return lambda function: monkeypatch.setattr(render, "render", function)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (die, "mini: the run must end with an answer (it was killed by signal 9, SIGKILL; the system does that when"),
        (leave, "mini: the run must end with an answer (it ended by itself, with status 3)."),
        (break_down, "This is a bug in handover: ValueError: no such thing\nTraceback"),
    ],
)
def test_a_run_that_ends_without_an_answer_is_a_failure_with_its_cause(mini, instead, function, said):
    instead(function)
    result = run(mini, "mini", {}, never, timeout_s=600.0)
    assert result.kind == "failed" and result.cause.startswith(said)


def test_a_run_that_hangs_is_ended_with_all_it_started(mini, instead, monkeypatch):
    monkeypatch.setattr(runner, "MARGIN_S", 0.5)
    instead(hang)
    allowed = 1.0
    while True:  # a busy machine may take longer to begin
        result = run(mini, "mini", {}, never, timeout_s=allowed)
        assert result.cause == f"mini: must be done within {allowed + 0.5:g} seconds (was ended then)."
        if (mini.root / "began").exists():
            break
        allowed *= 2
    gone(mini)


def test_told_to_stop_it_ends_the_run_and_all_it_started(mini, instead):
    instead(hang)
    began = mini.root / "began"
    with pytest.raises(Stopped):
        run(mini, "mini", {}, lambda: began.exists() and began.read_text(), timeout_s=600.0)
    gone(mini)


def gone(mini):
    command = (mini.root / "began").read_text().split()
    assert not [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == command]


def test_a_parameter_that_is_refused_is_the_cause(mini):
    result = run(mini, "mini", {"as_off": "2026-01-31"}, never, timeout_s=600.0)
    assert result.kind == "failed" and "did you mean 'as_of'?" in result.cause
    assert Store.of(mini).editions() == []


@pytest.mark.slow
def test_a_notebook_that_takes_too_long_is_told_with_its_cell(mini):
    path = mini.notebook("mini")
    nb = json.loads(path.read_text())
    nb["cells"][2]["source"] = ["import time; time.sleep(10**6)"]
    path.write_text(json.dumps(nb))
    result = run(mini, "mini", {}, never, timeout_s=2.0)
    # which one it was in depends on how busy the machine is
    assert result.kind == "failed"
    assert re.search(r"cell \d was running when the report's 2 seconds were over", result.cause)


@pytest.mark.slow
def test_a_report_is_published_and_then_recognised(mini):
    first = run(mini, "mini", {"as_of": "2026-01-31"}, never, timeout_s=600.0)
    second = run(mini, "mini", {"as_of": "2026-01-31"}, never, timeout_s=600.0)
    (edition,) = Store.of(mini).editions()
    assert (first.kind, second.kind) == ("published", "unchanged")
    assert first.edition == second.edition == edition.name and edition.faults() == []
