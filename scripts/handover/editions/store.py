"""The store of editions: each a folder that exists whole and verified, or not at all, and is never changed.

    <root>/<report>/<edition>/<report>_<edition>.html  .pdf  .ipynb  manifest.json

Only this module writes editions. The catalogue beside them is `handover.editions.catalogue`.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from handover import atomic, digest
from handover.editions import manifest
from handover.errors import StoreError
from handover.project import Project

REPORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
REPORT_RULE = "made of letters a to z, digits, - and _, at most 64, and begin with a letter or digit"
EDITION = re.compile(
    r"(?P<as_of>[0-9]{4}-[0-9]{2}-[0-9]{2})-(?P<language>[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)-(?P<digits>[0-9a-f]{8})"
)
#: The picture of the PDF's first page, and the one that a link to the HTML shows.
PICTURE, LINK_PICTURE = "page1.png", "link.png"
#: How long one publication waits for another, which takes well under a second.
LOCK_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Edition:
    """One rendered report in a store, known by its folder alone."""

    root: Path
    report: str
    name: str

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
        found = manifest.load(self.folder / manifest.NAME)
        named = found["report"], found["edition"]
        if named != (self.report, self.name):
            raise StoreError(
                f"{self.folder / manifest.NAME}: must be the manifest of {self.report} {self.name} "
                f"(got {named[0]} {named[1]}).\nEditions are never renamed: move the folder back."
            )
        return found

    def faults(self) -> list[str]:
        """Compare every file with the manifest; one line a fault, none for an edition that is whole."""
        try:
            recorded = self.manifest()
        except StoreError as error:
            return [str(error).splitlines()[0]]
        held = {path.name for path in self.folder.iterdir()} - {manifest.NAME}
        found = [f"{self.folder / name}: is in no manifest" for name in sorted(held - recorded["outputs"].keys())]
        if not recorded["content"].startswith(self.name[-digest.DIGITS :]):
            found.append(f"{self.folder}: must be named for its content (got {recorded['content'][:8]}…)")
        for name, about in sorted(recorded["outputs"].items()):
            path = self.folder / name
            if Path(name).name != name or path.is_symlink() or not path.is_file():
                found.append(f"{path}: must be a file of the edition (got {'a link' if path.is_symlink() else 'none'})")
            elif (now := digest.of_file(path)) != about["sha256"]:
                wanted = about["sha256"]
                found.append(
                    f"{path}: no longer matches its manifest (sha256 {wanted[:12]}… expected, {now[:12]}… found)"
                )
        return found


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of editions, and the lock that writers of it share."""

    root: Path
    lock: Path
    #: Its settings apply to the catalogue beside the editions.
    project: Project | None = None

    @classmethod
    def of(cls, project: Project, out: Path | None = None) -> "Store":
        """The project's own store, or another folder with the same layout."""
        root = out or project.reports
        return cls(root, out / ".lock" if out else project.root / ".handover" / "store.lock", project)

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
        import filelock

        with atomic.translate_os_errors(self.lock):
            self.lock.parent.mkdir(parents=True, exist_ok=True)
            self.root.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.lock, timeout=LOCK_TIMEOUT_S, mode=0o644)
            try:
                lock.acquire()
            except filelock.Timeout as error:
                raise StoreError(
                    f"{self.root}: must be free to publish in (another render has held {self.lock} for "
                    f"{LOCK_TIMEOUT_S} seconds).\nWait for it, or end it, and run the command again."
                ) from error
        try:
            yield
        finally:
            lock.release()

    def publish(self, report: str, edition: str, files: Mapping[str, bytes], about: manifest.Manifest) -> bool:
        """Add an edition, whole or not at all; the caller holds the lock.

        `files` are those beside the manifest, by name. Returns False if the very same edition was there already.

        Raises:
            StoreError: The name is taken by other content, or the disk refuses.
        """
        for name, form in ((report, REPORT), (edition, EDITION)):
            if not form.fullmatch(name):
                raise StoreError(f"{name}: must be a name made of letters, digits, - and _.\nRename the notebook.")
        for there in self.reports():
            if there != report and there.casefold() == report.casefold():
                raise StoreError(
                    f"{self.root / report}: must differ from every other report in more than case (got also {there}).\n"
                    "Rename the notebook, or its folder here."
                )
        target = Edition(self.root, report, edition)
        for path in (target.folder.parent, target.folder):
            if path.is_symlink():
                raise StoreError(
                    f"{path}: must be a folder of the store (got a symbolic link to {os.readlink(path)}).\n"  # noqa: PTH115
                    "Remove the link; editions are never stored elsewhere."
                )
        with atomic.translate_os_errors(self.root):
            atomic.sweep(self.root)
            if target.folder.exists():
                _settle(target, about)
                return False
            _add(target, {**files, manifest.NAME: manifest.dumps(about)})
        return True

    def remove(self, edition: Edition) -> None:
        """Take an edition away, whole in one step; the caller holds the lock, and no longer lists it.

        Raises:
            StoreError: The disk refuses; the edition is then as it was.
        """
        with atomic.translate_os_errors(edition.folder):
            atomic.sweep(self.root)
            away = self.root / atomic.staging()
            os.rename(edition.folder, away)  # noqa: PTH104
            atomic.sync(edition.folder.parent)
            atomic.sync(self.root)
            atomic.remove(away)


def file_name(report: str, edition: str, suffix: str) -> str:
    """The name of one file of an edition, which says what it is wherever it goes."""
    return f"{report}_{edition}{suffix}"


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
    staged = target.root / atomic.staging()
    try:
        atomic.folder(staged)
        for name, data in sorted(files.items()):
            atomic.create(staged / name, data)
        atomic.sync(staged)
        if fresh:
            atomic.folder(report)
        os.rename(staged, target.folder)  # noqa: PTH104
        atomic.sync(report)
        atomic.sync(target.root)
    except BaseException:
        if target.folder.exists() and not staged.exists():
            os.rename(target.folder, staged)  # noqa: PTH104  taken back in one step, as it came
        atomic.remove(staged)
        if fresh and report.exists() and not any(report.iterdir()):
            report.rmdir()
        raise
