"""Processes that end with the run that started them: the client of `handover.notebook.subreaper`."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from handover.notebook import subreaper

#: How long ending everything may take; the subreaper itself gives up a little sooner.
END_S = subreaper.PATIENCE_S + 2.0

ANSWER_MAX = 1024


class Supervised:
    """A process under a subreaper, with the methods of `subprocess.Popen` that jupyter_client uses.

    Args:
        channel: This end of the socket to the subreaper.
        pid: The subreaper's process id.
        popen: The subreaper as a child of this process; None where another process is its parent.

    Attributes:
        unshut: Once it has ended, why it had the network though it was to have none; "" if it had none, or might.
    """

    stdin = stdout = stderr = None

    def __init__(self, channel: socket.socket, pid: int, popen: subprocess.Popen[bytes] | None = None) -> None:
        channel.setblocking(False)
        self.pid = pid
        self.returncode: int | None = None
        self.unshut = ""
        self._channel = channel
        self._popen = popen

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, once the process and all it started are gone; None before."""
        if self.returncode is None:
            try:
                answer = self._channel.recv(ANSWER_MAX)
            except BlockingIOError:
                return None
            except OSError:
                answer = b""
            # without an answer, the subreaper was killed, and the kernel with it
            status, _, self.unshut = answer.decode().partition(" ")
            self.returncode = os.waitstatus_to_exitcode(int(status)) if status.isdigit() else -signal.SIGKILL
            self._channel.close()
            if self._popen is not None:
                with suppress(subprocess.TimeoutExpired):
                    self._popen.wait(END_S)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process and all it started are gone.

        Raises:
            subprocess.TimeoutExpired: It took longer than `timeout` seconds.
        """
        give_up = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if give_up is not None and time.monotonic() > give_up:
                raise subprocess.TimeoutExpired("supervised process", timeout)
            time.sleep(0.002)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal to the process and its group."""
        self._request(number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self._request(signal.SIGTERM)

    def kill(self) -> None:
        """End the process and all it started, in whatever session they are."""
        self._request(subreaper.END)

    def end(self) -> None:
        """End the process and all it started; return when they are gone."""
        self.kill()
        with suppress(subprocess.TimeoutExpired):
            self.wait(END_S)

    def _request(self, number: int) -> None:
        if self.returncode is None:
            with suppress(OSError):
                self._channel.send(bytes([number]))


def start(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | str,
    log: Path,
    scratch: Path | None = None,
    network: bool = True,
) -> Supervised:
    """Start a command under a subreaper.

    Args:
        command: Program and arguments.
        env: The whole environment.
        cwd: The working directory.
        log: Receives stdout and stderr.
        scratch: A folder that the subreaper removes if this process is killed.
        network: Whether the process, and what it starts, may use the network.
    """
    words = [str(scratch or ""), "network" if network else "", *command]
    return start_subreaper(["-I", "-S", subreaper.__file__], words, env=env, cwd=cwd, log=log)


def start_subreaper(
    program: Sequence[str],
    words: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | str,
    log: Path,
    inherited: Sequence[int] = (),
) -> Supervised:
    """Start a program of Python that becomes a subreaper: its first word is its end of the socket.

    `program` is what Python runs, with Python's own options, and `inherited` further descriptors that it inherits.
    """
    ours, theirs = socket.socketpair()
    with ExitStack() as on_failure, theirs, log.open("ab") as written:
        on_failure.callback(ours.close)
        popen: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, *program, str(theirs.fileno()), *words],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            pass_fds=(theirs.fileno(), *inherited),
            start_new_session=True,
        )
        on_failure.pop_all()
    return Supervised(ours, popen.pid, popen)


def describe_exit(code: int) -> str:
    """Describe how a process ended, given its exit code."""
    if code >= 0:
        return f"it ended by itself, with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    hint = "; the system does that when memory runs out" if -code == signal.SIGKILL else ""
    return f"it was killed by signal {-code}, {name}{hint}"
