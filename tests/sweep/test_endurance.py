"""A sweep of three hundred: memory, files, processes and time per edition stay as they are."""

import tempfile
import time

import psutil
import pytest

from handover.editions import catalogue
from handover.editions.store import Store
from handover.sweep import axes
from handover.sweep.plan import plan
from handover.sweep.run import run
from handover.sweep.workers import Workers

#: Three hundred days from the first that the miniature knows of, without any thirteenth.
DAYS = tuple(day for day in axes.read(["as_of=2026-01-14..2026-12-31/1d"])["as_of"] if not day.endswith("-13"))[:300]

#: What memory may grow by from the hundredth edition to the last, in a worker with all below it; noise is a few.
GROWTH_MB = 8.0


def sample(pids):
    """Of each worker with all below it: memory of its own, open files, threads, and how many processes there are."""
    own = files = threads = processes = 0
    for pid in pids:
        worker = psutil.Process(pid)
        # the forkserver stays; kernels and their subreapers come and go
        for process in [worker, *(one for one in worker.children() if "forkserver" in " ".join(one.cmdline()))]:
            # what a forkserver shares with its kernel counts as its own or not by the moment; its size does not change
            own += process.memory_full_info().uss if process is worker else process.memory_info().rss
            files += process.num_fds()
            threads += process.num_threads()
            processes += 1
    return own / 1e6, files, threads, processes


@pytest.mark.slow
@pytest.mark.kernel
def test_three_hundred_editions(dated, tmp_path, monkeypatch):
    temporary = tmp_path / "t"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    store = Store.of(dated)
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    samples, times = {}, []

    with Workers(2) as workers:

        def told(outcome, summary):
            if outcome:
                times.append(time.process_time())
            if outcome and summary.done in (100, 150, 200, 250, 290):
                samples[summary.done] = sample(workers.crew.pids)

        made = plan(dated, store, ("mini",), {}, {"as_of": DAYS})
        summary = run(made, store, workers, width=2, root=dated.root, told=told)
        pids = workers.crew.pids
    assert (summary.published, summary.failed) == (300, {})
    memory, files, threads, processes = zip(*samples.values(), strict=True)
    print(f"memory {memory}, files {files}, threads {threads}, processes {processes}")
    assert memory[-1] - memory[0] < 2 * GROWTH_MB, f"memory must stay as it is (got {memory} MB)"
    # a render under way holds some twenty, and one left open by each would be hundreds
    assert max(files) - min(files) <= 50, f"files must be closed (open: {files})"
    assert max(threads) - min(threads) <= 20, f"threads must end (there are {threads})"
    assert set(processes) == {4}
    # what could grow with the number of editions is done by this process; its own time is what a busy machine leaves
    first, last = times[120] - times[20], times[-1] - times[-101]
    print(f"seconds of this process for a hundred editions: {first:.2f}, then {last:.2f}")
    assert last < first * 1.8 + 0.3, f"time per edition must not grow ({first:.2f} s a hundred, then {last:.2f} s)"
    # nothing is left
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before
    assert list(temporary.iterdir()) == []
    assert store.strays() == []
    # and all is there, and found again without work
    assert len(store.editions("mini")) == 300
    assert catalogue.stale(store) == []
    _recognised(dated, store)


def _recognised(project, store):
    begun = time.process_time()
    made = plan(project, store, ("mini",), {}, {"as_of": DAYS})
    summary = run(made, store, _Nobody(), width=2, root=project.root)
    spent = time.process_time() - begun
    assert summary.unchanged == 300
    print(f"recognised in {spent:.2f} s")
    assert spent < 3, f"recognising must take well under a second for a hundred (took {spent:.1f} s for 300)"


class _Nobody:
    def submit(self, *arguments):
        raise AssertionError("nothing was to be rendered")


def test_there_are_three_hundred_days():
    assert len(set(DAYS)) == 300
