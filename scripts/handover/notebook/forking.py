"""Our end of `handover.notebook.zygote`: one process that forks kernels, started early and ended with its starter.

Importing this imports no tool of Jupyter's, so that the zygote can be on its way before they are imported here.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

from handover import scratch
from handover.errors import HandoverError
from handover.notebook import guard, zygote
from handover.notebook.environment import kernel_environment, make_scratch
from handover.notebook.processes import Guarded

#: How long the zygote may take to import everything.
READY_S = 60.0

#: How long a fork may take.
FORK_S = 10.0

#: Names of kernels that mean the interpreter of the press, whatever a user has installed under them.
NATIVE = ("python3", "python")


class ColdError(HandoverError):
    """No kernel can be forked; the text says why."""


class Zygote:
    """A process that forks kernels; see `handover.notebook.zygote`. Starting it does not wait for it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._scratch = make_scratch()
        self._ready = False
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        log = self._scratch / "zygote.log"
        with theirs, log.open("ab") as written:
            self._process = subprocess.Popen(
                [sys.executable, zygote.__file__, str(theirs.fileno()), str(self._scratch)],
                env=kernel_environment(0, self._scratch),
                cwd=self._scratch,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )

    def ready(self) -> bool:
        """Whether it can fork.

        Raises:
            ColdError: It ended.
        """
        with self._lock:
            if not self._ready:
                self._socket.setblocking(False)
                try:
                    self._ready = bool(self._answer())
                except BlockingIOError:
                    return False
                finally:
                    self._socket.settimeout(FORK_S)
            return self._ready

    def fork(
        self, arguments: Sequence[str], *, env: dict[str, str], cwd: str, log: Path, scratch: Path | str
    ) -> Guarded:
        """Fork a kernel.

        Raises:
            ColdError: It cannot.
        """
        order = {"arguments": list(arguments), "env": env, "cwd": cwd, "scratch": str(scratch)}
        ours, theirs = socket.socketpair()
        with ExitStack() as on_failure, theirs, log.open("ab") as written, self._lock:
            on_failure.push(partial(_give_up, ours))
            message = json.dumps(order).encode()
            socket.send_fds(self._socket, [message], [theirs.fileno(), written.fileno()])
            answer = self._answer()
            if not answer["pid"]:
                raise ColdError(answer["reason"])
            on_failure.pop_all()
        return Guarded(ours, answer["pid"])

    def end(self) -> None:
        """End it, and with it whatever it forked."""
        if self.owner == os.getpid():
            with suppress(OSError):  # an end to the talk, even where a fork of the press holds the socket as well
                self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self.owner == os.getpid():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            self._process.kill()
            self._process.wait()
            scratch.remove(self._scratch)

    def _answer(self) -> dict[str, Any]:
        text = self._socket.recv(zygote.MESSAGE_MAX)
        if not text:
            raise ColdError("the process that kernels are forked from ended")
        return json.loads(text) or {"ready": True}


def _give_up(channel: socket.socket, kind: type[BaseException] | None, *_: object) -> None:
    """Have a guard that may or may not be there end; if nobody is to try again, it removes the folder of the run."""
    with channel, suppress(OSError):
        if kind is not None and issubclass(kind, Exception):
            channel.send(bytes([guard.END]))


_zygote: Zygote | None = None


def prepare() -> bool:
    """Begin to import what kernels need, without waiting for it; return whether kernels can be forked at all.

    Worth calling as soon as it is likely that a notebook will run: the press can import its own tools meanwhile.
    """
    global _zygote
    # elsewhere than on Linux, libraries are known to break in a fork that runs no new program
    if sys.platform != "linux":
        return False
    if _zygote is None or _zygote.owner != os.getpid():
        _zygote = Zygote()
        atexit.register(_zygote.end)
    return True


def discard() -> None:
    """End the process that kernels are forked from; the next kernel will start another."""
    global _zygote
    if _zygote is not None:
        atexit.unregister(_zygote.end)
        _zygote.end()
        _zygote = None


async def fork(
    command: Sequence[str], *, env: dict[str, str], cwd: str, log: Path, scratch: Path | str = ""
) -> Guarded:
    """Fork the kernel that a command would start.

    Raises:
        ColdError: It must be started as usual; the text says why.
    """
    arguments = _arguments(command)
    for attempt in (1, 2):
        if not prepare():
            raise ColdError("kernels cannot be forked here")
        try:
            await _ready(_zygote)
            return _zygote.fork(arguments, env=env, cwd=cwd, log=log, scratch=scratch)
        except (ColdError, OSError) as error:
            # a module that was edited needs imports afresh, and so does a process that is gone
            discard()
            if attempt == 2:
                raise ColdError(str(error)) from error
    raise AssertionError


async def _ready(process: Zygote) -> None:
    import asyncio  # who waits for a kernel has it; who only starts the zygote need not wait for this

    give_up = time.monotonic() + READY_S
    while not process.ready():
        if time.monotonic() > give_up:
            raise ColdError(f"imports took longer than {READY_S:g} seconds")
        await asyncio.sleep(0.005)


def _arguments(command: Sequence[str]) -> list[str]:
    """What follows the module in a command that starts a kernel of this interpreter."""
    python, *rest = command
    if rest[:1] == ["-Xfrozen_modules=off"]:
        rest = rest[1:]
    if Path(python).absolute() != Path(sys.executable).absolute() or rest[:2] != ["-m", "ipykernel_launcher"]:
        raise ColdError("the kernel is not of the press's own interpreter")
    return rest[2:]
