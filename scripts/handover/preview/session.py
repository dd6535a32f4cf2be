"""One preview from start to end: it hears of saves, asks for renders, and shows the results in browser and terminal."""

import datetime as dt
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from queue import Empty, SimpleQueue
from uuid import uuid4

from handover.errors import PreviewError
from handover.preview.server import HTML, PDF, PageState, Server, kept_token, pdf_pages, write_private
from handover.preview.watch import Saved, Watch
from handover.preview.worker import At, Html, Message, Over, Pages, Pdf, Question, Renderer
from handover.progress import Progress
from handover.project import Project

#: How often to look whether a signal came.
LOOK_S = 0.5
#: A page that leads to an address.
LEAD = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={address}"><title>Preview</title>
<p><a href="{address}">The preview</a></p></html>
"""


class Session:
    """A preview of one report with these parameters, as text; on any port that is free unless one is named.

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
        self._own = project.root / ".handover"
        #: Saves, answers with their questions, what must end the preview, and None when a browser turns to the PDF.
        self._events: SimpleQueue[Saved | tuple[Question, Message] | PreviewError | None] = SimpleQueue()
        self._page = PageState(report, uuid4().hex, lambda: self._events.put(None))
        self._asked: Question | None = None
        self._idle = True
        self._saved = time.monotonic()
        self._version = self._drawn = 0
        with ExitStack() as on_failure:
            self._server = Server(self._page, kept_token(self._own), port)
            on_failure.callback(self._server.close)
            watch = Watch(project, report, self._events.put)
            on_failure.callback(watch.close)
            self._renderer = Renderer(project.root, report, given, lambda *answer: self._events.put(answer))
            on_failure.callback(self._renderer.end)
            self._on_end = on_failure.pop_all()

    @property
    def address(self) -> str:
        """Where to point a browser; it contains the preview's token."""
        return self._server.address

    def open(self, at: str = "") -> None:
        """Open the browser at the address with `at` behind it.

        It is given a file that leads there: the words of a command can be read by every user of the machine.
        """
        import webbrowser

        page = self._own / "preview.html"
        try:
            write_private(page, LEAD.format(address=self.address + at))
        except OSError as error:
            self._say(f"{page}: must be writable (got {error.strerror}).\nOpen the address above yourself.")
        else:
            webbrowser.open(page.as_uri())

    def run(self) -> None:
        """Serve and render until a signal ends it, e.g. Ctrl-C.

        Raises:
            PreviewError: Nothing can be watched.
        """
        with self._on_end:
            self._ask()
            while True:
                event = self._next()
                if isinstance(event, PreviewError):
                    raise event
                if isinstance(event, Saved):
                    self._saved = time.monotonic()
                    pages = not self._idle and bool(self._asked and self._asked.pages)  # asked for, and not yet sent
                    self._ask(pages=pages, fresh=event.package)
                elif event:
                    asked, message = event
                    if asked is self._asked:
                        self._show(message)
                if self._idle and self._page.pages_due() and self._drawn != self._version:
                    # once a version, since a PDF that fails is not drawn by asking again
                    self._drawn = self._version
                    self._ask(render=False, pages=True)

    def _next(self) -> Saved | tuple[Question, Message] | PreviewError | None:
        """Wait for an event; in short steps, since a signal that comes just before a wait does not interrupt it."""
        while True:
            with suppress(Empty):
                return self._events.get(timeout=LOOK_S)

    def _ask(self, *, render: bool = True, pages: bool = False, fresh: bool = False) -> None:
        self._idle = False
        self._asked = self._renderer.ask(render=render, pages=pages, fresh=fresh)

    def _show(self, message: Message) -> None:
        if not isinstance(message, At):
            self._progress.clear()
        match message:
            case At(phase, done, total):
                self._progress(phase, done, total)
                self._page.post(at=[phase, done, total])
            case Html():
                self._version += 1
                took = f"{time.monotonic() - self._saved:.1f} s, {_clock()}"
                self._page.post(
                    {"/report.html": (HTML, message.html)},
                    html=self._version,
                    failed="",
                    edition=message.edition,
                    warnings=list(message.warnings),
                    omitted=list(message.omitted),
                    took=took,
                )
                for warning in message.warnings:
                    self._say(f"{self._report}: warning: {warning}")
                if message.omitted:
                    self._say(
                        f"{self._report}: {len(message.omitted)} left out or replaced; the page says what and why"
                    )
                self._say(f"{self._report}: {took}")
            case Pdf(pdf):
                self._page.post({"/report.pdf": (PDF, pdf)}, pdf=self._version)
            case Pages(pages):
                self._page.post(pdf_pages(self._report, self._version, pages), pages=self._version)
            case Over(failed):
                self._idle = True
                self._page.post(at=None, **({"failed": failed, "failed_at": _clock()} if failed else {}))
                if failed:
                    self._say(failed)


def _clock() -> str:
    return f"{dt.datetime.now():%H:%M:%S}"
