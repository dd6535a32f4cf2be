"""Temporary folders that are gone after use, whatever breaks into the use of them.

A signal may end a process between any two steps, in the making and in the removal of a folder as well. So a folder
is noted before it is there and forgotten only when it is gone, and what is still noted at the end of the process is
removed then.
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

#: Begins the name of each folder; the whole name has eleven characters, since paths of sockets must be short.
PREFIX = "ho-"
NAME_LENGTH = len(PREFIX) + 8

#: How long the end waits for others, killed already, to write no more into a folder that is to go.
PATIENCE_S = 2.0

#: The folders there may be, each with the process that made it: a fork must not remove what is not its own.
_noted: dict[Path, int] = {}


@contextmanager
def folder(parent: Path | None = None) -> Iterator[Path]:
    """A private folder, gone after use.

    Args:
        parent: Where to make it; the folder for temporary files if left out.
    """
    made = make(parent)
    try:
        yield made
    finally:
        remove(made)


def make(parent: Path | None = None) -> Path:
    """Make what `folder` gives, for one who calls `remove` himself, or leaves it to the end of the process."""
    parent = Path(os.path.realpath(parent or tempfile.gettempdir()))
    while True:
        made = parent / f"{PREFIX}{secrets.token_hex(4)}"
        if made.exists():
            continue
        _noted[made] = os.getpid()
        made.mkdir(0o700)
        return made


def adopt(made: Path) -> None:
    """Remove at the end of this process a folder that another one made, which may be killed before it can."""
    _noted[made] = os.getpid()


def remove(made: Path) -> None:
    """Remove a folder; one that somebody still writes into is tried again at the end of the process."""
    shutil.rmtree(made, ignore_errors=True)
    if made.exists():
        with suppress(OSError):
            _open_up(made)
        shutil.rmtree(made, ignore_errors=True)
    if not made.exists():
        _noted.pop(made, None)


def _open_up(folder: Path) -> None:
    """Give back the rights that a cell may have taken from folders in there; links are not followed."""
    folder.chmod(0o700)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _open_up(Path(entry))


@atexit.register
def remove_all() -> None:
    """Remove what this process has left; for who ends it in a way that Python does not know as its end."""
    give_up = time.monotonic() + PATIENCE_S
    while (left := [made for made, owner in list(_noted.items()) if owner == os.getpid()]) and (
        time.monotonic() < give_up
    ):
        for made in left:
            remove(made)
        time.sleep(0.01)
