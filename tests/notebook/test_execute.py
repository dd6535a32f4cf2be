"""Truth before speed: a run passes when every cell ran and none failed, and otherwise says which one, and why."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from handover import scratch
from handover.errors import ExecutionError, ParameterError
from handover.notebook import engine, environment, execute, forking, verdict, zygote
from handover.notebook.execute import load

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
AS_OF = 'as_of: str = "2026-01-01"  # the day'

WAYS = pytest.mark.parametrize("warm", [True, False], ids=["forked", "afresh"])


def book(*cells, kernel=KERNEL):
    made = [new_markdown_cell("# Title"), new_code_cell(AS_OF, metadata={"tags": ["parameters"]})]
    made += [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return new_notebook(cells=made, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def run(nb, cwd, parameters=None, **options):
    given = {"as_of": "2026-01-31"} if parameters is None else parameters
    return execute.execute(nb, given, cwd=cwd, where="notebooks/x.ipynb", epoch=1767744000, **options)


def fault(cwd, *cells, **options):
    with pytest.raises(ExecutionError) as caught:
        run(book(*cells), cwd, **options)
    return str(caught.value)


def plain(nb):
    """A notebook as text, without the name of its scratch folder."""
    return re.sub(r"/ho-\w{8}", "/ho-", json.dumps(nb, sort_keys=True))


def outputs(done):
    return [
        output.get("text") or output.data["text/plain"] for cell in done.nb.cells for output in cell.get("outputs", [])
    ]


# before a kernel starts


@pytest.mark.parametrize("value", [(1, 2), {"a": 1}, Path("x"), [[1]], [(1,)], b"x"])
def test_a_value_that_papermill_would_not_quote_is_refused(tmp_path, value):
    with pytest.raises(ParameterError, match="parameter 'as_of' must be text, a number"):
        run(book(), tmp_path, {"as_of": value})


def test_a_name_that_is_code_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="under a plain name"):
        run(book(), tmp_path, {"x=1;y": 1})


def test_an_unknown_kernel_is_named_with_those_installed(tmp_path):
    with pytest.raises(
        ExecutionError, match=r"must name a kernel that is installed \(got 'pyton4'; installed: .*python3"
    ):
        run(book(kernel=KERNEL | {"name": "pyton4"}), tmp_path)


def test_a_notebook_without_a_kernel_is_refused(tmp_path):
    nb = book()
    del nb.metadata["kernelspec"]
    with pytest.raises(ExecutionError, match=r"must name a kernel that is installed \(got 'none'"):
        run(nb, tmp_path)


def test_cells_that_could_fail_in_silence_never_start(tmp_path):
    assert "cell 3: `!touch x` goes on when the command fails" in fault(tmp_path, "!touch x")
    assert not (tmp_path / "x").exists()


def test_a_kernel_that_does_not_come_up(tmp_path, monkeypatch):
    spec = {"argv": [sys.executable, "-c", "raise OSError('no room')"], "display_name": "B", "language": "python"}
    (tmp_path / "kernels" / "broken").mkdir(parents=True)
    (tmp_path / "kernels" / "broken" / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with pytest.raises(ExecutionError, match=r"x\.ipynb: a kernel must start \(OSError: no room\)\.\n"):
        run(book(kernel=KERNEL | {"name": "broken"}), tmp_path)


# faults, each a notebook of one or two cells; the cell at fault is the third of the file

FAULTS = {
    "an exception": (["x = 1\n\n\ny = 2\n1/0"], "cell 3 raised ZeroDivisionError: division by zero (line 5)."),
    "an error without words": (["raise ValueError"], "cell 3 raised ValueError.\n  raise ValueError\n"),
    "an error of many lines": (["raise ValueError('a\\nb')"], "cell 3 raised ValueError: a.\n  raise"),
    "no Python": (["def ("], "cell 3 raised SyntaxError: invalid syntax"),
    "an interrupt": (["raise KeyboardInterrupt"], "cell 3 raised KeyboardInterrupt"),
    "an error under a magic": (["%%capture\n1/0", "2"], "cell 3 raised ZeroDivisionError"),
    "an error in a script": (["%run bad.py", "2"], "cell 3 raised ZeroDivisionError"),
    "a failing program": (["%%bash\nexit 3"], "cell 3 raised CalledProcessError"),
    "an unknown magic": (["%nosuch"], "cell 3 raised UsageError: Line magic function `%nosuch` not found"),
    "errors nobody shows": (
        ["get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)", "1/0"],
        "cell 4 raised ZeroDivisionError",
    ),
    "a clean exit": (
        ["import sys; sys.exit(0)", "2"],
        "cell 3 ended with sys.exit(): the cells after it would not run",
    ),
    "a clean exit at the end": (["import sys; sys.exit()"], "cell 3 ended with sys.exit()"),
    "quit": (["quit()", "2"], "cell 3 ended the kernel with quit() or exit()"),
    "exit at the end": (["exit"], "cell 3 ended the kernel with quit() or exit()"),
    "a hard exit": (["import os; os._exit(0)"], "cell 3 lost its kernel: it ended by itself, with status 0"),
    "a kill": (["import os; os.kill(os.getpid(), 9)"], "cell 3 lost its kernel: it was killed by signal 9, SIGKILL"),
    "a crash": (["import ctypes; ctypes.string_at(0)"], "cell 3 lost its kernel: it was killed by signal 11, SIGSEGV"),
    "a question": (["input('?')"], "cell 3 asked for input, which nobody is there to give"),
    "a failing thread": (
        ["import threading; t = threading.Thread(target=lambda: 1/0); t.start(); t.join()"],
        "cell 3 ran while a thread in the background failed (ZeroDivisionError: division by zero)",
    ),
    "a late failing thread": (
        ["import threading, time; threading.Timer(0.1, lambda: 1/0).start()", "time.sleep(0.3)"],
        "ran while a thread in the background failed (ZeroDivisionError: division by zero)",
    ),
    "too much at once": (["print('x' * 10_000_001)"], "cell 3 showed more than 10,000,000 characters"),
    "too much without end": (["while True: print('x' * 9999)"], "cell 3 showed more than 10,000,000 characters"),
    "too much as a value": (["'x' * 10_000_001"], "cell 3 showed more than 10,000,000 characters"),
}


@pytest.mark.kernel
@pytest.mark.parametrize("name", FAULTS)
def test_a_run_with_a_fault_fails_and_names_it(tmp_path, name):
    cells, words = FAULTS[name]
    (tmp_path / "bad.py").write_text("1/0\n")
    before = time.monotonic()
    text = fault(tmp_path, *cells, cell_timeout_s=60)
    assert time.monotonic() - before < 30, "a fault must end the run, not the time that it may take"
    assert f"notebooks/x.ipynb: {words}" in text or words in text.splitlines()[0]
    assert text.endswith("Run the notebook in JupyterLab up to this cell. Nothing was published.")


@pytest.mark.kernel
@pytest.mark.parametrize("name", ["an exception", "a clean exit", "a kill", "a failing thread"])
def test_a_kernel_started_afresh_fails_no_less(tmp_path, name):
    cells, words = FAULTS[name]
    assert words in fault(tmp_path, *cells, warm=False)


@pytest.mark.parametrize("reply", [None, {"status": "aborted"}, {"status": "ok"}], ids=["none", "aborted", "no count"])
def test_a_cell_that_never_ran_fails_the_run_even_if_papermill_is_content(reply):
    cells = [new_code_cell("1", execution_count=1), new_code_cell("2")]
    replies = {0: {"status": "ok"}} | ({1: reply} if reply else {})
    ran = SimpleNamespace(cells=cells, replies=replies, stderr=[], failed_tasks=[], inserted=False)
    with pytest.raises(ExecutionError, match=r"^notebooks/x\.ipynb: cell 2 never ran\.\n  2\n"):
        verdict.judge(ran, "notebooks/x.ipynb")


SEND = "k = get_ipython().kernel; k.session.send(k.iopub_socket, {0!r}, {1!r}, parent=k.get_parent())"
MISFITS = {
    "a text that is a number": ('display({"text/plain": 5}, raw=True)', "5 is not valid"),
    "metadata that is a list": (SEND.format("display_data", {"data": {}, "metadata": [1]}), "[1]"),
    "a stream without text": (SEND.format("stream", {"name": "stderr"}), "KeyError: 'text'"),
    "an output without data": (SEND.format("display_data", {}), "KeyError: 'metadata'"),
    "a transient that is text": (SEND.format("display_data", {"data": {}, "metadata": {}, "transient": "x"}), "'get'"),
}


@pytest.mark.kernel
@pytest.mark.parametrize("name", MISFITS)
def test_what_no_notebook_can_hold_is_a_fault_of_its_cell(tmp_path, name):
    source, words = MISFITS[name]
    told = fault(tmp_path, "before = 1", source)
    assert "notebooks/x.ipynb: cell 4 showed what no notebook can hold (" in told and words in told, told


@pytest.mark.kernel
def test_a_failure_shows_the_head_of_the_cell_and_the_line_at_fault(tmp_path):
    assert fault(tmp_path, FAULTS["an exception"][0][0]).splitlines()[1:-1] == ["  x = 1", "  ", "  ", "  …", "  1/0"]


@pytest.mark.kernel
def test_what_an_error_says_further_is_kept(tmp_path):
    assert "\nb\nRun the notebook" in fault(tmp_path, "raise ValueError('a\\nb')")


@pytest.mark.kernel
@pytest.mark.parametrize("source", ["import time; time.sleep(60)", "while True: pass"])
def test_a_cell_that_takes_too_long(tmp_path, source):
    before = time.monotonic()
    assert "cell 3 took longer than 1 seconds" in fault(tmp_path, source, cell_timeout_s=1)
    assert time.monotonic() - before < 10


@pytest.mark.kernel
def test_a_cell_that_ignores_signals_is_ended_all_the_same(tmp_path):
    deaf = "import signal, time\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\ntime.sleep(60)"
    before = time.monotonic()
    assert "cell 3 took longer than 1 seconds" in fault(tmp_path, deaf, cell_timeout_s=1)
    assert time.monotonic() - before < 10


@pytest.mark.kernel
def test_a_run_that_takes_too_long(tmp_path):
    run(book(), tmp_path)  # so that the time is the cells' alone
    text = fault(tmp_path, "import time; time.sleep(0.9)", "time.sleep(60)", timeout_s=1.5)
    assert "cell 4 was running when the report's 1.5 seconds were over" in text


@pytest.mark.kernel
def test_an_error_of_the_caller_s_is_not_blamed_on_the_notebook(tmp_path):
    def broken(done, total):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run(book(), tmp_path, progress=broken)


# what a run gives


@pytest.mark.kernel
@WAYS
def test_a_report_runs_from_top_to_bottom(warm):
    seen = []
    nb = load(NOTEBOOKS / "run_report.ipynb")
    before = plain(nb)
    done = run(nb, NOTEBOOKS, warm=warm, progress=lambda *counts: seen.append(counts))
    assert plain(nb) == before, "the notebook given must stay as it is"
    assert seen == [(number, 7) for number in range(8)]
    assert [cell.execution_count for cell in done.nb.cells if cell.cell_type == "code"] == list(range(1, 8))
    assert done.nb.cells[2].source == '# Parameters\nas_of = "2026-01-31"\n'
    assert done.nb.cells[3].outputs[0].text == "2026-01-31 en\n"
    assert '<table id="T_00001"' in done.nb.cells[4].outputs[0].data["text/html"]
    assert "image/png" in done.nb.cells[5].outputs[0].data
    warned = 'one\n<cell>:5: UserWarning: an old figure\n  warnings.warn("an old figure", stacklevel=1)'
    assert done.warnings == (f"cell 7 warned: {warned}",)
    assert done.notes == ()


@pytest.mark.kernel
def test_the_same_comes_out_each_time_and_either_way():
    nb = load(NOTEBOOKS / "run_report.ipynb")
    first, second, cold = (plain(run(nb, NOTEBOOKS, warm=warm).nb) for warm in (True, True, False))
    assert first == second == cold


@pytest.mark.kernel
def test_an_executed_notebook_runs_again_without_its_old_outputs(tmp_path):
    once = run(book("print(as_of)"), tmp_path)
    again = run(once.nb, tmp_path, {"as_of": "2026-02-01"})
    assert outputs(again) == ["2026-02-01\n"]
    assert [cell.get("id") for cell in again.nb.cells] == [cell.get("id") for cell in once.nb.cells]


@pytest.mark.kernel
def test_what_papermill_says_of_an_earlier_failure_is_left_out(tmp_path):
    marker = new_markdown_cell("An Exception was encountered", metadata={"tags": ["papermill-error-cell-tag"]})
    done = run(book(marker, "print(as_of)"), tmp_path)
    assert outputs(done) == ["2026-01-31\n"]
    assert not any("Exception" in cell.source for cell in done.nb.cells)


@pytest.mark.kernel
def test_empty_cells_and_no_parameters_are_no_fault(tmp_path):
    done = run(book("", "  \n", "print(as_of)"), tmp_path, {})
    assert outputs(done) == ["2026-01-01\n"]


@pytest.mark.kernel
def test_cells_run_in_the_folder_given_and_the_press_stays_where_it_is(tmp_path):
    here = Path.cwd()
    assert outputs(run(book("import os; print(os.getcwd())"), tmp_path)) == [f"{tmp_path}\n"]
    assert Path.cwd() == here


@pytest.mark.kernel
@WAYS
def test_a_kernel_is_heard_over_files_and_not_over_ports(tmp_path, warm):
    tell = (
        "from ipykernel.connect import get_connection_info\n"
        "print(*(get_connection_info(unpack=True)[key] for key in ('transport', 'ip')))"
    )
    transport, place = outputs(run(book(tell), tmp_path, warm=warm))[0].split()
    assert transport == "ipc"
    assert Path(place).parent.name.startswith("ho-")


# one run after another

#: Everything that a process could hand on to the next, changed.
SPOIL = """
import atexit, builtins, os, random, signal, sys, tempfile, threading
import matplotlib as mpl, matplotlib.pyplot as plt, numpy as np, pandas as pd
left_over = 1
builtins.left_over = 1
os.environ["LEFT_OVER"] = "1"
os.chdir("/")
os.umask(0o7)
random.seed(1); np.random.seed(1)
mpl.rcParams["lines.linewidth"] = 9
plt.figure()
pd.options.display.max_rows = 3
sys.path.append("/left/over")
sys.modules["left_over"] = sys
signal.signal(signal.SIGUSR1, lambda *_: None)
signal.signal(signal.SIGALRM, lambda *_: None)
tempfile.tempdir = "/left/over"
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""

