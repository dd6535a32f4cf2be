"""Cut typefaces, kept on disk between runs: the folder may be deleted, torn or refused at no cost but a new cut."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

#: Bytes of the digest that a file begins with, so that a damaged one is noticed.
DIGEST = 32


def find(key: bytes) -> bytes | None:
    """What was kept under a key that names all it depends on; None if nothing whole is there."""
    with suppress(OSError, RuntimeError):
        held = _path(key).read_bytes()
        if hashlib.sha256(held[DIGEST:]).digest() == held[:DIGEST]:
            return held[DIGEST:]
    return None


def keep(key: bytes, data: bytes) -> None:
    """Keep something, in one step; what cannot be kept is not."""
    with suppress(OSError, RuntimeError):
        path = _path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, half = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(data).digest() + data)
            Path(half).replace(path)
        except BaseException:
            Path(half).unlink(missing_ok=True)
            raise


def _path(key: bytes) -> Path:
    folder = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(folder) if Path(folder).is_absolute() else Path.home() / ".cache"
    return root / "handover" / "faces" / f"{hashlib.sha256(key).hexdigest()}.woff2"
