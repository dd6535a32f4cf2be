"""Entries of the schedule, read from ``pyproject.toml`` and refused at load if anything in them cannot be kept."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Annotated, Any, get_origin

from handover.editions import REPORT, day_of, latest_day, require_report, settings
from handover.errors import HandoverError, ScheduleError, itemised, near
from handover.notebook import Parameter, parameters, source
from handover.project import Project
from handover.schedule import times
from handover.text import shown

ADVICE = f"Mend the tables [[tool.handover.schedule]] in {settings.FILE}; nothing was run."
#: The tick's day in a parameter: ``{date}``, or some days before or after it, ``{date-1d}``.
DATE = re.compile(r"\{date(?:(?P<days>[+-][0-9]{1,4})d)?\}")

#: The environment variable of the mail password; a file of settings is read by too many.
PASSWORD = "HANDOVER_MAIL_PASSWORD"
SECURITY = {"starttls": 587, "tls": 465, "none": 25}
#: What a table calls a field whose name Python keeps for itself.
FROM = {"sender": "from"}
HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?"
#: One plain address; nothing that ends a header or opens another fits in.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


# the rules of the fields: each returns its value, or raises a ValueError that says what it must be


def _shown(raw: Any) -> str:
    return shown(repr(raw), 80)


def _take(raw: Any, fits: object, must: str, known: Iterable[str] = ()) -> Any:
    if fits:
        return raw
    raise ValueError(f"must {must} (got {_shown(raw)}{near(raw, known) if isinstance(raw, str) else ''})")


def _text(raw: Any, pattern: str, must: str) -> str:
    return _take(raw, isinstance(raw, str) and re.fullmatch(pattern, raw), must)


def _choice(raw: Any, known: Iterable[str], must: str) -> str:
    return _take(raw, isinstance(raw, str) and raw in known, must, known)


def _whole(raw: Any, low: int, high: int) -> int:
    fits = isinstance(raw, int) and not isinstance(raw, bool) and low <= raw <= high
    return _take(raw, fits, f"be a whole number from {low} to {high}")


def _length(raw: Any, least: dt.timedelta = times.SECOND) -> dt.timedelta:
    length = times.parse_length(raw)
    if length is None:
        return _take(raw, False, f"be {times.LENGTH_EXAMPLE}")
    _take(raw, length >= least, f"be at least {times.format_length(least)}")
    return length


def _cron(raw: Any) -> str:
    fault = times.cron_fault(raw) if isinstance(raw, str) else f"have {times.CRON_EXAMPLE}"
    return _take(raw, fault is None, fault or "")


def _addresses(raw: Any) -> tuple[str, ...]:
    found = [raw] if isinstance(raw, str) else raw
    bad = [one for one in found if not _is_address(one)] if isinstance(found, list) else found
    _take(bad, isinstance(found, list) and found and not bad, "be plain addresses, one at least")
    return tuple(found)


def _is_address(raw: Any) -> bool:
    # "=?" begins an encoded word, which mail programs decode even in an address
    fits = isinstance(raw, str) and ADDRESS.fullmatch(raw) and not raw.startswith(".")
    return bool(fits) and not any(each in raw for each in ("..", ".@", "=?"))


def _flag(raw: Any) -> bool:
    return _take(raw, isinstance(raw, bool), "be true or false")


@dataclass(frozen=True, slots=True)
class Notify:
    """Recipients, sender and server of an entry's mails; without `user` there is no login.

    With `show_recipients` each of them reads who else has the mail.
    """

    to: Annotated[tuple[str, ...], _addresses]
    sender: Annotated[str, lambda raw: _take(raw, _is_address(raw), "be one plain address")]
    host: Annotated[str, lambda raw: _text(raw, HOST, "be the name of a server")]
    port: Annotated[int, lambda raw: _whole(raw, 1, 65535)] = 0
    security: Annotated[str, lambda raw: _choice(raw, SECURITY, f"be one of {', '.join(SECURITY)}")] = "starttls"
    user: Annotated[str, lambda raw: _take(raw, isinstance(raw, str) and raw.isprintable(), "be one line of text")] = ""
    show_recipients: Annotated[bool, _flag] = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A report and the times at which it is rendered.

    `grace` is how late a tick still counts as on time; `back_off` the wait before the first retry; `ahead` allows a
    day later than the tick's.
    """

    name: Annotated[str, lambda raw: _text(raw, REPORT.pattern, "be letters a to z, digits, - and _, at most 64")]
    report: Annotated[str, lambda raw: _take(raw, isinstance(raw, str), "be the name of a notebook")]
    cron: Annotated[str, _cron]
    timezone: Annotated[str, lambda raw: _choice(raw, times.zones(), "be a time zone such as 'Asia/Baghdad'")]
    declared: tuple[Parameter, ...]
    parameters: Annotated[
        Mapping[str, Any], lambda raw: _take(raw, isinstance(raw, Mapping), "be a table of names and values")
    ] = field(default_factory=dict)
    catch_up: Annotated[str, lambda raw: _choice(raw, ("latest", "all", "none"), "be latest, all or none")] = "latest"
    limit: Annotated[int, lambda raw: _whole(raw, 1, 10_000)] = 10
    grace: Annotated[dt.timedelta, _length] = dt.timedelta(minutes=15)
    retries: Annotated[int, lambda raw: _whole(raw, 0, 20)] = 0
    back_off: Annotated[dt.timedelta, lambda raw: _length(raw, dt.timedelta(0))] = dt.timedelta(minutes=1)
    timeout: Annotated[dt.timedelta, _length] = dt.timedelta(minutes=10)
    max_age: Annotated[dt.timedelta | None, _length] = None
    ahead: Annotated[bool, _flag] = False
    notify: Annotated[Notify | None, lambda raw: raw] = None  # read with the shared table

    def ticks(self, after: dt.datetime, until: dt.datetime | None = None) -> Iterator[dt.datetime]:
        """The instants at which it comes, later than `after`, not later than `until`."""
        return times.ticks(self.cron, self.timezone, after, until)

    def local(self, instant: dt.datetime) -> dt.datetime:
        """An instant by the entry's wall clock."""
        return instant.astimezone(times.zone(self.timezone))

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
    """Read the entries of a project; parameters are tried with the date of the first tick after `now`.

    Raises:
        ScheduleError: Entries or fields that cannot be kept, all at once.
        NotebookError: The notebook of a report has faults of its own.
        HandoverError: The file cannot be read.
    """
    declared = settings.table(project)
    tables, mail = declared.get("schedule", []), declared.get("mail")
    if not isinstance(tables, list):
        raise ScheduleError(
            f"{settings.FILE}: must write each entry as [[tool.handover.schedule]] (got one table).\n{ADVICE}"
        )
    found: list[Entry] = []
    told: list[str] = []
    for number, table in enumerate(tables, 1):
        name = table.get("name") if isinstance(table, Mapping) else None
        where = f"'{name}'" if isinstance(name, str) and name.isprintable() and name else f"number {number}"
        faults: list[str] = []
        entry = _entry(project, table, mail, now, faults)
        if entry and entry.name.lower() in (one.name.lower() for one in found):
            faults.append(f"name must be unlike every other (got '{entry.name}' twice)")
        elif entry:
            found.append(entry)
        told += [f"entry {where}: {fault}" for fault in faults]
    if told:
        raise ScheduleError(itemised(f"{settings.FILE}: the schedule cannot be kept:", told, ADVICE))
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


