"""One line on the terminal that says what a render is at; silent where no one is looking."""

import sys
from types import TracebackType
from typing import Self, TextIO

PHASES = {
    "read": "reading",
    "execute": "executing",
    "compose": "composing",
    "typeset": "typesetting",
    "store": "publishing",
}


class Progress:
    """Shows the phases of one report; called by `handover.editions.render.render`."""

    def __init__(self, report: str, stream: TextIO | None = None) -> None:
        self.report = report
        self.stream = stream or sys.stderr
        self.seen = self.stream.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.clear()

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Show a phase, with the step it is at if it has steps."""
        if self.seen:
            steps = f" {done}/{total}" if total else ""
            self.stream.write(f"\r\x1b[K{self.report}: {PHASES.get(phase, phase)}{steps}")
            self.stream.flush()

    def clear(self) -> None:
        """Take the line away, so that what follows starts at the margin."""
        if self.seen:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
