"""What an edition says of how it was made.

Anyone may have written it: its form is checked here, and nothing of it is believed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any, TypedDict

from handover import digest
from handover.document import PICTURES
from handover.editions import RECORD, REPORT, Manifest, manifest, shape
from handover.errors import VerifyError
from handover.project import MARKER
from handover.text import listed, shown
from handover.verify import contents

VERSION = re.compile(r"[A-Za-z0-9.+!_-]{1,40}")


def is_table(path: str) -> bool:
    """Whether a path may be one of a table, or of a picture, of which none can run."""
    parts = PurePosixPath(path).parts
    data = parts[:1] == MARKER.parts[:1] and len(parts) > 1
    inside = (data or path.lower().endswith(PICTURES)) and not path.startswith("/") and ".." not in parts
    return inside and path.isprintable() and "\\" not in path


def _alone(kind: type) -> Any:
    """A kind of object with its own keys alone: nothing would hold what else stands there to anything."""
    names = kind.__annotations__.keys()
    return Annotated[kind, lambda value: value.keys() <= names, f"{', '.join(names)} and nothing else"]


@_alone
class Attached(TypedDict):
    """A file that a PDF carries."""

    attachment: str
    sha256: manifest.Hash


@_alone
class Stated(TypedDict):
    """The record that a PDF carries."""

    report: Annotated[str, REPORT.fullmatch, "the name of a report"]
    as_of: str
    parameters: dict[str, manifest.Value]
    notebook: Attached
    data: dict[Annotated[str, is_table, "a table in data/"], Attached]
    versions: dict[Annotated[str, VERSION.fullmatch, "a tool"], Annotated[str, VERSION.fullmatch, "a version"]]


@dataclass(frozen=True, slots=True)
class Record:
    """How an edition says it was made.

    `inputs` are hashes and versions as a manifest names them; of a PDF alone, those that shape its pages. `attached`
    gives the name and the SHA-256 of each file that the PDF must carry, by its path in a project. `network` is what
    its cells had of it, "" where that is not said.
    """

    report: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, Any]
    attached: Mapping[str, tuple[str, str]]
    network: str = ""

    def faults(self, files: Mapping[str, bytes]) -> list[str]:
        """Compare what a PDF carries with what its record names; one line a fault."""
        wanted = dict(self.attached.values())
        missing, strange = sorted(wanted.keys() - files.keys()), sorted(files.keys() - wanted.keys() - {RECORD})
        found = listed(f"attachment {shown(name)}: is missing" for name in missing)
        return found + listed(f"attachment {shown(name)}: is not named in {RECORD}" for name in strange)

    def altered(self, files: Mapping[str, bytes]) -> list[str]:
        """Name the paths whose files are not those that the record names."""
        held = {path: files.get(name) for path, (name, _) in self.attached.items()}
        return sorted(
            path for path, data in held.items() if data is not None and digest.of_bytes(data) != self.attached[path][1]
        )

    def carried(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The attached files by their paths in a project."""
        return {path: files[name] for path, (name, _) in self.attached.items() if name in files}


def read(pdf: bytes) -> tuple[contents.Contents, Record]:
    """Read a PDF, and the record that it carries.

    Raises:
        VerifyError: As `contents.read` and `record_of_pdf`.
    """
    found = contents.read(pdf)
    return found, record_of_pdf(found.attachments.get(RECORD))


def record_of_pdf(data: bytes | None) -> Record:
    """Read the record of a PDF.

    Raises:
        VerifyError: It is no record; the text says what is wrong, worded to follow the file's name.
    """
    if data is None:
        raise VerifyError(f"carries no {RECORD}: it is no edition, or what it carried was taken out")
    try:
        if len(data) > manifest.BYTES_MAX:
            raise ValueError(f"must have at most {manifest.BYTES_MAX:,} bytes (got {len(data):,})")
        content = manifest.parsed(data)
        if wrong := shape.fault(content, Stated):
            raise ValueError(wrong)
    except ValueError as error:
        raise VerifyError(f"carries a record, {RECORD}, that is not as handover writes it: {shown(error)}") from None
    files = {f"notebooks/{content['report']}.ipynb": content["notebook"], **content["data"]}
    attached = {path: (about["attachment"], about["sha256"]) for path, about in files.items()}
    hashes = {path: sha256 for path, (_, sha256) in attached.items()}
    inputs = {"notebook": hashes.pop(next(iter(files))), "versions": content["versions"]}
    if MARKER.as_posix() in hashes:
        inputs["dictionary"] = hashes.pop(MARKER.as_posix())
    return Record(content["report"], content["parameters"], inputs | {"tables": hashes}, attached)


def record_of_manifest(about: Manifest) -> Record:
    """Read what a manifest says of how its edition was made.

    Raises:
        VerifyError: It names no report.
    """
    if not REPORT.fullmatch(about["report"]):
        raise VerifyError(f"manifest.json: 'report' must be the name of a report (got {shown(about['report'], 80)})")
    return Record(about["report"], about["parameters"], about["inputs"], {}, about["run"].get("network", ""))
