"""A file that only grows, one JSON object a line, and keeps every whole line through ``kill -9`` at any instant.

What the lines mean is `handover.schedule.ledger`.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from handover import atomic
from handover.errors import ScheduleError

#: How long one writer waits for another; each takes some milliseconds.
LOCK_TIMEOUT_S = 60

Line = dict[str, Any]


class Journal:
    """One such file; it remembers how far it has been read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        self._lines = 0
        self._file: tuple[int, int] | None = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the journal against every other writer.

        Raises:
            ScheduleError: Another writer holds it for too long.
            StoreError: The lock cannot be made.
        """
        import filelock

        lock = filelock.FileLock(self.path.with_suffix(".lock"), timeout=LOCK_TIMEOUT_S, mode=0o644)
        with atomic.told(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except filelock.Timeout as error:
                raise ScheduleError(
                    f"{self.path}: must be free to write (held for {LOCK_TIMEOUT_S} seconds by another runner).\n"
                    "End that runner; the ledger is whole."
                ) from error
        try:
            yield
        finally:
            lock.release()

    def fresh(self) -> tuple[bool, list[Line]]:
        """Read what has been added since the last time.

        Returns:
            Whether the file is another one, so that all that was read before is void; and the lines.

        Raises:
            ScheduleError: A line before the last is damaged.
        """
        try:
            with self.path.open("rb") as file:
                about = os.fstat(file.fileno())
                again = (about.st_dev, about.st_ino) != self._file or about.st_size < self._read
                if again:
                    self._file, self._read, self._lines = (about.st_dev, about.st_ino), 0, 0
                file.seek(self._read)
                added = file.read()
        except FileNotFoundError:
            again, added = self._file is not None, b""
            self._file, self._read, self._lines = None, 0, 0
        lines = list(self._parsed(added))
        return again, lines

    def append(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Add lines, synced; the caller holds the lock and has read to the end.

        Raises:
            StoreError: The disk refuses; lines may then be there in part, and the whole ones count.
        """
        # plain ASCII, so that a text from anywhere, even half a character, can be kept
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        if not data:
            return
        with atomic.told(self.path):
            if not self.path.exists():
                atomic.create(self.path, b"")
                atomic.sync(self.path.parent)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_size > self._read:
                    # a torn line that a killed writer left; all that is whole has been read
                    os.ftruncate(handle, self._read)
                atomic.write(handle, data)
            finally:
                os.close(handle)

    def _parsed(self, added: bytes) -> Iterator[Line]:
        """The whole lines; a last one that is torn is left for the next writer to cut off."""
        pieces = added.split(b"\n")
        for number, piece in enumerate(pieces[:-1], 1):
            try:
                line = json.loads(piece)
                if not isinstance(line, dict):
                    raise ValueError("no object")
            except ValueError as error:
                if number == len(pieces) - 1 and not pieces[-1]:
                    return
                raise ScheduleError(
                    f"{self.path}: line {self._lines + 1} must be whole (got {error}).\n"
                    "The disk has damaged it: mend that line from a copy, or remove it and its tick runs again."
                ) from error
            self._read += len(piece) + 1
            self._lines += 1
            yield line
