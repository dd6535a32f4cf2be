"""The ledger of the schedule, ``.handover/schedule/ledger.jsonl``: every tick and its one outcome.

Lines are facts that are never taken back; `handover.schedule.record` says what they add up to.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from handover import atomic
from handover.errors import ScheduleError
from handover.project import Project
from handover.schedule.journal import Journal
from handover.schedule.record import Record
from handover.schedule.spans import stamp


class Ledger:
    """The records of all entries by name, as far as the journal has been read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records: dict[str, Record] = {}
        self._journal = Journal(folder / "ledger.jsonl")

    @classmethod
    def of(cls, project: Project) -> "Ledger":
        """The ledger of a project; read nothing yet."""
        return cls(project.root / ".handover" / "schedule")

    def refresh(self) -> "Ledger":
        """Read what has been added.

        Raises:
            ScheduleError: The ledger is damaged.
        """
        again, lines = self._journal.fresh()
        if again:
            self.records = {}
        for line in lines:
            self._apply(line)
        return self

    def of_entry(self, name: str) -> Record:
        """What is known of an entry; an empty record if nothing is."""
        return self.records.get(name) or Record()

    @contextmanager
    def locked(self) -> Iterator["Ledger"]:
        """Hold the ledger, read to its end, so that what is added rests on all that is there."""
        with self._journal.locked():
            yield self.refresh()

    def append(self, *lines: Mapping[str, Any]) -> None:
        """Add lines, synced; the caller holds the lock."""
        self._journal.append(lines)
        self.refresh()

    @contextmanager
    def held(self, what: str) -> Iterator[bool]:
        """Try to be the one who does something; the lock ends with its holder, however he ends.

        Yields:
            Whether it was free.
        """
        import filelock

        with atomic.told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.folder / f"{what}.lock", timeout=0, mode=0o644)
            try:
                lock.acquire()
            except filelock.Timeout:
                lock = None
        try:
            yield lock is not None
        finally:
            if lock:
                lock.release()

    def _apply(self, line: dict[str, Any]) -> None:
        try:
            self.records.setdefault(line["entry"], Record()).apply(line)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ScheduleError(
                f"{self._journal.path}: must hold lines of a schedule's ledger (got {line!r:.120}: {error}).\n"
                "Mend that line from a copy, or remove it and its tick runs again."
            ) from error


def line(event: str, entry: str, at: dt.datetime, **rest: Any) -> dict[str, Any]:
    """One line of the ledger; instants among `rest` are written as the ledger keeps them."""
    plain = {key: stamp(value) if isinstance(value, dt.datetime) else value for key, value in rest.items()}
    return {"event": event, "entry": entry, "at": stamp(at), **plain}
