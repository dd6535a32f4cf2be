"""Kernels are forked from a process that has everything imported, or else started afresh."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty

import psutil
import pytest
import zmq
import zmq.asyncio
from jupyter_client.session import Session, json_packer
from runs import HANG_S, alive, printed, until

from handover import scratch
from handover.notebook import environment, forkserver
from handover.notebook.kernel import pack
from handover.notebook.kernels import Channel
from handover.project import Project
from handover.story.charts import CANVASES

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")


@pytest.mark.kernel
def test_a_kernel_that_cannot_be_forked_is_started_with_a_note(run):
    done = run("print(as_of)", fork=False)
    assert printed(done) == ["2026-01-31\n"]
    assert done.notes == ("The kernel was started afresh: kernels cannot be forked here.",)


def family():
    """What watches the process that kernels are forked from, that process, and all that they started."""
    watcher = psutil.Process(forkserver._forkserver.process.pid)
    return [watcher.pid, *(child.pid for child in watcher.children(recursive=True))]


@pytest.mark.kernel
def test_a_process_that_was_killed_is_replaced(run):
    run()
    members = family()
    os.kill(members[0], signal.SIGKILL)
    assert until(lambda: not alive(members))  # one that is about to end may still take a request
    done = run("print(as_of)")
    assert (printed(done), done.notes) == (["2026-01-31\n"], ())


@pytest.mark.kernel
def test_a_process_that_was_dismissed_ends_by_itself_and_another_takes_its_place(run):
    run()
    members = family()
    forkserver.dismiss()
    assert until(lambda: not alive(members))
    assert printed(run("print(as_of)")) == ["2026-01-31\n"]


@LINUX
def test_a_process_that_was_asked_for_nothing_ends_before_it_heeds_anything(monkeypatch, tmp_path):
    (tmp_path / "deaf.py").write_text("import time; time.sleep(600)")
    monkeypatch.setattr(forkserver, "__file__", str(tmp_path / "deaf.py"))
    server = forkserver.ForkServer()
    server.end()
    assert not alive([server.process.pid]) and not server._scratch.exists()


@LINUX
def test_a_process_with_threads_says_so():
    stay = threading.Event()
    thread = threading.Thread(target=stay.wait, daemon=True)
    thread.start()
    try:
        assert forkserver._threads() == "threads"
    finally:
        stay.set()
        thread.join()


@pytest.mark.kernel
@pytest.mark.parametrize(("error", "kept"), [(OSError, True), (SystemExit, False)])
def test_a_kernel_whose_caller_gave_up_ends_and_leaves_its_folder_only_to_another_try(monkeypatch, error, kept):
    responses, answered = [], forkserver._answer

    async def broken_off(channel):
        responses.append(await answered(channel))
        raise error

    forkserver.prepare()
    monkeypatch.setattr(forkserver, "_answer", broken_off)
    folder = environment.make_scratch()
    request = forkserver.Request([], environment.kernel_environment(0, folder), str(folder), str(folder))
    # in a thread, since a browser that another test drives has an event loop running in this one
    with ThreadPoolExecutor(1) as thread, pytest.raises(error):
        thread.submit(lambda: asyncio.run(forkserver._forkserver.fork(request, folder / "log"))).result()
    assert until(lambda: not psutil.pid_exists(int(responses[0])))
    assert folder.exists() == kept
    scratch.remove(folder)


#: A forkserver with almost nothing to import, whose kernels report the value in a module that is edited.
EDITED = """
import asyncio, os, socket, sys
from pathlib import Path
from handover.notebook import forkserver
folder = Path(sys.argv[1])
sys.path.insert(0, str(folder))
sys.dont_write_bytecode = True
forkserver.LIBRARIES, forkserver.LATER, forkserver.PACKAGES = (), (), ("told",)
forkserver._run_kernel = lambda request: os._exit(os.write(1, sys.modules["told"].TOLD.encode()) and 0)
client = forkserver.ForkServer.__new__(forkserver.ForkServer)
client._socket, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
told, server = folder / "told.py", 0
for words in sys.argv[2:]:
    told.write_text(f"TOLD = {words!r}")
    if not server and not (server := os.fork()):
        client._socket.close()
        forkserver.serve(theirs)
    asyncio.run(client.fork(forkserver.Request([], {}, "/"), folder / "log")).wait()
    print((folder / "log").read_text(), flush=True)
    (folder / "log").unlink()
