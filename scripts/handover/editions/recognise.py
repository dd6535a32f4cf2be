"""Recognising a report that has not changed, before anything is executed.

The store's manifests are asked first. The cache beside them only remembers that other inputs gave an edition
again (a refactoring, say); it may be deleted, torn or wrong at no cost but a render.
"""

import json
from pathlib import Path
from typing import Any

from handover import atomic
from handover.editions.inputs import Inputs
from handover.editions.store import Edition, Store
from handover.errors import StoreError

#: Entries kept; the oldest are forgotten first.
KEPT = 2000


def path(root: Path) -> Path:
    """The cache of a project."""
    return root / ".handover" / "recognised.json"


def find(store: Store, inputs: Inputs, as_of: str, language: str, root: Path) -> Edition | None:
    """The whole edition that these inputs are known to give, if there is one."""
    digest = inputs.digest
    remembered = read(path(root)).get(digest)
    for edition in store.editions(inputs.report, prefix=f"{as_of}-{language}-"):
        try:
            manifest = edition.manifest()
        except StoreError:
            continue
        same = manifest["inputs"].get("digest") == digest or edition.name == remembered
        if same and manifest["parameters"] == dict(inputs.parameters) and not edition.faults():
            return edition
    return None


def remember(root: Path, digest: str, edition: str) -> None:
    """Note that inputs gave an edition that was there already; the caller holds the lock."""
    cache = path(root)
    known = read(cache)
    known.pop(digest, None)
    known[digest] = edition
    with atomic.told(cache):
        cache.parent.mkdir(exist_ok=True)
        atomic.sweep(cache.parent)
        atomic.replace(cache, json.dumps(dict(list(known.items())[-KEPT:]), indent=0).encode())


def read(cache: Path) -> dict[str, Any]:
    """The cache: names of editions by the digest of other inputs that gave them again."""
    try:
        known = json.loads(cache.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
