"""jupyter-scheduler's three parts: what its form offers, the scheduler of its jobs, and the process of one job.

The stock scheduler copies a notebook and keeps its bare name; a report is more than that file. Nor are pages fetched
from anywhere: they are in ``reports/`` when the job is complete.
"""

import atexit
import json
import logging
import multiprocessing
import multiprocessing.util  # registers a handler at exit that waits for every job to finish
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import psutil
from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.exceptions import InputUriError, SchedulerError
from jupyter_scheduler.executors import ExecutionManager
from jupyter_scheduler.models import (
    CreateJob,
    CreateJobDefinition,
    DescribeJob,
    JobFeature,
    JobFile,
    RuntimeEnvironment,
    Status,
    UpdateJobDefinition,
)
from jupyter_scheduler.orm import Job, JobDefinition
from jupyter_scheduler.scheduler import Scheduler
from jupyter_scheduler.utils import get_utc_timestamp

from handover import scratch
from handover.errors import HandoverError
from handover.lab import jobs
from handover.notebook import Parameter, parameters, source, subreaper
from handover.project import Project

#: A job in one of these states has a process, or had one that was killed.
ALIVE = (Status.CREATED, Status.IN_PROGRESS, Status.STOPPING)
#: The names under which a job's `runtime_environment_parameters` keep the path of its notebook, and when its process
#: was started; a process id alone may be another's by the time it is looked at.
NOTEBOOK, STARTED = "notebook", "process_started"
#: How many characters of a message the database keeps.
MESSAGE_MAX = 1024


class HandoverEnvironmentManager(EnvironmentManager):
    """Offers the project's own `.venv` and both pages.

    jupyter-scheduler's form has no declared parameters; the environment's metadata carries them to
    ``labextension/``, which fills them in.
    """

    def list_environments(self) -> list[RuntimeEnvironment]:  # noqa: D102 jupyter-scheduler documents it
        return [
            RuntimeEnvironment(
                name="handover",
                label="Handover: publish to reports/",
                description="Renders the notebook as `handover render` does",
                file_extensions=["ipynb"],
                output_formats=list(jobs.FORMATS),
                metadata=offered(Project.find()),
            )
        ]

    def output_formats_mapping(self) -> dict[str, str]:  # noqa: D102
        return dict(jobs.FORMATS)

    def manage_environments_command(self) -> str:  # noqa: D102
        return ""


def offered(project: Project) -> dict[str, str]:
    """The parameters of each report by its notebook's path, as JSON; of a broken notebook, none."""
    found = {}
    for report in project.reports_known():
        path = project.notebook(report)
        where = project.where(path)
        with suppress(HandoverError):
            rows = [_row(one) for one in parameters.declared(source.read(path), where)]
            found[where] = json.dumps(rows)
    return found


def _row(one: Parameter) -> dict[str, str]:
    """A parameter as the form has it; one that defaults to none is explained, and left to be added by hand."""
    rule = f"one of {', '.join(map(str, one.choices))}" if one.choices else one.type
    return {"name": one.name, "value": _text(one.default), "meaning": f"{one.comment} ({rule})"}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


class HandoverScheduler(Scheduler):
    """Keeps the jobs of one project."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        Path(self.staging_path).mkdir(parents=True, exist_ok=True)
        self._fail_orphans()
        scratch.sweep_temporary()
        logging.getLogger("SchedulerApp").addFilter(_without_traceback)
        # handlers run in reverse order: jobs end before multiprocessing waits for them
        atexit.register(_end_jobs)

    def create_job(self, model: CreateJob) -> str:
        """Start a job.

        Raises:
            SchedulerError: Its notebook or its parameters cannot be taken; the text says why.
        """
        notebook = self._place(model)
        if not model.job_definition_id:  # a scheduled job has no form to show an error: it is filed as failed instead
            self._check(notebook, model.parameters)
        job_id = super().create_job(model)
        with self.db_session() as session:
            # the stock default, until the process has started, is STOPPED
            fresh = session.query(Job).filter(Job.job_id == job_id, Job.start_time.is_(None))
            fresh.filter(Job.status == Status.STOPPED).update({"status": Status.CREATED})
            (pid,) = session.query(Job.pid).filter_by(job_id=job_id).one()
            kept = {NOTEBOOK: notebook, STARTED: _started(pid)}
            session.query(Job).filter_by(job_id=job_id).update({"runtime_environment_parameters": kept})
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
        kept_fields = {"runtime_environment_parameters", "output_formats", "parameters", "name"}
        changes = model.dict(include=kept_fields, exclude_none=True)
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

    def _fail_orphans(self) -> None:
        """File as failed what was running when a server was killed: a job that never ends would be waited for."""
        with self.db_session() as session:
            for job in session.query(Job).filter(Job.status.in_(ALIVE)):
                noted, found = (job.runtime_environment_parameters or {}).get(STARTED), _started(job.pid)
                # the system counts from its own start, whose time moves a little when the clock is corrected
                if noted is None or found is None or abs(found - noted) > 2:
                    job.status = Status.FAILED
                    job.status_message = "JupyterLab ended while the job ran.\nRun the job again."
            session.commit()


def _started(pid: int | None) -> float | None:
    """When the process that has this id now was started, in seconds since 1970; None if none has it."""
    try:
        return psutil.Process(pid).create_time() if pid else None
    except psutil.Error:
        return None


def _end_jobs() -> None:
    for process in multiprocessing.active_children():
        process.terminate()


def _without_traceback(record: logging.LogRecord) -> bool:
    """Leave a refusal's traceback out of JupyterLab's log: the form shows the reason."""
    if record.exc_info and isinstance(record.exc_info[1], SchedulerError | InputUriError):
        record.exc_info = None
    return True


class HandoverExecutionManager(ExecutionManager):
    """Renders the notebook of one job, in a process of its own."""

    def execute(self) -> None:
        """Render the notebook, and note where the pages are.

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
        """File the job as failed; the traceback of a failing cell would add nothing."""
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

    def validate(cls, input_path: str) -> bool:  # noqa: D102 `handover` says more exactly what is wrong
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
