"""Temporary folders are gone after use, also where a signal breaks into the use of them at any line."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from handover import scratch
from handover.errors import StoreError

BREAK_IN = [sys.executable, Path(__file__).with_name("break_in.py")]


@pytest.fixture
def alone(monkeypatch):
    """Let the end of the process be called for the folders of a test alone."""
    monkeypatch.setattr(scratch, "_noted", {})
    monkeypatch.setattr(scratch, "_over", False)


def test_broken_into_at_any_line_nothing_is_left(tmp_path):
    done = subprocess.run([*BREAK_IN, tmp_path], capture_output=True, text=True, check=True)
    places = int(done.stdout.removesuffix(" places\n"))
    assert places > 50
    assert list(tmp_path.iterdir()) == []


def test_killed_at_any_line_nothing_is_left_after_the_next_sweep(tmp_path):
    done = subprocess.run([*BREAK_IN, tmp_path, "kill"], capture_output=True, text=True, check=True)
    places, swept = (int(line.split()[0]) for line in done.stdout.splitlines())
    assert places > 50 and swept > 30
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


def test_a_fork_leaves_what_its_parent_made(tmp_path, alone):
    with scratch.folder(tmp_path) as made:
        child = os.fork()
        if child == 0:
            scratch.remove_all()
            os._exit(0)
        os.waitpid(child, 0)
        assert made.exists()
        scratch.sweep(tmp_path)
        assert made.exists(), "the end of a fork is not the end of the owner"


def test_folders_that_a_cell_has_closed_are_removed():
    code = """
import os, sys
from pathlib import Path
from handover import scratch
from handover.errors import StoreError
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


def test_no_folder_is_made_once_the_process_ends(alone, tmp_path):
    scratch.remove_all()
    with pytest.raises(StoreError, match=r"must be made before the program ends\.\nRun the command again\.$"):
        scratch.make(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_thread_makes_while_the_process_ends_is_removed(alone, monkeypatch, tmp_path):
    mkdir, ending = Path.mkdir, threading.Thread(target=scratch.remove_all)

    def late(path, mode):
        ending.start()
        ending.join(0.2)  # all the time that it would take
        mkdir(path, mode)

    monkeypatch.setattr(Path, "mkdir", late)
    scratch.make(tmp_path)
    ending.join()
    assert list(tmp_path.iterdir()) == []


# what killed processes leave


def killed(parent, *, fork=False):
    """The folder that a killed process left; a fork of that process may still be there, until the test ends."""
    child = os.fork()
    if child == 0:
        (scratch.make(parent) / "key").write_text("secret")
        told, tell = os.pipe()
        if fork and (other := os.fork()) == 0:
            os.write(tell, b"1")  # by now it has given up the lock, which it had with the one that forked it
            time.sleep(600)
        if fork:
            os.read(told, 1)
        (parent / "fork").write_text(str(other if fork else 0))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (left,) = (path for path in parent.iterdir() if path.is_dir())
    pid = int((parent / "fork").read_text())
    (parent / "fork").unlink()
    return left, pid


def record(made):
    return made.with_name(f"{made.name}{scratch.RECORD}")


@pytest.mark.parametrize("fork", [False, True])
def test_what_a_killed_process_left_is_swept_though_a_fork_of_it_lives(tmp_path, fork):
    left, pid = killed(tmp_path, fork=fork)
    try:
        assert (left / "key").exists() and record(left).exists()
        scratch.sweep(tmp_path)
        assert list(tmp_path.iterdir()) == []
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)


def make_foreign(left, parent, how):
    """Make of a leftover something that is not ours."""
    match how:
        case "no record":
            record(left).unlink()
        case "an empty record":
            record(left).write_text("")
        case "another's words":
            record(left).write_text("me\n")
        case "another's name":
            left.rename(left.with_name("ho-12345678"))
            record(left).rename(parent / f"ho-12345678{scratch.RECORD}")
        case "a linked record":
            record(left).rename(parent / "kept")
            record(left).symlink_to(parent / "kept")
        case "a pipe for a record":
            record(left).unlink()
            os.mkfifo(record(left))
        case "a link":
            left.rename(parent / "victim")
            left.symlink_to(parent / "victim")
        case "a file":
            scratch.shutil.rmtree(left)
            left.write_text("mine")
        case "another user's record":
            os.chown(record(left), 65534, 65534)
        case "another user's folder":
            os.chown(left, 65534, 65534)


FOREIGN = [
    "no record", "an empty record", "another's words", "another's name", "a linked record", "a pipe for a record",
    "a link", "a file", "another user's record", "another user's folder",
]  # fmt: skip


@pytest.mark.parametrize("how", FOREIGN)
def test_what_carries_no_mark_of_ours_is_left_alone(tmp_path, snapshot, how):
    if "user" in how and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    left, _ = killed(tmp_path)
    make_foreign(left, tmp_path, how)
    before = snapshot(tmp_path)
    scratch.sweep(tmp_path)
    assert snapshot(tmp_path) == before


def test_a_folder_in_use_is_left_alone_by_any_number_of_sweeps_at_once(tmp_path):
    end, begin = os.pipe()
    users = []
    for _ in range(4):
        users.append(os.fork())
        if users[-1] == 0:
            lost = 0
            for _ in range(200):
                with scratch.folder(tmp_path) as made:
                    scratch.sweep(tmp_path)
                    lost += not (made.is_dir() and record(made).exists())
            os.write(begin, bytes([min(lost, 255)]))
            os._exit(0)
    assert [os.waitpid(user, 0)[1] for user in users] == [0] * 4
    assert os.read(end, 10) == bytes(4)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_removed_yet_keeps_its_record_for_the_next_sweep(tmp_path, monkeypatch):
    left, _ = killed(tmp_path)
    with monkeypatch.context() as stuck:
        stuck.setattr(scratch.shutil, "rmtree", lambda path, **_: None)
        scratch.sweep(tmp_path)
        assert left.exists() and record(left).exists()
    scratch.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_a_record_cannot_appear_in_one_step_it_is_made_all_the_same(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(scratch.os, "link", refuse)
    with scratch.folder(tmp_path) as made:
        scratch.sweep(tmp_path)
        assert made.exists() and record(made).read_bytes() == scratch._text(made)
    killed(tmp_path)
    scratch.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["list"], ["check", "--nonsense"], ["diff", "no", "such"]])
def test_any_command_sweeps_what_a_killed_one_left(mini, tmp_path, words):
    temporary = tmp_path / "t"
    temporary.mkdir()
    killed(temporary)
    environment = {**os.environ, "TMPDIR": str(temporary)}
    command = [sys.executable, "-m", "handover", *words]
    subprocess.run(command, cwd=mini.root, env=environment, capture_output=True, check=False)
    assert list(temporary.iterdir()) == []
