"""The manifest of an edition: what it is, what it was made from, what it holds, as one JSON file."""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, NotRequired, TypedDict

from handover import bounded, digest, plain
from handover.editions import shape
from handover.errors import StoreError
from handover.text import printable, shown

NAME = "manifest.json"
#: A report with ten thousand facts would stay below.
BYTES_MAX = 10_000_000
#: What stands before the last field of its file, the SHA-256 of all the bytes up to here.
SEAL = b',\n "sha256": "'
#: What to do about a damaged one.
CURE = "Restore the edition from git or a copy, or remove its folder and render it again."
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


def day_of(value: object) -> dt.date | None:
    """The day that a parameter names as ISO text, or None when it names none."""
    try:
        return plain.day(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_instant(text: str) -> bool:
    try:
        return not text or 1970 <= dt.datetime.fromisoformat(text).year < 9999
    except ValueError:
        return False


Day = Annotated[str, day_of, "a day as YYYY-MM-DD"]
Hash = Annotated[str, re.compile("[0-9a-f]{64}").fullmatch, "a SHA-256"]
FileName = Annotated[
    str, re.compile(r"[^/\\\0]*[^/\\\0.][^/\\\0]*").fullmatch, "the name of a file in the edition's folder"
]
#: A parameter's value, as `handover.notebook.parameters.bind` returns it.
Scalar = str | int | float | bool | None
Value = Scalar | list[Scalar]


class Output(TypedDict):
    """A file of the edition; its size is in bytes."""

    sha256: Hash
    bytes: Annotated[int, range(bounded.MOST + 1).__contains__, f"at most {bounded.MOST:,}"]
    mime: str


class Step(TypedDict):
    """What was known of a fact since a day."""

    since: str
    value: str


class Statement(TypedDict):
    """What was only said; `claims` are what it rests on.

    `weight` goes from 1, which matters most, to `DETAIL`; `news` is its sentence, "" where it is
    never news; `history` begins with the latest step.
    """

    label: str
    value: str
    known_since: str | None
    claims: list[str] | None
    weight: Annotated[int, range(1, DETAIL + 1).__contains__, f"1 to {DETAIL}"]
    news: str
    history: list[Step]


class Fact(Statement):
    """A fact that is printed, which may be an interval."""

    low: float | None
    high: float | None
    unit: str | None


class Inputs(TypedDict):
    """What an edition was made from, as `inputs.Inputs.as_json` gives it, with the digest of all."""

    digest: str
    notebook: str
    tables: dict[str, str]
    dictionary: str
    lock: str
    package: str
    versions: dict[str, str]


class Run(TypedDict):
    """The one block that depends on the clock and the machine; comparisons leave it out.

    `started` is "" where it is unknown. `network` is what the cells had of it, ``shut`` or ``open``; editions made
    before it was recorded do not say.
    """

    started: Annotated[str, _is_instant, "a time as ISO text"]
    seconds: dict[str, float]
    network: NotRequired[Annotated[str, re.compile("shut|open").fullmatch, "shut or open"]]


class Omission(TypedDict):
    """A text that a cell left out, as `handover.document.Omitted`; earlier editions do not say if it was expected."""

    cell: int
    text: str
    lost: bool
    expected: NotRequired[bool]


class Manifest(TypedDict):
    """All that is known of an edition without opening its files.

    Attributes:
        content: The hash that the digits of the edition's name begin.
        parameters: All of them, as bound.
        variant: Those, beside the day, that were set to something else than the default.
        inputs: What it was made from: history, on which no byte of the other files depends.
        outputs: The files by name.
        facts: What it prints, by key, so that editions can be compared without opening them.
        statements: What it tells that was only said, by key.
        omitted: What it left out and why: history, which editions made before it was recorded do not have.
        pages: The number of pages of the PDF.
    """

    report: str
    edition: str
    content: Hash
    title: str
    standfirst: str
    as_of: Day
    language: str
    parameters: dict[str, Value]
    variant: dict[str, Value]
    inputs: Inputs
    outputs: dict[FileName, Output]
    versions: dict[str, str]
    facts: dict[str, Fact]
    statements: dict[str, Statement]
    sources: list[str]
    omitted: NotRequired[list[Omission]]
    pages: Annotated[int, range(100_001).__contains__, "a number of pages"]
    run: Run


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


def statements(evidence: Mapping[str, Any]) -> dict[str, Statement]:
    """The statements of a document's evidence, by key."""
    return _stated(evidence.get("statements", []), STATEMENT_KEYS)


def sources(evidence: Mapping[str, Any]) -> list[str]:
    """The ids of the sources that a document's evidence names, sorted."""
    named = {printable(one.get("id")) for one in _entries(evidence.get("sources"))}
    return sorted(named - {""})


def _entries(stated: object) -> list[Mapping[str, Any]]:
    return [one for one in stated if isinstance(one, Mapping)] if isinstance(stated, list) else []


def _stated(stated: object, keys: Iterable[str]) -> dict[str, Any]:
    """What a notebook states, in the shape of `Fact` whatever it holds; of two with one key the first counts."""
    found: dict[str, Any] = {}
    for one in _entries(stated):
        if key := printable(one.get("key")):
            found.setdefault(key, {name: _told(name, one.get(name)) for name in keys} | _news(one))
    return found


def _told(name: str, value: object) -> Any:
    if name == "claims":
        return list(map(printable, value)) if isinstance(value, list) else None
    if name in ("low", "high"):
        return value if shape.fault(value, float | None) == "" else None
    return None if value is None and name in ("unit", "known_since") else printable(value)


def _news(fact: Mapping[str, Any]) -> dict[str, Any]:
    """The weight, sentence and history of a fact, as far as its notebook gives them."""
    weight = fact.get("weight")
    return {
        "weight": weight if type(weight) is int and 1 <= weight <= DETAIL else DETAIL,
        "news": printable(fact.get("news")),
        "history": [
            {key: printable(one.get(key)) for key in ("since", "value")} for one in _entries(fact.get("history"))
        ],
    }


def run(began: dt.datetime, seconds: Mapping[str, float], network: str) -> Run:
    """The block of a run that began at a time, took so many seconds in each phase, and had this of the network."""
    return {
        "started": began.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "seconds": {phase: round(spent, 3) for phase, spent in seconds.items()},
        "network": network,
    }


def dumps(manifest: Manifest) -> bytes:
    """The bytes of a manifest file: the same manifest always gives the same bytes, sealed with their own hash."""
    return _sealed(json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).removesuffix("\n}").encode())


