"""Facts: what a report concludes and prints, with the claims behind it and the day since when it was known.

A fact is a row of ``data/facts.csv``: the claims in order of preference, and why; or how it is computed from rows, see
`handover.story.derived`. `DERIVED` contains those that a row cannot declare.
"""

import bisect
import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import takewhile

from handover.errors import FactError, near, on_one_line
from handover.project import Project
from handover.story.claims import OUTSIDE, Claim, View, Why, until
from handover.story.contradictions import CURE, WHEN, contradictions, in_words
from handover.story.data import Tables
from handover.story.derived import COMPUTED, computed
from handover.story.values import English, Period, Quantity, Row, overlap, stated
from handover.tables import claimed, row_id

LISTED = "data/facts.csv lists the facts; add a row to it, with the claims behind the number."
#: The value of column `of` for a fact that has no value.
SAID = "said"
BASE = "ain_al_asad"
#: The tables whose rows tell what happened; of another story, all that name sources.
RECORD = ("events", "handovers", "troop_levels")


@dataclass(frozen=True, slots=True)
class Fact:
    """What a report prints at one place.

    Its value is `quantity`, or else `words` (a state: "handed over to Iraq"), or else `period`; for the first two,
    `period` is the time they refer to. A mere statement has none of them. `claims` starts with the claim that is
    printed; `reading` says why it was chosen.
    """

    key: str
    label: str
    unit: str
    claims: tuple[str, ...]
    known: dt.date
    quantity: Quantity | None = None
    period: Period | None = None
    reading: str = ""
    conflicts: tuple[str, ...] = ()
    words: str = ""

    @property
    def value(self) -> Quantity | Period | str | None:
        """The value, None for a mere statement."""
        return self.quantity or self.words or self.period


