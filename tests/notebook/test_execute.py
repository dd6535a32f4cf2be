"""A run returns the notebook with its outputs, without traces of this run or the one before."""

import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.async_helpers import _should_be_async
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode, ValidationError, validate
from nbformat.v4 import nbbase, new_code_cell, new_markdown_cell, new_notebook, new_output
from runs import KERNEL, book, forking, printed, until

from handover.errors import ExecutionError, ParameterError
from handover.notebook import engine, failures, forkserver, kernel, kernels
from handover.notebook.execute import normalise
from handover.notebook.source import load

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"

WAYS = pytest.mark.parametrize("fork", [True, False], ids=["forked", "afresh"])


def plain(nb):
    """A notebook as text, without the name of its scratch folder."""
    return re.sub(r"/ho-\w{8}", "/ho-", json.dumps(nb, sort_keys=True))


# before a kernel starts


@pytest.mark.parametrize("value", [(1, 2), {"a": 1}, Path("x"), [[1]], [(1,)], b"x"])
def test_a_value_that_papermill_would_not_quote_is_refused(run, value):
    with pytest.raises(ParameterError, match="parameter 'as_of' must be text, a number"):
        run(parameters={"as_of": value})


def test_a_name_that_is_code_is_refused(run):
    with pytest.raises(ParameterError, match="under a plain name"):
        run(parameters={"x=1;y": 1})


@pytest.mark.parametrize("name", ["pyton4", "none"])
def test_a_kernel_that_is_not_installed_or_not_named_is_refused(run, name):
    nb = book(kernel=KERNEL | {"name": name})
    if name == "none":
        del nb.metadata["kernelspec"]
    wanted = rf"x\.ipynb: the notebook must name a kernel that is installed \(got '{name}'; installed: .*python3"
    with pytest.raises(ExecutionError, match=wanted):
        run(nb)


def test_cells_that_could_fail_in_silence_never_start(tmp_path, fault):
    assert "cell 3: `!touch x` goes on when the command fails" in fault("!touch x")
    assert not (tmp_path / "x").exists()


