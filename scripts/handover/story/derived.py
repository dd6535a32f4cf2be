"""Facts that are counted or computed from rows, as ``data/facts.csv`` declares them.

`choose` names what is done, `of` the column, and `claims` the rows: ids of rows or names of facts, or else a rule:

    count       of date         attacks place_id=ain_al_asad basis=reported date=2023-01-01..2023-12-31
    count       of place_id     handovers kind=transfer date!=first_handover
    sum         of wounded      A053 A075
    difference  of value        isis_attacks_2024 isis_attacks_2025
    difference  of date         handover_announced promise_day
    share       of rows         attacks weapon=drone / attacks

A rule is a table and conditions on its columns: ``=`` any of the values between ``|``, or a range of days or numbers;
``!=`` none of them; ``!=`` before nothing, that there is a value; before the name of a fact, that no row of it has the
same. A value with spaces stands in double quotes: ``series="days in a month"``. It takes no row of grade D, no
outlier, and of what was planned, ordered or authorised only what `basis` names.

A rule counts what was known by the report's day; one with a range of days is known once the range is over. What names
its rows is known once all of them are. Bounds are computed as in `arithmetic`; conflicts are those of the rows. The
days from one day to another are a range where one of the two is known by its month or its year.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from handover.errors import FactError, near
from handover.story import arithmetic
from handover.story.claims import WEAK
from handover.story.values import DAYS, English, Period, Quantity, Row, period_of, quantity_of
from handover.tables import Value, claimed, row_id

if TYPE_CHECKING:
    from handover.story.data import Tables
    from handover.story.facts import Fact, Facts

#: What is done with a list of numbers, and with two.
MANY: dict[str, Callable[[Sequence[Quantity]], Quantity]] = {
    "sum": arithmetic.total,
    "mean": arithmetic.mean,
    "least": arithmetic.least,
    "most": arithmetic.most,
}
TWO: dict[str, Callable[[Quantity, Quantity], Quantity]] = {
    "difference": arithmetic.difference,
    "share": arithmetic.share,
}
COMPUTED = ("count", *MANY, *TWO)
#: What was meant and not observed.
MEANT = ("planned", "ordered", "authorised")
PER_CENT = "per cent"
FIRST_OR_LAST = (("date", "least"), ("date", "most"))


@dataclass(frozen=True, slots=True)
class Part:
    """One operand: a row or a fact with its number, or a count of rows.

    `kind` must be the same of all; `units` are those in which facts give such a number.
    """

    claims: tuple[str, ...]
    known: dt.date
    number: Quantity
    period: Period | None
    kind: str
    units: frozenset[str] = frozenset()
    conflicts: tuple[str, ...] = ()


def computed(facts: "Facts", row: Row) -> dict[str, Any] | None:
    """Return the parts of a computed fact, as `facts.Fact` names them; None where it was not known.

    Raises:
        FactError: The declaration names what is not there, or combines what cannot be combined.
    """
    how, of, sides = str(row["choose"]), str(row["of"]), claimed(str(row["claims"]))
    where = f"data/facts.csv: '{row['fact']}'"
    if len(sides) > 2 or (len(sides) == 2 and how not in TWO):
        raise FactError(
            f"{where}: {how} must have one list of rows (got {len(sides)}).\nOnly a difference or a share has two."
        )
    groups = [_Group(facts, where, of, side) for side in sides]
    if any(group.open for group in groups):
        return None
    if of in DAYS and how not in ("count", "difference") and len(sides) == 1 and (of, how) not in FIRST_OR_LAST:
        raise FactError(
            f"{where}: {how} must combine numbers (got days, since of is {of}).\nDays are counted, or one is taken "
            "from another by difference; least and most of date are the first and the last."
        )
    if (of, how) in FIRST_OR_LAST:
        return groups[0].day(last=how == "most")
    if how == "count":
        parts = [groups[0].counted()]
    elif len(groups) == 2:
        parts = [group.counted() if group.countable else group.one() for group in groups]
    else:
        parts = list(groups[0].parts())
    known = [part for part in parts if part is not None]
    if how in TWO and len(parts) != 2:
        raise FactError(f"{where}: {how} must have two parts (got {len(parts)}).\nName two rows or facts, or A / B.")
    if known:
        _refuse_mixture(where, how, str(row["unit"]), known)
    if not known or len(known) < len(parts) or (how == "share" and known[1].number.edges() == (0, 0)):
        return None
    if how == "share":
        _refuse_more_than_whole(where, known[0].number, known[1].number)
    return _put_together(how, known)


def _put_together(how: str, parts: list[Part]) -> dict[str, Any] | None:
    numbers = [part.number for part in parts]
    if how in ("least", "most"):
        # the claim that is printed comes first
        parts = sorted(parts, key=lambda part: part.number != MANY[how](numbers))
    number = numbers[0] if how == "count" else TWO[how](*numbers) if how in TWO else MANY[how](numbers)
    if not number.known:
        return None
    periods = [part.period for part in parts if part.period]
    return {
        "claims": tuple(dict.fromkeys(claim for part in parts for claim in part.claims)),
        "known": max(part.known for part in parts),
        "quantity": number,
        "period": Period(min(p.start for p in periods), max(p.end for p in periods)) if periods else None,
        "conflicts": tuple(sorted({conflict for part in parts for conflict in part.conflicts})),
    }


def _refuse_mixture(where: str, how: str, unit: str, parts: list[Part]) -> None:
    """Refuse to combine numbers of different things, and a result in another unit than theirs."""
    kinds = sorted({part.kind for part in parts})
    if len(kinds) > 1:
        got = " and ".join(kinds)
        raise FactError(
            f"{where}: {how} must combine numbers of one unit (got {got}).\nTake rows of one table, column and basis, "
            "or facts of one unit; make a fact of a row that is to stand beside facts."
        )
    wanted = {PER_CENT} if how == "share" else parts[0].units
    if wanted and unit not in wanted:
        raise FactError(
            f"{where}: unit must be that of the result, {' or '.join(sorted(wanted))} (got {unit}).\nCorrect the unit."
        )


def _refuse_more_than_whole(where: str, part: Quantity, whole: Quantity) -> None:
    """Refuse a share above 100 per cent, whatever the bounds of its numbers allow."""
    least, most = part.edges()[0], whole.edges()[1]
    if least is not None and most is not None and least > most and "about" not in (part.bound, whole.bound):
        got = " of ".join(English().quantity(number, digits=True) for number in (part, whole))
        raise FactError(
            f"{where}: share must be of a part in its whole (got {got}).\nName the part first, then the whole."
        )


@dataclass
class _Group:
    """The rows or facts that one side of a declaration names."""

    facts: "Facts"
    where: str
    of: str
    words: list[str]

    def __post_init__(self) -> None:
        if not self.words:
            raise FactError(f"{self.where}: must name rows, facts or a table (got nothing).\nFill the column claims.")
        self.tables = self.facts.view.tables
        self.ruled = self.words[0] in self.tables.rows
        for word in () if self.ruled else self.words:
            if word not in self.tables.where and word not in self.facts:
                known = [*self.tables.rows, *self.facts, *self.tables.where]
                raise FactError(
                    f"{self.where}: must name rows, facts or a table (got '{word}'{near(word, known)}).\n"
                    "Correct the name, or add a row for it; a table comes first, with its conditions after it."
                )

    @property
    def countable(self) -> bool:
        """Whether it is counted: `of` names no column with a number."""
        return self.of in ("rows", "date") or self.of.endswith("_id")

    @property
    def open(self) -> bool:
        """Whether a rule's range of days is not over yet."""
        ends = (word.rpartition("..")[2] for word in self.words[1:] if self.ruled and ".." in word)
        return any(end[:4].isdigit() and "-" in end and end >= self.facts.view.as_of.isoformat() for end in ends)

    def counted(self) -> Part | None:
        """Return how many rows there are, or how many different values they have."""
        taken = self._taken()
        rows = [row for row in taken if row]
        if not rows or len(rows) < len(taken):
            return None
        if self.of != "rows":
            self._refuse_column(rows[0])
        number = len(rows) if self.of == "rows" else len({row[self.of] for row in rows})
        periods = [period for row in rows if (period := period_of(row))]
        span = Period(min(p.start for p in periods), max(p.end for p in periods)) if periods else None
        known = max(map(self.tables.known, rows))
        return Part(tuple(map(row_id, rows)), known, Quantity(number, bound="exact"), span, self.of)

    def day(self, *, last: bool) -> dict[str, Any] | None:
        """Return the first or the last day that the rows give."""
        rows = self._taken()
        dated = [(period, row) for row in rows if row and (period := period_of(row))]
        if not dated or len(dated) < len(rows):
            return None
        choose = max if last else min
        period, row = choose(dated, key=lambda one: one[0].end if last else one[0].start)
        conflicts = self.facts.view.contesting(row_id(row), period, "date")
        return {"claims": (row_id(row),), "known": self.tables.known(row), "period": period, "conflicts": conflicts}

    def one(self) -> Part | None:
        """Return the only part."""
        parts = list(self.parts())
        if len(parts) != 1:
            raise FactError(f"{self.where}: each side of / must be one row or fact, or be counted (got {len(parts)}).")
        return parts[0]

    def parts(self) -> Iterator[Part | None]:
        """Yield the rows or facts with their numbers; None for one that was not known."""
        if self.ruled:
            for row in self._rows():
                yield self._part(row)
            return
        for word in self.words:
            if word in self.tables.where and word not in self.facts:
                row = self._row(word)
                yield self._part(row) if row else None
            else:
                fact = self.facts[word]
                yield fact and self._of_fact(fact)

    def _of_fact(self, fact: "Fact") -> Part:
        number, kind, units = fact.quantity, fact.unit, frozenset({fact.unit})
        if number is None and fact.period and self.of in DAYS:
            number, kind, units = arithmetic.day(self._end_of(fact.period)), "day", frozenset({"days"})
        if number is None:
            day = "; a difference of days needs date in the column of" if fact.period else ""
            raise FactError(
                f"{self.where}: must combine numbers ('{fact.key}' has none).\nName a fact with a number{day}."
            )
        return Part(fact.claims[:1], fact.known, number, fact.period, kind, units, fact.conflicts)

    def _end_of(self, period: Period) -> Period:
        """Return what is known of the day that is read off a period: itself, or that of its start or its end."""
        return period if self.of == "date" else Period.around(getattr(period, self.of), period.precision)

    def _part(self, row: Row) -> Part:
        name, period, contesting = row_id(row), period_of(row), self.facts.view.contesting
        if self.of in DAYS and period:
            number, kind, units = arithmetic.day(self._end_of(period)), "day", frozenset({"days"})
            conflicts = contesting(name, period, "date")
        else:
            self._refuse_column(row)
            number, conflicts = quantity_of(row, self.of), contesting(name, quantity_of(row, self.of), self.of)
            table, basis = self.tables.where[name][0], str(row.get("basis") or "")
            meant = basis if basis in MEANT else "observed" if basis else ""
            kind = " ".join(filter(None, [f"{self.of} of {table}", str(row.get("unit") or ""), meant]))
            units = self._units(table, row)
        return Part((name,), self.tables.known(row), number, period, kind, units, conflicts)

    def _refuse_column(self, row: Row) -> None:
        if self.of not in row:
            raise FactError(
                f"{self.where}: of must be a column of the rows{near(self.of, row)} (got {self.of}).\n"
                f"The columns are {', '.join(row)}."
            )

    def _units(self, table: str, row: Row) -> frozenset[str]:
        """Return the unit that the row names, or else those in which facts are read from the same column."""
        if self.of == "value" and row.get("unit"):
            return frozenset({str(row["unit"])})
        read = [row for row in self.facts.declared.values() if row["of"] == self.of and row["choose"] not in COMPUTED]
        return frozenset(
            str(row["unit"])
            for row in read
            if any(self.tables.where[claim][0] == table for claim in str(row["claims"]).split())
        )

    def _taken(self) -> list[Row | None]:
        """Return the rows of a rule, or those named, None for one that may not be used."""
        return self._rows() if self.ruled else [self._row(word) for word in self.words]

    def _row(self, word: str) -> Row | None:
        """Return a row by its id, if it may be used, and stand alone."""
        if word in self.facts:
            raise FactError(f"{self.where}: must count rows (got the fact '{word}').\nName the rows, or a table.")
        if not self.facts.view.sees(word):
            return None
        row = self.tables.where[word][1]
        return None if self.facts.view.weak(row) else row

    def _rows(self) -> list[Row]:
        """Return the rows of a rule that were known."""
        table, *conditions = self.words
        columns = self.tables.columns[table]
        plain, unlike = [], []
        for condition in conditions:
            column, equals, wanted = condition.partition("=")
            own = column.removesuffix("!")
            if not equals or own not in columns:
                raise FactError(
                    f"{self.where}: a condition must be column=value (got '{condition}'{near(own, columns)}).\n"
                    f"The columns are {', '.join(columns)}; a value with spaces stands in double quotes."
                )
            of_fact = own != column and wanted in self.facts
            (unlike if of_fact else plain).append((own, own != column, wanted))
        found = [row for row in _sound(self.tables, table, *plain) if self.facts.view.usable(row)]
        for column, _, key in unlike:
            fact = self.facts[key]
            taken = {self.tables.where[claim][1].get(column) for claim in fact.claims} if fact else set()
            found = [row for row in found if row[column] not in taken]
        return found


@lru_cache(1024)
def _sound(tables: "Tables", table: str, *conditions: tuple[str, bool, str]) -> list[Row]:
    """Return the rows that a rule counts, on whatever day; a condition is a column, whether it is "not", and values."""
    sets_basis = any(column.startswith("basis") for column, _, _ in conditions)
    return [
        row
        for row in tables.rows[table]
        if row.get("standing") != "outlier"
        and (sets_basis or row.get("basis") not in MEANT)
        and all(_holds(row[column], wanted) is not without for column, without, wanted in conditions)
        and tables.source_of(row)["grade"] != WEAK
    ]


def _holds(value: Value, wanted: str) -> bool:
    """Return whether a cell is among the values wanted, or in their range; an empty cell is where nothing is wanted."""
    if value is None or wanted == "":
        return value is None and wanted == ""
    first, dots, last = wanted.partition("..")
    if not dots:
        return str(value) in wanted.split("|")
    if isinstance(value, dt.date):
        return first <= value.isoformat() <= last
    return isinstance(value, int | float) and float(first) <= value <= float(last)