@dataclass
class Facts:
    """All facts of one report, each computed on first use; `extra` adds to those of the project."""

    view: View
    extra: dict[str, Fact] = field(default_factory=dict)
    _found: dict[str, Fact | None] = field(default_factory=dict)
    _reasons: dict[str, Why] = field(default_factory=dict)
    _under_way: list[str] = field(default_factory=list)
    #: called with the key of each fact that was asked for and not known
    missed: Callable[[str], None] = field(default=lambda _: None)

    def __post_init__(self) -> None:
        self.declared = self.view.tables.declared
        self.derived = {key: make for key, make in DERIVED.items() if RESTS_ON.get(key, set()) <= self.declared.keys()}

    def __iter__(self) -> Iterator[str]:
        return iter([*self.declared, *self.derived, *self.extra])

    def __contains__(self, key: object) -> bool:
        return key in self.declared or key in self.derived or key in self.extra

    def said(self, key: str) -> bool:
        """Return whether a fact is a mere statement, without a value."""
        return key in self.declared and self.declared[key]["of"] == SAID

    def missing(self, key: str) -> tuple[str, str]:
        """Say of a name that is none of the facts that it is not, or which facts beneath it are gone; and the cure."""
        gone = sorted(RESTS_ON.get(key, set()) - self.declared.keys())
        if gone and any(self.declared.keys() & beneath for beneath in RESTS_ON.values()):
            said = f"'{key}' must rest on facts that there are (missing: {', '.join(gone)})"
            return said, f"Add a row for {' and '.join(gone)} to data/facts.csv again, or take '{key}' out."
        return f"'{key}' is not a fact", LISTED

    def _made(self, key: str) -> Fact | None:
        if key not in self:
            said, cure = self.missing(key)
            raise FactError(f"{said}{near(key, list(self)) or '.'}\n{cure}")
        if key in self._under_way:
            way = " ─► ".join([*self._under_way, key])
            raise FactError(f"data/facts.csv: '{key}' must not rest on itself ({way}).\nName the rows behind it.")
        with self._busy(key):
            return self.derived[key](self, key) if key in self.derived else _read(self, self.declared[key])

    @contextmanager
    def _busy(self, key: str) -> Iterator[None]:
        self._under_way.append(key)
        try:
            yield
        finally:
            self._under_way.pop()

    def why_unknown(self, key: str) -> Why | None:
        """Return why a fact is not known, None for one that is.

        Raises:
            FactError: There is no such fact.
        """
        if self[key]:
            return None
        if key not in self._reasons:
            self._reasons[key] = self._why_unknown(key)
        return self._reasons[key]

    def _why_unknown(self, key: str) -> Why:
        since = self._known_from(key, self.view.evidence)
        if since:
            return until(since)
        since = self._known_from(key, "record")
        if since:
            later = f", and {until(since).words}" if since > self.view.as_of else ""
            return OUTSIDE._replace(words=OUTSIDE.words + later)
        where = self.view.tables.where
        sides = claimed(str(self.declared[key]["claims"])) if key in self.declared else []
        named = [word for side in sides for word in side]
        for other in (name for name in named if name in self):
            if reason := self.why_unknown(other):
                return Why(f"rests on {other} ({reason.words})")
        weak = named and all(name in where and self.view.weak(where[name][1]) for name in named)
        return Why("rests on sources of grade D alone" if weak else "rests on no row that gives a value")

    def passed_over(self, key: str) -> list[tuple[str, Why]]:
        """Return the rows that a declared fact prefers to the one that it rests on, each with why not on them."""
        fact, row = self[key], self.declared.get(key)
        if not fact or not row or row["choose"] != "first":
            return []
        better = takewhile(lambda name: name != fact.claims[0], str(row["claims"]).split())
        where = self.view.tables.where
        return [(name, self.view.why_unused(where[name][1]) or Why("gives no value")) for name in better]

    def _known_from(self, key: str, evidence: str) -> dt.date | None:
        """Return the day from which a fact is known with some evidence, or None if it never is."""
        tables = self.view.tables

        def known(day: dt.date) -> bool:
            try:
                return _facts(tables, day, evidence)[key] is not None
            except FactError:
                return True  # the rows of that day contradict each other, and its report says so

        days = [self.view.as_of, *tables.days[bisect.bisect(tables.days, self.view.as_of) :]]
        at = bisect.bisect_left(days, True, key=known)
        return days[at] if at < len(days) else None

    def on(self, day: dt.date) -> "Facts":
        """Return the facts of a report of another day."""
        return _facts(self.view.tables, day, self.view.evidence)

    def __getitem__(self, key: str) -> Fact | None:
        """Return a fact, or None where it was not known by the report's day.

        Raises:
            FactError: There is no such fact, or its claims contradict each other with no conflict registered.
        """
        if key in self.extra:
            return self.extra[key]
        if key not in self._found:
            self._found[key] = self._made(key)
        found = self._found[key]
        if self._under_way:
            return found
        if found is None:
            self.missed(key)
        elif "{" in found.reading:
            # only now, since a reading may name what rests on its fact
            with self._busy(key):
                found = self._found[key] = replace(found, reading=_reading(self, found.reading))
        return found


@lru_cache(512)
def _facts(tables: Tables, day: dt.date, evidence: str) -> Facts:
    """Return the facts of a day, which are asked for again for each fact that changed on it."""
    return Facts(View(tables, day, evidence))


def _read(facts: Facts, row: Row) -> Fact | None:
    """Read a declared fact from the preferred claim, or compute it."""
    view = facts.view
    name = {"key": str(row["fact"]), "label": str(row["label"]), "unit": str(row["unit"])}
    if row["choose"] in COMPUTED:
        made = computed(facts, row)
        if made and row["conflicts"]:
            made["conflicts"] = _declared_conflicts(view, row)
        return Fact(**name, **made, reading=str(row["reading"] or "")) if made else None
    claims = view.claims(str(row["claims"]).split())
    if row["choose"] == "latest":
        claims = [found for found in claims if not view.weak(found.row)]
        claims.sort(key=lambda found: found.period.end if found.period else dt.date.min, reverse=True)
        claims = claims[:1]
    claims.sort(key=lambda found: view.weak(found.row))
    if not claims or view.weak(claims[0].row):
        return None
    of = str(row["of"])
    if of == SAID:
        ids = tuple(found.id for found in claims)
        return Fact(**name, claims=ids, known=claims[0].known, conflicts=_declared_conflicts(view, row))
    values = [(found, value) for found in claims if (value := stated(found.row, of))]
    if not values:
        return None
    _refuse_contradiction(view, name["key"], values)
    first, value = values[0]
    ids = tuple(found.id for found, _ in values)
    return Fact(
        **name,
        claims=ids,
        known=first.known,
        quantity=value if isinstance(value, Quantity) else None,
        period=first.period if isinstance(value, Quantity) else value,
        reading=str(row["reading"] or "") if len(ids) > 1 or row["choose"] == "latest" else "",
        conflicts=_declared_conflicts(view, row) if row["conflicts"] else view.contesting(first.id, value, of),
    )