def _entry(project: Project, table: Any, mail: Any, now: dt.datetime, faults: list[str]) -> Entry | None:
    """Read one table; None if anything is wrong with it, which is added to the faults."""
    if not isinstance(table, Mapping):
        faults.append(f"must be a table (got {table!r:.60})")
        return None
    values = _fields(table, Entry, faults)
    if "limit" in table and table.get("catch_up") != "all":
        faults.append("limit must stand beside catch_up = 'all' (got it without)")
    declared = _declared(project, values["report"], faults) if "report" in values else ()
    values["notify"] = _notify(table.get("notify"), mail, faults)
    if faults:
        return None
    entry = Entry(declared=declared, **values)
    tick = next(entry.ticks(now))
    try:
        day = day_of(entry.bound(tick).get("as_of"))
    except HandoverError as error:
        faults.append(f"parameters: {_short(error)}")
        return None
    if not day:
        faults.append(f"report must declare the day it speaks from, a parameter 'as_of' (got '{entry.report}')")
    elif day > latest_day(tick) and not entry.ahead:
        faults.append(f"as_of must be a day that has come by its tick, or ahead = true (got {day} on {tick.date()})")
    return None if faults else entry


def _declared(project: Project, report: str, faults: list[str]) -> tuple[Parameter, ...]:
    """The parameters that a report declares."""
    try:
        require_report(project, report)
    except HandoverError as error:
        faults.append(f"report: {_short(error)}")
        return ()
    path = project.notebook(report)
    return parameters.declared(source.read(path), project.where(path))


def _short(error: HandoverError) -> str:
    """The text of an error without its advice, and without the place, which the list names already."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(lines[:-1] or lines).partition(": ")[2] or lines[0]


def _dated(value: Any, day: dt.date) -> Any:
    if isinstance(value, list):
        return [_dated(one, day) for one in value]
    if not isinstance(value, str):
        return value.isoformat() if isinstance(value, dt.date) else value
    return DATE.sub(lambda match: (day + dt.timedelta(days=int(match["days"] or 0))).isoformat(), value)


def _notify(notify: Any, mail: Any, faults: list[str]) -> Notify | None:
    """Read an entry's ``notify``, addresses or a table; None for no mails, or with a fault.

    Its fields go before those of the shared table ``[tool.handover.mail]``.
    """
    if notify is None:
        return None
    own, shared = {"to": notify} if isinstance(notify, str | list) else notify, {} if mail is None else mail
    for name, one in (("notify must be addresses or", own), ("[tool.handover.mail] must be", shared)):
        if not isinstance(one, Mapping):
            faults.append(f"{name} a table (got {_shown(one)})")
            return None
    wrong: list[str] = []
    values = _fields({**shared, **own}, Notify, wrong, ", here or in [tool.handover.mail]")
    faults += [f"notify: {fault}" for fault in wrong]
    return None if wrong else Notify(**{"port": SECURITY[values.get("security", "starttls")], **values})


def _fields(table: Mapping[str, Any], kind: type, faults: list[str], where: str = "") -> dict[str, Any]:
    """Read the fields of a kind that one table gives: the values that can be taken, by name."""
    known = {FROM.get(one.name, one.name): one for one in fields(kind) if get_origin(one.type) is Annotated}
    needed = [name for name, one in known.items() if one.default is one.default_factory is MISSING]
    faults += [f"{name} must be given{where}" for name in needed if name not in table]
    values: dict[str, Any] = {}
    for name, raw in table.items():
        if "password" in name:
            faults.append(f"{name} must stand in the environment, in {PASSWORD}, and in no file")
        elif name not in known:
            faults.append(f"{_shown(name)} is no field (known: {', '.join(known)}{near(name, known)})")
        else:
            try:
                values[known[name].name] = known[name].type.__metadata__[0](raw)
            except ValueError as error:
                faults.append(f"{name} {error}")
    return values
