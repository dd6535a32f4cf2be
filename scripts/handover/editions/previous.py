"""Finding editions by what a person calls them, and the editions that came before one."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from handover.editions.manifest import Manifest
from handover.editions.store import EDITION, Edition, Store
from handover.errors import StoreError

#: The parameter that names the day of the earlier edition; and the one that says which day an edition speaks from.
SINCE, AS_OF = "since", "as_of"


def day_before(store: Store, report: str, parameters: Mapping[str, Any]) -> str | None:
    """Return the day of the latest earlier edition of the same report and parameters, if there is one.

    Args:
        store: Where editions are.
        report: The report's name.
        parameters: All parameters, bound.
    """
    wanted = rest(parameters)
    days = sorted({one.name[:10] for one in store.editions(report) if one.name[:10] < parameters[AS_OF]}, reverse=True)
    for day in days:
        for edition in store.editions(report, prefix=day):
            try:
                if rest(edition.manifest()["parameters"]) == wanted:
                    return day
            except StoreError:
                continue
    return None


def series(one: Manifest) -> tuple[str, str, list[tuple[str, str]]]:
    """What editions share that follow one another: the report, the language, and all that was asked for but days."""
    return one["report"], one["language"], sorted((name, repr(value)) for name, value in rest(one["variant"]).items())


def before(
    made: Manifest, days: Iterable[str], of_day: Callable[[str], list[Manifest]]
) -> tuple[Manifest | None, Manifest | None]:
    """Return the edition that one is compared with, and the one of its own day that it takes the place of.

    Args:
        made: The manifest of the edition.
        days: Days on which the series has editions, the newest first.
        of_day: The manifests of a day; those of other series are passed over.
    """
    replaced = _last(one for one in of_day(made["as_of"]) if series(one) == series(made) and _precedes(one, made))
    since = made["parameters"].get(SINCE)
    for day in (*([since] if since else []), *(day for day in days if day < made["as_of"])):
        earlier = _last(one for one in of_day(day) if series(one) == series(made) and one["as_of"] < made["as_of"])
        if earlier:
            return earlier, replaced
    return None, replaced


def _last(editions: Iterable[Manifest]) -> Manifest | None:
    return max(editions, key=_turn, default=None)


def _precedes(one: Manifest, made: Manifest) -> bool:
    return one["edition"] != made["edition"] and _turn(one) < _turn(made)


def _turn(one: Manifest) -> tuple[str, str]:
    return str(one["run"].get("started", "")), one["edition"]


def rest(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that editions of one series share: all but the days."""
    return {name: value for name, value in parameters.items() if name not in (AS_OF, SINCE)}


def named(store: Store, name: str) -> Edition:
    """Return the one edition that a name means.

    Args:
        store: Where editions are.
        name: The path of an edition or of a file in it, or ``report/edition``; the edition may be cut short
            as long as only one begins so.

    Raises:
        StoreError: No edition is called so, or several are.
    """
    path = Path(name).resolve()
    folder = path.parent if path.is_file() else path
    if folder.is_dir() and EDITION.fullmatch(folder.name):
        return Edition(folder.parent.parent, folder.parent.name, folder.name)
    report, _, prefix = name.strip("/").rpartition("/")
    found = store.editions(Path(report).name, prefix) if report else store.editions(None, prefix)
    if len(found) == 1:
        return found[0]
    listed = "".join(f"\n  {one.report}/{one.name}" for one in found[:10])
    raise StoreError(
        f"{name}: must be one edition, as report/edition or a path (found {len(found)}).{listed}\n"
        "Run `handover list` to see them all."
    )
