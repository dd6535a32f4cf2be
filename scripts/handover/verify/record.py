"""What an edition says of itself, held to its form: the record inside a PDF, and the inputs that a manifest names.

Anyone may have written it; nothing of it is believed here, only read.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Any

from handover.editions import RECORD, REPORT, Inputs
from handover.errors import ProofError
from handover.project import MARKER
from handover.verify.differ.difference import shown

HASH = re.compile(r"[0-9a-f]{64}")
VERSION = re.compile(r"[A-Za-z0-9.+!_-]{1,40}")
KEYS = {"report": str, "as_of": str, "parameters": dict, "notebook": dict, "data": dict, "inputs": dict}


@dataclass(frozen=True, slots=True)
class Record:
    """How a PDF says it was made; `notebook` and `data` give the hash of each attachment by its name there."""

    report: str
    parameters: Mapping[str, Any]
    attached: Mapping[str, str]
    paths: Mapping[str, str]
    inputs: Inputs


def read(data: bytes | None) -> Record:
    """Read the record of a PDF.

    Raises:
        ProofError: It is no record; the text says what is wrong, worded to follow the file's name.
    """
    if data is None:
        raise ProofError(f"carries no {RECORD}: it is no edition, or what it carried was taken out")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise _wrong("must be JSON") from None
    if not isinstance(content, dict) or content.keys() != KEYS.keys():
        raise _wrong(f"must hold {', '.join(KEYS)}", content)
    for key, kind in KEYS.items():
        if not isinstance(content[key], kind):
            raise _wrong(f"'{key}' must be {'an object' if kind is dict else 'text'}", content[key])
    if not REPORT.fullmatch(content["report"]):
        raise _wrong("'report' must be the name of a report", content["report"])
    attached = [("notebook", content["notebook"]), *content["data"].items()]
    for path, about in attached:
        if not isinstance(about, dict) or about.keys() != {"attachment", "sha256"} or not _hash(about["sha256"]):
            raise _wrong("each attachment must have a name and a SHA-256", about)
        if not isinstance(about["attachment"], str) or (path != "notebook" and not _table(path)):
            raise _wrong("each table must lie in data/", path)
    parts = content["inputs"] | {"report": content["report"], "parameters": content["parameters"]}
    record = Record(
        report=content["report"],
        parameters=content["parameters"],
        attached={about["attachment"]: about["sha256"] for _, about in attached},
        paths={path: about["attachment"] for path, about in content["data"].items()},
        inputs=inputs(parts),
    )
    _agree(record, content)
    return record


def inputs(content: Mapping[str, Any]) -> Inputs:
    """Read the inputs that a record or a manifest names.

    Raises:
        ProofError: They are no inputs.
    """
    names = {field.name for field in fields(Inputs)}
    if content.keys() != names:
        raise _wrong(f"'inputs' must hold {', '.join(sorted(names - {'report', 'parameters'}))}", sorted(content))
    if not isinstance(content["tables"], dict) or not isinstance(content["versions"], dict):
        raise _wrong("'tables' and 'versions' must be objects", "others")
    hashes = [content[key] for key in ("notebook", "package")]
    hashes += [content[key] for key in ("dictionary", "lock") if content[key] != ""]
    hashes += content["tables"].values()
    for one in hashes:
        if not _hash(one):
            raise _wrong("each input must be a SHA-256", one)
    for name in content["tables"]:
        if not _table(name):
            raise _wrong("each table must lie in data/", name)
    for tool, version in content["versions"].items():
        if not (VERSION.fullmatch(tool) and isinstance(version, str) and VERSION.fullmatch(version)):
            raise _wrong("each version must be one", f"{tool} {version}")
    return Inputs(**content)


def _agree(record: Record, content: Mapping[str, Any]) -> None:
    """Refuse a record that gives two hashes for one file."""
    named = {**record.inputs.tables, MARKER.as_posix(): record.inputs.dictionary}
    pairs = [("the notebook", content["notebook"]["sha256"], record.inputs.notebook)]
    pairs += [(path, about["sha256"], named.get(path)) for path, about in content["data"].items()]
    for path, one, other in pairs:
        if one != other:
            raise _wrong(f"{path} must have one hash", f"{one[:12]}… and {str(other)[:12]}…")


def _hash(value: object) -> bool:
    return isinstance(value, str) and bool(HASH.fullmatch(value))


def _table(path: str) -> bool:
    parts = PurePosixPath(path).parts
    inside = parts[:1] == MARKER.parts[:1] and len(parts) > 1 and ".." not in parts
    return inside and path.isprintable() and "\\" not in path


def _wrong(rule: str, got: object = None) -> ProofError:
    found = "" if got is None else f" (got {shown(got, 80)})"
    return ProofError(f"its {RECORD} is not as the press writes it: {rule}{found}")
