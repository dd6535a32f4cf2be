"""The curated tables: read as the data dictionary says, cross-checked, and checked against the article.

The data dictionary ``data/datapackage.json`` is the only schema. Our own code reads it for every report, and
Frictionless' tool in ``handover check``. All faults of a file are listed at once, with line, column and cure.
"""

import csv
import datetime as dt
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from handover import plain
from handover.errors import DataError, near
from handover.project import Project
from handover.story.values import Row, Value, known_since

#: The one source that is the article; everything else is the public record around it.
ARTICLE = "S001"

#: Kind of bound -> whether ``value``, ``low`` and ``high`` are given.
QUANTITY_LAW = {
    "exact": (True, False, False),
    "about": (True, False, False),
    "range": (False, True, True),
    "fewer_than": (False, False, True),
    "at_most": (False, False, True),
    "more_than": (False, True, False),
    "at_least": (False, True, False),
    None: (False, False, False),
}
#: Pairs of columns that say when something began and ended.
STRETCHES = (("start", "end"), ("start_date", "end_date"), ("not_before", "not_after"))
READERS: dict[str, Callable[[str], Value]] = {
    "string": str,
    "integer": plain.integer,
    "number": plain.number,
    "date": plain.day,
}
#: How messages name what a cell must be.
FORMS = {
    "integer": "an integer in plain digits, like 1200 or -5",
    "number": "a number in plain digits, like 33.8 or -5",
    "date": "a date like 2026-01-31",
}
#: A full stop after one of these does not end a sentence.
ABBREVIATIONS = ("Lt.", "Gen.", "U.S.", "Col.", "Maj.", "Brig.", "Mr.", "Mrs.", "Dr.", "St.")


class Rows(dict[str, list[Row]]):
    """The rows of each table by its name; a table that a story must have and has not is a fault of its dictionary."""

    def __missing__(self, table: str) -> list[Row]:
        raise DataError(
            f"data/datapackage.json: must declare the table '{table}' (known: {', '.join(self) or 'none'}"
            f"{near(table, self)}).\nAdd it with its columns; `handover init FOLDER` writes a dictionary that has "
            "all tables that every story needs."
        )


