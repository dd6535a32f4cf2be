"""Finding editions by what a person calls them, and the edition that came before one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handover.errors import StoreError
from handover.press.store import EDITION, Edition, Store

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