#: The same, as a run finds it.
FOUND = """
import gc, json, os, random, signal, sys, tempfile, threading, time, warnings
import matplotlib as mpl, matplotlib.pyplot as plt, pandas as pd
from pathlib import Path
handlers = {str(n): str(signal.getsignal(n)) for n in signal.valid_signals()}
print(json.dumps({
    "names": sorted(name for name in globals() if not name.startswith("_")),
    "builtin": "left_over" in dir(__builtins__),
    "environment": dict(os.environ),
    "folder": os.getcwd(), "umask": os.umask(0o22), "temporary": tempfile.gettempdir(),
    "rc": {key: str(value) for key, value in mpl.rcParams.items()}, "figures": plt.get_fignums(),
    "pandas": pd.options.display.max_rows,
    "path": sys.path, "arguments": sys.argv[:1] + sys.argv[3:], "module": "left_over" in sys.modules,
    "handlers": {n: text.partition(" at 0x")[0] for n, text in handlers.items()},
    "zone": time.tzname, "threads": sorted(t.name for t in threading.enumerate() if t.name == "left_over"),
    "filters": sorted(map(str, warnings.filters)), "collected": gc.isenabled(),
    "session": os.getsid(0) == os.getpid(), "flags": str(sys.flags),
    "encoding": [sys.stdout.encoding, sys.getfilesystemencoding()], "home": str(Path.home()), "hash": hash("a"),
    "main": __name__, "stdin": sys.stdin.read(),
}, indent=1))
"""


