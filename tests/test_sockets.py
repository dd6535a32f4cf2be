"""Nobody talks into a run: what listens while reports are made, and what becomes of those who speak to it."""

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest
import zmq
from jupyter_client.session import Session

from notebook.runs import HANG_S, alive, until

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(sys.platform != "linux", reason="sockets are listed by what Linux tells of processes"),
]

NOBODY = 65534
#: Put before a cell: says that it runs, and what becomes of a socket of its own, and waits.
WAIT = """import errno, os, socket, time
from pathlib import Path
try:
    with socket.socket():
        network = "open"
except OSError as error:
    network = errno.errorcode[error.errno]
Path("../up", f"{os.getpid()} {network}").touch()
while not Path("../go").exists():
    time.sleep(0.01)
"""
AFRESH = """
from handover.cli import main
from handover.notebook import forkserver
forkserver.prepare = lambda: False
main(["render", "mini"])
"""
JOB = Path(__file__).with_name("lab") / "one_job.py"
RENDER = ("-m", "handover", "render", "mini")
#: What makes reports: a Python program, how many kernels it has at a time, and how many TCP ports.
PROGRAMS = {
    "forked": (RENDER, 1, 0),
    "afresh": (("-c", AFRESH), 1, 0),
    "sweep": ((*RENDER, "--sweep", "as_of=2026-01-30,2026-01-31", "--jobs", "2"), 2, 0),
    "job": ((str(JOB), "."), 1, 0),
    "preview": (("-m", "handover", "preview", "mini"), 1, 1),
}
#: Run as another user: connects to each path, and prints how that ended.
KNOCK = """
import errno, socket, sys
for path in sys.argv[1:]:
    with socket.socket(socket.AF_UNIX) as knocking:
        print(errno.errorcode.get(knocking.connect_ex(path), "connected"))
"""


def listening(pids):
    """What others could speak to, of some processes: (process, kind, address); an abstract name begins with @."""
    owners = {}
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                owners[str(link.readlink())] = pid
    found = []
    for kind in ("tcp", "tcp6", "udp", "udp6", "udplite", "raw", "raw6", "packet", "unix"):
        with suppress(FileNotFoundError):
            rows = Path("/proc/net", kind).read_text().splitlines()[1:]
            found += [(owners[f"socket:[{inode}]"], kind, at) for inode, at in _open(kind, map(str.split, rows))
                      if f"socket:[{inode}]" in owners]  # fmt: skip
    return sorted(found)


def _open(kind, rows):
    """Of sockets in a table of /proc/net, those that take what others send: inode and address."""
    for row in rows:
        if kind == "unix":
            listens, datagrams = int(row[3], 16) & 0x10000, row[4] == "0002" and len(row) > 7
            if listens or datagrams:
                yield row[6], row[7]
        elif kind == "packet":
            yield row[8], "packet"
        elif not kind.startswith("tcp") or row[3] == "0A":
            yield row[9], int(row[1].rpartition(":")[2], 16)


@pytest.fixture
def waiting(mini):
    """The miniature, with a cell that waits for a file ``go``."""
    path = mini.notebook("mini")
    nb = json.loads(path.read_text())
    nb["cells"][2]["source"] = WAIT + "".join(nb["cells"][2]["source"])
    path.write_text(json.dumps(nb))
    (mini.root / "up").mkdir()
    return mini


@pytest.fixture
def running(waiting):
    """Call with a program and its number of kernels: it runs, and its cells wait; gives it with its processes."""
    programs = []

    def start(words, kernels):
        with (waiting.root.parent / "said").open("wb") as said:
            programs.append(subprocess.Popen([sys.executable, *words], cwd=waiting.root, stdout=said, stderr=said))
        up = waiting.root / "up"
        assert until(lambda: len([*up.iterdir()]) == kernels or programs[0].poll() is not None), "it hangs"
        assert programs[0].poll() is None, (waiting.root.parent / "said").read_text()
        tree = [programs[0], *psutil.Process(programs[0].pid).children(recursive=True)]
        said = dict(path.name.split() for path in up.iterdir())
        assert {*map(int, said)} <= {one.pid for one in tree} and {*said.values()} == {"ENETUNREACH"}
        return programs[0], [one.pid for one in tree]

    yield start
    for program in programs:
        program.terminate()
        program.wait(HANG_S)


