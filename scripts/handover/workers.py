"""Worker processes: calls in a process of their own, and a pool of such processes.

    Worker ──call──► process        by pickle over one connection, one call at a time
           ◄─message─               any number of them while the call runs,
           ──go on, or cancel►      each with its reply
           ◄──returned, raised or cancelled

A render wants a process of its own: the main thread, for its signals and event loops, and a warm process to fork
kernels from. A worker runs in a session of its own, so that Ctrl-C reaches only the process that started it, and it
ends, with its kernels and all their files, when the connection does, even where its starter is killed.
"""

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from handover import pace
from handover.errors import HandoverError, WorkerError

#: A call of a pool that loses its process is made once more in another.
ATTEMPTS = 2
#: How long a process may take to end its kernels and itself; then it is killed, and subreapers clean up after it.
END_S = 8.0
#: The same for one whose starter is gone, which the system ends then, whatever it is doing.
ORPHAN_S = 1.5
#: How often `look` is called while a call is waited for.
LOOK_S = 0.05
#: Not ``-m``: the module would be there twice, under two names.
COMMAND = "import sys; from handover.workers import serve; serve(int(sys.argv[1]))"

MESSAGE, RETURNED, RAISED, CANCELLED = range(4)
GO_ON, CANCEL = b"go on", b"cancel"


class LostError(WorkerError):
    """The process ended in the middle of a call; `status` is its exit status, negative for a signal."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Cancelled(BaseException):
    """The call is given up. Not an `Exception`, so that no handler on the way takes it for a failure."""


class Worker(AbstractContextManager["Worker"]):
    """One worker process. Calls come from one thread at a time; `end` may come from any.

    Its working directory, `cwd`, and its whole environment, `env`, are ours if left out.
    """

    def __init__(self, *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", COMMAND, str(theirs.fileno())],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it can be called."""
        return self._process.poll() is None

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        tell: Callable[[Any], None] | None = None,
        look: Callable[[], None] | None = None,
    ) -> Any:
        """Call a function in the process, and return what it returns or raise what it raises.

        Args:
            function: Called in the main thread of the process; it is found there by its name.
            arguments: Passed by pickle.
            tell: Receives the messages of the call; `Cancelled`, if it raises that, ends the call. The function gets a
                keyword argument ``tell`` that sends one.
            look: Called many times a second while the call runs; what it raises ends the process and the call.

        Raises:
            LostError: The process ended, and the call with it.
            Cancelled: `tell` raised it.
            WorkerError: The function raised an error that is a bug.
        """
        connection = self._connection
        try:
            self._reach(connection.send_bytes, pickle.dumps((function, arguments, tell is not None)))
            while True:
                while look and not self._reach(connection.poll, LOOK_S):
                    look()
                kind, value = pickle.loads(self._reach(connection.recv_bytes))
                if kind != MESSAGE:
                    break
                reply = GO_ON
                try:
                    tell(value)
                except Cancelled:
                    reply = CANCEL
                self._reach(connection.send_bytes, reply)
        except LostError:
            raise
        except BaseException:
            self.end()
            raise
        if kind == CANCELLED:
            raise Cancelled
        if kind == RAISED:
            raise value
        return value

    def leave(self) -> None:
        """Ask the process to end, without waiting for it; SIGTERM unwinds the call under way."""
        self._process.terminate()

    def end(self, patience_s: float = END_S) -> int:
        """End the process, and return its status once it is gone; it is killed when patience ends."""
        self.leave()
        try:
            return self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _reach(self, ask: Callable[..., Any], *arguments: Any) -> Any:
        """Use the connection, which breaks when the process ends."""
        try:
            return ask(*arguments)
        except (OSError, EOFError):
            status = self.end()
            raise LostError(f"a worker process ended in the middle of its work (status {status})", status) from None


