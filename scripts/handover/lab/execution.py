"""One notebook job in a process of its own: printed by the press, or *Failed* with cell and cause."""

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from jupyter_scheduler.executors import ExecutionManager
from jupyter_scheduler.models import JobFeature, Status
from jupyter_scheduler.orm import Job
from jupyter_scheduler.utils import get_utc_timestamp

from handover import scratch
from handover.errors import HandoverError
from handover.lab import jobs
from handover.notebook import subreaper
from handover.project import Project

#: What the database keeps of a message.
MESSAGE_MAX = 1024

#: The name under which a job's `runtime_environment_parameters` keep the path of its notebook.
NOTEBOOK = "notebook"


class HandoverExecutionManager(ExecutionManager):
    """Renders a job's notebook through the press."""

    def execute(self) -> None:
        """Print the notebook, and note where the pages are.

        Raises:
            HandoverError: It failed; jupyter-scheduler files the text as the job's status message.
        """
        job = self.model
        root = Path(self.root_dir)
        notebook = root / (job.runtime_environment_parameters or {})[NOTEBOOK]
        with _ends_with_server():
            stem = jobs.run(Project.find(root), notebook, jobs.given(job.parameters), job.output_formats or [])
        # jupyter-scheduler keeps this column and reads it nowhere
        self._note(output_filename_template=os.path.relpath(stem, root))

    def on_failure(self, e: Exception) -> None:
        """File the job as failed; the traceback of a failing cell would tell nothing more on the terminal."""
        known = isinstance(e, HandoverError)
        text = str(e) if known else f"This is a bug in handover: {type(e).__name__}: {e}"
        if not known:
            traceback.print_exception(e)
        print(f"Job {self.model.name!r} failed: {text}", file=sys.stderr)
        self._note(status=Status.FAILED, status_message=text[:MESSAGE_MAX], end_time=get_utc_timestamp())

    def _note(self, **values: Any) -> None:
        with self.db_session() as session:
            session.query(Job).filter(Job.job_id == self.job_id).update(values)
            session.commit()

    # jupyter-scheduler calls these two as plain functions, with the class as first argument

    def supported_features(cls) -> dict[JobFeature, bool]:  # noqa: D102
        supported = {JobFeature.job_name, JobFeature.parameters, JobFeature.output_formats}
        supported |= {JobFeature.stop_job, JobFeature.delete_job, JobFeature.job_definition}
        return {feature: feature in supported for feature in JobFeature}

    def validate(cls, input_path: str) -> bool:  # noqa: D102 the press says more exactly what is wrong
        return True


@contextmanager
def _ends_with_server() -> Iterator[None]:
    """End this process in the ordinary way, kernel and all, when JupyterLab ends or is killed.

    Ctrl-C in JupyterLab's terminal reaches this process as well, while JupyterLab still asks whether to stop.
    """
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, _terminated)
    subreaper.end_with_parent(signal.SIGTERM)
    server = multiprocessing.parent_process()
    try:
        if server is not None and server.pid != os.getppid():
            _terminated()
        yield
    except SystemExit:
        scratch.remove_all()  # the processes of jobs end without Python's own end
        raise HandoverError("JupyterLab ended while the job ran.\nNothing was published; run the job again.") from None


def _terminated(*_: Any) -> NoReturn:
    sys.exit(1)
