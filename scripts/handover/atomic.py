"""Durable writes: files and folders are synced, names change in one step, and OS errors come with a cure."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from handover import scratch
from handover.errors import StoreError

#: Names of the folders in which files and folders are made begin so.
STAGING = ".staging-"

CURES = {
    errno.ENOSPC: "Free some space on this disk and run the command again.",
    errno.EDQUOT: "The quota is used up: free some space and run the command again.",
    errno.EACCES: "Give yourself the right to write there, or choose another folder with --out.",
    errno.EPERM: "Give yourself the right to write there, or choose another folder with --out.",
    errno.EROFS: "The file system is read-only: choose another folder with --out.",
    errno.EIO: "The disk reports an error: look at it before anything else.",
    errno.EEXIST: "A file stands where a folder must be: move it away, or name another place.",
    errno.ENOTDIR: "A file stands where a folder must be: move it away.",
    errno.ELOOP: "A symbolic link stands where a file or folder must be: remove it.",
}


@contextmanager
def translate_os_errors(where: Path) -> Iterator[None]:
    """Turn an OSError into a StoreError that names the place and a cure."""
    try:
        yield
    except OSError as error:
        cure = CURES.get(error.errno or 0, "Nothing was published; mend the cause and run the command again.")
        place = error.filename or where
        raise StoreError(f"{place}: must be writable (got {error.strerror or error}).\n{cure}") from error


def create(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet, synced, readable by all whatever the umask."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        os.fchmod(handle, 0o644)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def folder(path: Path) -> None:
    """Make one folder, open to readers whatever the umask."""
    os.mkdir(path)  # noqa: PTH102  the os call, so that tests can make each step fail
    os.chmod(path, 0o755)  # noqa: PTH101


def sync(path: Path) -> None:
    """Sync a folder, so that the names in it last."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(path: Path, data: bytes) -> None:
    """Give a file new bytes in one step: a reader sees the old ones or the new ones."""
    replace_all(path.parent, {path.name: data})


def replace_all(root: Path, files: Mapping[str, bytes]) -> None:
    """Give files of a folder new bytes by name, each in one step and in this order; none if the disk lacks room."""
    with staging(root) as staged:
        for name, data in files.items():
            create(staged / name, data)
        for name in files:
            os.rename(staged / name, root / name)  # noqa: PTH104
            sync(root)


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A private folder in which something is made before it is moved into `root`; what is left in it is removed.

    What killed processes left of such folders in `root` is removed too.
    """
    scratch.sweep(root)
    with scratch.folder(root, STAGING) as staged:
        yield staged


@contextmanager
def held(lock: Path, patience_s: float = 0) -> Iterator[bool]:
    """Try for so many seconds, or for ever if negative, to take a lock that ends with the process that holds it.

    Yields:
        Whether it was free; the file of the lock stays.

    Raises:
        StoreError: The lock cannot be made.
    """
    import filelock

    with translate_os_errors(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        own = filelock.FileLock(lock, timeout=patience_s, mode=0o644)
        with suppress(filelock.Timeout):
            own.acquire()
    try:
        yield own.is_locked
    finally:
        own.release()
