"""One line on the terminal that says how far a command is; silent where there is no terminal."""

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
#: Back to the margin, and the rest of the line erased.
ERASE = "\r\x1b[K"


class StatusLine:
    """A line that changes in place, erased at the end of the block.

    It is shown on `stream`, or standard error, if that is a terminal.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.clear()

    def show(self, text: str) -> None:
        """Show a text in place of the one before."""
        if self.terminal:
            self.stream.write(ERASE + text)
            self.stream.flush()

    def clear(self) -> None:
        """Erase the line, so that what follows starts at the margin."""
        self.show("")


class Progress(StatusLine):
    """The phases of one report, or of another task with a name."""

    def __init__(self, name: str, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.name = name

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Show a phase, with the step it is at if it has steps."""
        steps = f" {done}/{total}" if total else ""
        self.show(f"{self.name}: {PHASES.get(phase, phase)}{steps}")