"""


@LINUX
def test_an_edit_of_our_packages_is_taken_up_by_the_same_process(tmp_path):
    command = [sys.executable, "-c", EDITED, tmp_path, "one", "two", "three"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["one", "two", "three"], done.stderr


@pytest.mark.kernel
def test_a_changed_library_means_another_process(run, monkeypatch):
    run()
    before = forkserver._forkserver

    async def changed(*_, **__):
        raise forkserver.NotForkedError("changed: frame.py")

    monkeypatch.setattr(before, "fork", changed)
    done = run("print(as_of)")
    assert (printed(done), done.notes) == (["2026-01-31\n"], ())
    assert forkserver._forkserver is not before


@pytest.mark.kernel
def test_jupyter_itself_can_use_forked_kernels():
    from jupyter_client import KernelManager

    manager = KernelManager(kernel_name="python3", transport="ipc")
    manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "handover_forked"}
    manager.start_kernel(env={"PATH": os.environ["PATH"], "TZ": "XYZ-3"})
    pid = manager.provisioner.pid
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    shown = []
    tell = "import os, time; print(os.getppid(), time.tzname[0], os.environ.get('PYTHONHASHSEED'))"
    client.execute_interactive(tell, output_hook=shown.append, timeout=60)
    said = [one["content"]["text"] for one in shown if one["msg_type"] == "stream"]
    assert said == [f"{pid} XYZ None\n"], "the environment must be the caller's, not that of the forking process"
    client.kernel_info()
    about = client.get_shell_msg(timeout=60)["content"]
    assert "debugger" in about["supported_features"], "who works in JupyterLab has a debugger"
    client.stop_channels()
    manager.shutdown_kernel()
    assert until(lambda: not alive([pid]))


@pytest.mark.kernel
@pytest.mark.parametrize("fork", [True, False])
def test_a_run_has_no_debugger_and_a_cell_may_import_one(run, fork):
    tell = "import sys; from ipykernel import debugger; print(debugger._is_debugpy_available, 'pydevd' in sys.modules)"
    done = run(tell, "import debugpy; print(debugpy.__name__)", fork=fork)
    assert printed(done) == ["False False\n", "debugpy\n"]


@LINUX
@pytest.mark.parametrize("first", ["kernel", "client"])
def test_what_can_wait_waits_for_the_end_of_the_kernel_or_the_next_request(first):
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with ours, theirs, subprocess.Popen(["cat"], stdin=subprocess.PIPE) as kernel:
        waiting = threading.Thread(target=forkserver._await_end, args=(kernel.pid, theirs))
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        if first == "client":
            ours.send(b"request")
        else:
            kernel.stdin.close()
        waiting.join(HANG_S)
        assert not waiting.is_alive()
        kernel.kill()


def test_only_a_kernel_of_this_interpreter_is_forked():
    for command in (["/usr/bin/other", "-m", "ipykernel_launcher"], [sys.executable, "-m", "other_kernel", "-f", "x"]):
        with pytest.raises(forkserver.NotForkedError, match="of another interpreter"):
            forkserver._arguments(command)
    assert forkserver._arguments([sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f"]) == ["-f"]


IMPORTS = """
import sys
from handover.notebook import forkserver
libraries, packages = forkserver.import_libraries(), forkserver.import_packages()
soon = [name for name in forkserver.LATER if name in sys.modules]
assert not soon, f"imported before the first kernel: {soon}"
later = forkserver.import_later()
wanted = (*forkserver.LIBRARIES, *forkserver.LATER, *forkserver.PACKAGES)
missing = [name for name in wanted if name not in sys.modules]
assert missing == [forkserver.RENEWED], f"not imported: {missing}"
sys.modules["handover.story.charts"].preload()  # `import_later` would hide a failure, which costs each kernel time
assert not libraries.changed() and not packages.changed() and not later.changed()
import matplotlib.pyplot
later_files = later._paths.split("\\0")
assert matplotlib.pyplot.__file__ in later_files and matplotlib.__file__ not in later_files
"""


def test_what_can_wait_is_imported_after_the_first_kernel_and_watched_as_well():
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


#: Prints every description in matplotlib and its list of typefaces, after importing it as the process does, or plainly.
MATPLOTLIB = """
import hashlib, importlib, sys
from pathlib import Path
from handover import imports
from handover.notebook import forkserver
own, imports.KEPT = sys.argv[1], Path(sys.argv[2])
if own == "plain":
    imports.matplotlib = None
