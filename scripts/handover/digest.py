"""Hashes of bytes and of files, and the stamps by which a file is known not to have been touched since."""

import base64
import contextlib
import hashlib
import os
import stat
import sys
import time
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path

#: Inode, size, mtime and ctime in nanoseconds; no program can set a ctime.
Stamp = tuple[int, int, int, int]
#: Stands for a file that does not exist, or of which the imported contents are unknown.
NONE: Stamp = (-1, -1, -1, -1)


def stamp(path: str) -> Stamp:
    """The stamp of a file; `NONE` if there is none."""
    with contextlib.suppress(OSError):
        about = os.stat(path)  # noqa: PTH116 a Path for each costs as much as the look itself
        if stat.S_ISREG(about.st_mode):
            return about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns
    return NONE


def stamps_of(folder: Path, paths: Iterable[str]) -> dict[str, Stamp]:
    """The stamps of the files among paths in a folder; a path to no file is left out."""
    return {path: found for path in paths if (found := stamp(f"{folder}/{path}")) != NONE}


def imported_files() -> set[str]:
    """The files of all modules that are imported."""
    return {file for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}


class Stamps:
    """The stamps of some files, as they are now.

    They fill two blocks of memory. A forked process shares memory pages until one side writes to them, and to look at
    an object is to write its reference count: to go through the modules themselves before each fork would copy some
    ten megabytes.

    Args:
        paths: The files.
        started: When their contents began to be read, in nanoseconds. A file written since counts as changed: which
            of its contents was imported is unknown.
    """

    def __init__(self, paths: Iterable[str], started: int) -> None:
        known = sorted(paths)
        stamps = [one if max(one[2:]) < started else NONE for one in map(stamp, known)]
        self._paths = "\0".join(known)
        self._stamps = array("q", [part for one in stamps for part in one])

    def changed(self) -> str:
        """Name a file that has changed or is gone, as ``changed: name``; "" if there is none."""
        parts = iter(self._stamps)
        for *then, path in zip(parts, parts, parts, parts, self._paths.split("\0"), strict=False):
            if tuple(then) == NONE or tuple(then) != stamp(path):
                return "changed: " + os.path.basename(path)  # noqa: PTH119
        return ""


#: An edition's name carries this many hexadecimal digits of its content's hash.
DIGITS = 8
#: Two writes may get the same time: some file systems keep times in steps of two seconds.
GRAIN_NS = 2_000_000_000

#: Digests by name, each with the stamps of the files that it was computed from.
_kept: dict[str, tuple[dict[str, Stamp], str]] = {}


def of_bytes(data: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unless_touched(name: str, seen: dict[str, Stamp], compute: Callable[[], str]) -> str:
    """A digest of files, computed again only if one of them may have been touched since.

    `name` says what it is a digest of, on this machine; `seen` are the stamps of the files as they are now, which
    `compute` reads.
    """
    then, found = _kept.get(name, ({}, ""))
    if found and then == seen:
        return found
    now = time.time_ns()
    found = compute()
    # a file written a moment ago could be written once more without a new time
    if all(max(times) + GRAIN_NS < now for _, _, *times in seen.values()):
        _kept[name] = seen, found
    return found


def policy(text: str) -> str:
    """The source expression of a Content-Security-Policy that allows a page's inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def of_parts(parts: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 over named parts; each is framed by its name and length, so that no two lists read alike."""
    whole = hashlib.sha256()
    for name, data in parts:
        whole.update(f"{len(name.encode())}:{name}:{len(data)}:".encode())
        whole.update(data)
    return whole.hexdigest()
