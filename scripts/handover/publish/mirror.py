"""A mirror of the store, brought up to date in an order that never leaves a dead link.

First a record of what will be there; then the editions that are missing, of each its manifest last; then the
catalogue, its front page last; then, when nothing names them any more, the editions that are gone. Stopped anywhere,
the mirror is a whole site, and the next run goes on from there. Only files that the record names, and that nobody has
changed, are replaced or deleted.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from handover import atomic, bounded, digest
from handover.editions import Edition, Manifest, Store, catalogue, manifest, manifests
from handover.errors import PublishError
from handover.publish import record
from handover.publish.record import Record
from handover.publish.target import Target
from handover.text import FEW, listed

MIMES = {".json": "application/json", ".xml": "application/atom+xml", ".html": "text/html; charset=utf-8"}
#: What to do when a file is not what it should be.
DAMAGED = "A damaged edition is not published: restore its files from git or a copy, and run the command again."
AGAIN = "Run the command again: it goes on where it stopped."
#: Called with a phase, how many of its steps are done, and how many there are.
Progress = Callable[[str, int, int], None]


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
            data = bounded.read(self.source) if self.data is None else self.data
        except OSError as error:
            raise PublishError(
                f"{self.source}: must stay while it is published (got {error.strerror}).\n{AGAIN}"
            ) from error
        if digest.of_bytes(data) != self.sha256:
            raise PublishError(f"{self.source}: must match its manifest, and does not.\n{DAMAGED}")
        return data

    @property
    def lasts(self) -> bool:
        """Whether its name means these bytes for ever, as those of editions do."""
        return "/" in self.path

    def turn(self) -> int:
        """The batch that it is put with."""
        return int(self.source.name == manifest.NAME) if self.lasts else 2

    def md5(self) -> str:
        """Return the tag that object storage gives the file; "" for one that cannot be published."""
        try:
            return hashlib.md5(self.read(), usedforsecurity=False).hexdigest()
        except PublishError:
            return ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be put, in three `batches`: files of editions, manifests, catalogue; and then to be `deleted`.

    `foreign` are those files among them that hold other bytes than we put there, each with the reason; `there` counts
    the files that are the same already, `kept` the editions of the store. `before` is the record as it stands, None
    where there is none; `known` is what of it is ours, and `after` what it will be. `faults` say which editions are
    damaged: these are not published, and what is there of them stays as it is. `drafts` are reports of which nothing
    is published, and nothing stays.
    """

    batches: tuple[tuple[File, ...], ...]
    deleted: tuple[str, ...]
    foreign: dict[str, str]
    there: int
    kept: int
    before: Record | None
    known: Record
    after: Record
    faults: tuple[str, ...]
    drafts: tuple[str, ...]

    @property
    def uploads(self) -> list[File]:
        """All files to put, in order."""
        return [*chain(*self.batches)]


def plan(
    store: Store, target: Target, progress: Progress = lambda *_: None, *, locked: bool = True, adopt: bool = False
) -> Plan:
    """Compare a store with its mirror; nothing is changed, and `progress` is told of every file.

    Writers of the store wait meanwhile if `locked`, which takes a file for the lock; with `adopt` a mirror that another
    store seems to have made counts as this one's.

    Raises:
        PublishError: There is no whole edition, or the place has no room for a file or a damaged record.
        HandoverError: The project calls something a draft that is no report.
    """
    drafts = catalogue.reports(store, "drafts")
    about, editions, faults = _contents(store, locked, drafts)
    data, site = target.read(record.NAME, record.LARGEST), catalogue.site(store.project)
    before = None if data is None else record.loads(data, target.address(record.NAME))
    ours = before and (adopt or before.is_of(site.id, set(map(str, about))))
    known = before if before and ours else Record()
    held, wanted = _compared([*chain(*editions.values())], known.files, target, progress)
    faults += _leave_out_damaged(editions, wanted)
    if not editions:
        raise _nothing(store, drafts, faults)
    contents = catalogue.build([about[edition] for edition in editions], site)
    pages = [_file(name, store.root / name, data) for name, data in contents.items()]
    there, changed = _compared(pages, (), target, progress)
    held, wanted = there | held, wanted | changed
    files = [*chain(*editions.values()), *pages]
    spared = {str(one) for one in store.editions() if one.report not in drafts and one not in editions}
    stay = {path: hashes for path, hashes in known.files.items() if path.rpartition("/")[0] in spared}
    after = Record(site.id, {file.path: {file.sha256: file.bytes} for file in files} | stay)
    missing = [file for file in files if file.path in wanted]
    deleted = tuple(sorted(known.files.keys() & held.keys() - after.files.keys()))
    return Plan(
        batches=tuple(tuple(file for file in missing if file.turn() == turn) for turn in range(3)),
        deleted=deleted,
        foreign=_foreign(target, known, held, [*sorted(wanted & held.keys()), *deleted]),
        there=len(files) - len(wanted),
        kept=len(editions),
        before=before,
        known=known,
        after=after,
        faults=tuple(faults),
        drafts=tuple(drafts),
    )


def _nothing(store: Store, drafts: Sequence[str], faults: Iterable[str]) -> PublishError:
    told = "".join(f"\n  {fault}" for fault in listed(faults))
    of_others = f" of a report that is no draft ({', '.join(drafts)})" if drafts else ""
    return PublishError(
        f"{store.root}: must hold an edition that is whole{of_others} (got none).{told}\nRun `handover render` first."
    )


