"""What holds for every report of this project."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REPORTS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def handover(*words):
    done = subprocess.run([sys.executable, "-m", "handover", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_data_notebooks_and_editions_are_in_order():
    handover("check")


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_renders_and_comes_out_the_same(report, tmp_path):
    handover("render", report, "--out", tmp_path)
    assert "came out the same" in handover("render", report, "--out", tmp_path, "--again").stderr
