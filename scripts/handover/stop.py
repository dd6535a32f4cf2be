"""A request to stop, which signals make, so that what is half done is finished or cleaned up first."""

import os
import select
import signal
import sys
from typing import Any, Self

#: The signals that ask a program to stop.
NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether to stop, and a sleep that ends with it; in its block Ctrl-C and SIGTERM ask for that and do no more.

    `number` is the signal that asked first, 0 if none did.
    """

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
        """Ask to stop."""
        self.number = self.number or number
        if not self._is_set:
            self._is_set = True
            os.write(self._begin, b".")

    def wait(self, seconds: float) -> bool:
        """Sleep for so many seconds, or until it is set; return whether it is."""
        select.select([self._end], [], [], max(0.0, seconds))
        return self._is_set

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, lambda number, _: self.set(number)) for number in NUMBERS}
        # Python calls a handler between steps of the main thread; a sleep that a signal came just before would go on
        self._woken_before = signal.set_wakeup_fd(self._begin, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: Any) -> None:
        signal.set_wakeup_fd(self._woken_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def leave(self) -> None:
        """End the program as the signal that asked would have; do nothing if none did."""
        if self.number == signal.SIGINT:
            raise KeyboardInterrupt
        if self.number:
            sys.exit(128 + self.number)