def closed_to_others(path):
    """Whether no other user may pass some folder on the way to a path."""
    return any(not folder.stat().st_mode & 0o011 for folder in Path(path).parents)


def knock(paths):
    """What another user hears who connects to paths; only root can find out."""
    command = [shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin"), "-I", "-S", "-c", KNOCK, *paths]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", user=NOBODY, group=NOBODY, extra_groups=[])
    return done.stdout.split() or [done.stderr]


def chatter(path):
    """Speak to a socket as another program of the same user can: in no protocol, and in Jupyter's with a wrong key."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(path)
        with suppress(OSError):
            raw.sendall(b"GET / HTTP/1.0\r\n\r\n" + bytes(range(256)))
    session = Session(key=b"wrong")
    with ExitStack() as on_end:
        context = on_end.enter_context(zmq.Context())
        for kind in (zmq.PUSH, zmq.DEALER, zmq.SUB, zmq.REQ):
            speaking = on_end.enter_context(context.socket(kind))
            speaking.linger = speaking.sndtimeo = 300  # milliseconds, for what is not taken
            speaking.connect(f"ipc://{path}")
            if kind == zmq.SUB:
                speaking.subscribe(b"")
                continue
            with suppress(zmq.Again):  # a peer that has refused the key takes nothing more
                speaking.send_multipart([b"a stranger's words"])
                if kind != zmq.REQ:
                    speaking.send_multipart([b"", b"<IDS|MSG>", b"x"])
                    code = {"code": "print('a stranger')", "silent": False}
                    for name, content in (("execute_request", code), ("shutdown_request", {"restart": False})):
                        session.send(speaking, name, content)
                        session.send(speaking, name, content, ident=b"kernel")


@pytest.mark.parametrize("name", ["forked", *(pytest.param(one, marks=pytest.mark.slow) for one in [*PROGRAMS][1:])])
def test_no_socket_of_a_run_is_open_to_others_and_words_without_its_key_change_nothing(name, waiting, running):
    words, kernels, ports = PROGRAMS[name]
    program, pids = running(words, kernels)
    found = listening(pids)
    print(*found, sep="\n")
    assert [kind for _, kind, _ in found if kind != "unix"] == ["tcp"] * ports, found
    paths = [at for _, kind, at in found if kind == "unix"]
    assert len(paths) >= 3 * kernels and not [at for at in paths if not at.startswith("/")], found
    assert all(map(closed_to_others, paths))
    if os.getuid() == 0:
        assert set(knock(paths)) == {errno.errorcode[errno.EACCES]}
    for at in (at for _, kind, at in found if kind == "tcp"):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{at}/", timeout=HANG_S)

    for path in paths:
        chatter(path)
    (waiting.root / "go").touch()
    said = waiting.root.parent / "said"
    if name == "preview":
        assert until(lambda: "mini: " in said.read_text()), said.read_text()
    elif name == "job":
        assert until(lambda: [*waiting.reports.glob("mini/*/manifest.json")]), said.read_text()
    else:
        assert program.wait(HANG_S) == 0, said.read_text()
    warned = [line for line in said.read_text().splitlines() if "warn" in line and "afresh" not in line]
    assert not warned and "stranger" not in said.read_text() and "failed" not in said.read_text()
    if name != "preview":
        again = subprocess.run([sys.executable, *RENDER, "--again"], cwd=waiting.root, capture_output=True, text=True)
        assert "came out the same, byte for byte" in again.stderr
    assert until(lambda: name in ("job", "preview") or not alive(pids))
