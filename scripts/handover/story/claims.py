"""What was known by a day: the rows that a report may use, and each as a claim of its source.

A claim is one atomic statement in a source, in our own words, in whichever table.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

from handover.errors import FactError, near
from handover.story.data import Tables
from handover.story.values import English, Period, Quantity, Row, overlap, period_of, quantity_of, stated
from handover.tables import ARTICLE, row_id

#: The lowest grade of a source, which alone never supports a printed number.
WEAK = "D"


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement with its source.

    `period` is the time it speaks of; `place` where it is in the source (only for the article); `known` the day from
    which a report may use it.
    """

    id: str
    source: str
    said_by: str
    place: str
    known: dt.date
    period: Period | None
    row: Row
    table: str


class Why(NamedTuple):
    """Why a report does not use something, in words; `expected` if its day or its evidence alone explain it."""

    words: str
    expected: bool = False


OUTSIDE = Why("outside the chosen evidence", expected=True)


def until(day: dt.date) -> Why:
    """Return that something was not known yet."""
    return Why(f"unknown until {English().date(day)}", expected=True)


@lru_cache(4096)
def _claim(tables: Tables, row_id: str) -> Claim:
    table, row = tables.where[row_id]
    return Claim(
        id=row_id,
        source=str(tables.source_of(row)["source_id"]),
        said_by=str(row.get("speaker") or row.get("counted_by") or row.get("actors") or ""),
        place=f"paragraph {row['paragraph']}, sentence {row['sentence']}" if table == "claims" else "",
        known=tables.known(row),
        period=period_of(row),
        row=row,
        table=table,
    )


