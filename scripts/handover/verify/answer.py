"""The answer to "is it what the data says?", as a line for people and an object for programs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from handover.verify.differ.difference import Difference, shown

VERIFIED, DIFFERS, ELSEWHERE = "verified", "differs", "cannot be rebuilt here"
#: Exit code of each answer; the worst of several counts, and a difference is worse than a question left open.
CODES = {VERIFIED: 0, DIFFERS: 1, ELSEWHERE: 3}
#: How long one line of an answer may be.
LINE = 2000
SEVERITY = (VERIFIED, ELSEWHERE, DIFFERS)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one thing asked about; `differences` and then `details` are told on lines below the first."""

    subject: str
    word: str
    why: str = ""
    details: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = field(default=())

    def __str__(self) -> str:
        line = f"{self.word}: {shown(self.subject, 400)}" + (f" ({self.why})" if self.why else "")
        told = [*map(str, self.differences), *(shown(one, LINE) for one in self.details)]
        return "\n".join([line, *(f"  {one}" for one in told)])

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "path": shown(self.subject, 400),
            "answer": self.word,
            "why": self.why,
            "differences": [one.as_json() for one in self.differences],
            "details": [shown(one, LINE) for one in self.details],
        }


def code(answers: Iterable[Answer]) -> int:
    """The exit code of all answers together."""
    return CODES[max((answer.word for answer in answers), key=SEVERITY.index, default=VERIFIED)]