def _reading(facts: Facts, text: str) -> str:
    """Write a reading; a sentence that names facts in braces is left out unless all were known."""
    written = []
    for sentence in re.split(r"(?<=\.) ", text):
        named = {key: facts[key] for key in re.findall(r"\{(\w+)\}", sentence)}
        if all(fact and fact.quantity for fact in named.values()):
            words = {key: English().quantity(fact.quantity) for key, fact in named.items() if fact and fact.quantity}
            written.append(sentence.format(**words))
    return " ".join(written)


def check_facts(project: Project) -> list[str]:
    """Return one line for each fault of the facts: rows that contradict each other, facts that cannot be made.

    Raises:
        DataError: The tables have faults.
    """
    tables = Tables.load(project)
    cure = CURE.format(tables.paths.get("conflicts", "data/conflicts.csv"))
    faults = [f"{found}; {cure}" for found in contradictions(tables)]
    faults += _misdeclared(tables)
    facts = Facts(View(tables, dt.date.max)) if "facts" in tables.rows else None
    for key in facts.declared if facts else ():  # what Python computes may rest on tables that another story has not
        try:
            facts[key]
        except FactError as error:
            faults.append(on_one_line(error))
    return list(dict.fromkeys(faults))


def _misdeclared(tables: Tables) -> Iterator[str]:
    """Yield the facts that name a column or a unit which the rows behind them do not have."""
    for fact in tables.rows.get("facts", []):
        where, of, unit = f"{tables.paths['facts']}: '{fact['fact']}'", str(fact["of"]), fact["unit"]
        for name in str(fact["claims"]).split() if of not in WHEN and fact["choose"] not in COMPUTED else ():
            row = tables.where[name][1]
            if of not in row:
                yield (
                    f"{where}: of must be a column of {name} (got '{of}'{near(of, row)}). "
                    f"The columns are {', '.join(row)}; date, start, end and said stand for themselves."
                )
            elif of == "value" and row.get("unit") and row["unit"] != unit:
                yield f"{where}: unit must be that of {name}, {row['unit']} (got {unit}). Correct the unit."


def _declared_conflicts(view: View, row: Row) -> tuple[str, ...]:
    """Return the known conflicts that a fact declares; ``none`` declares that there are none."""
    return tuple(name for name in str(row["conflicts"] or "").split() if name in view.conflicts)


def _refuse_contradiction(view: View, key: str, values: list[tuple[Claim, Quantity | Period]]) -> None:
    """Refuse a fact whose claims contradict each other with no conflict registered."""
    first, chosen = values[0]
    for other, value in values[1:]:
        if not overlap(chosen, value) and {first.id, other.id} not in view.tables.opposed:
            raise FactError(
                f"data/facts.csv: '{key}': {first.id} and {other.id} contradict each other "
                f"({in_words(chosen)} against {in_words(value)}) and no conflict is registered.\n"
                f"Register it in {view.tables.paths['conflicts']} and conflict_rows.csv, or take one of the claims out."
            )


# facts that no row declares


def readings_of_next_week(said: dt.date) -> list[Period]:
    """Return what "next week" can mean: the next seven days, or the next week from Sunday, as in Iraq, or Monday."""
    monday = dt.timedelta(7 - said.weekday())
    sunday = dt.timedelta((6 - said.weekday()) or 7)
    starts = (said + dt.timedelta(1), said + sunday, said + monday)
    return [Period(start, start + dt.timedelta(6), "week") for start in starts]


