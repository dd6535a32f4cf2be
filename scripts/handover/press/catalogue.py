"""The catalogue of a store: a pure function of the manifests in it.

`index.html` for readers, `catalogue.json` for programs, `feed.xml` for those who follow. None of them knows the
clock, so the same manifests give the same bytes anywhere.
"""

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from handover.errors import StoreError
from handover.press import disk, manifest
from handover.press.compare import compare
from handover.press.store import PICTURE, Edition, Store, file_name

#: The format of catalogue.json.
VERSION = 1
#: A feed tells what is recent; the catalogue has the rest.
FEED_LENGTH = 50
TITLE = "Reports"
ATOM = "http://www.w3.org/2005/Atom"

Entry = dict[str, Any]


def read(store: Store) -> tuple[list[manifest.Manifest], list[str]]:
    """Read all manifests of a store; those that are torn are left out and named."""
    found, faults = [], []
    for edition in store.editions():
        try:
            found.append(edition.manifest())
        except StoreError as error:
            faults.append(str(error).splitlines()[0])
    return found, faults


def build(manifests: Iterable[manifest.Manifest]) -> dict[str, bytes]:
    """Make the catalogue's files.

    Args:
        manifests: Manifests in any order.

    Returns:
        The bytes of each file by name.
    """
    from handover.press import catalogue_page

    reports = entries(manifests)
    text = json.dumps({"version": VERSION, "reports": reports}, ensure_ascii=False, indent=1, sort_keys=True)
    # the last to be written is the one that `lists` believes: a run that ends between two of them is then noticed
    return {
        "feed.xml": feed(reports),
        "index.html": catalogue_page.write(reports).encode(),
        "catalogue.json": f"{text}\n".encode(),
    }


def write(store: Store) -> list[str]:
    """Bring a store's catalogue up to date, file by file in one step each; the caller holds the lock.

    Returns:
        One line for each torn manifest that had to be left out.
    """
    manifests, faults = read(store)
    with disk.told(store.root):
        for name, data in build(manifests).items():
            path = store.root / name
            if _bytes(path) != data:
                disk.replace(path, data)
    return faults


def stale(store: Store) -> list[str]:
    """Names of the catalogue's files that are not what the manifests say."""
    manifests, _ = read(store)
    return [name for name, data in build(manifests).items() if _bytes(store.root / name) != data]


def lists(root: Path, editions: Iterable[Edition]) -> bool:
    """Whether the catalogue on disk is whole and names these editions."""
    if not all((root / name).is_file() for name in ("index.html", "feed.xml")):
        return False
    text = _bytes(root / "catalogue.json") or b""
    return all(f'"path": "{edition.report}/{edition.name}/'.encode() in text for edition in editions)


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
            {
                "report": report,
                "title": lead["title"],
                "lead": lead["edition"],
                "editions": [_entry(one, editions[place + 1 :]) for place, one in enumerate(editions)],
            }
        )
    return sorted(found, key=lambda one: (one["title"], one["report"]))


def feed(reports: list[Entry]) -> bytes:
    """The catalogue as an Atom feed; an entry's time is the day its report speaks from."""
    from xml.etree import ElementTree

    root = ElementTree.Element("feed", {"xmlns": ATOM})
    every = (one for report in reports for one in report["editions"])
    # sorting keeps the order of equals: of one report and day the edition rendered last stays first
    recent = sorted(every, key=lambda one: one["as_of"], reverse=True)[:FEED_LENGTH]

    def add(parent: Any, tag: str, text: str = "", **attributes: str) -> Any:
        element = ElementTree.SubElement(parent, tag, attributes)
        element.text = text or None
        return element

    add(root, "id", "urn:handover:catalogue")
    add(root, "title", TITLE)
    add(root, "updated", _midnight(max((one["as_of"] for one in recent), default="1970-01-01")))
    add(add(root, "author"), "name", "handover")
    add(root, "link", rel="self", href="feed.xml")
    for one in recent:
        entry = add(root, "entry")
        add(entry, "id", f"urn:handover:{one['report']}:{one['edition']}")
        add(entry, "title", _printable(one["title"]))
        add(entry, "updated", _midnight(one["as_of"]))
        add(entry, "summary", _printable(one["standfirst"]))
        for kind, rel in (("html", "alternate"), ("pdf", "enclosure")):
            file = one["files"][kind]
            add(entry, "link", rel=rel, href=file["path"], type=file["mime"], length=str(file["bytes"]))
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _entry(one: manifest.Manifest, older: list[manifest.Manifest]) -> Entry:
    before = next((other for other in older if other["variant"] == one["variant"]), None)
    files = {
        kind: _file(one, file_name(one["report"], one["edition"], f".{kind}")) for kind in ("html", "pdf", "ipynb")
    }
    if PICTURE in one["outputs"]:
        files["picture"] = _file(one, PICTURE)
    keys = ("report", "edition", "title", "standfirst", "as_of", "language", "parameters", "variant", "pages")
    changed = [change.as_json() for change in compare(before["facts"], one["facts"])] if before else []
    return {key: one[key] for key in keys} | {
        "inputs": one["inputs"].get("digest", ""),
        "files": {kind: file for kind, file in files.items() if file},
        "before": before["edition"] if before else "",
        "changed": changed,
    }


def _file(one: manifest.Manifest, name: str) -> Entry:
    about = one["outputs"].get(name)
    path = f"{one['report']}/{one['edition']}/{name}"
    return {"path": path, "sha256": about["sha256"], "bytes": about["bytes"], "mime": about["mime"]} if about else {}


def _midnight(day: str) -> str:
    return f"{dt.date.fromisoformat(day)}T00:00:00Z"


def _printable(text: str) -> str:
    """A text without the characters that XML cannot carry."""
    return "".join(
        c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None
