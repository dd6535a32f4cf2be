"""`handover verify`: hashes first, then a second render compared byte by byte, and one answer for each thing asked."""

import errno
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from handover import bounded, digest
from handover.editions import (
    EDITION,
    LINK_PICTURE,
    PICTURE,
    RECORD,
    SINCE,
    Edition,
    Manifest,
    Store,
    catalogue,
    file_name,
    manifest,
    manifests,
)
from handover.errors import StoreError, VerifyError
from handover.notebook import forkserver
from handover.project import Project
from handover.text import shown
from handover.verify import bundle, contents, rebuild, record
from handover.verify.difference import (
    DIFFERS,
    ELSEWHERE,
    UNJUDGED,
    VERIFIED,
    Answer,
    Difference,
    first,
    of_pdf,
    of_values,
)
from handover.verify.rebuild import Rebuilt

#: Exit code of each answer; the worst of several counts, and a difference is worse than a question left open.
CODES = {VERIFIED: 0, UNJUDGED: 3, ELSEWHERE: 3, DIFFERS: 1}
#: How a zip file begins.
ARCHIVE = b"PK\x03\x04"
FILE = re.compile(rf"(?P<report>.+?)_(?P<edition>{EDITION.pattern})\.(html|ipynb|pdf)")
HASHES_ONLY = "hashes only; nothing was rendered"


def code(answers: Iterable[Answer]) -> int:
    """Return the exit code of all answers together."""
    words = {answer.word for answer in answers}
    return next((CODES[word] for word in (DIFFERS, ELSEWHERE, UNJUDGED) if word in words), CODES[VERIFIED])


def verify(project: Project, paths: Iterable[Path], *, hashes: bool = False, trust: bool = False) -> Iterator[Answer]:
    """Yield an answer for each edition, store and PDF that the paths mean, as soon as it is known.

    The `project` judges, by `hashes` alone if asked; with `trust` notebooks may be run that are not its own.

    Raises:
        VerifyError: A path means nothing that could be verified.
    """
    judge = _Judge(project, hashes, trust)
    for path in paths:
        yield from judge.answers(path)


@dataclass(frozen=True, slots=True)
class _Copy(Edition):
    """An edition whose folder was copied somewhere else, whatever it is called there."""

    place: Path

    @property
    def folder(self) -> Path:
        return self.place


