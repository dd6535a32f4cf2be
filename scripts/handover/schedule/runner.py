"""The runner: takes what is due, one tick at a time, and records what became of it.

    settle ─► for each entry in turn: claim ─► run ─► record ─► mails

Any number of runners may be at work on one project: an entry is run by whoever holds its lock, and the lock ends with
its holder. A line in the ledger is written before a run and after it; whatever instant a runner is killed at, the next
one finds the claim, runs the tick again, and the store recognises what had been published.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from handover.editions import Store
from handover.errors import HandoverError, ScheduleError
from handover.project import Project
from handover.schedule import entry as entries
from handover.schedule import health, job, post
from handover.schedule.clock import clock
from handover.schedule.entry import Entry
from handover.schedule.ledger import Ledger, line
from handover.schedule.outcome import outcome, there
from handover.schedule.plan import INTERRUPTIONS, Plan, plan
from handover.schedule.settle import settle
from handover.schedule.stop import Stop

#: The longest sleep: a changed entry, or a clock that was set, is noticed within it.
LOOK_S = 30.0
#: Waits between attempts double from `Entry.back_off` up to this.
BACK_OFF_MAX = dt.timedelta(hours=6)


@dataclass
class Runner:
    """One runner of one project.

    Args:
        project: The checkout.
        stop: Ends it early.
        now: Tells the time.
        press: Runs a job, as `handover.schedule.job.run` does.
        send: Sends a mail, as `handover.schedule.post.send` does.
        tell: Told in a line what happened.
    """

    project: Project
    stop: Stop = field(default_factory=Stop)
    now: Callable[[], dt.datetime] = clock
    press: Callable[[job.Job, Callable[[], bool]], job.Result] = job.run
    send: post.Send = post.send
    tell: Callable[[str], None] = lambda text: None

    def __post_init__(self) -> None:
        self.ledger = Ledger.of(self.project)
        self.store = Store.of(self.project)
        self.entries: list[Entry] = []
        self._told = ""

    def once(self) -> list[dict[str, Any]]:
        """Run all that is due, waiting between attempts, and send the mails owed.

        Returns:
            The lines recorded, in order: outcomes and skips.

        Raises:
            HandoverError: The entries or the ledger cannot be read, or the disk refuses.
        """
        found: list[dict[str, Any]] = []
        self.entries = entries.load(self.project, self.now())
        while not self.stop():
            done, waits = self._round()
            found += done
            if not done and not waits:
                break
            if not done:
                self.stop.wait(min(LOOK_S, (min(waits) - self.now()).total_seconds()))
        self._afterwards(insist=True)
        return found

    def stay(self) -> None:
        """Run what is due until told to stop; what goes wrong meanwhile is told, and tried again.

        Raises:
            ScheduleError: The entries cannot be kept as they are at the start.
        """
        self.entries = entries.load(self.project, self.now())
        while not self.stop():
            pause = LOOK_S
            try:
                whole = self._reload()
                while not self.stop() and self._round()[0]:
                    pass
                self._afterwards(insist=False)
                pause = self._pause()
                self._told = "" if whole else self._told
            except HandoverError as error:
                self._tell_once(str(error))
            self.stop.wait(pause)

    def _reload(self) -> bool:
        """Read the entries anew, and say whether they can be kept; until then the last that could stand."""
        try:
            self.entries = entries.load(self.project, self.now())
        except ScheduleError as error:
            self._tell_once(f"{error}\nUntil then the entries stay as they were.")
            return False
        return True

    def _tell_once(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self.tell(text)

    def _pause(self) -> float:
        """Seconds until something may be due."""
        now, record = self.now(), self.ledger.refresh().of_entry
        looks = [one.look for one in (plan(each, record(each.name), now) for each in self.entries) if one.look]
        return min([LOOK_S, *(max(0.0, (look - now).total_seconds()) for look in looks)])

    def _round(self) -> tuple[list[dict[str, Any]], list[dt.datetime]]:
        """Give each entry one turn.

        Returns:
            The lines recorded; and for each entry that waits for another attempt, until when.
        """
        with self.ledger.locked():
            settle(self.ledger, self.entries, self.now())
        done: list[dict[str, Any]] = []
        waits: list[dt.datetime] = []
        for entry in self.entries:
            if self.stop():
                break
            with self.ledger.held(f"entry-{entry.name}") as free:
                settled = self._turn(entry) if free else []
            done += settled
            if free and not settled:
                left = plan(entry, self.ledger.of_entry(entry.name), self.now())
                waits += [left.look] if left.trigger == "retry" and left.look else []
        return done, waits

    def _turn(self, entry: Entry) -> list[dict[str, Any]]:
        """Skip what is to be skipped, then run one tick; the caller holds the entry's lock."""
        with self.ledger.locked():
            now = self.now()
            todo = plan(entry, self.ledger.of_entry(entry.name), now)
            skips = self._skips(entry, todo, now)
            self.ledger.append(*skips)
            if not todo.tick:
                return skips
            known = there(self.store, entry, todo.tick)
            self.ledger.append(line("claimed", entry.name, now, tick=todo.tick, trigger=todo.trigger, there=known))
        return skips + self._run(entry, todo.tick, todo.trigger)

    def _run(self, entry: Entry, tick: dt.datetime, trigger: str) -> list[dict[str, Any]]:
        """Run a tick that has been claimed, and record what became of it; nothing if it is to be tried again."""
        shown = f"{entry.name}: {entry.local(tick):%Y-%m-%d %H:%M}"
        self.tell(f"{shown} {trigger}: rendering {entry.report}")
        try:
            result = self._press(entry, tick)
        except job.Stopped:
            with self.ledger.locked():
                self.ledger.append(line("released", entry.name, self.now(), tick=tick))
            self.tell(f"{shown} stopped; the next runner takes it up")
            return []
        with self.ledger.locked():
            now, begun = self.now(), self.ledger.of_entry(entry.name).begun.get(tick)
            failures = begun.failures if begun else 0
            if result.kind == "failed" and failures < entry.retries:
                # a second more, for the ledger keeps whole ones, and no attempt may come too soon
                again = now + min(entry.back_off * 2**failures, BACK_OFF_MAX) + dt.timedelta(seconds=1)
                self.ledger.append(line("retry", entry.name, now, tick=tick, again=again, cause=result.cause))
                self.tell(f"{shown} failed, to be tried again: {result.cause}")
                return []
            settled = outcome(self.store, self.ledger, entry, tick, trigger, result, now)
            self.ledger.append(settled)
        for text in (
            f"{settled['outcome']}: {result.edition or result.cause}",
            *map("warning: {}".format, result.warnings),
        ):
            self.tell(f"{shown} {text}")
        return [settled]

    def _press(self, entry: Entry, tick: dt.datetime) -> job.Result:
        begun = self.ledger.of_entry(entry.name).begun.get(tick)
        if begun and begun.interruptions > INTERRUPTIONS:
            times = begun.interruptions
            return job.Result("failed", cause=f"{entry.report}: its runner was killed {times} times while it ran.")
        seconds = entry.timeout.total_seconds()
        return self.press(job.Job(self.project, entry.report, entry.given(tick), seconds), self.stop)

    def _skips(self, entry: Entry, todo: Plan, now: dt.datetime) -> list[dict[str, Any]]:
        gone = todo.skipped
        if not gone:
            return []
        self.tell(f"{entry.name}: skipped {gone.ticks} up to {entry.local(gone.last):%Y-%m-%d %H:%M}: {gone.why}")
        return [line("skipped", entry.name, now, first=gone.first, last=gone.last, ticks=gone.ticks, why=gone.why)]

    def _afterwards(self, *, insist: bool) -> None:
        """Note reports that have grown stale, and send the mails owed."""
        if self.stop():
            return
        with self.ledger.locked():
            self.ledger.append(*health.grown_stale(self.entries, self.ledger, self.now()))
        post.deliver(
            self.store, self.entries, self.ledger, self.now, self.send, insist=insist, stopped=self.stop, tell=self.tell
        )
