"""The process that renders for a preview, warm from one save to the next.

    preview ──number of a save──► worker ──messages──► preview

Only what runs in that process belongs here. It imports the press itself, so that a press that was edited takes
effect with a fresh worker; notebooks and what they import run in kernels, which are always fresh. A number that
comes while it renders stops that render at the next cell or phase.
"""

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from handover.errors import HandoverError
from handover.preview.messages import At, Failed, Html, Message, Pdf, Same

if TYPE_CHECKING:
    from handover.press.order import Order

#: How long a file may be missing or torn, as editors leave it for a moment when they save, before that is an error.
TORN_S = 0.4
TORN_STEP_S = 0.02
#: How long the end of a render may take once the preview is gone.
END_S = 2.0


class Superseded(BaseException):
    """A later save is waiting; beside the tree of exceptions, so that nothing on the way takes it for a failure."""


class Worker:
    """Renders one report whenever it is told a number, and the latest number only."""

    def __init__(self, channel: Connection, root: Path, report: str, given: Mapping[str, str]) -> None:
        self._channel = channel
        self._root, self._report, self._given = root, report, given
        self._waiting: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._latest: int | None = 0
        self._shown = ""

    def run(self) -> None:
        """Render until the preview is gone."""
        threading.Thread(target=self._listen, daemon=True).start()
        from handover.press import forking

        forking.prepare()
        while (number := self._waiting.get()) is not None:
            try:
                self._answer(number)
            except Superseded:
                continue
            except OSError as error:
                if not isinstance(error, BrokenPipeError | ConnectionError):
                    raise
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

    def _answer(self, number: int) -> None:
        try:
            self._render(number)
        except HandoverError as error:
            self._fail(number, str(error))
        except (Superseded, BrokenPipeError, ConnectionError):
            raise
        except Exception as error:
            self._fail(number, f"This is a bug in handover: {type(error).__name__}: {error}")

    def _render(self, number: int) -> None:
        from handover.press import render

        def at(phase: str, done: int = 0, total: int = 0) -> None:
            if self._latest != number:
                raise Superseded
            self._tell(At(number, phase, done, total))

        at("read")
        order = self._order(number)
        if order.inputs.digest == self._shown:
            self._tell(Same(number))
            return
        done, made = render.draft(order, progress=at)
        self._tell(Html(number, made.html.encode(), made.edition, (*done.warnings, *done.notes)))
        at("typeset")
        pdf = made.pdf()
        at("typeset")
        self._tell(Pdf(number, pdf, tuple(made.pictures())))
        self._shown = order.inputs.digest

    def _order(self, number: int) -> "Order":
        from handover.press.order import Order
        from handover.press.store import Store
        from handover.project import Project

        project = Project(self._root)
        give_up = time.monotonic() + TORN_S
        while True:
            try:
                return Order.of(project, self._report, self._given, Store.of(project))
            except (HandoverError, OSError):
                if time.monotonic() > give_up:
                    raise
            if self._latest != number:
                raise Superseded
            time.sleep(TORN_STEP_S)

    def _fail(self, number: int, text: str) -> None:
        self._shown = ""
        if self._latest == number:
            self._tell(Failed(number, text))

    def _tell(self, message: Message) -> None:
        self._channel.send(message)


def main(arguments: list[str]) -> None:
    """Work: ``worker.py SOCKET ROOT REPORT PARAMETERS``."""
    descriptor, root, report, given = arguments
    Worker(Connection(int(descriptor)), Path(root), report, json.loads(given)).run()


if __name__ == "__main__":
    main(sys.argv[1:])
