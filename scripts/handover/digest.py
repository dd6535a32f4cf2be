"""Hashes: of bytes, of files, and of the content that gives an edition its name."""

import base64
import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from handover.stamps import Stamp

#: An edition's name carries this many hexadecimal digits of its content's hash.
DIGITS = 8
#: Two writings of a file may bear one time, since clocks have grains, of up to two seconds on some disks.
GRAIN_NS = 2_000_000_000

#: Digests by name, each with the stamps of the files that it was worked out from.
_kept: dict[str, tuple[dict[str, Stamp], str]] = {}


def of_bytes(data: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unless_touched(name: str, seen: dict[str, Stamp], work_out: Callable[[], str]) -> str:
    """A digest of files, worked out anew only if one of them may have been touched since.

    Args:
        name: What it is a digest of, on this machine.
        seen: The stamps of the files as they are now.
        work_out: Reads the files.
    """
    then, found = _kept.get(name, ({}, ""))
    if found and then == seen:
        return found
    now = time.time_ns()
    found = work_out()
    # what was written so lately could be written once more and look the same
    if all(max(times) + GRAIN_NS < now for _, _, *times in seen.values()):
        _kept[name] = seen, found
    return found


def policy(text: str) -> str:
    """How a Content-Security-Policy names a style or a script that a page holds itself."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def of_parts(parts: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 over named parts; each is framed by its name and length, so that no two lists read alike."""
    whole = hashlib.sha256()
    for name, data in parts:
        whole.update(f"{len(name.encode())}:{name}:{len(data)}:".encode())
        whole.update(data)
    return whole.hexdigest()
