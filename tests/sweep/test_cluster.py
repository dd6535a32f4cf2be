"""A Dask cluster: a real scheduler and real workers; who differs refuses, and who is killed loses nothing."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import psutil
import pytest

from handover.editions import catalogue, render
from handover.editions.store import Store
from handover.errors import SweepError
from handover.sweep.cluster import connect
from handover.sweep.plan import plan
from handover.sweep.run import run

DAYS = tuple(f"2026-01-{day}" for day in range(14, 26))
DASK = [sys.executable, "-m", "dask"]

pytestmark = [pytest.mark.slow, pytest.mark.kernel]


class Cluster:
    """A scheduler and workers, each a process started through Dask's own command line."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.address = ""
        self.environment = dict(os.environ)

    def scheduler(self):
        file = self.folder / "scheduler.json"
        self._start("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", file, cwd=self.folder)
        end = time.monotonic() + 60
        while not file.exists() and time.monotonic() < end:
            time.sleep(0.05)
        import json

        self.address = json.loads(file.read_text())["address"]

    def worker(self, cwd, name, *words):
        words = ("--no-dashboard", "--nthreads", "1", "--name", name, "--local-directory", self.folder / name, *words)
        return self._start("worker", self.address, *words, cwd=cwd)

    def _start(self, *words, cwd):
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*DASK, *map(str, words)], cwd=cwd, stdout=log, stderr=log, env=self.environment, start_new_session=True
            )
        self.processes.append(process)
        return process

    def end(self):
        below = []
        for process in self.processes:
            with suppress(psutil.Error):
                below += psutil.Process(process.pid).children(recursive=True)
            process.terminate()
        for process in reversed(self.processes):
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
        _, alive = psutil.wait_procs(below, 10)
        return alive


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    made = Cluster(folder)
    made.scheduler()
    yield made
    alive = made.end()
    assert alive == [], "a cluster that ended must leave no process"


@contextmanager
def connected(cluster, project, workers, days=DAYS, out=None):
    """A plan and an executor, once there are so many workers."""
    from distributed import Client

    if workers:
        with Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)
    store = Store.of(project, out)
    made = plan(project, store, ("mini",), {}, {"as_of": days})
    with connect(cluster.address, made) as (executor, width):
        yield made, store, executor, width


def elsewhere(project, folder, change):
    """A worker's own checkout, with a change."""
    import shutil

    shutil.copytree(project.root, folder)
    change(folder)
    return folder


def test_without_a_scheduler_it_says_what_to_start(dated, monkeypatch):
    from handover.sweep import cluster

    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    made = plan(dated, Store.of(dated), ("mini",), {}, {})
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        said = r"must be the address of a Dask scheduler(.|\n)*dask scheduler"
        with pytest.raises(SweepError, match=said), connect(address, made):
            raise AssertionError


