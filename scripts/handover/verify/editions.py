"""Verifying an edition in its folder: every file against the manifest, then all of it against a second render."""

from collections.abc import Iterator
from typing import Any

from handover.editions import LINK_PICTURE, PICTURE, SINCE, Edition, manifest
from handover.errors import ProofError, StoreError
from handover.project import Project
from handover.verify import attempt, papers, rebuild, record
from handover.verify.answer import DIFFERS, ELSEWHERE, VERIFIED, Answer
from handover.verify.differ import data, html, notebook
from handover.verify.differ import pdf as differ
from handover.verify.differ.difference import Difference
from handover.verify.dissection import dissect
from handover.verify.rebuild import Rebuilt


def verify(project: Project, edition: Edition, name: str, *, hashes: bool, trust: bool) -> Answer:
    """Answer for an edition.

    Args:
        project: The checkout.
        edition: The edition, wherever it lies.
        name: How the answer is to call it.
        hashes: Whether to leave it at comparing hashes.
        trust: Whether the notebook inside its PDF may be run.
    """
    faults = tuple(fault.replace(f"{edition.folder}/", "") for fault in edition.faults())
    try:
        about = edition.manifest()
        claimed = _claimed(about)
    except (StoreError, ProofError) as error:
        return Answer(name, DIFFERS, "", tuple(faults or str(error).splitlines()[:1]))
    if hashes:
        return Answer(name, DIFFERS if faults else VERIFIED, "" if faults else papers.HASHES_ONLY, faults)
    tried = attempt.attempt(project, claimed, _carried(edition) if trust else None, trust=trust)
    if tried.rebuilt is None:
        word = DIFFERS if faults else tried.word
        return Answer(name, word, "" if faults else tried.why, (*faults, *tried.details), tried.differences)
    differences = tuple(_differences(edition, about, claimed, tried.rebuilt))
    if faults or (differences and not tried.changed):
        return Answer(name, DIFFERS, "", faults, differences)
    if differences:
        details = attempt.advice(project, claimed, list(tried.changed))
        return Answer(name, ELSEWHERE, "it was made from other inputs", details, differences)
    return Answer(name, VERIFIED, papers.standing(tried))


def _claimed(about: manifest.Manifest) -> Any:
    held = {key: value for key, value in about["inputs"].items() if key != "digest"}
    return record.inputs(held | {"report": about["report"], "parameters": about["parameters"]})


def _carried(edition: Edition) -> rebuild.Carried | None:
    try:
        return papers.carried(*papers.taken_apart(edition.file(".pdf").read_bytes()))
    except (ProofError, KeyError, OSError):
        return None


def _differences(edition: Edition, about: manifest.Manifest, claimed: Any, rebuilt: Rebuilt) -> Iterator[Difference]:
    """Yield the first difference of each file."""
    files = list(_files(edition, rebuilt))
    yield from files
    yield from _listed(edition, about, claimed, rebuilt, set() if not files else {"outputs"})


def _files(edition: Edition, rebuilt: Rebuilt) -> Iterator[Difference]:
    for path in (edition.file(suffix) for suffix in (".html", ".pdf", ".ipynb")):
        given = rebuilt.file(path.suffix)
        if not path.is_file():
            yield Difference(f"{path.name}: is missing")
        elif (found := path.read_bytes()) != given:
            yield parted(path.name, found, given, rebuilt)
    for name, what in ((PICTURE, "the picture of the first page"), (LINK_PICTURE, "the picture for links")):
        path = edition.folder / name
        if not path.is_file() or path.read_bytes() != rebuilt.product.files[name]:
            yield Difference(f"{name}: {what} is another")


def parted(name: str, found: bytes, given: bytes, rebuilt: Rebuilt | None = None) -> Difference:
    """Say where a page or notebook differs first from the one that is given."""
    facts = rebuilt.facts if rebuilt else ()
    if name.endswith(".html"):
        return html.html(name, found, given, facts)
    if name.endswith(".ipynb"):
        return notebook.notebook(name, found, given)
    if name.endswith(".json"):
        return data.document(name, found, given)
    try:
        return differ.pdf(name, dissect(found), dissect(given), facts, rebuilt.titles if rebuilt else {})
    except ProofError as error:
        return Difference(f"{name} {error}")


def _listed(
    edition: Edition, about: manifest.Manifest, claimed: Any, rebuilt: Rebuilt, told: set[str]
) -> Iterator[Difference]:
    """Compare the manifest but for its one block of run times; of its inputs, what it claims is taken.

    Args:
        edition: The edition.
        about: Its manifest.
        claimed: The inputs that it names.
        rebuilt: The second render.
        told: Keys whose differences have been told already.
    """
    given = rebuilt.product.manifest | {
        "inputs": claimed.as_json() | {"digest": claimed.digest},
        "versions": dict(claimed.versions),
    }
    if SINCE not in about["variant"]:
        # the press filled it in from the store, and so it was no setting
        given["variant"] = {name: value for name, value in given["variant"].items() if name != SINCE}
    sides = ({key: value for key, value in side.items() if key not in {"run", *told}} for side in (about, given))
    first = data.value(manifest.NAME, *sides)
    if first:
        yield first
    elif manifest.dumps(about) != (edition.folder / manifest.NAME).read_bytes():
        yield Difference(f"{manifest.NAME}: the same content, written otherwise")
