"""What is published: the files of editions and of the catalogue, each with its path, its hash and its kind."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from handover import digest
from handover.editions import EDITION, REPORT, Edition, Store, catalogue, manifest
from handover.errors import ShareError

MIMES = {".json": "application/json", ".xml": "application/atom+xml", ".html": "text/html; charset=utf-8"}
#: What to do when a file is not what it should be.
DAMAGED = "A damaged edition is not published: restore its files from git or a copy, and run the command again."
AGAIN = "Run the command again: it goes on where it stopped."


@dataclass(frozen=True, slots=True)
class File:
    """One file of the site: its bytes lie in the store, or are at hand."""

    path: str
    source: Path
    sha256: str
    bytes: int
    mime: str
    data: bytes | None = None

    def read(self) -> bytes:
        """The bytes to publish, which must be those that the manifest describes.

        Raises:
            ShareError: They are not.
        """
        try:
            data = self.source.read_bytes() if self.data is None else self.data
        except OSError as error:
            raise ShareError(
                f"{self.source}: must stay while it is published (got {error.strerror}).\n{AGAIN}"
            ) from error
        if digest.of_bytes(data) != self.sha256:
            raise ShareError(f"{self.source}: must match its manifest, and does not.\n{DAMAGED}")
        return data

    def md5(self) -> str:
        """What object storage calls a file by; no question of trust, only whether it is the one that was put."""
        try:
            data = self.source.read_bytes() if self.data is None else self.data
        except OSError:
            return ""
        return hashlib.md5(data, usedforsecurity=False).hexdigest()


def ours(path: str) -> bool:
    """Whether a file of a mirror was put there by us, so that we may take it away."""
    parts = path.split("/")
    if len(parts) == 3:
        return bool(REPORT.fullmatch(parts[0]) and EDITION.fullmatch(parts[1]))
    return len(parts) == 1 and (path in (catalogue.DATA, catalogue.FEED, catalogue.INDEX) or catalogue.is_archive(path))


def edition(store: Store, about: manifest.Manifest) -> Iterable[File]:
    """The files of an edition, its manifest last."""
    whole = Edition(store.root, about["report"], about["edition"])
    for name, one in sorted(about["outputs"].items()):
        source = whole.folder / name
        mime = MIMES[".html"] if source.suffix == ".html" else one["mime"]
        yield File(f"{whole.report}/{whole.name}/{name}", source, one["sha256"], one["bytes"], mime)
    source = whole.folder / manifest.NAME
    data = source.read_bytes()
    path = f"{whole.report}/{whole.name}/{manifest.NAME}"
    yield File(path, source, digest.of_bytes(data), len(data), MIMES[".json"])


def page(store: Store, name: str, data: bytes) -> File:
    """A file of the catalogue, which need not lie in the store."""
    return File(name, store.root / name, digest.of_bytes(data), len(data), MIMES[Path(name).suffix], data)
