"""`handover render --sweep`: real kernels in real workers; stopped, it leaves whole editions and nothing else."""

import datetime as dt
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
#: Reached only by a hang.
LIMIT_S = 180


def command(project, *words):
    return subprocess.run(
        [*HANDOVER, *words], cwd=project.root, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--sweep", "as_of=2026-01-01..2026-02-01"], 1, "--sweep as_of: a range of days must have a step"),
        (["--jobs", "2", "--cluster", "tcp://x:1"], 2, "--jobs is for workers on this machine"),
    ],
)
def test_what_cannot_be_swept_is_refused_with_a_cure(mini, words, code, said):
    done = command(mini, "render", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


@pytest.mark.kernel
@pytest.mark.parametrize("axis", [[], ["--sweep", "evidence=article"]])
def test_a_day_to_come_is_made_only_if_it_is_asked_for_plainly(mini, axis):
    day = (dt.datetime.now(dt.UTC) + dt.timedelta(days=4)).date().isoformat()
    words = ["render", "mini", "-p", "as_of", day, *axis]
    done = command(mini, *words)
    assert (done.returncode, done.stdout) == (1, "") and not mini.reports.exists()
    assert f"parameter 'as_of' must be a day that has come (got {day}; today is " in done.stderr
    done = command(mini, *words, "--ahead")
    assert done.returncode == 0 and f"{day} is a day to come: this edition leads no report" in done.stderr
    assert [one.name[:10] for one in Store.of(mini).editions()] == [day]


@pytest.mark.kernel
def test_a_sweep_equals_single_renders_is_recognised_and_lists_what_fails(dated, editions, tmp_path):
    swept, single = tmp_path / "swept", tmp_path / "single"
    words = ("render", "mini", "--sweep", "as_of=2026-01-12..2026-01-14/1d", "--jobs", "2", "--out", swept)
    done = command(dated, *words)
    # on a busy machine a line of progress comes between
    said = [line for line in done.stderr.splitlines() if " of 3" not in line]
    assert said[:2] == ["3 editions to make, 2 at a time", "2 published, 0 unchanged, 1 failed"]
    assert "cell 3 raised AssertionError: an unlucky day" in said[2]
    assert said[-2:] == ["  failed: mini as_of=2026-01-13", "Failed: 1. All others are published."]
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 4 and all(Path(path).is_file() for path in done.stdout.splitlines())
    for day in ("2026-01-12", "2026-01-14"):
        render.render(dated, "mini", {"as_of": day}, out=single)
    assert editions(swept) == editions(single)
    again = command(dated, *words[:3], "as_of=2026-01-12,2026-01-14", *words[4:])
    assert (again.returncode, again.stdout) == (0, done.stdout)
    assert again.stderr.splitlines()[-1] == "0 published, 2 unchanged"


@pytest.mark.kernel
@pytest.mark.slow
def test_several_reports_can_be_rendered_at_a_time(mini):
    nb = json.loads(mini.notebook("mini").read_text())
    nb["cells"][0]["source"][0] = "# Other doors\n"
    mini.notebook("other").write_text(json.dumps(nb))
    done = command(mini, "render", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert {Path(path).parent.parent.name for path in done.stdout.splitlines()} == {"mini", "other"}


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.parametrize(
    ("number", "times", "code"), [(signal.SIGINT, 3, 130), (signal.SIGTERM, 1, 143), (signal.SIGKILL, 1, -9)]
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
    below = psutil.Process(sweep.pid).children(recursive=True)
    assert len(below) >= 2
    for _ in range(times):
        os.killpg(sweep.pid, number)  # as a terminal does it
    _, said = sweep.communicate(timeout=LIMIT_S)
    assert sweep.returncode == code, said
    end = time.monotonic() + LIMIT_S
    while any(one.is_running() for one in below) or any(temporary.iterdir()):
        assert time.monotonic() < end, (below, list(temporary.iterdir()))
        time.sleep(0.05)
    store = Store.of(dated)
    editions = store.editions("mini")
    assert 1 <= len(editions) < 119
    assert [edition.faults() for edition in editions] == [[]] * len(editions)
    days = [edition.name[:10] for edition in editions]
    assert days == [day for day in (f"2026-01-{n}" for n in range(14, 32)) if day <= days[-1]][: len(days)]
    if number != signal.SIGKILL:
        assert "Stopping; what is published stays." in said
        assert f"{119 - len(editions)} not made" in said
        assert catalogue.stale(store) == []
        assert store.strays() == []
