"""Hashes: of bytes, of files, and of the content that gives an edition its name."""

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path

#: An edition's name carries this many hexadecimal digits of its content's hash.
DIGITS = 8


def of_bytes(data: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
