"""Stopping a sweep: signals are noted rather than raised, so that what is half done is finished or cleaned up."""

import signal
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self


class Stop:
    """While its block runs, Ctrl-C and SIGTERM only set it; pressing again changes nothing.

    Calling it says whether a signal came; `leave` then ends the program as that signal would have.
    """

    def __init__(self, told: Callable[[], None] = lambda: None) -> None:
        self.number = 0
        self._told = told
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __call__(self) -> bool:
        """Whether a signal came."""
        return self.number != 0

    def leave(self) -> None:
        """End the program if a signal came."""
        if self.number == signal.SIGINT:
            raise KeyboardInterrupt
        if self.number:
            sys.exit(128 + self.number)

    def _note(self, number: int, frame: Any) -> None:
        first, self.number = not self.number, self.number or number
        if first:
            self._told()
