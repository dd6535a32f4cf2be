"""Workers on this machine, as an executor of the standard library: each a process of its own, replaced if it dies."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any

from handover.errors import SweepError
from handover.sweep.child import Child, LostError

#: A call that loses its process is made once more in another.
ATTEMPTS = 2


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers(Executor):
    """Calls functions in processes that stay, and so stay warm.

    Unlike `concurrent.futures.ProcessPoolExecutor` it survives the death of a worker, and can end workers that are
    at work: ``shutdown(cancel_futures=True)`` does, and so does leaving its block by an exception.
    """

    def __init__(self, count: int) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]] | None] = SimpleQueue()
        self._closed = self._stopped = False
        self._children: list[Child] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, name=f"worker {n + 1}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Call a function with positional arguments in a worker; both must travel by pickle."""
        if kwargs:
            raise TypeError(f"arguments must be positional (got {', '.join(kwargs)})")
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[Any] = Future()
        self._calls.put((future, fn, args))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls, and end the workers: once all is done, or, if futures are to be cancelled, at once."""
        self._closed = True
        if cancel_futures:
            with self._lock:
                self._stopped = True
            enders = [threading.Thread(target=child.end) for child in self._children]
            for thread in enders:
                thread.start()
            for thread in enders:
                thread.join()
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def __exit__(self, kind: Any, error: Any, at: Any) -> None:
        self.shutdown(cancel_futures=error is not None)

    @property
    def pids(self) -> list[int]:
        """The processes that there are."""
        return [child.pid for child in list(self._children)]

    def _work(self) -> None:
        """One thread a worker: it starts the process, hands calls to it, and replaces it when it is gone."""
        child: Child | None = None
        while call := self._calls.get():
            future, function, arguments = call
            if self._stopped or not future.set_running_or_notify_cancel():
                future.cancel()
                continue
            for attempt in range(ATTEMPTS):
                try:
                    child = child or self._start()
                    future.set_result(child.call(function, *arguments))
                except LostError as error:
                    self._children.remove(child)
                    child = None
                    if self._stopped or attempt == ATTEMPTS - 1:
                        future.set_exception(SweepError(f"{error}, {attempt + 1} times.\nIs there enough memory?"))
                        break
                except BaseException as error:
                    future.set_exception(error)
                    break
                else:
                    break
        if child:
            child.end()

    def _start(self) -> Child:
        with self._lock:
            if self._stopped:
                raise SweepError("the workers have been ended")
            child = Child()
            self._children.append(child)
        return child
