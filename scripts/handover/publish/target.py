"""Where a mirror is kept: a folder, or object storage, or anything else of that kind that fsspec reaches.

Both tell what is there, tell whether a file is the very same, and put and delete one file at a time, each in one step.
Times are never asked: clocks differ, and a restored backup is young.
"""

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handover import addresses, atomic, digest, git, scratch
from handover.editions import Store
from handover.errors import GitError, HandoverError, PublishError, itemised, near
from handover.text import FEW, listed

#: A page may be kept for ever where its name holds its content, and must be asked for again where it does not.
FOR_EVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
#: The tag of an object that was stored in one piece and in the clear is the MD5 of its bytes.
MD5 = re.compile(r'"?([0-9a-f]{32})"?')
#: Storage that keeps files, by the scheme of its addresses, each with the package that fsspec needs for it.
STORAGE = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("az", "abfs"), "adlfs"),
    **dict.fromkeys(("sftp", "ssh"), "paramiko"),
    **{"oci": "ocifs", "oss": "ossfs", "smb": "smbprotocol", "webdav": "webdav4", "ftp": "fsspec"},
}
CHECK = "Check the address, the credentials and the network, then run the command again: it goes on where it stopped."


def of(text: str, store: Store, *, force: bool = False) -> "Target":
    """Return the target that a text names: a folder, or an address of storage such as ``s3://bucket/path``.

    A folder may neither lie in the store that is to be mirrored nor hold it or its checkout; one in the checkout that
    git does not ignore is accepted with `force`.

    Raises:
        HandoverError: It is none of these, could mean something else, or its driver is not installed.
    """
    found = addresses.read(text, "publish")
    if isinstance(found, str):
        return _objects(found)
    root = Path(os.path.realpath(found))
    there = next(path for path in (root, *root.parents) if _look(path))
    if not there.is_dir():
        raise PublishError(f"{text}: must be a folder (got a file, {there}).\nName another place for the mirror.")
    _check_place(text, root, store, force)
    return Folder(root)


def _check_place(text: str, root: Path, store: Store, force: bool) -> None:
    """Refuse a folder where a mirror would mix with what it is made from."""
    held = store.root.resolve()
    checkout = store.project.root.resolve() if store.project else held
    if root.is_relative_to(held):
        raise PublishError(
            f"{text}: must lie outside {store.root} (got a folder in it).\nName another folder for the mirror."
        )
    if held.is_relative_to(root) or checkout.is_relative_to(root):
        raise PublishError(
            f"{text}: must not hold what is published (got {root}, which holds {checkout}).\n"
            "Name a folder of its own for the mirror."
        )
    if root.is_relative_to(checkout) and not force:
        with suppress(GitError):
            if git.run(checkout, "check-ignore", "--", f"{root}/"):
                return
        raise PublishError(
            f"{text}: must lie outside the checkout, or where git ignores it (got {root}).\n"
            "Name another folder, add it to .gitignore, or say --force."
        )


