"""The catalogue of a store: a pure function of the manifests in it, and of where it is to be published.

`index.html` for readers, with a page of all editions for each report (`<report>_editions.html`, older ones on
numbered pages), `catalogue.json` for programs, `feed.xml` for those who follow. None of them knows the clock, so the
same manifests give the same bytes anywhere.
"""

import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from handover import atomic
from handover.editions import manifest, previous, settings
from handover.editions.compare import CORRECTED, compare
from handover.editions.imprint import day_of
from handover.editions.settings import Site
from handover.editions.store import PICTURE, REPORT, Edition, Store, file_name
from handover.errors import StoreError

#: The format of catalogue.json.
VERSION = 2
#: Where catalogue.json names an edition.
NAMED = re.compile(rb'"path": "([^"/]+/[^"/]+)/')
#: The picture of an edition for link previews, where it has one; wider than the picture of its first page.
CARD = "link.png"
#: What every edition offers its readers.
PAGES = ("html", "pdf", "ipynb")
DATA, FEED, INDEX = "catalogue.json", "feed.xml", "index.html"
ARCHIVE = re.compile(rf"(?P<report>{REPORT.pattern})_editions(?:-(?P<number>[1-9]\d*))?\.html")

NOWHERE = Site()

Entry = dict[str, Any]


def read(store: Store, without: Collection[Edition] = ()) -> tuple[list[manifest.Manifest], list[str]]:
    """Read all manifests of a store; those that are torn are left out and named."""
    found, faults = [], []
    for edition in store.editions():
        if edition in without:
            continue
        try:
            one = edition.manifest()
        except StoreError as error:
            faults.append(str(error).splitlines()[0])
            continue
        lacking = _lacking(one)
        if lacking:
            faults.append(f"{edition.folder / manifest.NAME}: must be that of a report (lacks: {', '.join(lacking)})")
        else:
            found.append(one)
    return found, faults


def _lacking(one: manifest.Manifest) -> list[str]:
    """What a manifest must say for its edition to be listed, and does not."""
    names = [file_name(one["report"], one["edition"], f".{kind}") for kind in PAGES]
    return [name for name in names if name not in one["outputs"]] + ([] if day_of(one["as_of"]) else ["as_of"])


def build(manifests: Iterable[manifest.Manifest], site: Site = NOWHERE) -> dict[str, bytes]:
    """Make the catalogue's files.

    Args:
        manifests: Manifests in any order.
        site: What the catalogue is called, and where it is published.

    Returns:
        The bytes of each file by name, in the order in which they may appear: what a page links to comes before it.
    """
    from handover.editions import catalogue_feed, catalogue_page

    reports = entries(manifests, site)
    pages = catalogue_page.write(reports, site)
    files = {DATA: _json(reports), FEED: catalogue_feed.write(reports, site), **pages}
    return {name: files[name] for name in sorted(files, key=_turn)}


def write(store: Store, without: Collection[Edition] = ()) -> list[str]:
    """Bring a store's catalogue up to date, file by file in one step each; the caller holds the lock.

    Args:
        store: Where the editions are.
        without: Editions that are not to be listed, since they are about to go.

    Returns:
        One line for each torn manifest that had to be left out.
    """
    manifests, faults = read(store, without)
    files = build(manifests, settings.site(store.project))
    with atomic.told(store.root):
        # `lists` believes catalogue.json, so after a kill it must not be ahead of the pages
        for name in sorted(files, key=lambda name: name == DATA):
            path = store.root / name
            if _bytes(path) != files[name]:
                atomic.replace(path, files[name])
        for path in store.root.glob("*_editions*.html"):
            if is_archive(path.name) and path.name not in files:
                path.unlink()
    return faults


def stale(store: Store) -> list[str]:
    """Names of the catalogue's files that are not what the manifests say."""
    manifests, _ = read(store)
    files = build(manifests, settings.site(store.project))
    left = (path.name for path in store.root.glob("*_editions*.html") if is_archive(path.name))
    changed = [name for name, data in files.items() if _bytes(store.root / name) != data]
    return changed + sorted(set(left) - files.keys())


def is_archive(name: str) -> bool:
    """Whether a file of this name is a page of all editions."""
    return ARCHIVE.fullmatch(name) is not None


