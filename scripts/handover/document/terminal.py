"""What is left on a terminal once a program has written to it: progress bars end as their last state."""

import re
from collections.abc import Iterator

#: Escape sequences of ECMA-48: controls, strings (titles, links) and the rest.
CONTROL = re.compile(
    r"\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b(?:[ -/]*[0-~])?"
    r"|(?P<plain>[\r\n\b])"
)
MOVING = re.compile("[\r\b\x1b]")
#: No line that a person watches is wider: a short text could otherwise fill the memory.
FURTHEST = 500


def shown(text: str) -> str:
    """Return a text as a terminal shows it in the end, without colours.

    Carriage returns and backspaces move back and are written over; the cursor's moves within a line and between lines
    are followed, and lines are erased. What a program wipes off a whole screen stays, since a terminal keeps it above.
    """
    text = text.replace("\r\n", "\n")
    return _Screen().written(text) if MOVING.search(text) else text


class _Screen:
    """Lines without end in width and height."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = [[]]
        self.row = self.column = 0

    def written(self, text: str) -> str:
        for kind, piece in _pieces(text):
            if kind:
                self._move(kind, piece)
            else:
                self._write(piece)
        return "\n".join("".join(line) for line in self.lines)

    def _write(self, text: str) -> None:
        line = self.lines[self.row]
        line += " " * (self.column - len(line))
        line[self.column : self.column + len(text)] = text
        self.column += len(text)

    def _move(self, kind: str, numbers: str) -> None:
        steps = min(int(first), FURTHEST) if (first := numbers.partition(";")[0]).isascii() and first.isdigit() else 0
        by = steps or 1
        match kind:
            case "\r":
                self.column = 0
            case "\b" | "D":
                self.column = max(0, self.column - by)
            case "C":
                self.column = min(self.column + by, max(FURTHEST, self.column))
            case "G":
                self.column = by - 1
            case "\n":
                self.row, self.column = self.row + 1, 0
                if self.row == len(self.lines):
                    self.lines.append([])
            case "A" | "B" | "E" | "F":
                self.column = self.column if kind in "AB" else 0
                self.row = max(0, min(self.row + (by if kind in "BE" else -by), len(self.lines) - 1))
            case "K":
                self._erase(steps)
            case "J" if steps == 0:
                self._erase(0)
                del self.lines[self.row + 1 :]

    def _erase(self, which: int) -> None:
        """Erase the line behind the cursor (0), before it (1) or all of it (2)."""
        line = self.lines[self.row]
        if which in (1, 2):
            line[: self.column + 1] = " " * min(len(line), self.column + 1)
        if which in (0, 2):
            del line[self.column :]


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield a text as ("", characters), and between them what moves: (its kind, its numbers); colours move nothing."""
    end = 0
    for found in CONTROL.finditer(text):
        if found.start() > end:
            yield "", text[end : found.start()]
        end = found.end()
        if found["plain"] or found["final"]:
            yield found["plain"] or found["final"], found["numbers"] or ""
    yield "", text[end:]
