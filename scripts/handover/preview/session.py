"""One preview from start to end: it hears of saves, asks for renders, and shows the results in browser and terminal."""

import datetime as dt
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from queue import Empty, SimpleQueue
from uuid import uuid4

from handover.errors import PreviewError
from handover.preview.server import PageState, Server, kept_token, shown, write_private
from handover.preview.watch import Saved, Watch
from handover.preview.worker import At, Message, Question, Renderer
from handover.progress import Progress
from handover.project import Project
from handover.workers import Cancelled

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
        #: Saves, what must end the preview, and None when a browser turns to the PDF.
        self._events: SimpleQueue[Saved | PreviewError | None] = SimpleQueue()
        self._page = PageState(report, uuid4().hex, lambda: self._events.put(None))
        self._next: Question | None = Question()
        self._saved = time.monotonic()
        self._version = self._drawn = 0
        with ExitStack() as on_failure:
            self._server = Server(self._page, kept_token(self._own), port)
            on_failure.callback(self._server.close)
            watch = Watch(project, report, self._events.put)
            on_failure.callback(watch.close)
            self._renderer = Renderer(project.root, report, given, self._show, self._newer)
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
            while True:
                while not self._newer(LOOK_S):
                    # once a version, since a PDF that fails is not drawn by asking again
                    if self._page.pages_due() and self._drawn != self._version:
                        self._next = Question(pages=True)
                asked, self._next = self._next, None
                try:
                    failed = self._renderer.answer(asked)
                except Cancelled:
                    continue
                self._drawn = self._version if asked.pages else self._drawn
                self._progress.clear()
                self._page.post(at=None, **({"failed": failed, "failed_at": _clock()} if failed else {}))
                if failed:
                    self._say(failed)

    def _newer(self, patience_s: float) -> Question | None:
        """Hear what has happened, or wait so long for something; return the question to be asked, if there is one."""
        with suppress(Empty):
            while True:
                event = self._events.get(timeout=0.0 if self._next else patience_s)
                if isinstance(event, PreviewError):
                    raise event
                if event:
                    self._saved = time.monotonic()
                    # it counts from the first save without an answer, so that saving on and on does not put it off
                    since, fresh = (self._next.since, self._next.fresh) if self._next else (self._saved, False)
                    self._next = Question(fresh=fresh or event.package, since=since)
                elif not self._next:
                    return None
        return self._next

    def _show(self, message: Message) -> None:
        if isinstance(message, At):
            self._progress(message.phase, message.done, message.total)
            self._page.post(at=[message.phase, message.done, message.total])
            return
        self._progress.clear()
        said = dict(message.about)
        if message.part == "html":
            self._version += 1
            said |= {"failed": "", "took": f"{time.monotonic() - self._saved:.1f} s, {_clock()}"}
        files = shown(self._report, self._version, message.part, message.data)
        self._page.post(files, **said, **{message.part: self._version})
        for warning in said.get("warnings", ()):
            self._say(f"{self._report}: warning: {warning}")
        if omitted := said.get("omitted"):
            self._say(f"{self._report}: {len(omitted)} left out or replaced; the page says what and why")
        if "took" in said:
            self._say(f"{self._report}: {said['took']}")


def _clock() -> str:
    return f"{dt.datetime.now():%H:%M:%S}"