def _contents(
    store: Store, locked: bool, drafts: Collection[str]
) -> tuple[dict[Edition, Manifest], dict[Edition, list[File]], list[str]]:
    """The manifest and the files of each edition to publish, the newest first, and a line for each that is torn."""
    # where nothing can be written, no lock can be made, and nobody writes
    with store.locked() if locked and os.access(store.root, os.W_OK) else nullcontext():
        found, faults = manifests(one for one in store.editions() if one.report not in drafts)
        about = {_edition(store, one): one for one in manifest.newest_first(found)}
        return about, {edition: _files(store, one) for edition, one in about.items()}, faults


def _leave_out_damaged(editions: dict[Edition, list[File]], wanted: set[str]) -> list[str]:
    """Take those editions out of which files would be published though some are damaged; a line for each fault."""
    moving = [edition for edition, files in editions.items() if wanted & {file.path for file in files}]
    faults = {edition: edition.faults() for edition in moving}
    for edition, found in faults.items():
        if found:
            del editions[edition]
    return [fault for found in faults.values() for fault in found]


def _compared(
    files: Sequence[File], more: Iterable[str], target: Target, progress: Progress
) -> tuple[dict[str, int], set[str]]:
    """The sizes of those files, and of `more` paths, that the mirror has; and the paths of those that it must get."""
    held, wanted = target.sizes([*(file.path for file in files), *more]), set()
    for number, file in enumerate(files, 1):
        progress("comparing", number, len(files))
        if held.get(file.path) != file.bytes or not target.same(file.path, file.sha256, file.md5):
            wanted.add(file.path)
    return held, wanted


def _foreign(target: Target, known: Record, held: Mapping[str, int], paths: Iterable[str]) -> dict[str, str]:
    """Those of the paths whose bytes are not what we put there, each with the reason."""
    found = {}
    for path in paths:
        versions = known.files.get(path, {})
        if held[path] not in versions.values() or target.sha256(path) not in versions:
            found[path] = "was changed there" if versions else "was not published from here"
    return found


def check(plan: Plan, target: Target, *, force: bool, adopt: bool) -> None:
    """Refuse a plan that would take away what is not this store's, unless the user has said so.

    With `force` files of others, and changed ones, may be replaced and deleted; with `adopt` the mirror is this
    store's, whatever its record says and however much of it goes.

    Raises:
        PublishError: It would replace or delete other people's files, or delete more editions than it keeps.
    """
    if plan.foreign and not force:
        others = listed((f"{path} {why}" for path, why in plan.foreign.items()), FEW)
        other = plan.before and plan.before.files and not plan.known.files
        cure = "If it is the mirror of this store, say --yes; to" if other else "Name another place; or, to"
        raise PublishError(
            f"{target.address('')}: must hold nothing of others that would be replaced or deleted"
            + (" (it is the mirror of another store):\n  " if other else ":\n  ")
            + "\n  ".join(others)
            + f"\n{cure} replace and delete these files, say --force. Nothing was published."
        )
    gone = set(record.editions_of(plan.deleted))
    if len(gone) > plan.kept and not adopt:
        raise PublishError(
            f"{target.address('')}: must not lose more editions than it keeps (would lose {len(gone)}, "
            f"keep {plan.kept}).\nIs it the mirror of this store? Look with --dry-run; if so, say --yes."
        )


def carry_out(plan: Plan, target: Target, progress: Progress = lambda *_: None) -> None:
    """Bring the mirror up to date; may be stopped anywhere and begun again.

    Raises:
        PublishError: The target refuses, or a file changed on the way.
    """
    target.sweep()
    moves = bool(plan.uploads or plan.deleted)
    under_way = plan.after.joined(plan.known) if moves else plan.after
    _note(under_way, plan.before, target)
    done = 0

    def put(file: File) -> None:
        target.put(file.path, file.read(), file.mime, lasting=file.lasts)

    # each batch must be through before the next begins; the catalogue goes file by file
    for files in plan.batches:
        for _ in _each(target.at_once if files is not plan.batches[-1] else 1, files, put):
            done += 1
            progress("uploading", done, len(plan.uploads))
    for number, _ in enumerate(_each(target.at_once, plan.deleted, target.delete), 1):
        progress("deleting", number, len(plan.deleted))
    _note(plan.after, under_way, target)


def _note(new: Record, old: Record | None, target: Target) -> None:
    if new != old:
        target.put(record.NAME, new.dumps(), MIMES[".json"], lasting=False)


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """Keep out every other publishing of this store, whose order would mix with ours.

    Raises:
        PublishError: Another is under way.
    """
    if not os.access(store.root, os.W_OK):  # no file for a lock can be made, or there is nothing to publish
        yield
        return
    lock = store.lock.with_name(f"{store.lock.name}-publish")
    with atomic.held(lock) as free:
        if not free:
            raise PublishError(
                f"{store.root}: must be published by one command at a time (another holds {lock}).\n"
                "Wait for it, or end it, and run the command again."
            )
        yield


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


def _each(at_once: int, things: Iterable[Any], act: Callable[[Any], None]) -> Iterator[None]:
    """Act on things, several at once; on an error those that wait are dropped."""
    if at_once == 1:  # in a thread the next would begin before an error is heard of
        yield from map(act, things)
        return
    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(act, things)
