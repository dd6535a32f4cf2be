"""jupyter-scheduler's jobs in processes of their own: completed, failed with cell and cause, and never left behind."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from jupyter_scheduler.exceptions import InputUriError, SchedulerError
from jupyter_scheduler.models import (
    CreateJobDefinition,
    CreateJobFromDefinition,
    JobFeature,
    ListJobsQuery,
    Status,
    UpdateJobDefinition,
)
from jupyter_scheduler.orm import Job

from handover.editions.store import Store
from handover.lab.scheduler import HandoverEnvironmentManager, HandoverExecutionManager, offered
from lab import one_job
from lab.one_job import ask

SLEEP = "import time\nPath = __import__('pathlib').Path\nPath('asleep').touch()\ntime.sleep(3600)"
ENDED = (Status.COMPLETED, Status.FAILED, Status.STOPPED)


@pytest.fixture
def kept(mini):
    return one_job.scheduler(mini.root)


def rewrite(mini, cell, source):
    """Give a cell of the miniature another source."""
    path = mini.notebook("mini")
    nb = json.loads(path.read_text())
    nb["cells"][cell]["source"] = source
    path.write_text(json.dumps(nb))


def until(true):
    """Wait for something to come true, and return it; only a hang reaches the limit."""
    end = time.monotonic() + 600
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError("it hangs")


def asleep(mini, server):
    """All processes below a server once the miniature's cell sleeps there; the one that kernels come from, too."""
    until((mini.notebooks / "asleep").exists)
    return psutil.Process(server).children(recursive=True)


def gone(processes):
    """Whether all have ended; one that only its parent has not asked after yet has."""

    def lives(one):
        try:
            return one.is_running() and one.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return not any(lives(one) for one in processes)


def ended(kept, job_id):
    def job():
        found = kept.get_job(job_id)
        return found if found.status in ENDED else None

    return until(job)


# before a job is made


def test_a_notebook_that_is_not_there_is_refused(kept):
    with pytest.raises(InputUriError, match=r"notebooks/minni.ipynb"):
        kept.create_job(ask("notebooks/minni.ipynb"))


def test_a_parameter_that_is_not_declared_is_refused_and_no_job_is_made(kept):
    with pytest.raises(SchedulerError, match=r"'as_off' is unknown .*did you mean 'as_of'"):
        kept.create_job(ask("notebooks/mini.ipynb", {"as_off": "2026-01-31"}))
    definition = CreateJobDefinition(**ask("notebooks/mini.ipynb", {"language": "fr"}).dict(), schedule="0 6 * * *")
    with pytest.raises(SchedulerError, match="'language' must be"):
        kept.create_job_definition(definition)
    assert kept.list_jobs(ListJobsQuery()).total_count == 0


def test_the_environment_offers_both_pages_and_each_report_s_parameters(mini, monkeypatch):
    monkeypatch.chdir(mini.root)
    (one,) = HandoverEnvironmentManager().list_environments()
    assert one.output_formats == ["html", "pdf"] == list(HandoverEnvironmentManager().output_formats_mapping())
    rows = json.loads(one.metadata["notebooks/mini.ipynb"])
    assert rows[0] == {"name": "as_of", "value": "2026-01-31", "meaning": "the day the report speaks from (date)"}
    assert rows[2]["meaning"] == "which sources count (one of article, record)"


def test_a_broken_notebook_offers_nothing_and_hides_no_other(mini):
    (mini.notebooks / "broken.ipynb").write_text("{")
    assert list(offered(mini)) == ["notebooks/mini.ipynb"]


def test_what_jupyter_scheduler_calls_with_the_class_takes_it():
    # a classmethod would be given the class twice, and die
    features = HandoverExecutionManager.supported_features(HandoverExecutionManager)
    assert features[JobFeature.parameters] and not features[JobFeature.email_notifications]
    assert HandoverExecutionManager.validate(HandoverExecutionManager, "x.ipynb")


# a job


@pytest.mark.kernel
def test_a_job_publishes_and_its_pages_are_the_edition_s(mini, kept):
    job = ended(kept, kept.create_job(ask("notebooks/mini.ipynb", {"as_of": "2026-01-31", "evidence": " "})))
    assert (job.status, job.status_message) == (Status.COMPLETED, None)
    (edition,) = Store.of(mini).editions()
    assert edition.faults() == []
    html, pdf, notebook = job.job_files
    assert [html.file_path, pdf.file_path] == [str(path.relative_to(mini.root)) for path in edition.pages]
    assert notebook.file_path == "notebooks/mini.ipynb" and job.downloaded
    named = {path.name for path in mini.root.iterdir()}
    assert named == {".handover", "data", "notebooks", "reports", "requirements.lock"}
    kept.delete_job(job.job_id)
    assert edition.faults() == [], "deleting a job deletes no edition"


