"""Renders for a preview, in a worker process that stays warm from one save to the next: both its ends.

The process imports what makes reports itself, so that an edited package takes effect with a fresh process; notebooks
and what they import run in kernels, which are always fresh. A question that comes during a render stops that render
at the next cell or phase.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover.errors import HandoverError
from handover.workers import Cancelled, LostError, Worker

if TYPE_CHECKING:
    from handover.editions import Composition, Request

#: How long a process that runs cells may leave the next save unanswered, since a cell may hang. To start another takes
#: as long.
BUSY_S = 2.0
#: The same while it imports its tools.
STARTING_S = 5.0
#: How long a process may take to end when the preview does.
END_S = 5.0
#: How long a file may be missing or torn, as editors leave it for a moment when they save, before that is an error.
TORN_S = 0.4
STEP_S = 0.01
#: The same for a file that was whole at first, and torn when it was read again: a failure waits for the next question.
GRACE_S = 0.15
#: Twice as sharp as the pages are wide on most screens would cost more time than it is worth.
PAGES_PPI = 120
ENDED = (
    "The process that renders must stay while the preview runs (it ended with status {}).\nSave once more to start it."
)


@dataclass(frozen=True, slots=True)
class At:
    """It is at a phase, with the step of it; zero of zero for a phase without steps."""

    phase: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """A part of the report is ready: its ``html``, its ``pdf`` or, as PNG, its ``pages``; `about` stands beside it."""

    part: str
    data: tuple[bytes, ...]
    about: Mapping[str, Any] = field(default_factory=dict)


Message = At | Made


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is wanted: a render of what is there now, or else pictures of the PDF's pages.

    `fresh` asks for a process that has imported nothing yet; `since` is when the process was first to be interrupted.
    """

    pages: bool = False
    fresh: bool = False
    since: float = field(default_factory=time.monotonic)


@dataclass(eq=False)
class Renderer:
    """Renders one report whenever it is asked.

    `given` are parameters by name, as text. `tell` receives each message; `newer` gives the question that has come
    since the one that is answered, if one has or comes within so many seconds.
    """

    root: Path
    report: str
    given: Mapping[str, str]
    tell: Callable[[Message], None]
    newer: Callable[[float], Question | None]
    _worker: Worker | None = None
    _warm: bool = False

    def answer(self, asked: Question) -> str:
        """Answer a question, and return what the command line would print where there is no report, or no PDF.

        Raises:
            Cancelled: There is a newer one.
        """
        if self._worker and asked.fresh:
            self._worker.end(0)
        if not self._worker or not self._worker.alive():
            self._worker, self._warm = Worker(), False
        try:
            about = self.root, self.report, dict(self.given), asked.pages
            self._worker.call(render, *about, tell=self._hear, look=self._look)
            self._warm = True
            return ""
        except LostError as lost:
            failed = ENDED.format(lost.status)
        except HandoverError as error:
            failed = str(error)
        if self.newer(GRACE_S):
            raise Cancelled
        return failed

    def end(self) -> None:
        """End the process and all that it started."""
        if self._worker:
            self._worker.end(END_S)

    def _hear(self, message: Message) -> None:
        self._warm = self._warm or (isinstance(message, At) and message.done > 0)
        if self.newer(0.0):
            raise Cancelled
        self.tell(message)

    def _look(self) -> None:
        """Kill a process that is no longer wanted, or that runs a cell for too long to take the next question."""
        newer, allowed = self.newer(0.0), BUSY_S if self._warm else STARTING_S
        if newer and (newer.fresh or time.monotonic() > newer.since + allowed):
            self._worker.end(0)
            raise Cancelled


#: What the process shows: the hash of the inputs, and what came of them.
_shown = ""
_made: "Composition | None" = None


def render(root: Path, report: str, given: Mapping[str, str], pages: bool, *, tell: Callable[[Message], None]) -> None:
    """Render what is there now, unless it was made from the same before, or draw the pages; runs in the worker process.

    Raises:
        HandoverError: There is no report, or no PDF if its HTML was sent.
    """
    from handover.notebook import forkserver

    forkserver.prepare()
    if not pages:
        _render(root, report, given, tell)
    elif _made:
        tell(At("typeset"))
        tell(Made("pages", tuple(_made.sheets(PAGES_PPI))))


def _render(root: Path, report: str, given: Mapping[str, str], tell: Callable[[Message], None]) -> None:
    global _shown, _made
    from handover.editions import render

    tell(At("read"))
    before, _shown = _shown, ""
    request = _request(root, report, given)
    if request.inputs.digest != before:
        done, _made = render.draft(request, progress=lambda *at: tell(At(*at)))
        omitted = [f"cell {one.cell}: {one.text}" for one in sorted(_made.omitted, key=attrgetter("expected"))]
        about = {"edition": _made.edition, "warnings": [*done.warnings, *done.notes], "omitted": omitted}
        tell(Made("html", (_made.html.encode(),), about))
        tell(At("typeset"))
        tell(Made("pdf", (_made.pdf(),)))
    _shown = request.inputs.digest


def _request(root: Path, report: str, given: Mapping[str, str]) -> "Request":
    from handover.editions import Request, Store
    from handover.project import Project

    project = Project(root)
    give_up = time.monotonic() + TORN_S
    while True:
        try:
            return Request.of(project, report, given, Store.of(project))
        except (HandoverError, OSError):
            if time.monotonic() > give_up:
                raise
        time.sleep(STEP_S)
