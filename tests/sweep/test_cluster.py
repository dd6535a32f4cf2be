"""A Dask cluster: a real scheduler and real workers; who differs refuses, and who is killed loses nothing."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import psutil
import pytest

from handover.editions import catalogue, render
from handover.editions.store import Store
from handover.errors import SweepError
from handover.sweep import cluster as clusters
from handover.sweep.cluster import connect
from handover.sweep.plan import plan
from handover.sweep.run import run

DAYS = tuple(f"2026-01-{day}" for day in range(14, 18))
DASK = [sys.executable, "-m", "dask"]
#: Reached only by a hang.
LIMIT_S = 180

pytestmark = [pytest.mark.slow, pytest.mark.kernel]


class Cluster:
    """A scheduler and workers, each a process started through Dask's own command line."""

    def __init__(self, folder, *words):
        self.folder = folder
        self.processes = []
        file = folder / "scheduler.json"
        words = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file, *words)
        self.scheduler = self._start("scheduler", *words, cwd=folder)
        end = time.monotonic() + LIMIT_S
        while not file.exists() or not file.read_text():
            assert time.monotonic() < end
            time.sleep(0.05)
        self.address = json.loads(file.read_text())["address"]

    def worker(self, cwd, name, *words, **env):
        words = ("--no-dashboard", "--nthreads", "1", "--name", name, "--local-directory", self.folder / name, *words)
        return self._start("worker", self.address, *words, cwd=cwd, env={**os.environ, **env})

    def _start(self, *words, cwd, env=None):
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*DASK, *map(str, words)], cwd=cwd, env=env, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        return process

    def end(self):
        below = []
        for process in self.processes:
            with suppress(psutil.Error):
                below += psutil.Process(process.pid).children(recursive=True)
            process.kill()  # asked to end, Dask waits eight seconds for a call under way
            process.wait()
        _, alive = psutil.wait_procs(below, LIMIT_S)
        return alive


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    made = Cluster(folder)
    yield made
    assert made.end() == [], "a cluster that ended must leave no process"


@contextmanager
def connected(cluster, project, workers, days=DAYS, out=None):
    """A plan and an executor, once there are so many workers."""
    from distributed import Client

    if workers:
        with Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=LIMIT_S)
    store = Store.of(project, out)
    made = plan(project, store, ("mini",), {}, {"as_of": days})
    with connect(cluster.address, made) as (executor, width):
        yield made, store, executor, width


def sweeping(address, project, **env):
    """The command, under way on a cluster."""
    words = ("render", "mini", "--sweep", "as_of=2026-01-14..2026-05-12/1d", "--cluster", address)
    return subprocess.Popen(
        [sys.executable, "-m", "handover", *words],
        cwd=project.root,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(sweep):
    """The exit code of a command, and what it said on standard error."""
    _, said = sweep.communicate(timeout=LIMIT_S)
    return sweep.returncode, said


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:9", "nonsense://x", "tls://127.0.0.1:9", "", "tcp://[", "x" * 300]
)
def test_without_a_scheduler_it_says_what_to_start(dated, monkeypatch, address):
    monkeypatch.setattr(clusters, "CONNECT_S", 0.5)
    made = plan(dated, Store.of(dated), ("mini",), {}, {})
    said = r"must be the address of a Dask scheduler(.|\n)*dask scheduler"
    with pytest.raises(SweepError, match=said), connect(address, made):
        raise AssertionError


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 4096], ids=["silence", "HTTP", "noise"]
)
def test_another_server_is_no_scheduler(dated, answer):
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with suppress(OSError):
                while True:
                    taken.append(server.accept()[0])
                    taken[-1].sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        code, said = ended(sweeping(address, dated))
        server.shutdown(socket.SHUT_RDWR)
    for connection in taken:
        connection.close()
    assert code == 1 and said.startswith(f"{address}: must be the address of a Dask scheduler") and taken
    assert "Traceback" not in said