class Pool(ThreadPoolExecutor):
    """An executor whose processes, its `workers`, stay, and so stay warm: as many as there are calls at a time.

    Unlike `concurrent.futures.ProcessPoolExecutor` it survives the death of a worker, and can end workers in the
    middle of a call: ``shutdown(cancel_futures=True)`` does, and so does leaving its block by an exception.
    """

    def __init__(self, max_workers: int | None = None) -> None:
        super().__init__(max_workers, "worker")
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self.workers: list[Worker] = []
        self._ended = False

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> "Future[Any]":
        """Call a function with positional arguments in a worker; all must travel by pickle."""
        return super().submit(self.call, fn, *args)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in a worker and wait for what it returns; may come from any thread.

        Raises:
            LostError: Two workers died of the call, or the pool has been shut down.
        """
        for attempt in range(1, ATTEMPTS + 1):
            worker = self._borrow()
            try:
                return worker.call(function, *arguments)
            except LostError as error:
                if self._ended:
                    raise
                if attempt == ATTEMPTS:
                    raise LostError(f"{error}, {attempt} times.\nIs there enough memory?", error.status) from None
            finally:
                self._give_back(worker)
        raise AssertionError

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls, and end the workers: once all is done, or, if futures are to be cancelled, at once."""
        super().shutdown(wait=wait and not cancel_futures, cancel_futures=cancel_futures)
        if wait or cancel_futures:
            with self._lock:
                self._ended = True
                workers = list(self.workers)
            for worker in workers:
                worker.leave()
            for worker in workers:
                worker.end()
        super().shutdown(wait=wait)

    def __exit__(self, kind: Any, error: Any, at: Any) -> None:
        self.shutdown(cancel_futures=error is not None)

    def _borrow(self) -> Worker:
        with self._lock:
            if self._ended:
                raise LostError("the worker processes have been ended")
            if self._idle:
                return self._idle.pop()
            self.workers.append(Worker())
            return self.workers[-1]

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            (self._idle.append if worker.alive() else self.workers.remove)(worker)


def serve(descriptor: int) -> None:
    """Be a worker process: answer calls in this, the main thread, until the other end of the connection is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(descriptor, False)
    received: SimpleQueue[bytes | None] = SimpleQueue()
    busy = threading.Event()

    def leave(number: int, frame: Any) -> None:
        # a second one must not cut short what the first has begun to clean up
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        received.put(None)
        # between calls Python may be tidying up, where it swallows an exit and prints a traceback
        if busy.is_set():
            sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    with Connection(descriptor) as connection, suppress(ConnectionError):

        def tell(message: Any) -> None:
            connection.send_bytes(pickle.dumps((MESSAGE, message)))
            if received.get() != GO_ON:
                raise Cancelled

        threading.Thread(target=_listen, args=(connection, received, busy), daemon=True).start()
        pace.look_seldom()
        for number, call in enumerate(iter(received.get, None)):
            answer = _answer(call, tell)
            busy.clear()
            connection.send_bytes(answer)
            gc.collect()  # between calls, rather than in them: what one leaves must not add up
            if not number:
                gc.freeze()  # what it imported and cached stays for good; looking through it each time costs a tenth
    sys.exit(128 + signal.SIGTERM)


def _listen(connection: Connection, received: "SimpleQueue[bytes | None]", busy: threading.Event) -> None:
    """Receive while a call runs, so that the end of the connection is noticed."""
    with suppress(OSError, EOFError):
        while True:
            message = connection.recv_bytes()
            busy.set()
            received.put(message)
    # its folders are left as they are, with their records, since kernels that still run may write into them
    signal.setitimer(signal.ITIMER_REAL, ORPHAN_S)
    os.kill(os.getpid(), signal.SIGTERM)


def _answer(call: bytes, tell: Callable[[Any], None]) -> bytes:
    try:
        function, arguments, telling = pickle.loads(call)
        return pickle.dumps((RETURNED, function(*arguments, **({"tell": tell} if telling else {}))))
    except Cancelled:
        return pickle.dumps((CANCELLED, None))
    except HandoverError as error:
        return pickle.dumps((RAISED, error))
    except Exception as error:
        # it may be of a kind that cannot be pickled
        import traceback

        said = "".join(traceback.format_exception(error))
        return pickle.dumps(
            (RAISED, WorkerError(f"This is a bug in handover: {type(error).__name__}: {error}\n{said}"))
        )
