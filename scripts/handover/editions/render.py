"""One report from request to edition.

    request ─► recognised? ─► execute ─► compose ─► check ─► publish ─► announce

`produce` touches no store, so that many can run at once; `publish` is short and holds the store's lock.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover.editions import index, manifest
from handover.editions.ahead import ahead
from handover.editions.index import Index
from handover.editions.manifest import Manifest, Omission
from handover.editions.request import Contract, Request, require_come
from handover.editions.store import LINK_PICTURE, PICTURE, Edition, Store, file_name
from handover.errors import AuditError, ConversionError, StoreError
from handover.notebook import source
from handover.project import Project
from handover.text import printable

if TYPE_CHECKING:
    from handover.editions.compose import Composition
    from handover.notebook import Execution

#: How many editions a message names.
NAMED = 3

#: Called with a phase, and how many of its steps are done; both 0 for a phase without steps.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Product:
    """A rendered report in memory; `files` are those of the edition but its manifest, by name."""

    request: Request
    edition: str
    files: Mapping[str, bytes]
    manifest: Manifest
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request: ``published`` or ``unchanged``.

    `rendered` is False for an edition that was recognised without any work.
    """

    kind: str
    edition: Edition
    warnings: tuple[str, ...] = ()
    rendered: bool = True
    omitted: tuple[Omission, ...] = ()

    @property
    def losses(self) -> tuple[str, ...]:
        """A line for each text that was left out with nothing in its place."""
        return tuple(_line(one) for one in self.omitted if one["lost"])

    @property
    def omissions(self) -> tuple[str, ...]:
        """A line for each text that was left out or gave way to another, those with nothing in their place first."""
        return tuple(_line(one) for one in sorted(self.omitted, key=lambda one: not one["lost"]))

    @property
    def surprises(self) -> tuple[str, ...]:
        """Those of `omissions` that the report's parameters do not explain."""
        expected = {_line(one) for one in self.omitted if one.get("expected")}
        return tuple(line for line in self.omissions if line not in expected)


def render(
    project: Project,
    report: str,
    given: Mapping[str, Any] | None = None,
    *,
    out: Path | None = None,
    again: bool = False,
    network: bool = False,
    ahead: bool = False,
    strict: bool = False,
    timeout_s: float = 600.0,
    progress: Progress = lambda phase, done, total: None,
) -> Outcome:
    """Render a report with the parameters given, unless an edition of the same inputs is there, or even then: `again`.

    It is published in the project's own ``reports/``, or in the folder `out`; that of a day to come only if `ahead`.
    Its cells have no network, unless the project opens it or `network` does. If it is `strict`, it is rendered in any
    case, and a text that is left out with nothing in its place is a fault.

    Raises:
        HandoverError: Anything that stops the report. The store is then as it was.
    """
    from handover.editions import catalogue

    progress("read", 0, 0)
    store = Store.of(project, out)
    contract, known = Contract.of(project, report, network, strict), Index(store, report)
    request = contract.request(given or {}, known.day_before)
    if not ahead:
        require_come(request)
    if not (again or strict) and (edition := known.find(request)):
        faults = announce(store, edition)
        return recognised(edition, _distinct(known.faults, faults))
    # before any work is done
    catalogue.check_names(store, (*catalogue.FILES, catalogue.archive(report)))
    product = produce(request, timeout_s=timeout_s, progress=progress)
    progress("store", 0, 0)
    outcome = publish(store, product)
    faults = announce(store, outcome.edition)
    return replace(outcome, warnings=_distinct(outcome.warnings, known.faults, faults))


def _distinct(*told: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(told)))


def recognised(edition: Edition, warnings: tuple[str, ...] = ()) -> Outcome:
    """The outcome of a request whose edition is there already."""
    return Outcome("unchanged", edition, warnings, rendered=False, omitted=tuple(edition.manifest().get("omitted", ())))


