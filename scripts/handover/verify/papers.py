"""Verifying a PDF by itself: it is rebuilt from what it says of itself, and must come out in the same bytes."""

from pathlib import Path

from handover import digest
from handover.editions import RECORD
from handover.errors import ProofError
from handover.notebook import forkserver
from handover.project import Project
from handover.verify import attempt, rebuild, record
from handover.verify.answer import DIFFERS, ELSEWHERE, VERIFIED, Answer
from handover.verify.differ import pdf as differ
from handover.verify.differ.difference import Difference, shown
from handover.verify.dissection import Anatomy, dissect

HASHES_ONLY = "hashes only; nothing was rendered"


def verify(project: Project, path: Path, name: str, *, hashes: bool, trust: bool) -> Answer:
    """Answer for a PDF that no manifest lies beside.

    Args:
        project: The checkout.
        path: The PDF.
        name: How the answer is to call it.
        hashes: Whether to leave it at comparing hashes.
        trust: Whether its own notebook may be run.
    """
    data = path.read_bytes()
    if not hashes:
        forkserver.prepare()  # it imports in a process of its own, while the PDF is taken apart
    try:
        found, said = taken_apart(data)
    except ProofError as error:
        return Answer(name, DIFFERS, str(error))
    faults = _faults(project, found, said)
    if faults:
        return Answer(name, DIFFERS, differences=faults)
    if hashes:
        return Answer(name, VERIFIED, f"{HASHES_ONLY}: its attachments are those that its {RECORD} names")
    tried = attempt.attempt(project, said.inputs, carried(found, said), trust=trust)
    if tried.rebuilt is None:
        return Answer(name, tried.word, tried.why, tried.details, tried.differences)
    given = tried.rebuilt.file(".pdf")
    if given == data:
        return Answer(name, VERIFIED, standing(tried), (f"{said.report} {tried.rebuilt.product.edition}",))
    first = differ.pdf("the PDF", found, dissect(given), tried.rebuilt.facts, tried.rebuilt.titles)
    if tried.changed:
        details = attempt.advice(project, said.inputs, list(tried.changed))
        return Answer(name, ELSEWHERE, "it was made from other inputs", details, (first,))
    return Answer(name, DIFFERS, "", (), (first,))


def taken_apart(data: bytes) -> tuple[Anatomy, record.Record]:
    """Take a PDF apart and read its record.

    Raises:
        ProofError: It cannot be an edition's.
    """
    found = dissect(data)
    return found, record.read(found.attachments.get(RECORD))


def carried(found: Anatomy, said: record.Record) -> rebuild.Carried:
    """The notebook and tables inside a PDF whose attachments have been checked against its record."""
    tables = {path: found.attachments[name] for path, name in said.paths.items()}
    return rebuild.Carried(found.attachments[f"{said.report}.ipynb"], tables)


def standing(tried: attempt.Attempt) -> str:
    """What to add to "verified"."""
    if tried.own:
        return "by the notebook and tables that came with it, which are not this checkout's"
    return f"the same bytes, although it names other inputs: {', '.join(tried.changed)}" if tried.changed else ""


def _faults(project: Project, found: Anatomy, said: record.Record) -> tuple[Difference, ...]:
    """What is wrong with a PDF by itself: it holds what none may, or its attachments are not those it names."""
    faults = [Difference(f"holds {one}, which no edition does") for one in found.active]
    named = {RECORD, *said.attached}
    if f"{said.report}.ipynb" not in said.attached:
        faults.append(Difference(f"{RECORD} must name {said.report}.ipynb as its notebook"))
    for name in sorted(named - found.attachments.keys()):
        faults.append(Difference(f"attachment {shown(name)}: is missing"))
    for name in sorted(found.attachments.keys() - named):
        faults.append(Difference(f"attachment {shown(name)}: is not named in {RECORD}"))
    for name, wanted in sorted(said.attached.items()):
        if name in found.attachments and digest.of_bytes(found.attachments[name]) != wanted:
            faults.append(_altered(project, name, wanted, found, said))
    return tuple(faults)


def _altered(project: Project, name: str, wanted: str, found: Anatomy, said: record.Record) -> Difference:
    """Say where an attachment was altered, if this checkout still has what it was."""
    paths = {f"{said.report}.ipynb": f"notebooks/{name}"} | {held: path for path, held in said.paths.items()}
    path = project.root / paths[name]
    if path.is_file() and digest.of_file(path) == wanted:
        return differ.attachment(name, found.attachments[name], path.read_bytes())
    return Difference(f"attachment {shown(name)}: is not the file that {RECORD} names (SHA-256 {wanted[:12]}…)")
