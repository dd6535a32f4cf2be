"""Facts: what a report concludes and prints, with the claims behind it and the day since when it was known.

A fact that is read from one claim is a row of ``data/facts.csv``: the claims in order of preference, and why.
`DERIVED` contains those that are counted or computed.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from handover.errors import FactError, near
from handover.story.claims import Claim, View
from handover.story.values import English, Period, Quantity, Row, overlap, quantity_of
from handover.tables import row_id

#: The value of column `of` for a fact that has no value.
SAID = "said"
BASE = "ain_al_asad"
#: The rule behind the column `basis` of ``attacks``, as in the data dictionary.
RULE = (
    "A day counts when a source of grade A to C, not the attackers' own claim, reports weapons fired at the base or "
    "flown against it, stopped or not."
)


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

    def __post_init__(self) -> None:
        self.declared = {str(row["fact"]): row for row in self.view.tables.rows["facts"]}

    def __iter__(self) -> Iterator[str]:
        return iter([*self.declared, *DERIVED, *self.extra])

    def __contains__(self, key: object) -> bool:
        return key in self.declared or key in DERIVED or key in self.extra

    def said(self, key: str) -> bool:
        """Return whether a fact is a mere statement, without a value."""
        return key in self.declared and self.declared[key]["of"] == SAID

    def on(self, day: dt.date) -> "Facts":
        """Return the facts of a report of another day."""
        return Facts(View(self.view.tables, day, self.view.evidence))

    def __getitem__(self, key: str) -> Fact | None:
        """Return a fact, or None where it was not known by the report's day.

        Raises:
            FactError: There is no such fact, or its claims contradict each other with no conflict registered.
        """
        if key in self.extra:
            return self.extra[key]
        if key not in self._found:
            if key in DERIVED:
                self._found[key] = DERIVED[key](self, key)
            elif key in self.declared:
                self._found[key] = _read(self.view, self.declared[key])
            else:
                raise FactError(
                    f"'{key}' is not a fact{near(key, list(self))}.\n"
                    "data/facts.csv lists the facts; add a row to it, with the claims behind the number."
                )
        return self._found[key]


def _read(view: View, row: Row) -> Fact | None:
    """Read a declared fact from the preferred claim."""
    claims = view.claims(str(row["claims"]).split())
    if row["choose"] == "latest":
        claims = [found for found in claims if not view.weak(found.row)]
        claims.sort(key=lambda found: found.period.end if found.period else dt.date.min, reverse=True)
        claims = claims[:1]
    claims.sort(key=lambda found: view.weak(found.row))
    if not claims or view.weak(claims[0].row):
        return None
    name = {"key": str(row["fact"]), "label": str(row["label"]), "unit": str(row["unit"])}
    of = str(row["of"])
    if of == SAID:
        ids = tuple(found.id for found in claims)
        return Fact(**name, claims=ids, known=claims[0].known, conflicts=_declared_conflicts(view, row))
    values = [(found, value) for found in claims if (value := _value(found, of)) is not None]
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
        conflicts=_conflicts(view, row, first, value),
    )


def _declared_conflicts(view: View, row: Row) -> tuple[str, ...]:
    """Return the known conflicts that a fact declares; ``none`` declares that there are none."""
    return tuple(name for name in str(row["conflicts"] or "").split() if name in view.conflicts)


def _conflicts(view: View, row: Row, first: Claim, chosen: Quantity | Period) -> tuple[str, ...]:
    """Return the known conflicts over a value: as declared, else those whose other side contradicts it."""
    if row["conflicts"]:
        return _declared_conflicts(view, row)
    found = []
    for conflict in view.conflicts_over([first.id]):
        sides = view.tables.sides[conflict]
        others = sides["b"] if first.id in sides["a"] else sides["a"]
        values = [_value(claim, str(row["of"])) for claim in view.claims(others)]
        if any(value is not None and not overlap(chosen, value) for value in values):
            found.append(conflict)
    return tuple(found)


def _value(found: Claim, of: str) -> Quantity | Period | None:
    if of == "date":
        return found.period
    if of in ("start", "end") and found.period:
        day = getattr(found.period, of)
        return Period(day, day)
    stated = quantity_of(found.row, of)
    return stated if stated.known else None


def _refuse_contradiction(view: View, key: str, values: list[tuple[Claim, Quantity | Period]]) -> None:
    """Refuse a fact whose claims contradict each other with no conflict registered."""
    first, chosen = values[0]
    for other, value in values[1:]:
        if not overlap(chosen, value) and not view.opposed(first.id, other.id):
            raise FactError(
                f"data/facts.csv: '{key}': {first.id} and {other.id} contradict each other "
                f"({_edges(chosen)} against {_edges(value)}) and no conflict is registered.\n"
                "Register it in data/record/conflicts.csv and conflict_rows.csv, or take one of the claims out."
            )


def _edges(value: Quantity | Period) -> str:
    low, high = (value.start, value.end) if isinstance(value, Period) else value.edges()
    return str(low) if isinstance(value, Quantity) and low == high else f"{low} to {high}"


# derived facts


def _count(facts: Facts, rows: list[Row], count: int, **fact: Any) -> Fact | None:
    """Return a fact that counts rows, strong sources first; its period runs from the first day to the last."""
    if not rows:
        return None
    rows = sorted(rows, key=facts.view.weak)
    days = [row["date"] for row in rows if isinstance(row["date"], dt.date)]
    return Fact(
        claims=tuple(map(row_id, rows)),
        known=max(map(facts.view.tables.known, rows)),
        quantity=Quantity(count, bound="exact"),
        period=Period(min(days), max(days)),
        **fact,
    )


def _attack_days(facts: Facts, key: str, label: str, first: int, last: int) -> Fact | None:
    """Count the days of attack on the base over whole years, by `RULE`; a single year only once it is over.

    The count is a lower bound: not every attack was found.
    """
    if first == last and facts.view.as_of.year <= last:
        return None
    rows = _attacks(facts, "reported", first, last)
    claimed = {row["date"] for row in _attacks(facts, "claimed", first, last)} - {row["date"] for row in rows}
    why = "Counted as the days of all years are." if first == last else f"{RULE} Some reports were not found."
    if claimed and first != last:
        why += f" Left out are days that only the attackers claim: {English().number(len(claimed))}."
    return _count(facts, rows, len({row["date"] for row in rows}), key=key, label=label, unit="days", reading=why)


def _attack_days_claimed(facts: Facts, key: str) -> Fact | None:
    reported = {row["date"] for row in _attacks(facts, "reported")}
    rows = [row for row in _attacks(facts, "claimed") if row["date"] not in reported]
    label = "Days on which only the attackers claimed an attack on Ain al-Asad"
    why = f"Not days of attack. {RULE}"
    return _count(facts, rows, len({row["date"] for row in rows}), key=key, label=label, unit="days", reading=why)


def _attacks(facts: Facts, basis: str, first: int = dt.MINYEAR, last: int = dt.MAXYEAR) -> list[Row]:
    return [
        row
        for row in facts.view.rows("attacks")
        if row["place_id"] == BASE
        and row["date_precision"] == "day"
        and row["basis"] == basis
        and first <= row["date"].year <= last  # type: ignore[union-attr]
        and not facts.view.weak(row)
    ]


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
    weeks = facts["promised_week"]
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
        conflicts=weeks.conflicts if weeks else (),
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


def _bases_2020(facts: Facts, key: str) -> Fact | None:
    first, last = dt.date(2020, 1, 1), dt.date(2020, 12, 31)
    if facts.view.as_of <= last:
        return None
    rows = [
        row
        for row in facts.view.rows("handovers")
        if row["kind"] == "transfer" and first <= row["date"] <= last and not facts.view.weak(row)  # type: ignore[operator]
    ]
    places = len({row["place_id"] for row in rows})
    why = "Places for which a source of grade A to C reports a transfer in that time."
    return _count(facts, rows, places, key=key, label="Places handed to Iraq in 2020", unit="bases", reading=why)


def _isis_fall(facts: Facts, key: str) -> Fact | None:
    high, low = facts["isis_attacks_2024"], facts["isis_attacks_2025"]
    if not (high and low and high.quantity and low.quantity and high.quantity.value and low.quantity.value is not None):
        return None
    percent = round(100 * (high.quantity.value - low.quantity.value) / high.quantity.value)
    return Fact(
        key=key,
        label="Fall of ISIS attacks from 2024 to 2025 by the Iraqi count",
        unit="per cent",
        claims=high.claims[:1] + low.claims[:1],
        known=max(high.known, low.known),
        quantity=Quantity(percent, bound="exact"),
        period=low.period,
        reading="Worked out from the two counts and rounded to a whole per cent.",
        conflicts=tuple(dict.fromkeys(high.conflicts + low.conflicts)),
    )


def _report_day(facts: Facts, key: str) -> Fact:
    return _a_day(key, "The day this report speaks from", facts.view.as_of, "Set by whoever rendered the report.")


def earlier_day(day: dt.date) -> Fact:
    """Return the day of the earlier edition that a report is compared with."""
    return _a_day(
        "since", "The day of the earlier edition", day, "The day of the latest earlier edition of this report."
    )


def _record_end(facts: Facts, key: str) -> Fact | None:
    tables = ("events", "handovers", "troop_levels")
    known = [(facts.view.tables.known(row), row_id(row)) for table in tables for row in facts.view.rows(table)]
    if not known:
        return None
    day, row = max(known)
    return _a_day(key, "The last day on which the record learnt anything", day, claims=(row,))


def _a_day(key: str, label: str, day: dt.date, reading: str = "", claims: tuple[str, ...] = ()) -> Fact:
    return Fact(key, label, "date", claims, day, period=Period(day, day), reading=reading)


def _attack_days_all(facts: Facts, key: str) -> Fact | None:
    return _attack_days(facts, key, "Days with a reported attack on Ain al-Asad", 2019, 2026)


def _attack_days_year(facts: Facts, key: str) -> Fact | None:
    year = int(key.removeprefix("attack_days_"))
    return _attack_days(facts, key, f"Days with a reported attack on Ain al-Asad in {year}", year, year)


#: Fact -> the function that computes it from all facts and the fact's key.
DERIVED: dict[str, Callable[[Facts, str], Fact | None]] = {
    "as_of": _report_day,
    "record_end": _record_end,
    "departures": _departures,
    "slip": _slip,
    "base_status": _base_status,
    "attack_days": _attack_days_all,
    "attack_days_claimed": _attack_days_claimed,
    **{f"attack_days_{year}": _attack_days_year for year in range(2019, 2027)},
    "bases_2020": _bases_2020,
    "isis_fall": _isis_fall,
}