@pytest.mark.kernel
def test_a_forked_kernel_is_as_one_started_afresh_whatever_ran_before(tmp_path):
    run(book(SPOIL), tmp_path)
    forked, afresh = (json.loads(outputs(run(book(FOUND), tmp_path, warm=warm))[-1]) for warm in (True, False))
    for state in (forked, afresh):
        state.update(json.loads(plain(state)))
    assert forked == afresh


@pytest.mark.kernel
def test_random_numbers_are_not_handed_from_run_to_run(tmp_path):
    draw = "import random, uuid, numpy as np; print(random.random(), np.random.rand(), uuid.uuid4())"
    first, second = (outputs(run(book(draw), tmp_path))[0].split() for _ in range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))


@pytest.mark.kernel
@WAYS
def test_nothing_of_a_run_is_left(tmp_path, warm):
    stay = (
        "import os, subprocess\nprint(os.getpid(), subprocess.Popen(['setsid', 'sleep', '60']).pid, os.environ['HOME'])"
    )
    *pids, home = outputs(run(book(stay), tmp_path, warm=warm))[0].split()
    assert [pid for pid in map(int, pids) if psutil.pid_exists(pid)] == []
    assert not Path(home).parent.exists()


PRESS = """
import sys
from pathlib import Path
from nbformat.v4 import new_code_cell, new_notebook
from handover.notebook.execute import execute
nb = new_notebook(cells=[new_code_cell(sys.argv[2])], metadata={"kernelspec": {"name": "python3", "display_name": "P"}})
execute(nb, {}, cwd=Path(sys.argv[1]), where="x", epoch=0, warm=sys.argv[3] == "True")
"""

