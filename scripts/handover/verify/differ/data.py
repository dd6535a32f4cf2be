"""Where two tables, or two values as JSON has them, differ first."""

import csv
import io
import json
from itertools import zip_longest
from typing import Any

from handover.verify.differ.difference import Difference, excerpts

MISSING = object()


def table(name: str, found: bytes, given: bytes) -> Difference:
    """Compare two CSV tables row by row."""
    try:
        rows, wanted = (list(csv.reader(io.StringIO(data.decode("utf-8-sig"), ""))) for data in (found, given))
    except (UnicodeDecodeError, csv.Error):
        return Difference(f"{name}: is no table that can be read")
    header = wanted[0] if wanted else []
    for number, (row, other) in enumerate(zip_longest(rows, wanted), 1):
        if row is None or other is None:
            return Difference(f"{name}, row {number}", *(", ".join(one or ()) for one in (row, other)))
        for column, (cell, value) in enumerate(zip_longest(row, other)):
            if cell != value:
                label = header[column] if column < len(header) else str(column + 1)
                key = f" ({other[0]})" if other and column else ""
                return Difference(f"{name}, row {number}{key}, column {label}", *excerpts(cell or "", value or ""))
    return Difference(f"{name}: the same cells, written otherwise")


def document(name: str, found: bytes, given: bytes) -> Difference:
    """Compare two JSON files."""
    try:
        held = json.loads(found)
    except (ValueError, RecursionError):
        return Difference(f"{name}: is no JSON that can be read")
    return value(name, held, json.loads(given)) or Difference(f"{name}: the same content, written otherwise")


def value(name: str, found: Any, given: Any) -> Difference | None:
    """Compare two JSON values; None where they are equal."""
    parted = _parting(found, given, ())
    if parted is None:
        return None
    path, held, wanted = parted
    at = ".".join(map(str, path))
    return Difference(f"{name}, {at}" if at else name, *excerpts(_text(held), _text(wanted)))


def _parting(found: Any, given: Any, path: tuple[object, ...]) -> tuple[tuple[object, ...], Any, Any] | None:
    if isinstance(found, dict) and isinstance(given, dict):
        keys = [*given, *(key for key in found if key not in given)]
        pairs = [(key, found.get(key, MISSING), given.get(key, MISSING)) for key in keys]
    elif isinstance(found, list) and isinstance(given, list):
        pairs = [(n, a, b) for n, (a, b) in enumerate(zip_longest(found, given, fillvalue=MISSING), 1)]
    else:
        # 1, 1.0 and true are equal to Python and three things in JSON
        same = type(found) is type(given) and found == given
        return None if same else (path, found, given)
    return next(filter(None, (_parting(held, wanted, (*path, key)) for key, held, wanted in pairs)), None)


def _text(one: Any) -> str:
    if one is MISSING:
        return ""
    try:
        return one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)
    except RecursionError:
        return "something nested without end"