def test_a_kernel_that_does_not_come_up(tmp_path, fault, monkeypatch):
    spec = {"argv": ["python3", "-c", "raise OSError('no room')"], "display_name": "B", "language": "python"}
    (tmp_path / "kernels" / "broken").mkdir(parents=True)
    (tmp_path / "kernels" / "broken" / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    said = fault(book(kernel=KERNEL | {"name": "broken"}))
    assert said.startswith("notebooks/x.ipynb: a kernel must start (OSError: no room).\nCheck the installation ")
    monkeypatch.setattr(failures, "ROOM_MIN", 1 << 60)
    said = fault(book(kernel=KERNEL | {"name": "broken"}))
    assert re.search(
        r"\n/.* has room for [\d,]+ more bytes of temporary files: free .*TMPDIR.*\. Nothing was run\.$", said
    )


EMPTIES = """
import runpy, sys, time
from pathlib import Path
file = Path(sys.argv[1])
held = file.read_bytes()
file.write_bytes(b"")
Path(sys.argv[2]).touch()
time.sleep(0.5)
file.write_bytes(held)
_, _, _, kernel, *sys.argv[1:] = sys.argv
runpy.run_path(kernel, run_name="__main__")
"""


@pytest.mark.kernel
def test_a_kernel_that_writes_its_connection_file_anew_while_the_manager_reads_it(tmp_path, run, monkeypatch):
    emptied = tmp_path / "emptied"
    ours = [str(forkserver.KERNEL), "-f", "{connection_file}"]
    argv = [sys.executable, "-c", EMPTIES, "{connection_file}", str(emptied), *ours]
    (tmp_path / "kernels" / "anew").mkdir(parents=True)
    spec = {"argv": argv, "display_name": "A", "language": "python"}
    (tmp_path / "kernels" / "anew" / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    launch = kernels.ForkingProvisioner.launch_kernel

    async def late(*given, **named):
        info = await launch(*given, **named)
        assert until(emptied.exists)
        return info

    # a busy machine lets the manager wait as long
    monkeypatch.setattr(kernels.ForkingProvisioner, "launch_kernel", late)
    assert printed(run(book("print(1)", kernel=KERNEL | {"name": "anew"}))) == ["1\n"]


# what a run gives


@pytest.mark.kernel
def test_a_report_runs_from_top_to_bottom_and_gives_the_same_each_time_and_either_way(run):
    seen = []
    nb = load(NOTEBOOKS / "run_report.ipynb")
    before = plain(nb)
    done = run(nb, cwd=NOTEBOOKS, progress=lambda *counts: seen.append(counts))
    assert plain(nb) == before, "the notebook given must stay as it is"
    assert [counts for *counts, _ in seen] == [[number, 7] for number in range(8)]
    told = [cells[-1].execution_count if cells else 0 for *_, cells in seen]
    assert told == list(range(8)) and seen[-1][2][3].outputs == done.nb.cells[3].outputs
    assert [cell.execution_count for cell in done.nb.cells if cell.cell_type == "code"] == list(range(1, 8))
    assert done.nb.cells[2].source == '# Parameters\nas_of = "2026-01-31"\n'
    assert done.nb.cells[3].outputs[0].text == "2026-01-31 en\n"
    assert '<table id="T_00001"' in done.nb.cells[4].outputs[0].data["text/html"]
    assert "image/png" in done.nb.cells[5].outputs[0].data
    warned = 'one\n<cell 7>:5: UserWarning: an old figure\n  warnings.warn("an old figure", stacklevel=1)'
    assert done.warnings == (f"cell 7 warned: {warned}",)
    for fork in (True, False):
        again = run(nb, cwd=NOTEBOOKS, fork=fork)
        assert plain(again.nb) == plain(done.nb)
        with forking(wanted=fork) as notes:
            assert (again.warnings, again.notes) == (done.warnings, notes)


@pytest.mark.kernel
def test_outputs_injected_cells_and_error_marks_of_an_earlier_run_count_for_nothing(run):
    stale = new_output("stream", name="stdout", text="stale")
    error = new_output("error", ename="E", evalue="stale", traceback=[])
    mark = new_markdown_cell("An Exception was encountered", metadata={"tags": ["papermill-error-cell-tag"]})
    once = run(
        mark,
        new_code_cell("print(as_of)", outputs=[stale, error], execution_count=7),
        new_code_cell("", outputs=[stale, error], execution_count=3),
    )
    again = run(once.nb, parameters={"as_of": "2026-02-01"})
    assert (printed(once), printed(again)) == (["2026-01-31\n"], ["2026-02-01\n"])
    assert not any("Exception" in cell.source for cell in once.nb.cells)
    assert [cell.get("id") for cell in again.nb.cells] == [cell.get("id") for cell in once.nb.cells]
    assert [cell.execution_count for cell in again.nb.cells if cell.cell_type == "code"] == [1, 2, 3, None]


@pytest.mark.kernel
def test_empty_cells_and_no_parameters_are_no_fault(run):
    assert printed(run("", "  \n", "print(as_of)", parameters={})) == ["2026-01-01\n"]


@pytest.mark.kernel
@WAYS
def test_a_kernel_works_in_the_folder_given_and_is_heard_over_files_not_over_ports(run, tmp_path, fork):
    here = Path.cwd()
    tell = (
        "import os\nfrom ipykernel.connect import get_connection_info\n"
        "print(os.getcwd(), *(get_connection_info(unpack=True)[key] for key in ('transport', 'ip')))"
    )
    folder, transport, place = printed(run(tell, fork=fork))[0].split()
    assert (folder, transport, Path.cwd()) == (str(tmp_path), "ipc", here)
    assert Path(place).parent.name.startswith("ho-")


#: Threads that write as fast as they can, and a display after all.
CHORUS = """
import sys, threading
def speak(name):
    for number in range(300):
        sys.stdout.write(f"{name} {number}\\n")
        sys.stdout.flush()
threads = [threading.Thread(target=speak, args=(name,)) for name in range(6)]
for thread in threads:
    thread.start()
speak("main")
for thread in threads:
    thread.join()
display("over")
"""


@pytest.mark.kernel
def test_what_threads_write_at_once_arrives_whole_in_order_and_before_what_comes_after(run):
    written, over = printed(run(CHORUS))
    assert over == "'over'"
    lines = [line.split() for line in written.splitlines()]
    for name in ("main", *map(str, range(6))):
        assert [number for who, number in lines if who == name] == [*map(str, range(300))]


@pytest.mark.kernel
def test_what_programs_write_is_shown_by_the_cell_that_ran_them(run):
    cells = [f"import os, subprocess\nprint('a')\nsubprocess.run(['echo', '{number}']); None" for number in range(20)]
    cells += [f"os.write(1, b'{number}\\n'); os.write(2, b'{number}\\n'); None" for number in range(20)]
    done = run(*cells)
    said = [{one.name: one.text for one in cell.outputs} for cell in done.nb.cells[3:]]
    twice = [{"stdout": f"{number}\n", "stderr": f"{number}\n"} for number in range(20)]
    assert said == [{"stdout": f"a\n{number}\n"} for number in range(20)] + twice


@pytest.mark.kernel
def test_a_letter_of_what_programs_write_is_whole_wherever_it_is_read(run):
    program = "print('.' + 'é' * 100_000)"
    said = "." + "é" * 100_000 + "\n"
    assert printed(
        run(f"import subprocess, sys; subprocess.run([sys.executable, '-X', 'utf8', '-c', {program!r}]); None")
    ) == [said]


@pytest.mark.kernel
def test_a_cell_that_closes_its_streams_ends_all_the_same(run):
    assert printed(run("import os; os.close(1); os.close(2)", "print('over')")) == ["over\n"]


PIECES = [
    *"a1=%!?,;/()'#\\:\n\t\f\r ",
    *('"""', "ls", "if a:\n    ", "a = ", "await ", "async for a in b: pass", "%time ", "def f():\n  "),
]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_a_cell_that_is_not_taken_apart_has_no_command_of_ipython_and_awaits_nothing(text):
    lines = text.splitlines(keepends=True)
    if not any(map(kernel.COMMAND.match, lines)):
        try:
            assert TransformerManager().do_token_transforms(lines) == lines
        except SyntaxError:
            with pytest.raises(SyntaxError):
                compile(text, "cell", "exec")
    assert kernel.AWAIT.search(text) or not _should_be_async(text)


VALUES = st.text() | st.none() | st.integers() | st.lists(st.text()) | st.dictionaries(st.text(), st.integers())
KINDS = st.sampled_from(["text/plain", "image/png", "application/json", "application/vnd.a-b.c+json", "a+json", ""])


@given(
    st.sampled_from(["display_data", "execute_result"]),
    st.dictionaries(KINDS, VALUES) | VALUES,
    st.dictionaries(st.text(), VALUES) | VALUES,
    st.none() | st.integers(-2, 9) | st.booleans() | st.text(),
)
def test_an_output_is_refused_if_and_only_if_nbformat_refuses_it(kind, data, metadata, count):
    node = NotebookNode(output_type=kind, data=data, metadata=metadata)
    if kind == "execute_result":
        node.execution_count = count

    def refused(validate, **version):
        try:
            validate(node, ref=kind, **version)
        except ValidationError:
            return True
        return False

    assert nbbase.validate is engine._validate
    assert refused(nbbase.validate) == refused(validate, version=4)


# one run after another

#: Changes everything that a process could pass on to the next.
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

#: Prints the same.
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
    "masked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "zone": time.tzname, "threads": sorted(t.name for t in threading.enumerate() if t.name == "left_over"),
    "filters": sorted(map(str, warnings.filters)), "collected": gc.isenabled(),
    "session": os.getsid(0) == os.getpid(), "flags": str(sys.flags),
    "encoding": [sys.stdout.encoding, sys.getfilesystemencoding()], "home": str(Path.home()), "hash": hash("a"),
    "main": __name__, "stdin": sys.stdin.read(),
}, indent=1))
"""


@pytest.mark.kernel
def test_a_forked_kernel_is_as_one_started_afresh_whatever_ran_before(run):
    run(SPOIL)
    forked, afresh = (json.loads(plain(json.loads(printed(run(FOUND, fork=fork))[-1]))) for fork in (True, False))
    assert forked == afresh


@pytest.mark.kernel
def test_random_numbers_are_not_handed_from_run_to_run(run):
    draw = "import random, uuid, numpy as np; print(random.random(), np.random.rand(), uuid.uuid4())"
    first, second = (printed(run(draw))[0].split() for _ in range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))


# differences between two runs of one notebook


def shown(*outputs):
    cell = new_code_cell("x", outputs=list(outputs))
    return normalise(new_notebook(cells=[cell])).cells[0].outputs


def test_no_trace_of_the_run_is_left():
    cells = [
        new_code_cell("a = 1", metadata={"papermill": {"duration": 1}, "execution": {"x": "1"}, "tags": []}),
        new_code_cell("a = 2", metadata={"tags": ["injected-parameters"]}),
        new_markdown_cell("text", metadata={"papermill": {}, "tags": ["keep"]}),
    ]
    metadata = {
        "papermill": {"start_time": "now"},
        "widgets": {"state": {}},
        "kernelspec": KERNEL,
        "language_info": {"name": "python", "version": "3.11.7", "codemirror_mode": {"version": 3}},
    }
    nb = normalise(new_notebook(cells=cells, metadata=metadata))
    assert nb.metadata == {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    assert [dict(cell.metadata) for cell in nb.cells] == [{}, {"tags": ["injected-parameters"]}, {"tags": ["keep"]}]
    assert nb.cells[1].id == "injected-parameters"


def test_streams_are_joined_between_displays_and_stdout_comes_first():
    said = [new_output("stream", name=name, text=text) for name, text in zip("eoeoo", "eafbc", strict=True)]
    for one in said:
        one.name = {"e": "stderr", "o": "stdout"}[one.name]
    outputs = shown(*said[:4], new_output("display_data", {"text/plain": "x"}), said[4])
    assert [(one.get("name", "display"), one.get("text")) for one in outputs] == [
        ("stdout", "ab"), ("stderr", "ef"), ("display", None), ("stdout", "c")
    ]  # fmt: skip


def styled(name):
    html = f'<style>#T_{name}_row0 {{}}</style><table id="T_{name}"><td id="T_{name}_row0"></table>T_ffffff'
    return new_output("display_data", {"text/html": html, "text/plain": f"<Styler at 0x7f{name}>"})


def test_styled_tables_are_numbered():
    first = shown(styled("a1b2c"), styled("00001"), styled("a1b2c"))
    assert first == shown(styled("fffff"), styled("12345"), styled("fffff"))
    assert first[0].data["text/html"].count("T_00001") == 3
    assert first[1].data["text/html"].count("T_00002") == 3
    assert first[0].data["text/html"].endswith("T_ffffff")


def test_the_address_of_an_object_goes_only_where_something_better_is_shown():
    rich, poor = shown(
        new_output("display_data", {"text/plain": "<X at 0x7f0a>", "text/html": "x"}),
        new_output("display_data", {"text/plain": "<X at 0x7f0a>"}),
    )
    assert rich.data["text/plain"] == "<X>"
    assert poor.data["text/plain"] == "<X at 0x7f0a>", "the check for traces must see it"


def test_the_state_of_widgets_goes_and_their_text_stays():
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "random"}, "text/plain": "IntSlider(value=0)"}
    assert shown(new_output("display_data", view))[0].data == {"text/plain": "IntSlider(value=0)"}
