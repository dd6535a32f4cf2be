"""What the files of imported modules looked like, and whether one has changed since."""

import contextlib
import os
import sys
from array import array
from collections.abc import Iterable

#: What stands for a file that is not there, or of which it is not known which contents were imported.
NONE = (-1, -1)


def files() -> set[str]:
    """The files of all modules that are imported."""
    return {file for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}


class Stamps:
    """The times and sizes of some files, as they are now.

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
        stamps = [stamp if stamp[0] < started else NONE for stamp in map(_stamp, known)]
        self._paths = "\0".join(known)
        self._stamps = array("q", [part for stamp in stamps for part in stamp])

    def changed(self) -> str:
        """Say that a file has changed or is gone, and which; an empty text if there is none."""
        parts = iter(self._stamps)
        for *stamp, path in zip(parts, parts, self._paths.split("\0"), strict=False):
            if tuple(stamp) == NONE or tuple(stamp) != _stamp(path):
                return "changed: " + os.path.basename(path)  # noqa: PTH119
        return ""


def _stamp(path: str) -> tuple[int, int]:
    with contextlib.suppress(OSError):
        about = os.stat(path)  # noqa: PTH116
        return about.st_mtime_ns, about.st_size
    return NONE
