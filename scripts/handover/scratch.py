"""Private folders that are removed after use, whatever interrupts it: temporary ones, and those that files are made in.

A signal may end a process between any two steps, also while a folder is made or removed. So a folder is noted before
it exists and forgotten only when it is gone; what is still noted when the process ends is removed then.

A process that is killed removes nothing. So a record lies beside each folder, which its owner keeps locked: the system
opens the lock when the owner dies, and `sweep` removes each folder whose record is free. A folder without a record is
nobody's leftover, whatever it is called; and no process number is trusted, since numbers live again.
"""

import atexit
import fcntl
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from handover.errors import StoreError

#: Names are short, since the paths of sockets in these folders must be.
PREFIX = "ho-"
NAME_LENGTH = len(PREFIX) + 8

#: Where a folder is made if its path would be too long elsewhere.
SHORT = Path("/tmp")

#: The record of a folder is called as the folder is, with this behind.
RECORD = ".owner"

#: How long to wait at exit for killed processes to stop writing into a folder.
PATIENCE_S = 2.0

#: Folders that may exist, each with its record, open and locked; None where that is not ours.
_noted: dict[Path, int | None] = {}

#: Whether this process ends: a thread that works on beside its end could make a folder that nobody removes.
_over = False
_making = threading.RLock()


@contextmanager
def folder(parent: Path | None = None, prefix: str = PREFIX) -> Iterator[Path]:
    """A private folder in `parent`, or in the system's folder for temporary files, removed after use."""
    made = make(parent, prefix)
    try:
        yield made
    finally:
        remove(made)


def make(parent: Path | None = None, prefix: str = PREFIX) -> Path:
    """Make a private folder that lasts until `remove`, or until the process ends.

    Raises:
        StoreError: It is to be a temporary one, and there is no room for it; or the process ends.
        OSError: The folder that was named refuses.
    """
    if parent is None:
        parent = temporary()
        with room(parent):
            return make(parent, prefix)
    parent = Path(os.path.realpath(parent))
    while (made := parent / f"{prefix}{os.urandom(4).hex()}").exists():
        pass
    with _making:
        if _over:
            raise StoreError(f"{made}: must be made before the program ends.\nRun the command again.")
        _noted[made] = None
        try:
            _noted[made] = _record(made)
            made.mkdir(0o700)
        except OSError:
            remove(made)
            raise
    return made


def temporary() -> Path:
    """The system's folder for temporary files.

    Raises:
        StoreError: Nothing can be written to any that there may be.
    """
    with room(Path(os.environ.get("TMPDIR", "/tmp"))):
        return Path(tempfile.gettempdir())


@contextmanager
def room(place: Path) -> Iterator[None]:
    """Turn an OSError from writing temporary files into an error that names the place and a cure.

    Raises:
        StoreError: The disk refuses.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{place}: must have room for temporary files (got {error.strerror or error}).\n"
            "Free some space there, or point TMPDIR to a folder on another disk, and run the command again."
        ) from error


def adopt(made: Path) -> None:
    """Remove a folder that another process made when this one ends, since that one may be killed before it can."""
    _noted[made] = None


def remove(made: Path) -> None:
    """Remove a folder; if another process still writes into it, try again when this one ends."""
    shutil.rmtree(made, ignore_errors=True)
    if made.exists():
        with suppress(OSError):
            _open_up(made)
        shutil.rmtree(made, ignore_errors=True)
    if not made.exists():
        with suppress(OSError):
            _record_of(made).unlink()
        _close(_noted.pop(made, None))


def sweep(parent: Path) -> None:
    """Remove the folders in `parent` that killed processes of this user have left."""
    with suppress(OSError):
        for name in os.listdir(parent):  # noqa: PTH208  there may be many
            if name.endswith(RECORD):
                with suppress(OSError):
                    _sweep(parent / name.removesuffix(RECORD))


def sweep_temporary() -> None:
    """Remove the temporary folders that killed processes of this user have left."""
    with suppress(StoreError):
        for parent in {temporary(), SHORT}:
            sweep(parent)


def _sweep(made: Path) -> None:
    """Remove a folder if its record says that it was made here, and nobody holds the record."""
    handle = os.open(_record_of(made), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid():
            return
        if os.read(handle, 1024) != _text(made):
            return
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # another sweep may have removed both since the record was opened
        held = made.lstat() if os.path.lexists(made) else None
        own = held is None or (stat.S_ISDIR(held.st_mode) and held.st_uid == os.geteuid())
        if os.fstat(handle).st_nlink and own:
            remove(made)
    finally:
        os.close(handle)


def _record_of(made: Path) -> Path:
    return made.with_name(f"{made.name}{RECORD}")


def _text(made: Path) -> bytes:
    return f"handover removes the folder {made.name} when the process that made it has ended\n".encode()


def _record(made: Path) -> int:
    """Make the record of a folder, which appears whole and locked, on Linux and most of its file systems."""
    with suppress(OSError, AttributeError):
        handle = _fill(os.open(made.parent, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600), made)
        try:
            # only if a folder to start from is given, though the path is absolute, does Python have the link followed
            os.link(f"/proc/self/fd/{handle}", _record_of(made), src_dir_fd=handle, follow_symlinks=True)
        except BaseException:
            os.close(handle)
            raise
        return handle
    # killed between two of these steps, a process leaves an empty file, which nobody can tell from another's
    handle = os.open(_record_of(made), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return _fill(handle, made)


def _fill(handle: int, made: Path) -> int:
    try:
        with suppress(OSError):  # where there are no locks, nothing is swept
            fcntl.flock(handle, fcntl.LOCK_EX)
        os.write(handle, _text(made))
    except BaseException:
        os.close(handle)
        raise
    return handle


def _open_up(folder: Path) -> None:
    """Restore the permissions that a cell may have taken from folders inside; links are not followed."""
    folder.chmod(0o700)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _open_up(Path(entry))


@atexit.register
def remove_all() -> None:
    """Remove what this process has left; to be called before an exit that skips `atexit`."""
    global _over
    with _making:
        _over = True
    give_up = time.monotonic() + PATIENCE_S
    while (left := list(_noted)) and time.monotonic() < give_up:
        for made in left:
            remove(made)
        if _noted:
            time.sleep(0.01)


def _disown() -> None:
    """Leave to the parent of a fork what it made; its locks must end with it, though forks of it live on."""
    global _making
    _making = threading.RLock()  # a thread that held it may not be in the fork
    for handle in _noted.values():
        _close(handle)
    _noted.clear()


def _close(handle: int | None) -> None:
    if handle is not None:
        with suppress(OSError):
            os.close(handle)


os.register_at_fork(after_in_child=_disown)