@dataclass(frozen=True, slots=True)
class _Judge:
    """Answers by one checkout, as `verify` is asked."""

    project: Project
    hashes: bool
    trust: bool

    def answers(self, path: Path) -> Iterator[Answer]:
        """Answer for what a path means: editions, after its editions a store itself, a file that no manifest lies by.

        What lies among the editions of a report and is none is answered for too.

        Raises:
            VerifyError: A folder that holds no edition.
        """
        folder = (path if path.is_dir() else path.parent).resolve()
        # an edition is named so, even if its manifest is gone, or has one
        held = EDITION.fullmatch(folder.name) or (folder / manifest.NAME).is_file()
        if held if path.is_dir() else _belongs(path):
            yield self._edition(_edition_in(folder))
            return
        if not path.is_dir():
            page = path.suffix.lower() in (".html", ".ipynb")
            yield self._page(path) if page else self._zip(path) if _is_archive(path) else self._pdf(path)
            return
        whole = Store(folder, folder / ".lock", self.project)
        if found := whole.editions():
            yield from map(self._edition, found)
            yield from _store(whole)
            return
        above = Store(folder.parent, folder.parent / ".lock")
        within = above.editions(folder.name)
        if not within:
            raise VerifyError(
                f"{path}: must be an edition, a folder of editions or a PDF (got a folder without editions).\n"
                "Nothing was verified; `handover list` names the editions of this project."
            )
        yield from map(self._edition, within)
        if strays := _strange((stray for stray in above.strays() if stray.parent == folder), folder):
            yield Answer(_short(folder), DIFFERS, "", strays)

    def _zip(self, path: Path) -> Answer:
        """Answer for a bundle that is still packed."""
        try:
            with bundle.unpacked(path) as folder:
                return self._edition(_edition_in(folder), str(path))
        except VerifyError as error:
            return Answer(str(path), UNJUDGED, str(error))

    def _page(self, path: Path) -> Answer:
        """Answer for a page or notebook by itself, which does not say how it was made; its edition here does."""
        known = _named(self.project, path)
        if not known:
            why = "it carries no record of how it was made: verify the PDF of the same edition"
            return Answer(str(path), ELSEWHERE, why)
        try:
            found, given = bounded.read(path), bounded.read(known.file(path.suffix))
        except OSError as error:
            return _unread(str(path), error)
        if found != given:
            why = f"the edition in {_short(known.folder)} says otherwise"
            return Answer(str(path), DIFFERS, why, (), (first(path.name, found, given),))
        return self._edition(known, str(path))

    def _pdf(self, path: Path) -> Answer:
        """Answer for a PDF by itself: rendered from what it says of itself, it must come out in the same bytes."""
        name = str(path)
        try:
            data = bounded.read(path)
        except OSError as error:
            return _unread(name, error)
        if not self.hashes:
            forkserver.prepare()  # it imports in a process of its own while the PDF is read
        try:
            found, said = record.read(data)
        except VerifyError as error:
            return Answer(name, DIFFERS, str(error))
        if faults := _faults(self.project, found, said):
            return Answer(name, DIFFERS, differences=faults)
        if self.hashes:
            return self._by_hash(path, digest.of_bytes(data), said)
        carried = said.carried(found.attachments)
        rebuilt = rebuild.again(self.project, said, carried, trust=self.trust)
        if isinstance(rebuilt, Answer):
            return replace(rebuilt, subject=name)
        given = rebuilt.file(".pdf")
        if given == data:
            return Answer(name, VERIFIED, _standing(rebuilt), (f"{said.report} {rebuilt.product.edition}",))
        differences = (of_pdf("the PDF", found, contents.read(given), rebuilt.facts),)
        if rebuilt.changed:
            details = rebuild.advice(self.project, rebuilt.changed, carried)
            return Answer(name, ELSEWHERE, "it was made from other inputs", details, differences)
        by_other_code, details = rebuild.by_other_code(self.project, data, carried)
        if by_other_code:
            return Answer(name, ELSEWHERE, "it was made by other code", details, differences)
        return Answer(name, DIFFERS, "", details, differences)

    def _by_hash(self, path: Path, sha256: str, said: record.Record) -> Answer:
        """Answer for a PDF by its hash alone, which counts where a manifest of this project names it.

        That its attachments are those that it names itself proves nothing: whoever forges one can forge the other.
        """
        name = str(path)
        if (known := _named(self.project, path)) and digest.of_file(known.file(path.suffix)) != sha256:
            return Answer(name, DIFFERS, f"the edition in {_short(known.folder)} says otherwise")
        found, torn = manifests(Store.of(self.project).editions(said.report))
        for one in found:
            if one["outputs"][file_name(one["report"], one["edition"], ".pdf")]["sha256"] == sha256:
                return Answer(name, VERIFIED, f"{HASHES_ONLY}: it is the PDF of {one['report']}/{one['edition']}")
        cure = "verify it without --hashes, or where a manifest names it: in its edition's folder or its own project"
        return Answer(name, UNJUDGED, "all hashes come from the PDF itself", (*torn, cure))

    def _edition(self, edition: Edition, name: str = "") -> Answer:
        """Answer for an edition in its folder: every file against the manifest, then all against a second render."""
        name = name or _short(edition.folder)
        packed = bundle.is_bundle(edition.folder)
        found = bundle.faults(edition) if packed else edition.faults()
        faults = tuple(fault.replace(f"{edition.folder}/", "") for fault in found)
        try:
            about = edition.manifest()
            said = record.record_of_manifest(about)
        except (StoreError, VerifyError) as error:
            return Answer(name, DIFFERS, "", tuple(faults or str(error).splitlines()[:1]))
        if self.hashes:
            return Answer(name, DIFFERS if faults else VERIFIED, "" if faults else HASHES_ONLY, faults)
        pdf, carried = _carried(edition) if self.trust or rebuild.changes(self.project, said) else (b"", {})
        carried |= bundle.carried(edition) if packed else {}
        rebuilt = rebuild.again(self.project, said, carried, trust=self.trust)
        if isinstance(rebuilt, Answer):
            told = {"word": DIFFERS, "why": "", "details": (*faults, *rebuilt.details)} if faults else {}
            return replace(rebuilt, subject=name, **told)
        differences = tuple(_differences(edition, about, rebuilt))
        if faults or (differences and not rebuilt.changed):
            return Answer(name, DIFFERS, "", faults, differences)
        if differences:
            details = rebuild.advice(self.project, rebuilt.changed, carried, pdf)
            return Answer(name, ELSEWHERE, "it was made from other inputs", details, differences)
        return Answer(name, VERIFIED, _standing(rebuilt))


def _belongs(path: Path) -> bool:
    """Whether a file is named in the manifest beside it; all of the edition is verified then."""
    beside = path.parent / manifest.NAME
    try:
        return beside.is_file() and (path.name == manifest.NAME or path.name in manifest.load(beside)["outputs"])
    except StoreError:
        return bool(EDITION.search(path.stem))


def _edition_in(folder: Path) -> Edition:
    """Return the edition in a folder, named by its manifest, or by its place where that is torn."""
    names = folder.parent.name, folder.name
    with suppress(StoreError):
        about = manifest.load(folder / manifest.NAME)
        names = about["report"], about["edition"]
    return _Copy(folder.parent.parent, *names, folder)


