"""A mirror in object storage, or in whatever else fsspec reaches."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from handover import digest
from handover.errors import HandoverError, ShareError, near

#: A page may be kept for ever where its name holds its content, and must be asked for again where it does not.
FOR_EVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
#: The tag of an object that was stored in one piece and in the clear is the MD5 of its bytes.
MD5 = re.compile(r'"?([0-9a-f]{32})"?')
#: Of each kind of object storage: what else must be installed, and the extra of this package that brings it.
INSTALL = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


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


def at(url: str, kind: str) -> Objects:
    """Return the place in object storage that an address means.

    Raises:
        ShareError: fsspec does not know it, or what reaches it is not installed.
    """
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
