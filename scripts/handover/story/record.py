"""The whole record in memory, cross-checked, and what of it was known on a day."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from handover.errors import DataError
from handover.project import Project
from handover.story import tables
from handover.story.periods import known_since
from handover.story.tables import Row

#: The one source that is the article; everything else is the public record around it.
ARTICLE = "S001"


@dataclass(frozen=True, slots=True)
class Record:
    """All tables by name; `where` says which table a row id stands in."""

    rows: dict[str, list[Row]]
    paths: dict[str, str]
    where: dict[str, tuple[str, Row]] = field(repr=False, default_factory=dict)
    sources: dict[str, Row] = field(repr=False, default_factory=dict)

    @classmethod
    def load(cls, project: Project) -> "Record":
        """Read and cross-check every table of the dictionary.

        Raises:
            DataError: The first table with faults, all its faults listed; or all broken references.
        """
        return cls.read(project.data)

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """Read and cross-check the tables of one data folder."""
        schemas = tables.dictionary(folder)
        rows = {schema.name: tables.read(folder, schema) for schema in schemas}
        where = {}
        for schema in schemas:
            if schema.key:
                where.update({str(row[schema.key]): (schema.name, row) for row in rows[schema.name]})
        faults = _references(schemas, rows) + _citations(rows, where)
        if faults:
            raise DataError("data: references must lead somewhere:\n" + "\n".join(f"  {fault}" for fault in faults))
        sources = {str(row["source_id"]): row for row in rows.get("sources", [])}
        paths = {schema.name: f"{folder.name}/{schema.path}" for schema in schemas}
        return cls(rows, paths, where, sources)

    def source_of(self, row: Row) -> Row:
        """The source a row rests on; rows of the article name none, since there is only one."""
        return self.sources[str(row.get("source_id", ARTICLE))]

    def known(self, row: Row) -> dt.date:
        """The day from which a report may use a row; the bare name of a place needs no source."""
        if row.get("source_id", ARTICLE) is None:
            return dt.date.min
        return known_since(row, self.source_of(row))

    def visible(self, row: Row, as_of: dt.date, evidence: str) -> bool:
        """Whether a report of that day and that evidence may use a row."""
        if evidence == "article" and row.get("source_id", ARTICLE) != ARTICLE:
            return False
        return self.known(row) <= as_of


def _references(schemas: list[tables.Schema], rows: dict[str, list[Row]]) -> list[str]:
    faults = []
    for schema in schemas:
        for column, target, key in schema.foreign:
            known = {row[key] for row in rows[target]}
            for row in rows[schema.name]:
                if row[column] is not None and row[column] not in known:
                    name = row[schema.key] if schema.key else tuple(row.values())
                    faults.append(f"{schema.path}: {name}: {column} must be in {target} (got '{row[column]}')")
    return faults


def _citations(rows: dict[str, list[Row]], where: dict[str, tuple[str, Row]]) -> list[str]:
    """Lists of row ids inside cells, which the dictionary cannot express as foreign keys."""
    faults = [
        f"conflict_rows: {row['conflict_id']}: row_id must be a row of some table (got '{row['row_id']}')"
        for row in rows.get("conflict_rows", [])
        if row["row_id"] not in where
    ]
    for table, key, column in (("facts", "fact", "claims"), ("milestones", "milestone_id", "done_by")):
        faults += [
            f"{table}: {row[key]}: {column} must be rows of some table (got '{name}')"
            for row in rows.get(table, [])
            for name in str(row[column] or "").split()
            if name not in where
        ]
    return faults


def check(project: Project) -> list[str]:
    """Return one line for each fault in the curated data; an empty list when all is well."""
    try:
        Record.load(project)
    except DataError as error:
        return str(error).splitlines()
    return []