@dataclass(frozen=True)
class Tables:
    """All tables by name; `where` gives the table and the row of each row id, `columns` the names of a table's."""

    rows: Rows
    paths: dict[str, str]
    where: dict[str, tuple[str, Row]] = field(repr=False, default_factory=dict)
    sources: dict[str, Row] = field(repr=False, default_factory=dict)
    columns: dict[str, list[str]] = field(repr=False, default_factory=dict)

    @classmethod
    def load(cls, project: Project) -> "Tables":
        """Read and cross-check every table of the dictionary.

        Raises:
            DataError: The first table with faults, all its faults listed; or all broken references.
        """
        folder = project.data
        schemas = dictionary(folder)
        rows = Rows({schema.name: read_table(folder, schema) for schema in schemas})
        where: dict[str, tuple[str, Row]] = {}
        twice = []
        for schema in schemas:
            for row in rows[schema.name] if schema.key else ():
                name = str(row[schema.key])  # type: ignore[index]
                if name in where and where[name][0] != schema.name:
                    twice.append(f"{schema.path}: {name}: must be the id of one row (it is in {where[name][0]} too)")
                where[name] = (schema.name, row)
        faults = twice + _references(schemas, rows) + _citations(rows, where)
        if faults:
            raise DataError("data: references must lead somewhere:\n" + "\n".join(f"  {fault}" for fault in faults))
        sources = {str(row["source_id"]): row for row in rows.get("sources", [])}
        paths = {schema.name: f"{folder.name}/{schema.path}" for schema in schemas}
        columns = {schema.name: [column.name for column in schema.columns] for schema in schemas}
        return cls(rows, paths, where, sources, columns)

    def source_of(self, row: Row) -> Row:
        """Return the source of a row; rows of the article name none, since there is only one.

        Raises:
            DataError: The row names no source that there is.
        """
        source = str(row.get("source_id", ARTICLE))
        if source not in self.sources:
            raise DataError(
                f"data: {row_id(row)}: source_id must be in sources (got '{row.get('source_id') or ''}').\n"
                "Add the source to data/sources.csv, and give the table a column source_id."
            )
        return self.sources[source]

    def unsourced(self, row: Row) -> bool:
        """Return whether a row needs no source: the mere name of a place, or one that the article would be that of."""
        return row.get("source_id", ARTICLE) is None or ("source_id" not in row and ARTICLE not in self.sources)

    def known(self, row: Row) -> dt.date:
        """Return the day from which a report may use a row."""
        return self._since[id(row)]

    @cached_property
    def _since(self) -> dict[int, dt.date]:
        """That day for every row, by the identity of the row."""
        return {id(row): self._known(row) for rows in self.rows.values() for row in rows}

    @cached_property
    def days(self) -> list[dt.date]:
        """The days on which a row became known, and the first of each year, on which counts of the last are known."""
        days = set(self._since.values())
        return sorted(days | {dt.date(day.year + 1, 1, 1) for day in days if day.year < dt.MAXYEAR})

    def _known(self, row: Row) -> dt.date:
        if self.unsourced(row):
            return dt.date.min
        return known_since(row, self.source_of(row))

    @cached_property
    def sides(self) -> dict[str, dict[str, list[str]]]:
        """The rows on each side of each conflict: ``{"C016": {"a": ["p09s01b"], "b": ["T089"]}}``."""
        found: dict[str, dict[str, list[str]]] = {}
        for row in self.rows.get("conflict_rows", []):
            sides = found.setdefault(str(row["conflict_id"]), {"a": [], "b": []})
            sides[str(row["side"])].append(str(row["row_id"]))
        return found


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the dictionary: how its cells are read, and the rules for each."""

    name: str
    type: str
    required: bool
    unique: bool
    choices: tuple[str, ...]
    pattern: re.Pattern[str] | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, declared: dict[str, Any]) -> "Column":
        """Read a field of the dictionary.

        Raises:
            DataError: Its type is none that a table here can have.
        """
        rules = declared.get("constraints", {})
        if declared["type"] not in READERS:
            raise DataError(
                f"data/datapackage.json: {declared['name']}: type must be one of {', '.join(READERS)} "
                f"(got '{declared['type']}'{near(str(declared['type']), READERS)}).\nWrite it as one of these."
            )
        return cls(
            name=declared["name"],
            type=declared["type"],
            required=rules.get("required", False),
            unique=rules.get("unique", False),
            choices=tuple(rules.get("enum", ())),
            pattern=re.compile(rules["pattern"]) if "pattern" in rules else None,
            low=rules.get("minimum"),
            high=rules.get("maximum"),
        )

    def read(self, text: str) -> tuple[Value, str]:
        """Return the typed value of a cell and, if it breaks a rule, the fault."""
        if text == "":
            return None, "must not be empty" if self.required else ""
        if text != text.strip():
            return text, f"must have no space around it (got {text!r})"
        try:
            value = READERS[self.type](text)
        except ValueError:
            return text, f"must be {FORMS[self.type]} (got {text!r:.80})"
        if self.choices and text not in self.choices:
            return value, f"must be one of {', '.join(self.choices)} (got {text!r}{near(text, self.choices)})"
        if self.pattern and not self.pattern.search(text):
            return value, f"must look like {self.pattern.pattern} (got {text!r})"
        if self.low is not None and isinstance(value, int | float) and value < self.low:
            return value, f"must be {self.low} or more (got {text})"
        if self.high is not None and isinstance(value, int | float) and value > self.high:
            return value, f"must be {self.high} or less (got {text})"
        return value, ""


@dataclass(frozen=True, slots=True)
class Schema:
    """One table of the dictionary: its file, its columns, and (column, table, column) of each reference."""

    name: str
    path: str
    columns: tuple[Column, ...]
    key: str | None
    foreign: tuple[tuple[str, str, str], ...]


def row_id(row: Row) -> str:
    """Return the id of a row: its first cell."""
    return str(next(iter(row.values())))


def dictionary(folder: Path) -> list[Schema]:
    """Return the tables that ``datapackage.json`` in `folder` declares.

    Raises:
        DataError: The file is missing, is not JSON, or lacks what a data package must have.
    """
    path = folder / "datapackage.json"
    try:
        package = json.loads(path.read_text("utf-8"))
        return [_schema(resource) for resource in package["resources"] if "schema" in resource]
    except FileNotFoundError:
        raise DataError(
            f"{path.name}: the data dictionary must exist (none in {folder.name}/).\nRestore it from git."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"data/{path.name}: must be JSON ({error}).\nRestore it from git.") from error
    except (KeyError, TypeError) as error:
        raise DataError(f"data/{path.name}: must be a data package ({error!r} is missing).") from error


def _schema(resource: dict[str, Any]) -> Schema:
    schema = resource["schema"]
    key = schema.get("primaryKey")
    foreign = tuple(
        (_only(fk["fields"]), fk["reference"]["resource"], _only(fk["reference"]["fields"]))
        for fk in schema.get("foreignKeys", [])
    )
    columns = tuple(Column.of(declared) for declared in schema["fields"])
    return Schema(resource["name"], resource["path"], columns, key if isinstance(key, str) else None, foreign)


def _only(name: Any) -> Any:
    """Return a column's name that stands alone in a list, which the standard allows too."""
    return name[0] if isinstance(name, list) and len(name) == 1 else name


