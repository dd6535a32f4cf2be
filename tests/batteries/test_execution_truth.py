"""What a signal to the real command may leave behind, whatever it was at: no process, no file, no half edition."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from handover.editions.store import Store

#: The real command, made to wait in one phase until it is told to go on, which a signal forestalls.
COMMAND = """
import os, sys, time
from pathlib import Path
from handover import cli
from handover import atomic, progress
from handover.editions import render
phase, told = sys.argv[1], Path(sys.argv[2])
def wait():
    if not told.exists():
        told.touch()
        # one long sleep would miss a signal of the instant before it: Python hears signals between steps, or in a wait
        while True:
            time.sleep(0.01)
def before(module, name):
    real = getattr(module, name)
    def step(*arguments, **options):
        wait()
        return real(*arguments, **options)
    setattr(module, name, step)
call = progress.Progress.__call__
def heard(self, now, done, total):
    if now == phase and (phase != "execute" or done):
        wait()
    return call(self, now, done, total)
if phase == "stage":
    before(atomic, "sync")
elif phase == "announce":
    before(render, "announce")
elif phase != "none":
    progress.Progress.__call__ = heard
cli.main(["render", "mini"])
"""
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
#: Every phase, and every signal where it is met in its own way: in the midst of a cell and of what is published.
STOPS = [
    *((phase, signal.SIGTERM) for phase in ("read", "execute", "compose", "typeset", "store", "stage", "announce")),
    *((phase, signal.SIGINT) for phase in ("execute", "stage")),
    *((phase, signal.SIGKILL) for phase in ("execute", "stage", "announce")),
]
#: Only a hang takes longer than this.
HANG_S = 120


@pytest.fixture
def temporary():
    """A short folder for temporary files, so that what is left in it is ours."""
    folder = Path(tempfile.mkdtemp(prefix="hf-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def render(mini, temporary, phase):
    told = mini.root / f"told-{phase}"
    environment = {**os.environ, "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", COMMAND, phase, told]
    return subprocess.Popen(
        command, cwd=mini.root, env=environment, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ), told


def until(condition):
    """Wait until a condition holds; return what it gave, false after so long that something hangs."""
    end = time.monotonic() + HANG_S
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def stop(mini, temporary, phase, number):
    """Stop the command in a phase; return its status, what it said, and what was below it."""
    child, told = render(mini, temporary, phase)
    try:
        assert until(lambda: told.exists() or child.poll() is not None) and told.exists(), child.communicate()
        below = psutil.Process(child.pid).children(recursive=True)
        child.send_signal(number)
        said = child.communicate(timeout=HANG_S)[1].decode()
    finally:
        child.kill()
    return child.returncode, said, below


def running(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize(("phase", "number"), STOPS, ids=lambda value: getattr(value, "name", value))
def test_a_signal_in_any_phase_leaves_no_process_and_no_half_edition(mini, temporary, phase, number):
    store = Store.of(mini)
    status, said, below = stop(mini, temporary, phase, number)
    assert status == CODES[number], said
    assert phase != "execute" or len(below) >= 2, "a kernel and its subreaper must be there to be ended"
    assert number != signal.SIGINT or "Interrupted" in said
    assert until(lambda: not any(map(running, below)) and not any(temporary.iterdir())), list(temporary.iterdir())
    assert [fault for edition in store.editions() for fault in edition.faults()] == []
    assert len(store.editions()) == (phase == "announce")
    # a command that is killed outright cannot tidy up; the next one does
    assert number == signal.SIGKILL or store.strays() == []
    assert [path.name for path in store.strays() if not path.name.startswith(".staging-")] == []
    if number == signal.SIGKILL and phase != "execute":
        again, _ = render(mini, temporary, "none")
        said = again.communicate(timeout=HANG_S)
        assert again.returncode == 0, said
        assert [fault for edition in store.editions() for fault in edition.faults()] == store.strays() == []
        assert {".handover.lock", "index.html", "mini_editions.html", "catalogue.json", "feed.xml", "mini"} == {
            path.name for path in mini.reports.iterdir()
        }
        assert re.search(rb"mini_.*\.html\n", said[0])
