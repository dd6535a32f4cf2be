"""A long sweep: memory, open files, threads and processes stay as they are, and nothing is left."""

import tempfile

import psutil
import pytest

from handover.editions.store import Store
from handover.sweep.axes import read
from handover.sweep.plan import plan
from handover.sweep.run import run
from handover.workers import Pool

#: From the first day that the miniature knows of, without any thirteenth.
DAYS = tuple(day for day in read(["as_of=2026-01-14..2026-12-31/1d"])["as_of"] if not day.endswith("-13"))[:120]
#: What memory may grow by between the samples, in a worker with all below it; noise is a few.
GROWTH_MB = 5.0


def sample(pids):
    """Of each worker with all below it: memory of its own, open files, threads, and how many processes there are."""
    own = files = threads = processes = 0
    for pid in pids:
        worker = psutil.Process(pid)
        # the process that forks kernels stays, its first child; kernels and their subreapers come and go
        for process in (worker, min(worker.children(), key=psutil.Process.create_time)):
            # what it shares with its kernel counts as its own or not by the moment; its size does not change
            own += process.memory_full_info().uss if process is worker else process.memory_info().rss
            files += process.num_fds()
            threads += process.num_threads()
            processes += 1
    return own / 1e6, files, threads, processes


@pytest.mark.slow
@pytest.mark.kernel
def test_a_hundred_and_twenty_editions(dated, tmp_path, monkeypatch):
    temporary = tmp_path / "t"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    store = Store.of(dated)
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    samples = {}

    with Pool(2) as pool:

        def told(outcome, summary):
            if outcome and summary.done in (50, 80, 110):
                samples[summary.done] = sample(pool.pids())

        made = plan(dated, store, ("mini",), {}, {"as_of": DAYS})
        summary = run(made, store, pool, width=2, tell=told)
    assert (summary.published, summary.failed) == (120, {})
    memory, files, threads, processes = zip(*samples.values(), strict=True)
    print(f"memory {memory}, files {files}, threads {threads}, processes {processes}")
    assert memory[-1] - memory[0] < 2 * GROWTH_MB, f"memory must stay as it is (got {memory} MB)"
    # a render under way holds some twenty, and one left open by each would be more than a hundred
    assert max(files) - min(files) <= 50, f"files must be closed (open: {files})"
    assert max(threads) - min(threads) <= 20, f"threads must end (there are {threads})"
    assert len(set(processes)) == 1
    # nothing is left
    assert not any(psutil.pid_exists(pid) for pid in pool.pids())
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before
    assert list(temporary.iterdir()) == []
    assert store.strays() == []
