"""What the ledger knows of one entry: since when it counts, what became of each tick, what is under way, what is owed.

Built line by line; nothing here reads or writes a file.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from handover.schedule import ticks
from handover.schedule.spans import instant

GOOD = ("published", "unchanged")
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in which an entry came at certain times; open at its end while it stands."""

    since: dt.datetime
    cron: str
    timezone: str
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Ticks that were skipped for one reason: all from `first` to `last` that did not run."""

    first: dt.datetime
    last: dt.datetime
    ticks: int
    why: str
    at: dt.datetime


@dataclass(slots=True)
class Begun:
    """A tick that was claimed and has no outcome yet; there is more than one only after the clock was set back.

    `running` stands from a claim to what became of it: if it stands and nobody holds the entry's lock, whoever
    claimed the tick was killed. `there` are the editions of the tick's day from before the first claim.
    """

    there: tuple[str, ...]
    claims: int = 1
    failures: int = 0
    interruptions: int = 0
    running: bool = True
    failed: dt.datetime | None = None
    again: dt.datetime | None = None
    cause: str = ""


@dataclass(slots=True)
class Record:
    """One entry's part of the ledger.

    `floor`: every tick up to it has its outcome. Ticks in `ran` may lie beyond it after the clock was set back.
    `good` is when the last good outcome was recorded.
    """

    segments: list[Segment] = field(default_factory=list)
    floor: dt.datetime = NEVER
    ran: dict[dt.datetime, dict[str, Any]] = field(default_factory=dict)
    skips: list[Skip] = field(default_factory=list)
    begun: dict[dt.datetime, Begun] = field(default_factory=dict)
    good: dt.datetime | None = None
    owed: dict[str, dict[str, Any]] = field(default_factory=dict)
    tried: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stale: dt.datetime | None = None

    @property
    def standing(self) -> Segment | None:
        """The segment that is open."""
        last = self.segments[-1] if self.segments else None
        return last if last and last.until is None else None

    @property
    def since(self) -> dt.datetime | None:
        """When the entry was first seen, in the stretch that stands."""
        return self.standing.since if self.standing else None

    def pending(self, now: dt.datetime) -> Iterator[dt.datetime]:
        """The ticks up to `now` that have no outcome, in order."""
        for one in self.segments:
            until = min(one.until or now, now)
            for tick in ticks.ticks(one.cron, one.timezone, max(one.since, self.floor), until):
                if tick not in self.ran:
                    yield tick

    def apply(self, line: dict[str, Any]) -> None:
        """Take one line in.

        Raises:
            KeyError, ValueError: It is not a line of a ledger.
        """
        at = instant(line["at"])
        match line["event"]:
            case "declared":
                self._close(at)
                self.segments.append(Segment(at, line["cron"], line["timezone"]))
            case "retired":
                self._close(at)
            case "claimed":
                self._claim(instant(line["tick"]), tuple(line["there"]))
            case "retry" | "released":
                self._pause(line, at)
            case "outcome":
                self._settle(line, at)
            case "skipped":
                skip = Skip(instant(line["first"]), instant(line["last"]), line["ticks"], line["why"], at)
                self.skips.append(skip)
                self.floor = max(self.floor, skip.last)
                self.begun = {tick: one for tick, one in self.begun.items() if not skip.first <= tick <= skip.last}
            case "clock back":
                self._withdraw(at, instant(line["after"]), line["ticks"])
            case "stale":
                self.stale, self.owed[line["mail"]["id"]] = instant(line["good"]), line
            case "mailed" | "dropped":
                self.owed.pop(line["mail"], None)
                self.tried.pop(line["mail"], None)
            case "unsent":
                self.tried.setdefault(line["mail"], []).append(line)
            case _:
                raise ValueError(f"an unknown event {line['event']!r}")

    def _close(self, at: dt.datetime) -> None:
        if self.standing:
            self.segments[-1] = replace(self.segments[-1], until=at)

    def _claim(self, tick: dt.datetime, there: tuple[str, ...]) -> None:
        begun = self.begun.get(tick)
        if begun is None:
            self.begun[tick] = Begun(there)
            return
        begun.claims += 1
        begun.interruptions += begun.running
        begun.running = True

    def _pause(self, line: dict[str, Any], at: dt.datetime) -> None:
        begun = self.begun.get(instant(line["tick"]))
        if begun is None:
            return
        begun.running = False
        if line["event"] == "retry":
            begun.failures += 1
            begun.failed, begun.again, begun.cause = at, instant(line["again"]), line["cause"]

    def _settle(self, line: dict[str, Any], at: dt.datetime) -> None:
        tick = instant(line["tick"])
        self.ran[tick] = line
        self.floor = max(self.floor, tick)
        self.begun.pop(tick, None)
        if line["outcome"] in GOOD:
            self.good = at
        if line.get("mail"):
            self.owed[line["mail"]["id"]] = line

    def _withdraw(self, now: dt.datetime, after: dt.datetime, count: int) -> None:
        """Take back what was skipped later than `after`; what ran has run.

        Args:
            now: What the clock shows since it was set back.
            after: An instant not later than that.
            count: How many ticks of the skip that reaches across `after` remain.
        """
        kept = [skip for skip in self.skips if skip.first <= after]
        self.skips = [skip if skip.last <= after else replace(skip, last=after, ticks=count) for skip in kept]
        self.floor = min(self.floor, after)
        self.good = min(self.good, now) if self.good else None
        self.segments = [
            replace(one, since=min(one.since, now), until=min(one.until, now) if one.until else None)
            for one in self.segments
        ]
