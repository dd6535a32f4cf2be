"""jupyter-scheduler's keeper of jobs, taught where a job's notebook lies and where its pages are.

The stock scheduler knows a notebook by its bare name and a copy of it; a report is more than that file. Pages need
not be fetched from anywhere either: they are in ``reports/`` when the job is complete.
"""

import atexit
import multiprocessing
import os
from pathlib import Path
from typing import Any

import psutil
from jupyter_scheduler.exceptions import SchedulerError
from jupyter_scheduler.models import CreateJob, CreateJobDefinition, DescribeJob, JobFile, Status
from jupyter_scheduler.orm import Job
from jupyter_scheduler.scheduler import Scheduler

from handover.errors import HandoverError
from handover.lab import jobs
from handover.lab.execution import NOTEBOOK
from handover.project import Project

#: A job in one of these states has a process, or had one that was killed.
ALIVE = (Status.CREATED, Status.IN_PROGRESS, Status.STOPPING)


class HandoverScheduler(Scheduler):
    """Keeps the jobs of one project."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        Path(self.staging_path).mkdir(parents=True, exist_ok=True)
        self._bury()
        # before multiprocessing's own handler, which would wait for every job to finish
        atexit.register(_end_jobs)

    def create_job(self, model: CreateJob) -> str:
        """Start a job.

        Raises:
            SchedulerError: Its notebook or its parameters cannot be taken; the text says why.
        """
        self._place(model)
        if not model.job_definition_id:  # a scheduled job has nobody to tell: it is filed as failed instead
            self._check(model)
        job_id = super().create_job(model)
        with self.db_session() as session:
            # the stock default, until the process has started, is STOPPED
            fresh = session.query(Job).filter(Job.job_id == job_id, Job.start_time.is_(None))
            fresh.filter(Job.status == Status.STOPPED).update({"status": Status.CREATED})
            session.commit()
        return job_id

    def create_job_definition(self, model: CreateJobDefinition) -> str:
        """Schedule jobs.

        Raises:
            SchedulerError: Their notebook or their parameters cannot be taken; the text says why.
        """
        self._place(model)
        self._check(model)
        return super().create_job_definition(model)

    def add_job_files(self, model: DescribeJob) -> None:
        """List the pages of a job where they are; there is nothing to download first."""
        found = []
        if model.status == Status.COMPLETED:
            stem = model.output_filename_template
            paths = {form: f"{stem}.{form}" for form in model.output_formats}
            found = [JobFile(display_name=jobs.FORMATS[form], file_format=form, file_path=paths[form]) for form in paths]
        notebook = (model.runtime_environment_parameters or {}).get(NOTEBOOK)
        found.append(JobFile(display_name="Notebook", file_format="input", file_path=notebook))
        for one in found:
            if not (one.file_path and self.file_exists(one.file_path)):
                one.file_path = None
        model.job_files = found
        model.downloaded = True

    def _place(self, model: CreateJob | CreateJobDefinition) -> None:
        """Note where the notebook lies, in a field that is kept and that a repeated or scheduled job inherits."""
        kept = (model.runtime_environment_parameters or {}).get(NOTEBOOK)
        if kept and (not self.file_exists(model.input_uri) or Path(kept).name == model.input_uri):
            # "run again" and a schedule know the notebook by its name or a copy
            model.input_uri = model.input_uri if Path(model.input_uri).is_absolute() else str(kept)
        else:
            kept = model.input_uri
        model.runtime_environment_parameters = {NOTEBOOK: kept}
        # its own folder is where the notebook runs; the root's would take .venv along
        model.package_input_folder = None

    def _check(self, model: CreateJob | CreateJobDefinition) -> None:
        root = Path(self.root_dir)
        notebook = root / model.runtime_environment_parameters[NOTEBOOK]
        try:
            jobs.check(Project.find(root), notebook, jobs.given(model.parameters))
        except HandoverError as error:
            raise SchedulerError(str(error)) from error

    def _bury(self) -> None:
        """File as failed what was running when a server was killed: a job that never ends would be waited for."""
        with self.db_session() as session:
            for job in session.query(Job).filter(Job.status.in_(ALIVE)):
                if not (job.pid and psutil.pid_exists(job.pid)):
                    job.status = Status.FAILED
                    job.status_message = "JupyterLab ended while the job ran.\nRun the job again."
            session.commit()


def _end_jobs() -> None:
    for process in multiprocessing.active_children():
        if process.pid != os.getpid():
            process.terminate()
