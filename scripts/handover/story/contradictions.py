"""Rows of a table that cannot both be true: the same thing at the same time, with values that exclude each other."""

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from handover.story.data import Tables
from handover.story.values import English, Quantity, Row, overlap, period_of, quantity_of
from handover.tables import row_id

#: The columns that say what a row speaks of, beside its period. Who counted is none of them: counters can disagree.
SUBJECT = ("scope", "place_id", "basis", "measure", "weapon")
INTERVAL = ("value", "low", "high")
CURE = "register the conflict in data/record/conflicts.csv and conflict_rows.csv, or correct the row that is wrong"


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
    found = []
    for rows in tables.rows.values():
        for alike in _alike(rows):
            for one, other in combinations(alike, 2):
                names = row_id(one), row_id(other)
                if frozenset(names) not in tables.opposed and (why := _why(one, other)):
                    found.append(Contradiction(*names, why))
    return found


def _alike(rows: list[Row]) -> list[list[Row]]:
    """Return the rows that speak of the same thing at the same time, together."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        subject = tuple(row.get(column) for column in SUBJECT)
        if any(subject) and (period := period_of(row)):
            groups[period.start, period.end, *subject].append(row)
    return [group for group in groups.values() if len(group) > 1]


def _why(one: Row, other: Row) -> str:
    for column in one:
        if column == "value" or (column not in INTERVAL and isinstance(one[column], int | float)):
            stated, against = quantity_of(one, column), quantity_of(other, column)
            if stated.known and against.known and not overlap(stated, against):
                return f"{column}: {_words(stated)} against {_words(against)}"
    return ""


def _words(quantity: Quantity) -> str:
    return English().quantity(quantity, digits=True)
