"""Cells have no network, unless the project or its user opens it; the manifest says how it was."""

import json
import platform
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

from handover.editions import Store, render
from handover.errors import ExecutionError, HandoverError
from handover.notebook import execute
from handover.verify import rebuild, record
from notebook.runs import HANG_S, KERNEL, WHERE, book, forking, printed

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
        reason="the network is shut on Linux alone, on two kinds of machine",
    ),
]

#: Each tries to reach this machine, and would; tells how that ended.
TRIES = """
import asyncio, ctypes, errno, os, platform, socket, subprocess, sys, urllib.request
PORT = {port}
call = ctypes.CDLL(None, use_errno=True).syscall
def raw(number, *arguments):
    if call(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "")
number = {{"x86_64": 41, "aarch64": 198}}[platform.machine()]
tries = {{
    "address": lambda: urllib.request.urlopen(f"http://127.0.0.1:{{PORT}}/"),
    "name": lambda: urllib.request.urlopen(f"http://one.example:{{PORT}}/"),
    "lookup": lambda: socket.getaddrinfo("one.example", PORT),
    "v4": lambda: socket.create_connection(("127.0.0.1", PORT)),
    "v6": lambda: socket.socket(socket.AF_INET6),
    "datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", PORT)),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "vsock": lambda: socket.socket(socket.AF_VSOCK),
    "call": lambda: raw(number, socket.AF_INET, socket.SOCK_STREAM, 0),
    "high bits": lambda: raw(number, ctypes.c_ulong(socket.AF_INET | 1 << 32), socket.SOCK_STREAM, 0),
    "ring": lambda: raw(425, 2, ctypes.create_string_buffer(256)),
    "second set": lambda: raw(number | 1 << 30, socket.AF_INET, socket.SOCK_STREAM, 0),
}}
def told(name):
    try:
        tries[name]()
    except socket.gaierror as error:
        return "EAI_AGAIN" if error.errno == socket.EAI_AGAIN else str(error)
    except OSError as error:
        reason = getattr(error, "reason", error)
        return "EAI_AGAIN" if isinstance(reason, socket.gaierror) else errno.errorcode[reason.errno]
    return "done"
for name in tries:
    print(name, told(name))
try:
    await asyncio.open_connection("127.0.0.1", PORT)
    print("asyncio done")
except OSError as error:
    print("asyncio", errno.errorcode[error.errno])
code = f"import socket; socket.create_connection(('127.0.0.1', {{PORT}}))"
done = subprocess.run(["setsid", sys.executable, "-c", code], capture_output=True, text=True)
print("program", done.stderr.strip().rpartition("] ")[2] or "done")
"""

#: What the system calls of 32-bit programs, which have other numbers, would be used for.
OLD = """
import ctypes, mmap, subprocess, sys
code = '''
import ctypes, mmap
# mov eax, 359 (socket); mov ebx, 2; mov ecx, 1; xor edx, edx; int 0x80; ret
code = bytes.fromhex("53b867010000bb02000000b90100000031d2cd805bc3")
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
got = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
print("a socket" if got >= 0 else "refused")
'''
done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
print(done.stdout or done.returncode)
"""

#: What cells do with processes, threads and sockets of their own.
OWN = """
import asyncio, multiprocessing, os, socket, subprocess, sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
print([*ThreadPoolExecutor(2).map(abs, [-1])], [*ProcessPoolExecutor(2).map(abs, [-2])])
for method in ("fork", "spawn", "forkserver"):
    with multiprocessing.get_context(method).Pool(1) as pool:
        print(method, pool.map(abs, [-3]))
with multiprocessing.Manager() as manager:
    print(manager.list([4]))
started = await asyncio.create_subprocess_exec("echo", "5", stdout=subprocess.PIPE)
print((await started.communicate())[0].decode().strip())
one, other = socket.socketpair()
one.send(b"6")
print(other.recv(1).decode())
def speak():
    print("from a process of its own")
child = multiprocessing.get_context("fork").Process(target=speak)
child.start()
child.join()
"""
OWN_SAID = ["[1] [2]", "fork [3]", "spawn [3]", "forkserver [3]", "[4]", "5", "6", "from a process of its own"]


