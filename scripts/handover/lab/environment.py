"""The one environment that *Create Notebook Job* offers: its formats, and the parameters of each report."""

import json
from contextlib import suppress

from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.models import RuntimeEnvironment

from handover.errors import HandoverError
from handover.lab.jobs import FORMATS
from handover.notebook import Parameter, parameters, source
from handover.project import Project


class HandoverEnvironmentManager(EnvironmentManager):
    """Offers the project's own `.venv` and both pages.

    jupyter-scheduler's form knows nothing of declared parameters; the environment's metadata carries them to
    ``labextension/``, which fills them in.
    """

    def list_environments(self) -> list[RuntimeEnvironment]:  # noqa: D102 jupyter-scheduler documents it
        return [
            RuntimeEnvironment(
                name="handover",
                label="Handover: publish to reports/",
                description="Renders the notebook as `handover render` does",
                file_extensions=["ipynb"],
                output_formats=list(FORMATS),
                metadata=offered(Project.find()),
            )
        ]

    def output_formats_mapping(self) -> dict[str, str]:  # noqa: D102
        return dict(FORMATS)

    def manage_environments_command(self) -> str:  # noqa: D102
        return ""


def offered(project: Project) -> dict[str, str]:
    """The parameters of each report by its notebook's path, as JSON; of a broken notebook, none."""
    found = {}
    for report in project.reports_known():
        path = project.notebook(report)
        where = path.relative_to(project.root).as_posix()
        with suppress(HandoverError):
            rows = [_row(one) for one in parameters.declared(source.read(path), where)]
            found[where] = json.dumps(rows)
    return found


def _row(one: Parameter) -> dict[str, str]:
    """A parameter as the form has it; one that defaults to none is explained, and left to be added by hand."""
    rule = f"one of {', '.join(map(str, one.choices))}" if one.choices else one.type
    return {"name": one.name, "value": _text(one.default), "meaning": f"{one.comment} ({rule})"}


def _text(value: object) -> str:
    """A default as it would be typed."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
