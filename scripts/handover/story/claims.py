"""A claim: one atomic statement in a source, in our own words, whichever table it stands in."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from handover.story.periods import Period, period_of
from handover.story.record import Record
from handover.story.tables import Row
from handover.story.wording import English, Quantity

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


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement with its source.

    `quantity` is the number it makes, if any; `period` when that was so; `place` where in the source it
    stands (only the article is cited that finely); `known` the day from which a report may use it.
    """

    id: str
    source: str
    statement: str
    said_by: str
    place: str
    known: dt.date
    quantity: Quantity
    period: Period | None
    row: Row
    table: str


def claim(record: Record, row_id: str) -> Claim:
    """Return a row of any table as a claim."""
    table, row = record.where[row_id]
    speak = STATEMENTS.get(table, _summary)
    statement = " ".join(speak(record, row).split())
    note = str(row.get("note") or "")
    if note:
        statement = f"{statement.rstrip('.')}. {note}"
    return Claim(
        id=row_id,
        source=str(record.source_of(row)["source_id"]),
        statement=statement if statement.endswith((".", "!", "?")) else statement + ".",
        said_by=str(row.get("speaker") or row.get("counted_by") or row.get("actors") or ""),
        place=f"paragraph {row['paragraph']}, sentence {row['sentence']}" if table == "claims" else "",
        known=record.known(row),
        quantity=quantity(row),
        period=period_of(row),
        row=row,
        table=table,
    )


def quantity(row: Row, of: str = "value") -> Quantity:
    """Return the number a row states in the column `of`; ``value`` stands for the five columns of an interval."""
    if of == "value" and "bound" in row:
        return Quantity(row["value"], row["low"], row["high"], row["bound"])
    number = row.get(of)
    if number is None:
        return Quantity()
    bound = str(row.get(f"{of}_bound") or "exact")
    if bound in ("at_least", "more_than"):
        return Quantity(low=number, bound=bound)
    if bound == "at_most":
        return Quantity(high=number, bound=bound)
    return Quantity(number, bound=bound)


_en = English()


def _when(row: Row) -> str:
    period = period_of(row)
    return _en.period(period) if period else ""


def _many(row: Row, of: str = "value") -> str:
    return _en.quantity(quantity(row, of), digits=True) if quantity(row, of).known else "no number of"


def _level(_: Record, row: Row) -> str:
    kind = {"planned": "Planned: ", "ordered": "Ordered: ", "authorised": "Authorised: "}.get(str(row["basis"]), "")
    text = f"{kind}{_many(row)} {SCOPES[str(row['scope'])]}, {_when(row)}"
    return text[0].upper() + text[1:]


def _attack(record: Record, row: Row) -> str:
    weapon, place, when = WEAPONS.get(str(row["weapon"]), "weapons not stated"), _place(record, row), _when(row)
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


def _total(_: Record, row: Row) -> str:
    text = f"{_many(row, 'count')} {COUNTED[str(row['scope'])]}, {_when(row)}"
    if row["attributed_to"]:
        text += f", laid to {row['attributed_to']}"
    if row["wounded"] is not None:
        text += f"; {_many(row, 'wounded')} wounded"
    for column, word in (("all_killed", "people killed"), ("all_wounded", "people wounded")):
        if row[column] is not None:
            text += f"; {_many(row, column)} {word}"
    return text[0].upper() + text[1:]


def _handover(record: Record, row: Row) -> str:
    verb = {
        "transfer": "handed over",
        "departure": "left",
        "announcement": "announced as handed over",
        "declaration": "declared vacated",
        "planned": "due to be handed over",
        "return": "entered again",
    }[str(row["kind"])]
    text = f"{_place(record, row)} {verb}, {_when(row)}"
    if row["handed_by"]:
        text += f", by {row['handed_by']}"
    if row["received_by"]:
        text += f"; then held by {row['received_by']}"
    return text


def _isis(_: Record, row: Row) -> str:
    what = {"attacks": "ISIS attacks", "claims": "attacks claimed by ISIS", "incidents": "ISIS incidents"}
    if row["measure"] == "trend":
        return f"ISIS activity in {row['scope']}, {_when(row)}: no count given"
    if row["measure"] == "average_per_quarter":
        return f"{_many(row)} ISIS attacks a quarter on average in {row['scope']}, {_when(row)}"
    text = f"{_many(row)} {what[str(row['measure'])]} in {row['scope']}, {_when(row)}"
    return text[0].upper() + text[1:]


def _strength(_: Record, row: Row) -> str:
    text = f"{_many(row)} ISIS {row['measure']} in {row['scope']}, {_when(row)}"
    return text[0].upper() + text[1:]


def _base(_: Record, row: Row) -> str:
    text = f"{row['name']} lies in the province of {row['province']}"
    return text if row["latitude"] is None else f"{text}, at {row['latitude']}° N, {row['longitude']}° E"


def _milestone(_: Record, row: Row) -> str:
    return f"{row['label']}: due {_when(row)}"


def _summary(_: Record, row: Row) -> str:
    return str(row.get("statement") or row.get("summary") or row.get("topic") or row.get("name") or "")


def _place(record: Record, row: Row) -> str:
    return str(record.where[str(row["place_id"])][1]["name"])


STATEMENTS: dict[str, Callable[[Record, Row], str]] = {
    "troop_levels": _level,
    "attacks": _attack,
    "attack_totals": _total,
    "handovers": _handover,
    "isis_attacks": _isis,
    "isis_strength": _strength,
    "bases": _base,
    "milestones": _milestone,
}