forkserver.import_libraries()
from matplotlib import font_manager
told = []
for name in [name for name in sys.modules if name.startswith(("matplotlib", "mpl_toolkits"))]:
    for key, value in vars(sys.modules[name]).items():
        parts = vars(value).items() if isinstance(value, type) else ()
        for part, one in (("", value), *parts):
            takes = list(getattr(getattr(one, '__signature__', None), 'parameters', ()))
            told.append(f"{name}.{key}.{part} {takes} {getattr(one, '__doc__', '')}")
told.sort()
faces = sorted(repr(face) for face in font_manager.fontManager.ttflist + font_manager.fontManager.afmlist)
print(hashlib.sha256(repr(told).encode()).hexdigest(), len(told), len(faces), faces)
import fontTools
from matplotlib import dviread
assert ("fontTools.agl" in sys.modules) == (own == "plain"), "names of glyphs are read when they are asked for"
assert dviread.fontTools.agl.toUnicode("Eacute") == "É"
import fontTools.agl
assert fontTools.agl.AGL2UV and sys.modules["fontTools.agl"] is fontTools.agl
"""


def test_matplotlib_is_the_same_however_fast_it_is_imported(tmp_path):
    def imported(way, kept="kept"):
        scratch = Path(tempfile.mkdtemp(dir=tmp_path))
        env = environment.kernel_environment(0, scratch)
        for name in environment.FOLDERS:
            (scratch / name).mkdir()
        words = [sys.executable, "-c", MATPLOTLIB, way, str(tmp_path / kept)]
        return subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout

    plain = imported("plain")
    assert int(plain.split()[1]) > 9000 and not (tmp_path / "kept").exists()
    assert imported("fast") == plain
    listed, settable = sorted((tmp_path / "kept").glob("*/*"))
    assert imported("fast") == plain, "with what was kept"
    face = json.loads(listed.read_text())
    face["ttflist"] = face["ttflist"][:1]
    listed.write_text(json.dumps(face))
    assert imported("fast") != plain, "it is read"
    listed.write_text('{"torn')
    assert imported("fast") == plain
    whole = settable.read_text()
    settable.write_text(whole.replace("linewidth or lw: float", "linewidth or lw: another"))
    assert imported("fast") != plain, "it is read"
    settable.write_text(whole[:-1])
    assert imported("fast") == plain and settable.read_text() == whole
    (tmp_path / "file").write_text("")
    assert imported("fast", "file") == plain, "where none can be kept"


@pytest.mark.kernel
def test_what_many_notebooks_would_each_do_is_done_for_them_before_the_third(run):
    forkserver.discard()
    ready = "from handover.story.charts import figure; from handover.tables import record; "
    cell = ready + "print(len(figure._ready), record._last is not None)"
    said = [printed(run(cell, cwd=Project.find().notebooks)) for _ in range(3)]
    assert said == [["0 False\n"], ["0 False\n"], [f"{CANVASES} True\n"]]


#: A program that runs a notebook whose cell does not end and has started a process in another session.
PROGRAM = """
import sys
from pathlib import Path
from nbformat.v4 import new_code_cell, new_notebook
from handover.notebook.execute import execute
nb = new_notebook(cells=[new_code_cell(sys.argv[2])], metadata={"kernelspec": {"name": "python3", "display_name": "P"}})
execute(nb, {}, cwd=Path(sys.argv[1]), where="x", epoch=0)
"""

STAY = """
import os, subprocess, time
ids = [os.getpid(), os.getppid(), subprocess.Popen(["setsid", "sleep", "600"]).pid]
with open("part", "w") as part: part.write(" ".join(map(str, ids)) + " " + os.path.dirname(os.environ["HOME"]))
os.rename("part", "ids")
time.sleep(600)
"""


@pytest.mark.kernel
def test_nothing_is_left_when_a_program_is_killed_in_the_midst_of_a_cell(tmp_path):
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path, STAY], start_new_session=True)
    assert until((tmp_path / "ids").exists)
    *ids, folder = (tmp_path / "ids").read_text().split()
    family = [*map(int, ids), *(child.pid for child in psutil.Process(program.pid).children())]
    program.kill()
    program.wait(HANG_S)
    assert until(lambda: not alive(family))
    assert until(lambda: not os.path.exists(folder))  # noqa: PTH110


#: A program that starts the process and does no more; it may leave a fork of itself, which keeps its sockets open.
PREPARES = """
import os, sys, time
from handover.notebook import forkserver
forkserver.prepare()
if sys.argv[1] == "forks" and (pid := os.fork()):
    print(pid, forkserver._forkserver.process.pid, flush=True)
