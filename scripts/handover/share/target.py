"""Where a mirror is kept: a folder, or object storage through fsspec.

Both say what is there, tell whether a file is the very same, and put and delete one file at a time, each in one step.
Times are never asked: clocks differ, and a restored backup is young.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from handover.errors import HandoverError, ShareError, near
from handover.press import digest, disk

#: A page may be kept for ever where its name holds its content, and must be asked for again where it does not.
FOR_EVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
#: The tag of an object that was stored in one piece and in the clear is the MD5 of its bytes.
MD5 = re.compile(r'"?([0-9a-f]{32})"?')
#: Of each kind of object storage: what else must be installed, and the extra of this package that brings it.
INSTALL = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


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
        return _objects(url, kind)
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
        with disk.told(self.root):
            disk.sweep(self.root)
            found = {}
            for folder, _, names in os.walk(self.root):
                for name in names:
                    path = Path(folder) / name
                    # a link is replaced, whatever it leads to
                    found[path.relative_to(self.root).as_posix()] = -1 if path.is_symlink() else path.stat().st_size
            return found

    def same(self, path: str, sha256: str, md5: Callable[[], str]) -> bool:
        """Whether the file there has this SHA-256."""
        with disk.told(self.root / path):
            return digest.of_file(self.root / path) == sha256

    def put(self, path: str, data: bytes, mime: str, *, lasting: bool) -> None:
        """Write beside the mirror's files, then rename into place."""
        with disk.told(self.root / path):
            for folder in reversed((self.root / path).parents):
                if not folder.exists():
                    with suppress(FileExistsError):
                        disk.folder(folder)
            half = self.root / disk.staging()
            try:
                disk.create(half, data)
                half.replace(self.root / path)
            except BaseException:
                half.unlink(missing_ok=True)
                raise
            disk.sync((self.root / path).parent)

    def delete(self, path: str) -> None:
        """Remove a file, and the folders that it leaves empty."""
        with disk.told(self.root / path):
            (self.root / path).unlink(missing_ok=True)
            for folder in (self.root / path).relative_to(self.root).parents:
                if folder != Path():
                    with suppress(OSError):  # it holds something still, or is gone already
                        (self.root / folder).rmdir()

    def address(self, path: str) -> str:
        """Its path."""
        return str(self.root / path)


@dataclass(slots=True)
class Objects:
    """Object storage, or whatever else fsspec reaches."""

    url: str
    fs: Any
    root: str
    at_once: int = 16
    tags: dict[str, str] = field(default_factory=dict)

    def listing(self) -> dict[str, int]:
        """The size of every object there, by path below the address; notes the tags that come along."""
        with self._told():
            self.fs.invalidate_cache()
            try:
                found = self.fs.find(self.root, detail=True)
            except FileNotFoundError:
                found = {}
        below: Mapping[str, Any] = {name.removeprefix(self.root).lstrip("/"): info for name, info in found.items()}
        tagged = {path: MD5.fullmatch(str(info.get("ETag", ""))) for path, info in below.items()}
        self.tags = {path: match[1] for path, match in tagged.items() if match}
        return {path: int(info["size"]) for path, info in below.items()}

    def same(self, path: str, sha256: str, md5: Callable[[], str]) -> bool:
        """Whether the object's tag is this MD5; an object with another tag, or none, is read back."""
        if path in self.tags and self.tags[path] == md5():
            return True
        with self._told():
            return digest.of_bytes(self.fs.cat_file(f"{self.root}/{path}")) == sha256

    def put(self, path: str, data: bytes, mime: str, *, lasting: bool) -> None:
        """Store an object, with what a browser must know of it where the storage can say so."""
        told = {"ContentType": mime, "CacheControl": FOR_EVER if lasting else ASK_AGAIN} if self._s3 else {}
        with self._told():
            self.fs.pipe_file(f"{self.root}/{path}", data, **told)

    def delete(self, path: str) -> None:
        """Delete an object."""
        with self._told():
            try:
                self.fs.rm_file(f"{self.root}/{path}")
            except FileNotFoundError:
                return

    def address(self, path: str) -> str:
        """Its address."""
        return f"{self.url.rstrip('/')}/{path}"

    @property
    def _s3(self) -> bool:
        kinds = (self.fs.protocol,) if isinstance(self.fs.protocol, str) else self.fs.protocol
        return "s3" in kinds

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn whatever a driver raises, each its own kinds, into one error that names the place."""
        try:
            yield
        except HandoverError:
            raise
        except Exception as error:
            raise ShareError(
                f"{self.url}: must be there, and open to you (got {type(error).__name__}: {error}).\n"
                "Check the address, the credentials and the network, then run the command again: it goes on where "
                "it stopped."
            ) from error


def _objects(url: str, kind: str) -> Objects:
    import fsspec

    known = fsspec.available_protocols()
    if kind not in known:
        raise ShareError(
            f"{url}: must be a folder, or an address that fsspec knows (got {kind}://{near(kind, known)}).\n"
            "Object storage is s3://bucket/path."
        )
    root = fsspec.core.strip_protocol(url).rstrip("/")
    if not root:
        raise ShareError(f"{url}: must name a place there, as in {kind}://bucket/path.\nName the bucket.")
    return Objects(url, _driver(url, kind, lambda: fsspec.filesystem(kind)), root)


def _driver(url: str, kind: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except ImportError as error:
        wanted = INSTALL.get(kind)
        cure = f"Install it: .venv/bin/pip install {wanted}" if wanted else f"{error}"
        extra = ' (it is the extra "s3" of this package)' if wanted == "s3fs" else ""
        raise ShareError(
            f"{url}: must be reached through {wanted or 'a driver'}, which is missing.\n{cure}{extra}."
        ) from error
