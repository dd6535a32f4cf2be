"""The manifest of an edition: what it is, what it was made from, what it holds, as one JSON file."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from handover import digest
from handover.errors import StoreError
from handover.text import legible

NAME = "manifest.json"
#: What `load` insists on; everything that reads manifests may rely on these.
KEYS: dict[str, type] = {
    "report": str,
    "edition": str,
    "content": str,
    "title": str,
    "standfirst": str,
    "as_of": str,
    "language": str,
    "parameters": dict,
    "variant": dict,
    "inputs": dict,
    "outputs": dict,
    "versions": dict,
    "facts": dict,
    "sources": list,
    "pages": int,
    "run": dict,
}
MIMES = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".ipynb": "application/x-ipynb+json",
    ".png": "image/png",
}
FACT_KEYS = ("label", "value", "low", "high", "unit", "known_since", "claims")
STATEMENT_KEYS = ("label", "value", "known_since", "claims")
#: The weight of a fact of which nobody has said how much it matters.
DETAIL = 3

Manifest = dict[str, Any]


def outputs(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """Describe the files of an edition: hash, size and MIME type by name."""
    return {
        name: {
            "sha256": digest.of_bytes(data),
            "bytes": len(data),
            "mime": MIMES.get(Path(name).suffix, "application/octet-stream"),
        }
        for name, data in sorted(files.items())
    }


def facts(evidence: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The facts that an edition prints, by key, so that editions can be compared without opening them."""
    return {fact["key"]: {key: fact.get(key) for key in FACT_KEYS} | _news(fact) for fact in evidence.get("facts", [])}


def statements(evidence: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What an edition says that was only said, by key: facts of no value."""
    told = evidence.get("statements", [])
    return {one["key"]: {key: one.get(key) for key in STATEMENT_KEYS} | _news(one) for one in told}


def _news(fact: Mapping[str, Any]) -> dict[str, Any]:
    """What tells whether a fact is news, and how, as far as its notebook says so."""
    weight, history = fact.get("weight"), fact.get("history")
    steps = [one for one in history if isinstance(one, Mapping)] if isinstance(history, list) else []
    return {
        "weight": weight if weight in range(1, DETAIL + 1) else DETAIL,
        "news": legible(fact.get("news")),
        "history": [{key: legible(one.get(key)) for key in ("since", "value")} for one in steps],
    }


def run(started: dt.datetime, seconds: Mapping[str, float]) -> dict[str, Any]:
    """The one block of a manifest that knows the clock; comparisons leave it out."""
    return {
        "started": started.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "seconds": {phase: round(spent, 3) for phase, spent in seconds.items()},
    }


def dumps(manifest: Manifest) -> bytes:
    """The bytes of a manifest file: the same manifest always gives the same bytes."""
    return (json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def load(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        StoreError: It is missing, torn, or lacks a part.
    """
    cure = "Restore the edition from git or a copy, or remove its folder and render it again."
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{error}"
        raise StoreError(f"{path}: must be a whole manifest (got {reason}).\n{cure}") from error
    faults = [
        key for key, kind in KEYS.items() if not isinstance(manifest, dict) or not isinstance(manifest.get(key), kind)
    ]
    if faults:
        raise StoreError(f"{path}: must be a whole manifest (missing or wrong: {', '.join(faults)}).\n{cure}")
    return manifest


def ahead(one: Manifest) -> bool:
    """Whether an edition speaks from a day that had not come anywhere on earth when it was made."""
    try:
        made = dt.datetime.fromisoformat(str(one["run"].get("started", "")))
    except ValueError:
        return False
    return one["as_of"] > (made.date() + dt.timedelta(days=1)).isoformat()


def newest_first(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Sort editions: the latest day first, of one day the one rendered last, then by name."""

    def age(manifest: Manifest) -> tuple[str, str, str]:
        return manifest["as_of"], str(manifest["run"].get("started", "")), manifest["edition"]

    return sorted(manifests, key=age, reverse=True)
