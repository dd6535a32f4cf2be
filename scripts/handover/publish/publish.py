"""A mirror of the store, brought up to date in an order in which no link ever leads nowhere.

First the editions that are missing, of each its manifest last; then the catalogue, its front page last; then, when
nothing names them any more, the editions that are gone. Stopped anywhere, the mirror is a whole site, and the
next run goes on from there.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover.editions import Edition, Store, catalogue, manifest
from handover.errors import ShareError
from handover.publish import site
from handover.publish.target import Target

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, in order; of `steps` each must be through before the next begins."""

    steps: tuple[tuple[site.File, ...], ...]
    catalogue: tuple[site.File, ...]
    deleted: tuple[str, ...]
    there: int
    editions: int

    @property
    def uploads(self) -> list[site.File]:
        """All files to put, in order."""
        return [*(file for step in self.steps for file in step), *self.catalogue]

    @property
    def gone(self) -> set[str]:
        """Editions to delete from the mirror."""
        return {path.rpartition("/")[0] for path in self.deleted if "/" in path}


def plan(store: Store, target: Target, progress: Progress = lambda phase, done, total: None) -> Plan:
    """Compare a store with its mirror; nothing is changed.

    Raises:
        ShareError: There is no edition, a manifest is torn, or an edition that would be published is damaged.
    """
    with store.locked():
        manifests, faults = catalogue.read(store)
        if faults:
            raise ShareError("\n".join(faults) + f"\n{site.DAMAGED}")
        contents = catalogue.build(manifests, catalogue.site(store.project))
        editions = [(one, list(site.edition(store, one))) for one in manifest.newest_first(manifests)]
        pages = [site.page(store, name, data) for name, data in contents.items()]
    if not editions:
        raise ShareError(f"{store.root}: must hold an edition (got none).\nRun `handover render` first.")
    held = target.listing()
    files = [*(file for _, files in editions for file in files), *pages]
    wanted: set[str] = set()
    for number, file in enumerate(files, 1):
        progress("comparing", number, len(files))
        if held.get(file.path) != file.bytes or not target.same(file.path, file.sha256, file.md5):
            wanted.add(file.path)
    _whole(store, [one for one, files in editions if wanted & {file.path for file in files}])
    missing = [file for _, files in editions for file in files if file.path in wanted]
    return Plan(
        steps=(
            tuple(file for file in missing if Path(file.path).name != manifest.NAME),
            tuple(file for file in missing if Path(file.path).name == manifest.NAME),
        ),
        catalogue=tuple(file for file in pages if file.path in wanted),
        deleted=tuple(sorted(path for path in held.keys() - {file.path for file in files} if site.ours(path))),
        there=len(files) - len(wanted),
        editions=len(editions),
    )


def meant(plan: Plan, target: Target) -> None:
    """Refuse a plan that would delete more than it keeps: rather the wrong store, or the wrong mirror, than a wish.

    Raises:
        ShareError: It would.
    """
    if len(plan.gone) > plan.editions:
        raise ShareError(
            f"{target.address('')}: must not lose more editions than it keeps (would lose {len(plan.gone)}, "
            f"keep {plan.editions}).\nIs it the mirror of this store? Look with --dry-run; if so, say --yes."
        )


def carry_out(plan: Plan, target: Target, progress: Progress = lambda phase, done, total: None) -> None:
    """Bring the mirror up to date; may be stopped anywhere and begun again.

    Raises:
        ShareError: The target refuses, or a file changed on the way.
    """
    total, done = len(plan.uploads), 0

    def put(file: site.File, *, lasting: bool) -> None:
        target.put(file.path, file.read(), file.mime, lasting=lasting)

    for step in plan.steps:
        for _ in _each(target.at_once, step, lambda file: put(file, lasting=True)):
            done += 1
            progress("uploading", done, total)
    for file in plan.catalogue:
        put(file, lasting=False)
        done += 1
        progress("uploading", done, total)
    for number, _ in enumerate(_each(target.at_once, plan.deleted, target.delete), 1):
        progress("deleting", number, len(plan.deleted))


@contextmanager
def alone(store: Store) -> Any:
    """Hold publishing against every other publishing of this store, whose order would mix with ours.

    Raises:
        ShareError: Another is at it.
    """
    import filelock

    lock = filelock.FileLock(store.lock.with_name("publish.lock"), timeout=0, mode=0o644)
    lock_folder = store.lock.parent
    lock_folder.mkdir(parents=True, exist_ok=True)
    try:
        with lock:
            yield
    except filelock.Timeout as error:
        raise ShareError(
            f"{store.root}: must be published by one command at a time (another holds {lock.lock_file}).\n"
            "Wait for it, or end it, and run the command again."
        ) from error


def _whole(store: Store, manifests: list[manifest.Manifest]) -> None:
    faults = [fault for one in manifests for fault in Edition(store.root, one["report"], one["edition"]).faults()]
    if faults:
        raise ShareError("\n".join(faults) + f"\n{site.DAMAGED}")


def _each(at_once: int, things: Iterable[Any], act: Callable[[Any], None]) -> Iterable[None]:
    """Act on things, several at once; on a fault those that wait are dropped."""
    if at_once == 1:
        for thing in things:
            yield act(thing)
        return
    pool = ThreadPoolExecutor(at_once)
    try:
        yield from pool.map(act, things)
    finally:
        pool.shutdown(cancel_futures=True)
