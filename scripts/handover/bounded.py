"""Reads files that anyone may have put there: regular ones, no larger than ours are; nothing is waited for."""

import errno
import os
import stat
from pathlib import Path

#: No file of an edition comes near this many bytes.
MOST = 100_000_000


def read(path: Path, most: int = MOST) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: It cannot be read, is no regular file, or has more than `most` bytes; `strerror` says which.
    """
    # a pipe that stands in its place must not be waited for
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            kind = "a folder" if stat.S_ISDIR(about.st_mode) else "no regular file"
            raise OSError(errno.EINVAL, kind, str(path))
        parts, left = [], most + 1
        while left > 0 and about.st_size <= most and (part := os.read(handle, left)):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(handle)
    # it may have grown since it was looked at
    size = max(about.st_size, most + 1 - left)
    if size > most:
        raise OSError(errno.EFBIG, too_large(size, most), str(path))
    return b"".join(parts)


def too_large(size: int, most: int = MOST) -> str:
    """Say that a file is larger than any of ours."""
    return f"{size:,} bytes, too large to be one of ours; {most:,} at most"