STAY = """
import os, subprocess, time
ids = [os.getpid(), os.getppid(), subprocess.Popen(["setsid", "sleep", "60"]).pid]
with open("part", "w") as part: part.write(" ".join(map(str, ids)) + " " + os.path.dirname(os.environ["HOME"]))
os.rename("part", "ids")
time.sleep(60)
"""


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("number", "warm"),
    [(signal.SIGKILL, True), (signal.SIGKILL, False), (signal.SIGTERM, True), (signal.SIGINT, True)],
)
def test_nothing_is_left_when_the_press_is_stopped(tmp_path, number, warm):
    press = subprocess.Popen(
        [sys.executable, "-c", PRESS, tmp_path, STAY, str(warm)], stderr=subprocess.PIPE, start_new_session=True
    )
    end = time.monotonic() + 30
    while not (tmp_path / "ids").exists() and time.monotonic() < end:
        time.sleep(0.02)
    *ids, scratch = (tmp_path / "ids").read_text().split()
    children = [child.pid for child in psutil.Process(press.pid).children()]
    press.send_signal(number)
    said = press.communicate(timeout=20)[1]
    assert press.returncode != 0
    assert number != signal.SIGINT or b"KeyboardInterrupt" in said
    left = [pid for pid in (*map(int, ids), *children) if psutil.pid_exists(pid)]
    end = time.monotonic() + 5
    while (left or Path(scratch).exists()) and time.monotonic() < end:
        time.sleep(0.02)
        left = [pid for pid in left if psutil.pid_exists(pid)]
    assert left == []
    assert not Path(scratch).exists()