def read_table(folder: Path, schema: Schema) -> list[Row]:
    """Read one table of the data folder.

    Raises:
        DataError: Lists every fault of the file.
    """
    where = f"{folder.name}/{schema.path}"
    rows, faults = [], []
    seen: dict[str, dict[str, int]] = {column.name: {} for column in schema.columns if column.unique}
    for line, cells in _lines(folder / schema.path, where, [column.name for column in schema.columns]):
        if len(cells) != len(schema.columns):
            faults.append(f"line {line}: must have {len(schema.columns)} cells (got {len(cells)})")
            continue
        row: Row = {}
        for column, cell in zip(schema.columns, cells, strict=True):
            row[column.name], problem = column.read(cell)
            if problem:
                faults.append(f"line {line}, {column.name}: {problem}")
        for name, known in seen.items():
            text = str(row[name])
            if text in known:
                faults.append(f"line {line}, {name}: must be unique ('{text}' stands at line {known[text]} too)")
            known.setdefault(text, line)
        faults.extend(f"line {line}, {problem}" for problem in _inconsistent(row))
        rows.append(row)
    if faults:
        raise DataError(
            f"{where}: {len(faults)} {'cell breaks' if len(faults) == 1 else 'cells break'} the table's rules:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + f"\nCorrect the file; {folder.name}/datapackage.json describes each column."
        )
    return rows


def _lines(path: Path, where: str, columns: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and cells of each row, after checking encoding and header."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{where}: the table must exist (not found).\nRestore it from git.") from None
    if raw.startswith(b"\xef\xbb\xbf"):
        raise DataError(f"{where}: line 1: must not start with a byte-order mark (found one).\nSave as plain UTF-8.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(
            f"{where}: line {line}: must be UTF-8 (byte 0x{raw[error.start]:02x} is not; saved as Latin-1?).\n"
            "Save the file as UTF-8."
        ) from error
    if text and not text.endswith("\n"):
        raise DataError(f"{where}: must end with a line break (the last line is cut off).\nRestore the last line.")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_header(next(reader, []), where, columns)
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(f"{where}: line {reader.line_num}: must be CSV ({error}).\nCorrect the quotes.") from error


def _check_header(found: list[str], where: str, columns: list[str]) -> None:
    faults = [f"column '{name}' is missing" for name in columns if name not in found]
    faults += [
        f"column '{name}' is not in the dictionary{near(name, columns)}" for name in found if name not in columns
    ]
    faults += [f"column '{name}' stands twice" for name in sorted({n for n in found if found.count(n) > 1})]
    if not faults and found != columns:
        faults = [f"columns must stand in the order {', '.join(columns)}"]
    if faults:
        raise DataError(
            f"{where}: line 1: " + "; ".join(faults) + ".\nCorrect the header, or data/datapackage.json if it is wrong."
        )


def _inconsistent(row: Row) -> Iterator[str]:
    """Yield the faults in the interval and the periods of a row."""
    if {"value", "low", "high", "bound"} <= row.keys() and row["bound"] in QUANTITY_LAW:
        for name, wanted in zip(("value", "low", "high"), QUANTITY_LAW[row["bound"]], strict=True):  # type: ignore[index]
            if (row[name] is not None) != wanted:
                verb = "must be given" if wanted else "must be empty"
                yield f"{name}: {verb} where bound is '{row['bound'] or ''}' (got {row[name]!r})"
        low, high = row["low"], row["high"]
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            yield f"low: must not exceed high (got low={low}, high={high})"
    for first, last in STRETCHES:
        begin, end = row.get(first), row.get(last)
        if isinstance(begin, dt.date) and isinstance(end, dt.date) and begin > end:
            yield f"{first}: must not be after {last} (got {begin} and {end})"


