"""What is to be rendered, checked and hashed before anything heavy is imported or a kernel starts."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from handover.editions import inputs, previous
from handover.editions.imprint import day_of
from handover.editions.inputs import Inputs
from handover.editions.store import REPORT, Store
from handover.errors import NotebookError, near
from handover.notebook import parameters, source
from handover.project import Project


@dataclass(frozen=True, slots=True)
class Order:
    """One report with its parameters bound; `variant` holds those, beside the day, that are not the default."""

    project: Project
    report: str
    parameters: Mapping[str, Any]
    variant: Mapping[str, Any]
    inputs: Inputs
    as_of: str
    language: str

    @classmethod
    def of(cls, project: Project, report: str, given: Mapping[str, Any], store: Store | None = None) -> "Order":
        """Read the notebook's contract, check the parameters given, and hash all inputs.

        A report that declares ``since`` and is given none is compared with the latest earlier edition in `store`.

        Raises:
            NotebookError: There is no such report, or its notebook breaks the contract.
            ParameterError: A parameter is unknown or not allowed.
        """
        before = partial(previous.day_before, store, report) if store else None
        return Form.of(project, report).order(given, before)

    @property
    def path(self) -> Path:
        """The notebook."""
        return self.project.notebook(self.report)

    @property
    def where(self) -> str:
        """The notebook as messages name it."""
        return self.path.relative_to(self.project.root).as_posix()

    @property
    def epoch(self) -> int:
        """The day in seconds, the only clock that the cells are given."""
        return int(dt.datetime.fromisoformat(self.as_of).replace(tzinfo=dt.UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Form:
    """A report's contract and inputs, read once, to be filled in for any number of orders."""

    project: Project
    report: str
    declared: Sequence[parameters.Parameter]
    language: str
    inputs: Inputs

    @classmethod
    def of(cls, project: Project, report: str) -> "Form":
        """Read a notebook's contract, and hash all that it is rendered from.

        Raises:
            NotebookError: There is no such report, or its notebook breaks the contract.
        """
        path = project.notebook(report)
        if not REPORT.fullmatch(report) or not path.is_file():
            known = project.reports_known()
            raise NotebookError(
                f"{report}: must be a report, a notebook in {project.notebooks.name}/ "
                f"(known: {', '.join(known) or 'none'}{near(report, known)}).\nRun `handover list` to see them."
            )
        nb = source.read(path)
        declared = parameters.declared(nb, path.relative_to(project.root).as_posix())
        language = nb["metadata"].get("language", "en")
        return cls(project, report, declared, language, inputs.of(project, report, source.canonical(nb), {}))

    @property
    def where(self) -> str:
        """The notebook as messages name it."""
        return self.project.notebook(self.report).relative_to(self.project.root).as_posix()

    def order(self, given: Mapping[str, Any], before: Callable[[Mapping[str, Any]], str | None] | None = None) -> Order:
        """Fill in the form.

        Args:
            given: Parameters by name; text is read by the declared type.
            before: Asked, with all parameters, for the day that a report which declares ``since`` and is given
                none is to be compared with.

        Raises:
            NotebookError: The report speaks from no day.
            ParameterError: A parameter is unknown or not allowed.
        """
        bound = parameters.bind(self.declared, given, self.where)
        if not day_of(bound.get("as_of")):
            raise NotebookError(
                f"{self.where}: must declare the day it speaks from, a parameter 'as_of' with a date "
                f"(got {bound.get('as_of')!r}).\n{parameters.EXAMPLE}"
            )
        defaults = {parameter.name: parameter.default for parameter in self.declared}
        variant = {name: value for name, value in bound.items() if name != "as_of" and value != defaults[name]}
        if before and previous.SINCE in bound and previous.SINCE not in given:
            # what the press fills in is no setting of this edition, so the variant was taken before
            day = before(bound)
            bound = parameters.bind(self.declared, {**bound, previous.SINCE: day}, self.where) if day else bound
        return Order(
            project=self.project,
            report=self.report,
            parameters=bound,
            variant=variant,
            inputs=replace(self.inputs, parameters=bound),
            as_of=bound["as_of"],
            language=str(bound.get("language", self.language)),
        )
