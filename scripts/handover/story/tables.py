"""Reading the curated tables: every fault of a file is listed at once, with line, column and cure.

The data dictionary ``data/datapackage.json`` is the only schema; nothing here repeats it. It is read by
our own few lines on the way to every report, and by Frictionless' own tool in ``handover check``.
"""

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover.errors import DataError, near

Value = str | int | float | dt.date | None
Row = dict[str, Value]

#: What each kind of bound says about ``value``, ``low`` and ``high``. A bound that nobody gave stays empty.
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

READERS = {
    "string": str,
    "integer": int,
    "number": float,
    "date": dt.date.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One column: how its cells are read, and what must hold of each."""

    name: str
    type: str
    reader: Callable[[str], Value]
    required: bool
    unique: bool
    choices: tuple[str, ...]
    pattern: re.Pattern[str] | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, declared: dict[str, Any]) -> "Field":
        """Take a field of the dictionary apart."""
        rules = declared.get("constraints", {})
        return cls(
            name=declared["name"],
            type=declared["type"],
            reader=READERS[declared["type"]],
            required=rules.get("required", False),
            unique=rules.get("unique", False),
            choices=tuple(rules.get("enum", ())),
            pattern=re.compile(rules["pattern"]) if "pattern" in rules else None,
            low=rules.get("minimum"),
            high=rules.get("maximum"),
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """One table of the dictionary: where it lies and what its columns hold."""

    name: str
    path: str
    fields: tuple[Field, ...]
    key: str | None
    foreign: tuple[tuple[str, str, str], ...]

    @property
    def columns(self) -> list[str]:
        """Column names in their order."""
        return [field.name for field in self.fields]


def dictionary(folder: Path) -> list[Schema]:
    """Return the tables that ``datapackage.json`` in `folder` declares.

    Raises:
        DataError: The file is missing, is no JSON, or lacks what a data package must have.
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
        (fk["fields"], fk["reference"]["resource"], fk["reference"]["fields"]) for fk in schema.get("foreignKeys", [])
    )
    fields = tuple(Field.of(declared) for declared in schema["fields"])
    return Schema(resource["name"], resource["path"], fields, key if isinstance(key, str) else None, foreign)


def read(folder: Path, schema: Schema) -> list[Row]:
    """Read one table.

    Args:
        folder: The data folder.
        schema: The table's entry in the dictionary.

    Returns:
        One dictionary a row, typed; an empty cell is None. The key ``line`` of no column is added.

    Raises:
        DataError: Lists every fault of the file.
    """
    where = f"{folder.name}/{schema.path}"
    rows, faults = [], []
    seen: dict[str, dict[str, int]] = {field.name: {} for field in schema.fields if field.unique}
    columns = schema.columns
    for line, cells in _records(folder / schema.path, where, columns):
        if len(cells) != len(columns):
            faults.append(f"line {line}: must have {len(columns)} cells (got {len(cells)})")
            continue
        row: Row = {}
        for field, cell in zip(schema.fields, cells, strict=True):
            row[field.name], problem = _cell(field, cell)
            if problem:
                faults.append(f"line {line}, {field.name}: {problem}")
        for name, known in seen.items():
            text = str(row[name])
            if text in known:
                faults.append(f"line {line}, {name}: must be unique ('{text}' stands at line {known[text]} too)")
            known.setdefault(text, line)
        faults.extend(f"line {line}, {problem}" for problem in _quantity(row))
        rows.append(row)
    if faults:
        raise DataError(
            f"{where}: {len(faults)} {'cell breaks' if len(faults) == 1 else 'cells break'} the table's rules:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + f"\nCorrect the file; {folder.name}/datapackage.json says what each column holds."
        )
    return rows


def _records(path: Path, where: str, columns: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of each record after checking encoding and header."""
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
        _header(next(reader, []), where, columns)
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(f"{where}: line {reader.line_num}: must be CSV ({error}).\nCorrect the quotes.") from error


def _header(found: list[str], where: str, columns: list[str]) -> None:
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


def _cell(field: Field, text: str) -> tuple[Value, str]:
    """Return the typed value of a cell and, if it breaks a rule, what must hold."""
    if text == "":
        return None, "must not be empty" if field.required else ""
    if text != text.strip():
        return text, f"must have no space around it (got {text!r})"
    try:
        value: Value = field.reader(text)
    except ValueError:
        form = " like 2026-01-31" if field.type == "date" else ""
        return text, f"must be a{'n' if field.type == 'integer' else ''} {field.type}{form} (got {text!r})"
    if field.choices and text not in field.choices:
        return value, f"must be one of {', '.join(field.choices)} (got {text!r}{near(text, field.choices)})"
    if field.pattern and not field.pattern.search(text):
        return value, f"must look like {field.pattern.pattern} (got {text!r})"
    if field.low is not None and isinstance(value, int | float) and value < field.low:
        return value, f"must be {field.low} or more (got {text})"
    if field.high is not None and isinstance(value, int | float) and value > field.high:
        return value, f"must be {field.high} or less (got {text})"
    return value, ""


def _quantity(row: Row) -> Iterator[str]:
    """Yield what is wrong with the interval and the period of a row."""
    if {"value", "low", "high", "bound"} <= row.keys() and row["bound"] in QUANTITY_LAW:
        for name, wanted in zip(("value", "low", "high"), QUANTITY_LAW[row["bound"]], strict=True):
            if (row[name] is not None) != wanted:
                verb = "must be given" if wanted else "must be empty"
                yield f"{name}: {verb} where bound is '{row['bound'] or ''}' (got {row[name]!r})"
        low, high = row["low"], row["high"]
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            yield f"low: must not exceed high (got low={low}, high={high})"
    for first, last in (("start", "end"), ("start_date", "end_date"), ("not_before", "not_after")):
        begin, end = row.get(first), row.get(last)
        if isinstance(begin, dt.date) and isinstance(end, dt.date) and begin > end:
            yield f"{first}: must not be after {last} (got {begin} and {end})"
