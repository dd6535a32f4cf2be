"""All tables of a project, read and cross-checked; every fault of all of them is found at once."""

import contextlib
import datetime as dt
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from handover import digest
from handover.errors import DataError, near
from handover.tables.dictionary import Schema, Value, dictionary
from handover.tables.lines import Fault, lines_of
from handover.text import listed

#: A row of a table: column to typed cell, None where the cell is empty.
Row = dict[str, Value]

#: The one source that is the article; it has no grade, and everything else is the public record around it.
ARTICLE = "S001"
#: Kind of bound -> which of ``value``, ``low`` and ``high`` are given.
QUANTITY_LAW: dict[Value, tuple[str, ...]] = {
    "exact": ("value",),
    "about": ("value",),
    "range": ("low", "high"),
    "fewer_than": ("high",),
    "at_most": ("high",),
    "more_than": ("low",),
    "at_least": ("low",),
    None: (),
}
#: Pairs of columns that say when something began and ended.
STRETCHES = (("start", "end"), ("start_date", "end_date"), ("not_before", "not_after"))
#: (table, column) of lists of row ids, which the dictionary cannot express as foreign keys.
CITATIONS = (("conflict_rows", "row_id"), ("facts", "claims"), ("milestones", "done_by"), ("checks", "row_id"))
#: What a fact is read from -> the unit that it then has; of all else the unit is that of the number.
UNITS_OF: dict[Value, str] = {"date": "date", "start": "date", "end": "date", "said": "statement"}
#: The slash between two sides of what a fact claims, and the words of one, in neither of which quotes are opened.
SLASH = re.compile(r'/(?=(?:[^"]*"[^"]*")*[^"]*$)')
WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
#: A message names no more faults than this, and in a table of more no near name is looked for, which takes time.
MOST = 40


@dataclass(frozen=True, eq=False)
class Record:
    """By the tables' names their rows, files and columns; `where` gives the table and the row of each row's id."""

    rows: dict[str, list[Row]]
    where: dict[str, tuple[str, Row]] = field(repr=False)
    paths: dict[str, str]
    columns: dict[str, list[str]]


@dataclass(slots=True)
class _Table:
    schema: Schema
    where: str
    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int, column: str, what: str, cure: str) -> None:
        self.faults.append(Fault(f"{self.where}: line {line}, {column}", what, cure))


def row_id(row: Row) -> str:
    """Return the id of a row: its first cell."""
    return str(next(iter(row.values())))


#: The hash of each file that was read last, and what it held: a sweep renders many editions from the same tables.
_last: tuple[dict[str, str], Record] | None = None


def read(folder: Path) -> Record:
    """Read and cross-check every table that the dictionary in `folder` names.

    Returns:
        The tables. As long as no file changes it is the same object, which nobody may change.

    Raises:
        DataError: Lists every fault of every table, or the fault of the dictionary.
    """
    global _last
    if _last and _hashes(folder, _last[0]) == _last[0]:
        return _last[1]
    before = _hashes(folder, ["datapackage.json"])
    schemas = dictionary(folder)
    before |= _hashes(folder, [schema.path for schema in schemas])
    record, found = _look(folder, schemas)
    if len(found) == 1:
        raise DataError(f"{found[0].head}\n{found[0].cure}")
    if found:
        lines = [f"  {fault}" for fault in listed(map(str, found), MOST)]
        raise DataError("\n".join([f"data: {len(found):,} faults:", *lines]))
    if before and _hashes(folder, before) == before:
        _last = before, record
    return record


