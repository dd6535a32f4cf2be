"""Having a PDF taken apart by `handover.verify.anatomy`, in a process that cannot harm this one."""

import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handover.errors import ProofError

#: No edition comes near these; what is larger is not worth opening.
BYTES_MAX = 100_000_000
PATIENCE_S = 90.0


@dataclass(frozen=True, slots=True)
class Element:
    """A tagged element: `inside` is the position of the one around it, `heading` the heading it stands under."""

    kind: str
    heading: str
    inside: int
    page: int
    title: str = ""
    alt: str = ""
    actual: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one element draws on a page; `element` is -1 for decoration, `drawn` a hash of all drawing."""

    element: int
    text: str
    drawn: str


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The parts of a PDF."""

    attachments: Mapping[str, bytes]
    pages: tuple[tuple[Piece, ...], ...]
    elements: tuple[Element, ...]
    links: tuple[Mapping[str, Any], ...]
    active: tuple[str, ...]
    about: Mapping[str, str]
    fonts: tuple[tuple[str, str], ...]


def dissect(pdf: bytes) -> Anatomy:
    """Take a PDF apart.

    Raises:
        ProofError: It cannot be read; the text is the reason, worded to follow the file's name.
    """
    if len(pdf) > BYTES_MAX:
        raise ProofError(f"is larger than any edition ({len(pdf):,} bytes; {BYTES_MAX:,} at most)")
    if b"%PDF-" not in pdf[:1024]:
        raise ProofError("is no PDF")
    command = [sys.executable, "-I", "-m", "handover.verify.anatomy"]
    try:
        done = subprocess.run(command, input=pdf, capture_output=True, timeout=PATIENCE_S, check=False)
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise ProofError("cannot be read (it takes more memory or time than any edition)") from None
    if found.get("fault"):
        raise ProofError(found["fault"])
    return Anatomy(
        attachments={name: base64.b64decode(data) for name, data in found["attachments"].items()},
        pages=tuple(tuple(Piece(**piece) for piece in page) for page in found["pages"]),
        elements=tuple(Element(**element) for element in found["elements"]),
        links=tuple(found["links"]),
        active=tuple(found["active"]),
        about=found["about"],
        fonts=tuple((name, digest) for name, digest in found["fonts"]),
    )
