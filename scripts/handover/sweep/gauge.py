"""How far a sweep is: one line on a terminal, a line now and then elsewhere, with rate and time left."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

from handover.sweep.run import Summary

#: How often the line changes on a terminal, and how often one is written where there is none.
TERMINAL_S, LOG_S = 0.2, 30.0

#: The rate is that of this many seconds, so that it follows what is being rendered.
RECENT_S = 60.0


class Gauge:
    """Shows a sweep's progress.

    Args:
        total: The number of its steps.
        stream: Where to; the error stream if left out.
    """

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self.total = total
        #: What keeps the sweep from going on, in words; empty where nothing does.
        self.ailing: Callable[[], str] = str
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self._seen: list[tuple[float, int]] = [(time.monotonic(), 0)]
        self._shown = time.monotonic()

    def __call__(self, summary: Summary) -> None:
        """Show it, if it is time."""
        at = time.monotonic()
        if at - self._shown < (TERMINAL_S if self.terminal else LOG_S):
            return
        self._shown = at
        self._seen.append((at, summary.done - summary.unchanged))
        while len(self._seen) > 2 and self._seen[1][0] < at - RECENT_S:
            self._seen.pop(0)
        line = self.line(summary)
        self.stream.write(f"\r\x1b[K{line}" if self.terminal else f"{line}\n")
        self.stream.flush()

    def line(self, summary: Summary) -> str:
        """What is shown."""
        parts = [f"{summary.done} of {self.total}"]
        if summary.unchanged:
            parts.append(f"{summary.unchanged} unchanged")
        if summary.failures:
            parts.append(f"{summary.failures} failed")
        (began, had), (at, has) = self._seen[0], self._seen[-1]
        if has > had and at > began:
            rate = (has - had) / (at - began)
            left = spoken((self.total - summary.done) / rate)
            parts += [f"{rate:.1f} a second" if rate >= 1 else f"{1 / rate:.1f} s each", f"about {left} left"]
        if ailing := self.ailing():
            parts.append(ailing)
        return ", ".join(parts)

    def clear(self) -> None:
        """Take the line away, so that what follows starts at the margin."""
        if self.terminal:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


def spoken(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
