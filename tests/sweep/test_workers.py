"""Workers: what dies is replaced, what is stopped is gone, and what is raised comes back."""

import operator
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from handover.errors import HandoverError, NotebookError, SweepError
from handover.notebook import source
from handover.sweep.child import Child, LostError
from handover.sweep.workers import Workers, cores


def gone(pids, within=5.0):
    end = time.monotonic() + within
    while (left := [pid for pid in pids if psutil.pid_exists(pid)]) and time.monotonic() < end:
        time.sleep(0.02)
    return left == []


def test_what_a_call_raises_comes_back(tmp_path):
    with Workers(1) as workers:
        missing = workers.submit(source.read, tmp_path / "none.ipynb")
        broken = workers.submit(operator.truediv, 1, 0)
        with pytest.raises(NotebookError, match="must be a file that can be read"):
            missing.result(30)
        with pytest.raises(SweepError, match=r"(?s)This is a bug in handover: ZeroDivisionError: .*Traceback"):
            broken.result(30)
        assert workers.submit(operator.add, 1, 2).result(30) == 3


def test_a_call_that_kills_its_process_is_tried_once_more_and_then_told():
    with Workers(1) as workers:
        with pytest.raises(LostError, match=r"in the middle of its work \(status -9\), 2 times"):
            workers.submit(signal.raise_signal, signal.SIGKILL).result(30)
        assert workers.submit(operator.add, 1, 2).result(30) == 3


def test_a_worker_that_is_killed_loses_no_call():
    with Workers(1) as workers:
        first = workers.submit(os.getpid).result(30)
        waiting = workers.submit(time.sleep, 1)
        time.sleep(0.2)
        os.kill(first, signal.SIGKILL)
        assert waiting.result(30) is None
        assert workers.submit(os.getpid).result(30) != first


def test_workers_stay_and_are_gone_in_the_end():
    with Workers(2) as workers:
        pids = {workers.submit(os.getpid).result(30) for _ in range(4)}
        assert pids <= set(workers.crew.pids) and len(pids) <= 2
    assert gone(pids, 0)


def test_workers_at_work_are_ended_at_once():
    workers = Workers(2)
    calls = [workers.submit(time.sleep, 60) for _ in range(4)]
    while len(workers.crew.pids) < 2:
        time.sleep(0.01)
    pids, begun = workers.crew.pids, time.monotonic()
    time.sleep(0.3)
    workers.shutdown(cancel_futures=True)
    assert time.monotonic() - begun < 5
    assert gone(pids, 0)
    assert all(call.cancelled() or isinstance(call.exception(1), HandoverError) for call in calls)
    with pytest.raises(RuntimeError, match="after shutdown"):
        workers.submit(os.getpid)


def test_an_error_in_the_block_ends_workers_at_work():
    with pytest.raises(KeyError), Workers(1) as workers:
        workers.submit(time.sleep, 60)
        while not workers.crew.pids:
            time.sleep(0.01)
        raise KeyError
    assert gone(workers.crew.pids, 0)


def test_a_child_ends_when_who_started_it_is_killed():
    code = (
        "import time; from handover.sweep.child import Child\n"
        "child = Child(); print(child.pid, flush=True); child.call(time.sleep, 60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(owner.stdout.readline())
    time.sleep(0.5)
    owner.kill()
    owner.communicate()
    assert gone([pid])


def test_ctrl_c_does_not_reach_a_child():
    child = Child()
    assert os.getsid(child.pid) == child.pid
    assert child.call(operator.add, 1, 2) == 3
    os.kill(child.pid, signal.SIGINT)
    assert child.call(operator.add, 1, 2) == 3
    child.end()
    with pytest.raises(LostError):
        child.call(operator.add, 1, 2)


def test_keywords_are_refused():
    with Workers(1) as workers, pytest.raises(TypeError, match=r"must be positional \(got x\)"):
        workers.submit(operator.add, 1, x=2)


def test_calls_run_beside_each_other():
    with Workers(2) as workers:
        for call in [workers.submit(os.getpid) for _ in range(8)]:
            call.result(30)
        begun = time.monotonic()
        for call in [workers.submit(time.sleep, 1) for _ in range(2)]:
            call.result(30)
        assert time.monotonic() - begun < 1.9


def test_no_thread_is_left():
    before = threading.active_count()
    with Workers(3) as workers:
        workers.submit(os.getpid).result(30)
    assert threading.active_count() == before


def test_as_many_as_this_process_may_use():
    assert 1 <= cores() <= os.cpu_count()
