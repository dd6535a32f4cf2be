"""A wish to stop that a signal may utter at any instant, and a sleep that ends with it."""

import os
import select
import signal
from types import FrameType


class Stop:
    """Not set at first; `number` is the signal that set it."""

    def __init__(self) -> None:
        # a pipe and no threading.Event: a handler that sets an Event its own thread waits for can lock up
        self._end, self._begin = os.pipe()
        os.set_blocking(self._begin, False)
        self.number = 0
        self._is_set = False

    def __call__(self) -> bool:
        """Whether to stop."""
        return self._is_set

    def set(self, number: int = 0) -> None:
        """Stop as soon as can be."""
        self.number = self.number or number
        if not self._is_set:
            self._is_set = True
            os.write(self._begin, b".")

    def wait(self, seconds: float) -> bool:
        """Sleep so long, or until it is set; returns whether it is."""
        select.select([self._end], [], [], max(0.0, seconds))
        return self._is_set

    def on_signals(self) -> None:
        """Let SIGTERM and SIGINT set it."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.set(number)