def test_without_distributed_it_says_how_to_install_it(dated, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    made = plan(dated, Store.of(dated), ("mini",), {}, {})
    with pytest.raises(SweepError, match=r"pip install 'handover\[cluster\]'"), connect("tcp://127.0.0.1:9", made):
        raise AssertionError


def test_without_workers_it_says_so(dated, cluster):
    with pytest.raises(SweepError, match=r"must have workers \(got none\)"), connected(cluster, dated, 0):
        raise AssertionError


def test_workers_whose_inputs_differ_are_named_with_what_differs(dated, cluster, tmp_path):
    def data(folder):
        (folder / "data" / "counts.csv").write_text("count_id,day,value\n")

    def lock(folder):
        (folder / "requirements.lock").write_text("other\n")

    def notebook(folder):
        path = folder / "notebooks" / "mini.ipynb"
        path.write_text(path.read_text().replace("Doors in miniature", "Doors"))

    cluster.worker(dated.root, "same")
    for change in (data, lock, notebook):
        cluster.worker(elsewhere(dated, tmp_path / change.__name__, change), change.__name__)
    with pytest.raises(SweepError) as error, connected(cluster, dated, 4):
        raise AssertionError
    said = str(error.value)
    assert "(3 of 4 do not)" in said
    for part in ("data/counts.csv", "requirements.lock", "notebooks/mini.ipynb"):
        assert f": differs in {part}\n" in said


def test_a_worker_that_comes_to_differ_refuses_what_it_is_given(dated, cluster, tmp_path):
    folder = elsewhere(dated, tmp_path / "checkout", lambda folder: None)
    cluster.worker(folder, "changing")
    with connected(cluster, dated, 1, DAYS[:2]) as (made, store, executor, width):
        (folder / "requirements.lock").write_text("other\n")
        summary = run(made, store, executor, width=width, root=dated.root, elsewhere=True)
    assert summary.failures == 2
    assert "must have what the sweep was planned with (differs: requirements.lock)" in next(iter(summary.failed))
    assert store.editions() == []


def test_a_sweep_on_a_cluster_equals_single_renders_though_workers_are_killed(dated, cluster, editions, tmp_path):
    out = tmp_path / "out"
    folder = elsewhere(dated, tmp_path / "checkout", lambda folder: None)
    cluster.worker(folder, "first")
    second = cluster.worker(dated.root, "second", "--no-nanny")
    told = []

    def kill(outcome, summary):
        told.extend([outcome.edition.name] if outcome else [])
        if summary.done == 3 and second.poll() is None:
            os.kill(second.pid, signal.SIGKILL)
            second.wait()

    with connected(cluster, dated, 2, out=out) as (made, store, executor, width):
        assert width == 2
        summary = run(made, store, executor, width=width, root=dated.root, elsewhere=True, told=kill)
    assert second.poll() == -signal.SIGKILL
    assert (summary.published, summary.unchanged, summary.failed) == (len(DAYS), 0, {})
    assert sorted(told) == sorted(set(told)) and len(told) == len(DAYS)
    for day in DAYS:
        render.render(dated, "mini", {"as_of": day}, out=tmp_path / "single")
    assert editions(out) == editions(tmp_path / "single")
    assert catalogue.stale(store) == []


def test_a_sweep_whose_last_worker_is_lost_says_so_and_goes_on_with_the_next(dated, cluster, monkeypatch):
    monkeypatch.setattr("handover.sweep.cluster.ASK_S", 0.0)
    only = cluster.worker(dated.root, "only", "--no-nanny")
    heard, following = [], []

    def told(outcome, summary):
        heard.append(executor.ailing())
        if summary.done == 1 and only.poll() is None:
            os.kill(only.pid, signal.SIGKILL)
            only.wait()
        if heard[-1] and not following:
            following.append(cluster.worker(dated.root, "next"))

    with connected(cluster, dated, 1, DAYS[:3]) as (made, store, executor, width):
        summary = run(made, store, executor, width=width, root=dated.root, elsewhere=True, told=told)
        assert executor.ailing() == ""
    assert (summary.published, summary.failed) == (3, {})
    assert heard[0] == "" and "waiting: the cluster has no worker" in heard


def test_the_command_runs_on_a_cluster_and_can_be_stopped(dated, cluster):
    cluster.worker(dated.root, "only")
    words = ("render", "mini", "--sweep", "as_of=2026-01-14..2026-05-12/1d", "--cluster", cluster.address)
    with connected(cluster, dated, 1, DAYS[:1]):
        pass
    sweep = subprocess.Popen(
        [sys.executable, "-m", "handover", *words],
        cwd=dated.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert sweep.stdout.readline()
    os.killpg(sweep.pid, signal.SIGINT)
    os.killpg(sweep.pid, signal.SIGINT)
    _, said = sweep.communicate(timeout=30)
    assert sweep.returncode == 130, said
    assert f"1 at a time on {cluster.address}" in said
    store = Store.of(dated)
    assert [edition.faults() for edition in store.editions()] == [[]] * len(store.editions())
    assert store.strays() == []
