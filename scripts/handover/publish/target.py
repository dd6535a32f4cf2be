"""Where a mirror is kept: a folder, or object storage, or anything else that fsspec reaches.

Both list what is there, tell whether a file is the very same, and put and delete one file at a time, each in one step.
Times are never asked: clocks differ, and a restored backup is young.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from handover import atomic, digest, scratch
from handover.errors import HandoverError, PublishError, near

#: A page may be kept for ever where its name holds its content, and must be asked for again where it does not.
FOR_EVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
#: The tag of an object that was stored in one piece and in the clear is the MD5 of its bytes.
MD5 = re.compile(r'"?([0-9a-f]{32})"?')
#: The package that each kind of object storage needs.
DRIVERS = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


def of(url: str, store: Path) -> "Target":
    """Return the target that a URL names: a folder outside the `store` that is mirrored, or ``s3://bucket/path``.

    Raises:
        PublishError: It is neither, or its driver is not installed.
    """
    kind = urlsplit(url).scheme if "://" in url else ""
    if kind not in ("", "file"):
        return _objects(url, kind)
    root = Path(url.removeprefix("file://")).resolve()
    if root == store.resolve() or store.resolve() in root.parents:
        raise PublishError(
            f"{url}: must lie outside {store} (got a folder in it).\nName another folder for the mirror."
        )
    if root.exists() and not root.is_dir():
        raise PublishError(f"{url}: must be a folder (got a file).\nName another place for the mirror.")
    return Folder(root)


@dataclass(slots=True)
class Folder:
    """A folder of this machine, or of another that is mounted here."""

    root: Path
    #: How many files may be put at once; each is synced, which is mostly waiting.
    at_once: int = 8

    def listing(self) -> dict[str, int]:
        """Return the size of every file there, by path; what an interrupted run left half made is swept away."""
        if not self.root.exists():
            return {}
        with atomic.translate_os_errors(self.root):
            scratch.sweep(self.root)
            paths = [Path(folder) / name for folder, _, names in os.walk(self.root) for name in names]
            # a link is replaced, whatever it leads to
            sizes = {path: -1 if path.is_symlink() else path.stat().st_size for path in paths}
        return {path.relative_to(self.root).as_posix(): size for path, size in sizes.items()}

    def same(self, path: str, sha256: str, md5: Callable[[], str]) -> bool:
        """Whether a file that is listed there with the right size holds the bytes with these hashes."""
        with atomic.translate_os_errors(self.root / path):
            return digest.of_file(self.root / path) == sha256

    def put(self, path: str, data: bytes, mime: str, *, lasting: bool) -> None:
        """Store a file in one step: written among the mirror's files, then renamed into place."""
        target = self.root / path
        with atomic.translate_os_errors(target):
            for folder in reversed(target.parents):
                if not folder.exists():
                    with suppress(FileExistsError):
                        atomic.folder(folder)
            with atomic.staging(self.root) as staged:
                atomic.create(staged / target.name, data)
                os.rename(staged / target.name, target)  # noqa: PTH104
            atomic.sync(target.parent)

    def delete(self, path: str) -> None:
        """Remove a file, if it is there, and the folders that it leaves empty."""
        with atomic.translate_os_errors(self.root / path):
            (self.root / path).unlink(missing_ok=True)
            for folder in (self.root / path).relative_to(self.root).parents[:-1]:
                with suppress(OSError):  # it holds something still, or is gone already
                    (self.root / folder).rmdir()

    def address(self, path: str) -> str:
        """Return the path of a file as people and commands name it."""
        return str(self.root / path)


@dataclass(slots=True)
class Objects:
    """Object storage, or anything else that fsspec reaches."""

    url: str
    fs: Any
    root: str
    at_once: int = 16
    tags: dict[str, str] = field(default_factory=dict)

    def listing(self) -> dict[str, int]:
        """Return the size of every object there, by path below the address; note the tags that come along."""
        with self._errors_translated():
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
        with self._errors_translated():
            return digest.of_bytes(self.fs.cat_file(f"{self.root}/{path}")) == sha256

    def put(self, path: str, data: bytes, mime: str, *, lasting: bool) -> None:
        """Store an object, on S3 with the headers that a browser needs."""
        is_s3 = "s3" in ((self.fs.protocol,) if isinstance(self.fs.protocol, str) else self.fs.protocol)
        headers = {"ContentType": mime, "CacheControl": FOR_EVER if lasting else ASK_AGAIN} if is_s3 else {}
        with self._errors_translated():
            self.fs.pipe_file(f"{self.root}/{path}", data, **headers)

    def delete(self, path: str) -> None:
        """Delete an object, if it is there."""
        with self._errors_translated(), suppress(FileNotFoundError):
            self.fs.rm_file(f"{self.root}/{path}")

    def address(self, path: str) -> str:
        """Return the address of an object."""
        return f"{self.url.rstrip('/')}/{path}"

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        """Turn the errors of any driver into one that names the place."""
        try:
            yield
        except HandoverError:
            raise
        except Exception as error:
            raise PublishError(
                f"{self.url}: must be there, and open to you (got {type(error).__name__}: {error}).\n"
                "Check the address, the credentials and the network, then run the command again: it goes on where "
                "it stopped."
            ) from error


Target = Folder | Objects


def _objects(url: str, kind: str) -> Objects:
    import fsspec

    known = fsspec.available_protocols()
    if kind not in known:
        raise PublishError(
            f"{url}: must be a folder, or an address that fsspec knows (got {kind}://{near(kind, known)}).\n"
            "Object storage is s3://bucket/path."
        )
    root = fsspec.core.strip_protocol(url).rstrip("/")
    if not root:
        raise PublishError(f"{url}: must name a place there, as in {kind}://bucket/path.\nName the bucket.")
    try:
        return Objects(url, fsspec.filesystem(kind), root)
    except ImportError as error:
        driver = DRIVERS.get(kind)
        cure = f"Install it: .venv/bin/pip install {driver}" if driver else f"{error}"
        extra = ' (it is the extra "s3" of this package)' if driver == "s3fs" else ""
        raise PublishError(
            f"{url}: must be reached through {driver or 'a driver'}, which is missing.\n{cure}{extra}."
        ) from error
