"""Fixtures that more than one room uses: a whole project in miniature, and a render whose kernel is a stand-in."""

import copy
import ctypes
import io
import os
import re
import shutil
import signal
from contextlib import redirect_stdout
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

from handover.project import Project
from judges import browser

MINI = Path(__file__).parent / "mini"

# a busy machine is no fault of a law; HYPOTHESIS_PROFILE=thorough looks longer
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("brief", max_examples=30, **SLOW)
settings.register_profile("thorough", max_examples=1000, **SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "brief"))


def pytest_configure():
    """Let Ctrl-C be heard by what the tests start, even where a shell that put them behind itself had it ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config, items):
    """Leave the slow tests to CI, unless somebody asks for them by their mark."""
    if os.environ.get("CI") == "true" or "slow" in config.option.markexpr:
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: CI=true runs it, and so does -m slow"))


@pytest.fixture
def mini(tmp_path, monkeypatch):
    """A copy of the miniature project, free to be broken."""
    from handover.editions import inputs

    # who works on the package while its tests run must not make them fail
    package = inputs._package()
    monkeypatch.setattr(inputs, "_package", lambda: package)
    root = tmp_path / "mini"
    shutil.copytree(MINI, root, ignore=shutil.ignore_patterns("reports", ".handover", ".ipynb_checkpoints"))
    return Project(root)


@pytest.fixture
def stand_in(monkeypatch):
    """Put a stand-in for the kernel: runs the cells of the miniature in this process, in milliseconds.

    Only for tests of what comes before and after the kernel. `stand_in.runs` counts the runs;
    `stand_in.then` may be set to a function that is called with the executed notebook.
    """
    from handover.notebook import execute

    double = _StandIn()
    monkeypatch.setattr(execute, "execute", double)
    return double


class _StandIn:
    def __init__(self):
        self.runs = 0
        self.then = lambda nb: None

    def __call__(self, nb, parameters, *, cwd, where, epoch, timeout_s=600.0, progress=None, network=False):
        from nbformat.v4 import new_code_cell

        from handover.notebook.execute import Execution

        self.runs += 1
        done = copy.deepcopy(nb)
        place = next(n for n, cell in enumerate(done.cells) if "parameters" in cell.metadata.get("tags", []))
        lines = ["# Parameters", *(f"{name} = {value!r}" for name, value in parameters.items())]
        injected = new_code_cell("\n".join(lines), id="injected", metadata={"tags": ["injected-parameters"]})
        done.cells.insert(place + 1, injected)
        space = {"__name__": "__main__"}
        codes = [cell for cell in done.cells if cell.cell_type == "code"]
        for number, cell in enumerate(codes, 1):
            cell.execution_count = number
            cell.outputs = _outputs(cell.source, space, cwd)
            if progress:
                progress(number, len(codes), done.cells)
        self.then(done)
        return Execution(done)


def _outputs(source, space, cwd):
    """Run one cell and catch what it displays: Markdown as its last value, or raw MIME bundles."""
    import ast
    import contextlib

    from nbformat.v4 import new_output

    shown = []
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.chdir(cwd), redirect_stdout(io.StringIO()) as said:
        exec(compile(tree, "cell", "exec"), space)
        space["display"] = lambda data, raw: shown.append(new_output("display_data", data))
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), space) if last else None
    if value is not None:
        shown.append(new_output("display_data", {"text/markdown": value.data, "text/plain": value.data}))
    if said.getvalue():
        shown.append(new_output("stream", name="stdout", text=said.getvalue()))
    return shown


@pytest.fixture(scope="session")
def chromium():
    """One Chromium for all who ask; playwright allows no second one beside it."""
    with browser.browser() as running:
        yield running


@pytest.fixture
def snapshot():
    """Call with a folder: its whole content, names, bytes, modes and links, for a before and after."""

    def take(folder):
        found = {}
        for path in sorted(folder.rglob("*")) if folder.exists() else ():
            content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
            found[path.relative_to(folder).as_posix()] = (content, path.lstat().st_mode)
        return found

    return take


@pytest.fixture
def unnoticed():
    """Call with a process and a signal: another than its main thread gets it, so that it interrupts no wait.

    So does a signal that comes in the instant before a wait, which no test can meet at will.
    """

    def send(process, number):
        for thread in psutil.Process(process.pid).threads():
            status = Path(f"/proc/{process.pid}/task/{thread.id}/status").read_text()
            blocked = int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16)
            if thread.id != process.pid and not blocked >> (number - 1) & 1:
                assert ctypes.CDLL(None).tgkill(process.pid, thread.id, number) == 0
                return
        raise AssertionError("there is no other thread")

    return send


@pytest.fixture
def command_line(capsys):
    """Call with words: run the command line in the current folder; gives (code, stdout, stderr)."""
    from handover import cli

    def call(*words):
        handlers = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as left:
                cli.main(list(words))
        finally:
            signal.signal(signal.SIGTERM, handlers)
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    return call
