"""The process between a run and its kernel, which ensures that nothing the kernel started outlives the run.

It is started by path, without site or package, in some ten milliseconds, so it imports the standard library alone.

    run ──socket──► subreaper ──► kernel ──► what the cells start

The socket carries requests, one byte each: the number of a signal for the kernel's process group, or `END`, which
kills everything. So does the end of the socket, since the run may have been killed, and so does the end of the
subreaper's parent, in case a fork of the run keeps the socket open. The subreaper only ever sleeps, so that it is there
at once when it is needed, however busy the machine. It answers once, when nothing is left: the kernel's wait status
and, after a space, why the kernel had the network though it was to have none. On Linux, a descendant that leaves its
session or loses its parent becomes a child of the subreaper.
"""

import contextlib
import ctypes
import errno
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NoReturn

END = 0

#: prctl(2)
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2

#: By machine: its AUDIT_ARCH, and the number of socket(2). That of io_uring_setup(2), which opens sockets too, is the
#: same everywhere.
MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
IO_URING_SETUP = 425

#: How long killed processes may take to end; one that hangs in a system call is given up then.
PATIENCE_S = 5.0

#: How often to look whether the parent has ended where the system does not tell.
LOOK_S = 1.0


def supervise(channel: socket.socket, start: Callable[[], None], scratch: str = "", network: bool = True) -> NoReturn:
    """Run the kernel in a child of this process, and exit when it and all it started are gone.

    Args:
        channel: The subreaper's end of the socket.
        start: Becomes the kernel; called in the child, in a session of its own, and must not return.
        scratch: A folder to remove if the run's process died, with whatever else it left beside that.
        network: Whether the kernel, and what it starts, may use the network.
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
    unshut = "" if network else shut_network()
    kernel = os.fork()
    if kernel == 0:
        _become_kernel(channel, (wake, woken), subreaper, start)
    status, orphaned = _wait_for_end(channel, wake, kernel, parent)
    status = _kill_all(kernel, status)
    with contextlib.suppress(OSError):
        channel.send(f"{status} {unshut}".encode())
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


def shut_network() -> str:
    """Have the system refuse sockets to this process, and to all that it starts, except Unix ones.

    There is no way back, and no privilege is needed: seccomp(2) does not ask for one, as a namespace would. It is no
    jail: a service of the same user that listens on a Unix socket can still be asked.

    Returns:
        Why the system does not, or an empty string.
    """
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in MACHINES or sys.maxsize < 2**32:
        return f"{sys.platform} on {machine} cannot refuse it"
    steps = _filter(*MACHINES[machine])
    program = ctypes.create_string_buffer(b"".join(steps))
    about = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(program)))
    if _prctl(PR_SET_NO_NEW_PRIVS, 1) or _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(about)):
        return f"the system takes no filter: {os.strerror(ctypes.get_errno())}"
    return ""


def _filter(machine: int, number: int) -> list[bytes]:
    """Return the program, in classic BPF, that decides on each system call: each step with two jumps and a value."""
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050000, 0x80000000
    steps = (
        (load, 0, 0, 4),  # the machine whose calls these are: those of another have other numbers
        (equal, 1, 0, machine),
        (give, 0, 0, kill),
        (load, 0, 0, 0),  # the call's number; from 2^30 on, x86_64 has a second set
        (at_least, 5, 0, 1 << 30),
        (equal, 4, 0, IO_URING_SETUP),
        (equal, 0, 2, number),
        (load, 0, 0, 16),  # the first argument, a socket's family
        (equal, 0, 2, socket.AF_UNIX),
        (give, 0, 0, allow),
        (give, 0, 0, refuse | errno.EPERM),
        (give, 0, 0, refuse | errno.ENETUNREACH),
    )
    return [struct.pack("HBBI", *step) for step in steps]


def _prctl(option: int, *arguments: int) -> int:
    if sys.platform != "linux":
        return 0
    given = (*arguments, 0, 0, 0)[:4]
    return ctypes.CDLL(None, use_errno=True).prctl(option, *map(ctypes.c_ulong, given))


if __name__ == "__main__":
    _, descriptor, folder, network, *command = sys.argv
    kernel = partial(os.execvp, command[0], command)
    supervise(socket.socket(fileno=int(descriptor)), kernel, folder, network == "network")
