"""Where a mirror is kept: a folder, as here, or object storage, as in `handover.publish.objects`.

Both say what is there, tell whether a file is the very same, and put and delete one file at a time, each in one step.
Times are never asked: clocks differ, and a restored backup is young.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from handover import atomic, digest
from handover.errors import ShareError


class Target(Protocol):
    """A place for a mirror."""

    #: How many files may be put at once.
    at_once: int

    def listing(self) -> dict[str, int]:
        """The size of every file there, by path."""

    def same(self, path: str, sha256: str, md5: Callable[[], str]) -> bool:
        """Whether a file that is listed there with the right size holds the bytes with these hashes."""

    def put(self, path: str, data: bytes, mime: str, *, lasting: bool) -> None:
        """Store a file whole, in one step."""

    def delete(self, path: str) -> None:
        """Take a file away; one that is gone already is no fault."""

    def address(self, path: str) -> str:
        """A file as people and commands name it."""


def of(url: str, store: Path) -> Target:
    """Return the target that an address means.

    Args:
        url: A folder, or an address such as ``s3://bucket/path``.
        store: The folder that is to be mirrored; it cannot be its own mirror.

    Raises:
        ShareError: It is neither, or what reaches it is not installed.
    """
    kind = urlsplit(url).scheme if "://" in url else ""
    if kind not in ("", "file"):
        from handover.publish import objects

        return objects.at(url, kind)
    root = Path(url.removeprefix("file://")).resolve()
    if root == store.resolve() or store.resolve() in root.parents:
        raise ShareError(f"{url}: must lie outside {store} (got a folder in it).\nName another folder for the mirror.")
    if root.exists() and not root.is_dir():
        raise ShareError(f"{url}: must be a folder (got a file).\nName another place for the mirror.")
    return Folder(root)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine, or of another that is mounted here."""

    root: Path
    #: Each file is synced, which is mostly waiting.
    at_once: int = 8

    def listing(self) -> dict[str, int]:
        """The size of every file there, by path; what an interrupted run left half made is swept away."""
        if not self.root.exists():
            return {}
        with atomic.told(self.root):
            atomic.sweep(self.root)
            found = {}
            for folder, _, names in os.walk(self.root):
                for name in names:
                    path = Path(folder) / name
                    # a link is replaced, whatever it leads to
                    found[path.relative_to(self.root).as_posix()] = -1 if path.is_symlink() else path.stat().st_size
            return found

    def same(self, path: str, sha256: str, md5: Callable[[], str]) -> bool:
        """Whether the file there has this SHA-256."""
        with atomic.told(self.root / path):
            return digest.of_file(self.root / path) == sha256

    def put(self, path: str, data: bytes, mime: str, *, lasting: bool) -> None:
        """Write beside the mirror's files, then rename into place."""
        with atomic.told(self.root / path):
            for folder in reversed((self.root / path).parents):
                if not folder.exists():
                    with suppress(FileExistsError):
                        atomic.folder(folder)
            half = self.root / atomic.staging()
            try:
                atomic.create(half, data)
                half.replace(self.root / path)
            except BaseException:
                half.unlink(missing_ok=True)
                raise
            atomic.sync((self.root / path).parent)

    def delete(self, path: str) -> None:
        """Remove a file, and the folders that it leaves empty."""
        with atomic.told(self.root / path):
            (self.root / path).unlink(missing_ok=True)
            for folder in (self.root / path).relative_to(self.root).parents:
                if folder != Path():
                    with suppress(OSError):  # it holds something still, or is gone already
                        (self.root / folder).rmdir()

    def address(self, path: str) -> str:
        """Its path."""
        return str(self.root / path)