# the process that kernels are forked from


@pytest.mark.kernel
def test_where_kernels_cannot_be_forked_one_is_started_and_the_caller_told(tmp_path, monkeypatch):
    monkeypatch.setattr(forking, "prepare", lambda: False)
    done = run(book("print(as_of)"), tmp_path)
    assert outputs(done) == ["2026-01-31\n"]
    assert done.notes == ("The kernel was started afresh: kernels cannot be forked here.",)


@pytest.mark.kernel
def test_a_process_that_was_killed_is_replaced(tmp_path):
    run(book(), tmp_path)
    os.kill(forking._zygote._process.pid, signal.SIGKILL)
    done = run(book("print(as_of)"), tmp_path)
    assert (outputs(done), done.notes) == (["2026-01-31\n"], ())


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")
def test_a_process_with_threads_says_so():
    stay = threading.Event()
    thread = threading.Thread(target=stay.wait, daemon=True)
    thread.start()
    try:
        assert zygote._threads() == "threads"
    finally:
        stay.set()
        thread.join()


@pytest.mark.kernel
@pytest.mark.parametrize(("error", "kept"), [(OSError, True), (SystemExit, False)])
def test_a_fork_that_nobody_waits_for_ends_and_leaves_its_folder_only_to_another_try(
    tmp_path, monkeypatch, error, kept
):
    run(book(), tmp_path)
    answers = []

    def broken_off(answer=forking._zygote._answer):
        answers.append(answer())
        raise error

    monkeypatch.setattr(forking._zygote, "_answer", broken_off)
    folder = environment.make_scratch()
    with pytest.raises(error):
        forking._zygote.fork(
            [], env=environment.kernel_environment(0, folder), cwd=str(folder), log=folder / "log", scratch=folder
        )
    end = time.monotonic() + 10
    while psutil.pid_exists(answers[0]["pid"]) and time.monotonic() < end:
        time.sleep(0.02)
    assert not psutil.pid_exists(answers[0]["pid"])
    assert folder.exists() == kept
    scratch.remove(folder)


