"""What one edition says that an earlier one could not, or got wrong: from their manifests alone, in sentences.

A fact carries what the record said of it since when (`evidence`). So there are three kinds of change: what became known
after the earlier edition's day; what was known by then, and the earlier edition said otherwise, which is a correction;
and what is merely no longer printed, which nobody took back. What was known and is only printed now is no news.
"""

from dataclasses import dataclass
from typing import Any

from handover.editions.index import series
from handover.editions.manifest import DETAIL, Manifest

NEW, CORRECTED, DIFFERS, DROPPED = "new", "corrected", "differs", "dropped"
#: Of one weight a correction goes first, since it is owed.
ORDER = (CORRECTED, NEW, DIFFERS, DROPPED)
#: Stands for the day on which a fact became known, where its edition does not say.
UNKNOWN = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that differs between two editions; a value that an edition does not print is None."""

    kind: str
    key: str
    label: str
    before: str | None
    after: str | None
    weight: int
    since: str
    sentence: str

    def __str__(self) -> str:
        if self.kind == DIFFERS:
            if self.before is not None and self.after is not None:
                return f"{self.label}: {self.before} / {self.after}"
            return f"Only in the {'first' if self.after is None else 'second'}: {self.sentence}"
        if not self.before or self.kind == DROPPED:
            return self.sentence
        sentence = self.sentence.removesuffix(".")
        if self.kind == CORRECTED:
            return f"Correction: {sentence} (the earlier edition had: {self.before})."
        return f"{sentence} (before: {self.before})."

    def as_json(self) -> dict[str, Any]:
        """The same for programs; `text` is what people read."""
        names = ("kind", "label", "before", "after", "weight", "since")
        return {"fact": self.key, "text": str(self)} | {name: getattr(self, name) for name in names}


def compare(old: Manifest, new: Manifest) -> list[Change]:
    """Return what is new in an edition, and what it corrects: the weightiest first, of one weight the newest first.

    Editions that were asked for differently do not follow one another; of these each value that differs is named.
    """
    before, after = _stated(old), _stated(new)
    if series(old) != series(new):
        keys = dict.fromkeys([*after, *before])
        found = [_change(DIFFERS, key, before.get(key), after.get(key)) for key in keys]
        return _sorted([one for one in found if one.before != one.after])
    found = []
    for key, fact in after.items():
        was, day = before.get(key), old["as_of"]
        if was and was["value"] == fact["value"]:
            continue
        history = fact["history"]
        if history[0]["since"] > day:
            if fact.get("news") == "":
                continue  # its report says that it is never news
            then = next((step["value"] for step in history if step["since"] <= day), None)
            found.append(_change(NEW, key, was or {"value": then}, fact))
        elif was:
            found.append(_change(CORRECTED, key, was, fact))
    first: dict[tuple[str, ...], Change] = {}
    for one in _sorted(found):
        # a row that gives several facts one value is news once
        rows = after[one.key].get("claims")
        first.setdefault((one.kind, rows[0], one.after or "") if rows else (one.kind, one.key), one)
    return list(first.values())


def dropped(old: Manifest, new: Manifest) -> list[Change]:
    """What an edition no longer prints. Nobody took it back, so it is in no list for readers."""
    after = _stated(new)
    return _sorted([_change(DROPPED, key, was, None) for key, was in _stated(old).items() if key not in after])


def _stated(one: Manifest) -> dict[str, dict[str, Any]]:
    """The facts and statements of an edition, by key: not its parameters, nor what rests on no claim."""
    found = one["facts"] | one["statements"]
    return {
        key: fact | {"history": fact.get("history") or [{"since": fact.get("known_since") or UNKNOWN}]}
        for key, fact in found.items()
        if fact.get("claims") != [] and key not in one["parameters"]
    }


def _change(kind: str, key: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change:
    fact = after or before or {}
    return Change(
        kind=kind,
        key=key,
        label=fact["label"],
        before=before["value"] if before else None,
        after=after["value"] if after else None,
        weight=fact.get("weight", DETAIL),
        since=fact["history"][0]["since"],
        sentence=fact.get("news") or f"{fact['label']}: {fact['value']}.",
    )


def _sorted(found: list[Change]) -> list[Change]:
    found.sort(key=lambda one: one.key)
    found.sort(key=lambda one: one.since, reverse=True)
    return sorted(found, key=lambda one: (one.weight, ORDER.index(one.kind)))
