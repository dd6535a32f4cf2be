"""What a run may hide, and what a signal may leave behind: real kernels, forked and afresh, and the real command.

`tests/notebook/test_execute.py` has the faults that one cell makes by itself; `handover.notebook.verdict` the rules.
"""

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
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from handover.editions.store import Store
from handover.errors import ExecutionError
from handover.notebook import engine, execute, intake

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
WAYS = pytest.mark.parametrize(
    "warm", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["forked", "afresh"]
)  # fmt: skip
FAIL = "async def fail():\n    1 / 0\n"


def book(*cells):
    made = [new_markdown_cell("# Title"), new_code_cell("as_of: str = ''  # day", metadata={"tags": ["parameters"]})]
    made += [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return new_notebook(cells=made, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


def run(nb, cwd, **options):
    return execute.execute(nb, {"as_of": "2026-01-31"}, cwd=cwd, where="notebooks/x.ipynb", epoch=0, **options)


#: Cells, and what the message says of them.
LIES = {
    "a task that fails between cells": (
        [f"import asyncio\n{FAIL}task = asyncio.create_task(fail())", "1", "2"],
        "a cell left a task in the background that failed (fail, ZeroDivisionError: division by zero).",
    ),
    "a task that fails when the last cell is over": (
        [f"import asyncio\n{FAIL}task = asyncio.create_task(fail())"],
        "a cell left a task in the background that failed (fail, ZeroDivisionError: division by zero).",
    ),
    "a task that nobody holds": (
        [f"import asyncio\n{FAIL}def go():\n    asyncio.create_task(fail())\ngo()", "1", "import gc; gc.collect()"],
        "ran while a task in the background failed (ZeroDivisionError: division by zero)",
    ),
    "a thread that fails when the last cell is over": (
        ["import threading\nthreading.Timer(0, lambda: 1 / 0).start()"],
        "cell 3 ran while a thread in the background failed (ZeroDivisionError: division by zero).",
    ),
    "a thread that is slow to say how it failed": (
        [
            "import sys, threading, time\nstock = sys.stderr\nclass Slow:\n    def write(self, text):\n"
            "        time.sleep(0.1); stock.write(text)\n    def __getattr__(self, name):\n"
            "        return getattr(stock, name)\nsys.stderr = Slow()\nthreading.Timer(0, lambda: 1 / 0).start()"
        ],
        "cell 3 ran while a thread in the background failed (ZeroDivisionError: division by zero).",
    ),
    "a thread's sys.exit is none, its error is one": (
        ["import sys, threading\nt = threading.Thread(target=lambda: sys.exit(1)); t.start(); t.join()", "1 / 0"],
        "cell 4 raised ZeroDivisionError",
    ),
    "a thread that ends the kernel": (
        ["import os, threading\nthreading.Timer(0.2, lambda: os._exit(0)).start()", "import time; time.sleep(9)"],
        "cell 4 lost its kernel: it ended by itself, with status 0.",
    ),
    "the kernel's end when the last cell is over": (
        ["import os, threading\nthreading.Timer(0.01, lambda: os._exit(0)).start()"],
        "cell 3 lost its kernel: it ended by itself, with status 0.",
    ),
    "a debugger": (["import pdb; pdb.set_trace()"], "cell 3 asked for input, which nobody is there to give."),
    "a password": (["import getpass; getpass.getpass()"], "cell 3 asked for input, which nobody is there to give."),
    "a question that is caught": (
        ["try:\n    input()\nexcept EOFError:\n    pass"],
        "cell 3 asked for input, which nobody is there to give.",
    ),
    "a generator's end that is no end": (["raise StopIteration('x')"], "cell 3 raised StopIteration: x"),
    "a system exit with a value": (["raise SystemExit('done')"], "cell 3 ended with sys.exit()"),
    "an end by signal": (["import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "1"], "cell 3 lost its kernel"),
    "ten million characters in many pieces": (
        ["for _ in range(10_001):\n    print('x' * 999)"],
        "cell 3 showed more than 10,000,000 characters.",
    ),
    "ten million characters in a warning": (
        ["import sys; sys.stderr.write('x' * 10_000_001)"],
        "cell 3 showed more than 10,000,000 characters.",
    ),
}  # fmt: skip


@pytest.mark.kernel
@WAYS
@pytest.mark.parametrize("name", LIES)
def test_a_run_that_only_looks_well_fails(tmp_path, name, warm):
    cells, words = LIES[name]
    before = time.monotonic()
    with pytest.raises(ExecutionError) as caught:
        run(book(*cells), tmp_path, cell_timeout_s=60, warm=warm)
    assert time.monotonic() - before < 50
    assert words in str(caught.value).splitlines()[0]


@pytest.mark.parametrize("source", ["breakpoint()", "x = 1\nif x:\n    breakpoint()", "%time x = 1\nbreakpoint()"])
def test_a_breakpoint_is_refused_before_the_run(source):
    with pytest.raises(ExecutionError, match=r"cell 3: `breakpoint\(\)` waits for somebody who is not there"):
        intake.refuse(book(source), "notebooks/x.ipynb")


@pytest.mark.parametrize("source", ["'breakpoint()'", "# breakpoint()", "breakpoint = 1", "x.breakpoint"])
def test_a_breakpoint_that_is_none_may_stay(source):
    intake.refuse(book(source), "notebooks/x.ipynb")


@pytest.mark.kernel
@WAYS
def test_what_is_handled_or_still_at_work_fails_nothing(tmp_path, warm):
    done = run(
        book(
            f"import asyncio, subprocess, threading, time\n{FAIL}task = asyncio.create_task(fail())",
            "try:\n    await task\nexcept ZeroDivisionError:\n    print('handled')",
            "ended = asyncio.create_task(asyncio.sleep(60)); ended.cancel(); None",
            "waiting = asyncio.create_task(asyncio.sleep(60))",
            "threading.Thread(target=time.sleep, args=(60,)).start()",
            "subprocess.Popen(['sleep', '60']); print('over')",
        ),
        tmp_path,
        warm=warm,
    )
    assert [output.text for cell in done.nb.cells for output in cell.get("outputs", [])] == ["handled\n", "over\n"]
    assert done.warnings == ()


@pytest.mark.kernel
def test_ten_million_characters_are_no_fault_if_they_are_no_more(tmp_path):
    done = run(book("print('x' * 9_999_999, end='')"), tmp_path)
    assert len(done.nb.cells[3].outputs[0].text) == engine.OUTPUT_MAX - 1


@pytest.mark.kernel
def test_outputs_in_the_source_count_for_nothing(tmp_path):
    stale = new_output("stream", name="stdout", text="stale")
    error = new_output("error", ename="E", evalue="stale", traceback=[])
    done = run(
        book(
            new_code_cell("x = 1", outputs=[stale], execution_count=7),
            new_code_cell("print(x)", outputs=[stale, error]),
            new_code_cell("", outputs=[stale, error], execution_count=3),
        ),
        tmp_path,
    )
    assert [[output.text for output in cell.outputs] for cell in done.nb.cells[3:]] == [[], ["1\n"], []]
    assert [cell.execution_count for cell in done.nb.cells[3:]] == [3, 4, None]


@pytest.mark.kernel
def test_a_warning_is_told_and_fails_nothing(tmp_path):
    done = run(book("import warnings; warnings.warn('old')", "import os; os.write(2, b'from below')"), tmp_path)
    assert len(done.warnings) >= 1 and "UserWarning: old" in done.warnings[0]


# signals to the command itself

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
        told.write_text(str(os.getpid()))
        time.sleep(60)
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
    before(disk, "sync")
elif phase == "announce":
    before(render, "announce")
elif phase != "none":
    progress.Progress.__call__ = heard
cli.main(["render", "mini"])
"""
PHASES = ("read", "execute", "compose", "typeset", "store", "stage", "announce")
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}


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


def gone(processes, folder):
    """What is left of processes, and in the folder for temporary files, after a while."""
    end = time.monotonic() + 10
    while True:
        left = [one.pid for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        if not (left or any(folder.iterdir())) or time.monotonic() > end:
            return left + sorted(folder.iterdir())
        time.sleep(0.02)


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("phase", PHASES)
def test_a_signal_in_any_phase_leaves_no_process_and_no_half_edition(mini, temporary, phase, number):
    store = Store.of(mini)
    child, told = render(mini, temporary, phase)
    try:
        end = time.monotonic() + 90
        while not told.exists() and time.monotonic() < end:
            assert child.poll() is None, child.communicate()
            time.sleep(0.01)
        brood = psutil.Process(child.pid).children(recursive=True)
        assert phase != "execute" or len(brood) >= 2, "a kernel and its guard must be there to be ended"
        child.send_signal(number)
        said = child.communicate(timeout=30)[1].decode()
    finally:
        child.kill()
    assert child.returncode == SIGNALS[number], said
    assert number != signal.SIGINT or "Interrupted" in said
    assert gone(brood, temporary) == []
    assert [fault for edition in store.editions() for fault in edition.faults()] == []
    assert len(store.editions()) == (phase == "announce")
    # whoever is killed outright cannot tidy up; who comes next does
    assert number == signal.SIGKILL or store.strays() == []
    assert [path.name for path in store.strays() if not path.name.startswith(".staging-")] == []


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("phase", ["stage", "announce"])
def test_who_comes_after_one_that_was_killed_finds_all_in_order(mini, temporary, phase):
    child, told = render(mini, temporary, phase)
    end = time.monotonic() + 90
    while not told.exists() and time.monotonic() < end:
        time.sleep(0.01)
    child.kill()
    child.communicate()
    again, _ = render(mini, temporary, "none")
    said = again.communicate(timeout=90)
    assert again.returncode == 0, said
    store = Store.of(mini)
    assert [fault for edition in store.editions() for fault in edition.faults()] == store.strays() == []
    assert {"index.html", "mini_editions.html", "catalogue.json", "feed.xml", "mini"} == {
        path.name for path in mini.reports.iterdir()
    }
    assert re.search(rb"mini_.*\.html\n", said[0])
