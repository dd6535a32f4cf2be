"""The editions of a store as rows, newest first, without any heavy import."""

import json
from collections.abc import Mapping
from typing import Any

from handover.editions import manifest, settings
from handover.editions.store import Edition, Store
from handover.errors import NotebookError, StoreError, near
from handover.project import Project


def rows(store: Store, project: Project, report: str | None = None) -> tuple[list[dict[str, Any]], list[str]]:
    """List editions.

    Args:
        store: Where they are.
        project: Paths are given relative to it where they lie in it.
        report: Only those of one report.

    Returns:
        One row an edition; and one line for each manifest that is torn.

    Raises:
        NotebookError: There is no report of that name, neither a notebook nor an edition.
    """
    known = sorted({*project.reports_known(), *store.reports()})
    if report is not None and report not in known:
        raise NotebookError(
            f"{report}: must be a report (known: {', '.join(known) or 'none'}{near(report, known)}).\n"
            "Run `handover list` to see all editions."
        )
    editions = store.editions(report)
    found = _catalogued(store, report)
    faults: list[str] = []
    if {(one["report"], one["edition"]) for one in found} != {(one.report, one.name) for one in editions}:
        found, faults = _read(editions)
    site = settings.site(project)
    return [_row(one, Edition(store.root, one["report"], one["edition"]), project, site) for one in found], faults


def described(one: Mapping[str, Any], site: settings.Site) -> str:
    """What an edition was asked for beside its day: in the project's words, and what it has no words for by name."""
    told = {name: site.phrase(name, value) for name, value in one["parameters"].items()}
    plain = {name: f"{name}: {value}" for name, value in one["variant"].items() if not told.get(name)}
    return ", ".join(filter(None, (told | plain).values()))


def _catalogued(store: Store, report: str | None) -> list[dict[str, Any]]:
    """What the catalogue lists; it stands for the manifests, which never change, if it names the same editions."""
    try:
        reports = json.loads((store.root / "catalogue.json").read_bytes())["reports"]
        chosen = sorted((one for one in reports if report in (None, one["report"])), key=lambda one: one["report"])
        return [one for each in chosen for one in each["editions"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _read(editions: list[Edition]) -> tuple[list[dict[str, Any]], list[str]]:
    found, faults = [], []
    for edition in editions:
        try:
            one = edition.manifest()
        except StoreError as error:
            faults.append(str(error))
        else:
            found.append(one | {"inputs": one["inputs"].get("digest", "")})
    # reports by name, and of each the newest edition first
    return sorted(manifest.newest_first(found), key=lambda one: one["report"]), faults


def _row(one: dict[str, Any], edition: Edition, project: Project, site: settings.Site) -> dict[str, Any]:
    keys = ("report", "edition", "title", "as_of", "language", "parameters", "pages", "inputs")
    path = edition.file(".html")
    shown = path.relative_to(project.root) if path.is_relative_to(project.root) else path
    return {key: one[key] for key in keys} | {"settings": described(one, site), "path": shown.as_posix()}
