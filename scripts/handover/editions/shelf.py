"""The editions of one report as they stood when a sweep began: each manifest is read once, however many are asked for.

`handover.editions.previous` and `handover.editions.recognise` answer the same two questions for a single render.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handover.editions import previous, recognise
from handover.editions.inputs import Inputs
from handover.editions.store import Edition, Store
from handover.errors import StoreError


def series(parameters: Mapping[str, Any]) -> str:
    """What editions of one series share, as a key."""
    return json.dumps(previous.rest(parameters), sort_keys=True)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is needed of the manifests of a report's editions.

    `days` holds the days of each series, sorted; `parameters` those of each edition; `by_inputs` the names of
    editions by the digest of their inputs; `remembered` what `recognise.remember` noted.
    """

    store: Store
    report: str
    days: Mapping[str, list[str]] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    by_inputs: Mapping[str, list[str]] = field(default_factory=dict)
    remembered: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, report: str, root: Path) -> "Shelf":
        """Look through a store; torn manifests are passed over."""
        days: dict[str, list[str]] = {}
        parameters, by_inputs = {}, {}
        for edition in store.editions(report):
            try:
                manifest = edition.manifest()
            except StoreError:
                continue
            known = days.setdefault(series(manifest["parameters"]), [])
            day = edition.name[:10]
            if day not in known[-1:]:
                known.append(day)  # editions come by name, and so by day
            parameters[edition.name] = manifest["parameters"]
            by_inputs.setdefault(manifest["inputs"].get("digest", ""), []).append(edition.name)
        return cls(store, report, days, parameters, by_inputs, recognise.read(recognise.path(root)))

    def find(self, inputs: Inputs) -> Edition | None:
        """The whole edition that these inputs are known to give, if there is one."""
        digest = inputs.digest
        remembered = [name for name in (self.remembered.get(digest),) if name in self.parameters]
        for name in sorted({*self.by_inputs.get(digest, ()), *remembered}):
            edition = Edition(self.store.root, self.report, name)
            if self.parameters[name] == dict(inputs.parameters) and not edition.faults():
                return edition
        return None