def _hashes(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    """Return the hash of each file, beside the folder's name, which messages give; empty if one cannot be read."""
    with contextlib.suppress(OSError):
        return {path: digest.of_file(folder / path) if path else folder.name for path in ("", *paths)}
    return {}


def faults(folder: Path) -> Sequence[Fault]:
    """Return every fault of the tables.

    Raises:
        DataError: The dictionary cannot be read.
    """
    return _look(folder, dictionary(folder))[1]


def _look(folder: Path, schemas: Iterable[Schema]) -> tuple[Record, list[Fault]]:
    tables = {schema.name: _table(folder, schema) for schema in schemas}
    where: dict[str, tuple[str, Row]] = {}
    for name, table in tables.items():
        _place(name, table, where, tables)
    # what a faulty table holds is not known, so nothing is said of references into it
    targets = {(name, key) for table in tables.values() for _, name, key in table.schema.foreign}
    whole = {(name, key): {row[key] for row in tables[name].rows} for name, key in targets if not tables[name].faults}
    for table in tables.values():
        _references(table, whole)
    if all(not table.faults for table in tables.values()):
        for name, column in CITATIONS:
            if name in tables:
                _citations(tables[name], column, where, tables)
        if {"conflicts", "conflict_rows"} <= tables.keys():
            _taken_sides(tables["conflicts"], tables["conflict_rows"].rows, where)
        if {"facts", "conflicts"} <= tables.keys():
            _contested(tables["facts"], {row_id(row) for row in tables["conflicts"].rows})
        if "facts" in tables:
            _conditions(tables["facts"], tables)
    rows = {name: table.rows for name, table in tables.items()}
    paths = {name: table.where for name, table in tables.items()}
    columns = {name: [column.name for column in table.schema.columns] for name, table in tables.items()}
    return Record(rows, where, paths, columns), [fault for table in tables.values() for fault in table.faults]


def _table(folder: Path, schema: Schema) -> _Table:
    table = _Table(schema, f"{folder.name}/{schema.path}")
    found, table.faults = lines_of(folder / schema.path, table.where, schema)
    seen: dict[str, dict[Value, int]] = {
        column.name: {} for column in schema.columns if column.unique or column.name == schema.key
    }
    known = [(column, dict[str, tuple[Value, str, str]]()) for column in schema.columns]
    for number, cells in found:
        row: Row = {}
        wrong = set()
        for (column, readings), cell in zip(known, cells, strict=True):
            # most cells of a column say what another said before
            if cell not in readings:
                readings[cell] = column.read(cell)
            row[column.name], what, cure = readings[cell]
            if what:
                wrong.add(column.name)
                table.fault(number, column.name, what, cure)
        for name, at in seen.items():
            if name not in wrong and at.setdefault(row[name], number) != number:
                what = f"must be unique ('{row[name]}' stands at line {at[row[name]]} too)"
                table.fault(number, name, what, "Give one of the two another, or remove the row that is repeated.")
        for column, what, cure in _inconsistent(schema.name, row, wrong):
            table.fault(number, column, what, cure)
        table.rows.append(row)
        table.lines.append(number)
    return table


def _inconsistent(name: str, row: Row, wrong: set[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the faults of a row whose cells are each right by themselves: the column, what, and the cure."""
    if {"value", "low", "high", "bound"} <= row.keys() and not wrong & {"value", "low", "high", "bound"}:
        yield from _misstated(row)
    if {"of", "unit", "choose"} <= row.keys() and not wrong & {"of", "unit", "choose"}:
        yield from _misread(row)
    for first, last in STRETCHES:
        begin, end = row.get(first), row.get(last)
        if isinstance(begin, dt.date) and isinstance(end, dt.date) and begin > end:
            yield first, f"must not be after {last} (got {begin} and {end})", "Correct one of the two days."
    if name == "sources" and not wrong & {"published", "published_precision"}:
        dated, precision = row.get("published") is not None, row.get("published_precision")
        if precision in ("day", "month") and not dated:
            what = f"must be given where published_precision is '{precision}' (got none)"
            yield "published", what, "Fill it, or write unknown as the precision, and not_before and not_after."
        elif precision == "unknown" and dated:
            what = f"must be empty where published_precision is 'unknown' (got {row['published']})"
            yield "published", what, "Write day or month as the precision, or empty the cell."
    ungraded = name == "sources" and row.get("grade", "") is None and "grade" not in wrong
    if ungraded and row_id(row) != ARTICLE:
        yield "grade", "must not be empty", "Grade the source from A (official) to D (weak)."


def _misstated(row: Row) -> Iterator[tuple[str, str, str]]:
    """Yield the one fault of a quantity that says other parts than its bound needs."""
    if row["bound"] not in QUANTITY_LAW:
        return
    wanted = QUANTITY_LAW[row["bound"]]
    given = tuple(part for part in ("value", "low", "high") if row[part] is not None)
    bound = f"where bound is '{row['bound'] or ''}'"
    if given != wanted:
        must = "must be given" if wanted else "must be empty"
        columns = " and ".join(wanted or given)
        only = ", and nothing beside it" if wanted and set(given) - set(wanted) else ""
        got = ", ".join(f"{part}={row[part]}" for part in given) or "none"
        fitting = " or ".join(str(name) for name, law in QUANTITY_LAW.items() if name and law == given)
        other = f"write {fitting} as the bound" if fitting else "correct the bound"
        yield columns, f"{must} {bound}{only} (got {got})", f"Move the number to its column, or {other}."
    elif given == ("low", "high") and row["low"] > row["high"]:  # type: ignore[operator]
        yield "low", f"must not exceed high (got low={row['low']}, high={row['high']})", "Exchange them."


def _misread(row: Row) -> Iterator[tuple[str, str, str]]:
    """Yield the fault of a fact whose unit is not that of what it is read from."""
    if row["choose"] not in ("first", "latest"):
        return  # a count of days is no day; what is computed is judged with its parts
    wanted, unit = UNITS_OF.get(row["of"]), row["unit"]
    if wanted and unit != wanted:
        yield "unit", f"must be {wanted} where of is '{row['of']}' (got '{unit}')", "Correct the one or the other."
    elif not wanted and unit in UNITS_OF.values():
        readable = " or ".join(str(of) for of, one in UNITS_OF.items() if one == unit)
        yield "of", f"must be {readable} where unit is '{unit}' (got '{row['of']}')", "Correct the one or the other."


def _place(name: str, table: _Table, where: dict[str, tuple[str, Row]], tables: dict[str, _Table]) -> None:
    """Note the table of each row's id, which no other table may use."""
    key = table.schema.key
    for row, line in zip(table.rows, table.lines, strict=True) if key else ():
        found = str(row[key])
        other = where.setdefault(found, (name, row))[0]
        if other != name:
            what = f"must be an id of its own ('{found}' is one of {tables[other].where} too)"
            table.fault(line, key, what, "Give the row another.")


def _references(table: _Table, whole: dict[tuple[str, str], set[Value]]) -> None:
    for column, target, key in table.schema.foreign:
        known = whole.get((target, key))
        for row, line in zip(table.rows, table.lines, strict=True) if known is not None else ():
            if row[column] is not None and row[column] not in known:
                what = f"must be in {target} (got '{row[column]}'{_near(table, row[column], known)})"
                table.fault(line, column, what, f"Correct it, or add the row to {target}.")


def _citations(table: _Table, column: str, where: dict[str, tuple[str, Row]], tables: Container[str]) -> None:
    for row, line in zip(table.rows, table.lines, strict=True):
        if column == "claims" and row.get("choose") not in (None, "first", "latest"):
            continue  # a fact that is computed from rows that it does not name one by one
        words = str(row.get(column) or "").split()
        if column == "claims" and words and words[0] in tables and words[0] not in where:
            what = f"must name rows one by one where choose is '{row['choose']}' (got the table '{words[0]}')"
            table.fault(line, column, what, "Name the rows' ids, or choose count, sum, mean, least or most.")
            continue
        for name in words:
            if name not in where:
                what = f"must name rows of some table (got '{name}'{_near(table, name, where)})"
                table.fault(line, column, what, _cure_of_id(name, "Correct the id, or add the row."))


def claimed(claims: str) -> list[list[str]]:
    """Return the words on each side of the slash in a fact's claims, without the quotes around values with spaces."""
    return [[word.replace('"', "") for word in WORD.findall(side)] for side in SLASH.split(claims)]


def _contested(facts: _Table, conflicts: set[str]) -> None:
    """Find the facts that declare a conflict which is not registered: they would be printed as if undisputed."""
    for row, line in zip(facts.rows, facts.lines, strict=True):
        named = str(row.get("conflicts") or "").split()
        for name in named:
            if name not in conflicts and named != ["none"]:
                what = f"must name conflicts, or none (got '{name}'{_near(facts, name, conflicts)})"
                facts.fault(line, "conflicts", what, _cure_of_id(name, "Correct the id, or register the conflict."))


def _taken_sides(conflicts: _Table, sides: Iterable[Row], where: dict[str, tuple[str, Row]]) -> None:
    """Find the conflicts that credit a claim to a source other than those of the rows that make it."""
    taken: dict[tuple[Value, Value], list[Value]] = {}
    for one in sides:
        taken.setdefault((one["conflict_id"], one["side"]), []).append(one["row_id"])
    for row, line in zip(conflicts.rows, conflicts.lines, strict=True):
        for side in ("a", "b"):
            names = taken.get((row_id(row), side), [])
            made = [str(where[str(name)][1].get("source_id") or ARTICLE) for name in names if str(name) in where]
            if made and (source := row.get(f"source_{side}")) not in made:
                got = f"{source}; {', '.join(map(str, names))} {'is' if len(names) == 1 else 'are'} of "
                what = f"must be the source of a row on side {side} (got {got}{', '.join(dict.fromkeys(made))})"
                cure = f"Name the source of the row that makes the claim, or add a row of {source} to conflict_rows."
                conflicts.fault(line, f"source_{side}", what, cure)


def _conditions(facts: _Table, tables: dict[str, _Table]) -> None:
    """Find the conditions of computed facts that no row can meet: the number would be wrong, and nobody would see."""
    names = {row_id(row) for row in facts.rows}
    for row, line in zip(facts.rows, facts.lines, strict=True):
        for name, *conditions in filter(None, claimed(str(row["claims"] or ""))):
            for condition in conditions if name in tables and name not in names else ():
                column, _, wanted = condition.partition("=")
                if wanted and not (column.endswith("!") and wanted in names):
                    what, cure = _unmet(tables[name], column.removesuffix("!"), wanted, tables)
                    if what:
                        facts.fault(line, "claims", f"{column} in '{condition}' {what}", cure)


def _unmet(table: _Table, column: str, wanted: str, tables: dict[str, _Table]) -> tuple[str, str]:
    """Return what is wrong with the values that a condition names, and the cure; a column is looked for elsewhere."""
    declared = next((one for one in table.schema.columns if one.name == column), None)
    if declared is None:
        return "", ""
    stretch = ".." in wanted and declared.type != "string"
    parts = wanted.split(".." if stretch else "|")
    if stretch and (len(parts) != 2 or not all(parts)):
        return f"must have both ends of its range (got '{wanted}')", "Write FROM..TO."
    read = [declared.read(part) for part in parts]
    if wrong := next(((what, cure) for _, what, cure in read if what), None):
        return wrong
    if stretch and read[0][0] > read[1][0]:  # type: ignore[operator]
        return f"must not end before it begins (got '{wanted}')", "Exchange the two ends."
    if declared.type == "string" and not declared.choices and table.rows:
        targets = [(tables[target], key) for name, target, key in table.schema.foreign if name == column]
        known = {str(row[key]) for found, key in targets or [(table, column)] for row in found.rows}
        for part in parts:
            if part not in known:
                cure = "Correct the value; one with spaces stands in double quotes."
                return f"must be a value of that column (got '{part}'{near(part, known)})", cure
    return "", ""


def _cure_of_id(name: str, cure: str) -> str:
    return "Part ids by spaces alone." if re.search("[,;]", name) else cure


def _near(table: _Table, name: Value, known: object) -> str:
    return near(str(name), map(str, known)) if len(table.faults) < MOST else ""  # type: ignore[call-overload]