def produce(
    request: Request, *, timeout_s: float = 600.0, progress: Progress = lambda phase, done, total: None
) -> Product:
    """Execute, compose and check a report in memory; nothing is published.

    Raises:
        HandoverError: A cell failed, or a page could not be made or failed its checks.
        AuditError: The request is strict, and a text is left out with nothing in its place.
    """
    from concurrent.futures import ThreadPoolExecutor

    clock, link_pictures = _Clock(progress), []
    with ThreadPoolExecutor() as typst:
        done, made = _composed(
            request, timeout_s, clock, lambda made: link_pictures.append(typst.submit(made.link_picture))
        )
        if request.strict:
            _refuse_losses(request, made)
        with clock.phase("typeset"):
            pdf, picture = typst.submit(made.pdf), typst.submit(made.picture)
            _unmoved(request)
            contents = {".html": made.html.encode(), ".pdf": pdf.result(), ".ipynb": made.notebook}
            files = {file_name(request.report, made.edition, suffix): data for suffix, data in contents.items()}
            files |= {PICTURE: picture.result(), LINK_PICTURE: link_pictures[0].result()}
    about = _manifest(request, made, files, manifest.run(clock.started, clock.seconds, done.network))
    return Product(request, made.edition, files, about, (*done.warnings, *done.notes, *made.notes, *_ahead(about)))


def draft(
    request: Request, *, timeout_s: float = 600.0, progress: Progress = lambda phase, done, total: None
) -> "tuple[Execution, Composition]":
    """The first part of `produce`, for a preview: the report ran, and its pages may be shown, but have no name yet.

    Raises:
        HandoverError: As in `produce`.
    """
    return _composed(request, timeout_s, _Clock(progress))


def publish(store: Store, product: Product) -> Outcome:
    """Add a product to a store; the catalogue is left to `announce`, so that many can be published before one.

    Raises:
        StoreError: The store refuses; it is then as it was.
    """
    request = product.request
    edition = Edition(store.root, request.report, product.edition)
    with store.locked():
        fresh = store.publish(edition.report, edition.name, product.files, product.manifest)
        if not fresh:
            index.remember(request.project.root, request.inputs.digest, edition.name)
    omitted = tuple(product.manifest.get("omitted", ()))
    return Outcome("published" if fresh else "unchanged", edition, product.warnings, omitted=omitted)


def announce(store: Store, *editions: Edition) -> list[str]:
    """Bring the catalogue up to date if it lacks any of these editions, as it does after a run that was killed.

    Returns a line for each torn manifest of the store that was met, whose edition is left out.

    Raises:
        StoreError: The disk refuses; the editions are there.
    """
    from handover.editions import catalogue

    if catalogue.lists(store.root, editions):
        return []
    try:
        with store.locked():
            return catalogue.write(store)
    except StoreError as error:
        raise StoreError(_unlisted(str(error), store, editions)) from error


def _unlisted(said: str, store: Store, editions: Sequence[Edition]) -> str:
    """What is there and what is not, where the disk took editions and refused the catalogue."""
    first, _, cure = said.partition("\n")
    names = ", ".join(map(str, editions[:NAMED]))
    names += f" and {len(editions) - NAMED} more" if len(editions) > NAMED else ""
    there = "is published and whole" if len(editions) == 1 else "are published and whole"
    own = store.project and store.root == store.project.reports
    enough = " `handover catalogue` is enough." if own else ""
    return f"{first}\n{names} {there}; the catalogue still lists what was there before.\n{cure}{enough}"


@dataclass
class _Clock:
    progress: Progress
    started: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.progress(name, 0, 0)
        begun = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begun


def _composed(
    request: Request, timeout_s: float, clock: _Clock, meanwhile: "Callable[[Composition], object] | None" = None
) -> "tuple[Execution, Composition]":
    """Run the cells and compose what they showed: an edition, if there is something to do meanwhile, else a draft."""
    with clock.phase("execute"):
        done = _execute(request, timeout_s, clock.progress)
    with clock.phase("compose"):
        from handover.document import audit, checks
        from handover.editions import compose

        def check(made: "Composition") -> None:
            _accept(request, made)
            attached = {one.name: one.data for one in made.metadata.attachments} | {"the notebook": made.notebook}
            checks.refuse_traces(done.nb, (made.html, made.typst_source), request.project, request.where, attached)
            audit.audit(made.document, request.where)
            checks.require_descriptions(made.document, request.where)
            if meanwhile:
                meanwhile(made)

        folder = request.project.notebooks
        made = compose.compose(done.nb, request.report, folder, draft=meanwhile is None, meanwhile=check)
    return done, made


