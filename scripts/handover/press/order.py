"""What is to be rendered, checked and hashed before anything heavy is imported or a kernel starts."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover.errors import NotebookError, near
from handover.press import inputs, parameters, source
from handover.press.imprint import day_of
from handover.press.inputs import Inputs
from handover.press.store import REPORT
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
    def of(cls, project: Project, report: str, given: Mapping[str, Any]) -> "Order":
        """Read the notebook's contract, check the parameters given, and hash all inputs.

        Raises:
            NotebookError: There is no such report, or its notebook breaks the contract.
            ParameterError: A parameter is unknown or not allowed.
        """
        path = project.notebook(report)
        if not REPORT.fullmatch(report) or not path.is_file():
            known = project.reports_known()
            raise NotebookError(
                f"{report}: must be a report, a notebook in {project.notebooks.name}/ "
                f"(known: {', '.join(known) or 'none'}{near(report, known)}).\nRun `handover list` to see them."
            )
        where = path.relative_to(project.root).as_posix()
        nb = source.read(path)
        declared = parameters.declared(nb, where)
        bound = parameters.bind(declared, given, where)
        if not day_of(bound.get("as_of")):
            raise NotebookError(
                f"{where}: must declare the day it speaks from, a parameter 'as_of' with a date "
                f"(got {bound.get('as_of')!r}).\n{parameters.EXAMPLE}"
            )
        defaults = {parameter.name: parameter.default for parameter in declared}
        return cls(
            project=project,
            report=report,
            parameters=bound,
            variant={k: v for k, v in bound.items() if k != "as_of" and v != defaults[k]},
            inputs=inputs.of(project, report, source.canonical(nb), bound),
            as_of=bound["as_of"],
            language=str(bound.get("language", nb["metadata"].get("language", "en"))),
        )

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
