"""What a path means: a store, a report's folder in one, an edition, a file of an edition, or a PDF by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handover.editions import EDITION, Edition, Store, manifest
from handover.errors import ProofError, StoreError
from handover.project import Project


@dataclass(frozen=True, slots=True)
class Copy(Edition):
    """An edition whose folder was copied somewhere else, whatever it is called there."""

    place: Path

    @property
    def folder(self) -> Path:
        """The folder that holds all of it."""
        return self.place


@dataclass(frozen=True, slots=True)
class Loose:
    """A file that no manifest lies beside."""

    path: Path


Subject = Edition | Loose | Store


def of(path: Path, project: Project) -> Iterator[Subject]:
    """Yield what a path asks about: editions, loose files, and after its editions the store itself.

    Raises:
        ProofError: A folder that holds no edition.
    """
    folder = path if path.is_dir() else path.parent
    if (folder / manifest.NAME).is_file() and (path.is_dir() or _belongs(path)):
        yield _edition(folder.resolve())
        return
    if not path.is_dir():
        yield Loose(path)
        return
    folder = folder.resolve()
    whole = Store(folder, folder / ".lock", project)
    if any(whole.editions()):
        yield from whole.editions()
        yield whole
        return
    within = Store(folder.parent, folder.parent / ".lock").editions(folder.name)
    if not within:
        raise ProofError(f"{path}: must be an edition, a folder of editions or a PDF (got a folder without editions).")
    yield from within


def _belongs(path: Path) -> bool:
    """Whether a file is named in the manifest beside it; all of it is an edition then."""
    if path.name == manifest.NAME:
        return True
    try:
        return path.name in manifest.load(path.parent / manifest.NAME)["outputs"]
    except StoreError:
        return bool(EDITION.search(path.stem))


def _edition(folder: Path) -> Edition:
    """The edition in a folder, known by the folder's name if it stands where editions stand, else by its manifest."""
    if EDITION.fullmatch(folder.name):
        known = Edition(folder.parent.parent, folder.parent.name, folder.name)
    else:
        known = Copy(folder.parent.parent, folder.parent.name, folder.name, folder)
    try:
        about = manifest.load(folder / manifest.NAME)
    except StoreError:
        return known
    if (about["report"], about["edition"]) == (known.report, known.name):
        return known
    return Copy(folder.parent.parent, about["report"], about["edition"], folder)