@pytest.fixture
def server():
    """A real server on this machine: its port, and who called."""
    called = []
    with ExitStack() as on_end:
        listening = on_end.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listening.getsockname()[1]
        datagrams = on_end.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagrams.bind(("127.0.0.1", port))

        def serve():
            while True:
                try:
                    with listening.accept()[0] as caller:
                        called.append(caller)
                        caller.recv(4096)
                        caller.sendall(b"HTTP/1.0 200 OK\r\n\r\n7")
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield port, called
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(HANG_S)


def run(tmp_path, *cells, fork=True, **options):
    with forking(wanted=fork):
        return execute.execute(book(*cells), {}, cwd=tmp_path, where=WHERE, epoch=0, **options)


@pytest.mark.parametrize("fork", [True, False], ids=["forked", "afresh"])
def test_no_way_leads_out_of_a_cell(tmp_path, server, fork):
    port, called = server
    done = run(tmp_path, TRIES.format(port=port), fork=fork)
    said = dict(line.rsplit(" ", 1) for line in "".join(printed(done)).splitlines() if not line.startswith("program"))
    resolved = {said.pop("name"), said.pop("lookup")}
    assert resolved == {"EAI_AGAIN"} and {said.pop("ring"), said.pop("second set")} <= {"EPERM", "ENOSYS"}
    assert set(said.values()) == {"ENETUNREACH"} and len(said) == 11
    assert "program Network is unreachable\n" in "".join(printed(done))
    with forking(wanted=fork) as notes:
        assert called == [] and done.network == "shut" and done.notes == notes


def test_where_the_network_is_open_every_cell_has_it(tmp_path, server):
    port, called = server
    done = run(tmp_path, TRIES.format(port=port), network=True)
    said = "".join(printed(done)).splitlines()
    assert {"address done", "v4 done", "v6 done", "datagram done", "asyncio done", "program done"} <= {*said}
    assert len(called) == 4 and done.network == "open" and done.notes == ()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only there has a machine's code the calls of another")
def test_the_calls_of_32_bit_programs_are_no_way_out(tmp_path):
    assert printed(run(tmp_path, OLD)) in (["-31\n"], ["-11\n"]), "ended by SIGSYS, or by a system without such calls"


@pytest.mark.parametrize("fork", [True, False], ids=["forked", "afresh"])
def test_what_cells_do_among_themselves_goes_on(tmp_path, fork):
    assert sorted("".join(printed(run(tmp_path, OWN, fork=fork))).splitlines()) == sorted(OWN_SAID)


@pytest.mark.parametrize(
    ("cell", "first"),
    [
        ("import socket\nsocket.socket()", "raised OSError: [Errno 101] Network is unreachable (line 2)."),
        (
            "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:1')",
            "raised URLError: <urlopen error [Errno 101] Network is unreachable> (line 2).",
        ),
        ("import socket\nsocket.getaddrinfo('one.example', 1)", "name resolution (line 2)."),
        ("%%bash\necho >/dev/tcp/127.0.0.1/1", "raised CalledProcessError"),
        ("import pandas\npandas.read_csv('https://one.example/table.csv')", "name resolution> (line 2)."),
    ],
)
def test_a_cell_that_asks_for_it_is_told_why_there_is_none_and_how_to_open_it(tmp_path, cell, first):
    with pytest.raises(ExecutionError) as caught:
        run(tmp_path, cell)
    said = str(caught.value)
    assert first in said
    assert said.endswith(
        "\nCells have no network, so that a report is made of what lies in the project: keep what they need in data/.\n"
        'To open it, write under [tool.handover] in pyproject.toml: network = ["x"]\n'
        "To open it once: handover render x --network\n"
        "Run the notebook in JupyterLab up to this cell. Nothing was published."
    )


def test_a_cell_that_fails_otherwise_or_with_the_network_is_told_nothing_of_it(tmp_path):
    for cell, network in (("1 / 0", False), ("raise OSError(101, 'Network is unreachable')", True)):
        with pytest.raises(ExecutionError) as caught:
            run(tmp_path, cell, network=network)
        assert "no network" not in str(caught.value)


