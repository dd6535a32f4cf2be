"""An edition and all that made it as one file: the same bytes wherever and whenever it is packed.

Nothing of the checkout goes in. The notebook, the tables and their dictionary are those attached to the PDF, so
that an edition can be packed years later, or far from the project.
"""

import datetime as dt
import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from handover import atomic, bounded, digest
from handover.editions import RECORD, Edition, file_name, manifest
from handover.errors import PublishError, VerifyError
from handover.publish import rocrate
from handover.text import listed, shown
from handover.verify import contents, record

AGAIN = "Run the command again."
#: Where the notebook as it stands in git lies in a bundle.
NOTEBOOK = "notebook"


def name(edition: Edition) -> str:
    """The file name of a bundle, which says what it is wherever it goes."""
    return file_name(edition.report, edition.name, ".zip")


def write(edition: Edition, path: Path) -> Path:
    """Pack an edition into a file, in one step; a bundle that is there is replaced, and nothing else.

    Raises:
        PublishError: The edition is damaged, its PDF does not carry what made it, or the file is no bundle.
        StoreError: The disk refuses.
    """
    if os.path.lexists(path) and not _is_bundle(path):
        raise PublishError(
            f"{path}: must be a bundle, if it is there already (got something else).\n"
            "Name another file with --out, or move this one away."
        )
    data = pack(edition)
    with atomic.translate_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.replace(path, data)
    return path


def _is_bundle(path: Path) -> bool:
    """Whether a file is one that `write` may have written, by the files that only bundles have together."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return {rocrate.NAME, rocrate.SUMS, RECORD, manifest.NAME} <= set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def pack(edition: Edition) -> bytes:
    """The bytes of an edition's bundle.

    Raises:
        PublishError: The edition is damaged, or its PDF does not carry what made it.
    """
    faults = edition.faults()
    if faults:
        raise PublishError(
            "\n".join(faults) + "\nA damaged edition is not passed on: restore its files from git or a copy."
        )
    about = edition.manifest()
    try:
        files = {name: bounded.read(edition.folder / name) for name in [*about["outputs"], manifest.NAME]}
    except OSError as error:
        raise PublishError(
            f"{error.filename}: must stay while it is packed (got {error.strerror}).\n{AGAIN}"
        ) from error
    carried, sources = _carried(edition.file(".pdf"), files[edition.file(".pdf").name])
    files |= carried
    files[rocrate.NAME] = rocrate.describe(about, files, sources)
    lines = [f"{digest.of_bytes(data)}  {path}\n" for path, data in sorted(files.items())]
    files[rocrate.SUMS] = "".join(lines).encode()
    return _zipped(files, dt.date.fromisoformat(about["as_of"]))


def _carried(where: Path, pdf: bytes) -> tuple[dict[str, bytes], rocrate.Sources]:
    """What the PDF carries, each file at the path it has in the project, and what the files are."""
    try:
        read = contents.read(pdf)
        attached, author = read.attachments, dict(read.document.strings).get("/Author", "")
        said = record.record_of_pdf(attached.get(RECORD))
    except VerifyError as error:
        raise PublishError(
            f"{where}: must be a PDF that carries what made it (got one that {error}).\n"
            "Only editions that `handover render` made can be packed."
        ) from error
    notebook, *tables = said.attached
    # the notebook of the project must not stand where the executed one does
    places = {path: path for path in tables} | {notebook: f"{NOTEBOOK}/{said.attached[notebook][0]}"}
    faults = [f"{shown(place)}: must be a path inside the project" for place in places.values() if not _inside(place)]
    altered, held = said.altered(attached), said.carried(attached)
    faults += [f"{shown(places[path])}: must be attached as recorded (differs)" for path in altered]
    faults += [
        f"{shown(places[path])}: must be attached as recorded (is missing)" for path in places.keys() - held.keys()
    ]
    if faults:
        raise PublishError(
            f"{where}: must carry what made it:\n  "
            + "\n  ".join(listed(sorted(faults)))
            + "\nRender the report again."
        )
    found = {RECORD: attached[RECORD]} | {places[path]: data for path, data in held.items()}
    return found, rocrate.Sources(places[notebook], tuple(sorted(tables)), author)


def _inside(path: Any) -> bool:
    """Whether a path stays inside the folder that the bundle is unpacked in."""
    parts = PurePosixPath(path).parts
    clean = bool(parts) and not PurePosixPath(path).is_absolute() and not {"..", ".", ""} & set(path.split("/"))
    return clean and not any(c in path for c in "\\:\0") and path not in (rocrate.SUMS, rocrate.NAME, manifest.NAME)


def _zipped(files: Mapping[str, bytes], day: dt.date) -> bytes:
    """Pack files in a fixed order, with the edition's day for a time.

    They are stored, not deflated: what deflate writes differs from one zlib to the next. The price is a file of
    about three times the size, 1.7 MB for a report of seven pages.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        # what describes the others is found first
        for path in sorted(files, key=lambda path: (path != rocrate.NAME, path)):
            entry = zipfile.ZipInfo(path, (max(day.year, 1980), day.month, day.day, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[path])
    return packed.getvalue()
