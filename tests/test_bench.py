"""The benchmark: what it times is real, and a failing command is no figure."""

import os
import sys

import pytest

import bench
from bench import Line, _row, run
from handover.errors import HandoverError


def python(code):
    return [sys.executable, "-c", code]


def test_a_command_that_fails_is_no_figure(tmp_path):
    with pytest.raises(HandoverError, match=r"must succeed to be timed \(left with 3\):\n  why"):
        run(python("print('why'); raise SystemExit(3)"), cwd=tmp_path, env=os.environ)


def test_a_run_is_as_long_as_it_takes_and_knows_the_memory_of_its_children(tmp_path):
    child = "import time; held = bytearray(80_000_000); time.sleep(0.6)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    done = run(python(code), cwd=tmp_path, env=os.environ, watched=True)
    assert done.seconds >= 0.6
    assert done.peak > 80_000_000
    assert run(python("pass"), cwd=tmp_path, env=os.environ).peak == 0, "to watch takes time"


def test_a_stock_tool_that_fails_is_named(mini, tmp_path):
    mini.notebook("news").write_text("{}")
    with pytest.raises(HandoverError, match=r"papermill .*news.ipynb .*must succeed to be timed"):
        bench.render_stock(mini, "news", "2031-01-01", tmp_path / "out", None)


def test_a_goal_is_a_ratio_and_may_have_a_limit_of_its_own():
    assert Line("x", 10, 1, goal=5).met and not Line("x", 10, 3, goal=5).met
    assert not Line("x", 100, 1, goal=5, most=0.3).met
    assert Line("x", None, 1, goal=5).met, "without a stock figure there is no ratio to miss"


def test_a_missed_goal_is_marked():
    assert _row(Line("cold", 10, 4, goal=5)).split() == ["cold", "10.00", "4.00", "s", "2.5", "5", "times", "MISSED"]
    assert _row(Line("cold", 10, 2, goal=5)).endswith("5 times   reached")
    assert _row(Line("size", None, 2, "kB")).split() == ["size", "-", "2.00", "kB", "-"]


def test_attachments_are_not_counted_among_the_pages(tmp_path):
    import pikepdf

    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(tmp_path / "plain.pdf")
        made.attachments["noise"] = os.urandom(50_000)
        made.save(tmp_path / "full.pdf")
    assert bench.bare(tmp_path / "plain.pdf") == (tmp_path / "plain.pdf").stat().st_size
    assert bench.bare(tmp_path / "full.pdf") < (tmp_path / "full.pdf").stat().st_size - 50_000


@pytest.mark.slow
@pytest.mark.kernel
def test_both_ways_are_measured_on_the_same_notebook(mini, tmp_path, monkeypatch):
    for days in ("SWEPT", "WATCHED"):
        monkeypatch.setattr(bench, days, ("2026-03-01", "2026-03-03", 3))
    monkeypatch.setattr(bench, "DAY", "2026-03-31")
    report = mini.reports_known()[0]
    lines = {line.what: line for line in bench.measure(mini, report, 1, 2, tmp_path, lambda text: None)}
    assert lines["HTML and PDF from cold"].stock > 0 < lines["HTML and PDF from cold"].ours
    assert lines["the same in a sweep, 2 workers"].ours > 0
    assert lines["size of the HTML"].stock > 1
    assert lines["peak memory"].ours > 50 and lines["peak memory of the sweep, 2 workers"].ours > 50
