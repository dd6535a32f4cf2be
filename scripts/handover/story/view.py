"""The record as one report may see it: by one day, from the article alone or with the public record."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from handover.story.claims import Claim, claim
from handover.story.record import ARTICLE, Record
from handover.story.tables import Row, Value

if TYPE_CHECKING:
    import pandas as pd

DATES = {"date", "start", "end", "start_date", "end_date", "known"}
NUMBERS = {"value", "low", "high", "munitions", "wounded", "killed", "count"}
#: A page known to this grade never stands alone behind a printed number.
WEAK = "D"


@dataclass(frozen=True)
class View:
    """What was known by `as_of`; with ``evidence="article"``, what the article says and nothing else."""

    record: Record
    as_of: dt.date
    evidence: str = "record"

    def sees(self, row_id: str) -> bool:
        """Whether a row may be used."""
        return self.record.visible(self.record.where[row_id][1], self.as_of, self.evidence)

    def claim(self, row_id: str) -> Claim:
        """A row as a claim."""
        return claim(self.record, row_id)

    def claims(self, row_ids: list[str]) -> list[Claim]:
        """Those of the rows that may be used, in the order given."""
        return [self.claim(row_id) for row_id in row_ids if self.sees(row_id)]

    def weak(self, found: Claim) -> bool:
        """Whether a claim rests on a source of the lowest grade."""
        return self.weak_row(found.row)

    def weak_row(self, row: Row) -> bool:
        """The same of a row of any table."""
        return self.record.source_of(row)["grade"] == WEAK

    def rows(self, table: str) -> list[Row]:
        """The rows of a table that may be used."""
        return [row for row in self.record.rows[table] if self.record.visible(row, self.as_of, self.evidence)]

    def frame(self, table: str) -> "pd.DataFrame":
        """The same as a data frame.

        Returns:
            The table's columns, dates as timestamps, and beside them ``row_id``, ``outlet`` and ``grade`` of
            the source, and ``known``, the day the row became known.
        """
        import pandas as pd

        names = list(self.record.rows[table][0])
        found = self.rows(table)
        columns: dict[str, list[Value]] = {name: [row[name] for row in found] for name in names}
        sources = [self._source(row) for row in found]
        columns["row_id"] = columns[names[0]]
        columns |= {name: [source.get(name) for source in sources] for name in ("source_id", "outlet", "grade")}
        columns["known"] = [self.record.known(row) for row in found]
        # column by column, since a frame that is changed once it is made copies itself
        return pd.DataFrame({name: _column(name, cells) for name, cells in columns.items()})

    def _source(self, row: Row) -> Row:
        return {} if row.get("source_id", ARTICLE) is None else self.record.source_of(row)

    @cached_property
    def conflicts(self) -> dict[str, Row]:
        """The conflicts of which both sides were known, by id; a reading given later is left out."""
        if self.evidence == "article":
            return {}
        found = {}
        for row in self.record.rows["conflicts"]:
            if all(self._side_known(row, side) for side in "ab"):
                later = isinstance(row["reading_known"], dt.date) and row["reading_known"] > self.as_of
                found[str(row["conflict_id"])] = row | {"reading": ""} if later else row
        return found

    def _side_known(self, conflict: Row, side: str) -> bool:
        """Whether the source the register names for a side was known, and so was a row that makes the claim."""
        if self.record.known({"source_id": conflict[f"source_{side}"]}) > self.as_of:
            return False
        rows = self.sides.get(str(conflict["conflict_id"]), {}).get(side, [])
        return any(self.sees(row_id) for row_id in rows) if rows else True

    @cached_property
    def sides(self) -> dict[str, dict[str, list[str]]]:
        """The rows on each side of each conflict: ``{"C016": {"a": ["p09s01b"], "b": ["T089"]}}``."""
        found: dict[str, dict[str, list[str]]] = {}
        for row in self.record.rows["conflict_rows"]:
            sides = found.setdefault(str(row["conflict_id"]), {})
            sides.setdefault(str(row["side"]), []).append(str(row["row_id"]))
        return found

    def conflicts_over(self, row_ids: list[str]) -> list[str]:
        """The ids of the known conflicts that one of the rows takes part in, in order."""
        wanted = set(row_ids)
        return [
            conflict
            for conflict in self.conflicts
            if any(wanted.intersection(rows) for rows in self.sides.get(conflict, {}).values())
        ]

    def opposed(self, one: str, other: str) -> bool:
        """Whether a registered conflict has the two rows, known or not, on its two sides."""
        return any(
            (one in sides.get("a", []) and other in sides.get("b", []))
            or (one in sides.get("b", []) and other in sides.get("a", []))
            for sides in self.sides.values()
        )


def _column(name: str, cells: list[Value]) -> "pd.Series":
    """A column of a frame, of the type that its name stands for; text stays as it is."""
    import pandas as pd

    if name in DATES:
        return pd.Series(pd.to_datetime(cells))
    return pd.Series(cells, dtype="float64" if name in NUMBERS else None)
