"""The process that kernels are forked from, with what notebooks import imported already.

Only what runs in that process belongs here. It is started by path, hears the press over one socket, and ends with
it. It stays single-threaded and never runs a cell: each kernel is a fork of a fork, under a guard of its own
(`handover.press.guard`), so that nothing of one run is there in the next.

    press ──socket──► zygote ──fork──► guard ──fork──► kernel

Our own package, which is edited while its reports are looked at, is imported by a fork that does the serving: when
it has changed, another fork takes over in hundredths of a second, where all of the libraries would take seconds.
"""

import atexit
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from typing import Any, NoReturn

if __name__ == "__main__":
    # the folder of this file holds modules named like some of Python's own
    del sys.path[0]

from handover.press import guard

#: Imported before any kernel is forked; what is not installed is left out.
MODULES = (
    "faulthandler",
    "pdb",
    "sqlite3",
    "tornado.platform.asyncio",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.magics.namespace",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "pandas",
    "pandas.io.formats.html",
    "pandas.io.formats.string",
    "pandas.io.formats.style",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
)

#: Packages to be imported with all their modules. One may offer ``warm.warm``: what its first use does once.
PACKAGES = ("handover.story",)

#: Connects itself to the shell that exists when it is imported, so that each kernel must import it anew.
RENEWED = "matplotlib_inline.backend_inline"

MESSAGE_MAX = 1 << 17

#: The status of a fork that served, and found its packages changed.
AGAIN = 75


def serve(press: socket.socket, scratch: str) -> NoReturn:
    """Fork kernels as the press asks for them, until it goes away; then remove the folder given."""
    parent = os.getppid()
    given = set(os.environ)
    libraries = _import_libraries()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    first = True
    while True:
        server = os.fork()
        if server == 0:
            try:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
                _serve(press, given, libraries, first)
            finally:
                os._exit(1)
        if _ending(server, parent) != AGAIN:
            break
        first = False
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(0)


def _serve(press: socket.socket, given: set[str], libraries: dict[str, tuple[int, int]], first: bool) -> NoReturn:
    """Import our packages, and fork kernels until they change, or the press goes away."""
    parent = os.getppid()
    guard.end_with_parent()
    packages = _import_packages(libraries)
    # what modules put into the environment when they were imported, they would put into a kernel's as well
    imported = {name: value for name, value in os.environ.items() if name not in given}
    tried, warmed = first, False
    with contextlib.suppress(OSError):
        if first:
            press.send(b"{}")
        while os.getppid() == parent:
            _collect()
            if not select.select([press], [], [], guard.LOOK_S)[0]:
                continue
            changed, reason = _changed(packages), _unfit(libraries)
            # the order is left to the one that takes over; if that finds a change as well, a clock is wrong
            if changed and tried and not reason and press.recv(1, socket.MSG_PEEK):
                os._exit(AGAIN)
            text, files, _, _ = socket.recv_fds(press, MESSAGE_MAX, 2)
            if not text:
                break
            tried, reason = True, reason or changed
            order = json.loads(text)
            order["env"] = imported | order["env"]
            pid = 0 if reason else _fork(order, files, press)
            for descriptor in files:
                os.close(descriptor)
            press.send(json.dumps({"pid": pid, "reason": reason}).encode())
            if not warmed:
                # not before the first kernel, which somebody waits for
                warmed = _warm()
    os._exit(0)


def _warm() -> bool:
    """Do what the first use of our packages does, so that no further kernel does it again."""
    for name in PACKAGES:
        with contextlib.suppress(Exception):
            sys.modules[f"{name}.warm"].warm()
    gc.collect()
    gc.freeze()
    return True


def _ending(server: int, parent: int) -> int:
    """Wait until the fork that serves ends, and return its status; end it if the press is gone."""
    while True:
        ended, status = os.waitpid(server, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        signal.sigtimedwait({signal.SIGCHLD}, guard.LOOK_S)
        if os.getppid() != parent:
            os.kill(server, signal.SIGKILL)


def _import_libraries() -> dict[str, tuple[int, int]]:
    """Import all that is not ours; return what the files of the modules looked like then."""
    started = time.time_ns()
    # collections while importing cost a tenth; in a kernel they would touch, and so copy, every page of ours
    gc.disable()
    for name in MODULES:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    package, _, module = RENEWED.rpartition(".")
    if sys.modules.pop(RENEWED, None):
        delattr(sys.modules[package], module)
    gc.freeze()
    return _known(_stamps(), started)


def _import_packages(libraries: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Import our packages; return what the files that came with them looked like."""
    started = time.time_ns()
    for name in PACKAGES:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
        for found in pkgutil.walk_packages(getattr(sys.modules.get(name), "__path__", ()), name + "."):
            with contextlib.suppress(Exception):
                importlib.import_module(found.name)
    gc.freeze()
    return {file: stamp for file, stamp in _known(_stamps(), started).items() if file not in libraries}


def _known(stamps: dict[str, tuple[int, int]], started: int) -> dict[str, tuple[int, int]]:
    # of a file written since the start it is not known which of two contents was imported: it counts as changed
    return {file: stamp if stamp[0] < started else (0, 0) for file, stamp in stamps.items()}


def _stamps() -> dict[str, tuple[int, int]]:
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    found = {}
    for file in files - {None}:
        with contextlib.suppress(OSError):
            about = os.stat(file)  # noqa: PTH116
            found[file] = (about.st_mtime_ns, about.st_size)
    return found


def _unfit(stamps: dict[str, tuple[int, int]]) -> str:
    """Say why no kernel must be forked: a module has changed since it was imported, or there are threads."""
    if changed := _changed(stamps):
        return changed
    with contextlib.suppress(OSError):
        if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
            return "threads"
    return ""


def _changed(stamps: dict[str, tuple[int, int]]) -> str:
    seen = _stamps()
    changed = [file for file, stamp in stamps.items() if seen.get(file) != stamp]
    return "changed: " + os.path.basename(changed[0]) if changed else ""  # noqa: PTH119


def _collect() -> None:
    """Collect guards that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _fork(order: dict[str, Any], files: list[int], press: socket.socket) -> int:
    """Fork the guard of a kernel; return its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        press.close()
        channel, log = files
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        guard.watch(socket.socket(fileno=channel), lambda: _kernel(order), order["scratch"])
    finally:
        os._exit(1)


def _kernel(order: dict[str, Any]) -> NoReturn:
    """Become a kernel as `python -m ipykernel_launcher` would make it."""
    gc.enable()
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    os.chdir(order["cwd"])
    tempfile.tempdir = None
    atexit._clear()
    if "numpy" in sys.modules:
        # Python seeds its own generator anew after a fork; numpy does not
        sys.modules["numpy"].random.seed()
    sys.argv = [importlib.util.find_spec("ipykernel_launcher").origin, *order["arguments"]]
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(sys.argv[1:])
    app.start()
    atexit._run_exitfuncs()
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
