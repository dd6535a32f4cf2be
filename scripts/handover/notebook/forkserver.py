"""A process that imports what notebooks import, once, and forks kernels; and the client that asks for them.

    client ──socket──► libraries ──fork──► server ──fork──► subreaper ──fork──► kernel

Run as a script, this module is the process. It stays single-threaded and never runs a cell, and a subreaper ends it
with its client, also in the middle of an import. A fork of it, the server, imports our own packages, which are edited
more often: when they change, another server takes over in hundredths of a second, where importing the libraries again
would take seconds. Each kernel is a fork of the server under its own subreaper, so nothing of one run is left in the
next.

The client imports no Jupyter tool, so that the process starts before they are imported here.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if __name__ == "__main__":
    # modules in this file's folder would hide those of the standard library that have the same name
    del sys.path[0]

from handover import imports, scratch
from handover.errors import HandoverError
from handover.notebook import subreaper
from handover.notebook.environment import kernel_environment, make_scratch
from handover.notebook.processes import Supervised, start_subreaper

if TYPE_CHECKING:
    from handover.digest import Stamps

#: How long the response to a request may take; the first one waits for all imports.
ANSWER_S = 60.0

#: How many times to ask: our packages may have changed, or the process may be gone.
ATTEMPTS = 2

MESSAGE_MAX = 1 << 17

#: The program of a kernel that is started afresh.
KERNEL = Path(__file__).with_name("kernel.py")

#: Kernel names that mean the interpreter we run in, whatever is installed under them.
NATIVE = ("python3", "python")

#: Imported before any kernel is forked, if installed.
LIBRARIES = (
    "faulthandler",
    "pdb",
    "sqlite3",
    "tornado.platform.asyncio",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics.namespace",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib_inline.backend_inline",
    "pandas",
    "pandas.io.formats.html",
    "pandas.io.formats.string",
    "zmq.utils.garbage",
)

#: Imported when the first kernel has ended, since only some notebooks use these, and none of ours.
LATER = (
    "matplotlib.pyplot",
    "pandas.io.formats.style",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
)

#: Our own modules, and packages with all of theirs; and the package whose ``preload`` does what only a first use does,
#: and whose ``prepare`` does what many notebooks of a folder would each do.
PACKAGES = ("handover.notebook.kernel", "handover.story")
PRELOADED = "handover.story.charts"

#: Connects itself to the shell that exists on import, so each kernel must import it again.
RENEWED = "matplotlib_inline.backend_inline"

#: The exit status of a server that found our packages changed.
STALE = 75


class NotForkedError(HandoverError):
    """No kernel can be forked."""


@dataclass(frozen=True, slots=True)
class Request:
    """A kernel to fork; two open files go with it, the kernel's end of a socket and its log.

    `arguments` are those of ``python -m ipykernel_launcher``, `env` is the whole environment, `scratch` a folder that
    the subreaper removes if its client is killed, and `network` says whether the kernel may use the network.
    """

    arguments: list[str]
    env: dict[str, str]
    cwd: str
    scratch: str = ""
    network: bool = True


# the client


class ForkServer:
    """A process that forks kernels. Starting it does not wait for it."""

    _asked = False

    def __init__(self) -> None:
        self._scratch = make_scratch()
        self._socket, requests = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with requests:
            self.process = start_subreaper(
                [__file__],
                [str(requests.fileno()), str(self._scratch)],
                env=kernel_environment(0, self._scratch),
                cwd=self._scratch,
                log=self._scratch / "forkserver.log",
                inherited=[requests.fileno()],
            )

    async def fork(self, request: Request, log: Path) -> Supervised:
        """Fork a kernel that writes to a log.

        Raises:
            NotForkedError: The process cannot fork it.
            OSError: The process is gone.
        """
        self._asked = True
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            with theirs, log.open("ab") as written:
                message = json.dumps(asdict(request)).encode()
                socket.send_fds(self._socket, [message], [theirs.fileno(), written.fileno()])
            answer = await _answer(ours)
        except BaseException as error:
            with ours, contextlib.suppress(OSError):
                # a kernel that was forked ends with the socket; its run's folder stays if there may be another try
                if isinstance(error, Exception):
                    ours.send(bytes([subreaper.END]))
            raise
        if answer.isdigit():
            return Supervised(ours, int(answer))
        ours.close()
        raise NotForkedError(answer)

    def dismiss(self) -> None:
        """Have the process, and all kernels that it forked, end soon."""
        self._socket.close()
        if self._asked:
            self.process.kill()
        elif self.process.returncode is None:  # at its first imports it heeds nothing else, and has nothing to end
            os.kill(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        """End the process and all kernels that it forked."""
        self.dismiss()
        self.process.end()
        scratch.remove(self._scratch)


async def _answer(channel: socket.socket) -> str:
    """Return the process id of a kernel's subreaper, or the reason why there is none."""
    import asyncio  # a caller that only starts the process need not wait for this import

    try:
        async with asyncio.timeout(ANSWER_S):
            answer = await asyncio.get_running_loop().sock_recv(channel, MESSAGE_MAX)
    except TimeoutError:
        raise NotForkedError(f"imports took longer than {ANSWER_S:g} seconds") from None
    return answer.decode() or "the process that kernels are forked from ended"


