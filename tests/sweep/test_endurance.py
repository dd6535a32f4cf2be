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
#: Two windows of editions. What a render holds for a moment, or leaves to be collected, comes and goes (a dozen MB,
#: some twenty files): the least within a window is what stays.
EARLY, LATE = range(40, 61), range(100, 121)
#: What may be added to the least between the windows, sixty editions apart, by two workers with all below them.
MORE_MB, MORE_FILES, MORE_THREADS = 12.0, 20, 10


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
    samples = {EARLY: [], LATE: []}

    with Pool(2) as pool:

        def told(outcome, summary):
            window = next((one for one in samples if summary.done in one), None)
            if outcome and window:
                samples[window].append(sample([one.pid for one in pool.workers]))

        made = plan(dated, store, ("mini",), {}, {"as_of": DAYS})
        summary = run(made, store, pool, width=2, tell=told)
    assert (summary.published, summary.failed) == (120, {})
    early, late = ([min(kind) for kind in zip(*taken, strict=True)] for taken in samples.values())
    print(f"least memory in MB, files, threads and processes: {early}, then {late}")
    memory, files, threads, processes = (then - first for first, then in zip(early, late, strict=True))
    assert memory < MORE_MB, f"memory must stay as it is (least {early[0]} MB, then {late[0]} MB)"
    assert files < MORE_FILES, f"files must be closed (open {early[1]}, then {late[1]})"
    assert threads < MORE_THREADS, f"threads must end (there are {early[2]}, then {late[2]})"
    assert processes == 0
    # nothing is left
    assert not any(psutil.pid_exists(one.pid) for one in pool.workers)
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before
    assert list(temporary.iterdir()) == []
    assert store.strays() == []
