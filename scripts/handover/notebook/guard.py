"""The process between the press and a kernel, which sees to it that nothing the kernel started outlives the run.

Only what runs in that process belongs here. It is started by path, without site or package, so that it costs
some ten milliseconds; it imports nothing outside the standard library.

    press ──socket──► guard ──► kernel ──► whatever the cells start

The socket carries orders, one byte each: a signal's number goes to the kernel's process group, `END` kills
everything, and so does the end of the socket, which is what the press leaves behind when it is killed itself.
The guard answers once, with the kernel's wait status, when nothing is left. On Linux it is the *subreaper* of all
below it: a process that leaves its session or loses its parent becomes the guard's child, and is found.
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

#: How long killed processes may take to go; one that hangs in the kernel of the system is given up then.
PATIENCE_S = 5.0

#: How often the guard looks whether the press is still its parent, in case a fork of the press holds the socket open.
LOOK_S = 1.0


def watch(channel: socket.socket, start: Callable[[], None], scratch: str = "") -> NoReturn:
    """Run `start` in a child of this process, as the kernel, and stay until it and all it started are gone.

    Args:
        channel: The guard's end of the socket.
        start: Becomes the kernel; called in the child, in a session of its own, and must not return.
        scratch: A folder to remove when the press died, and cannot do so itself.
    """
    press = os.getppid()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    channel.set_inheritable(False)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    # handlers, not SIG_IGN: a program that the kernel starts would inherit ignored signals
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    guard = os.getpid()
    kernel = os.fork()
    if kernel == 0:
        _become(channel, (wake, woken), guard, start)
    status, alone = _attend(channel, wake, kernel, press)
    status = _kill_all(kernel, status)
    with contextlib.suppress(OSError):
        channel.send(str(status).encode())
    if alone and scratch:
        import shutil

        shutil.rmtree(scratch, ignore_errors=True)
    os._exit(0)


def _become(channel: socket.socket, pipe: tuple[int, int], guard: int, start: Callable[[], None]) -> NoReturn:
    """Turn this fresh child into the kernel."""
    try:
        os.setsid()
        end_with_parent()
        if os.getppid() != guard:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        channel.close()
        for end in pipe:
            os.close(end)
        start()
    except BaseException as error:  # whatever it is, this process must not go on as a second guard
        os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="replace"))
    os._exit(127)


def _attend(channel: socket.socket, wake: int, kernel: int, press: int) -> tuple[int | None, bool]:
    """Pass orders on until the kernel ends, or is to end; return its status, and whether the press is gone."""
    while True:
        ready, _, _ = select.select([channel, wake], [], [], LOOK_S)
        if os.getppid() != press:
            return None, True
        if wake in ready:
            os.read(wake, 4096)
            status = _reap(kernel)
            if status is not None:
                return status, False
        if channel in ready:
            try:
                order = channel.recv(1)
            except OSError:
                order = b""
            if not order or order[0] == END:
                return None, not order
            with contextlib.suppress(OSError):
                os.killpg(kernel, order[0])


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
    """The children of this process; where the system does not list them, the kernel alone."""
    try:
        with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as listed:  # noqa: PTH123
            return [int(pid) for pid in listed.read().split()]
    except OSError:
        with contextlib.suppress(OSError):
            os.killpg(kernel, signal.SIGKILL)
        return [kernel]


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """Have this process sent a signal when its parent ends."""
    _prctl(PR_SET_PDEATHSIG, number)


def _prctl(option: int, argument: int) -> None:
    """Set a property of this process, where the system knows it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def main(arguments: list[str]) -> NoReturn:
    """Guard a command: ``guard.py SOCKET SCRATCH COMMAND…``."""
    descriptor, scratch, *command = arguments

    def start() -> None:
        os.execvp(command[0], command)

    watch(socket.socket(fileno=int(descriptor)), start, scratch)


if __name__ == "__main__":
    main(sys.argv[1:])
