"""`handover render --sweep`: real kernels in real workers; stopped, it leaves whole editions and nothing else."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from handover.editions import catalogue, render
from handover.editions.store import Store

HANDOVER = [sys.executable, "-m", "handover"]
WEEK = "as_of=2026-01-07..2026-01-31/1w"


def command(project, *words, **options):
    return subprocess.run(
        [*HANDOVER, *words], cwd=project.root, capture_output=True, text=True, timeout=120, check=False, **options
    )


def test_axes_that_cannot_be_read_stop_it_with_a_cure(mini):
    done = command(mini, "render", "--sweep", "as_of=2026-01-01..2026-02-01")
    assert (done.returncode, done.stdout) == (1, "")
    assert "--sweep as_of: a range of days must have a step" in done.stderr


def test_jobs_and_cluster_exclude_each_other(mini):
    done = command(mini, "render", "--jobs", "2", "--cluster", "tcp://x:1")
    assert done.returncode == 2
    assert "--jobs is for workers on this machine" in done.stderr


@pytest.mark.kernel
def test_a_sweep_equals_single_renders_and_is_recognised(dated, editions, tmp_path):
    swept, single = tmp_path / "swept", tmp_path / "single"
    done = command(dated, "render", "mini", "--sweep", WEEK, "--jobs", "2", "--out", swept)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == ["4 editions to make, 2 at a time", "4 published, 0 unchanged"]
    assert len(done.stdout.splitlines()) == 8
    assert all(Path(path).is_file() for path in done.stdout.splitlines())
    for day in ("2026-01-07", "2026-01-14", "2026-01-21", "2026-01-28"):
        render.render(dated, "mini", {"as_of": day}, out=single)
    assert editions(swept) == editions(single)
    again = command(dated, "render", "mini", "--sweep", WEEK, "--out", swept)
    assert again.stdout == done.stdout
    assert again.stderr.splitlines()[-1] == "0 published, 4 unchanged"


@pytest.mark.kernel
def test_one_that_fails_is_listed_at_the_end(dated):
    done = command(dated, "render", "--sweep", "as_of=2026-01-12..2026-01-14/1d", "--jobs", "1")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 4
    said = done.stderr.splitlines()
    assert said[1] == "2 published, 0 unchanged, 1 failed"
    assert "cell 3 raised AssertionError: an unlucky day" in said[2]
    assert said[-2:] == ["  failed: mini as_of=2026-01-13", "Failed: 1. All others are published."]


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.parametrize(
    ("number", "times", "code"),
    [(signal.SIGINT, 1, 130), (signal.SIGINT, 3, 130), (signal.SIGTERM, 2, 143), (signal.SIGKILL, 1, -9)],
)
def test_stopped_it_leaves_whole_editions_and_nothing_else(dated, tmp_path, number, times, code):
    temporary = tmp_path / "t"
    temporary.mkdir()
    sweep = subprocess.Popen(
        [*HANDOVER, "render", "mini", "--sweep", "as_of=2026-01-14..2026-05-12/1d", "--jobs", "2"],
        cwd=dated.root,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    sweep.stdout.readline()
    time.sleep(0.3)
    below = psutil.Process(sweep.pid).children(recursive=True)
    assert len(below) >= 2
    for _ in range(times):
        os.killpg(sweep.pid, number)  # as a terminal does it
        time.sleep(0.05)
    _, said = sweep.communicate(timeout=30)
    assert sweep.returncode == code, said
    end = time.monotonic() + 8
    while time.monotonic() < end and (any(one.is_running() for one in below) or any(temporary.iterdir())):
        time.sleep(0.05)
    assert [one for one in below if one.is_running()] == []
    assert list(temporary.iterdir()) == []
    store = Store.of(dated)
    editions = store.editions("mini")
    assert 1 <= len(editions) < 119
    assert [edition.faults() for edition in editions] == [[]] * len(editions)
    days = [edition.name[:10] for edition in editions]
    assert days == [day for day in (f"2026-01-{n}" for n in range(14, 32)) if day <= days[-1]][: len(days)]
    if number != signal.SIGKILL:
        assert f"{119 - len(editions)} not made" in said
        assert catalogue.stale(store) == []
        assert store.strays() == []


@pytest.mark.kernel
def test_several_reports_can_be_rendered_at_a_time(mini):
    other = mini.notebook("other")
    nb = json.loads(mini.notebook("mini").read_text())
    nb["cells"][0]["source"][0] = "# Other doors\n"
    other.write_text(json.dumps(nb))
    done = command(mini, "render", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert {Path(path).parent.parent.name for path in done.stdout.splitlines()} == {"mini", "other"}
