"""Worker processes: errors come back, what dies is replaced, what is stopped is gone, and nothing is left."""

import operator
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from handover.errors import HandoverError, NotebookError, WorkerError
from handover.workers import Cancelled, LostError, Pool, Worker

#: Reached only by a hang.
LIMIT_S = 60
HERE = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}


def wait_for(true, limit=LIMIT_S):
    """Wait until something is true; gives it."""
    end = time.monotonic() + limit
    while not (found := true()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def gone(pids):
    wait_for(lambda: not any(psutil.pid_exists(pid) for pid in pids))


# called in workers


def count(path, tell):
    for number in range(10**9):
        tell(number)
        Path(path).touch()
        time.sleep(0.01)


def refuse():
    raise NotebookError("mini: must be whole")


def meet(own, other):
    Path(own).touch()
    wait_for(Path(other).exists)


def sleep(path):
    Path(path).touch()
    time.sleep(10**6)


def die_once(path):
    if not Path(path).exists():
        Path(path).touch()
        signal.raise_signal(signal.SIGKILL)
    return "done"


def stick(path):
    """Hang in a call that no signal handler interrupts."""
    import ctypes

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # another thread takes it, and this one does not return
    Path(path).touch()
    ctypes.CDLL(None).pause()


@pytest.fixture
def worker():
    with Worker(env=HERE) as started:
        yield started


class Slow:
    """Takes its time to be tidied up: until the process has been asked to end."""

    def __init__(self, path):
        self.path, self.itself = path, self

    def __del__(self):
        self.path.touch()
        end = time.monotonic() + LIMIT_S
        while signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN and time.monotonic() < end:
            pass


def leave_behind(path):
    Slow(path)


@pytest.fixture
def at_hand(monkeypatch):
    """Let the workers of a pool find this module."""
    monkeypatch.setenv("PYTHONPATH", HERE["PYTHONPATH"])


def test_an_error_comes_back_as_itself_and_a_bug_with_its_traceback(worker):
    with pytest.raises(NotebookError, match=r"^mini: must be whole$"):
        worker.call(refuse)
    with pytest.raises(WorkerError, match=r"(?s)This is a bug in handover: ZeroDivisionError: .*Traceback"):
        worker.call(operator.truediv, 1, 0)
    with pytest.raises(WorkerError, match=r"This is a bug in handover: .*pickle"):
        worker.call(threading.Lock)
    assert worker.call(operator.add, 1, 2) == 3


def test_a_process_that_ends_while_python_tidies_up_ends_in_silence(worker, tmp_path, capfd):
    worker.call(leave_behind, tmp_path / "tidying")
    wait_for((tmp_path / "tidying").exists)
    assert worker.end() == 128 + signal.SIGTERM
    assert capfd.readouterr().err == ""


def test_a_call_that_loses_its_process_says_how_it_ended(worker):
    with pytest.raises(LostError, match=r"in the middle of its work \(status -9\)$") as lost:
        worker.call(signal.raise_signal, signal.SIGKILL)
    assert (lost.value.status, worker.alive()) == (-9, False)
    with pytest.raises(LostError):
        worker.call(operator.add, 1, 2)


def test_a_call_tells_how_far_it_is_and_ends_when_it_is_cancelled(worker, tmp_path):
    told = []

    def tell(number):
        told.append(number)
        if number == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        worker.call(count, tmp_path / "at", tell=tell)
    assert told == [0, 1, 2, 3]
    assert worker.call(operator.add, 1, 2) == 3


def test_what_looks_on_can_end_a_call_with_its_process(worker, tmp_path):
    def look():
        if (tmp_path / "at").exists():
            raise TimeoutError("too long")

    with pytest.raises(TimeoutError, match="too long"):
        worker.call(sleep, tmp_path / "at", look=look)
    assert not psutil.pid_exists(worker.pid)


def test_a_process_starts_where_it_is_told_and_takes_no_module_from_there(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('taken')")
    with Worker(cwd=tmp_path, env={**os.environ, "TMPDIR": "/elsewhere"}) as worker:
        assert worker.call(os.getcwd) == str(tmp_path)
        assert worker.call(os.getenv, "TMPDIR") == "/elsewhere"
        assert worker.call(eval, "__import__('json').loads('1')") == 1


def test_ctrl_c_does_not_reach_a_process(worker):
    assert os.getsid(worker.pid) == worker.pid
    assert worker.call(operator.add, 1, 2) == 3
    os.kill(worker.pid, signal.SIGINT)
    assert worker.call(operator.add, 1, 2) == 3


@pytest.mark.parametrize("function", ["sleep", "stick"])
def test_a_process_ends_when_its_starter_is_killed(tmp_path, function):
    code = (
        "import sys, handover.workers, test_workers\n"
        "worker = handover.workers.Worker(); print(worker.pid, flush=True)\n"
        f"worker.call(test_workers.{function}, sys.argv[1])"
    )
    path = tmp_path / "at"
    starter = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True, env=HERE)
    pid = int(starter.stdout.readline())
    wait_for(path.exists)
    starter.kill()
    starter.communicate()
    gone([pid])


def test_a_pool_makes_a_call_that_loses_its_process_once_more(at_hand, tmp_path):
    with Pool(1) as pool:
        assert pool.submit(die_once, tmp_path / "died").result(LIMIT_S) == "done"
        with pytest.raises(LostError, match=r"\(status -9\), 2 times.\nIs there enough memory\?"):
            pool.submit(signal.raise_signal, signal.SIGKILL).result(LIMIT_S)
        first = pool.submit(os.getpid).result(LIMIT_S)
        os.kill(first, signal.SIGKILL)
        assert pool.submit(os.getpid).result(LIMIT_S) != first
        assert len(pool.workers) == 1


def test_calls_of_a_pool_run_beside_each_other_in_processes_that_stay(at_hand, tmp_path):
    threads = threading.active_count()
    one, other = tmp_path / "one", tmp_path / "other"
    with Pool(2) as pool:
        for call in [pool.submit(meet, one, other), pool.submit(meet, other, one)]:
            call.result(LIMIT_S)
        pids = {pool.submit(os.getpid).result(LIMIT_S) for _ in range(4)}
        assert pids <= {one.pid for one in pool.workers} and len(pool.workers) == 2
    assert not any(psutil.pid_exists(one.pid) for one in pool.workers)
    assert threading.active_count() == threads


def test_a_pool_that_is_stopped_ends_workers_in_the_middle_of_their_calls(at_hand, tmp_path):
    pool = Pool(2)
    calls = [pool.submit(sleep, tmp_path / str(n)) for n in range(4)]
    wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    pool.shutdown(cancel_futures=True)
    assert not any(psutil.pid_exists(one.pid) for one in pool.workers)
    assert all(call.cancelled() or isinstance(call.exception(LIMIT_S), HandoverError) for call in calls)
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(os.getpid)


def test_an_error_in_its_block_stops_a_pool(at_hand, tmp_path):
    with pytest.raises(KeyError), Pool(1) as pool:
        pool.submit(sleep, tmp_path / "at")
        wait_for((tmp_path / "at").exists)
        raise KeyError
    assert not any(psutil.pid_exists(one.pid) for one in pool.workers)
