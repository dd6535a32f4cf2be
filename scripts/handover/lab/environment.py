"""The one environment that *Create Notebook Job* offers, and the formats it prints."""

from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.models import RuntimeEnvironment

from handover.lab.jobs import FORMATS


class HandoverEnvironmentManager(EnvironmentManager):
    """Offers the project's own `.venv` and both pages."""

    def list_environments(self) -> list[RuntimeEnvironment]:  # noqa: D102 jupyter-scheduler documents it
        return [
            RuntimeEnvironment(
                name="handover",
                label="Handover: publish to reports/",
                description="Renders the notebook as `handover render` does",
                file_extensions=["ipynb"],
                output_formats=list(FORMATS),
            )
        ]

    def output_formats_mapping(self) -> dict[str, str]:  # noqa: D102
        return dict(FORMATS)

    def manage_environments_command(self) -> str:  # noqa: D102
        return ""
