"""The plan of a sweep: which editions, in which order, and which earlier day each is compared with.

The order is that of the days. A report that declares ``since`` is compared with the latest earlier edition there
is, so the plan knows at every moment which days a series has: those of the store as it was found, and those of the
sweep. Rendered one by one in this order, the same editions would come out.
"""

import json
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handover.editions import Contract, Index, Request, Store, rest
from handover.errors import ParameterError
from handover.project import Project
from handover.sweep import axes as axis


@dataclass(eq=False)
class Series:
    """Editions that differ in their days alone, and so are compared each with the one before; `days` is sorted.

    `owed` holds those of the sweep whose outcome is not known yet.
    """

    days: list[str] = field(default_factory=list)
    owed: list[str] = field(default_factory=list)

    def before(self, day: str, settled: bool = False) -> str | None:
        """The latest earlier day that has an edition, or, unless only what is settled counts, is to have one."""
        found = [days[place - 1] for days in self._known(settled) if (place := bisect_left(days, day))]
        return max(found, default=None)

    def settle(self, day: str, made: bool) -> None:
        """Note what became of a day of the sweep."""
        self.owed.remove(day)
        if made and (not self.days or day not in self.days[bisect_left(self.days, day) :][:1]):
            insort(self.days, day)

    def _known(self, settled: bool) -> Iterator[list[str]]:
        yield self.days
        if not settled:
            yield self.owed


@dataclass(eq=False)
class Step:
    """One edition of a sweep; `name` tells it from the others, `given` is all that was set."""

    name: str
    form: Contract
    given: Mapping[str, Any]
    day: str
    series: Series

    def order(self, settled: bool = False) -> Request:
        """The order, as things stand; with `settled`, as they stood for a render that followed all before it."""
        return self.form.request(self.given, lambda _: self.series.before(self.day, settled))


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a sweep in the order of their days, and what the store held of each report."""

    steps: Sequence[Step]
    indexes: Mapping[str, Index]


def plan(
    project: Project,
    store: Store,
    reports: Iterable[str],
    given: Mapping[str, str],
    axes: Mapping[str, Sequence[str]],
) -> Plan:
    """Plan a sweep; nothing is rendered.

    Raises:
        ParameterError: A report does not allow a value of an axis; all such values are told at once.
        NotebookError: There is no such report, or its notebook breaks the contract.
    """
    both = sorted(given.keys() & axes.keys())
    if both:
        raise ParameterError(f"{', '.join(both)}: must be set by -p or by --sweep (got both).\nDrop one of them.")
    forms = [Contract.of(project, report) for report in dict.fromkeys(reports)]
    _hold_allowed(forms, given, axes)
    indexes = {form.report: Index(store, form.report) for form in forms}
    steps: list[tuple[str, int, Step]] = []
    found: dict[tuple[str, str], Series] = {}
    for place, form in enumerate(forms):
        for values in axis.combinations(axes):
            order = form.request({**given, **values})
            key = form.report, json.dumps(rest(order.parameters), sort_keys=True)
            if key not in found:
                found[key] = Series(days=sorted(indexes[form.report].days(order.parameters)))
            one = Step(_name(form.report, values), form, {**given, **values}, order.as_of, found[key])
            steps.append((order.as_of, place, one))
            insort(found[key].owed, order.as_of)
    return Plan([step for *_, step in sorted(steps, key=lambda one: one[:2])], indexes)


def _hold_allowed(forms: Sequence[Contract], given: Mapping[str, str], axes: Mapping[str, Sequence[str]]) -> None:
    """Refuse values before any is rendered; each value is judged by itself, so that one fault is told once."""
    faults: dict[str, None] = {}
    for form in forms:
        form.request(given)
        for name, values in axes.items():
            for value in values:
                try:
                    form.request({**given, name: value})
                except ParameterError as error:
                    faults[f"--sweep {name}: {str(error).splitlines()[0]}"] = None
    if faults:
        shown = list(faults)[:10]
        more = [f"… and {len(faults) - 10} more"] if len(faults) > 10 else []
        raise ParameterError("\n".join([*shown, *more, "Nothing was rendered."]))


def _name(report: str, values: Mapping[str, str]) -> str:
    return " ".join([report, *(f"{name}={value}" for name, value in values.items())])
