"""What a report says that it did not say on an earlier day: facts new, and facts revised."""

import datetime as dt
from dataclasses import dataclass

from handover.story.facts import Fact, Facts
from handover.story.view import View


@dataclass(frozen=True, slots=True)
class Change:
    """A printed fact that was unknown, or read otherwise, on the earlier day."""

    fact: Fact
    before: Fact | None


def changes(facts: Facts, printed: list[str], since: dt.date) -> list[Change]:
    """Compare printed facts with what the same record showed on an earlier day.

    Args:
        facts: The report's facts.
        printed: Keys of the facts that it printed.
        since: The day of the earlier edition.

    Returns:
        New facts first, then revised ones, each in the order printed. The two days themselves are no facts
        about the world and are left out.
    """
    then = Facts(View(facts.view.record, since, facts.view.evidence), facts.reckonings)
    found = []
    for key in printed:
        fact = facts[key]
        if fact is None or not fact.claims:
            continue
        before = then[key]
        if before is None or before.value != fact.value:
            found.append(Change(fact, before))
    return sorted(found, key=lambda change: change.before is not None)
