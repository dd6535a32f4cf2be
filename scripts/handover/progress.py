"""One line on the terminal that says how far a command is; silent where there is no terminal."""

import sys
from contextlib import AbstractContextManager

PHASES = {
    "read": "reading",
    "execute": "executing",
    "compose": "composing",
    "typeset": "typesetting",
    "store": "publishing",
}
#: Back to the margin, and the rest of the line erased.
ERASE = "\r\x1b[K"


class StatusLine(AbstractContextManager["StatusLine"]):
    """A line on standard error that changes in place, erased at the end of the block; none if that is no terminal."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()

    def __exit__(self, *_: object) -> None:
        self.clear()

    def show(self, text: str) -> None:
        """Show a text in place of the one before."""
        if self.terminal:
            print(ERASE + text, end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Erase the line, so that what follows starts at the margin."""
        self.show("")


class Progress(StatusLine):
    """The phases of one report, or of another task with a name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Show a phase, with the step it is at if it has steps."""
        steps = f" {done}/{total}" if total else ""
        self.show(f"{self.name}: {PHASES.get(phase, phase)}{steps}")
