"""Where two notebooks differ first: which cell, its source or what it showed."""

import json
from itertools import zip_longest
from typing import Any

from handover.verify.differ import data
from handover.verify.differ.difference import Difference, excerpts


def notebook(name: str, found: bytes, given: bytes) -> Difference:
    """Compare two notebooks cell by cell."""
    try:
        held, wanted = (json.loads(text) for text in (found, given))
        cells = list(zip_longest(held["cells"], wanted["cells"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return Difference(f"{name}: is no notebook that can be read")
    for number, (one, other) in enumerate(cells, 1):
        if one != other:
            return _cell(f"{name}, cell {number}", one, other)
    return data.value(name, held, wanted) or Difference(f"{name}: the same content, written otherwise")


def _cell(place: str, found: Any, given: Any) -> Difference:
    if not isinstance(found, dict) or not isinstance(given, dict):
        return Difference(place, *(_source(one)[:80] if isinstance(one, dict) else "" for one in (found, given)))
    if _source(found) != _source(given):
        return Difference(f"{place}, its source", *excerpts(_source(found), _source(given)))
    return data.value(place, found, given) or Difference(place)


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))
