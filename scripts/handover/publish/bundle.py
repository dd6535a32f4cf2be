"""An edition and all that made it as one file: the same bytes wherever and whenever it is packed.

Nothing of the checkout goes in. The notebook, the tables and their dictionary are those attached to the PDF, so
that an edition can be packed years later, or far from the project.
"""

import datetime as dt
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from handover import atomic, digest
from handover.editions import RECORD, Edition, file_name, manifest
from handover.errors import PublishError
from handover.publish import rocrate

#: Where the notebook as it stands in git lies in a bundle.
NOTEBOOK = "notebook"


def name(edition: Edition) -> str:
    """The file name of a bundle, which says what it is wherever it goes."""
    return file_name(edition.report, edition.name, ".zip")


def write(edition: Edition, path: Path) -> Path:
    """Pack an edition into a file, in one step; one that is there is replaced.

    Raises:
        PublishError: The edition is damaged, or its PDF does not carry what made it.
        StoreError: The disk refuses.
    """
    data = pack(edition)
    with atomic.translate_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.replace(path, data)
    return path


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
    files = {name: (edition.folder / name).read_bytes() for name in [*about["outputs"], manifest.NAME]}
    carried, sources = _carried(edition)
    files |= carried
    files[rocrate.NAME] = rocrate.describe(about, files, sources)
    lines = [f"{digest.of_bytes(data)}  {path}\n" for path, data in sorted(files.items())]
    files[rocrate.SUMS] = "".join(lines).encode()
    return _zipped(files, dt.date.fromisoformat(about["as_of"]))


def _carried(edition: Edition) -> tuple[dict[str, bytes], rocrate.Sources]:
    """What the PDF carries, each file at the path it has in the project, and what the files are."""
    where = edition.file(".pdf")
    attached, author = _opened(where)
    try:
        record = json.loads(attached[RECORD])
        listed = {path: (one["attachment"], one["sha256"]) for path, one in record["data"].items()}
        notebook = record["notebook"]["attachment"], record["notebook"]["sha256"]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PublishError(
            f"{where}: must carry {RECORD}, the record of what made it (got {error!r}).\n"
            "Only editions that `handover render` made can be packed."
        ) from error
    listed[f"{NOTEBOOK}/{notebook[0]}"] = notebook
    found, faults = {RECORD: attached[RECORD]}, []
    for path, (called, wanted) in sorted(listed.items()):
        if not _inside(path):
            faults.append(f"{path}: must be a path inside the project")
        elif called not in attached or digest.of_bytes(attached[called]) != wanted:
            faults.append(f"{path}: must be attached as recorded ({'differs' if called in attached else 'is missing'})")
        else:
            found[path] = attached[called]
    if faults:
        raise PublishError(
            f"{where}: must carry what made it:\n  " + "\n  ".join(faults) + "\nRender the report again."
        )
    return found, rocrate.Sources(f"{NOTEBOOK}/{notebook[0]}", tuple(sorted(record["data"])), author)


def _opened(path: Path) -> tuple[dict[str, bytes], str]:
    """The attachments of a PDF, by name, and who signs it."""
    import pikepdf

    try:
        with pikepdf.open(path) as pdf:
            files = {called: bytes(spec.get_file().read_bytes()) for called, spec in pdf.attachments.items()}
            return files, str(pdf.docinfo.get("/Author", ""))
    except pikepdf.PdfError as error:
        raise PublishError(f"{path}: must be a PDF (got {error}).\nRender the report again.") from error


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