@pytest.mark.kernel
def test_a_change_of_a_module_is_taken_up(tmp_path, monkeypatch):
    run(book(), tmp_path)
    before = forking._zygote

    def changed(*_, **__):
        raise forking.ColdError("changed: desk.py")

    # a zygote that has seen a change forks nothing; neither may this one, whose guard would take the scratch along
    monkeypatch.setattr(before, "fork", changed)
    done = run(book("print(as_of)"), tmp_path)
    assert (outputs(done), done.notes) == (["2026-01-31\n"], ())
    assert forking._zygote is not before


@pytest.mark.kernel
def test_jupyter_itself_can_use_forked_kernels():
    from jupyter_client import KernelManager

    manager = KernelManager(kernel_name="python3", transport="ipc")
    manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "handover_warm"}
    manager.start_kernel(env={"PATH": os.environ["PATH"], "TZ": "XYZ-3"})
    pid = manager.provisioner.pid
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    shown = []
    tell = "import os, time; print(os.getppid(), time.tzname[0], os.environ.get('PYTHONHASHSEED'))"
    client.execute_interactive(tell, output_hook=shown.append, timeout=30)
    said = [one["content"]["text"] for one in shown if one["msg_type"] == "stream"]
    assert said == [f"{pid} XYZ None\n"], "the environment must be the caller's, not that of the forking process"
    client.stop_channels()
    manager.shutdown_kernel()
    end = time.monotonic() + 5
    while psutil.pid_exists(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not psutil.pid_exists(pid)


def test_only_a_kernel_of_this_interpreter_is_forked():
    with pytest.raises(forking.ColdError, match="not of the press's own interpreter"):
        forking._arguments(["/usr/bin/other", "-m", "ipykernel_launcher", "-f", "x"])
    with pytest.raises(forking.ColdError, match="not of the press's own interpreter"):
        forking._arguments([sys.executable, "-m", "other_kernel", "-f", "x"])
    assert forking._arguments([sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f"]) == ["-f"]


def test_the_engine_is_registered_with_papermill():
    from papermill.engines import papermill_engines

    assert papermill_engines.get_engine(engine.ENGINE) is engine.HandoverEngine
