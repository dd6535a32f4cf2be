"""Durable writes: files and folders are synced, names change in one step, and OS errors come with a cure."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from handover.errors import StoreError

#: Names of half-written files and folders begin so; the id of the process that writes them follows.
STAGING = ".staging-"

CURES = {
    errno.ENOSPC: "Free some space on this disk and run the command again.",
    errno.EDQUOT: "The quota is used up: free some space and run the command again.",
    errno.EACCES: "Give yourself the right to write there, or choose another folder with --out.",
    errno.EPERM: "Give yourself the right to write there, or choose another folder with --out.",
    errno.EROFS: "The file system is read-only: choose another folder with --out.",
    errno.EIO: "The disk reports an error: look at it before anything else.",
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
        write(handle, data)
    finally:
        os.close(handle)


def write(handle: int, data: bytes) -> None:
    """Write all bytes to an open file, and sync it."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
    os.fsync(handle)


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
    half = path.with_name(f"{staging()}-{path.name}")
    try:
        create(half, data)
        os.rename(half, path)  # noqa: PTH104
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    sync(path.parent)


def staging() -> str:
    """A new name for a file or folder that this process is writing."""
    return f"{STAGING}{os.getpid()}-{secrets.token_hex(4)}"


def sweep(root: Path) -> None:
    """Remove what ended processes left half written; the caller holds the lock."""
    for path in root.glob(f"{STAGING}*"):
        owner = path.name.removeprefix(STAGING).split("-")[0]
        if owner.isdigit() and int(owner) != os.getpid() and _alive(int(owner)):
            continue
        remove(path)


def remove(path: Path) -> None:
    """Remove a file or folder if it exists; of a link, only the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
