"""The preview's end of `handover.preview.worker`: one worker at a time, and another in its place when it must go."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from handover.preview.messages import Ask, At, Done, Failed, Message

#: How long a worker that is busy with cells may take to hear of the next save; its cell may hang. To start another
#: takes as long.
DEAF_S = 2.0
#: The same while it imports its tools.
STARTING_S = 5.0
#: How long a worker may take to end once it is told to.
END_S = 5.0
#: Said of a worker that was killed, or broke; the next save starts another.
ENDED = (
    "The process that renders must stay while the preview runs (it ended with status {}).\nSave once more to start it."
)


class Renderer:
    """Renders when asked; what comes of it goes to `tell`, from another thread. `idle` once all is answered."""

    def __init__(self, root: Path, report: str, given: Mapping[str, str], tell: Callable[[Message], None]) -> None:
        self._arguments = [str(root), report, json.dumps(dict(given))]
        self._tell = tell
        self._asked = Ask(0, render=False, pages=False)
        self._since = 0.0
        self._heard = self.idle = True
        self._worker: _Process | None = None

    def ask(self, *, render: bool = True, pages: bool = False, fresh: bool = False) -> None:
        """Ask for what is there now, and give up what is under way.

        Args:
            render: Render the report, unless it was made from the same before.
            pages: Draw the pages of the PDF.
            fresh: In a process that has imported nothing yet.
        """
        self._asked = Ask(self._asked.number + 1, render, pages)
        if self._heard or fresh:
            # who saves on and on is served as well: the wait counts from the first save that was not heard
            self._since = time.monotonic()
        self._heard = self.idle = False
        if fresh or self._worker is None or not self._worker.alive():
            self._replace()
        try:
            self._worker.ask(self._asked)
        except OSError:
            self._replace()
            self._worker.ask(self._asked)

    def hear(self, message: Message) -> bool:
        """Take note of a message; return whether it answers the latest question."""
        if message.number != self._asked.number:
            return False
        self._heard = True
        self.idle = isinstance(message, Done | Failed)
        if isinstance(message, Done) or (isinstance(message, At) and message.done):
            self._worker.warm = True
        return True

    def patience(self) -> float | None:
        """How many seconds until `urge` is due; None while nothing is late."""
        if self._heard or self._worker is None:
            return None
        allowed = DEAF_S if self._worker.warm else STARTING_S
        return max(0.0, self._since + allowed - time.monotonic())

    def urge(self) -> None:
        """Replace a worker that has not heard the question, since the cell it runs does not come to an end."""
        if self.patience() == 0.0:
            self.ask(pages=self._asked.pages, fresh=True)

    def end(self) -> None:
        """End the worker, and with it whatever it started."""
        if self._worker is not None:
            self._worker.end(END_S)
            self._worker = None

    def _replace(self) -> None:
        if self._worker is not None:
            self._worker.end(0)
        self._worker = _Process(self._arguments, self._tell)


class _Process:
    """One worker."""

    def __init__(self, arguments: list[str], tell: Callable[[Message], None]) -> None:
        self.warm = False
        self._number = 0
        self._ending = False
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "handover.preview.worker", str(theirs.fileno()), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                # Ctrl-C is for the preview, which then ends its worker in good order
                start_new_session=True,
            )
        self._channel = Connection(ours.detach())
        self._listener = threading.Thread(target=self._listen, args=(tell,), daemon=True)
        self._listener.start()

    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, asked: Ask) -> None:
        self._number = asked.number
        self._channel.send(asked)

    def end(self, patience_s: float) -> None:
        self._ending = True
        with suppress(OSError), socket.socket(fileno=os.dup(self._channel.fileno())) as channel:
            channel.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        self._channel.close()

    def _listen(self, tell: Callable[[Message], None]) -> None:
        with suppress(EOFError, OSError):
            while True:
                tell(self._channel.recv())
        if not self._ending:
            tell(Failed(self._number, ENDED.format(self._process.wait())))
