"""Killed at any instant, or run twice at once: no tick is lost, none has two outcomes, nothing is published twice."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from schedule_desk import declare, settled, utc

from handover.editions.store import Store
from handover.schedule.clock import clock
from handover.schedule.ledger import Ledger
from handover.schedule.spans import stamp

HERE = Path(__file__).parent
MINI = HERE.parent / "mini"


def started(script, *arguments, **how):
    return subprocess.Popen([sys.executable, str(HERE / script), *map(str, arguments)], text=True, **how)


@pytest.mark.parametrize("every", [95, pytest.param(7, marks=pytest.mark.slow)])
def test_killed_at_every_touch_of_the_disk_each_tick_has_one_outcome(tmp_path, every):
    process = started("kill_loop.py", tmp_path / "project", MINI, every, stdout=subprocess.PIPE)
    said, _ = process.communicate(timeout=900)
    assert process.returncode == 0
    counts = json.loads(said)
    assert counts["wrong"] == []
    assert counts["touches"] > 100 and counts["killed"] >= counts["tried"]
    # whatever instant it was, the end is the same: two days caught up of three, for each of two entries
    same = json.dumps({"editions": 3, "published": 3, "skipped": 2, "unchanged": 1}, sort_keys=True)
    assert counts["totals"] == {same: counts["tried"]}


def test_two_runners_at_once_share_the_ticks(mini, tmp_path):
    rule = {"catch_up": "all", "limit": 100}
    declare(mini, rule, {"name": "other", "parameters": {"as_of": "{date-1d}"}, **rule})
    seen(mini, "2026-01-28 00:00", "daily", "other")
    log = tmp_path / "log"
    runners = [started("two_runners.py", mini.root, log) for _ in range(3)]
    wait_for(lambda: log.exists() and log.read_text().count("ready") == 3)
    (mini.root / "go").touch()
    assert [runner.wait(timeout=120) for runner in runners] == [0, 0, 0]
    ledger, now = Ledger.of(mini).refresh(), utc("2026-02-17 00:00")
    counts = Counter()
    for name in ("daily", "other"):
        counts.update(settled(ledger.of_entry(name), until=now))
    # the days of both overlap but for one
    assert counts == {"published": 21, "unchanged": 19}
    assert len(Store.of(mini).editions("mini")) == 21
    runs = [line.split(" ", 1) for line in log.read_text().splitlines() if "ready" not in line]
    assert len(runs) == 40 and len({runner for runner, _ in runs}) > 1
    assert max(Counter(what for _, what in runs).values()) == 2


def seen(project, at, *names, cron="0 7 * * *", timezone="UTC"):
    """Write the ledger of a runner that first saw these entries long ago."""
    folder = project.root / ".handover" / "schedule"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        {"event": "declared", "entry": name, "at": stamp(utc(at)), "cron": cron, "timezone": timezone} for name in names
    ]
    (folder / "ledger.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def wait_for(met, seconds=60.0):
    give_up = time.monotonic() + seconds
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


def ledger_lines(project):
    path = project.root / ".handover" / "schedule" / "ledger.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def due_now(project, **rule):
    """An entry with one tick due at this moment, whose report says what it says whatever the day."""
    fixed = {"parameters": {"as_of": "2026-01-31"}, "catch_up": "latest", **rule}
    declare(project, fixed)
    seen(project, clock().strftime("2026-01-01 %H:%M"), "daily")


def slow_cell(project, code):
    path = project.notebook("mini")
    nb = json.loads(path.read_text())
    nb["cells"][2]["source"] = [f"{code}\n", *nb["cells"][2]["source"]]
    path.write_text(json.dumps(nb))


@pytest.mark.kernel
@pytest.mark.slow
def test_a_real_run_killed_in_a_cell_ends_all_it_started_and_the_next_publishes_once(mini, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(temporary := tmp_path / "t"))
    temporary.mkdir()
    due_now(mini)
    slow_cell(
        mini, f"import os, time; open({str(tmp_path / 'pid')!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(2)"
    )
    first = handover(mini, "schedule", "run", "--once")
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    first.kill()
    first.communicate()
    kernel = int((tmp_path / "pid").read_text())
    wait_for(lambda: not psutil.pid_exists(kernel) or psutil.Process(kernel).status() == "zombie")
    assert Store.of(mini).editions() == []
    wait_for(lambda: not any(temporary.iterdir()))
    second = handover(mini, "schedule", "run", "--once")
    _, said = second.communicate(timeout=120)
    assert second.returncode == 0, said
    (edition,) = Store.of(mini).editions()
    (line,) = [line for line in ledger_lines(mini) if line["event"] == "outcome"]
    assert (line["outcome"], line["trigger"], line["edition"]) == ("published", "recovery", edition.name)
    third = handover(mini, "schedule", "run", "--once")
    third.communicate(timeout=60)
    assert third.returncode == 0 and len(Store.of(mini).editions()) == 1


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "once", "code"), [("SIGTERM", False, 0), ("SIGINT", True, 130), ("SIGTERM", True, 143)]
)
def test_told_to_end_it_ends_the_run_at_once_and_leaves_the_tick_to_the_next(
    mini, tmp_path, monkeypatch, number, once, code
):
    monkeypatch.setenv("TMPDIR", str(temporary := tmp_path / "t"))
    temporary.mkdir()
    due_now(mini)
    slow_cell(mini, f"import time; open({str(tmp_path / 'began')!r}, 'w'); time.sleep(60)")
    runner = handover(mini, "schedule", "run", *(["--once"] if once else []))
    wait_for((tmp_path / "began").exists)
    begun = time.monotonic()
    runner.send_signal(getattr(signal, number))
    _, said = runner.communicate(timeout=30)
    assert runner.returncode == code, said
    assert time.monotonic() - begun < 10
    assert said.strip().endswith("stopped; the next runner takes it up")
    assert [line["event"] for line in ledger_lines(mini)][-2:] == ["claimed", "released"]
    assert Store.of(mini).editions() == []
    assert not [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(mini.notebooks)]
    assert list(temporary.iterdir()) == []


@pytest.mark.kernel
@pytest.mark.slow
def test_a_failing_cell_is_the_cause_and_the_exit_code_is_one(mini):
    due_now(mini)
    slow_cell(mini, "raise ValueError('no doors')")
    runner = handover(mini, "schedule", "run", "--once")
    _, said = runner.communicate(timeout=120)
    assert runner.returncode == 1
    assert said.strip().endswith("Failed: daily. What was published before is as it was.")
    (line,) = [line for line in ledger_lines(mini) if line["event"] == "outcome"]
    assert line["outcome"] == "failed" and "cell 3" in line["cause"] and "no doors" in line["cause"]
