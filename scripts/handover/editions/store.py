"""The store of editions: each a folder that exists whole and verified, or not at all, and is never changed.

    <root>/<report>/<edition>/<report>_<edition>.html  .pdf  .ipynb  manifest.json

Only this module writes editions. The catalogue beside them is `handover.editions.catalogue`.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from handover import atomic, bounded, digest, scratch
from handover.editions import manifest, shape
from handover.errors import StoreError
from handover.project import Project
from handover.text import listed, shown

REPORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
REPORT_RULE = "made of letters a to z, digits, - and _, at most 64, and begin with a letter or digit"
EDITION = re.compile(
    r"(?P<as_of>[0-9]{4}-[0-9]{2}-[0-9]{2})-(?P<language>[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)-(?P<digits>[0-9a-f]{8})"
)
#: The picture of the PDF's first page, and the one that a link to the HTML shows.
PICTURE, LINK_PICTURE = "page1.png", "link.png"
#: The lock lies in the store itself, so that all who write there share it, whatever they call the folder.
LOCK = ".handover.lock"
#: How long one publication waits for another, which takes well under a second.
LOCK_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Edition:
    """One rendered report in a store, known by its folder alone."""

    root: Path
    report: str
    name: str

    def __str__(self) -> str:
        return f"{self.report}/{self.name}"

    @property
    def folder(self) -> Path:
        """The folder that holds all of it."""
        return self.root / self.report / self.name

    def file(self, suffix: str) -> Path:
        """The file with a suffix, e.g. ``.pdf``."""
        return self.folder / file_name(self.report, self.name, suffix)

    @property
    def pages(self) -> tuple[Path, Path]:
        """HTML and PDF."""
        return self.file(".html"), self.file(".pdf")

    def manifest(self) -> manifest.Manifest:
        """Read the manifest.

        Raises:
            StoreError: It is torn, or that of another edition.
        """
        path = self.folder / manifest.NAME
        found = manifest.load(path)
        named = found["report"], found["edition"]
        if named != (self.report, self.name):
            raise StoreError(
                f"{path}: must be the manifest of {self.report} {self.name} "
                f"(got {shown(' '.join(named))}).\nEditions are never renamed: move the folder back."
            )
        if not self.name.startswith(f"{found['as_of']}-{found['language']}-"):
            raise StoreError(
                f"{path}: must be of the day and the language that the edition is named for "
                f"(got {found['as_of']}, {shown(found['language'])}).\n{manifest.CURE}"
            )
        names = [file_name(self.report, self.name, suffix) for suffix in (".html", ".pdf", ".ipynb")]
        if lacking := [name for name in names if name not in found["outputs"]]:
            raise StoreError(f"{path}: must name the files of a report (got no {', '.join(lacking)}).\n{manifest.CURE}")
        return found

    def faults(self, *, by_size: bool = False) -> list[str]:
        """Compare every file with the manifest, by its size alone if asked; one line a fault, none if it is whole."""
        try:
            recorded = self.manifest()
            held = {path.name for path in self.folder.iterdir()} - {manifest.NAME}
        except StoreError as error:
            return [str(error).splitlines()[0]]
        except OSError as error:
            return [f"{self.folder}: must be a folder that can be read (got {error.strerror})"]
        strange = sorted(held - recorded["outputs"].keys())
        found = listed(f"{self.folder / shown(name)}: is in no manifest" for name in strange)
        if not recorded["content"].startswith(self.name[-digest.DIGITS :]):
            found.append(f"{self.folder}: must be named for its content (got {recorded['content'][:8]}…)")
        files = ((self.folder / name, about) for name, about in sorted(recorded["outputs"].items()))
        return found + listed(fault for path, about in files if (fault := _fault(path, about, by_size)))


def manifests(editions: Iterable[Edition]) -> tuple[list[manifest.Manifest], list[str]]:
    """Read the manifests of editions; those that are torn are left out, and a line names each."""
    found, faults = [], []
    for edition in editions:
        try:
            found.append(edition.manifest())
        except StoreError as error:
            faults.append(str(error).splitlines()[0])
    return found, faults


def _fault(path: Path, about: manifest.Output, by_size: bool) -> str:
    """Say what is wrong with a file of an edition; one of another size is not read."""
    wanted = about["sha256"]
    try:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode):
            return f"{path}: must be a file of the edition (got {'a link' if stat.S_ISLNK(state.st_mode) else 'none'})"
        if state.st_size > bounded.MOST:
            return f"{path}: must be a file of the edition (got {bounded.too_large(state.st_size)})"
        now = wanted if by_size else digest.of_file(path)
    except FileNotFoundError:
        return f"{path}: must be a file of the edition (got none)"
    except OSError as error:
        return f"{path}: must be a file that can be read (got {error.strerror})"
    if now != wanted:
        return f"{path}: no longer matches its manifest (sha256 {wanted[:12]}… expected, {now[:12]}… found)"
    if state.st_size != about["bytes"]:
        return f"{path}: no longer matches its manifest ({about['bytes']:,} bytes expected, {state.st_size:,} found)"
    return ""


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of editions, and the lock that writers of it share."""

    root: Path
    lock: Path
    #: Its settings apply to the catalogue beside the editions.
    project: Project | None = None

    @classmethod
    def of(cls, project: Project | None = None, out: Path | None = None) -> "Store":
        """The store of a project, of the one around if none is given, or another folder with the same layout.

        What killed processes left there is removed.

        Raises:
            StoreError: The folder is the checkout, or holds it.
        """
        project = project or Project.find()
        root = out or project.reports
        if project.root.resolve().is_relative_to(root.resolve()):
            raise StoreError(
                f"{root}: must be a folder for editions (got one that holds the checkout).\nName another with --out."
            )
        for folder in (root, project.root / ".handover"):
            scratch.sweep(folder)
        return cls(root, root / LOCK, project)

    def reports(self) -> list[str]:
        """Names of the reports that have a folder, sorted."""
        return sorted(name for name in _folders(self.root) if REPORT.fullmatch(name))

    def editions(self, report: str | None = None, prefix: str = "") -> list[Edition]:
        """Editions by name alone; nothing is opened."""
        return [
            Edition(self.root, name, edition)
            for name in ([report] if report else self.reports())
            for edition in sorted(_folders(self.root / name))
            if edition.startswith(prefix) and EDITION.fullmatch(edition)
        ]

    def strays(self) -> list[Path]:
        """What lies where only editions may: links, foreign folders, half-made ones."""
        found = [path for path in _entries(self.root) if path.is_symlink() or path.name.startswith(atomic.STAGING)]
        for report in self.reports():
            known = {edition.name for edition in self.editions(report)}
            found += [path for path in _entries(self.root / report) if path.name not in known]
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep out every other writer of the store.

        Raises:
            StoreError: Another writer holds it for too long, or the lock cannot be made.
        """
        with atomic.translate_os_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
        with atomic.held(self.lock, LOCK_TIMEOUT_S) as free:
            if not free:
                raise StoreError(
                    f"{self.root}: must be free to publish in (another render has held {self.lock} for "
                    f"{LOCK_TIMEOUT_S} seconds).\nWait for it, or end it, and run the command again."
                )
            yield

    def publish(self, report: str, edition: str, files: Mapping[str, bytes], about: manifest.Manifest) -> bool:
        """Add an edition, whole or not at all; the caller holds the lock.

        `files` are those beside the manifest, by name. Returns False if the very same edition was there already.

        Raises:
            StoreError: The name is taken by other content, or the disk refuses.
        """
        for name, form in ((report, REPORT), (edition, EDITION)):
            if not form.fullmatch(name):
                raise StoreError(
                    f"{name}: must be a name made of letters a to z, digits, - and _.\nRename the notebook."
                )
        for there in self.reports():
            if there != report and there.casefold() == report.casefold():
                raise StoreError(
                    f"{self.root / report}: must differ from every other report in more than case (got also {there}).\n"
                    "Rename the notebook, or its folder here."
                )
        whole = {**files, manifest.NAME: manifest.dumps(about)}
        _refuse_unreadable(whole, about)
        target = Edition(self.root, report, edition)
        for path in (target.folder.parent, target.folder):
            if path.is_symlink():
                raise StoreError(
                    f"{path}: must be a folder of the store (got a symbolic link to {os.readlink(path)}).\n"  # noqa: PTH115
                    "Remove the link; editions are never stored elsewhere."
                )
        scratch.sweep(self.root)
        with atomic.translate_os_errors(self.root):
            if target.folder.exists():
                _settle(target, about)
                return False
            _add(target, whole)
        return True

    def remove(self, edition: Edition) -> None:
        """Take an edition away, whole in one step; the caller holds the lock, and no longer lists it.

        Raises:
            StoreError: The folder holds what we did not write, or the disk refuses; the edition is then as it was.
        """
        about = edition.manifest()["outputs"].keys() | {manifest.NAME}
        if foreign := sorted(path.name for path in edition.folder.iterdir() if path.name not in about):
            raise StoreError(
                f"{edition.folder}: must hold only the edition to be removed (got also {', '.join(foreign[:10])}).\n"
                "Move that elsewhere and run the command again."
            )
        with atomic.translate_os_errors(edition.folder), atomic.staging(self.root) as staged:
            _move(edition.folder, staged / edition.name, edition.folder.parent, self.root)


def file_name(report: str, edition: str, suffix: str) -> str:
    """The name of one file of an edition, which says what it is wherever it goes."""
    return f"{report}_{edition}{suffix}"


def _refuse_unreadable(files: Mapping[str, bytes], about: manifest.Manifest) -> None:
    """Refuse what could be written and never be read again: files larger than any reader opens, an odd manifest."""
    limits = dict.fromkeys(files, bounded.MOST) | {manifest.NAME: manifest.BYTES_MAX}
    for name, data in files.items():
        if len(data) > limits[name]:
            raise StoreError(
                f"{name}: must have at most {limits[name]:,} bytes (got {len(data):,}).\n"
                "Show less in the report: fewer or smaller pictures and tables."
            )
    if fault := shape.fault(about, manifest.Manifest):
        raise StoreError(f"{manifest.NAME}: {fault}.\nThis is a fault of handover: report it with the notebook.")


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _settle(there: Edition, about: manifest.Manifest) -> None:
    """Accept the edition that is there if it is whole and its files are the same, else say what differs."""
    faults = there.faults()
    if faults:
        raise StoreError(
            "\n".join(faults)
            + "\nEditions are never edited: restore the files, or remove the edition's folder and render it again."
        )
    held = there.manifest()
    if held["content"] != about["content"]:
        raise StoreError(
            f"{there.folder}: must hold the content it is named for (two contents share the name: {held['content']} "
            f"is there, {about['content']} was rendered).\nRender with --out to keep both."
        )
    names = sorted(held["outputs"].keys() | about["outputs"].keys())
    differing = [name for name in names if held["outputs"].get(name) != about["outputs"].get(name)]
    if differing:
        raise StoreError(
            f"{there.folder}: must come out in the same bytes under the same name (differs: {', '.join(differing)}).\n"
            "Nothing was published. This is a fault of handover: something shapes these files that is no part of their "
            "name; report it, or raise RECIPE in editions/compose.py."
        )


def _add(target: Edition, files: Mapping[str, bytes]) -> None:
    """Stage, sync, rename once, sync; on any fault the store is left as it was."""
    report = target.folder.parent
    fresh = not report.exists()
    with atomic.staging(target.root) as staged:
        made = staged / target.name
        atomic.folder(made)
        for name, data in sorted(files.items()):
            atomic.create(made / name, data)
        atomic.sync(made)
        try:
            if fresh:
                atomic.folder(report)
            _move(made, target.folder, report, target.root)
        except BaseException:
            if fresh and report.exists() and not any(report.iterdir()):
                report.rmdir()
            raise


def _move(folder: Path, to: Path, *changed: Path) -> None:
    """Move a folder in one step that lasts; on any fault it is moved back."""
    try:
        os.rename(folder, to)  # noqa: PTH104
        for parent in changed:
            atomic.sync(parent)
    except BaseException:
        if to.exists() and not folder.exists():
            os.rename(to, folder)  # noqa: PTH104
        raise