def _store(store: Store) -> Iterator[Answer]:
    """Answer for what is in a store beside its editions."""
    strays = _strange(store.strays(), store.root)
    has_catalogue = any((store.root / name).is_file() for name in catalogue.FILES)
    stale = tuple(f"{name}: is not what the manifests say" for name in catalogue.stale(store)) if has_catalogue else ()
    if strays or stale:
        yield Answer(_short(store.root), DIFFERS, "", (*strays, *stale))
    elif has_catalogue:
        yield Answer(_short(store.root), VERIFIED, "its catalogue is what the manifests say")


def _strange(strays: Iterable[Path], folder: Path) -> tuple[str, ...]:
    return tuple(f"{stray.relative_to(folder)}: is no edition" for stray in strays)


def _named(project: Project, path: Path) -> Edition | None:
    """The edition of this project that a file's name means, if it is here."""
    named = FILE.fullmatch(path.name)
    known = named and Edition(project.reports, named["report"], named["edition"])
    return known if known and known.file(path.suffix).is_file() else None


def _is_archive(path: Path) -> bool:
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(len(ARCHIVE)) == ARCHIVE
    return False


def _unread(name: str, error: OSError) -> Answer:
    """Answer for a file that could not be read: one that is too large is no edition's, any other is not judged."""
    word = DIFFERS if error.errno == errno.EFBIG else UNJUDGED
    return Answer(name, word, f"it cannot be read: {error.strerror}")


def _faults(project: Project, found: contents.Contents, said: record.Record) -> tuple[Difference, ...]:
    """Say what is wrong with a PDF by itself: it holds what none may, or its attachments are not those it names."""
    faults = [Difference(f"holds {one}, which no edition does") for one in found.active]
    faults += map(Difference, said.faults(found.attachments))
    for path in said.altered(found.attachments):
        name, wanted = said.attached[path]
        here = project.root / path
        if here.is_file() and digest.of_file(here) == wanted:
            faults.append(first(f"attachment {name}", found.attachments[name], here.read_bytes()))
        else:
            place = f"attachment {shown(name)}: is not the file that {RECORD} names (SHA-256 {wanted[:12]}…)"
            faults.append(Difference(place))
    return tuple(faults)


def _carried(edition: Edition) -> tuple[bytes, dict[str, bytes]]:
    """Return the PDF of an edition and the files in it by path; no files where the PDF contradicts its record."""
    try:
        data = bounded.read(edition.file(".pdf"))
    except OSError:
        return b"", {}
    try:
        found, said = record.read(data)
    except VerifyError:
        return data, {}
    return data, {} if said.altered(found.attachments) else said.carried(found.attachments)


def _differences(edition: Edition, about: Manifest, rebuilt: Rebuilt) -> list[Difference]:
    found = list(_different_files(edition, rebuilt))
    # the inputs, the run and what was left out are history; differences of files are listed already
    aside = {"inputs", "versions", "run", "omitted"} | ({"content", "edition", "outputs"} if found else set())
    given: dict[str, Any] = dict(rebuilt.product.manifest)
    if SINCE not in about["variant"]:
        # it was filled in from the store, and so is no setting
        given["variant"] = {name: value for name, value in given["variant"].items() if name != SINCE}
    sides = ({key: value for key, value in side.items() if key not in aside} for side in (about, given))
    if different := of_values(manifest.NAME, *sides):
        found.append(different)
    elif manifest.dumps(about) != (edition.folder / manifest.NAME).read_bytes():
        found.append(Difference(f"{manifest.NAME}: the same content, written otherwise"))
    return found


def _different_files(edition: Edition, rebuilt: Rebuilt) -> Iterator[Difference]:
    for path in (edition.file(suffix) for suffix in (".html", ".pdf", ".ipynb")):
        given = rebuilt.file(path.suffix)
        try:
            found = bounded.read(path)
        except OSError as error:
            yield Difference(f"{path.name}: is missing, or cannot be read ({error.strerror})")
            continue
        if found != given:
            yield first(path.name, found, given, rebuilt.facts)
    for name, what in ((PICTURE, "the picture of the first page"), (LINK_PICTURE, "the picture for links")):
        try:
            same = bounded.read(edition.folder / name) == rebuilt.product.files[name]
        except OSError:
            same = False
        if not same:
            yield Difference(f"{name}: {what} is another")


def _standing(rebuilt: Rebuilt) -> str:
    """Say what is to be added to "verified"."""
    if rebuilt.trusted:
        return "by the notebook and tables that came with it, which are not this checkout's"
    if rebuilt.changed:
        return f"the same bytes, although it names other inputs: {', '.join(rebuilt.changed)}"
    return ""


def _short(path: Path) -> str:
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