@pytest.mark.kernel
def test_a_failing_cell_fails_the_job_and_is_named(mini, kept):
    rewrite(mini, 2, "day = 0\n1 / day")
    job = ended(kept, kept.create_job(ask("notebooks/mini.ipynb")))
    assert job.status == Status.FAILED and job.end_time
    said = job.status_message.splitlines()
    assert said[0] == "notebooks/mini.ipynb: cell 3 raised ZeroDivisionError: division by zero (line 2)."
    assert said[-1] == "Run the notebook in JupyterLab up to this cell. Nothing was published."
    assert not mini.reports.exists() and [file.file_path for file in job.job_files] == ["notebooks/mini.ipynb"]


@pytest.mark.kernel
@pytest.mark.slow
def test_a_schedule_s_job_takes_the_notebook_as_it_stands_and_is_filed_as_failed_when_it_is_gone(mini, kept):
    when = {"schedule": "0 6 * * *", "timezone": "Asia/Baghdad"}
    definition = CreateJobDefinition(**ask("notebooks/mini.ipynb").dict(), **when)
    which = kept.create_job_definition(definition)
    given = {"as_of": "2026-01-20"}
    kept.update_job_definition(which, UpdateJobDefinition(parameters=given, **when))
    assert kept.get_job_definition(which).parameters == given, "the stock scheduler drops this edit"
    rewrite(mini, 0, "# Doors, retold\n\nHow many.")
    job = ended(kept, kept.create_job_from_definition(which, CreateJobFromDefinition()))
    assert (job.status, job.status_message) == (Status.COMPLETED, None)
    (edition,) = Store.of(mini).editions()
    assert edition.manifest()["title"] == "Doors, retold" and edition.manifest()["as_of"] == "2026-01-20"
    mini.notebook("mini").unlink()
    job = ended(kept, kept.create_job_from_definition(which, CreateJobFromDefinition()))
    assert job.status == Status.FAILED and "mini.ipynb" in job.status_message


@pytest.mark.kernel
@pytest.mark.slow
def test_a_stopped_job_takes_its_kernel_along(mini, kept):
    rewrite(mini, 2, SLEEP)
    job_id = kept.create_job(ask("notebooks/mini.ipynb"))
    with kept.db_session() as session:
        pid = session.query(Job.pid).filter_by(job_id=job_id).scalar()
    below = [*asleep(mini, pid), psutil.Process(pid)]
    assert len(below) > 2
    kept.stop_job(job_id)
    assert kept.get_job(job_id).status == Status.STOPPED
    until(lambda: gone(below))


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
def test_nothing_is_left_when_the_server_ends_and_its_job_is_filed_as_failed(mini, number):
    rewrite(mini, 2, SLEEP)
    command = [sys.executable, one_job.__file__, str(mini.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        job_id = server.stdout.readline().strip()
        below = asleep(mini, server.pid)
        assert len(below) > 2
        server.send_signal(number)
        server.communicate(timeout=600)
    until(lambda: gone(below))
    job = one_job.scheduler(mini.root).get_job(job_id)
    assert job.status == Status.FAILED and job.status_message.startswith("JupyterLab ended while the job ran.")
    assert not mini.reports.exists()


def test_a_job_whose_process_is_gone_fails_whoever_has_its_number_now_and_one_that_runs_does_not(mini, kept):
    started = psutil.Process().create_time()
    ids = {
        "killed": (2**22 + 1, started),
        "number taken": (os.getpid(), started - 60),
        "never noted": (os.getpid(), None),
        "runs": (os.getpid(), started),
    }
    with kept.db_session() as session:
        for name, (pid, at) in ids.items():
            known = {"notebook": "notebooks/mini.ipynb"} | ({"process_started": at} if at else {})
            session.add(Job(name=name, runtime_environment_name="handover", input_filename="x.ipynb", output_formats=[],
                            status=Status.IN_PROGRESS, pid=pid, runtime_environment_parameters=known))  # fmt: skip
        session.commit()
    jobs = {job.name: job for job in one_job.scheduler(mini.root).list_jobs(ListJobsQuery()).jobs}
    assert jobs.pop("runs").status == Status.IN_PROGRESS
    for job in jobs.values():
        assert job.status == Status.FAILED and job.status_message.startswith("JupyterLab ended while the job ran.")


@pytest.mark.kernel
@pytest.mark.slow
def test_a_job_under_way_survives_that_another_server_looks(mini, kept):
    rewrite(mini, 2, SLEEP)
    job_id = kept.create_job(ask("notebooks/mini.ipynb"))
    with kept.db_session() as session:
        pid = session.query(Job.pid).filter_by(job_id=job_id).scalar()
    asleep(mini, pid)
    assert one_job.scheduler(mini.root).get_job(job_id).status == Status.IN_PROGRESS
    kept.stop_job(job_id)