def _execute(request: Request, timeout_s: float, progress: Progress) -> Any:
    """Run the notebook, unless its tables have faults, and import the page writers meanwhile."""
    from handover.notebook import forkserver

    forkserver.prepare()  # first of all: it imports in a process of its own, and Jupyter is imported here meanwhile
    from handover import tables

    tables.read(request.project.data)
    from handover.notebook import execute

    notebook = request.project.notebook(request.report)
    with ahead(notebook) as read:

        def step(done: int, total: int, cells: list[Any]) -> None:
            read(cells)
            progress("execute", done, total)

        return execute.execute(
            source.load(notebook),
            dict(request.parameters),
            cwd=request.project.notebooks,
            where=request.where,
            epoch=request.epoch,
            timeout_s=timeout_s,
            progress=step,
            network=request.network,
        )


def _accept(request: Request, made: "Composition") -> None:
    """Refuse a composition that is not the report asked for, or rests on what is not counted or left out."""
    if made.refused:
        raise ConversionError(
            f"{request.where}: every table it names must be attached (refused):\n  "
            + "\n  ".join(made.refused)
            + "\nName tables of data/ by their path from the project's folder."
        )
    if uncounted := sorted(set(made.pictures) - set(request.inputs.tables)):
        raise ConversionError(
            f"{request.where}: every picture it shows must be named in the text of a cell (got {', '.join(uncounted)}, "
            "whose name a cell made).\nWrite its path out in a cell, or put it into data/."
        )
    if made.document.parameters != dict(request.parameters):
        raise ConversionError(
            f"{request.where}: must print what was asked (asked {dict(request.parameters)}, "
            f"got {made.document.parameters}).\nThis is a fault of handover: report it with the notebook."
        )


def _refuse_losses(request: Request, made: "Composition") -> None:
    """Refuse a report that leaves a text out with nothing in its place."""
    lost = [_line(one) for one in _omitted(made) if one["lost"]]
    if lost:
        raise AuditError(
            f"{request.where}: a strict render must leave out no text with nothing in its place (got {len(lost)}):\n  "
            + "\n  ".join(lost)
            + '\nGive each an alternative; an empty one, "", says that the text may be left out.'
        )


def _omitted(made: "Composition") -> list[Omission]:
    return [{"cell": one.cell, "text": one.text, "lost": one.lost, "expected": one.expected} for one in made.omitted]


def _line(one: Omission) -> str:
    return f"cell {one['cell']}: {one['text']}"


def _unmoved(request: Request) -> None:
    """Refuse to publish what was made from inputs that changed on the way."""
    if changed := request.changed():
        raise StoreError(
            f"{request.where}: inputs must stay the same while it renders (changed: {', '.join(changed)}).\n"
            "Nothing was published; run the command again."
        )


def _ahead(about: Manifest) -> list[str]:
    """Say what becomes of an edition of a day to come."""
    day = about["as_of"]
    warning = f"{day} is a day to come: this edition leads no report of the catalogue and is left out of the feed"
    return [warning] if manifest.ahead(about) else []


def _manifest(request: Request, made: "Composition", files: Mapping[str, bytes], run: manifest.Run) -> Manifest:
    from handover.pages import page_count

    evidence = made.document.evidence
    return {
        "report": request.report,
        "edition": made.edition,
        "content": made.content,
        "title": printable(made.document.title),
        "standfirst": printable(made.document.standfirst),
        "as_of": request.as_of,
        "language": request.language,
        "parameters": dict(request.parameters),
        "variant": dict(request.variant),
        "inputs": request.inputs.as_json() | {"digest": request.inputs.digest},
        "outputs": manifest.outputs(files),
        "versions": dict(request.inputs.versions),
        "facts": manifest.facts(evidence),
        "statements": manifest.statements(evidence),
        "sources": manifest.sources(evidence),
        "omitted": _omitted(made),
        "pages": page_count(files[file_name(request.report, made.edition, ".pdf")]),
        "run": run,
    }