def lists(root: Path, editions: Iterable[Edition]) -> bool:
    """Whether the catalogue on disk is whole and names these editions."""
    if not all((root / name).is_file() for name in (INDEX, FEED)):
        return False
    text = _bytes(root / DATA) or b""
    named = set(NAMED.findall(text))
    return all(f"{edition.report}/{edition.name}".encode() in named for edition in editions)


def entries(manifests: Iterable[manifest.Manifest], site: Site = NOWHERE) -> list[Entry]:
    """Sort editions into reports: of each the lead first, then all editions, newest first.

    The lead is the newest edition with the parameters a reader gets who asks for nothing special. One of a day that
    had not come when it was made leads nothing, since it was a mistake or a trial.
    """
    by_report: dict[str, list[manifest.Manifest]] = {}
    for one in manifest.newest_first(manifests):
        by_report.setdefault(one["report"], []).append(one)
    found = []
    for report, editions in by_report.items():
        come = [one for one in editions if not manifest.ahead(one)] or editions
        lead = next((one for one in come if not one["variant"]), come[0])
        found.append(
            {"report": report, "title": lead["title"], "lead": lead["edition"], "editions": _succession(editions)}
        )
    return sorted(found, key=lambda one: site.turn(one["report"]))


def _succession(editions: list[manifest.Manifest]) -> list[Entry]:
    """The editions of a report, newest first, each told against those before it of the same series."""
    found = []
    held: dict[str, dict[str, list[manifest.Manifest]]] = {}
    for one in reversed(editions):
        days = held.setdefault(json.dumps(previous.series(one)), {})
        earlier, replaced = previous.before(one, reversed(days), lambda day, days=days: days.get(day, []))
        found.append(_entry(one, earlier, replaced))
        days.setdefault(one["as_of"], []).append(one)
    return found[::-1]


def _entry(one: manifest.Manifest, earlier: manifest.Manifest | None, replaced: manifest.Manifest | None) -> Entry:
    files = {kind: _file(one, file_name(one["report"], one["edition"], f".{kind}")) for kind in PAGES}
    for kind, name in (("picture", PICTURE), ("card", CARD)):
        if name in one["outputs"]:
            files[kind] = _file(one, name)
    keys = ("report", "edition", "title", "standfirst", "as_of", "language", "parameters", "variant", "pages")
    corrected = [change for change in compare(replaced, one) if change.kind == CORRECTED] if replaced else []
    known = {change.key for change in corrected}
    changed = [change for change in compare(earlier, one) if change.key not in known] if earlier else []
    return {key: one[key] for key in keys} | {
        "inputs": one["inputs"].get("digest", ""),
        "made": str(one["run"].get("started", "")),
        "ahead": manifest.ahead(one),
        "sources": len(one["sources"]),
        "files": {kind: file for kind, file in files.items() if file},
        "before": earlier["edition"] if earlier else "",
        "replaces": replaced["edition"] if replaced else "",
        "changed": [change.as_json() for change in (*corrected, *changed)],
    }


def _file(one: manifest.Manifest, name: str) -> Entry:
    about = one["outputs"].get(name)
    path = f"{one['report']}/{one['edition']}/{name}"
    return {"path": path, "sha256": about["sha256"], "bytes": about["bytes"], "mime": about["mime"]} if about else {}


def _json(reports: list[Entry]) -> bytes:
    """The catalogue as JSON, one edition a line: small, and a new edition is one line of a difference."""

    def dumps(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    blocks = []
    for report in reports:
        editions = ",\n".join(dumps(one) for one in report["editions"])
        head = ", ".join(f"{dumps(key)}: {dumps(report[key])}" for key in ("lead", "report", "title"))
        blocks.append(f'{{{head}, "editions": [\n{editions}\n]}}')
    return f'{{"version": {VERSION}, "reports": [{", ".join(blocks)}]}}\n'.encode()


def _turn(name: str) -> tuple[int, float, str]:
    """When a file may appear: the oldest pages first, a report's own page after them, the index last."""
    if match := ARCHIVE.fullmatch(name):
        return 0, float(match["number"] or "inf"), name
    return 1, (DATA, FEED, INDEX).index(name), name


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None