@dataclass(frozen=True)
class View:
    """What was known by `as_of`; with ``evidence="article"``, only what the article says."""

    tables: Tables
    as_of: dt.date
    evidence: str = "record"
    _rows: dict[str, list[Row]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def sees(self, row_id: str) -> bool:
        """Return whether a row may be used.

        Raises:
            FactError: There is no such row.
        """
        if row_id not in self.tables.where:
            raise FactError(
                f"'{row_id}' is not a row of any table{near(row_id, self.tables.where) or '.'}\n"
                "Name a row by its id, the first cell of its line in data/."
            )
        return self.usable(self.tables.where[row_id][1])

    def why_unused(self, row: Row) -> Why | None:
        """Return why a row may not be used, or may not stand alone; None for one that may."""
        if not self.usable(row):
            since = self.tables.known(row)
            return until(since) if since > self.as_of else OUTSIDE
        return Why("rests on a source of grade D") if not self.tables.unsourced(row) and self.weak(row) else None

    def why_fewer(self, table: str) -> Why | None:
        """Return how many rows of a table may not be used, stand alone or be drawn, and why; None if all may."""
        rows, known = self.tables.rows[table], self.tables.known
        later = sorted((row for row in rows if known(row) > self.as_of), key=known)
        outside = sum(not self.usable(row) for row in rows) - len(later)
        usable = self.rows(table)
        weak = [row_id(row) for row in usable if not self.tables.unsourced(row) and self.weak(row)]
        # a claim of the article, which names no source, may say in words what it says
        bare = [row_id(row) for row in usable if row.get("bound", "") is None and "source_id" in row]
        timeless = [row_id(row) for row in usable if quantity_of(row).known and period_of(row) is None]
        parts = []
        if later:
            days = [f"{English().date(known(row))} ({row_id(row)})" for row in (later[0], later[-1])]
            parts.append(f"{len(later)} known only from {' to '.join(dict.fromkeys(days))}")
        if outside:
            parts.append(f"{outside} {OUTSIDE.words}")
        for ids, what in ((weak, "of grade D"), (bare, "without a number"), (timeless, "with a number and no day")):
            if ids:
                parts.append(f"{len(ids)} {what} ({', '.join(ids[:3])}{', …' * (len(ids) > 3)})")
        return Why(f"of {len(rows)} rows {'; '.join(parts)}", expected=True) if parts else None

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table that may be used, in a list that nobody may change."""
        if table not in self._rows:
            self._rows[table] = [row for row in self.tables.rows[table] if self.usable(row)]
        return self._rows[table]

    def usable(self, row: Row) -> bool:
        """Return whether a row may be used."""
        if self.evidence == "article" and row.get("source_id", ARTICLE) != ARTICLE:
            return False
        return self.tables.known(row) <= self.as_of

    def claim(self, row_id: str) -> Claim:
        """Return a row as a claim."""
        return _claim(self.tables, row_id)

    def claims(self, row_ids: Iterable[str]) -> list[Claim]:
        """Return the rows that may be used as claims, in the order given."""
        return [self.claim(row_id) for row_id in row_ids if self.sees(row_id)]

    def weak(self, row: Row) -> bool:
        """Return whether a row rests on a source of the lowest grade."""
        return self.tables.source_of(row)["grade"] == WEAK

    @cached_property
    def conflicts(self) -> dict[str, Row]:
        """The conflicts of which both sides were known, by id; a reading written later is left out."""
        if self.evidence == "article":
            return {}
        found = {}
        for row in self.tables.rows["conflicts"]:
            if self.tables.disputed[str(row["conflict_id"])] <= self.as_of:
                later = isinstance(row["reading_known"], dt.date) and row["reading_known"] > self.as_of
                found[str(row["conflict_id"])] = row | {"reading": ""} if later else row
        return found

    def why_unsettled(self, conflict: Row) -> Why:
        """Return why a conflict that is none by the report's day and its evidence is not one yet."""
        return OUTSIDE if self.evidence == "article" else until(self.tables.disputed[str(conflict["conflict_id"])])

    def conflicts_over(self, row_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the ids of the known conflicts that involve one of the rows, in order."""
        touched = self.registered(row_ids)
        return tuple(name for name in self.conflicts if name in touched) if touched else ()

    def contesting(self, row_id: str, value: Quantity | Period, of: str) -> tuple[str, ...]:
        """Return the known conflicts of a row whose other side contradicts a value that was read from it by `of`."""
        found = []
        for conflict in self.conflicts_over([row_id]):
            sides = self.tables.sides[conflict]
            others = [stated(claim.row, of) for claim in self.claims(sides["b" if row_id in sides["a"] else "a"])]
            if any(other and not overlap(value, other) for other in others):
                found.append(conflict)
        return tuple(found)

    def registered(self, row_ids: Iterable[str]) -> set[str]:
        """Return the ids of the conflicts, known or not, that involve one of the rows."""
        contested = self.tables.contested
        return {name for row_id in row_ids if row_id in contested for name in contested[row_id]}


def statement(tables: Tables, row_id: str) -> str:
    """Return a row of any table as a sentence, with the curator's note."""
    table, row = tables.where[row_id]
    try:
        words = STATEMENTS.get(table, _summary)(tables, row)
    except KeyError:  # another story may have a table of that name, with columns of its own
        words = _summary(tables, row)
    text = " ".join(words.split())
    if note := str(row.get("note") or ""):
        text = f"{text.rstrip('.')}. {note}"
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


SCOPES = {
    "us_in_iraq": "US troops in Iraq",
    "us_at_ain_al_asad": "US troops at Ain al-Asad",
    "us_at_ain_al_asad_and_harir": "US troops at Ain al-Asad and Harir together",
    "us_at_embassy_after_withdrawal": "US troops attached to the embassy in Baghdad",
    "us_in_last_convoy": "US troops in the last convoy out of Iraq",
    "us_added_to_iraq": "US troops added in Iraq",
    "us_marine_task_force_in_iraq": "US Marines in a task force in Iraq",
    "us_advisers_in_iraq": "US advisers in Iraq",
    "us_in_syria": "US troops in Syria",
    "coalition_in_iraq": "coalition troops in Iraq",
    "coalition_in_federal_iraq": "coalition personnel in federal Iraq",
    "coalition_in_kurdistan_region": "US and coalition personnel in the Kurdistan Region",
    "other_coalition_in_iraq": "coalition troops in Iraq beside the Americans",
    "coalition_at_ain_al_asad": "coalition troops at Ain al-Asad, Americans among them",
    "other_coalition_at_ain_al_asad": "coalition troops at Ain al-Asad beside the Americans",
    "germany_in_mission": "German soldiers in the mission",
}
COUNTED = {
    "us_interests_in_iraq": "attacks on US interests in Iraq",
    "us_personnel_in_iraq": "attacks on US personnel in Iraq",
    "us_forces_iraq_syria": "attacks on US forces in Iraq and Syria",
    "us_forces_iraq_syria_jordan": "attacks on US forces in Iraq, Syria and Jordan",
    "islamic_resistance_claims": "attacks claimed by the Islamic Resistance in Iraq",
    "kurdistan_region_all_targets": "attacks in the Kurdistan Region, on any target",
    "us_linked_sites_in_kurdistan_region": "attacks on sites linked to the US in the Kurdistan Region",
    "erbil_rockets_and_drones": "rockets and drones against Erbil",
    "us_targets_iraq_region": "attacks on US targets in Iraq and the region",
}
WEAPONS = {
    "ballistic_missile": "ballistic missiles",
    "drone": "drones",
    "mixed": "mixed weapons",
    "rocket": "rockets",
}
#: The columns that say a row in words, the best first.
WORDED = ("statement", "summary", "topic", "name", "label")
#: The columns that a sentence made of a row's cells does not name one by one.
MEANS = ("value", "low", "high", "bound", "date_precision", "source_id", "note")
_ENGLISH = English()


def _when(row: Row) -> str:
    period = period_of(row)
    return _ENGLISH.period(period) if period else ""


def _many(row: Row, of: str = "value") -> str:
    return _ENGLISH.quantity(quantity_of(row, of), digits=True) if quantity_of(row, of).known else "no number of"


def _level(_: Tables, row: Row) -> str:
    kind = {"planned": "Planned: ", "ordered": "Ordered: ", "authorised": "Authorised: "}.get(str(row["basis"]), "")
    return f"{kind}{_many(row)} {SCOPES.get(str(row['scope']), str(row['scope']).replace('_', ' '))}, {_when(row)}"


def _attack(tables: Tables, row: Row) -> str:
    weapon, place, when = WEAPONS.get(str(row["weapon"]), "weapons not stated"), _place(tables, row), _when(row)
    text = {
        "reported": f"Attack on {place} on {when} with {weapon}",
        "claimed": f"Claim of an attack on {place} on {when} with {weapon}",
        "passing": f"Stopped from {place} on {when}, on their way elsewhere: {weapon}",
    }[str(row["basis"])]
    if row["munitions"] is not None:
        text += f", {_many(row, 'munitions')} fired or seen"
    for column, word in (("wounded", "wounded"), ("killed", "killed")):
        if row[column] is not None:
            text += f"; {'none' if row[column] == 0 else _many(row, column)} {word}"
    if row["attributed_to"] == "unclaimed":
        return text + "; claimed by nobody"
    if row["attributed_to"]:
        how = {"claimed": "claimed by", "blamed": "blamed on"}.get(str(row["attribution"]), "by")
        text += f"; {how} {row['attributed_to']}"
    return text


def _total(_: Tables, row: Row) -> str:
    text = f"{_many(row, 'count')} {COUNTED.get(str(row['scope']), str(row['scope']).replace('_', ' '))}, {_when(row)}"
    if row["attributed_to"]:
        text += f", laid to {row['attributed_to']}"
    for column, word in (("wounded", "wounded"), ("all_killed", "people killed"), ("all_wounded", "people wounded")):
        if row[column] is not None:
            text += f"; {_many(row, column)} {word}"
    return text


def _handover(tables: Tables, row: Row) -> str:
    verb = {
        "transfer": "handed over",
        "departure": "left",
        "announcement": "announced as handed over",
        "declaration": "declared vacated",
        "planned": "due to be handed over",
        "return": "entered again",
    }[str(row["kind"])]
    text = f"{_place(tables, row)} {verb}, {_when(row)}"
    if row["handed_by"]:
        text += f", by {row['handed_by']}"
    if row["received_by"]:
        text += f"; then held by {row['received_by']}"
    return text


def _isis(_: Tables, row: Row) -> str:
    what = {"attacks": "ISIS attacks", "claims": "attacks claimed by ISIS", "incidents": "ISIS incidents"}
    what |= {"average_per_quarter": "ISIS attacks a quarter on average"}
    if row["measure"] == "trend":
        return f"ISIS activity in {row['scope']}, {_when(row)}: no count given"
    return f"{_many(row)} {what[str(row['measure'])]} in {row['scope']}, {_when(row)}"


def _base(_: Tables, row: Row) -> str:
    text = f"{row['name']} lies in the province of {row['province']}"
    return text if row["latitude"] is None else f"{text}, at {row['latitude']}° N, {row['longitude']}° E"


def _summary(tables: Tables, row: Row) -> str:
    worded = next(filter(None, map(row.get, WORDED)), None)
    return str(worded) if worded else _cells(tables, row)


def _named(tables: Tables, column: str, cell: str) -> str:
    """Return a cell in words: of one that names a row of another table, the name that stands there."""
    _, other = tables.where.get(cell, ("", {})) if column.endswith("_id") else ("", {})
    return str(next(filter(None, map(other.get, WORDED)), None) or cell.replace("_", " "))


def _cells(tables: Tables, row: Row) -> str:
    """Return a row without words of its own as what it is about, what it states, and when."""
    about, stated = [], [_many(row)] if quantity_of(row).known else []
    for column, cell in list(row.items())[1:]:
        if cell is None or isinstance(cell, dt.date) or column in MEANS or column.endswith("_bound"):
            continue
        if column == "unit":
            stated.append(str(cell))
        elif isinstance(cell, str):
            about.append(_named(tables, column, cell))
        else:
            about.append(f"{column.replace('_', ' ')} {_many(row, column)}")
    return ", ".join(filter(None, [": ".join(filter(None, [", ".join(about), " ".join(stated)])), _when(row)]))


def _place(tables: Tables, row: Row) -> str:
    return str(tables.where[str(row["place_id"])][1]["name"])


STATEMENTS: dict[str, Callable[[Tables, Row], str]] = {
    "troop_levels": _level,
    "attacks": _attack,
    "attack_totals": _total,
    "handovers": _handover,
    "isis_attacks": _isis,
    "isis_strength": lambda _, row: f"{_many(row)} ISIS {row['measure']} in {row['scope']}, {_when(row)}",
    "bases": _base,
    "milestones": lambda _, row: f"{row['label']}: due {_when(row)}",
}
