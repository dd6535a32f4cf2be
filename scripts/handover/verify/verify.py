"""`handover verify`: each thing that was asked about, and the answer for it."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from handover.editions import EDITION, Edition, Store, catalogue
from handover.project import Project
from handover.verify import editions, papers, subjects
from handover.verify.answer import DIFFERS, ELSEWHERE, VERIFIED, Answer

CATALOGUE = ("index.html", "catalogue.json", "feed.xml")
FILE = re.compile(rf"(?P<report>.+?)_(?P<edition>{EDITION.pattern})\.(html|ipynb)")


def verify(project: Project, paths: Iterable[Path], *, hashes: bool = False, trust: bool = False) -> Iterator[Answer]:
    """Yield an answer for each edition, store and PDF that the paths mean, as soon as it is known.

    Args:
        project: The checkout that judges.
        paths: Editions, stores, files of editions, PDFs.
        hashes: Whether to leave it at comparing hashes.
        trust: Whether notebooks may be run that are not this checkout's.

    Raises:
        ProofError: A path means nothing that could be verified.
    """
    for path in paths:
        for subject in subjects.of(path, project):
            if isinstance(subject, Store):
                yield from _store(subject)
            elif isinstance(subject, Edition):
                yield editions.verify(project, subject, _short(subject.folder), hashes=hashes, trust=trust)
            elif subject.path.suffix.lower() in (".html", ".ipynb"):
                yield _page(project, subject.path, hashes=hashes, trust=trust)
            else:
                yield papers.verify(project, subject.path, str(path), hashes=hashes, trust=trust)


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
    """Answer for a page or notebook by itself, which says nothing of how it was made; its edition here may."""
    named = FILE.fullmatch(path.name)
    known = named and Edition(project.reports, named["report"], named["edition"])
    if not known or not known.file(path.suffix).is_file():
        why = "it carries no record of how it was made: verify the PDF of the same edition"
        return Answer(str(path), ELSEWHERE, why)
    if path.read_bytes() != known.file(path.suffix).read_bytes():
        first = editions.parted(path.name, path.read_bytes(), known.file(path.suffix).read_bytes())
        return Answer(str(path), DIFFERS, f"the edition in {_short(known.folder)} says otherwise", (), (first,))
    return editions.verify(project, known, str(path), hashes=hashes, trust=trust)


def _short(path: Path) -> str:
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