def _sealed(held: bytes) -> bytes:
    return held + SEAL + digest.of_bytes(held).encode() + b'"\n}\n'


def load(path: Path) -> Manifest:
    """Read a manifest; what it gives has the shape of `Manifest` down to the last leaf.

    Raises:
        StoreError: It is missing, torn, larger than any of ours, of another shape, or not as it was written.
    """
    try:
        if path.is_symlink():
            raise ValueError("a symbolic link")
        data = bounded.read(path, BYTES_MAX)
        found = parsed(data)
        if fault := shape.fault(found, Manifest):
            raise ValueError(fault)
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{error}"
        raise StoreError(f"{path}: must be a whole manifest (got {shown(reason)}).\n{CURE}") from error
    held, mark, _ = data.rpartition(SEAL)
    if data != _sealed(held):
        says = "says otherwise" if mark else "is not at its end"
        raise StoreError(f"{path}: must be as it was written (its digest {says}).\n{CURE}")
    del found["sha256"]
    return found


def parsed(data: bytes) -> Any:
    """Read JSON as we write it: UTF-8 without a mark before it, each key once, no number that is none.

    Raises:
        ValueError: It is otherwise.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("something nested without end") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a key that is given twice: {next(name for name in names if names.count(name) > 1)}")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word}, which is no number")


def epoch_of(day: dt.date | None) -> int:
    """The beginning of a day in seconds, the only clock that cells and pages are given; 0 for none."""
    return (day - dt.date(1970, 1, 1)).days * 86_400 if day else 0


def ahead(one: Manifest) -> bool:
    """Whether an edition speaks from a day that had not come anywhere on earth when it was made."""
    if not one["run"]["started"]:
        return False
    made = dt.datetime.fromisoformat(one["run"]["started"])
    return one["as_of"] > latest_day(made if made.tzinfo else made.replace(tzinfo=dt.UTC)).isoformat()


def latest_day(instant: dt.datetime) -> dt.date:
    """The day in the time zone that is furthest ahead, UTC+14: at this instant no later one has begun anywhere."""
    return (instant.astimezone(dt.UTC) + dt.timedelta(hours=14)).date()


def age(one: Manifest) -> tuple[str, str, str]:
    """Sorts editions: by day, of one day by when they were rendered, then by name."""
    return one["as_of"], one["run"]["started"], one["edition"]


def newest_first(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Sort editions by `age`, the newest first."""
    return sorted(manifests, key=age, reverse=True)
