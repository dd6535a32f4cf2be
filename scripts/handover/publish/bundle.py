"""An edition and all that made it as one file: the same bytes wherever and whenever it is packed.

Unpacked, it is a project that renders the edition again. What the PDF does not carry, such as a table of which no row
is printed, comes from the checkout or its history, if it has the hash that the manifest names.
"""

import datetime as dt
import io
import os
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from handover import atomic, bounded, digest, git
from handover.editions import RECORD, Edition, manifest, settings
from handover.errors import GitError, PublishError, VerifyError, itemised
from handover.project import Project
from handover.publish import rocrate
from handover.text import listed, shown
from handover.verify import bundle as unpacked
from handover.verify import record

AGAIN = "Run the command again."


def write(edition: Edition, path: Path, project: Project | None = None) -> Path:
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
    data = pack(edition, project)
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
            return {rocrate.NAME, unpacked.SUMS, RECORD, manifest.NAME} <= set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def pack(edition: Edition, project: Project | None = None) -> bytes:
    """The bytes of an edition's bundle.

    What the PDF does not carry is taken from a `project`, or from its history: the one around the edition, unless
    another is given. It counts by its hash in the manifest alone, so it matters to no byte which project that is.

    Raises:
        PublishError: The edition is damaged, its PDF does not carry what made it, or an input is nowhere to be found.
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
    pdf = edition.file(".pdf")
    attached, author = _carried(pdf, files[pdf.name])
    files |= attached
    files |= _inputs(edition, about, attached, project)
    desk = about["inputs"].get("author", author)
    files[settings.FILE] = settings.signed(desk).encode()
    files[rocrate.NAME] = rocrate.describe(about, files, author)
    lines = [f"{digest.of_bytes(data)}  {path}\n" for path, data in sorted(files.items())]
    files[unpacked.SUMS] = "".join(lines).encode()
    return _zipped(files, dt.date.fromisoformat(about["as_of"]))


def _carried(where: Path, pdf: bytes) -> tuple[dict[str, bytes], str]:
    """What the PDF carries, each file at the path it has in the project; and its author."""
    try:
        found, said = record.read(pdf)
    except VerifyError as error:
        raise PublishError(
            f"{where}: must be a PDF that carries what made it (got one that {error}).\n"
            "Only editions that `handover render` made can be packed."
        ) from error
    attached, author = found.attachments, dict(found.document.strings).get("/Author", "")
    altered, held = said.altered(attached), said.carried(attached)
    faults = [f"{shown(path)}: must be a path inside the project" for path in said.attached if not _inside(path)]
    faults += [f"{shown(path)}: must be attached as recorded (differs)" for path in altered]
    faults += [f"{shown(path)}: must be attached as recorded (is missing)" for path in said.attached.keys() - held]
    if faults:
        said = f"{where}: must carry what made it:"
        raise PublishError(itemised(said, listed(sorted(faults)), "Render the report again."))
    return {RECORD: attached[RECORD]} | held, author


def _inputs(
    edition: Edition, about: manifest.Manifest, attached: Mapping[str, bytes], project: Project | None
) -> dict[str, bytes]:
    """All that the manifest says the edition was made from and the PDF does not carry, by path."""
    wanted = unpacked.inputs(about["report"], about["inputs"])
    left = {path: sha256 for path, sha256 in wanted.items() if path not in attached and _inside(path)}
    place = project or Project.find(edition.folder)
    looked = {path: _found(place, path, sha256) for path, sha256 in left.items()}
    found = {path: data for path, data in looked.items() if data is not None}
    if lack := sorted(wanted.keys() - attached.keys() - found.keys()):
        said = f"{edition.folder}: must be packed with all that it was made from:"
        cure = "Pack it in the checkout that made it, with its history; `handover verify` says which commit that is."
        faults = listed(f"{shown(path)}: is not here as its manifest names it" for path in lack)
        raise PublishError(itemised(said, faults, cure))
    return found


def _found(project: Project, path: str, sha256: str) -> bytes | None:
    """A file with this hash, as a checkout has it or has had it; None if neither is so."""
    with suppress(OSError):
        if digest.of_bytes(data := bounded.read(project.root / path)) == sha256:
            return data
    with suppress(GitError):
        for commit in git.run(project.root, "log", "--all", "--format=%H", "--", path).split():
            with suppress(GitError):  # it went with this one
                if digest.of_bytes(data := git.read(project.root, "show", f"{commit}:./{path}")) == sha256:
                    return data
    return None


def _inside(path: str) -> bool:
    """Whether a path stays inside the folder that the bundle is unpacked in, and is none of the bundle's own."""
    return unpacked.is_inside(path) and path not in (unpacked.SUMS, rocrate.NAME, manifest.NAME)


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
