"""The plan of a sweep: which editions, in which order, and which earlier day each is compared with.

The order is that of the days. A report that declares ``since`` is compared with the latest earlier edition there
is, so the plan knows at every moment which days a series has: those of the store as it was found, and those of the
sweep. Rendered one by one in this order, the same editions would come out.
"""

import itertools
import json
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handover.editions import AS_OF, Contract, Index, Request, Store, require_come, rest
from handover.errors import ParameterError
from handover.project import Project
from handover.text import FEW, listed


@dataclass(eq=False)
class Series:
    """Editions that differ in their days alone, and so are compared each with the one before.

    `days` are those that have an edition, `owed` those of the sweep whose outcome is not known yet; both are sorted.
    """

    days: list[str] = field(default_factory=list)
    owed: list[str] = field(default_factory=list)

    def before(self, day: str, settled: bool = False) -> str | None:
        """The latest earlier day that has an edition, or, unless only what is settled counts, is to have one."""
        known = [self.days] if settled else [self.days, self.owed]
        found = [days[place - 1] for days in known if (place := bisect_left(days, day))]
        return max(found, default=None)

    def settle(self, day: str, made: bool) -> None:
        """Note what became of a day of the sweep."""
        self.owed.remove(day)
        place = bisect_left(self.days, day)
        if made and self.days[place : place + 1] != [day]:
            self.days.insert(place, day)


@dataclass(eq=False)
class Step:
    """One edition of a sweep; `name` tells it from the others, `given` is all that was set."""

    name: str
    contract: Contract
    given: Mapping[str, Any]
    day: str
    series: Series
    index: Index

    def request(self, settled: bool = False) -> Request:
        """The request, as things stand; with `settled`, as they stood for a render that followed all before it."""

        def day_before(bound: Mapping[str, Any]) -> str | None:
            return [*self.index.kept(bound), self.series.before(self.day, settled)][0]

        return self.contract.request(self.given, day_before)


def plan(
    project: Project,
    store: Store,
    reports: Iterable[str],
    given: Mapping[str, str],
    axes: Mapping[str, Sequence[str]],
    *,
    ahead: bool = False,
    network: bool = False,
    strict: bool = False,
) -> list[Step]:
    """Plan a sweep to be published in `store`: its steps in the order of their days; nothing is rendered.

    `given` are parameters of all editions, as text; `axes` is what `axes.read` returns. Days to come are refused
    unless `ahead`; `network` opens the network to cells; `strict` is for reports that may leave no text out.

    Raises:
        ParameterError: A report does not allow a value of an axis; all such values at once.
        NotebookError: There is no such report, or its notebook breaks the contract.
    """
    both = sorted(given.keys() & axes.keys())
    if both:
        raise ParameterError(f"{', '.join(both)}: must be set by -p or by --sweep (got both).\nDrop one of them.")
    contracts = [Contract.of(project, report, network, strict) for report in dict.fromkeys(reports)]
    _refuse_values(contracts, given, axes, ahead)
    indexes = {contract.report: Index(store, contract.report) for contract in contracts}
    steps: list[Step] = []
    found: dict[tuple[str, str], Series] = {}
    for contract in contracts:
        for chosen in itertools.product(*axes.values()):  # the last axis changes fastest
            values = dict(zip(axes, chosen, strict=True))
            request = contract.request({**given, **values})
            key = contract.report, json.dumps(rest(request.parameters), sort_keys=True)
            if key not in found:
                found[key] = Series(days=sorted(indexes[contract.report].days(request.parameters)))
            insort(found[key].owed, request.as_of)
            name = " ".join([contract.report, *(f"{axis}={value}" for axis, value in values.items())])
            steps.append(Step(name, contract, {**given, **values}, request.as_of, found[key], indexes[contract.report]))
    return sorted(steps, key=lambda step: step.day)


def _refuse_values(
    contracts: Sequence[Contract], given: Mapping[str, str], axes: Mapping[str, Sequence[str]], ahead: bool
) -> None:
    """Refuse values before any is rendered; each value is judged by itself, so that one fault is reported once."""
    faults: dict[str, None] = {}
    for contract in contracts:
        asked = contract.request(given)
        if not ahead and AS_OF not in axes:
            require_come(asked)
        for name, values in axes.items():
            for value in values:
                try:
                    asked = contract.request({**given, name: value})
                    if not ahead and name == AS_OF:
                        require_come(asked)
                except ParameterError as error:
                    faults[f"--sweep {name}: {str(error).splitlines()[0]}"] = None
    if faults:
        cure = " Days to come must be asked for with --ahead." if any("has come" in fault for fault in faults) else ""
        raise ParameterError("\n".join([*listed(faults, FEW), f"Nothing was rendered.{cure}"]))
