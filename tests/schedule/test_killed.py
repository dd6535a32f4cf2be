"""Killed at any instant, or run twice at once: no tick is lost, none has two outcomes, nothing is published twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from schedule_desk import counted, rows, seen, utc

from handover.editions.store import Store
from handover.schedule.times import clock

HERE = Path(__file__).parent
MINI = HERE.parent / "mini"
#: Only a hang reaches it.
PATIENCE_S = 600
#: Kill at each so many steps; 1 tries them all.
EVERY = 11


def started(script, *arguments, **how):
    env = os.environ | {"PYTHONPATH": str(HERE.parent)}
    return subprocess.Popen([sys.executable, str(HERE / script), *map(str, arguments)], text=True, env=env, **how)


def test_killed_at_any_step_each_tick_has_one_outcome(tmp_path):
    process = started("kill_loop.py", tmp_path / "project", MINI, EVERY, stdout=subprocess.PIPE)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    counts = json.loads(said)
    assert counts["wrong"] == []
    assert counts["steps"]["statement"] > 50 and counts["steps"]["rename"] and counts["killed"] >= counts["tried"] > 20
    # whatever instant it was, the end is the same: two days caught up of three, for each of two entries
    same = json.dumps({"editions": 3, "published": 3, "skipped": 2, "unchanged": 1}, sort_keys=True)
    assert counts["totals"] == {same: counts["tried"]}


def test_runners_at_once_share_the_ticks(mini, tmp_path):
    rule = {"catch_up": "all", "limit": 100}
    seen(mini, "2026-01-28 00:00", rule, {"name": "other", "parameters": {"as_of": "{date-1d}"}, **rule})
    notes = tmp_path / "notes"
    runners = [started("two_runners.py", mini.root, notes) for _ in range(3)]
    wait_for(lambda: notes.exists() and notes.read_text().count("ready") == 3)
    (mini.root / "go").touch()
    assert [runner.wait(timeout=PATIENCE_S) for runner in runners] == [0, 0, 0]
    now, counts = utc("2026-02-17 00:00"), Counter()
    for name in ("daily", "other"):
        counts.update(counted(mini, name, until=now))
    # the days of both overlap but for one
    assert counts == {"published": 21, "unchanged": 19}
    assert len(Store.of(mini).editions("mini")) == 21
    runs = [line.split(" ", 1) for line in notes.read_text().splitlines() if "ready" not in line]
    assert len(runs) == 40 and max(Counter(what for _, what in runs).values()) == 2


def wait_for(met):
    give_up = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def handover(project, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "handover", *words],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left(process, code):
    """Wait for a process to end with a code; returns what it said."""
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, said
    return said.strip()


@pytest.fixture
def due(mini, tmp_path, monkeypatch):
    """A project with one tick due at this moment, whose report says the same on each day, and a folder of its own."""
    monkeypatch.setenv("TMPDIR", str(temporary := tmp_path / "t"))
    temporary.mkdir()
    seen(mini, clock().strftime("2026-01-01 %H:%M"), {"parameters": {"as_of": "2026-01-31"}, "ahead": True})
    return mini


def first_cell(project, code):
    path = project.notebook("mini")
    nb = json.loads(path.read_text())
    nb["cells"][2]["source"] = [f"{code}\n", *nb["cells"][2]["source"]]
    path.write_text(json.dumps(nb))


@pytest.mark.kernel
@pytest.mark.slow
def test_a_real_run_killed_in_a_cell_ends_all_it_started_and_the_next_publishes_once(due, tmp_path):
    began, go = tmp_path / "began", tmp_path / "go"
    first_cell(
        due,
        "import os, pathlib, time\n"
        f"open({str(began)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.02)",
    )
    first = handover(due, "schedule", "run", "--once")
    wait_for(lambda: began.exists() and began.read_text())
    first.kill()
    first.communicate()
    kernel = int(began.read_text())
    wait_for(lambda: not psutil.pid_exists(kernel) or psutil.Process(kernel).status() == "zombie")
    assert Store.of(due).editions() == []
    go.touch()
    left(handover(due, "schedule", "run", "--once"), 0)
    wait_for(lambda: not any((tmp_path / "t").iterdir()))
    (edition,) = Store.of(due).editions()
    assert edition.faults() == []
    history = handover(due, "schedule", "history", "--json")
    last, *skipped = json.loads(history.communicate(timeout=PATIENCE_S)[0])
    assert (last["outcome"], last["trigger"], last["edition"]) == ("published", "recovery", f"mini/{edition.name}")
    assert all(row["outcome"] == "skipped" for row in skipped)


@pytest.mark.kernel
@pytest.mark.slow
def test_told_to_end_it_ends_the_run_and_leaves_the_tick_to_the_next(due, tmp_path):
    first_cell(due, f"import time; open({str(tmp_path / 'began')!r}, 'w'); time.sleep({PATIENCE_S})")
    runner = handover(due, "schedule", "run")
    wait_for((tmp_path / "began").exists)
    runner.send_signal(signal.SIGTERM)
    assert left(runner, 0).endswith("stopped; the next runner takes it up")
    (row,) = [row for row in rows(due) if row["outcome"] != "skipped"]
    assert (row["outcome"], row["running"]) == ("", 0)
    assert Store.of(due).editions() == []
    assert not [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(due.notebooks)]
    assert list((tmp_path / "t").iterdir()) == []
