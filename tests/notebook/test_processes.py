"""Nothing that a run started outlives it: processes under a subreaper, and their environment."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from runs import HANG_S, alive, until

from handover.errors import ExecutionError
from handover.notebook import environment, processes
from handover.notebook.environment import kernel_environment, scratch_folder
from handover.notebook.processes import describe_exit

#: Starts processes that keep or leave the session or lose their parent, writes their ids, and waits.
BROOD = """
import os, subprocess, sys, time
children = [subprocess.Popen(["sleep", "600"]), subprocess.Popen(["setsid", "sleep", "600"])]
ids = [os.getpid(), *(child.pid for child in children)]
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(write, str(os.getpid()).encode())
        time.sleep(600)
    os._exit(0)
ids.append(int(os.read(read, 20)))
open(sys.argv[1] + ".part", "w").write(" ".join(map(str, ids)))
os.rename(sys.argv[1] + ".part", sys.argv[1])
time.sleep(600)
"""

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to a subreaper")


def wait_for(path: Path) -> str:
    """Wait for what a process writes, and return it."""
    assert until(path.exists)
    return path.read_text()


def ids_in(path: Path) -> list[int]:
    return [int(word) for word in wait_for(path).split()]


def start(scratch, *command):
    return processes.start(command, env=dict(os.environ), cwd=scratch, log=scratch / "log", scratch=scratch)


@LINUX
@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt, SystemExit])
def test_all_are_gone_at_the_end_however_it_comes(error):
    with scratch_folder() as scratch:
        try:
            with ExitStack() as on_end:
                on_end.callback(start(scratch, sys.executable, "-c", BROOD, str(scratch / "ids")).end)
                ids = ids_in(scratch / "ids")
                assert sorted(alive(ids)) == sorted(ids)
                if error:
                    raise error
        except (ValueError, KeyboardInterrupt, SystemExit):
            pass
        assert alive(ids) == []
    assert not scratch.exists()


PROGRAM = """
import os, sys, time
from pathlib import Path
from handover.notebook.environment import scratch_folder
from handover.notebook.processes import start
with scratch_folder() as scratch:
    process = start(sys.argv[3:], env=dict(os.environ), cwd="/", log=scratch / "log", scratch=scratch)
    if sys.argv[2] == "forks" and os.fork() == 0:
        time.sleep(600)
    half = Path(sys.argv[1], "half")
    half.write_text(f"{scratch}")
    half.rename(half.with_name("scratch"))
    process.wait()
"""


@LINUX
@pytest.mark.parametrize("habit", ["alone", "forks"])
def test_all_are_gone_when_the_program_is_killed(tmp_path, habit):
    ids = tmp_path / "ids"
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, tmp_path, habit, sys.executable, "-c", BROOD, ids], start_new_session=True
    )
    try:
        found, scratch = ids_in(ids), Path(wait_for(tmp_path / "scratch"))
        program.kill()
        program.wait()
        assert until(lambda: not alive(found))
        assert until(lambda: not scratch.exists()), "the subreaper removes what a killed run cannot"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)


@LINUX
def test_a_process_does_not_outlive_its_subreaper():
    with scratch_folder() as scratch:
        code = (
            "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); "
            "os.kill(os.getppid(), 9); time.sleep(600)"
        )
        assert start(scratch, sys.executable, "-c", code, str(scratch / "ids")).wait(HANG_S) == -9
        ids = ids_in(scratch / "ids")
        assert until(lambda: not alive(ids))


@LINUX
def test_what_a_process_leaves_behind_goes_with_it():
    with scratch_folder() as scratch:
        code = BROOD.rpartition("time.sleep(600)")[0] + "sys.exit(7)"
        process = start(scratch, sys.executable, "-c", code, str(scratch / "ids"))
        assert process.wait(HANG_S) == 7
        assert alive(ids_in(scratch / "ids")) == []


@pytest.mark.parametrize(
    ("code", "exit_code", "words"),
    [
        ("import sys; sys.exit(3)", 3, "it ended by itself, with status 3"),
        ("import os; os.kill(os.getpid(), 11)", -11, "it was killed by signal 11, SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", -9, "SIGKILL; the system does that when memory runs out"),
        ("import os; os.kill(os.getppid(), 9); import time; time.sleep(600)", -9, "signal 9"),
    ],
)
def test_how_a_process_ended_is_known(code, exit_code, words):
    with scratch_folder() as scratch:
        process = start(scratch, sys.executable, "-c", code)
        assert process.wait(HANG_S) == exit_code
        assert words in describe_exit(exit_code)


def test_a_signal_without_a_name_has_words_too():
    assert describe_exit(-250) == "it was killed by signal 250, unknown"


def test_a_command_that_is_not_there_says_so():
    with scratch_folder() as scratch:
        assert start(scratch, "/no/such/program").wait(HANG_S) == 127
        assert "FileNotFoundError" in (scratch / "log").read_text()


def test_a_signal_reaches_the_process():
    with scratch_folder() as scratch:
        code = (
            "import os, signal, sys, time; signal.signal(signal.SIGUSR1, lambda *_: os._exit(5)); "
            "open(sys.argv[1], 'w').write('1'); time.sleep(600)"
        )
        process = start(scratch, sys.executable, "-c", code, str(scratch / "up"))
        wait_for(scratch / "up")
        process.send_signal(signal.SIGUSR1)
        assert process.wait(HANG_S) == 5


# the environment


def test_nothing_of_the_outer_environment_passes_but_what_is_listed(monkeypatch, tmp_path):
    for name in (
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "MATPLOTLIBRC",
        "OMP_NUM_THREADS",
        "SECRET",
        "LC_NUMERIC",
        "PYTHONWARNINGS",
    ):
        monkeypatch.setenv(name, "outer")
    outside = set(kernel_environment(1, tmp_path).items()) & set(os.environ.items())
    assert {name for name, _ in outside} <= {*environment.INHERITED, *environment.FIXED}
    assert "outer" not in kernel_environment(1, tmp_path).values()


def test_the_environment_is_the_recipe(tmp_path):
    found = kernel_environment(1767744000, tmp_path)
    assert found["SOURCE_DATE_EPOCH"] == "1767744000"
    assert {found["TZ"], found["LC_ALL"], found["PYTHONHASHSEED"], found["OMP_NUM_THREADS"]} == {
        "UTC",
        "C.UTF-8",
        "0",
        "1",
    }
    assert all(Path(found[name]).is_relative_to(tmp_path) for name in ("HOME", "TMPDIR", "MPLCONFIGDIR", "IPYTHONDIR"))


def test_a_scratch_folder_is_private_and_gone_after_use():
    with pytest.raises(ZeroDivisionError), scratch_folder() as scratch:
        assert scratch.stat().st_mode & 0o77 == 0
        1 / 0  # noqa: B018
    assert not scratch.exists()


def test_a_deep_folder_for_temporary_files_is_passed_over(monkeypatch, tmp_path):
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setattr(environment.scratch.tempfile, "gettempdir", lambda: str(deep))
    with scratch_folder() as scratch:
        assert len(os.fsencode(scratch)) + len(environment.SOCKET_NAME) <= environment.SOCKET_PATH_MAX


def test_where_no_folder_is_short_enough_the_message_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "SOCKET_PATH_MAX", 10)
    with pytest.raises(ExecutionError, match=r"must have a path of at most -?\d+ bytes.*\nPoint TMPDIR to a folder"):
        environment.make_scratch()
