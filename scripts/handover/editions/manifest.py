"""The manifest of an edition: what it is, what it was made from, what it holds, as one JSON file."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from handover import digest
from handover.errors import StoreError
from handover.text import printable

NAME = "manifest.json"
MIMES = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".ipynb": "application/x-ipynb+json",
    ".png": "image/png",
}
FACT_KEYS = ("label", "value", "low", "high", "unit", "known_since", "claims")
STATEMENT_KEYS = ("label", "value", "known_since", "claims")
#: The weight of a fact whose notebook gives none.
DETAIL = 3


class Output(TypedDict):
    """A file of the edition; its size is in bytes."""

    sha256: str
    bytes: int
    mime: str


class Step(TypedDict):
    """What was known of a fact since a day."""

    since: str
    value: str


class Fact(TypedDict):
    """A fact that is printed, or a statement, which has no interval; `claims` are what it rests on.

    `weight` goes from 1, which matters most, to `DETAIL`; `news` is its sentence, "" where it is
    never news; `history` begins with the latest step.
    """

    label: str
    value: str
    low: NotRequired[float | None]
    high: NotRequired[float | None]
    unit: NotRequired[str]
    known_since: str | None
    claims: list[str] | None
    weight: int
    news: str
    history: list[Step]


class Run(TypedDict):
    """The one block that depends on the clock and the machine; comparisons leave it out.

    `network` is what the cells had of it, ``shut`` or ``open``; editions made before it was recorded do not say.
    """

    started: str
    seconds: dict[str, float]
    network: NotRequired[str]


class Omission(TypedDict):
    """A text that a cell left out, in words; `lost` if nothing is printed in its place and the notebook wants it."""

    cell: int
    text: str
    lost: bool


class Manifest(TypedDict):
    """All that is known of an edition without opening its files.

    Attributes:
        content: The hash that the digits of the edition's name begin.
        parameters: All of them, as bound.
        variant: Those, beside the day, that were set to something else than the default.
        inputs: What it was made from, as `inputs.Inputs.as_json` gives it, with the ``digest`` of all: history, on
            which no byte of the other files depends.
        outputs: The files by name.
        facts: What it prints, by key, so that editions can be compared without opening them.
        statements: What it tells that was only said, by key.
        omitted: What it left out and why: history, which editions made before it was recorded do not have.
        pages: The number of pages of the PDF.
    """

    report: str
    edition: str
    content: str
    title: str
    standfirst: str
    as_of: str
    language: str
    parameters: dict[str, Any]
    variant: dict[str, Any]
    inputs: dict[str, Any]
    outputs: dict[str, Output]
    versions: dict[str, str]
    facts: dict[str, Fact]
    statements: NotRequired[dict[str, Fact]]
    sources: list[str]
    omitted: NotRequired[list[Omission]]
    pages: int
    run: Run


#: What `load` insists on, with the kind of each; whatever reads manifests may rely on these.
TEXTS = ("report", "edition", "content", "title", "standfirst", "as_of", "language")
TABLES = ("parameters", "variant", "inputs", "outputs", "versions", "facts", "run")
KEYS: dict[str, type] = dict.fromkeys(TEXTS, str) | dict.fromkeys(TABLES, dict) | {"sources": list, "pages": int}


def outputs(files: Mapping[str, bytes]) -> dict[str, Output]:
    """Describe the files of an edition."""
    return {
        name: {
            "sha256": digest.of_bytes(data),
            "bytes": len(data),
            "mime": MIMES.get(Path(name).suffix, "application/octet-stream"),
        }
        for name, data in sorted(files.items())
    }


def facts(evidence: Mapping[str, Any]) -> dict[str, Fact]:
    """The facts of a document's evidence, by key."""
    return _stated(evidence.get("facts", []), FACT_KEYS)


def statements(evidence: Mapping[str, Any]) -> dict[str, Fact]:
    """The statements of a document's evidence, by key."""
    return _stated(evidence.get("statements", []), STATEMENT_KEYS)


def _stated(stated: Iterable[Mapping[str, Any]], keys: Iterable[str]) -> dict[str, Any]:
    return {one["key"]: {key: one.get(key) for key in keys} | _news(one) for one in stated}


def _news(fact: Mapping[str, Any]) -> dict[str, Any]:
    """The weight, sentence and history of a fact, as far as its notebook gives them."""
    weight, history = fact.get("weight"), fact.get("history")
    steps = [one for one in history if isinstance(one, Mapping)] if isinstance(history, list) else []
    return {
        "weight": weight if weight in range(1, DETAIL + 1) else DETAIL,
        "news": printable(fact.get("news")),
        "history": [{key: printable(one.get(key)) for key in ("since", "value")} for one in steps],
    }


def run(began: dt.datetime, seconds: Mapping[str, float], network: str) -> Run:
    """The block of a run that began at a time, took so many seconds in each phase, and had this of the network."""
    return {
        "started": began.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "seconds": {phase: round(spent, 3) for phase, spent in seconds.items()},
        "network": network,
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


def day_of(value: object) -> dt.date | None:
    """The day that a parameter names as ISO text, or None when it names none."""
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def epoch_of(day: dt.date | None) -> int:
    """The beginning of a day in seconds, the only clock that cells and pages are given; 0 for none."""
    return (day - dt.date(1970, 1, 1)).days * 86_400 if day else 0


def started(one: Manifest) -> str:
    """When an edition was made, as ISO text; "" where that is unknown."""
    return str(one["run"].get("started", ""))


def ahead(one: Manifest) -> bool:
    """Whether an edition speaks from a day that had not come anywhere on earth when it was made."""
    try:
        made = dt.datetime.fromisoformat(started(one))
    except ValueError:
        return False
    return one["as_of"] > (made.date() + dt.timedelta(days=1)).isoformat()


def age(one: Manifest) -> tuple[str, str, str]:
    """Sorts editions: by day, of one day by when they were rendered, then by name."""
    return one["as_of"], started(one), one["edition"]


def newest_first(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Sort editions by `age`, the newest first."""
    return sorted(manifests, key=age, reverse=True)
