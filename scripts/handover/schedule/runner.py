"""The runner: takes what is due, one tick at a time, and records what became of it.

    declare ─► for each entry in turn: claim ─► run ─► record ─► mails

Any number of runners may be at work on one project: an entry is run by the one that holds its lock, and the lock ends
with its holder. The log is written before a run and after it; at whatever instant a runner is killed, the next one
finds the claim, runs the tick again, and the store recognises what had been published.
"""

import datetime as dt
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from handover import scratch
from handover.editions import Edition, Store, render
from handover.errors import HandoverError, ScheduleError
from handover.notebook import processes
from handover.project import Project
from handover.schedule import entries, mail, status
from handover.schedule.due import plan
from handover.schedule.entries import Entry, Notify
from handover.schedule.log import BY_HAND, Log, Mail, Tick
from handover.schedule.times import clock
from handover.stop import Stop
from handover.workers import LostError, Worker

#: The longest sleep: a changed entry, or a clock that was set, is noticed within it.
LOOK_S = 30.0
#: Waits between attempts double from `Entry.back_off` up to this.
BACK_OFF_MAX = dt.timedelta(hours=6)
#: A tick during which its runner was killed more often than this is not tried again.
INTERRUPTIONS = 10
#: What a run may take beyond the notebook's own time: to start, to write the pages, to wait for the store.
MARGIN_S = 60.0
#: How many characters of a cause are kept.
CAUSE_MAX = 2000


class Stopped(Exception):
    """The run was ended because the runner is to stop; it has no outcome."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a run: ``published`` or ``unchanged`` with the edition's name, or ``failed`` with its cause."""

    kind: str
    edition: str = ""
    cause: str = ""
    warnings: Sequence[str] = ()


def run(
    project: Project,
    report: str,
    given: Mapping[str, Any],
    stopped: Callable[[], bool],
    *,
    timeout_s: float,
    ahead: bool = False,
) -> Result:
    """Render and publish a report in a worker process, so that a time-out, a lack of memory or a crash ends that alone.

    Raises:
        Stopped: `stopped`, which is asked many times a second, returned true; what was published before that stays.
    """
    allowed = timeout_s + MARGIN_S
    give_up = time.monotonic() + allowed

    def look() -> None:
        if stopped():
            raise Stopped
        if time.monotonic() > give_up:
            raise TimeoutError

    # what a process leaves when it is killed goes with the folder
    with scratch.folder() as folder, Worker(cwd=project.root, env={**os.environ, "TMPDIR": str(folder)}) as worker:
        try:
            worker.call(scratch.adopt, folder, look=look)
            task = partial(render.render, timeout_s=timeout_s, ahead=ahead)
            outcome = worker.call(task, project, report, given, look=look)
            return Result(outcome.kind, outcome.edition.name, warnings=(*outcome.warnings, *outcome.surprises))
        except TimeoutError:
            cause = f"{report}: must be done within {allowed:g} seconds (was ended then)."
        except LostError as lost:
            cause = f"{report}: the run must end with an answer ({processes.describe_exit(lost.status)})."
        except HandoverError as error:
            cause = str(error)
    return Result("failed", cause=cause[:CAUSE_MAX])


