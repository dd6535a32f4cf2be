"""A mirror of the store, brought up to date in an order that never leaves a dead link.

First the editions that are missing, of each its manifest last; then the catalogue, its front page last; then, when
nothing names them any more, the editions that are gone. Stopped anywhere, the mirror is a whole site, and the
next run goes on from there.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from handover import digest
from handover.editions import EDITION, REPORT, Edition, Manifest, Store, catalogue, manifest
from handover.errors import PublishError
from handover.publish.target import Target

MIMES = {".json": "application/json", ".xml": "application/atom+xml", ".html": "text/html; charset=utf-8"}
#: What to do when a file is not what it should be.
DAMAGED = "A damaged edition is not published: restore its files from git or a copy, and run the command again."
AGAIN = "Run the command again: it goes on where it stopped."

#: Called with a phase, how many of its steps are done, and how many there are.
Progress = Callable[[str, int, int], None]
Thing = TypeVar("Thing")


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
        """Return the bytes to publish, which must be those that the manifest describes.

        Raises:
            PublishError: They are not.
        """
        try:
            data = self.source.read_bytes() if self.data is None else self.data
        except OSError as error:
            raise PublishError(
                f"{self.source}: must stay while it is published (got {error.strerror}).\n{AGAIN}"
            ) from error
        if digest.of_bytes(data) != self.sha256:
            raise PublishError(f"{self.source}: must match its manifest, and does not.\n{DAMAGED}")
        return data

    def md5(self) -> str:
        """Return the tag that object storage gives the file; "" for one that cannot be published."""
        try:
            return hashlib.md5(self.read(), usedforsecurity=False).hexdigest()
        except PublishError:
            return ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, in order: `editions`, their `manifests`, `catalogue`, and what is to be `deleted`.

    `there` counts the files that are the same already, `kept` the editions of the store.
    """

    editions: tuple[File, ...]
    manifests: tuple[File, ...]
    catalogue: tuple[File, ...]
    deleted: tuple[str, ...]
    there: int
    kept: int

    @property
    def uploads(self) -> list[File]:
        """All files to put, in order."""
        return [*self.editions, *self.manifests, *self.catalogue]


def plan(store: Store, target: Target, progress: Progress = lambda phase, done, total: None) -> Plan:
    """Compare a store with its mirror; nothing is changed.

    Raises:
        PublishError: There is no edition, a manifest is torn, or an edition that would be published is damaged.
    """
    with store.locked():
        manifests, faults = catalogue.read(store)
        if faults:
            raise PublishError("\n".join(faults) + f"\n{DAMAGED}")
        contents = catalogue.build(manifests, catalogue.site(store.project))
        editions = {_edition(store, one): _files(store, one) for one in manifest.newest_first(manifests)}
    if not editions:
        raise PublishError(f"{store.root}: must hold an edition (got none).\nRun `handover render` first.")
    pages = [_file(name, store.root / name, data) for name, data in contents.items()]
    held = target.listing()
    files = [*(file for files in editions.values() for file in files), *pages]
    wanted: set[str] = set()
    for number, file in enumerate(files, 1):
        progress("comparing", number, len(files))
        if held.get(file.path) != file.bytes or not target.same(file.path, file.sha256, file.md5):
            wanted.add(file.path)
    moving = [edition for edition, files in editions.items() if wanted & {file.path for file in files}]
    if faults := [fault for edition in moving for fault in edition.faults()]:
        raise PublishError("\n".join(faults) + f"\n{DAMAGED}")
    missing = [file for files in editions.values() for file in files if file.path in wanted]
    return Plan(
        editions=tuple(file for file in missing if file.source.name != manifest.NAME),
        manifests=tuple(file for file in missing if file.source.name == manifest.NAME),
        catalogue=tuple(file for file in pages if file.path in wanted),
        deleted=tuple(sorted(path for path in held.keys() - {file.path for file in files} if _is_ours(path))),
        there=len(files) - len(wanted),
        kept=len(editions),
    )


def check_losses(plan: Plan, target: Target) -> None:
    """Refuse a plan that would delete more editions than it keeps: it is the wrong store, or the wrong mirror.

    Raises:
        PublishError: It would.
    """
    gone = {path.rpartition("/")[0] for path in plan.deleted if "/" in path}
    if len(gone) > plan.kept:
        raise PublishError(
            f"{target.address('')}: must not lose more editions than it keeps (would lose {len(gone)}, "
            f"keep {plan.kept}).\nIs it the mirror of this store? Look with --dry-run; if so, say --yes."
        )


def carry_out(plan: Plan, target: Target, progress: Progress = lambda phase, done, total: None) -> None:
    """Bring the mirror up to date; may be stopped anywhere and begun again.

    Raises:
        PublishError: The target refuses, or a file changed on the way.
    """
    done = 0
    # each kind must be through before the next begins; the catalogue goes file by file
    for files, at_once, lasting in (
        (plan.editions, target.at_once, True),
        (plan.manifests, target.at_once, True),
        (plan.catalogue, 1, False),
    ):

        def put(file: File, lasting: bool = lasting) -> None:
            target.put(file.path, file.read(), file.mime, lasting=lasting)

        for _ in _each(at_once, files, put):
            done += 1
            progress("uploading", done, len(plan.uploads))
    for number, _ in enumerate(_each(target.at_once, plan.deleted, target.delete), 1):
        progress("deleting", number, len(plan.deleted))


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """Keep out every other publishing of this store, whose order would mix with ours.

    Raises:
        PublishError: Another is under way.
    """
    import filelock

    lock = filelock.FileLock(store.lock.with_name("publish.lock"), timeout=0, mode=0o644)
    store.lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with lock:
            yield
    except filelock.Timeout as error:
        raise PublishError(
            f"{store.root}: must be published by one command at a time (another holds {lock.lock_file}).\n"
            "Wait for it, or end it, and run the command again."
        ) from error


def _edition(store: Store, about: Manifest) -> Edition:
    return Edition(store.root, about["report"], about["edition"])


def _files(store: Store, about: Manifest) -> list[File]:
    """List the files of an edition, its manifest last."""
    folder = _edition(store, about).folder
    below = folder.relative_to(store.root).as_posix()
    found = [
        File(f"{below}/{name}", folder / name, one["sha256"], one["bytes"], MIMES.get(Path(name).suffix, one["mime"]))
        for name, one in sorted(about["outputs"].items())
    ]
    source = folder / manifest.NAME
    return [*found, _file(f"{below}/{manifest.NAME}", source, source.read_bytes())]


def _file(path: str, source: Path, data: bytes) -> File:
    return File(path, source, digest.of_bytes(data), len(data), MIMES[source.suffix], data)


def _is_ours(path: str) -> bool:
    """Whether a file of a mirror was put there by us, so that we may take it away."""
    parts = path.split("/")
    if len(parts) == 3:
        return bool(REPORT.fullmatch(parts[0]) and EDITION.fullmatch(parts[1]))
    return len(parts) == 1 and (path in (catalogue.DATA, catalogue.FEED, catalogue.INDEX) or catalogue.is_archive(path))


def _each(at_once: int, things: Iterable[Thing], act: Callable[[Thing], None]) -> Iterator[None]:
    """Act on things, several at once; on an error those that wait are dropped."""
    if at_once == 1:
        yield from map(act, things)
        return
    pool = ThreadPoolExecutor(at_once)
    try:
        yield from pool.map(act, things)
    finally:
        pool.shutdown(cancel_futures=True)