elif sys.argv[1] == "alone":
    print(forkserver._forkserver.process.pid, flush=True)
time.sleep(600)
"""


@LINUX
@pytest.mark.parametrize("habit", ["alone", "forks"])
def test_a_process_that_gets_no_time_to_notice_ends_with_its_client(habit):
    """As one in the middle of an import on a busy machine; one that is suspended does nothing at all."""
    with scratch.folder() as temporary:
        environment = {**os.environ, "TMPDIR": str(temporary)}
        program = subprocess.Popen([sys.executable, "-c", PREPARES, habit], stdout=subprocess.PIPE, env=environment)
        *forks, pid = map(int, program.stdout.readline().split())
        watcher = psutil.Process(pid)
        assert until(watcher.children)
        imports = watcher.children(recursive=True)
        for one in imports:
            one.suspend()
        program.kill()
        program.communicate() if not forks else program.wait(HANG_S)
        try:
            assert until(lambda: not alive([pid, *(one.pid for one in imports)]))
            assert until(lambda: not any(temporary.iterdir()))
        finally:
            for fork in forks:
                os.kill(fork, signal.SIGKILL)
            program.stdout.close()


@pytest.mark.kernel
@pytest.mark.parametrize("fork", [True, False], ids=["forked", "afresh"])
def test_nothing_of_a_run_is_left(run, fork):
    stay = (
        "import os, subprocess\n"
        "print(os.getpid(), subprocess.Popen(['setsid', 'sleep', '600']).pid, os.path.dirname(os.environ['HOME']))"
    )
    *pids, folder = printed(run(stay, fork=fork))[0].split()
    assert alive([*map(int, pids)]) == []
    assert not os.path.exists(folder)  # noqa: PTH110


# what a kernel sends


@pytest.mark.parametrize("message", [{}, {"a": ["é😀", 1, None, 0.5, ("x",)]}])
def test_what_can_be_packed_is_packed_as_ever(message):
    assert pack(message) == json_packer(message)


def test_half_a_character_is_replaced_wherever_it_stands():
    message = {"\ud83d": ["a\ude00b", {"deep": ("\ud83d",)}], "whole": "😀", "pair": "\ud83d\ude00"}
    assert pack(message).decode() == '{"\ufffd": ["a\ufffdb", {"deep": ["\ufffd"]}], "whole": "😀", "pair": "😀"}'


def test_a_kernel_that_talks_without_end_leaves_others_their_turn():
    """Time limits are such others."""
    turns = []

    async def other():
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    async def listen():
        with zmq.asyncio.Context() as context, context.socket(zmq.PAIR) as heard, context.socket(zmq.PAIR) as talks:
            heard.bind("inproc://talk")
            talks.connect("inproc://talk")
            talks = zmq.Socket.shadow(talks.underlying)
            session = Session(key=b"x")
            for number in range(50):
                session.send(talks, "status", {"number": number})
            channel, task = Channel(heard, session), asyncio.create_task(other())
            told = [(await channel.get_msg())["content"]["number"] for _ in range(50)]
            assert len(turns) >= 40
            with pytest.raises(Empty):
                await channel.get_msg(timeout=0.01)
            task.cancel()
        return told

    with ThreadPoolExecutor(1) as thread:  # a browser's tests leave a loop in this one
        assert thread.submit(lambda: asyncio.run(listen())).result() == [*range(50)]
