"""A request for a report: checked, and its inputs hashed, before anything heavy is imported or a kernel starts."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from handover.editions import inputs, settings
from handover.editions.index import AS_OF, SINCE, Index
from handover.editions.inputs import Inputs
from handover.editions.manifest import day_of, epoch_of, latest_day
from handover.editions.store import REPORT, REPORT_RULE, Store
from handover.errors import DataError, NotebookError, ParameterError, near
from handover.notebook import parameters, source
from handover.project import Project, alike

#: Asked, with all parameters, for the day that a report is to be compared with.
DayBefore = Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class Request:
    """One report with its parameters bound, those among its inputs.

    `variant` are the parameters, beside the day, that were set to something else than the default; `network` says
    whether its cells may use it; a `strict` one may leave out no text without another in its place.
    """

    project: Project
    report: str
    variant: Mapping[str, Any]
    inputs: Inputs
    day: dt.date
    language: str
    network: bool = False
    strict: bool = False

    @classmethod
    def of(cls, project: Project, report: str, given: Mapping[str, Any], store: Store | None = None) -> "Request":
        """Read the notebook's contract, check the parameters given, and hash all inputs.

        A report that declares ``since`` and is given none is compared with the latest earlier edition in `store`.

        Raises:
            NotebookError: There is no such report, or its notebook breaks the contract.
            ParameterError: A parameter is unknown or not allowed.
        """
        return Contract.of(project, report).request(given, Index(store, report).day_before if store else None)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """All parameters, bound."""
        return self.inputs.parameters

    @property
    def as_of(self) -> str:
        """The day as ISO text."""
        return self.day.isoformat()

    @property
    def epoch(self) -> int:
        """The day in seconds."""
        return epoch_of(self.day)

    @property
    def where(self) -> str:
        """The notebook as messages name it."""
        return self.project.where(self.project.notebook(self.report))

    def changed(self) -> list[str]:
        """Name every input that is, in the checkout now, another than it was asked with."""
        text = source.canonical(source.read(self.project.notebook(self.report), self.where))
        return inputs.of(self.project, self.report, text, self.parameters).changed_since(self.inputs.as_json())


@dataclass(frozen=True, slots=True)
class Contract:
    """The parameters that a report declares, its inputs and its network: read once, for any number of requests."""

    project: Project
    report: str
    declared: Sequence[parameters.Parameter]
    language: str
    inputs: Inputs
    network: bool
    strict: bool = False

    @classmethod
    def of(cls, project: Project, report: str, network: bool = False, strict: bool = False) -> "Contract":
        """Read a notebook's contract, and hash all that it is rendered from.

        `network` opens the network to its cells, which otherwise only the project does; `strict` makes its requests so.

        Raises:
            NotebookError: There is no such report, or its notebook breaks the contract.
            DataError: Two tables differ in case alone.
            HandoverError: The project's setting of the network is none.
        """
        require_report(project, report)
        path = project.notebook(report)
        nb = source.read(path, project.where(path))
        declared = parameters.declared(nb, project.where(path))
        language = nb["metadata"].get("language", "en")
        held = inputs.of(project, report, source.canonical(nb), {})
        if twins := alike(held.tables):
            raise DataError(f"{same_elsewhere(twins[0])}\nRename or remove one of them.")
        opened = network or settings.network(project, report)
        return cls(project, report, declared, language, held, opened, strict)

    def request(self, given: Mapping[str, Any], day_before: DayBefore | None = None) -> Request:
        """Ask for an edition with these parameters; text is read by the declared type.

        `day_before` is asked where a report declares ``since`` and is given none.

        Raises:
            NotebookError: The report speaks from no day.
            ParameterError: A parameter is unknown or not allowed.
        """
        where = self.project.where(self.project.notebook(self.report))
        bound = parameters.bind(self.declared, given, where)
        day = day_of(bound.get(AS_OF))
        if not day:
            raise NotebookError(
                f"{where}: must declare the day it speaks from, a parameter '{AS_OF}' with a date "
                f"(got {bound.get(AS_OF)!r}).\n{parameters.EXAMPLE}"
            )
        since = day_of(bound.get(SINCE))
        if since and since > day:
            raise ParameterError(
                f"{where}: parameter '{SINCE}' must be a day before '{AS_OF}' (got {since}; '{AS_OF}' is {day}).\n"
                "It is the day of an earlier edition, with which this one is compared."
            )
        defaults = {parameter.name: parameter.default for parameter in self.declared}
        variant = {name: value for name, value in bound.items() if name != AS_OF and value != defaults[name]}
        if day_before and SINCE in bound and SINCE not in given and (earlier := day_before(bound)):
            # what is filled in here is no setting of this edition, so the variant is taken before
            bound = parameters.bind(self.declared, {**bound, SINCE: earlier}, where)
        held = replace(self.inputs, parameters=bound)
        language = str(bound.get("language", self.language))
        return Request(self.project, self.report, variant, held, day, language, self.network, self.strict)


def require_report(project: Project, report: str) -> None:
    """Refuse a report that there is none of, or whose name cannot be that of a folder everywhere.

    Raises:
        NotebookError: Says which, with the rule.
    """
    known = project.reports_known()
    if report not in known:
        name, equals, value = report.partition("=")
        cure = f"Set a parameter as -p {name} {value}." if equals else "Run `handover list` to see them."
        raise NotebookError(
            f"{report}: must be a report, a notebook in {project.notebooks.name}/ "
            f"(known: {', '.join(known) or 'none'}{near(PurePath(report).stem, known)}).\n{cure}"
        )
    where = project.where(project.notebook(report))
    if not REPORT.fullmatch(report):
        raise NotebookError(
            f"{where}: a report's name must be {REPORT_RULE} (got {report!r}).\n"
            "Rename the notebook: its name is also that of folders, files and links."
        )
    for twins in alike(known):
        if report in twins:
            raise NotebookError(
                f"{same_elsewhere([project.where(project.notebook(one)) for one in twins])}\nRename one of them."
            )


def require_come(request: Request) -> None:
    """Refuse a day that has not begun anywhere on earth; to be asked before an edition is made for the store.

    Raises:
        ParameterError: Says how to ask for it plainly.
    """
    now = dt.datetime.now(dt.UTC)
    if request.day > latest_day(now):
        raise ParameterError(
            f"{request.where}: parameter '{AS_OF}' must be a day that has come (got {request.as_of}; today is "
            f"{now.date()}).\nCorrect the day; if it is meant, say so with --ahead."
        )


def same_elsewhere(paths: Sequence[str]) -> str:
    """What is wrong with paths that `alike` returned."""
    return f"{paths[0]}: must differ from every other name in more than case (got also {', '.join(paths[1:])})."
