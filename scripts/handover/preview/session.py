"""One preview from start to end: saves in, renders asked for, and what comes of them told to browser and terminal."""

import datetime as dt
import queue
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from uuid import uuid4

from handover.preview import board as boards
from handover.preview.messages import At, Failed, Html, Message, Pdf, Same
from handover.preview.renderer import Renderer
from handover.preview.server import Server
from handover.preview.watch import Watch
from handover.project import Project


class Session:
    """A preview.

    Args:
        project: The checkout.
        report: The report's name.
        given: Parameters by name, as text.
        port: The port to serve on; None for any that is free.
        say: Tells the person at the terminal.

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
    ) -> None:
        from handover.press.order import Order

        Order.of(project, report, given)
        self._report, self._say = report, say
        self._board = boards.Board(report, uuid4().hex)
        self._events: queue.SimpleQueue[bool | Message] = queue.SimpleQueue()
        self._saved = time.monotonic()
        self._version = 0
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
        """Serve and render until something from outside, such as Ctrl-C, ends it."""
        with self._on_end:
            self._ask(fresh=False)
            while True:
                try:
                    event = self._events.get(timeout=self._renderer.patience())
                except queue.Empty:
                    self._renderer.urge()
                    continue
                if isinstance(event, bool):
                    self._ask(fresh=event)
                elif self._renderer.hear(event):
                    self._show(event)

    def _ask(self, fresh: bool) -> None:
        self._saved = time.monotonic()
        self._renderer.ask(fresh=fresh)

    def _show(self, message: Message) -> None:
        match message:
            case At():
                self._board.post(at=[message.phase, message.done, message.total])
            case Same():
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
                pages = boards.pages(self._report, self._version, message.pages)
                self._board.post({"/report.pdf": (boards.PDF, message.pdf), **pages}, pdf=self._version, at=None)
            case Failed():
                self._board.post(failed=message.text, failed_at=_clock(), at=None)
                self._say(message.text)


def _clock() -> str:
    return f"{dt.datetime.now():%H:%M:%S}"
