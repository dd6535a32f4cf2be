"""What a report says that could not be said on an earlier day, in sentences, the weightiest first.

The record knows since when each of its rows was known, so it can tell what a fact was on any day before. The press
compares two editions by the same histories and sentences, which the evidence output carries.
"""

import datetime as dt
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from handover.errors import ProseError
from handover.story.facts import Fact, Facts
from handover.story.prose import Writer, keyed
from handover.story.tables import Row
from handover.story.view import View
from handover.story.wording import English

#: Weights: the story itself, a part of it, a detail.
WEIGHTS = (STORY, PART, DETAIL) = (1, 2, 3)
#: Weight and sentence of the facts that are worked out, and so have no row in data/facts.csv.
RECKONED = {
    "slip": (PART, "The handover came {slip} days after the promised week, as that week and the sources are read."),
    "base_status": (DETAIL, "The base is now {base_status}."),
    "attack_days": (DETAIL, "Attacks on the base are now on record for {attack_days} days."),
    "bases_2020": (DETAIL, "Iraq took over {bases_2020} bases in {bases_2020.year}."),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What the record says of a fact from one day on, as the evidence prints it; a mere statement has no value."""

    since: dt.date
    value: str


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that became known, or was last read otherwise, after an earlier day; `before` is what it was then."""

    key: str
    weight: int
    since: dt.date
    before: str


@dataclass
class News:
    """Histories and sentences of the facts of one report."""

    facts: Facts
    language: English
    names: Iterable[str] = ()
    _days: dict[dt.date, Facts] = field(default_factory=dict)
    _steps: dict[str, list[Step]] = field(default_factory=dict)

    def steps(self, key: str) -> list[Step]:
        """What the record has said of a fact, the newest first; nothing of what rests on no claim."""
        if key not in self._steps:
            self._steps[key] = self._walk(key)
        return self._steps[key]

    def _walk(self, key: str) -> list[Step]:
        """Go back from one day on which a row of the fact became known to the day before, until nothing was known."""
        found: list[Step] = []
        day, record = self.facts.view.as_of, self.facts.view.record
        while (fact := self._on(day)[key]) and fact.claims:
            since = max(record.known(record.where[claim][1]) for claim in fact.claims)
            value = stated(fact, self.language)
            # a row that became known and says the same is no step
            if found and found[-1].value == value:
                found.pop()
            found.append(Step(since, value))
            if since == dt.date.min:
                break
            day = since - dt.timedelta(days=1)
        return found

    def _on(self, day: dt.date) -> Facts:
        view = self.facts.view
        if day == view.as_of:
            return self.facts
        if day not in self._days:
            self._days[day] = Facts(View(view.record, day, view.evidence), self.facts.reckonings)
        return self._days[day]

    def since(self, keys: Iterable[str], day: dt.date) -> list[Change]:
        """Those of the facts that are news since a day: the weightiest first, of one weight the newest first.

        One row that gives several facts one value is told once.
        """
        found = []
        for key in filter(self.tells, dict.fromkeys(keys)):
            steps = self.steps(key)
            if steps and steps[0].since > day:
                before = next((step.value for step in steps if step.since <= day), "")
                found.append(Change(key, self.weight(key), steps[0].since, before))
        found.sort(key=lambda change: (change.weight, -change.since.toordinal(), change.key))
        told: dict[tuple[str, str], Change] = {}
        for change in found:
            told.setdefault(self._said(change.key), change)
        return list(told.values())

    def _said(self, key: str) -> tuple[str, str]:
        fact = self.facts[key]
        return (fact.claims[0], stated(fact, self.language)) if fact else (key, "")

    def weight(self, key: str) -> int:
        """How much a fact matters, from 1 for the story itself to 3 for a detail."""
        return self._told(key)[0]

    def sentence(self, key: str, write: Callable[[str], str]) -> str:
        """Write the sentence that tells a fact; "" of a fact that is never news.

        Args:
            key: The fact.
            write: Writes a template.

        Raises:
            ProseError: The sentence names another fact, which may not be known, or none.
        """
        template = self._told(key)[1]
        if not template:
            return ""
        fields = {keyed(name)[0] for _, name, _, _ in string.Formatter().parse(template) if name is not None}
        if fields != {key}:
            raise ProseError(
                f"data/facts.csv: the news of '{key}' must name this fact and no other (got {template!r}).\n"
                f"Write {{{key}}}, or a part of it such as {{{key}.year}}."
            )
        return write(template)

    def tells(self, key: str) -> bool:
        """Whether a fact can be news: only one with a sentence that tells it is."""
        return bool(self._told(key)[1])

    def _told(self, key: str) -> tuple[int, str]:
        row = self._declared.get(key)
        return (int(str(row["weight"])), str(row["news"] or "")) if row else RECKONED.get(key, (DETAIL, ""))

    @cached_property
    def _declared(self) -> dict[str, Row]:
        return {str(row["fact"]): row for row in self.facts.view.record.rows["facts"]}

    def as_json(self, key: str) -> dict[str, Any]:
        """What the evidence output carries of a fact, so that editions can be compared."""
        writer = Writer(self.facts, self.language, self.names)
        return {
            "weight": self.weight(key),
            "news": self.sentence(key, partial(writer.plain, where="news")),
            "history": [{"since": step.since.isoformat(), "value": step.value} for step in self.steps(key)],
        }


def stated(fact: Fact, language: English) -> str:
    """The value of a fact as its entry in the evidence prints it; "" for what was only said."""
    if fact.quantity:
        return language.quantity(fact.quantity, digits=True)
    return fact.words or (language.period(fact.period) if fact.period else "")