_forkserver: ForkServer | None = None


def prepare() -> bool:
    """Begin to import what kernels need, without waiting; return whether kernels can be forked on this system.

    Call it as soon as it is likely that a notebook will run: Jupyter's tools can be imported here meanwhile.
    """
    global _forkserver
    # except on Linux, libraries are known to break in a fork without exec
    if sys.platform != "linux":
        return False
    _forkserver = _forkserver or ForkServer()
    return True


def dismiss() -> None:
    """Have the process end soon; call it once no notebook is left to run, and it need not be waited for at the end."""
    if _forkserver is not None:
        _forkserver.dismiss()


@atexit.register
def discard() -> None:
    """End the process that forks kernels; the next kernel starts another."""
    if _forkserver is not None:
        _forkserver.end()
        _forget()


def _forget() -> None:
    """Leave the process to the parent of a fork, whose it is."""
    global _forkserver
    _forkserver = None


os.register_at_fork(after_in_child=_forget)


async def fork(command: Sequence[str], log: Path, **wanted: Any) -> Supervised:
    """Fork the kernel that a command would start; `wanted` is the rest of its `Request`.

    Raises:
        NotForkedError: It must be started as usual.
    """
    request = Request(_arguments(command), **wanted)
    reason = ""
    for _ in range(ATTEMPTS):
        if not prepare():
            raise NotForkedError("kernels cannot be forked here")
        try:
            return await _forkserver.fork(request, log)
        except (NotForkedError, OSError) as error:
            # a library has changed or the process is gone: import everything again
            discard()
            reason = str(error)
    raise NotForkedError(reason)


def _arguments(command: Sequence[str]) -> list[str]:
    """Return what follows the module in a command that starts a kernel of this interpreter."""
    python, *rest = command
    if rest[:1] == ["-Xfrozen_modules=off"]:
        rest = rest[1:]
    for launch in (["-m", "ipykernel_launcher"], [str(KERNEL)]):
        if Path(python).absolute() == Path(sys.executable).absolute() and rest[: len(launch)] == launch:
            return rest[len(launch) :]
    raise NotForkedError("the kernel is of another interpreter")


# the process itself


def serve(client: socket.socket) -> NoReturn:
    """Import the libraries, and keep a server running until the client goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    given = set(os.environ)
    libraries = import_libraries()
    status = None
    while status in (None, STALE):
        server = os.fork()
        if server == 0:
            try:
                _answer_requests(client, given, libraries, edited=status == STALE)
            finally:
                os._exit(1)
        status = os.waitstatus_to_exitcode(os.waitpid(server, 0)[1])
    os._exit(0)


def _answer_requests(client: socket.socket, given: set[str], libraries: "Stamps", *, edited: bool) -> NoReturn:
    """Import our packages, and fork kernels until the packages change or the client goes away.

    A request that finds them changed is left to the next server, for which they were `edited` just now.
    """
    subreaper.end_with_parent()
    packages = import_packages()
    _call("handover.notebook.kernel", "prepare")
    later, prepared = None, False
    # variables that modules set on import belong in the kernel's environment too
    imported = {name: value for name, value in os.environ.items() if name not in given}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a subreaper's exit status is not needed
    while client.recv(1, socket.MSG_PEEK):
        if not edited and packages.changed():
            os._exit(STALE)
        edited = False
        text, descriptors, _, _ = socket.recv_fds(client, MESSAGE_MAX, 2)
        request = Request(**json.loads(text))
        request.env.update(imported | request.env)
        channel, log = socket.socket(fileno=descriptors[0]), descriptors[1]
        reason = libraries.changed() or (later.changed() if later else "") or _threads()
        if reason:
            _send(channel, reason)
        kernel = 0 if reason else _fork_kernel(request, channel, log, client)
        channel.close()
        os.close(log)
        if kernel and not prepared:
            _await_end(kernel, client)
            if later is None:
                later = import_later()
            else:  # many editions are made of these notebooks: what each would do is done for all
                _call(PRELOADED, "prepare", Path(request.cwd))
                prepared = True
    os._exit(0)


def _await_end(kernel: int, client: socket.socket) -> None:
    """Wait until a kernel's subreaper has ended, or the client wants something: a kernel needs the core more."""
    with contextlib.suppress(OSError):
        ended = os.pidfd_open(kernel)
        select.select([ended, client], [], [])
        os.close(ended)


