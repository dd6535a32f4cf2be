"""The fact and the rows that a new report begins with, chosen from what a project has."""

import datetime as dt
from dataclasses import dataclass

from handover.errors import DataError
from handover.project import Project
from handover.story.claims import View
from handover.story.contradictions import subject_of
from handover.story.data import Tables
from handover.story.facts import Facts

#: What a table must have so that its rows can be drawn along time, beside a day.
QUANTITY = {"value", "low", "high", "bound"}
#: Columns that say what a row counts, beside its subject; rows with the same in all of them can be compared.
SERIES = ("scope", "series", "measure", "basis", "unit", "counted_by")


@dataclass(frozen=True, slots=True)
class Example:
    """What a first sentence and a first chart are made of.

    `day` is the last on which a row behind a fact became known; `where` chooses the rows of `table` that can be
    compared, as a query of pandas; both are empty where the table has its numbers in other columns than those that
    charts draw. `article` says whether a report can rest on the article alone.
    """

    day: dt.date
    fact: str
    label: str
    unit: str
    table: str
    where: str
    article: bool


def first_usable(project: Project, today: dt.date) -> Example:
    """Return the first fact that states a number known by today, of a table that can be drawn along time.

    Raises:
        DataError: The tables have faults, or there is no such fact.
    """
    tables = Tables.load(project)
    # beside ids, the cells of computed facts hold conditions
    behind = {name for row in tables.rows["facts"] for name in str(row["claims"]).split()} & tables.where.keys()
    days = [day for name in behind if dt.date.min < (day := tables.known(tables.where[name][1])) <= today]
    day = max(days, default=today)
    view = View(tables, day)
    facts = Facts(view)
    known = [fact for key in facts.declared if (fact := facts[key]) and fact.quantity and fact.period]
    for fact in known:
        table, row = tables.where[fact.claims[0]]
        if row.keys() >= QUANTITY and {"date", "start"} & row.keys() and "source_id" in row:
            # a scope or a measure says enough; where there is none, rows of one subject alone can be compared
            own = {} if row.get("scope") or row.get("measure") else subject_of(row)
            alike = {column: row[column] for column in SERIES if row.get(column)} | own
            # those that state a number
            query = " and ".join([*(f"{column} == {str(cell)!r}" for column, cell in alike.items()), "bound.notna()"])
            return Example(day, fact.key, fact.label, fact.unit, table, query, "claims" in tables.rows)
    if known:
        return Example(day, known[0].key, known[0].label, known[0].unit, "", "", "claims" in tables.rows)
    raise DataError(
        "data/facts.csv: must have a fact that states a number (none is known whose rows have a date or a start).\n"
        "Add a row to a table, with a number, a day and its source, and a fact of it."
    )