@dataclass(slots=True)
class Folder:
    """A folder of this machine, or of another that is mounted here."""

    root: Path
    #: How many files may be put at once; each is synced, which is mostly waiting.
    at_once: int = 8

    def sizes(self, paths: Collection[str]) -> dict[str, int]:
        """Return the sizes of those files that are there, by path; of a link, which is no file of ours, -1.

        Raises:
            PublishError: A file or link stands where a folder must be, or a folder where a file must be.
        """
        found, faults = {}, []
        for path in paths:
            if fault := self._obstacle(path):
                faults.append(fault)
            elif about := _look(self.root / path):
                found[path] = -1 if stat.S_ISLNK(about.st_mode) else about.st_size
        if faults:
            cure = "Move them away, or name another folder; nothing was published."
            lines = listed(dict.fromkeys(faults), FEW)
            raise PublishError(itemised(f"{self.root}: must have room for the mirror:", lines, cure))
        return found

    def _obstacle(self, path: str) -> str:
        """Say what makes it impossible to put a file at a path; "" if nothing does."""
        for folder in [*Path(path).parents][-2::-1]:
            about = _look(self.root / folder)
            if not about:
                return ""
            if not stat.S_ISDIR(about.st_mode):
                return f"{folder}: must be a folder (got a {'link' if stat.S_ISLNK(about.st_mode) else 'file'})"
        about = _look(self.root / path)
        if about and not (stat.S_ISREG(about.st_mode) or stat.S_ISLNK(about.st_mode)):
            return f"{path}: must be a file (got a {'folder' if stat.S_ISDIR(about.st_mode) else 'device'})"
        return ""

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the first bytes of a file; none of anything that is no file, and None if nothing is there."""
        about = _look(self.root / path)
        with atomic.translate_os_errors(self.root / path):
            if about and stat.S_ISREG(about.st_mode):
                with (self.root / path).open("rb") as file:
                    return file.read(limit)
        return b"" if about else None

    def sha256(self, path: str) -> str:
        """Return the hash of a file; "" if there is none, or a link."""
        about = _look(self.root / path)
        with atomic.translate_os_errors(self.root / path):
            return digest.of_file(self.root / path) if about and stat.S_ISREG(about.st_mode) else ""

    def same(self, path: str, sha256: str, md5: Callable[[], str]) -> bool:
        """Whether a file that is there with the right size holds the bytes with these hashes."""
        return self.sha256(path) == sha256

    def sweep(self) -> None:
        """Remove what an interrupted run left half made."""
        if self.root.exists():
            with atomic.translate_os_errors(self.root):
                scratch.sweep(self.root)

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

    def sizes(self, paths: Collection[str]) -> dict[str, int]:
        """Return the sizes of those objects that are there, by path; note the tags that come along."""
        with _reached(self.url):
            self.fs.invalidate_cache()
            try:
                found = self.fs.find(self.root, detail=True)
            except FileNotFoundError:
                found = {}
        there = {name.removeprefix(self.root).lstrip("/"): about for name, about in found.items()}
        below = {path: there[path] for path in paths if path in there}
        tagged = {path: MD5.fullmatch(str(about.get("ETag", ""))) for path, about in below.items()}
        self.tags = {path: match[1] for path, match in tagged.items() if match}
        return {path: int(about["size"]) for path, about in below.items()}

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the first bytes of an object; None if there is none."""
        with _reached(self.url):
            try:
                return self.fs.cat_file(f"{self.root}/{path}", end=limit)
            except FileNotFoundError:
                return None

    def sha256(self, path: str) -> str:
        """Return the hash of an object, which is read back."""
        with _reached(self.url):
            return digest.of_bytes(self.fs.cat_file(f"{self.root}/{path}"))

    def same(self, path: str, sha256: str, md5: Callable[[], str]) -> bool:
        """Whether the object's tag is this MD5; an object with another tag, or none, is read back."""
        return (path in self.tags and self.tags[path] == md5()) or self.sha256(path) == sha256

    def sweep(self) -> None:
        """Do nothing: an object is put in one step, and nothing is left of one that was not."""

    def put(self, path: str, data: bytes, mime: str, *, lasting: bool) -> None:
        """Store an object, on S3 with the headers that a browser needs."""
        how = {"ContentType": mime, "CacheControl": FOR_EVER if lasting else ASK_AGAIN}
        headers = how if self.url.startswith(("s3://", "s3a://")) else {}
        with _reached(self.url):
            self.fs.pipe_file(f"{self.root}/{path}", data, **headers)

    def delete(self, path: str) -> None:
        """Delete an object, if it is there."""
        with _reached(self.url), suppress(FileNotFoundError):
            self.fs.rm_file(f"{self.root}/{path}")

    def address(self, path: str) -> str:
        """Return the address of an object."""
        return f"{self.url.rstrip('/')}/{path}"


Target = Folder | Objects


def _objects(url: str) -> Objects:
    import fsspec

    kind = url.split(":")[0]
    if kind not in STORAGE:
        reads = "only serves files" if kind in ("http", "https") else f"keeps none{near(kind, STORAGE)}"
        raise PublishError(
            f"{url}: must be a folder, or an address of storage that keeps files (got {kind}://, which {reads}).\n"
            "Object storage is s3://bucket/path."
        )
    with _reached(url):
        try:
            fs, root = fsspec.url_to_fs(url)
        except ImportError as error:
            missing = STORAGE[kind]
            # what the lock pins comes from there
            install = "scripts/setup all" if missing == "s3fs" else f".venv/bin/python -m pip install {missing}"
            raise PublishError(
                f"{url}: must be reached through {missing}, which is missing.\nInstall it, in the checkout: {install}"
            ) from error
    return Objects(url, fs, root.rstrip("/"))


@contextmanager
def _reached(url: str) -> Iterator[None]:
    """Turn the errors of any driver into one that names the place."""
    try:
        yield
    except HandoverError:
        raise
    except Exception as error:
        raise PublishError(
            f"{url}: must be there, and open to you (got {type(error).__name__}: {error}).\n{CHECK}"
        ) from error


def _look(path: Path) -> os.stat_result | None:
    """What stands at a path, not what a link leads to; None for nothing."""
    with atomic.translate_os_errors(path):
        try:
            return path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