@dataclass
class Runner:
    """One runner of one project.

    `stop` ends it early; `render` renders as `run` does, and `send` sends a mail as `mail.send` does; `tell`
    receives one line for each event. `given_up` are the mails that the server refused for good.
    """

    project: Project
    stop: Stop = field(default_factory=Stop)
    now: Callable[[], dt.datetime] = clock
    render: Callable[..., Result] = run
    send: mail.Send = mail.send
    tell: Callable[[str], None] = lambda text: None

    def __post_init__(self) -> None:
        self.log = Log(self.project, self.tell)
        self.store = Store.of(self.project)
        self.entries: list[Entry] = []
        self.given_up: list[Mail] = []

    def once(self) -> list[Tick]:
        """Run all that is due, waiting between attempts, and send the mails owed.

        Returns the ticks that came to an outcome, skipped ones too, in the order in which they did.

        Raises:
            HandoverError: The entries or the log cannot be read, or the disk refuses.
        """
        found: list[Tick] = []
        self.entries = entries.load(self.project, self.now())
        while not self.stop():
            done = self._round()
            found += done
            if not done:
                looks = self._looks(retries=True)
                if not looks:
                    break
                self.stop.wait(min([LOOK_S, *looks]))
        self._send_mails(insist=True)
        return found

    def at_once(self, name: str) -> Tick:
        """Render an entry now, whatever its time: for the day that it is there, once, beside its ticks.

        It is recorded as a run by hand; the ticks of the entry stay as they are. A failure is not mailed, since who
        asked for the run learns of it.

        Raises:
            HandoverError: There is no such entry, another runner has it, or the log or the disk refuses.
            Stopped: The runner was asked to stop; nothing is recorded.
        """
        self.entries = entries.load(self.project, self.now())
        entry = entries.named(self.entries, name)
        with self.log.held(f"entry-{name}") as free:
            if not free:
                raise ScheduleError(
                    f"{name}: must be free to run (another runner renders it now).\n"
                    "`handover schedule history` shows what comes of that; run the command again after it."
                )
            with self.log.writing():
                row = self.log.by_hand(name, self.now())
            row.report, row.given = entry.report, entry.given(row.tick)
            self.tell(f"{self._shown(entry, row)} {row.trigger}: rendering {entry.report}")
            self._settle(entry, row, self._render(entry, row))
        self._send_mails(insist=True)
        return row

    def stay(self) -> None:
        """Run what is due until asked to stop; errors meanwhile are reported, and tried again.

        Raises:
            HandoverError: The entries cannot be kept as they are at the start.
        """
        self.entries = entries.load(self.project, self.now())
        told: list[str] = []
        while not self.stop():
            pause, wrong = LOOK_S, []
            try:
                self.entries = entries.load(self.project, self.now())
            except HandoverError as error:
                wrong.append(f"{error}\nUntil then the entries stay as they were.")
            try:
                while not self.stop() and self._round():
                    pass
                self._send_mails(insist=False)
                pause = min([LOOK_S, *self._looks()])
            except HandoverError as error:
                wrong.append(str(error))
            if wrong and wrong != told:
                self.tell("\n".join(wrong))
            told = wrong
            self.stop.wait(pause)

    def _looks(self, *, retries: bool = False) -> list[float]:
        """For each entry, in how many seconds it may have something to do; only for those to try again, if asked."""
        now = self.now()
        with self.log.reading():
            plans = [plan(entry, self.log.waiting(entry.name, now), now) for entry in self.entries]
        looks = [one.look - now for one in plans if one.look and (one.trigger == "retry" or not retries)]
        return [max(0.0, look.total_seconds()) for look in looks]

    def _round(self) -> list[Tick]:
        """Give each entry one turn, and return the ticks that came to an outcome."""
        with self.log.writing():
            self.log.declare(self.entries, self.now())
            for entry in self.entries:
                self._reopen_lost(entry)
        done: list[Tick] = []
        for entry in self.entries:
            if self.stop():
                break
            with self.log.held(f"entry-{entry.name}") as free:
                done += self._turn(entry) if free else []
        return done

    def _reopen_lost(self, entry: Entry) -> None:
        """Let the last tick of an entry run again if the edition that it came to is gone."""
        row = self.log.last(entry.name)
        if row and row.edition and not os.path.lexists(Edition(self.store.root, row.report, row.edition).folder):
            self.tell(f"{self._shown(entry, row)} is run again: {row.report}/{row.edition} is gone")
            self.log.reopen(row)

    def _turn(self, entry: Entry) -> list[Tick]:
        """Skip what is to be skipped, then claim and run one tick; the caller holds the entry's lock."""
        with self.log.writing():
            now = self.now()
            todo = plan(entry, self.log.waiting(entry.name, now), now)
            self.log.skip(todo.skipped, todo.why, now)
            if row := todo.tick:
                row.there = row.there if row.attempts else self._editions(entry, row.tick)
                row.interruptions += row.running
                row.attempts += 1
                row.running, row.trigger, row.at = True, todo.trigger, now
                row.report, row.given = entry.report, entry.given(row.tick)
                self.log.put(row)
        if todo.skipped:
            last = f"{entry.local(todo.skipped[-1].tick):%Y-%m-%d %H:%M}"
            self.tell(f"{entry.name}: skipped {len(todo.skipped)} up to {last}: {todo.why}")
        return [*todo.skipped, *(self._run(entry, todo.tick) if todo.tick else [])]

    def _editions(self, entry: Entry, tick: dt.datetime) -> list[str]:
        """The editions of a tick's day; none if its parameters are not allowed, which its run will report."""
        try:
            day = entry.bound(tick)["as_of"]
        except HandoverError:
            return []
        return [edition.name for edition in self.store.editions(entry.report, prefix=f"{day}-")]

    def _run(self, entry: Entry, row: Tick) -> list[Tick]:
        """Run a claimed tick and record its outcome; return nothing if it is to be tried again."""
        shown = self._shown(entry, row)
        self.tell(f"{shown} {row.trigger}: rendering {entry.report}")
        try:
            result = self._render(entry, row)
        except Stopped:
            self._put_off(row)
            self.tell(f"{shown} stopped; the next runner takes it up")
            return []
        if result.kind == "failed" and row.failures < entry.retries:
            # a second more, for the log keeps whole ones, and no attempt may come too soon
            wait = min(entry.back_off * 2**row.failures, BACK_OFF_MAX) + dt.timedelta(seconds=1)
            row.failures, row.again, row.cause = row.failures + 1, self.now() + wait, result.cause
            self._put_off(row)
            self.tell(f"{shown} failed, to be tried again: {result.cause}")
            return []
        self._settle(entry, row, result)
        return [row]

    def _shown(self, entry: Entry, row: Tick) -> str:
        return f"{entry.name}: {entry.local(row.tick):%Y-%m-%d %H:%M}"

    def _render(self, entry: Entry, row: Tick) -> Result:
        if row.interruptions > INTERRUPTIONS:
            times = row.interruptions
            return Result("failed", cause=f"{entry.report}: its runner was killed {times} times while it ran.")
        how = {"timeout_s": entry.timeout.total_seconds(), "ahead": entry.ahead}
        return self.render(self.project, entry.report, entry.given(row.tick), self.stop, **how)

    def _put_off(self, row: Tick) -> None:
        """Leave a tick to a later attempt."""
        row.running, row.at = False, self.now()
        with self.log.writing():
            self.log.put(row)

    def _settle(self, entry: Entry, row: Tick, result: Result) -> None:
        """Record the outcome of a run, owe the mails about it, and tell it."""
        with self.log.writing():
            # an edition that appeared between two attempts of this tick, and that no other tick is known to have made
            again = result.kind == "unchanged" and row.attempts > 1 and result.edition not in row.there
            ours = again and not self.log.has_published(entry.report, result.edition)
            row.outcome = "published" if ours else result.kind
            row.edition, row.cause, row.running, row.at = result.edition, result.cause, False, self.now()
            owed = self._mails(entry, row) if entry.notify else []
            if self.log.put(row):
                for one in owed:
                    self.log.owe(one)
        shown = self._shown(entry, row)
        self.tell(f"{shown} {row.outcome}: {result.edition or result.cause}")
        for warning in result.warnings:
            self.tell(f"{shown} warning: {warning}")

    def _mails(self, entry: Entry, row: Tick) -> list[Mail]:
        """The mails about an outcome that is not in the log yet."""
        if row.outcome == "failed" and row.trigger == BY_HAND:
            return []
        failed = self.log.failing(entry.name) if row.outcome != "failed" else None
        recovery = mail.of_recovery(entry, row, failed) if failed else None
        return [one for one in (mail.of_outcome(self.store, entry, row), recovery) if one]

    def _send_mails(self, *, insist: bool) -> None:
        """Note reports that have grown stale, and send the mails owed, with `insist` also those that failed lately."""
        if self.stop():
            return
        with self.log.writing():
            for grown in status.grown_stale(self.entries, self.log, self.now()):
                self.log.owe(grown)
            owed = self.log.owed()
        if not owed:
            return
        notify = {entry.name: entry.notify for entry in self.entries}
        with self.log.held("mail") as free:
            with self.log.reading():
                owed = self.log.owed() if free else []
            for one in owed:
                if self.stop():
                    return
                if insist or mail.is_due(one, self.now()) or not notify.get(one.entry):
                    self._send(one, notify.get(one.entry))

    def _send(self, one: Mail, notify: Notify | None) -> None:
        """Send a mail, or drop one without recipients, and log the result."""
        if notify is None:
            one.state, one.cause = "dropped", "the entry has no recipients any more"
        else:
            mail.deliver(self.store, notify, one, self.send)
            one.tried = self.now()
            if told := one.trouble():
                self.tell(f"{one.entry}: {told}")
            if one.state == "given up":
                self.given_up.append(one)
        with self.log.writing():
            self.log.note(one)
