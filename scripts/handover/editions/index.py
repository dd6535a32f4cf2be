"""The editions of a store as they are asked for: by what they were made from, by what came before, by name.

Manifests never change, so each is read at most once, and only when a question needs it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover import atomic, bounded
from handover.editions import shape
from handover.editions.manifest import Manifest, age
from handover.editions.store import EDITION, Edition, Store, manifests
from handover.errors import StoreError, near

if TYPE_CHECKING:
    from handover.editions.request import Request

#: The parameter that names the day of the earlier edition; and the one that says which day an edition speaks from.
SINCE, AS_OF = "since", "as_of"
#: Inputs remembered in the cache; the oldest are forgotten first.
KEPT = 2000


@dataclass(frozen=True, slots=True)
class _Known:
    edition: Edition
    parameters: Mapping[str, Any]
    variant: Mapping[str, Any]
    digest: str
    age: tuple[str, ...]


class Index:
    """The editions of one report, as they stood when the index was made.

    Torn manifests are passed over; `faults` has a line for each that was met.
    """

    def __init__(self, store: Store, report: str) -> None:
        self._store = store
        self._unread: dict[str, list[Edition]] = {}
        for edition in store.editions(report):
            self._unread.setdefault(edition.name[:10], []).append(edition)
        self._days = sorted(self._unread)
        self._read: dict[str, list[_Known]] = {}
        self.faults: list[str] = []

    def find(self, request: "Request") -> Edition | None:
        """The whole edition that the inputs of a request are known to give, if there is one."""
        digest, wanted = request.inputs.digest, dict(request.parameters)
        name = self._remembered.get(digest)
        for one in self._of_day(request.as_of):
            same = one.digest == digest or one.edition.name == name
            if same and one.parameters == wanted and not one.edition.faults():
                return one.edition
        return None

    def days(self, parameters: Mapping[str, Any], before: str = "9999-12-31") -> Iterable[str]:
        """The days before one, the latest first, that have editions with these parameters, all bound, but for days."""
        wanted = rest(parameters)
        for day in reversed(self._days):
            if day < before and any(rest(one.parameters) == wanted for one in self._of_day(day)):
                yield day

    def kept(self, parameters: Mapping[str, Any]) -> list[str | None]:
        """What an edition of the same day and parameters is compared with; empty if there is none.

        Asked for once more, a day stays as it was published, whichever days were added meanwhile. An earlier edition
        that is gone is no longer compared with.
        """
        wanted = rest(parameters)
        same = [one for one in self._of_day(parameters[AS_OF]) if rest(one.parameters) == wanted]
        chosen = max((one for one in same if SINCE not in one.variant), key=lambda one: one.age, default=None)
        since = chosen and chosen.parameters.get(SINCE)
        gone = since and not any(rest(one.parameters) == wanted for one in self._of_day(since))
        return [since] if chosen and not gone else []

    def day_before(self, parameters: Mapping[str, Any]) -> str | None:
        """The day that an edition is compared with if none is asked for: the one `kept`, or the latest earlier."""
        return next(chain(self.kept(parameters), self.days(parameters, before=parameters[AS_OF])), None)

    def _of_day(self, day: str) -> list[_Known]:
        found, faults = manifests(self._unread.pop(day, ()))
        self.faults += faults
        for one in found:
            edition = Edition(self._store.root, one["report"], one["edition"])
            known = _Known(edition, one["parameters"], one["variant"], one["inputs"]["digest"], age(one))
            self._read.setdefault(day, []).append(known)
        return self._read.get(day, [])

    @cached_property
    def _remembered(self) -> dict[str, str]:
        return recalled(self._store.project.root) if self._store.project else {}


def cache(root: Path) -> Path:
    """Where a project remembers that other inputs (after a refactoring, say) gave an edition again.

    It may be deleted, torn or wrong at no cost but a render.
    """
    return root / ".handover" / "recognised.json"


def remember(root: Path, digest: str, edition: str) -> None:
    """Note that inputs gave an edition that was there already; the caller holds the lock."""
    path = cache(root)
    known = recalled(root)
    known.pop(digest, None)
    known[digest] = edition
    with atomic.translate_os_errors(path):
        path.parent.mkdir(exist_ok=True)
        atomic.replace(path, json.dumps(dict(list(known.items())[-KEPT:]), indent=0).encode())


def recalled(root: Path) -> dict[str, str]:
    """The editions that inputs are known to have given, by the digest of the inputs."""
    try:
        known = json.loads(bounded.read(cache(root)))
    except (OSError, ValueError, RecursionError):
        return {}
    return {} if shape.fault(known, dict[str, str]) else known


def rest(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that editions of one series share: all but the days."""
    return {name: value for name, value in parameters.items() if name not in (AS_OF, SINCE)}


def series(one: Manifest) -> tuple[str, str, list[tuple[str, str]]]:
    """What editions share that follow one another: the report, the language, and all that was asked for but days."""
    return one["report"], one["language"], sorted((name, repr(value)) for name, value in rest(one["variant"]).items())


def before(
    made: Manifest, days: Iterable[str], of_day: Callable[[str], list[Manifest]]
) -> tuple[Manifest | None, Manifest | None]:
    """Return the edition that one is compared with, and the one of its own day that it replaces.

    `days` are those on which the report has editions, the newest first; of what `of_day` returns for a day, manifests
    of other series are ignored.
    """
    wanted, limit = series(made), age(made)

    def last(day: str) -> Manifest | None:
        return max((one for one in of_day(day) if age(one) < limit and series(one) == wanted), key=age, default=None)

    since = made["parameters"].get(SINCE)
    candidates = chain([since] if since else [], days)
    earlier = (last(day) for day in candidates if day < made["as_of"])
    return next(filter(None, earlier), None), last(made["as_of"])


def named(store: Store, name: str) -> Edition:
    """Return the one edition that a name means.

    It is the path of an edition or of a file in it, or ``report/edition``, which may be cut short as long as only one
    begins so.

    Raises:
        StoreError: No edition is called so, or several are.
    """
    path = Path(name).resolve()
    folder = path.parent if path.is_file() else path
    if folder.is_dir() and EDITION.fullmatch(folder.name):
        return Edition(folder.parent.parent, folder.parent.name, folder.name)
    report, _, prefix = name.strip("/").rpartition("/")
    if not report and prefix in store.reports():
        report, prefix = prefix, ""
    found = store.editions(Path(report).name, prefix) if report else store.editions(None, prefix)
    if len(found) == 1:
        return found[0]
    listed = "".join(f"\n  {one}" for one in found[:10])
    known = [*map(str, store.editions())] if report else store.reports()
    meant = "" if found else near(name, known)
    raise StoreError(
        f"{name}: must be one edition, as report/edition or a path (found {len(found)}{meant}).{listed}\n"
        f"{'Write more of the name.' if found else 'Run `handover list` to see them all.'}"
    )