def _departures(facts: Facts, key: str) -> Fact | None:
    promised = facts["promise_day"]
    if promised is None or promised.period is None:
        return None
    rows = [
        row
        for row in facts.view.rows("handovers")
        if (row["place_id"], row["kind"]) == (BASE, "departure")
        and row["date"] > promised.period.end  # type: ignore[operator]
        and not facts.view.weak(row)
    ]
    if not rows:
        return None
    days = [row["date"] for row in rows]
    ids = tuple(map(row_id, rows))
    return Fact(
        key=key,
        label="The days that sources give for the departure of the last forces",
        unit="date",
        claims=ids,
        known=max(map(facts.view.tables.known, rows)),
        period=Period(min(days), max(days)),  # type: ignore[type-var]
        reading="From the earliest to the latest day reported.",
        conflicts=facts.view.conflicts_over(ids),
    )


def _slip(facts: Facts, key: str) -> Fact | None:
    """Count the days from the promised week to the handover, as a range.

    The least is from the latest end of "next week" to the first day given for the last departure; the most from the
    earliest end to the announcement.
    """
    promised, done, left = facts["promise_day"], facts["handover_announced"], facts["departures"]
    if not (promised and promised.period and done and done.period):
        return None
    ends = [week.end for week in readings_of_next_week(promised.period.end)]
    first = left.period.start if left and left.period else done.period.start
    least, most = (first - max(ends)).days, (done.period.start - min(ends)).days
    # contested as the week is, even where that cannot be printed
    facts["promised_week"]
    return Fact(
        key=key,
        label="Days by which the handover came later than the promised week",
        unit="days",
        claims=promised.claims[:1] + done.claims[:1] + (left.claims if left else ()),
        known=max(promised.known, done.known),
        quantity=Quantity(low=least, high=most, bound="range"),
        period=Period(min(ends), done.period.start),
        reading="Counted to the first day given for the last departure and to the announcement, from the latest and "
        "the earliest end of the week that can be meant.",
        conflicts=_declared_conflicts(facts.view, facts.declared["promised_week"]),
    )


def _base_status(facts: Facts, key: str) -> Fact | None:
    states = (
        ("handover_announced", "handed over to Iraq"),
        ("promised_week", "promised to Iraq"),
        ("return_day", "shared with US forces"),
        ("first_handover", "held by the Iraqi army alone"),
    )
    for step, words in states:
        if found := facts[step]:
            return Fact(
                key=key,
                label="Status of Ain al-Asad",
                unit="",
                claims=found.claims,
                known=found.known,
                period=found.period,
                reading="Read off the last step that a named source reports by the day of the report.",
                conflicts=found.conflicts,
                words=words,
            )
    return None


def earlier_day(day: dt.date) -> Fact:
    """Return the day of the earlier edition that a report is compared with."""
    return _a_day(
        "since", "The day of the earlier edition", day, "The day of the latest earlier edition of this report."
    )


def _record_end(facts: Facts, key: str) -> Fact | None:
    record = facts.view.tables.rows
    tables = RECORD if record.keys() >= set(RECORD) else list(record)
    rows = [row for table in tables for row in facts.view.rows(table) if "source_id" in row and table != "sources"]
    known = [(facts.view.tables.known(row), row_id(row)) for row in rows]
    if not known:
        return None
    day, row = max(known)
    return _a_day(key, "The last day on which the record learnt anything", day, claims=(row,))


def _a_day(key: str, label: str, day: dt.date, reading: str = "", claims: tuple[str, ...] = ()) -> Fact:
    return Fact(key, label, "date", claims, day, period=Period(day, day), reading=reading)


#: Fact -> the function that computes it from all facts and the fact's key.
DERIVED: dict[str, Callable[[Facts, str], Fact | None]] = {
    "as_of": lambda facts, key: _a_day(
        key, "The day this report speaks from", facts.view.as_of, "Set by whoever rendered the report."
    ),
    "record_end": _record_end,
    "departures": _departures,
    "slip": _slip,
    "base_status": _base_status,
}
#: The facts that some of these rest on: another story, which does not declare them, has no such fact.
RESTS_ON = {
    "departures": {"promise_day"},
    "slip": {"promise_day", "promised_week", "handover_announced"},
    "base_status": {"handover_announced", "promised_week", "return_day", "first_handover"},
}
