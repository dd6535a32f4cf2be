"""A server reduced to its scheduler. As a program: start one job in the project given, say its id, and stay."""

import signal
import sys
from pathlib import Path

from jupyter_scheduler.models import CreateJob
from jupyter_scheduler.orm import create_tables

from handover.lab.scheduler import HandoverEnvironmentManager, HandoverExecutionManager, HandoverScheduler


def scheduler(root):
    """The scheduler, kept as `jupyter_server_config.py` has it."""
    own = root / ".handover" / "lab"
    own.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{own / 'jobs.sqlite'}"
    create_tables(url)
    return HandoverScheduler(
        root_dir=str(root),
        environments_manager=HandoverEnvironmentManager(),
        db_url=url,
        staging_path=str(own / "staging"),
        execution_manager_class=HandoverExecutionManager,
    )


def ask(notebook, parameters=None, formats=("html", "pdf"), **more):
    """A request for a job, as the form sends it."""
    return CreateJob(
        name="a job",
        input_uri=notebook,
        runtime_environment_name="handover",
        output_formats=list(formats),
        parameters=parameters or {},
        **more,
    )


if __name__ == "__main__":
    print(scheduler(Path(sys.argv[1])).create_job(ask("notebooks/mini.ipynb")), flush=True)
    signal.pause()
