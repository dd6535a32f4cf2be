"""What tells that a file was touched, and whether modules that are imported have been since."""

import contextlib
import os
import stat
import sys
from array import array
from collections.abc import Iterable
from pathlib import Path

#: A file's number on the disk, its size, and its times, of which nobody sets the last.
Stamp = tuple[int, int, int, int]
#: What stands for a file that is not there, or of which it is not known which contents were imported.
NONE: Stamp = (-1, -1, -1, -1)


def of(path: str) -> Stamp:
    """The stamp of a file; `NONE` if there is none."""
    with contextlib.suppress(OSError):
        about = os.stat(path)  # noqa: PTH116 a Path for each costs as much as the look itself
        if stat.S_ISREG(about.st_mode):
            return about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns
    return NONE


def of_all(folder: Path, paths: Iterable[str]) -> dict[str, Stamp]:
    """The stamps of the files among paths in a folder; what is no file, or leads to none, is left out."""
    return {path: found for path in paths if (found := of(f"{folder}/{path}")) != NONE}


def files() -> set[str]:
    """The files of all modules that are imported."""
    return {file for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}


class Stamps:
    """The stamps of some files, as they are now.

    They are held in two blocks of memory. Who forks shares every page of his with the fork until one of them writes
    to it, and looking at an object writes to it, in its count of references: to go through the modules themselves
    before each fork would copy some ten megabytes.

    Args:
        paths: The files.
        started: When their contents began to be read, in nanoseconds. Of a file written since it is not known which
            of two contents was imported: it counts as changed.
    """

    def __init__(self, paths: Iterable[str], started: int) -> None:
        known = sorted(paths)
        stamps = [stamp if max(stamp[2:]) < started else NONE for stamp in map(of, known)]
        self._paths = "\0".join(known)
        self._stamps = array("q", [part for stamp in stamps for part in stamp])

    def changed(self) -> str:
        """Say that a file has changed or is gone, and which; an empty text if there is none."""
        parts = iter(self._stamps)
        for *stamp, path in zip(parts, parts, parts, parts, self._paths.split("\0"), strict=False):
            if tuple(stamp) == NONE or tuple(stamp) != of(path):
                return "changed: " + os.path.basename(path)  # noqa: PTH119
        return ""
