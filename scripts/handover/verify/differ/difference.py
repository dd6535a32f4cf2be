"""One difference between what a file holds and what this checkout gives, and how it is told."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from handover.text import legible

#: How much of a text stands on either side of the place where it changes.
AROUND = 32
SHOWN = 160


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `found` is what the file holds, `given` what this checkout gives; both may be empty.

    `fact` names the fact that is printed there, where one is.
    """

    place: str
    found: str = ""
    given: str = ""
    fact: str = ""

    def __str__(self) -> str:
        where = f"{self.place}, fact “{self.fact}”" if self.fact else self.place
        if not self.found and not self.given:
            return shown(where, 2 * SHOWN)
        has, has_not = (f"“{text}”" if text else "nothing" for text in (self.found, self.given))
        return shown(f"{where}: {has}, where this checkout gives {has_not}", 4 * SHOWN)

    def as_json(self) -> dict[str, str]:
        """The same for programs."""
        return {name: shown(getattr(self, name), 4 * SHOWN) for name in ("place", "found", "given", "fact")}


def shown(text: object, most: int = SHOWN) -> str:
    """A text of unknown origin on one line, without anything that a terminal would obey."""
    try:
        line = " ".join(legible(text, code=True).split())
    except RecursionError:
        return "something nested without end"
    return line if len(line) <= most else line[: most - 1] + "…"


def parting(found: str, given: str) -> int:
    """The position of the first character in which two texts differ."""
    pairs = enumerate(zip_longest(found, given))
    return next((place for place, (one, other) in pairs if one != other), len(given))


def excerpts(found: str, given: str) -> tuple[str, str]:
    """The first place where two texts differ, with the words around it, as both have it."""
    start = parting(found, given)
    begin = max(0, start - AROUND)
    while begin and not given[begin - 1].isspace() and start - begin < 2 * AROUND:
        begin -= 1
    return tuple(_excerpt(text, begin, start) for text in (found, given))  # type: ignore[return-value]


def _excerpt(text: str, begin: int, start: int) -> str:
    end = start + AROUND
    while end < len(text) and not text[end].isspace() and end < start + 2 * AROUND:
        end += 1
    return f"{'… ' if begin else ''}{text[begin:end].strip()}{' …' if end < len(text) else ''}"


def fact_at(found: str, given: str, facts: Iterable[Mapping[str, Any]]) -> str:
    """The label of the fact that `given` prints where `found` parts from it; empty if none is printed there."""
    start = parting(found, given)
    best, length = "", 0
    for fact in facts:
        for printed in {str(fact.get("value") or ""), *map(str, fact.get("printed") or ())} - {""}:
            for place in re.finditer(rf"(?<!\w){re.escape(printed)}(?!\w)", given):
                if place.start() <= start <= place.end() and len(printed) > length:
                    best, length = str(fact.get("label") or fact.get("key")), len(printed)
    return best
