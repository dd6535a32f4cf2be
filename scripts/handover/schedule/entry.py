"""Entries of the schedule, read from ``pyproject.toml`` and refused at load if anything in them cannot be kept."""

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handover.editions import REPORT, day_of
from handover.errors import HandoverError, ScheduleError, near
from handover.notebook import Parameter, parameters, source
from handover.project import Project
from handover.schedule import fields, letterbox, ticks
from handover.schedule.letterbox import Letterbox

FILE = "pyproject.toml"
ADVICE = f"Mend the tables [[tool.handover.schedule]] in {FILE}; nothing was run."
#: The tick's day in a parameter: ``{date}``, or some days before or after it, ``{date-1d}``.
DATE = re.compile(r"\{date(?:(?P<days>[+-][0-9]{1,4})d)?\}")

#: How late a tick still counts as on time, unless its entry says otherwise.
GRACE = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Entry:
    """A report and the times at which it is rendered."""

    name: str
    report: str
    cron: str
    timezone: str
    parameters: Mapping[str, Any]
    declared: tuple[Parameter, ...]
    catch_up: str = "latest"
    limit: int = 10
    grace: dt.timedelta = GRACE
    retries: int = 0
    back_off: dt.timedelta = dt.timedelta(minutes=1)
    timeout: dt.timedelta = dt.timedelta(minutes=10)
    max_age: dt.timedelta | None = None
    notify: Letterbox | None = None

    def ticks(self, after: dt.datetime, until: dt.datetime | None = None) -> Iterator[dt.datetime]:
        """The instants at which it comes, later than `after`, not later than `until`."""
        return ticks.ticks(self.cron, self.timezone, after, until)

    def local(self, instant: dt.datetime) -> dt.datetime:
        """An instant by the clock on the entry's wall."""
        return instant.astimezone(ticks.zone(self.timezone))

    def given(self, tick: dt.datetime) -> dict[str, Any]:
        """The parameters of one tick, its local date written in, as plain JSON values."""
        day = self.local(tick).date()
        return {name: _dated(value, day) for name, value in self.parameters.items()}

    def bound(self, tick: dt.datetime) -> dict[str, Any]:
        """All parameters of one tick, as the notebook declares them.

        Raises:
            ParameterError: The notebook does not allow one of them.
        """
        return parameters.bind(self.declared, self.given(tick), self.name)


def load(project: Project, now: dt.datetime) -> list[Entry]:
    """Read the entries of a project.

    Args:
        project: The checkout.
        now: Parameters are tried with the date of the first tick after it.

    Raises:
        ScheduleError: Entries or fields that cannot be kept, all at once.
    """
    tables, mail = _tables(project)
    found: list[Entry] = []
    faults: list[str] = []
    for number, table in enumerate(tables, 1):
        name = table.get("name") if isinstance(table, Mapping) else None
        where = f"'{name}'" if isinstance(name, str) and name.isprintable() and name else f"number {number}"
        try:
            entry = _entry(project, table, mail, now)
            if entry.name.lower() in (one.name.lower() for one in found):
                raise fields.Faults([f"name must be unlike every other (got '{entry.name}' twice)"])
            found.append(entry)
        except fields.Faults as error:
            faults += [f"entry {where}: {fault}" for fault in error.found]
    if faults:
        raise ScheduleError(f"{FILE}: the schedule cannot be kept:\n  " + "\n  ".join(faults) + f"\n{ADVICE}")
    return found


def named(entries: Sequence[Entry], name: str) -> Entry:
    """The entry of a name.

    Raises:
        ScheduleError: There is none.
    """
    known = [entry.name for entry in entries]
    for entry in entries:
        if entry.name == name:
            return entry
    raise ScheduleError(
        f"{name}: must be an entry of the schedule (known: {', '.join(known) or 'none'}{near(name, known)}).\n"
        "Run `handover schedule list` to see them."
    )


def _tables(project: Project) -> tuple[list[Any], Any]:
    path = project.root / FILE
    try:
        whole = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return [], None
    except (OSError, ValueError) as error:
        raise ScheduleError(f"{path}: must be readable TOML (got {error}).\n{ADVICE}") from error
    tool: Any = whole
    for key in ("tool", "handover"):
        tool = tool.get(key, {}) if isinstance(tool, Mapping) else tool
    if not isinstance(tool, Mapping):
        raise ScheduleError(f"{FILE}: [tool.handover] must be a table (got {tool!r:.60}).\n{ADVICE}")
    tables = tool.get("schedule", [])
    if not isinstance(tables, list):
        raise ScheduleError(f"{FILE}: must write each entry as [[tool.handover.schedule]] (got one table).\n{ADVICE}")
    return tables, tool.get("mail")


def _entry(project: Project, table: Any, mail: Any, now: dt.datetime) -> Entry:
    """Read one table.

    Raises:
        Faults: All that is wrong with it.
    """
    if not isinstance(table, Mapping):
        raise fields.Faults([f"must be a table (got {table!r:.60})"])
    values, faults = fields.read(table)
    known = project.reports_known()
    report = values.get("report")
    declared: tuple[Parameter, ...] = ()
    if report is not None and (not REPORT.fullmatch(report) or report not in known):
        faults.append(
            f"report must be a report (known: {', '.join(known) or 'none'}; got '{report}'{near(report, known)})"
        )
    elif report is not None:
        declared = _declared(project, report, faults)
    try:
        values["notify"] = letterbox.read(table.get("notify"), mail)
    except fields.Faults as error:
        faults += error.found
    if faults:
        raise fields.Faults(faults)
    entry = Entry(declared=declared, **values)
    try:
        bound = entry.bound(next(entry.ticks(now)))
    except HandoverError as error:
        raise fields.Faults([f"parameters: {_short(error)}"]) from error
    if not day_of(bound.get("as_of")):
        raise fields.Faults([f"report must declare the day it speaks from, a parameter 'as_of' (got '{report}')"])
    return entry


def _declared(project: Project, report: str, faults: list[str]) -> tuple[Parameter, ...]:
    path = project.notebook(report)
    try:
        return parameters.declared(source.read(path), path.relative_to(project.root).as_posix())
    except HandoverError as error:
        faults.append(f"report: {_short(error)}")
        return ()


def _short(error: HandoverError) -> str:
    """What an error says, without its advice and the place that this list has named already."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(lines[:-1] or lines).partition(": ")[2] or lines[0]


def _dated(value: Any, day: dt.date) -> Any:
    if isinstance(value, list):
        return [_dated(one, day) for one in value]
    if not isinstance(value, str):
        return value.isoformat() if isinstance(value, dt.date) else value
    return DATE.sub(lambda match: (day + dt.timedelta(days=int(match["days"] or 0))).isoformat(), value)
