"""The process that renders for a preview, warm from one save to the next.

    preview ──questions──► worker ──answers──► preview

Only what runs in that process belongs here. It imports the press itself, so that a press that was edited takes
effect with a fresh worker; notebooks and what they import run in kernels, which are always fresh. A question that
comes while it renders stops that render at the next cell or phase.
"""

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from handover.errors import HandoverError
from handover.preview.messages import Ask, At, Done, Failed, Html, Message, Pages, Pdf

if TYPE_CHECKING:
    from handover.editions import Composition, Request

#: How long a file may be missing or torn, as editors leave it for a moment when they save, before that is an error.
TORN_S = 0.4
#: The same for a file that was whole at first, and torn when it was read again: a failure waits for the next question.
GRACE_S = 0.15
STEP_S = 0.01
#: How long the end of a render may take once the preview is gone.
END_S = 2.0
#: Twice as sharp as the pages are wide on most screens would cost more time than it is worth.
PAGES_PPI = 120


class Superseded(BaseException):
    """A later save is waiting; beside the tree of exceptions, so that nothing on the way takes it for a failure."""


class Worker:
    """Renders one report whenever it is asked; of several questions it answers the last."""

    def __init__(self, channel: Connection, root: Path, report: str, given: Mapping[str, str]) -> None:
        self._channel = channel
        self._root, self._report, self._given = root, report, given
        self._waiting: queue.SimpleQueue[Ask | None] = queue.SimpleQueue()
        self._latest: Ask | None = None
        # the inputs of what is shown, and what came of them
        self._shown = ""
        self._made: Composition | None = None

    def run(self) -> None:
        """Render until the preview is gone."""
        threading.Thread(target=self._listen, daemon=True).start()
        from handover.notebook import forkserver

        forkserver.prepare()
        while (asked := self._waiting.get()) is not None:
            try:
                self._answer(asked)
            except Superseded:
                continue
            except ConnectionError:
                break

    def _listen(self) -> None:
        while True:
            try:
                self._latest = self._channel.recv()
            except (EOFError, OSError):
                break
            self._waiting.put(self._latest)
        self._latest = None
        self._waiting.put(None)
        # a cell that hears nothing of this ends with its kernel, and that with this process
        time.sleep(END_S)
        os._exit(1)

    def _answer(self, asked: Ask) -> None:
        try:
            if asked.render:
                self._render(asked)
            if asked.pages and self._made:
                self._at(asked, "typeset")
                self._tell(Pages(asked.number, tuple(self._made.sheets(PAGES_PPI))))
            self._tell(Done(asked.number))
        except HandoverError as error:
            self._fail(asked, str(error))
        except ConnectionError:
            raise
        except Exception as error:
            self._fail(asked, f"This is a bug in handover: {type(error).__name__}: {error}")

    def _render(self, asked: Ask) -> None:
        from handover.editions import render

        at = partial(self._at, asked)
        at("read")
        order = self._order(asked)
        if order.inputs.digest == self._shown:
            return
        self._shown = ""
        done, made = render.draft(order, progress=at)
        self._made = made
        self._tell(Html(asked.number, made.html.encode(), made.edition, (*done.warnings, *done.notes)))
        at("typeset")
        self._tell(Pdf(asked.number, made.pdf()))
        self._shown = order.inputs.digest

    def _at(self, asked: Ask, phase: str, done: int = 0, total: int = 0) -> None:
        self._go_on(asked)
        self._tell(At(asked.number, phase, done, total))

    def _order(self, asked: Ask) -> "Request":
        from handover.editions import Request, Store
        from handover.project import Project

        project = Project(self._root)
        give_up = time.monotonic() + TORN_S
        while True:
            try:
                return Request.of(project, self._report, self._given, Store.of(project))
            except (HandoverError, OSError):
                if time.monotonic() > give_up:
                    raise
            self._wait(asked, STEP_S)

    def _go_on(self, asked: Ask) -> None:
        if self._latest is not asked:
            raise Superseded

    def _wait(self, asked: Ask, seconds: float) -> None:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            self._go_on(asked)
            time.sleep(STEP_S)

    def _fail(self, asked: Ask, text: str) -> None:
        self._shown = ""
        self._wait(asked, GRACE_S)
        self._tell(Failed(asked.number, text))

    def _tell(self, message: Message) -> None:
        self._channel.send(message)


def main(arguments: list[str]) -> None:
    """Work: ``worker.py SOCKET ROOT REPORT PARAMETERS``."""
    descriptor, root, report, given = arguments
    Worker(Connection(int(descriptor)), Path(root), report, json.loads(given)).run()


if __name__ == "__main__":
    main(sys.argv[1:])
