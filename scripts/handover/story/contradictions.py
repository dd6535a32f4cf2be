"""Rows of a table that cannot both be true: the same thing at the same time, with values that exclude each other."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations

from handover.story.data import Tables
from handover.story.derived import MEANT
from handover.story.values import DAYS, English, Period, Quantity, Row, overlap, period_of, stated
from handover.tables import Value, row_id

#: The columns that say what a row of this story speaks of, beside its period; of another story it is the text of all
#: but those ASIDE. Who counted is none of them: counters can disagree.
SUBJECT = ("scope", "place_id", "basis", "measure", "weapon")
ASIDE = ("source_id", "date_precision", "bound", "note", "speaker", "actors", "counted_by")
INTERVAL = ("value", "low", "high")
#: What a fact may be of, beside a number.
WHEN = (*DAYS, "said")
#: How far apart two reports of one handover of a base may be.
APART = dt.timedelta(120)
CURE = "register the conflict in {} and conflict_rows.csv, or correct the row that is wrong"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two rows that contradict each other in a column and that no registered conflict sets against each other."""

    one: str
    other: str
    why: str

    def __str__(self) -> str:
        return f"{self.one} and {self.other} contradict each other ({self.why}), and no conflict is registered"


@lru_cache(1)
def contradictions(tables: Tables) -> list[Contradiction]:
    """Return the pairs of rows that contradict each other unregistered, each once."""
    found, settled = [], set(tables.opposed)
    for alike, columns in _comparable(tables):
        for one, other in combinations(alike, 2):
            names = row_id(one), row_id(other)
            if frozenset(names) not in settled and (why := _why(one, other, columns)):
                settled.add(frozenset(names))
                found.append(Contradiction(*names, why))
    return found


def _comparable(tables: Tables) -> Iterator[tuple[list[Row], list[str]]]:
    """Yield rows that speak of the same thing, and the columns in which they must agree.

    In one table the columns of the subject say so. Across tables a fact does, which names rows of several: whatever
    is said of the same thing at the same time as one of them is compared with all of them.
    """
    like: dict[str, list[Row]] = {}
    for rows in tables.rows.values():
        for alike in _alike(rows):
            like |= {row_id(row): alike for row in alike}
            yield alike, [name for name in alike[0] if name == "value" or name not in (*INTERVAL, *DAYS)]
    for fact in tables.rows.get("facts", []):
        of = str(fact["of"])
        if fact["choose"] != "first" or of in WHEN:
            continue
        named = [tables.where[name][1] for name in str(fact["claims"]).split()]
        times: dict[object, dict[str, Row]] = defaultdict(dict)
        for row in named:
            period = period_of(row)
            times[period and (period.start, period.end)] |= {row_id(one): one for one in like.get(row_id(row), [row])}
        yield from ((list(rows.values()), [of]) for rows in times.values())
    yield from ((rows, ["date"]) for rows in _turns(tables.rows.get("handovers", [])))


def _alike(rows: list[Row]) -> list[list[Row]]:
    """Return the rows that speak of the same thing at the same time, together."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if (period := period_of(row)) and (subject := subject_of(row)):
            groups[period.start, period.end, *subject.items()].append(row)
    return [group for group in groups.values() if len(group) > 1]


def subject_of(row: Row) -> dict[str, Value]:
    """Return the cells that say what a row speaks of, by their columns."""
    named = {column: cell for column in SUBJECT if (cell := row.get(column))}
    return named or {
        column: cell
        for column, cell in list(row.items())[1:]
        if isinstance(cell, str) and column not in ASIDE and not column.endswith("_bound")
    }


def _turns(rows: list[Row]) -> Iterator[list[Row]]:
    """Yield two reports that must give the same day: of one kind, on one base, and not far apart."""
    groups: dict[tuple[object, ...], list[tuple[Period, Row]]] = defaultdict(list)
    for row in rows:
        turn = row.get("place_id"), row.get("kind")
        if all(turn) and turn[1] not in MEANT and (period := period_of(row)):
            groups[turn].append((period, row))
    for (period, row), (other, against) in chain.from_iterable(combinations(group, 2) for group in groups.values()):
        if abs(period.start - other.start) < APART:
            yield [row, against]


def _why(one: Row, other: Row, columns: list[str]) -> str:
    for column in columns:
        value, against = (stated(row, column) for row in (one, other))
        if value and against and not overlap(value, against):
            return f"{column}: {in_words(value)} against {in_words(against)}"
    return ""


def in_words(value: Quantity | Period) -> str:
    """Return a value as messages write it."""
    return English().period(value) if isinstance(value, Period) else English().quantity(value, digits=True)
