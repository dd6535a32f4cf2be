"""Workers on this machine, as an executor of the standard library: processes that stay, replaced if they die."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any

from handover.sweep.child import Crew


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers(Executor):
    """Calls functions in processes that stay, and so stay warm.

    Unlike `concurrent.futures.ProcessPoolExecutor` it survives the death of a worker, and can end workers that are
    at work: ``shutdown(cancel_futures=True)`` does, and so does leaving its block by an exception.
    """

    def __init__(self, count: int) -> None:
        self.crew = Crew()
        self._calls: SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]] | None] = SimpleQueue()
        self._closed = self._stopped = False
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
            self._stopped = True
            self.crew.end()
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()
            self.crew.end()

    def __exit__(self, kind: Any, error: Any, at: Any) -> None:
        self.shutdown(cancel_futures=error is not None)

    def _work(self) -> None:
        while call := self._calls.get():
            future, function, arguments = call
            if self._stopped:
                future.cancel()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self.crew.call(function, *arguments))
            except BaseException as error:
                future.set_exception(error)
            del call, future, arguments  # or the last answer would stay in memory until the next call
