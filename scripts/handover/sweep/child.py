"""One long-lived process that computes, one call at a time: both its ends.

A render wants a process of its own: the main thread, for its signals and event loops, and a warm zygote for its
kernels. It runs in a session of its own, so that Ctrl-C reaches only who started it, and it ends, with its kernel
and all their files, when the connection does.
"""

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from queue import SimpleQueue
from typing import Any, NoReturn

from handover.errors import HandoverError, SweepError

#: A call that loses its process is made once more in another.
ATTEMPTS = 2

#: How many objects come to be between two collections, and collections between two of the next generations.
THRESHOLDS = 20_000, 20, 20

#: How long a process may take to end its kernel and itself; it is killed then, and guards clean up behind it.
END_S = 8.0


class LostError(SweepError):
    """The process ended in the middle of a call."""


class Child:
    """The near end: start it, call it, end it. Calls come from one thread at a time; `end` may come from any."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        self._ended = False
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function there and return what it returns, or raise what it raises.

        Raises:
            LostError: The process is gone, and so is the call.
        """
        try:
            self._connection.send_bytes(pickle.dumps((function, arguments)))
            failed, answer = pickle.loads(self._connection.recv_bytes())
        except (OSError, EOFError):
            self.end()
            code = self._process.returncode
            raise LostError(f"a worker process ended in the middle of its work (status {code})") from None
        if failed:
            raise answer
        return answer

    def leave(self) -> None:
        """Ask it to end, whatever it is at; SIGTERM unwinds a render."""
        with suppress(OSError):
            self._process.terminate()

    def end(self) -> None:
        """End it, whatever it is at, and return when it is gone."""
        self.leave()
        with self._lock:
            if not self._ended:
                self._ended = True
                try:
                    self._process.wait(END_S)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
                self._connection.close()


class Crew:
    """Processes that calls from any thread borrow; there come to be as many as there are calls at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._all: list[Child] = []
        self._ended = False

    @property
    def pids(self) -> list[int]:
        """The processes there are."""
        with self._lock:
            return [child.pid for child in self._all]

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in one of them; if that dies of it, once more in another.

        Raises:
            LostError: Both died, or the crew was ended.
        """
        for attempt in range(1, ATTEMPTS + 1):
            child = self._borrow()
            try:
                answer = child.call(function, *arguments)
            except LostError as error:
                with self._lock:
                    self._all.remove(child)
                if self._ended:
                    raise
                if attempt == ATTEMPTS:
                    raise LostError(f"{error}, {attempt} times.\nIs there enough memory?") from None
            except BaseException:
                self._give_back(child)
                raise
            else:
                self._give_back(child)
                return answer
        raise AssertionError

    def end(self) -> None:
        """End all, whatever they are at; returns when they are gone."""
        with self._lock:
            self._ended = True
            children = list(self._all)
        for child in children:
            child.leave()
        for child in children:
            child.end()

    def _borrow(self) -> Child:
        with self._lock:
            if self._ended:
                raise LostError("the worker processes have been ended")
            if self._idle:
                return self._idle.pop()
            child = Child()
            self._all.append(child)
            return child

    def _give_back(self, child: Child) -> None:
        with self._lock:
            self._idle.append(child)


def main(descriptor: int) -> None:
    """The far end: answer calls in this, the main thread, until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    calls: SimpleQueue[bytes] = SimpleQueue()
    with Connection(descriptor) as connection:
        threading.Thread(target=_listen, args=(connection, calls), daemon=True).start()
        connection.send_bytes(_answer(calls.get()))
        # what the first call imported and cached stays for good; looking through it again and again costs a tenth
        gc.collect()
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
        while True:
            connection.send_bytes(_answer(calls.get()))
            gc.collect()  # between calls, rather than in them: what one leaves must not add up


def _listen(connection: Connection, calls: "SimpleQueue[bytes]") -> None:
    """Hear calls while one is at work, so that the end of the connection is heard as well."""
    with suppress(OSError, EOFError):
        while True:
            calls.put(connection.recv_bytes())
    os.kill(os.getpid(), signal.SIGTERM)


def _answer(call: bytes) -> bytes:
    try:
        function, arguments = pickle.loads(call)
        return pickle.dumps((False, function(*arguments)))
    except HandoverError as error:
        return pickle.dumps((True, error))
    except Exception as error:
        # it may be of a kind that does not survive the journey
        import traceback

        said = "".join(traceback.format_exception(error))
        return pickle.dumps((True, SweepError(f"This is a bug in handover: {type(error).__name__}: {error}\n{said}")))


def _leave(number: int, frame: Any) -> NoReturn:
    # a second one must not cut short what the first has begun to clean up
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    main(int(sys.argv[1]))
