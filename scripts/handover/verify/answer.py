"""`handover verify`: hashes first, then a second render compared byte by byte, and one answer for each thing asked."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover import digest
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
    manifest,
)
from handover.errors import StoreError, VerifyError
from handover.notebook import forkserver
from handover.project import Project
from handover.verify import contents, rebuild
from handover.verify.difference import Difference, first, of_pdf, of_values, shown
from handover.verify.rebuild import Rebuilt, Refused

VERIFIED, DIFFERS, ELSEWHERE = "verified", "differs", "cannot be rebuilt here"
#: Exit code of each answer; the worst of several counts, and a difference is worse than a question left open.
CODES = {VERIFIED: 0, ELSEWHERE: 3, DIFFERS: 1}
#: How long one line of an answer may be.
LINE = 2000
CATALOGUE = ("index.html", "catalogue.json", "feed.xml")
FILE = re.compile(rf"(?P<report>.+?)_(?P<edition>{EDITION.pattern})\.(html|ipynb)")
HASHES_ONLY = "hashes only; nothing was rendered"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one thing asked about; `differences` and then `details` stand on lines below the first."""

    subject: str
    word: str
    why: str = ""
    details: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        line = f"{self.word}: {shown(self.subject, 400)}" + (f" ({self.why})" if self.why else "")
        below = [*map(str, self.differences), *(shown(one, LINE) for one in self.details)]
        return "\n".join([line, *(f"  {one}" for one in below)])

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "path": shown(self.subject, 400),
            "answer": self.word,
            "why": self.why,
            "differences": [one.as_json() for one in self.differences],
            "details": [shown(one, LINE) for one in self.details],
        }


def code(answers: Iterable[Answer]) -> int:
    """Return the exit code of all answers together."""
    words = {answer.word for answer in answers}
    return next((CODES[word] for word in (DIFFERS, ELSEWHERE) if word in words), CODES[VERIFIED])


def verify(project: Project, paths: Iterable[Path], *, hashes: bool = False, trust: bool = False) -> Iterator[Answer]:
    """Yield an answer for each edition, store and PDF that the paths mean, as soon as it is known.

    Args:
        project: The checkout that judges.
        paths: Editions, stores, files of editions, PDFs.
        hashes: Whether to leave it at comparing hashes.
        trust: Whether notebooks may be run that are not this checkout's.

    Raises:
        VerifyError: A path means nothing that could be verified.
    """
    for path in paths:
        for subject in _subjects(path, project):
            if isinstance(subject, Store):
                yield from _store(subject)
            elif isinstance(subject, Edition):
                yield _edition(project, subject, _short(subject.folder), hashes=hashes, trust=trust)
            elif subject.suffix.lower() in (".html", ".ipynb"):
                yield _page(project, subject, hashes=hashes, trust=trust)
            else:
                yield _pdf(project, subject, hashes=hashes, trust=trust)


@dataclass(frozen=True, slots=True)
class _Copy(Edition):
    """An edition whose folder was copied somewhere else, whatever it is called there."""

    place: Path

    @property
    def folder(self) -> Path:
        return self.place


def _subjects(path: Path, project: Project) -> Iterator[Edition | Path | Store]:
    """Yield what a path asks about: editions, after its editions a store itself, files that no manifest lies beside.

    Raises:
        VerifyError: A folder that holds no edition.
    """
    folder = path if path.is_dir() else path.parent
    if (folder / manifest.NAME).is_file() and (path.is_dir() or _belongs(path)):
        yield _edition_in(folder.resolve())
        return
    if not path.is_dir():
        yield path
        return
    folder = folder.resolve()
    whole = Store(folder, folder / ".lock", project)
    if found := whole.editions():
        yield from found
        yield whole
        return
    within = Store(folder.parent, folder.parent / ".lock").editions(folder.name)
    if not within:
        raise VerifyError(f"{path}: must be an edition, a folder of editions or a PDF (got a folder without editions).")
    yield from within


def _belongs(path: Path) -> bool:
    """Whether a file is named in the manifest beside it; all of the edition is verified then."""
    if path.name == manifest.NAME:
        return True
    try:
        return path.name in manifest.load(path.parent / manifest.NAME)["outputs"]
    except StoreError:
        return bool(EDITION.search(path.stem))


def _edition_in(folder: Path) -> Edition:
    """Return the edition in a folder, named by its manifest, or by its place where that is torn."""
    try:
        about = manifest.load(folder / manifest.NAME)
    except StoreError:
        return _Copy(folder.parent.parent, folder.parent.name, folder.name, folder)
    return _Copy(folder.parent.parent, about["report"], about["edition"], folder)


def _store(store: Store) -> Iterator[Answer]:
    """Answer for what is in a store beside its editions."""
    strays = tuple(f"{stray.relative_to(store.root)}: is no edition" for stray in store.strays())
    listed = any((store.root / name).is_file() for name in CATALOGUE)
    stale = tuple(f"{name}: is not what the manifests say" for name in catalogue.stale(store)) if listed else ()
    if strays or stale:
        yield Answer(_short(store.root), DIFFERS, "", (*strays, *stale))
    elif listed:
        yield Answer(_short(store.root), VERIFIED, "its catalogue is what the manifests say")