def test_a_kernel_that_is_not_ours_has_none_either(tmp_path, monkeypatch):
    # as one of another environment: started by its own command
    own = tmp_path / "kernels" / "other"
    own.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (own / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "Other", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    nb = book("import socket\nsocket.socket()", kernel=KERNEL | {"name": "other"})
    with pytest.raises(ExecutionError, match="Network is unreachable"):
        execute.execute(nb, {}, cwd=tmp_path, where=WHERE, epoch=0)


# how it is opened, and what is recorded


def setting(mini, text):
    (mini.root / "pyproject.toml").write_text(f"[tool.handover]\n{text}\n")


@pytest.mark.parametrize("wrong", ["5", '"mini"', "[1]", "{}", '["mini", 2]'])
def test_a_setting_that_is_none_is_refused_before_a_kernel_starts(mini, wrong):
    setting(mini, f"network = {wrong}")
    with pytest.raises(HandoverError) as caught:
        render.render(mini, "mini")
    said = "pyproject.toml: tool.handover.network must be true, false or a list of reports (got "
    assert str(caught.value).startswith(said) and 'Write it as network = ["REPORT"].' in str(caught.value)


def of_manifest(outcome):
    return outcome.edition.name, outcome.edition.manifest()["run"]["network"]


@pytest.mark.slow
def test_the_manifest_says_how_it_was_and_the_edition_is_the_same(mini, tmp_path):
    name, network = of_manifest(render.render(mini, "mini"))
    assert network == "shut"
    for number, (text, asked, wanted) in enumerate([
        ("", True, "open"), ("network = true", False, "open"), ('network = ["mini"]', False, "open"),
        ('network = ["other"]', False, "shut"), ("network = []", False, "shut"), ("network = false", False, "shut"),
    ]):  # fmt: skip
        setting(mini, text)
        made = render.render(mini, "mini", out=tmp_path / str(number), network=asked)
        assert of_manifest(made) == (name, wanted), (text, asked)


#: The system says that it is one of 32 bits, as `setarch` has it: for that we have no filter.
ELSEWHERE = """
import ctypes
ctypes.CDLL(None).personality(8)
from handover.cli import main
main(["render", "mini"])
"""


def test_where_it_cannot_be_shut_the_render_goes_on_and_says_so(mini):
    done = subprocess.run([sys.executable, "-c", ELSEWHERE], cwd=mini.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "mini: warning: cells had the network, though they were to have none: linux on " in done.stderr
    assert Store.of(mini).editions("mini")[0].manifest()["run"]["network"] == "open"


ASKS = """import urllib.request
said = urllib.request.urlopen("http://127.0.0.1:{port}/").read().decode()
assert said == "7"
"""


def command(mini, *words):
    """Run the command line; its exit code and all that it said."""
    command = [sys.executable, "-m", "handover", *map(str, words)]
    done = subprocess.run(command, cwd=mini.root, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_what_asks_others_is_rendered_and_verified_where_its_user_opens_it_and_only_there(mini, server):
    port, called = server
    path = mini.notebook("mini")
    plain = path.read_text()
    nb = json.loads(plain)
    nb["cells"][2]["source"] = ASKS.format(port=port) + "".join(nb["cells"][2]["source"])
    path.write_text(json.dumps(nb))
    for words in (["render", "mini"], ["render", "mini", "--jobs", "1"]):
        code, said = command(mini, *words)
        assert code == 1 and "To open it once: handover render mini --network" in said and called == []
    assert command(mini, "render", "mini", "--network", "--jobs", "1")[0] == 0 and len(called) == 1
    edition = Store.of(mini).editions("mini")[0]
    assert edition.manifest()["run"]["network"] == "open"

    # what an edition says of itself opens nothing
    code, said = command(mini, "verify", edition.folder)
    assert code == 3 and "cell 3 raised URLError" in said and len(called) == 1
    assert "its cells had the network, which this checkout does not open to them" in said
    setting(mini, 'network = ["mini"]')
    assert command(mini, "verify", edition.folder)[0] == 0 and len(called) == 2
    assert command(mini, "verify", edition.file(".pdf"))[0] == 0 and len(called) == 3

    # code from elsewhere has none, whatever is open here
    path.write_text(plain)
    for what in (edition.folder, edition.file(".pdf")):
        code, said = command(mini, "verify", "--trust", what)
        assert code == 3 and "cell 3 raised URLError" in said and len(called) == 3


@pytest.mark.slow
def test_an_edition_that_says_it_was_shut_is_rebuilt_shut(mini):
    edition = render.render(mini, "mini").edition
    setting(mini, "network = true")
    about = json.loads((edition.folder / "manifest.json").read_text())
    assert about["run"]["network"] == "shut"
    said = record.record_of_manifest(about)
    again = rebuild.again(mini, said, {}, trust=False)
    assert again.product.manifest["run"]["network"] == "shut"
