"""What one edition says that another does not: facts new, gone and revised, from their manifests alone."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that two editions print differently; a value that an edition does not print is None."""

    key: str
    label: str
    before: str | None
    after: str | None

    @property
    def kind(self) -> str:
        """``new``, ``gone`` or ``revised``."""
        return "new" if self.before is None else "gone" if self.after is None else "revised"

    def __str__(self) -> str:
        change = {"new": f"{self.after}", "gone": f"was {self.before}", "revised": f"{self.before} -> {self.after}"}
        return f"{self.kind:8} {self.label}: {change[self.kind]}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {"kind": self.kind, "fact": self.key, "label": self.label, "before": self.before, "after": self.after}


def compare(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> list[Difference]:
    """Compare the facts of two manifests, by key.

    Args:
        old: ``manifest["facts"]`` of the earlier edition.
        new: The same of the later one.

    Returns:
        Revised facts first, then new ones, then those that are gone, each by key. What rests on no claim, such as
        the day of the report itself, is nothing about the world and is left out.
    """
    found = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        values = [fact["value"] if fact else None for fact in (before, after)]
        if all(fact.get("claims") == [] for fact in (before, after) if fact):
            continue
        if values[0] != values[1]:
            found.append(Difference(key, (after or before or {})["label"], *values))
    return sorted(found, key=lambda one: ("revised", "new", "gone").index(one.kind))