def _page(project: Project, path: Path, *, hashes: bool, trust: bool) -> Answer:
    """Answer for a page or notebook by itself, which does not say how it was made; its edition here does."""
    named = FILE.fullmatch(path.name)
    known = named and Edition(project.reports, named["report"], named["edition"])
    if not known or not known.file(path.suffix).is_file():
        why = "it carries no record of how it was made: verify the PDF of the same edition"
        return Answer(str(path), ELSEWHERE, why)
    found, given = path.read_bytes(), known.file(path.suffix).read_bytes()
    if found != given:
        why = f"the edition in {_short(known.folder)} says otherwise"
        return Answer(str(path), DIFFERS, why, (), (first(path.name, found, given),))
    return _edition(project, known, str(path), hashes=hashes, trust=trust)


def _pdf(project: Project, path: Path, *, hashes: bool, trust: bool) -> Answer:
    """Answer for a PDF by itself: rendered again from what it says of itself, it must come out in the same bytes."""
    name, data = str(path), path.read_bytes()
    if not hashes:
        forkserver.prepare()  # it imports in a process of its own while the PDF is read
    try:
        found = contents.read(data)
        said = rebuild.record_of_pdf(found.attachments.get(RECORD))
    except VerifyError as error:
        return Answer(name, DIFFERS, str(error))
    if faults := _faults(project, found, said):
        return Answer(name, DIFFERS, differences=faults)
    if hashes:
        return Answer(name, VERIFIED, f"{HASHES_ONLY}: its attachments are those that its {RECORD} names")
    carried = said.carried(found.attachments)
    rebuilt = rebuild.again(project, said, carried, trust=trust)
    if isinstance(rebuilt, Refused):
        return _refused(name, rebuilt)
    given = rebuilt.file(".pdf")
    if given == data:
        return Answer(name, VERIFIED, _standing(rebuilt), (f"{said.report} {rebuilt.product.edition}",))
    differences = (of_pdf("the PDF", found, contents.read(given), rebuilt.facts),)
    if rebuilt.changed:
        details = rebuild.advice(project, rebuilt.changed, carried)
        return Answer(name, ELSEWHERE, "it was made from other inputs", details, differences)
    commit = rebuild.commit_of(project, [data])
    if commit and rebuild.package_since(project, commit):
        details = rebuild.advice(project, (), carried, data)
        return Answer(name, ELSEWHERE, "it was made by other code", details, differences)
    return Answer(name, DIFFERS, "", (), differences)


def _faults(project: Project, found: contents.Contents, said: rebuild.Record) -> tuple[Difference, ...]:
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


def _edition(project: Project, edition: Edition, name: str, *, hashes: bool, trust: bool) -> Answer:
    """Answer for an edition in its folder: every file against the manifest, then all of it against a second render."""
    faults = tuple(fault.replace(f"{edition.folder}/", "") for fault in edition.faults())
    try:
        about = edition.manifest()
        said = rebuild.record_of_manifest(about)
    except (StoreError, VerifyError) as error:
        return Answer(name, DIFFERS, "", tuple(faults or str(error).splitlines()[:1]))
    if hashes:
        return Answer(name, DIFFERS if faults else VERIFIED, "" if faults else HASHES_ONLY, faults)
    pdf, carried = _carried(edition) if trust or rebuild.changes(project, said) else (b"", {})
    rebuilt = rebuild.again(project, said, carried, trust=trust)
    if isinstance(rebuilt, Refused):
        return _refused(name, rebuilt, faults)
    differences = tuple(_differences(edition, about, rebuilt))
    if faults or (differences and not rebuilt.changed):
        return Answer(name, DIFFERS, "", faults, differences)
    if differences:
        details = rebuild.advice(project, rebuilt.changed, carried, pdf)
        return Answer(name, ELSEWHERE, "it was made from other inputs", details, differences)
    return Answer(name, VERIFIED, _standing(rebuilt))


def _carried(edition: Edition) -> tuple[bytes, dict[str, bytes]]:
    """Return the PDF of an edition and the files in it by path; no files where the PDF contradicts its record."""
    try:
        data = edition.file(".pdf").read_bytes()
    except OSError:
        return b"", {}
    try:
        found = contents.read(data)
        said = rebuild.record_of_pdf(found.attachments.get(RECORD))
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
        if not path.is_file():
            yield Difference(f"{path.name}: is missing")
        elif (found := path.read_bytes()) != given:
            yield first(path.name, found, given, rebuilt.facts)
    for name, what in ((PICTURE, "the picture of the first page"), (LINK_PICTURE, "the picture for links")):
        path = edition.folder / name
        if not path.is_file() or path.read_bytes() != rebuilt.product.files[name]:
            yield Difference(f"{name}: {what} is another")


def _refused(name: str, refused: Refused, faults: tuple[str, ...] = ()) -> Answer:
    word = DIFFERS if faults or refused.wrong else ELSEWHERE
    return Answer(name, word, "" if faults else refused.why, (*faults, *refused.details), refused.differences)


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
