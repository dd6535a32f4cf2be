"""The process between a run and its kernel, which ensures that nothing the kernel started outlives the run.

It is started by path, without site or package, in some ten milliseconds, so it imports the standard library alone.

    run ──socket──► subreaper ──► kernel ──► what the cells start

The socket carries requests, one byte each: the number of a signal for the kernel's process group, or `END`, which
kills everything. So does the end of the socket, since the run may have been killed, and so does the end of the
subreaper's parent, in case a fork of the run keeps the socket open. The subreaper only ever sleeps, so that it is there
at once when it is needed, however busy the machine. It answers once, with the kernel's wait status, when nothing is
left. On Linux, a descendant that leaves its session or loses its parent becomes a child of the subreaper.
"""

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import NoReturn

END = 0

#: prctl(2)
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

#: How long killed processes may take to end; one that hangs in a system call is given up then.
PATIENCE_S = 5.0

#: How often to look whether the parent has ended where the system does not tell.
LOOK_S = 1.0


def supervise(channel: socket.socket, start: Callable[[], None], scratch: str = "") -> NoReturn:
    """Run the kernel in a child of this process, and exit when it and all it started are gone.

    Args:
        channel: The subreaper's end of the socket.
        start: Becomes the kernel; called in the child, in a session of its own, and must not return.
        scratch: A folder to remove if the run's process died, with whatever else it left beside that.
    """
    parent = os.getppid()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    channel.set_inheritable(False)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    # not SIG_IGN, which programs that the kernel starts would inherit
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    # this wakes the loop below when the parent ends, or only a thread of it, which is of no consequence
    end_with_parent(signal.SIGHUP)
    subreaper = os.getpid()
    kernel = os.fork()
    if kernel == 0:
        _become_kernel(channel, (wake, woken), subreaper, start)
    status, orphaned = _wait_for_end(channel, wake, kernel, parent)
    status = _kill_all(kernel, status)
    with contextlib.suppress(OSError):
        channel.send(str(status).encode())
    if orphaned and scratch:
        _tidy(scratch)
    os._exit(0)


def _tidy(folder: str) -> None:
    # the package is not on the path of a process that is started by path; all is over, so it may be now
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120
    from pathlib import Path

    from handover import scratch

    scratch.remove(Path(folder))
    scratch.sweep(Path(folder).parent)


def _become_kernel(
    channel: socket.socket, pipe: tuple[int, int], subreaper: int, start: Callable[[], None]
) -> NoReturn:
    try:
        os.setsid()
        end_with_parent()
        if os.getppid() != subreaper:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        channel.close()
        for end in pipe:
            os.close(end)
        start()
    except BaseException as error:  # this process must never go on as a second subreaper
        os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="replace"))
    os._exit(127)


def _wait_for_end(channel: socket.socket, wake: int, kernel: int, parent: int) -> tuple[int | None, bool]:
    """Pass signals on until the kernel ends or must end; return its status, and whether the run's process is gone."""
    while True:
        ready, _, _ = select.select([channel, wake], [], [], LOOK_S)
        if os.getppid() != parent:
            return None, True
        if wake in ready:
            os.read(wake, 4096)
            status = _reap(kernel)
            if status is not None:
                return status, False
        if channel in ready:
            try:
                request = channel.recv(1)
            except OSError:
                request = b""
            if not request or request[0] == END:
                return None, not request
            with contextlib.suppress(OSError):
                os.killpg(kernel, request[0])


def _reap(kernel: int) -> int | None:
    """Collect children that have ended; return the kernel's status if it is among them."""
    status = None
    while True:
        try:
            pid, found = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == kernel:
            status = found


def _kill_all(kernel: int, status: int | None) -> int:
    """Kill children until there are none; each generation that dies hands its own children up to this process."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        for pid in _children(kernel):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            pid, found = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == kernel:
            status = found
        if pid == 0:
            time.sleep(0.002)
    return -1 if status is None else status


def _children(kernel: int) -> list[int]:
    """List the children of this process; where the system cannot, kill the kernel's group and return the kernel."""
    try:
        with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as listed:  # noqa: PTH123
            return [int(pid) for pid in listed.read().split()]
    except OSError:
        with contextlib.suppress(OSError):
            os.killpg(kernel, signal.SIGKILL)
        return [kernel]


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """Have the system send this process a signal when its parent ends, on Linux."""
    _prctl(PR_SET_PDEATHSIG, number)


def _prctl(option: int, argument: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


if __name__ == "__main__":
    _, descriptor, folder, *command = sys.argv
    supervise(socket.socket(fileno=int(descriptor)), lambda: os.execvp(command[0], command), folder)
