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

from handover.errors import StoreError
from handover.press import disk, manifest, settings
from handover.press.compare import compare
from handover.press.imprint import day_of
from handover.press.store import PICTURE, REPORT, Edition, Store, file_name

#: The format of catalogue.json.
VERSION = 1
#: Where catalogue.json names an edition.
NAMED = re.compile(rb'"path": "([^"/]+/[^"/]+)/')
#: What every edition offers its readers.
PAGES = ("html", "pdf", "ipynb")
DATA, FEED, INDEX = "catalogue.json", "feed.xml", "index.html"
ARCHIVE = re.compile(rf"(?P<report>{REPORT.pattern})_editions(?:-(?P<number>[1-9]\d*))?\.html")

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


def build(manifests: Iterable[manifest.Manifest], url: str = "") -> dict[str, bytes]:
    """Make the catalogue's files.

    Args:
        manifests: Manifests in any order.
        url: Where the catalogue is published, with a slash at its end; link previews and feeds name it.

    Returns:
        The bytes of each file by name, in the order in which they may appear: what a page links to comes before it.
    """
    from handover.press import catalogue_feed, catalogue_page

    reports = entries(manifests)
    pages = catalogue_page.write(reports, url)
    files = {DATA: _json(reports), FEED: catalogue_feed.write(reports, url), **pages}
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
    files = build(manifests, settings.url(store.project))
    with disk.told(store.root):
        # `lists` believes catalogue.json, so after a kill it must not be ahead of the pages
        for name in sorted(files, key=lambda name: name == DATA):
            path = store.root / name
            if _bytes(path) != files[name]:
                disk.replace(path, files[name])
        for path in store.root.glob("*_editions*.html"):
            if is_archive(path.name) and path.name not in files:
                path.unlink()
    return faults


def stale(store: Store) -> list[str]:
    """Names of the catalogue's files that are not what the manifests say."""
    manifests, _ = read(store)
    files = build(manifests, settings.url(store.project))
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


def entries(manifests: Iterable[manifest.Manifest]) -> list[Entry]:
    """Sort editions into reports: of each the lead first, then all editions, newest first.

    The lead is the newest edition with the parameters a reader gets who asks for nothing special.
    """
    by_report: dict[str, list[manifest.Manifest]] = {}
    for one in manifest.newest_first(manifests):
        by_report.setdefault(one["report"], []).append(one)
    found = []
    for report, editions in sorted(by_report.items()):
        lead = next((one for one in editions if not one["variant"]), editions[0])
        found.append(
            {"report": report, "title": lead["title"], "lead": lead["edition"], "editions": _succession(editions)}
        )
    return sorted(found, key=lambda one: (one["title"], one["report"]))


def _succession(editions: list[manifest.Manifest]) -> list[Entry]:
    """The editions of a report, newest first, each told against the one before it with the same settings."""
    found, latest = [], {}
    for one in reversed(editions):
        settings_key = json.dumps(one["variant"], sort_keys=True)
        found.append(_entry(one, latest.get(settings_key)))
        latest[settings_key] = one
    return found[::-1]


def _entry(one: manifest.Manifest, before: manifest.Manifest | None) -> Entry:
    files = {kind: _file(one, file_name(one["report"], one["edition"], f".{kind}")) for kind in PAGES}
    if PICTURE in one["outputs"]:
        files["picture"] = _file(one, PICTURE)
    keys = ("report", "edition", "title", "standfirst", "as_of", "language", "parameters", "variant", "pages")
    found = compare(before["facts"], one["facts"]) if before else []
    return {key: one[key] for key in keys} | {
        "inputs": one["inputs"].get("digest", ""),
        "sources": len(one["sources"]),
        "files": {kind: file for kind, file in files.items() if file},
        "before": before["edition"] if before else "",
        # a report also prints what it was set to, which is no news
        "changed": [change.as_json() for change in found if change.key not in one["parameters"]],
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
