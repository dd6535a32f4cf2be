"""jupyter-scheduler's keeper of jobs, taught where a job's notebook lies and where its pages are.

The stock scheduler knows a notebook by its bare name and a copy of it; a report is more than that file. Pages need
not be fetched from anywhere either: they are in ``reports/`` when the job is complete.
"""

import atexit
import logging
import multiprocessing
import multiprocessing.util  # registers a handler at exit that waits for every job to finish
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from jupyter_scheduler.exceptions import InputUriError, SchedulerError
from jupyter_scheduler.models import (
    CreateJob,
    CreateJobDefinition,
    DescribeJob,
    JobFile,
    Status,
    UpdateJobDefinition,
)
from jupyter_scheduler.orm import Job, JobDefinition
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
        logging.getLogger("SchedulerApp").addFilter(_plain)
        # handlers run last come, first served: jobs end before multiprocessing waits for them
        atexit.register(_end_jobs)

    def create_job(self, model: CreateJob) -> str:
        """Start a job.

        Raises:
            SchedulerError: Its notebook or its parameters cannot be taken; the text says why.
        """
        notebook = self._place(model)
        if not model.job_definition_id:  # a scheduled job has nobody to tell: it is filed as failed instead
            self._check(notebook, model.parameters)
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
        self._check(self._place(model), model.parameters)
        return super().create_job_definition(model)

    def update_job_definition(self, job_definition_id: str, model: UpdateJobDefinition) -> None:
        """Change a schedule, or only what its jobs are given, which the stock scheduler forgets.

        Raises:
            SchedulerError: The notebook or the parameters cannot be taken; the text says why.
        """
        if model.input_uri and self.file_exists(model.input_uri):
            model.runtime_environment_parameters = {NOTEBOOK: model.input_uri}
        told = {"runtime_environment_parameters", "output_formats", "parameters", "name"}
        changes = model.dict(include=told, exclude_none=True)
        kept = self.get_job_definition(job_definition_id)
        where = changes.get("runtime_environment_parameters", kept.runtime_environment_parameters)
        self._check(where[NOTEBOOK], changes.get("parameters", kept.parameters))
        super().update_job_definition(job_definition_id, model)
        with self.db_session() as session:
            session.query(JobDefinition).filter_by(job_definition_id=job_definition_id).update(changes)
            session.commit()

    def add_job_files(self, model: DescribeJob) -> None:
        """List the pages of a job where they are; there is nothing to download first."""
        stem = model.output_filename_template
        formats = model.output_formats if model.status == Status.COMPLETED else []
        found = [
            JobFile(display_name=jobs.FORMATS[name], file_format=name, file_path=f"{stem}.{name}") for name in formats
        ]
        notebook = (model.runtime_environment_parameters or {}).get(NOTEBOOK)
        found.append(JobFile(display_name="Notebook", file_format="input", file_path=notebook))
        for one in found:
            if not (one.file_path and self.file_exists(one.file_path)):
                one.file_path = None
        model.job_files = found
        model.downloaded = True

    def _place(self, model: CreateJob | CreateJobDefinition) -> str:
        """Note where the notebook lies, in a field that is kept and that the jobs of a schedule inherit."""
        known = model.runtime_environment_parameters or {}
        # a schedule hands on the copy of a notebook that it made; a job wants the notebook
        scheduled = getattr(model, "job_definition_id", None) and NOTEBOOK in known
        notebook = str(known[NOTEBOOK]) if scheduled else model.input_uri
        model.runtime_environment_parameters = {NOTEBOOK: notebook}
        # a notebook runs in its own folder: no need to copy that, and with the root's .venv would come along
        model.package_input_folder = None
        return notebook

    def _check(self, notebook: str, entered: Mapping[str, Any] | None) -> None:
        if not self.file_exists(notebook):
            raise InputUriError(notebook)
        root = Path(self.root_dir)
        try:
            jobs.check(Project.find(root), root / notebook, jobs.given(entered))
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
        process.terminate()


def _plain(record: logging.LogRecord) -> bool:
    """Leave a refusal's traceback out of JupyterLab's log: the form shows the reason."""
    if record.exc_info and isinstance(record.exc_info[1], SchedulerError | InputUriError):
        record.exc_info = None
    return True
