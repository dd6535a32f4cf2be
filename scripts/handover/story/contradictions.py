"""Rows of a table that cannot both be true: the same thing at the same time, with values that exclude each other."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from handover.story.data import Tables
from handover.story.values import English, Quantity, Row, overlap, period_of, quantity_of
from handover.tables import Value, row_id

#: The columns that say what a row of this story speaks of, beside its period; of another story it is the text of all
#: but those ASIDE. Who counted is none of them: counters can disagree.
SUBJECT = ("scope", "place_id", "basis", "measure", "weapon")
ASIDE = ("source_id", "date_precision", "bound", "note", "speaker", "actors", "counted_by")
INTERVAL = ("value", "low", "high")
CURE = "register the conflict in {} and conflict_rows.csv, or correct the row that is wrong"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two rows that contradict each other in a column and that no registered conflict sets against each other."""

    one: str
    other: str
    why: str

    def __str__(self) -> str:
        return f"{self.one} and {self.other} contradict each other ({self.why}), and no conflict is registered"


def contradictions(tables: Tables) -> Iterator[Contradiction]:
    """Yield the pairs of rows that contradict each other unregistered, each once."""
    registered = {frozenset((a, b)) for sides in tables.sides.values() for a in sides["a"] for b in sides["b"]}
    for rows in tables.rows.values():
        for alike in _alike(rows):
            for one, other in combinations(alike, 2):
                names = row_id(one), row_id(other)
                if frozenset(names) not in registered and (why := _why(one, other)):
                    yield Contradiction(*names, why)


def _alike(rows: list[Row]) -> list[list[Row]]:
    """Return the rows that speak of the same thing at the same time, together."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        subject = subject_of(row)
        if subject and (period := period_of(row)):
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


def _why(one: Row, other: Row) -> str:
    for column in one:
        if column == "value" or (column not in INTERVAL and isinstance(one[column], int | float)):
            stated, against = quantity_of(one, column), quantity_of(other, column)
            if stated.known and against.known and not overlap(stated, against):
                return f"{column}: {_words(stated)} against {_words(against)}"
    return ""


def _words(quantity: Quantity) -> str:
    return English().quantity(quantity, digits=True)