def _references(schemas: list[Schema], rows: Rows) -> list[str]:
    faults = []
    for schema in schemas:
        for column, target, key in schema.foreign:
            known = {row[key] for row in rows[target]}
            for row in rows[schema.name]:
                if row[column] is not None and row[column] not in known:
                    name = row[schema.key] if schema.key else tuple(row.values())
                    faults.append(f"{schema.path}: {name}: {column} must be in {target} (got '{row[column]}')")
    return faults


def _citations(rows: Rows, where: dict[str, tuple[str, Row]]) -> list[str]:
    """Check lists of row ids in cells, which the dictionary cannot express as foreign keys."""
    faults = [
        f"conflict_rows: {row['conflict_id']}: row_id must be a row of some table (got '{row['row_id']}')"
        for row in rows.get("conflict_rows", [])
        if row["row_id"] not in where
    ]
    for table, key, column in (("facts", "fact", "claims"), ("milestones", "milestone_id", "done_by")):
        faults += [
            f"{table}: {row[key]}: {column} must be rows of some table (got '{name}')"
            for row in rows.get(table, [])
            if row.get("choose") in (None, "first", "latest")  # others are computed, and checked where that is done
            for name in str(row[column] or "").split()
            if name not in where
        ]
    return faults


def read_outlines(project: Project) -> dict[str, Any]:
    """Read the outlines of Iraq and its neighbours, as GeoJSON.

    Raises:
        DataError: The file is missing or is not JSON, which has no NaN and no Infinity.
    """
    path = project.data / "geo" / "outlines.geojson"
    try:
        return json.loads(path.read_text("utf-8"), parse_constant=plain.number)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{project.where(path)}: must be JSON with plain numbers (got {error}).\nRestore it from git."
        ) from error


def check_tables(project: Project) -> list[str]:
    """Return one line for each fault in the curated data; an empty list when all is well."""
    try:
        Tables.load(project)
        if (project.data / "geo").is_dir():
            read_outlines(project)
    except DataError as error:
        return str(error).splitlines()
    return []


def sentences(text: str) -> dict[tuple[int, int], tuple[int, int]]:
    """Return the character span of each sentence, by (paragraph, sentence), both counted from one.

    A paragraph is a line that is not blank. A sentence ends at a full stop, question or exclamation mark,
    with any closing quotation mark, before a space or the paragraph's end.
    """
    spans = {}
    paragraph = 0
    for line in re.finditer(r"[^\n]*\S[^\n]*", text):
        paragraph += 1
        sentence, start = 0, line.start()
        for stop in re.finditer(r"[.!?][”\"’']*(?=\s|$)", line.group()):
            end = line.start() + stop.end()
            if text[start:end].endswith(ABBREVIATIONS) and end < line.end():
                continue
            sentence += 1
            spans[paragraph, sentence] = (start, end)
            start = end + len(text[end : line.end()]) - len(text[end : line.end()].lstrip())
    return spans


def check_article(project: Project, path: Path) -> str:
    """Check every locator of ``article/claims.csv`` against the article, which the project never stores.

    Args:
        project: The checkout.
        path: The article as a UTF-8 text file.

    Returns:
        How many sentences are accounted for, in words.

    Raises:
        DataError: A span does not fit its hash or its sentence, or a sentence has no claim.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: must be the article as UTF-8 text ({error}).") from error
    spans = sentences(text)
    faults, covered = [], set()
    for row in Tables.load(project).rows["claims"]:
        start, end = int(row["start"]), int(row["end"])  # type: ignore[arg-type]
        place = (int(row["paragraph"]), int(row["sentence"]))  # type: ignore[arg-type]
        digest = hashlib.sha256(text[start:end].encode()).hexdigest()
        if place not in spans:
            faults.append(f"{row['claim_id']}: paragraph {place[0]}, sentence {place[1]} is not in the article")
        elif not spans[place][0] <= start < end <= spans[place][1]:
            faults.append(f"{row['claim_id']}: characters {start}-{end} must lie in its sentence {spans[place]}")
        elif digest != row["sha256"]:
            wanted = str(row["sha256"])[:12]
            faults.append(f"{row['claim_id']}: characters {start}-{end} must hash to {wanted}… (got {digest[:12]}…)")
        else:
            covered.add(place)
    faults += [f"paragraph {p}, sentence {s} has no claim and no comment" for p, s in sorted(spans.keys() - covered)]
    if faults:
        raise DataError(
            f"data/article/claims.csv: {len(faults)} locators do not fit {path.name}:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nIs this the article the claims were taken from? If so, correct the rows."
        )
    return f"{len(covered)} of {len(spans)} sentences accounted for (100 %)"
