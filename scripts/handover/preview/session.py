"""One preview from start to end: saves in, renders asked for, and what comes of them told to browser and terminal."""

import datetime as dt
import queue
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

from handover.errors import PreviewError
from handover.preview import board as boards
from handover.preview.messages import At, Done, Failed, Html, Message, Pages, Pdf
from handover.preview.renderer import Renderer
from handover.preview.server import Server
from handover.preview.watch import Saved, Watch
from handover.progress import Progress
from handover.project import Project


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody turned to the PDF."""


class Session:
    """A preview.

    Args:
        project: The checkout.
        report: The report's name.
        given: Parameters by name, as text.
        port: The port to serve on; None for any that is free.
        say: Tells the person at the terminal.
        progress: Shows the phases of each render there.

    Raises:
        HandoverError: There is no such report, a parameter is wrong, or the port is taken.
    """

    def __init__(
        self,
        project: Project,
        report: str,
        given: Mapping[str, str],
        *,
        port: int | None = None,
        say: Callable[[str], None],
        progress: Progress,
    ) -> None:
        from handover.editions import Request

        Request.of(project, report, given)
        self._report, self._say, self._progress = report, say, progress
        self._events: queue.SimpleQueue[Saved | Look | Message | PreviewError] = queue.SimpleQueue()
        self._board = boards.Board(report, uuid4().hex, lambda: self._events.put(Look()))
        self._saved = time.monotonic()
        self._version = self._drawn = 0
        self._on_end = ExitStack()
        with ExitStack() as on_failure:
            self._server = Server(self._board, port)
            on_failure.callback(self._server.close)
            watch = Watch(project, report, self._events.put)
            on_failure.callback(watch.close)
            self._renderer = Renderer(project.root, report, given, self._events.put)
            on_failure.callback(self._renderer.end)
            self._on_end = on_failure.pop_all()

    @property
    def address(self) -> str:
        """Where to point a browser."""
        return self._server.address

    def run(self) -> None:
        """Serve and render until something from outside, such as Ctrl-C, ends it.

        Raises:
            PreviewError: Nothing can be watched.
        """
        with self._on_end:
            self._events.put(Saved(press=False))
            while True:
                try:
                    event = self._events.get(timeout=self._renderer.patience())
                except queue.Empty:
                    self._renderer.urge()
                    continue
                self._take(event)
                if self._renderer.idle and self._board.pages_due() and self._drawn != self._version:
                    # once a version, since a PDF that fails is not drawn by asking again
                    self._drawn = self._version
                    self._renderer.ask(render=False, pages=True)

    def _take(self, event: Saved | Look | Message | PreviewError) -> None:
        if isinstance(event, PreviewError):
            raise event
        if isinstance(event, Saved):
            self._saved = time.monotonic()
            self._renderer.ask(fresh=event.press)
        elif not isinstance(event, Look) and self._renderer.hear(event):
            self._show(event)

    def _show(self, message: Message) -> None:
        if not isinstance(message, At):
            self._progress.clear()
        match message:
            case At():
                self._progress(message.phase, message.done, message.total)
                self._board.post(at=[message.phase, message.done, message.total])
            case Done():
                self._board.post(at=None)
            case Html():
                self._version += 1
                took = f"{time.monotonic() - self._saved:.1f} s, {_clock()}"
                self._board.post(
                    {"/report.html": (boards.HTML, message.html)},
                    html=self._version,
                    failed="",
                    edition=message.edition,
                    warnings=list(message.warnings),
                    took=took,
                )
                for warning in message.warnings:
                    self._say(f"{self._report}: warning: {warning}")
                self._say(f"{self._report}: {took}")
            case Pdf():
                self._board.post({"/report.pdf": (boards.PDF, message.pdf)}, pdf=self._version)
            case Pages():
                self._board.post(boards.pages(self._report, self._version, message.pages), pages=self._version)
            case Failed():
                self._board.post(failed=message.text, failed_at=_clock(), at=None)
                self._say(message.text)


def _clock() -> str:
    return f"{dt.datetime.now():%H:%M:%S}"
