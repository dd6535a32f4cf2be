"""Temporary folders are gone after use, also where a signal breaks into the use of them at any line."""

import subprocess
import sys
from pathlib import Path

import pytest

from handover import scratch

BREAK_IN = [sys.executable, Path(__file__).with_name("break_in.py")]


@pytest.fixture
def alone(monkeypatch):
    """Let the end of the process be called for the folders of a test alone."""
    monkeypatch.setattr(scratch, "_noted", {})


def test_broken_into_at_any_line_nothing_is_left(tmp_path):
    done = subprocess.run([*BREAK_IN, tmp_path], capture_output=True, text=True, check=True)
    places = int(done.stdout.removesuffix(" places\n"))
    assert places > 50
    assert list(tmp_path.iterdir()) == []


def test_without_the_end_of_the_process_much_would_be_left(tmp_path):
    done = subprocess.run([*BREAK_IN, tmp_path, "forget"], capture_output=True, text=True, check=True)
    assert done.stdout.count("left after line") > 20


def test_a_folder_is_private_and_short_and_gone(tmp_path):
    with pytest.raises(ZeroDivisionError), scratch.folder(tmp_path) as made:
        assert made.parent == tmp_path
        assert made.stat().st_mode & 0o77 == 0
        assert len(made.name) == scratch.NAME_LENGTH
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_into_until_the_end_is_removed_at_the_end(tmp_path, monkeypatch, alone):
    left = []

    def busy(path, **_):
        left.append(path)
        if len(left) > 4:
            removes(path)

    removes = scratch.shutil.rmtree
    with scratch.folder(tmp_path) as made:
        monkeypatch.setattr(scratch.shutil, "rmtree", busy)
    assert made.exists()
    scratch.remove_all()
    assert left == [made] * 5
    assert not made.exists()


def test_the_end_gives_up_what_never_goes(tmp_path, monkeypatch, alone):
    monkeypatch.setattr(scratch, "PATIENCE_S", 0.05)
    with monkeypatch.context() as stuck, scratch.folder(tmp_path) as made:
        stuck.setattr(scratch.shutil, "rmtree", lambda path, **_: None)
        scratch.remove_all()
        assert made.exists()


def test_a_fork_leaves_what_its_parent_made(tmp_path, monkeypatch, alone):
    with scratch.folder(tmp_path) as made:
        monkeypatch.setattr(scratch.os, "getpid", lambda: -1)
        scratch.remove_all()
        assert made.exists()


def test_folders_that_a_cell_has_closed_are_removed():
    code = """
import os, sys
from pathlib import Path
from handover import scratch
if os.geteuid() == 0:
    os.setuid(65534)  # rights say nothing to root
with scratch.folder(Path(sys.argv[1])) as made:
    for name, mode in (("unreadable", 0o000), ("unwritable", 0o500)):
        (made / name / "deep").mkdir(parents=True)
        (made / name / "file").write_text("x")
        (made / name).chmod(mode)
sys.exit(made.exists())
"""
    with scratch.folder() as anybody:
        anybody.chmod(0o777)
        subprocess.run([sys.executable, "-c", code, anybody], check=True)
        assert list(anybody.iterdir()) == []


def test_what_is_outside_keeps_its_rights(tmp_path):
    tmp_path.chmod(0o755)
    beside = tmp_path / "beside"
    beside.mkdir()
    beside.chmod(0o755)
    made = scratch.make(tmp_path)
    (made / "link").symlink_to(beside)
    scratch._open_up(made)
    scratch.remove(made)
    scratch.remove(made)
    assert [path.stat().st_mode & 0o777 for path in (tmp_path, beside)] == [0o755, 0o755]
