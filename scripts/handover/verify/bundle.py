"""A bundle, as `handover bundle` packs it, read back: an edition, and beside it all that it was made from.

Anyone may have packed it. Nothing of it is believed, and no file of it is written outside the folder it is read in.
"""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from handover import bounded, digest, scratch
from handover.editions import Edition, manifest, settings
from handover.errors import HandoverError, VerifyError
from handover.project import MARKER, Project
from handover.text import listed, shown
from handover.verify.record import is_table

#: The checksums of all files of a bundle but themselves, as sha256sum writes them.
SUMS = "SHA256SUMS"
LOCK = "requirements.lock"
#: No bundle comes near these.
FILES_MAX, BYTES_MAX = 1000, 500_000_000


def inputs(report: str, recorded: Mapping[str, Any]) -> dict[str, str]:
    """The files that an edition was made from, by their paths in a project, each with its SHA-256.

    `recorded` are the inputs of its manifest. The notebook counts by its canonical form, which is that of git.
    """
    fixed = {f"notebooks/{report}.ipynb": "notebook", MARKER.as_posix(): "dictionary", LOCK: "lock"}
    return {**recorded["tables"], **{path: recorded[key] for path, key in fixed.items() if recorded[key]}}


def is_inside(path: str) -> bool:
    """Whether a path stays inside the folder that a bundle is unpacked in."""
    parts = PurePosixPath(path).parts
    clean = bool(parts) and not path.startswith("/") and not {"..", ".", ""} & set(path.split("/"))
    return clean and not any(c in path for c in "\\:\0")


def is_bundle(folder: Path) -> bool:
    """Whether a folder is an unpacked bundle."""
    return (folder / SUMS).is_file() and (folder / manifest.NAME).is_file()


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Unpack a bundle into a temporary folder.

    Raises:
        VerifyError: It is none; the text is worded to follow the file's name.
    """
    with scratch.folder() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, folder)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
            raise VerifyError(f"it cannot be unpacked ({shown(error, 80)})") from error
        if not is_bundle(folder):
            raise VerifyError("it is an archive, and no bundle: take the PDF out and verify that")
        yield folder


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(names) > FILES_MAX or sum(entry.file_size for entry in entries) > BYTES_MAX:
        raise ValueError(f"more than {FILES_MAX:,} files or {BYTES_MAX:,} bytes")
    if odd := [name for name in names if not is_inside(name) or names.count(name) > 1]:
        raise ValueError(f"no file of a bundle: {odd[0]!r}")
    archive.extractall(folder)  # of each it stops at the size that was counted above


def faults(edition: Edition) -> list[str]:
    """Compare an unpacked bundle with its checksums, and the edition in it with its manifest; one line a fault."""
    folder = edition.folder
    found = [line for line in edition.faults() if not line.endswith(": is in no manifest")]
    try:
        lines = bounded.read(folder / SUMS, manifest.BYTES_MAX).decode().splitlines()
    except (OSError, ValueError) as error:
        return [*found, f"{SUMS}: must be readable text (got {shown(error, 80)})"]
    named = {path: sha256 for sha256, _, path in (line.partition("  ") for line in lines)}
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
    found += listed(f"{shown(path)}: is not named in {SUMS}" for path in sorted(held - named.keys() - {SUMS}))
    found += listed(f"{shown(path)}: is missing" for path in sorted(named.keys() - held))
    wrong = (path for path in sorted(named.keys() & held) if _sha256(folder, path) != named[path])
    return found + listed(f"{shown(path)}: is not what {SUMS} names" for path in wrong)


def carried(edition: Edition) -> dict[str, bytes]:
    """The files of an unpacked bundle that the edition in it was made from, as its manifest names them, by path."""
    about, found = edition.manifest(), {}
    for path, sha256 in inputs(about["report"], about["inputs"]).items():
        allowed = path in (f"notebooks/{about['report']}.ipynb", LOCK) or is_table(path)
        if allowed and is_inside(path) and _sha256(edition.folder, path) == sha256:
            found[path] = (edition.folder / path).read_bytes()
    with suppress(HandoverError):  # of what it sets, nothing else counts
        found[settings.FILE] = settings.signed(settings.author(Project(edition.folder))).encode()
    return found


def _sha256(folder: Path, path: str) -> str:
    """The hash of a file in a folder, reached through no link; "" where there is none."""
    place = folder.joinpath(*PurePosixPath(path).parts)
    with suppress(OSError, ValueError):
        if place.resolve() == folder.resolve().joinpath(*PurePosixPath(path).parts) and place.is_file():
            return digest.of_file(place)
    return ""
