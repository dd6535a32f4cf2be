"""Temporary folders that are removed after use, whatever interrupts it.

A signal may end a process between any two steps, also while a folder is made or removed. So a folder is noted before
it exists and forgotten only when it is gone; what is still noted when the process ends is removed then.
"""

import atexit
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Names are short, since the paths of sockets in these folders must be.
PREFIX = "ho-"
NAME_LENGTH = len(PREFIX) + 8

#: How long to wait at exit for killed processes to stop writing into a folder.
PATIENCE_S = 2.0

#: Folders that may exist, with the process that owns each: a fork must not remove those of its parent.
_noted: dict[Path, int] = {}


@contextmanager
def folder(parent: Path | None = None) -> Iterator[Path]:
    """A private folder in `parent`, or in the system's folder for temporary files, removed after use."""
    made = make(parent)
    try:
        yield made
    finally:
        remove(made)


def make(parent: Path | None = None) -> Path:
    """Make a private folder that lasts until `remove`, or until the process ends."""
    parent = Path(os.path.realpath(parent or tempfile.gettempdir()))
    while True:
        made = parent / f"{PREFIX}{secrets.token_hex(4)}"
        if made.exists():
            continue
        _noted[made] = os.getpid()
        made.mkdir(0o700)
        return made


def adopt(made: Path) -> None:
    """Remove a folder that another process made when this one ends, since that one may be killed before it can."""
    _noted[made] = os.getpid()


def remove(made: Path) -> None:
    """Remove a folder; if another process still writes into it, try again when this one ends."""
    shutil.rmtree(made, ignore_errors=True)
    if made.exists():
        with suppress(OSError):
            _open_up(made)
        shutil.rmtree(made, ignore_errors=True)
    if not made.exists():
        _noted.pop(made, None)


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
    give_up = time.monotonic() + PATIENCE_S
    while (left := [made for made, owner in list(_noted.items()) if owner == os.getpid()]) and (
        time.monotonic() < give_up
    ):
        for made in left:
            remove(made)
        time.sleep(0.01)
