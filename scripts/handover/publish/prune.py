"""Removes old editions: never the newest, a pinned or a referenced one.

A line is a report with its settings, e.g. the drawdown from the article alone; each has its own newest edition.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from handover.editions import EDITION, SINCE, Edition, Store, catalogue, manifest, manifests, rest, settings
from handover.errors import PublishError, itemised, near
from handover.project import Project

#: The key of pyproject.toml's [tool.handover] that lists editions to keep for ever.
PINNED = "pinned"


@dataclass(frozen=True, slots=True)
class Plan:
    """Editions to keep, each with the reason; those to remove; and a line for each that is not as we wrote it.

    Such an edition holds somebody's work, or its manifest is torn: it is kept.
    """

    kept: dict[Edition, str]
    removed: tuple[Edition, ...]
    changed: tuple[str, ...] = ()


def plan(store: Store, keep: int, report: str | None = None) -> Plan:
    """Judge every edition; nothing is changed.

    Kept are the newest `keep` of each line, what speaks from a day to come (and counts as none of the newest), what
    pyproject.toml pins, what a text beside it names, and, one step back from all of these, the edition that each
    compares itself with. With `report` only its editions are judged.

    Raises:
        PublishError: There is no such report, or a pin names no edition.
    """
    if report is not None and report not in store.reports():
        known = store.reports()
        raise PublishError(
            f"{report}: must be a report with editions (known: {', '.join(known) or 'none'}{near(report, known)}).\n"
            "Run `handover list` to see them."
        )
    found, torn = manifests(store.editions())
    about = {Edition(store.root, one["report"], one["edition"]): one for one in manifest.newest_first(found)}
    kept: dict[Edition, str] = {}
    ahead = {edition for edition, one in about.items() if manifest.ahead(one)}
    for reason, editions in (
        ("ahead", ahead),
        ("newest", _newest({edition: one for edition, one in about.items() if edition not in ahead}, keep)),
        ("pinned", _pinned(store)),
        ("named", _named(about, store.project)),
    ):
        for one in editions:
            kept.setdefault(one, reason)
    for one, base in list(_bases([one for one in kept if one in about], about)):
        kept.setdefault(base, f"referenced by {one}")
    spare = [one for one in about if one not in kept and report in (None, one.report)]
    faults = {one: found for one in spare if (found := one.faults())}
    removed = sorted(set(spare) - faults.keys(), key=lambda one: (one.report, one.name))
    changed = [f"{found[0]}{f' and {len(found) - 1} more' * (len(found) > 1)}" for found in faults.values()]
    return Plan(kept | dict.fromkeys(faults, "changed"), tuple(removed), (*torn, *changed))


def carry_out(
    store: Store, plan: Plan, again: Callable[[], Plan], progress: Callable[[str, int, int], None] = lambda *_: None
) -> tuple[Edition, ...]:
    """Remove what a plan removes, each edition in one step.

    The catalogue stops listing them before the first one goes, so that no reader of the folder meets a dead link,
    wherever the run is stopped. `again` makes the plan anew under the lock: what has become worth keeping since `plan`
    was shown is kept. Returns the editions removed.
    """
    with store.locked():
        still = set(again().removed)
        going = tuple(one for one in plan.removed if one in still)
        if going:
            catalogue.write(store, without=set(going))
        for number, one in enumerate(going, 1):
            progress("removing", number, len(going))
            store.remove(one)
    return going


def retract(store: Store, edition: Edition) -> None:
    """Take one edition away, even the newest; the catalogue stops listing it first."""
    with store.locked():
        catalogue.write(store, without={edition})
        store.remove(edition)


def _newest(about: dict[Edition, manifest.Manifest], keep: int) -> Iterable[Edition]:
    counts: Counter[tuple[str, str]] = Counter()
    for edition, one in about.items():
        counts[_line(one)] += 1
        if counts[_line(one)] <= keep:
            yield edition


def _pinned(store: Store) -> list[Edition]:
    """Editions that pyproject.toml names, as report/edition; one cut short pins all that begin so."""
    found, faults = [], []
    for pin in settings.table(store.project).get(PINNED, []):
        report, _, prefix = pin.strip("/").rpartition("/")
        matching = store.editions(report, prefix) if report and prefix and "/" not in report else []
        found += matching
        if not matching:
            known = [*map(str, store.editions())]
            faults.append(f"{pin}{near(pin, known)}")
    if faults:
        said = f"{settings.FILE}: every entry of tool.handover.{PINNED} must name an edition (there is none for):"
        cure = "Write report/edition, or take the entry out; nothing was removed."
        raise PublishError(itemised(said, faults, cure))
    return found


def _named(about: Iterable[Edition], project: Project | None) -> list[Edition]:
    """Editions that the texts at the project's top name, by folder or file."""
    paths = sorted(project.root.glob("*.md")) if project else ()
    texts = "\n".join(path.read_text("utf-8", "replace") for path in paths)
    names = {match[0] for match in re.finditer(EDITION.pattern, texts)}
    return [one for one in about if one.name in names]


def _bases(kept: Iterable[Edition], about: dict[Edition, manifest.Manifest]) -> Iterable[tuple[Edition, Edition]]:
    """Pairs of an edition and one that it is compared with: that of its ``since``, and the one before in its line."""
    lines: dict[Any, list[Edition]] = {}
    days: dict[Any, list[Edition]] = {}
    for edition, one in about.items():
        lines.setdefault(_line(one), []).append(edition)
        days.setdefault((one["report"], one["as_of"], _rest(one)), []).append(edition)
    before = {newer: older for line in lines.values() for newer, older in pairwise(line)}
    for edition in kept:
        one = about[edition]
        day = one["parameters"].get(SINCE)
        for base in (before.get(edition), *days.get((one["report"], day, _rest(one)), [])):
            if base and base != edition:
                yield edition, base


def _line(one: manifest.Manifest) -> tuple[str, str]:
    return one["report"], json.dumps(one["variant"], sort_keys=True)


def _rest(one: manifest.Manifest) -> str:
    return json.dumps(rest(one["parameters"]), sort_keys=True)