def _send(channel: socket.socket, answer: str) -> None:
    with contextlib.suppress(OSError):  # the client may have given up
        channel.send(answer.encode())


def _threads() -> str:
    """Return a reason not to fork if this process has threads, which a fork would lose."""
    with contextlib.suppress(OSError):
        if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
            return "threads"
    return ""


def _fork_kernel(request: Request, channel: socket.socket, log: int, client: socket.socket) -> int:
    """Fork the subreaper of a kernel, which sends the response itself, before anything else; return its process id."""
    if pid := os.fork():
        return pid
    try:
        os.setsid()
        client.close()
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        _send(channel, str(os.getpid()))
        subreaper.supervise(channel, lambda: _run_kernel(request), request.scratch, request.network)
    finally:
        os._exit(1)


def _run_kernel(request: Request) -> NoReturn:
    """Become the kernel that `python -m ipykernel_launcher` would start."""
    gc.enable()
    os.environ.clear()
    os.environ.update(request.env)
    time.tzset()
    os.chdir(request.cwd)
    tempfile.tempdir = None
    atexit._clear()
    if "numpy" in sys.modules:
        # after a fork Python reseeds its own generator; numpy does not
        sys.modules["numpy"].random.seed()
    from handover.notebook import kernel

    kernel.run(request.arguments, of_a_run=bool(request.scratch))
    atexit._run_exitfuncs()
    os._exit(0)


def import_libraries() -> "Stamps":
    """Import the libraries; return the stamps of their files."""
    started = time.time_ns()
    # collecting while importing costs a tenth; in a kernel it would touch, and so copy, every page of this process
    gc.disable()
    with contextlib.suppress(Exception):
        if os.environ["MPL_IGNORE_SYSTEM_FONTS"]:  # else its list would hold those of the system too
            imports.matplotlib()
    stamps = _import(LIBRARIES, started)
    package, _, module = RENEWED.rpartition(".")
    if sys.modules.pop(RENEWED, None):
        delattr(sys.modules[package], module)
    return stamps


def import_packages() -> "Stamps":
    """Import our packages; return the stamps of the files that came with them."""

    def found() -> Iterator[str]:
        yield from PACKAGES
        for name in PACKAGES:
            path = getattr(sys.modules.get(name), "__path__", ())
            yield from (one.name for one in pkgutil.walk_packages(path, name + "."))

    return _import(found())


def import_later() -> "Stamps":
    """Import `LATER` and preload our packages; return the stamps of the imported libraries' files."""
    stamps = _import(LATER)
    _call(PRELOADED, "preload")
    return stamps


def _import(names: Iterable[str], started: int = 0) -> "Stamps":
    """Import modules, those that there are; return the stamps of the files that came, or of all if it has `started`."""
    from handover.digest import Stamps, imported_files  # the client needs neither

    known = set() if started else imported_files()
    started = started or time.time_ns()
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.freeze()
    return Stamps(imported_files() - known, started)


def _call(module: str, name: str, *given: Path) -> None:
    """Call what does beforehand what each kernel would; kernels can do without."""
    with contextlib.suppress(Exception):
        getattr(sys.modules[module], name)(*given)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    channel, requests = (socket.socket(fileno=int(descriptor)) for descriptor in sys.argv[1:3])
    subreaper.supervise(channel, lambda: serve(requests), sys.argv[3])
