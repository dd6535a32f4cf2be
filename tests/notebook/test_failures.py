"""A run with a fault fails, and says in which cell and why, by the rules in `failures`."""

import asyncio
from functools import partial
from types import SimpleNamespace

import pytest
from jupyter_core.utils import ensure_event_loop
from nbformat.v4 import new_code_cell, new_notebook
from runs import WHERE, book

from handover.errors import ExecutionError
from handover.notebook import engine, failures
from handover.notebook.execute import Run

FAIL = "async def fail():\n    1 / 0\n"

#: Writes to stderr slowly, and only once the cell may end.
SLOW_TO_TELL = """
import sys, threading, time
begun, stock = threading.Event(), sys.stderr
class Slow:
    def write(self, text):
        begun.set(); time.sleep(0.03); stock.write(text)
    def __getattr__(self, name):
        return getattr(stock, name)
sys.stderr = Slow()
threading.Thread(target=lambda: 1 / 0).start()
begun.wait()
"""

#: Cells, the first of which is cell 3, and what the message says.
FAULTS = {
    "an exception": (["x = 1\n\n\ny = 2\n1/0"], "cell 3 raised ZeroDivisionError: division by zero (line 5)."),
    "an error without words": (["raise ValueError"], "cell 3 raised ValueError.\n> raise ValueError\n"),
    "an error of many lines": (["raise ValueError('a\\nb')"], "cell 3 raised ValueError: a.\n> raise"),
    "a message that ends with a question": (
        ["raise ValueError('did you mean 1?')"],
        "cell 3 raised ValueError: did you mean 1?\n> raise",
    ),
    "a message that goes on below": (
        ["x = 1\nraise ValueError('must be:\\n  a')"],
        "cell 3 raised ValueError: must be (line 2):\n  x = 1\n> raise ValueError('must be:\\n  a')\n  a\n",
    ),
    "an f-string that names a fact": (
        ['print(f"By {troops_now.date} all.")'],
        "cell 3 raised NameError: name 'troops_now' is not defined.\n> print(f\"By {troops_now.date} all.\")\n"
        "In an f-string Python itself fills the braces",
    ),
    "no Python": (["x = 1\ndef ("], "cell 3 raised SyntaxError: invalid syntax (line 2).\n  x = 1\n> def (\n"),
    "an error in a function of another cell": (
        ["def f():\n    x = 1\n    return x / 0", "y = 1\nf()"],
        "cell 4 raised ZeroDivisionError: division by zero (line 2).\n  y = 1\n> f()\nin cell 3, line 3:\n"
        "  def f():\n      x = 1\n>     return x / 0\n",
    ),
    "an error that follows from another": (
        ["try:\n    1/0\nexcept ZeroDivisionError as error:\n    raise ValueError('b') from error"],
        "cell 3 raised ValueError: b (line 4).\n  …\n      1/0\n  except ZeroDivisionError as error:\n>     raise",
    ),
    "an error in a library": (
        ["import json\njson.loads('{')\ny = 1\nz = 1"],
        "cell 3 raised JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) "
        "(line 2).\n  import json\n> json.loads('{')\n  y = 1\n  …\nRun the notebook",
    ),
    "an error when a value is shown": (
        ["class A:\n    def _repr_html_(self):\n        return 1/0\nA()"],
        "cell 3 raised ZeroDivisionError: division by zero (line 3).\n  class A:",
    ),
    "an interrupt": (["raise KeyboardInterrupt"], "cell 3 raised KeyboardInterrupt"),
    "an error under a magic": (
        ["%%capture\n1\n1/0", "2"],
        "cell 3 raised ZeroDivisionError: division by zero (line 3).\n  %%capture\n  1\n> 1/0\n",
    ),
    "an error in a cell that is timed": (
        ["%%time\n1\n1/0"],
        "cell 3 raised ZeroDivisionError: division by zero (line 3).",
    ),
    "an error after a magic": (
        ["%%capture\n1", "def f():\n    1/0\nf()"],
        "cell 4 raised ZeroDivisionError: division by zero (line 3).\n  def f():\n      1/0\n> f()\nin cell 4, line 2:",
    ),
    "an error in a script": (["%run bad.py", "2"], "cell 3 raised ZeroDivisionError"),
    "a failing program": (["%%bash\nexit 3"], "cell 3 raised CalledProcessError"),
    "an unknown magic": (["%nosuch"], "cell 3 raised UsageError: Line magic function `%nosuch` not found"),
    "a generator's end that is none": (["raise StopIteration('x')"], "cell 3 raised StopIteration: x"),
    "errors nobody shows": (
        ["get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)", "1/0"],
        "cell 4 raised ZeroDivisionError",
    ),
    "a clean exit": (["import sys; sys.exit(0)", "2"], "cell 3 ended with sys.exit(): the cells after it would not"),
    "a clean exit at the end": (["import sys; sys.exit()"], "cell 3 ended with sys.exit()"),
    "a system exit with a value": (["raise SystemExit('done')"], "cell 3 ended with sys.exit()"),
    "quit": (["quit()", "2"], "cell 3 ended the kernel with quit() or exit(): the cells after it would not run"),
    "exit at the end": (["exit"], "cell 3 ended the kernel with quit() or exit()"),
    "a hard exit": (["import os; os._exit(0)"], "cell 3 lost its kernel: it ended by itself, with status 0"),
    "a kill": (["import os; os.kill(os.getpid(), 9)"], "cell 3 lost its kernel: it was killed by signal 9, SIGKILL"),
    "an end by signal": (["import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "1"], "cell 3 lost its kernel"),
    "a crash": (["import ctypes; ctypes.string_at(0)"], "cell 3 lost its kernel: it was killed by signal 11, SIGSEGV"),
    "a thread that ends the kernel": (
        [
            "import os, threading\ngo = threading.Event()\n"
            "threading.Thread(target=lambda: go.wait() and os._exit(0)).start()",
            "go.set(); threading.Event().wait()",
        ],
        "cell 4 lost its kernel: it ended by itself, with status 0",
    ),
    "the kernel's end when the last cell is over": (
        ["import asyncio, os\nasyncio.get_running_loop().call_soon(os._exit, 0); None"],
        "cell 3 lost its kernel: it ended by itself, with status 0",
    ),
    "a question": (["input('?')"], "cell 3 asked for input, which nobody is there to give"),
    "a question that is caught": (["try:\n    input()\nexcept EOFError:\n    pass"], "cell 3 asked for input"),
    "a password": (["import getpass; getpass.getpass()"], "cell 3 asked for input"),
    "a debugger": (["import pdb; pdb.set_trace()"], "cell 3 asked for input"),
    "a failing thread": (
        ["import threading; t = threading.Thread(target=lambda: 1/0); t.start(); t.join()"],
        "cell 3 ran while a thread in the background failed (ZeroDivisionError: division by zero)",
    ),
    "a thread that fails in a later cell": (
        [
            "import threading\ngo = threading.Event()\n"
            "t = threading.Thread(target=lambda: go.wait() and 1/0); t.start()",
            "go.set(); t.join()",
        ],
        "ran while a thread in the background failed (ZeroDivisionError: division by zero)",
    ),
    "a thread that says how it failed when the last cell is over": (
        [SLOW_TO_TELL],
        "cell 3 ran while a thread in the background failed (ZeroDivisionError: division by zero)",
    ),
    "a thread's sys.exit is none, its error is one": (
        ["import sys, threading\nt = threading.Thread(target=lambda: sys.exit(1)); t.start(); t.join()", "1 / 0"],
        "cell 4 raised ZeroDivisionError",
    ),
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
    "too much at once": (["print('x' * 10_000_001)"], "cell 3 showed more than 10,000,000 characters"),
    "too much without end": (["while True: print('x' * 99_999)"], "cell 3 showed more than 10,000,000 characters"),
    "too much as a value": (["'x' * 10_000_001"], "cell 3 showed more than 10,000,000 characters"),
    "too much as a warning": (["import sys; sys.stderr.write('x' * 10_000_001)"], "cell 3 showed more than 10,000,000"),
}


@pytest.mark.kernel
@pytest.mark.parametrize("name", FAULTS)
def test_a_run_with_a_fault_fails_and_names_it(tmp_path, fault, name):
    cells, words = FAULTS[name]
    (tmp_path / "bad.py").write_text("1/0\n")
    text = fault(*cells)
    assert f"{WHERE}: {words}" in text or words in text.splitlines()[0]
    assert text.endswith("Run the notebook in JupyterLab up to this cell. Nothing was published.")


@pytest.mark.kernel
@pytest.mark.parametrize("name", ["an exception", "a clean exit", "a kill", "a failing thread", "a debugger"])
def test_a_kernel_started_afresh_fails_no_less(fault, name):
    cells, words = FAULTS[name]
    assert words in fault(*cells, fork=False)


@pytest.mark.parametrize("reply", [None, {"status": "aborted"}, {"status": "ok"}], ids=["none", "aborted", "no count"])
def test_a_cell_that_never_ran_fails_the_run_even_if_papermill_is_content(reply):
    cells = [new_code_cell("1", execution_count=1), new_code_cell("2")]
    replies = {0: {"status": "ok"}} | ({1: reply} if reply else {})
    ran = SimpleNamespace(where=WHERE, cells=cells, replies=replies, stderr=[], failed_tasks=[], inserted=False)
    ran.name_of = partial(Run.name_of, ran)
    with pytest.raises(ExecutionError, match=r"^notebooks/x\.ipynb: cell 2 never ran\.\n  2\n"):
        failures.check(ran)


SEND = "k = get_ipython().kernel; k.session.send(k.iopub_socket, {0!r}, {1!r}, parent=k.get_parent())"
INVALID = {
    "a text that is a number": ('display({"text/plain": 5}, raw=True)', "5 is not valid"),
    "metadata that is a list": (SEND.format("display_data", {"data": {}, "metadata": [1]}), "[1]"),
    "a stream without text": (SEND.format("stream", {"name": "stderr"}), "KeyError: 'text'"),
    "an output without data": (SEND.format("display_data", {}), "KeyError: 'metadata'"),
    "a transient that is text": (SEND.format("display_data", {"data": {}, "metadata": {}, "transient": "x"}), "'get'"),
}


@pytest.mark.kernel
@pytest.mark.parametrize("name", INVALID)
def test_what_no_notebook_can_contain_is_a_fault_of_its_cell(fault, name):
    source, words = INVALID[name]
    before = asyncio.all_tasks(ensure_event_loop())
    said = fault("before = 1", source)
    assert f"{WHERE}: cell 4 showed what no notebook can hold (" in said and words in said, said
    assert asyncio.all_tasks(ensure_event_loop()) <= before, "a task left to the next run fails in it"


@pytest.mark.kernel
def test_a_failure_shows_the_head_of_the_cell_the_line_at_fault_and_what_the_error_says_further(fault):
    said = fault("x = 1\n\n\ny = 2\nraise ValueError('a\\nb')").splitlines()
    assert said[1:-1] == ["  …", "  ", "  y = 2", "> raise ValueError('a\\nb')", "b"]


#: Cells that never end; each is the only one.
ENDLESS = {
    "waits": "import threading; threading.Event().wait()",
    "works": "while True: pass",
    "shows nothing": "from IPython.display import clear_output\nwhile True: clear_output()",
    "is deaf to signals": "import signal, time\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: pass",
}


def alone(source):
    nb = book()
    return new_notebook(cells=[new_code_cell(source)], metadata=nb.metadata)


@pytest.mark.kernel
@pytest.mark.parametrize("habit", ENDLESS)
def test_a_cell_that_takes_too_long(fault, habit, monkeypatch):
    monkeypatch.setattr(engine, "CELL_S", 0.5)
    before = asyncio.all_tasks(ensure_event_loop())
    said = fault(alone(ENDLESS[habit]), parameters={})
    assert said.startswith(f"{WHERE}: cell 1 took longer than 0.5 seconds.\n")
    assert asyncio.all_tasks(ensure_event_loop()) <= before, "it would read what is said to the next run"


@pytest.mark.kernel
def test_a_run_that_takes_too_long(run, fault):
    run()  # the imports of a first kernel take long
    for limit in (2, 10, 50):  # the time of a run is its kernel's as well, which may be long in coming
        said = fault(alone(ENDLESS["works"]), parameters={}, timeout_s=limit)
        if "a kernel must start" not in said:
            break
    assert said.startswith(f"{WHERE}: cell 1 was running when the report's {limit} seconds were over.\n")


@pytest.mark.kernel
def test_an_error_of_the_caller_s_is_not_blamed_on_the_notebook(run):
    def broken(done, total, cells):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run(progress=broken)


# what does not fail


@pytest.mark.kernel
@pytest.mark.parametrize("fork", [True, False], ids=["forked", "afresh"])
def test_what_is_handled_or_still_at_work_fails_nothing(run, fork):
    done = run(
        f"import asyncio, subprocess, threading, time\n{FAIL}task = asyncio.create_task(fail())",
        "try:\n    await task\nexcept ZeroDivisionError:\n    print('handled')",
        "ended = asyncio.create_task(asyncio.sleep(600)); ended.cancel(); None",
        "waiting = asyncio.create_task(asyncio.sleep(600))",
        "threading.Thread(target=time.sleep, args=(600,)).start()",
        "subprocess.Popen(['sleep', '600']); print('over')",
        "print('x' * 9_999_999, end='')",
        fork=fork,
    )
    said = [output.text for cell in done.nb.cells for output in cell.get("outputs", [])]
    assert [said[0], said[1], len(said[2])] == ["handled\n", "over\n", engine.OUTPUT_MAX - 1]
    assert done.warnings == ()


@pytest.mark.kernel
def test_a_warning_is_reported_and_fails_nothing(run):
    done = run("import warnings; warnings.warn('old')", "import os; os.write(2, b'from below')")
    assert len(done.warnings) >= 1 and "UserWarning: old" in done.warnings[0]


def test_the_engine_is_registered_with_papermill():
    from papermill.engines import papermill_engines

    assert papermill_engines.get_engine(engine.ENGINE) is engine.HandoverEngine


@pytest.mark.kernel
def test_an_error_of_ours_leads_to_the_analyst_s_lines_and_to_no_other(fault):
    cells = [
        "from handover.errors import ProseError",
        "def f():\n    raise ProseError('must hold.\\nMend it.')",
        "1\nf()",
    ]
    assert fault(*cells).splitlines()[:-1] == [
        "notebooks/x.ipynb: cell 5 raised ProseError: must hold (line 2).",
        *("  1", "> f()", "in cell 4, line 2:", "  def f():", ">     raise ProseError('must hold.\\nMend it.')"),
        "Mend it.",
    ]


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("levels = 1", "leves + 1"), "NameError: name 'leves' is not defined; did you mean 'levels'?\n> leves + 1\n"),
        (("class Story: pass\nstory = Story()", 'story["a"]'), 'asked for as story.facts["fact"].\nRun the'),
        (("1", 'open("data/mine.csv")'), "begins with ../, as in ../data/.\nRun the"),
    ],
)
def test_a_slip_that_python_says_little_of_is_told_with_its_cure(fault, cells, said):
    assert said in fault(*cells)
