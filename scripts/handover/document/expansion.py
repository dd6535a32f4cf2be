"""How large an SVG grows once its references are followed: a small file may draw a thousand million shapes."""

import re
from typing import Any

LIMIT = 500_000
DEPTH = 32
REFERENCE = re.compile(r"url\(#([^)]+)\)")


def bearable(root: Any) -> bool:
    """Whether a browser can draw an image: references end, and what they draw stays within the limit."""
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    known: dict[str, int] = {}
    try:
        return _size(root, named, known, 0) <= LIMIT
    except RecursionError:
        return False


def _size(element: Any, named: dict[str, Any], known: dict[str, int], depth: int) -> int:
    """Count the elements that an element draws.

    Raises:
        RecursionError: References lead in a circle, or too deep to be honest.
    """
    if depth > DEPTH:
        raise RecursionError
    total = 0
    for inner in element.iter():
        total += 1
        for name in _references(inner):
            if name not in known and name in named:
                known[name] = _size(named[name], named, known, depth + 1)
            total += known.get(name, 0)
        if total > LIMIT:
            return total
    return total


def _references(element: Any) -> list[str]:
    found = [name for value in element.attrib.values() if "url(" in value for name in REFERENCE.findall(value)]
    target = element.get("href", "")
    return [*found, target[1:]] if target.startswith("#") else found
