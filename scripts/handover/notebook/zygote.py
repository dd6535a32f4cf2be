"""The process that kernels are forked from, with what notebooks import imported already.

Only what runs in that process belongs here. It is started by path, hears the press over one socket, and ends with
it. It stays single-threaded and never runs a cell: each kernel is a fork of a fork, under a guard of its own
(`handover.notebook.guard`), so that nothing of one run is there in the next.

    press ──socket──► zygote ──fork──► guard ──fork──► kernel

Our own package, which is edited while its reports are looked at, is imported by a fork that does the serving: when
it has changed, another fork takes over in hundredths of a second, where all of the libraries would take seconds.
"""

import atexit
import contextlib
import gc
import importlib.util
import json
import os
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

from handover.notebook import guard, preload
from handover.stamps import Stamps

MESSAGE_MAX = 1 << 17

#: The status of a fork that served, and found its packages changed.
AGAIN = 75


def serve(press: socket.socket, scratch: str) -> NoReturn:
    """Fork kernels as the press asks for them, until it goes away; then remove the folder given."""
    parent = os.getppid()
    given = set(os.environ)
    libraries = preload.libraries()
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


def _serve(press: socket.socket, given: set[str], libraries: Stamps, first: bool) -> NoReturn:
    """Import our packages, and fork kernels until they change, or the press goes away."""
    parent = os.getppid()
    guard.end_with_parent()
    packages = preload.packages()
    # what modules put into the environment when they were imported, they would put into a kernel's as well
    imported = {name: value for name, value in os.environ.items() if name not in given}
    tried, later = first, None
    with contextlib.suppress(OSError):
        if first:
            press.send(b"{}")
        while os.getppid() == parent:
            _collect()
            if not select.select([press], [], [], guard.LOOK_S)[0]:
                continue
            changed, reason = packages.changed(), libraries.changed() or (later and later.changed()) or _threads()
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
            later = later or preload.later()
    os._exit(0)


def _ending(server: int, parent: int) -> int:
    """Wait until the fork that serves ends, and return its status; end it if the press is gone."""
    while True:
        ended, status = os.waitpid(server, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        signal.sigtimedwait({signal.SIGCHLD}, guard.LOOK_S)
        if os.getppid() != parent:
            os.kill(server, signal.SIGKILL)


def _threads() -> str:
    """Say whether there are threads, of which a fork would have none."""
    with contextlib.suppress(OSError):
        if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
            return "threads"
    return ""


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