def test_without_distributed_it_says_how_to_install_it(dated, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    made = plan(dated, Store.of(dated), ("mini",), {}, {})
    with pytest.raises(SweepError, match=r"pip install 'handover\[cluster\]'"), connect("tcp://127.0.0.1:9", made):
        raise AssertionError


def test_workers_must_be_there_and_hold_what_the_sweep_was_planned_with(dated, cluster, tmp_path):
    with pytest.raises(SweepError, match=r"must have workers \(got none\)"), connected(cluster, dated, 0):
        raise AssertionError
    # one that comes to differ refuses what it is given
    folder = tmp_path / "checkout"
    shutil.copytree(dated.root, folder)
    cluster.worker(folder, "changing")
    with connected(cluster, dated, 1, DAYS[:2]) as (made, store, executor, width):
        (folder / "requirements.lock").write_text("other\n")
        summary = run(made, store, executor, width=width, remote=True)
    said = next(iter(summary.failed))
    assert summary.failures == 2
    assert "must have what the sweep was planned with (differs: requirements.lock)" in said
    assert store.editions() == []
    # and is named, with what differs, to the next that connects
    (folder / "data" / "counts.csv").write_text("count_id,day,value\n")
    cluster.worker(dated.root, "same")
    with pytest.raises(SweepError) as error, connected(cluster, dated, 2):
        raise AssertionError
    assert "(1 of 2 do not)" in str(error.value)
    assert ": differs in data/counts.csv, requirements.lock\n" in str(error.value)


def test_a_sweep_equals_single_renders_though_its_only_worker_is_killed(
    dated, cluster, editions, tmp_path, monkeypatch
):
    monkeypatch.setattr(clusters, "ASK_S", 0.0)
    only = cluster.worker(dated.root, "only", "--no-nanny")
    paths, heard, following = [], [], []

    def told(outcome, summary):
        paths.extend([outcome.edition.name] if outcome else [])
        heard.append(executor.problem())
        if summary.done == 1 and only.poll() is None:
            os.kill(only.pid, signal.SIGKILL)
            only.wait()
        if heard[-1] and not following:
            shutil.copytree(dated.root, tmp_path / "checkout")
            following.append(cluster.worker(tmp_path / "checkout", "next"))

    with connected(cluster, dated, 1, out=tmp_path / "out") as (made, store, executor, width):
        assert width == 1
        summary = run(made, store, executor, width=width, remote=True, tell=told)
        assert executor.problem() == ""
    assert only.poll() == -signal.SIGKILL
    assert (summary.published, summary.unchanged, summary.failed) == (len(DAYS), 0, {})
    assert heard[0] == "" and "waiting: the cluster has no worker" in heard
    assert [name[:10] for name in paths] == list(DAYS)
    for day in DAYS:
        render.render(dated, "mini", {"as_of": day}, out=tmp_path / "single")
    assert editions(tmp_path / "out") == editions(tmp_path / "single")
    assert catalogue.stale(store) == []


def test_the_command_runs_on_a_cluster_and_can_be_stopped(dated, cluster):
    cluster.worker(dated.root, "only")
    with connected(cluster, dated, 1, DAYS[:1]):
        pass
    sweep = sweeping(cluster.address, dated)
    assert sweep.stdout.readline()
    os.killpg(sweep.pid, signal.SIGINT)
    os.killpg(sweep.pid, signal.SIGINT)
    _, said = sweep.communicate(timeout=LIMIT_S)
    assert sweep.returncode == 130, said
    assert f"1 at a time on {cluster.address}" in said
    store = Store.of(dated)
    assert [edition.faults() for edition in store.editions()] == [[]] * len(store.editions())
    assert store.strays() == []


def test_a_scheduler_that_dies_ends_the_sweep_which_says_what_is_there(dated, cluster):
    cluster.worker(dated.root, "only")
    with connected(cluster, dated, 1, DAYS[:1]):
        pass
    sweep = sweeping(cluster.address, dated)
    assert sweep.stdout.readline()
    cluster.scheduler.kill()
    code, said = ended(sweep)
    store = Store.of(dated)
    there = len(store.editions())
    assert code == 1 and said.endswith(
        f"{there} published, 0 unchanged, {119 - there} not made\n"
        f"{cluster.address}: the cluster is gone; {there} of 119 are there.\n"
        "Start it again and run the command again, which goes on from there; or leave out --cluster.\n"
    )
    assert 0 < there < 119 and catalogue.stale(store) == [] and store.strays() == []


def test_a_scheduler_that_goes_silent_is_waited_for_and_then_taken_for_gone(dated, cluster, monkeypatch):
    monkeypatch.setattr(clusters, "ASK_S", 0.0)
    monkeypatch.setattr(clusters, "ANSWER_S", 0.2)
    monkeypatch.setattr(clusters, "SILENT_S", 1.0)
    monkeypatch.setattr(clusters, "CONNECT_S", 0.5)
    cluster.worker(dated.root, "only")
    with connected(cluster, dated, 1) as (made, store, executor, width):
        os.kill(cluster.scheduler.pid, signal.SIGSTOP)
        assert "waiting: the scheduler does not answer" in (executor.problem(), executor.problem())
        summary = run(made, store, executor, width=width, remote=True, gone=executor.gone)
    assert summary.lost and (summary.done, store.editions()) == (0, [])


def test_workers_without_the_package_are_named(dated, cluster, tmp_path):
    (tmp_path / "handover").mkdir()
    (tmp_path / "handover" / "__init__.py").touch()
    cluster.worker(tmp_path, "foreign", PYTHONPATH=str(tmp_path))
    with pytest.raises(SweepError) as error, connected(cluster, dated, 1):
        raise AssertionError
    said = str(error.value)
    assert f"{cluster.address}: every worker must have what the sweep was planned with (1 of 1 do not):\n" in said
    assert "No module named" in said and "handover.sweep" in said and "Bring their checkouts and packages" in said


def test_a_cluster_with_tls_wants_certificates_and_takes_those_of_dask_s_settings(dated, tmp_path):
    made = tmp_path / "tls"
    made.mkdir()
    pair = {"key": str(made / "key.pem"), "cert": str(made / "cert.pem")}
    words = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=desk", "-keyout", pair["key"])
    subprocess.run(["openssl", *words, "-out", pair["cert"]], check=True, capture_output=True)
    given = ("--tls-ca-file", pair["cert"], "--tls-cert", pair["cert"], "--tls-key", pair["key"])
    cluster = Cluster(made, "--protocol", "tls", *given)
    try:
        assert cluster.address.startswith("tls://")
        cluster.worker(dated.root, "only", *given)
        for address in (cluster.address, cluster.address.replace("tls", "tcp")):
            code, said = ended(sweeping(address, dated))
            assert code == 1 and "must be the address of a Dask scheduler" in said
            assert "tls://; Dask takes the certificates from its own settings" in said
        tls = "DASK_DISTRIBUTED__COMM__TLS__"
        settings = {"CA_FILE": pair["cert"], "CLIENT__CERT": pair["cert"], "CLIENT__KEY": pair["key"]}
        sweep = sweeping(cluster.address, dated, **{f"{tls}{key}": value for key, value in settings.items()})
        first = sweep.stdout.readline()
        os.killpg(sweep.pid, signal.SIGINT)
        _, said = sweep.communicate(timeout=LIMIT_S)
        assert "/mini_2026-01-14-en-" in first, said
    finally:
        assert cluster.end() == []
