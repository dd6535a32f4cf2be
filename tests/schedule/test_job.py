"""A run in a process of its own: what it answers, and what is said when it cannot."""

import json
import re
import time

import psutil
import pytest

from handover.editions.store import Store
from handover.schedule import job
from handover.schedule.job import Job, Stopped, run

pytestmark = pytest.mark.kernel


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(job, "MARGIN_S", 0.5)


def never():
    return False


def replaced(mini, monkeypatch, body):
    """Put another program in the child's place; it is called with the paths of order and answer."""
    script = mini.root / "child.py"
    script.write_text(f"import json, os, pathlib, sys, time\norder, answer = map(pathlib.Path, sys.argv[1:])\n{body}\n")
    real = job.processes.Reaper.start

    def start(self, command, **how):
        return real(self, [command[0], str(script), *command[-2:]], **how)

    monkeypatch.setattr(job.processes.Reaper, "start", start)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit('no memory')", "(it ended by itself, with status 1). no memory"),
        ("os.kill(os.getpid(), 9)", "(it was killed by signal 9, SIGKILL"),
        ("answer.write_text('{')", "(it ended by itself, with status 0)"),
        ("answer.write_text(json.dumps({'x': 1}))", "must end with an answer"),
        ("answer.write_text('[]')", "must end with an answer"),
    ],
)
def test_a_child_that_ends_without_an_answer_is_a_failure_with_its_cause(mini, monkeypatch, body, said):
    replaced(mini, monkeypatch, body)
    result = run(Job(mini, "mini", {}, 10.0), never)
    assert result.kind == "failed" and said in result.cause


def test_a_child_that_hangs_is_ended_with_all_it_started(mini, monkeypatch):
    replaced(
        mini,
        monkeypatch,
        "import subprocess; subprocess.Popen(['sleep', '98765'], start_new_session=True)\ntime.sleep(99)",
    )
    result = run(Job(mini, "mini", {}, 1.0), never)
    assert result.cause == "mini: must be done within 1.5 seconds (was ended then)."
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "98765"]]


def test_told_to_stop_the_child_is_ended(mini, monkeypatch):
    replaced(mini, monkeypatch, "pathlib.Path('began').touch(); time.sleep(99)")
    begun = time.monotonic()
    with pytest.raises(Stopped):
        run(Job(mini, "mini", {}, 60.0), (mini.root / "began").exists)
    assert time.monotonic() - begun < 20


def test_a_module_in_the_projects_folder_is_not_taken_for_one_of_pythons(mini, monkeypatch):
    monkeypatch.setattr(job, "MARGIN_S", 60)
    (mini.root / "json.py").write_text("raise SystemExit('taken')")
    assert "must be a report" in run(Job(mini, "minni", {}, 60.0), never).cause


def test_a_parameter_that_is_refused_is_the_cause(mini, monkeypatch):
    monkeypatch.setattr(job, "MARGIN_S", 60)
    result = run(Job(mini, "mini", {"as_off": "2026-01-31"}, 60.0), never)
    assert result.kind == "failed" and "did you mean 'as_of'?" in result.cause
    assert Store.of(mini).editions() == []


@pytest.mark.slow
def test_a_notebook_that_takes_too_long_is_told_with_its_cell(mini, monkeypatch):
    monkeypatch.setattr(job, "MARGIN_S", 60)
    path = mini.notebook("mini")
    nb = json.loads(path.read_text())
    nb["cells"][2]["source"] = ["import time; time.sleep(60)"]
    path.write_text(json.dumps(nb))
    result = run(Job(mini, "mini", {}, 2.0), never)
    # which one it was in depends on how busy the machine is
    assert result.kind == "failed"
    assert re.search(r"cell \d was running when the report's 2 seconds were over", result.cause)


@pytest.mark.slow
def test_a_report_is_published_and_then_recognised(mini, monkeypatch):
    monkeypatch.setattr(job, "MARGIN_S", 120)
    first = run(Job(mini, "mini", {"as_of": "2026-01-31"}, 60.0), never)
    second = run(Job(mini, "mini", {"as_of": "2026-01-31"}, 60.0), never)
    (edition,) = Store.of(mini).editions()
    assert (first.kind, second.kind) == ("published", "unchanged")
    assert first.edition == second.edition == edition.name and edition.faults() == []
