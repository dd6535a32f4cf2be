"""The data dictionary ``data/datapackage.json``: the tables, their columns, and the rules and cures for each cell."""

import datetime as dt
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover import plain
from handover.errors import DataError, near

Value = str | int | float | dt.date | None

READERS: dict[str, Callable[[str], Value]] = {
    "string": str,
    "integer": plain.integer,
    "number": plain.number,
    "date": plain.day,
    "year": plain.year,
}
#: How messages name what a cell must be.
FORMS = {
    "integer": "an integer in plain digits, like 1200 or -5",
    "number": "a number in plain digits, like 33.8 or -5",
    "date": "a date like 2026-01-31",
    "year": "a year like 1951",
}
#: The ways in which days are written elsewhere; where two of them give different days, neither is proposed.
DAYS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%Y", "%m/%d/%Y"),
    *("%d %B %Y", "%d %b %Y", "%d-%b-%Y", "%B %d, %Y", "%b %d, %Y"),
    *("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"),
)
THOUSANDS = re.compile(r"-?[0-9]{1,3}([,.'’_ \u00a0\u2009\u202f][0-9]{3})+")


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
        """Read a field of the dictionary; raise ValueError for a type or a pattern that is none."""
        rules = declared.get("constraints", {})
        name, type_ = declared["name"], declared["type"]
        if type_ not in READERS:
            raise ValueError(
                f"column '{name}' must have one of the types {', '.join(READERS)} (got {type_!r}{near(type_, READERS)})"
            )
        try:
            pattern = re.compile(rules["pattern"]) if "pattern" in rules else None
        except re.error as error:
            raise ValueError(f"column '{name}' must have a pattern that is one ({error})") from None
        return cls(
            name=name,
            type=type_,
            required=rules.get("required", False),
            unique=rules.get("unique", False),
            choices=tuple(rules.get("enum", ())),
            pattern=pattern,
            low=rules.get("minimum"),
            high=rules.get("maximum"),
        )

    def read(self, text: str) -> tuple[Value, str, str]:
        """Return the typed value of a cell and, if it breaks a rule, the fault and its cure."""
        if text == "":
            cure = f"Write one of {', '.join(self.choices)}." if self.choices else "Fill the cell."
            return (None, "must not be empty", cure) if self.required else (None, "", "")
        if text != text.strip():
            return text, f"must have no space around it (got {text!r:.80})", f"Write {text.strip()!r:.80}."
        try:
            value = READERS[self.type](text)
        except ValueError:
            return text, f"must be {FORMS[self.type]} (got {text!r:.80})", _written_well(self.type, text)
        if self.choices and text not in self.choices:
            got = f"(got {text!r:.80}{near(text, self.choices)})"
            return value, f"must be one of {', '.join(self.choices)} {got}", "Write one of them."
        if self.pattern and not self.pattern.search(text):
            return value, f"must look like {self.pattern.pattern} (got {text!r:.80})", "Write it in that form."
        if self.low is not None and isinstance(value, int | float) and value < self.low:
            return value, f"must be {self.low} or more (got {text})", "Correct the number."
        if self.high is not None and isinstance(value, int | float) and value > self.high:
            return value, f"must be {self.high} or less (got {text})", "Correct the number."
        return value, "", ""


@dataclass(frozen=True, slots=True)
class Schema:
    """One table of the dictionary: its file, its columns, and (column, table, column) of each reference."""

    name: str
    path: str
    columns: tuple[Column, ...]
    key: str | None
    foreign: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, resource: dict[str, Any]) -> "Schema":
        """Read a resource of the dictionary."""
        schema = resource["schema"]
        key = schema.get("primaryKey")
        foreign = tuple(
            (_only(fk["fields"]), fk["reference"]["resource"], _only(fk["reference"]["fields"]))
            for fk in schema.get("foreignKeys", [])
        )
        try:
            columns = tuple(Column.of(declared) for declared in schema["fields"])
        except ValueError as error:
            raise ValueError(f"table '{resource['name']}': {error}") from None
        return cls(resource["name"], resource["path"], columns, key if isinstance(key, str) else None, foreign)


def _only(name: Any) -> Any:
    """Return a column's name that stands alone in a list, which the standard allows too."""
    return name[0] if isinstance(name, list) and len(name) == 1 else name


def dictionary(folder: Path) -> list[Schema]:
    """Return the tables that ``datapackage.json`` in `folder` declares.

    Raises:
        DataError: The file is missing, is not JSON, or lacks what a data package must have.
    """
    path = folder / "datapackage.json"
    where = f"{folder.name}/{path.name}"
    try:
        package = json.loads(path.read_text("utf-8"))
        schemas = [Schema.of(resource) for resource in package["resources"] if "schema" in resource]
    except FileNotFoundError:
        raise DataError(
            f"{where}: the data dictionary must exist (none in {folder.name}/).\nRestore it from git."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{where}: must be JSON ({error}).\nRestore it from git, or correct that place.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{where}: must be a data package ({error!r} is missing).\nRestore it from git.") from error
    except ValueError as error:
        raise DataError(f"{where}: {error}.\nCorrect the dictionary.") from error
    columns = {(schema.name, column.name) for schema in schemas for column in schema.columns}
    names = [schema.name for schema in schemas]
    for schema in schemas:
        for column, target, key in schema.foreign:
            if target not in names:
                raise DataError(
                    f"{where}: must declare the table '{target}' (known: {', '.join(names)}{near(target, names)}).\n"
                    f"Add it with its columns, or correct the foreign key of {schema.name}; `handover init FOLDER` "
                    "writes a dictionary that has all tables that every story needs."
                )
            if (schema.name, column) not in columns or (target, key) not in columns:
                raise DataError(
                    f"{where}: a foreign key must lead from a column to a column (got {schema.name}.{column} to "
                    f"{target}.{key}).\nCorrect the dictionary."
                )
    return schemas


def _written_well(type: str, text: str) -> str:
    """Say what to write instead of a cell that is no integer, number or date."""
    if type == "date":
        found = _day(text)
        return f"Write {found}." if found else "Write year-month-day, in digits."
    found = _number(text, whole=type == "integer")
    return f"Write {found}." if found else "Write digits alone: words, units and hedges have columns of their own."


def _day(text: str) -> str:
    found = set()
    for form in DAYS:
        with suppress(ValueError):
            found.add(dt.datetime.strptime(text, form).date().isoformat())
    return found.pop() if len(found) == 1 else ""


def _number(text: str, *, whole: bool) -> str:
    digits = text.replace("−", "-").removeprefix("+")
    if THOUSANDS.fullmatch(digits):
        return re.sub(r"[^0-9-]", "", digits)
    digits = digits.removesuffix(".0") if whole else digits.replace(",", ".")
    form = r"-?(0|[1-9][0-9]{0,17})" + (r"" if whole else r"(\.[0-9]{1,17})?")
    return digits if digits != text and re.fullmatch(form, digits) else ""
