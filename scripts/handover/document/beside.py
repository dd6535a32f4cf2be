"""Pictures that lie beside a notebook: read from its project's folder, and from nowhere else."""

import os
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

#: How the names of pictures end.
PICTURES = (".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".tif", ".tiff", ".webp")
#: Bytes of one picture, and of all pictures together, that a page may carry.
BIGGEST, MOST = 20_000_000, 100_000_000


class Beside:
    """The folder in which a notebook finds pictures, and those that it showed.

    Attributes:
        shown: The files of pictures that are part of the document, by path in the folder.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        """Let a notebook that lies in `folder` show what lies in `root`, which holds that folder."""
        self.shown: dict[str, bytes] = {}
        self._root = root.resolve()
        self._folder = folder.resolve().relative_to(self._root).as_posix()

    def path(self, address: str) -> str:
        """The path in the folder of the file that an address names; "" if it may not be read.

        A notebook from elsewhere must not carry any file of this machine away: no address leads out of the folder,
        directly, through ``..`` or through a symbolic link.
        """
        name = unquote(address.partition("#")[0].partition("?")[0])
        if not name or name.startswith("/") or ":" in name.split("/")[0] or "\\" in name or not name.isprintable():
            return ""
        parts = PurePosixPath(os.path.normpath(f"{self._folder}/{name}")).parts
        steps = [self._root.joinpath(*parts[: depth + 1]) for depth in range(len(parts))]
        try:
            if ".." in parts or any(step.is_symlink() for step in steps) or not steps[-1].is_file():
                return ""
            return "/".join(parts) if steps[-1].stat().st_size <= BIGGEST else ""
        except (OSError, ValueError, IndexError):
            return ""  # e.g. a name that is too long for a file

    def read(self, path: str) -> bytes | None:
        """The file at a path that `path` gave; None if it cannot be read, or there would be too much of it."""
        if path in self.shown:
            return self.shown[path]
        try:
            data = (self._root / path).read_bytes()
        except OSError:
            return None
        return data if len(data) + sum(map(len, self.shown.values())) <= MOST else None
