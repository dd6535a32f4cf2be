"""A sweep equals single renders done in the order of days, whatever fails and in whatever order workers answer."""

import errno
import os
import random
import threading
from concurrent.futures import CancelledError, Executor, Future

import pytest

from handover import atomic
from handover.editions import catalogue, render
from handover.editions.store import Edition, Store
from handover.errors import ExecutionError, StoreError
from handover.notebook import execute
from handover.sweep import run as sweeps
from handover.sweep.plan import plan
from handover.sweep.run import run

DAYS = tuple(f"2026-01-{day:02}" for day in range(10, 18))


class Shuffled(Executor):
    """Computes in a thread, one call at a time, and answers in an order of its own."""

    def __init__(self, seed=1):
        self.random = random.Random(seed)
        self.held = []
        self.calls = self.most = 0

    def submit(self, fn, /, *args):
        future = Future()
        self.held.append((future, fn, args))
        self.most = max(self.most, len(self.held))
        threading.Timer(0.01, self.answer).start()
        return future

    def answer(self):
        with LOCK:
            future, fn, args = self.held.pop(self.random.randrange(len(self.held)))
            if not future.set_running_or_notify_cancel():
                return
            self.calls += 1
            try:
                future.set_result(fn(*args))
            except BaseException as error:
                future.set_exception(error)


LOCK = threading.Lock()


def sweep(project, axes, executor, out=None, **options):
    store = Store.of(project, out)
    return run(plan(project, store, ("mini",), {}, axes), store, executor, width=options.pop("width", 2), **options)


def one_by_one(project, days, out):
    for day in days:
        try:
            render.render(project, "mini", {"as_of": day}, out=out)
        except ExecutionError:
            continue


@pytest.fixture
def unlucky(dated, stand_in, monkeypatch):
    """The miniature whose thirteenth fails, as a kernel would tell it."""

    def run(*arguments, **options):
        try:
            return stand_in(*arguments, **options)
        except AssertionError as error:
            raise ExecutionError(f"notebooks/mini.ipynb: cell 3 raised {error}.\nMend it.") from error

    monkeypatch.setattr(execute, "execute", run)
    return dated


class Broken(Executor):
    def __init__(self, error):
        self.error = error

    def submit(self, fn, /, *args):
        future = Future()
        future.set_exception(self.error)
        return future


def test_what_an_executor_raises_is_told_as_a_failure(unlucky):
    summary = sweep(unlucky, {"as_of": DAYS[:2]}, Broken(ConnectionError("gone")))
    said = "the worker must answer (got ConnectionError: gone)."
    assert summary.failed == {said: ["mini as_of=2026-01-10", "mini as_of=2026-01-11"]} and not summary.lost


@pytest.mark.parametrize("gone", [False, True])
def test_an_executor_that_is_gone_or_cancels_by_itself_ends_the_sweep_and_fails_no_edition(unlucky, gone):
    executor = Executor() if gone else Broken(CancelledError())
    summary = sweep(unlucky, {"as_of": DAYS[:2]}, executor, gone=lambda: gone)
    assert summary.lost and (summary.done, summary.failed) == (0, {})


def test_a_worker_whose_inputs_differ_refuses(unlucky):
    store = Store.of(unlucky)
    made = plan(unlucky, store, ("mini",), {}, {"as_of": DAYS[:1]})
    (unlucky.data / "counts.csv").write_text((unlucky.data / "counts.csv").read_text() + "\n")
    unlucky.lock.write_text("changed\n")
    (said,) = run(made, store, Shuffled(), width=1).failed
    assert said.startswith("mini 2026-01-10: the worker on ")
    assert "must have what the sweep was planned with (differs: data/counts.csv, requirements.lock)" in said
    assert store.editions() == []


def test_a_failure_is_listed_and_stops_nothing(unlucky):
    summary = sweep(unlucky, {"as_of": DAYS[2:5], "evidence": ("article", "record")}, Shuffled())
    ((text, names),) = summary.failed.items()
    assert "cell 3 raised an unlucky day" in text
    assert sorted(names) == ["mini as_of=2026-01-13 evidence=article", "mini as_of=2026-01-13 evidence=record"]
    assert summary.published == 4


@pytest.mark.parametrize("there", [(), ("2026-01-11", "2026-01-15")])
def test_the_same_editions_come_out_as_from_single_renders(unlucky, editions, tmp_path, there):
    one_by_one(unlucky, there, tmp_path / "sweep")
    summary = sweep(unlucky, {"as_of": DAYS}, Shuffled(len(there)), tmp_path / "sweep")
    one_by_one(unlucky, (*there, *DAYS), tmp_path / "single")
    assert (summary.done, summary.failures) == (8, 1)
    swept = editions(tmp_path / "sweep")
    assert swept == editions(tmp_path / "single")
    page = next(data for name, data in swept.items() if "2026-01-14" in name and name.endswith(".html"))
    assert b"since 2026-01-12" in page
    assert catalogue.stale(Store.of(unlucky, tmp_path / "sweep")) == []


def test_an_edition_that_is_there_is_recognised_without_work_unless_it_was_edited(unlucky, snapshot):
    sweep(unlucky, {"as_of": DAYS[:3]}, Shuffled())
    before = snapshot(unlucky.reports)
    summary = sweep(unlucky, {"as_of": DAYS[:3]}, executor := Shuffled())
    assert (summary.unchanged, summary.published, executor.calls) == (3, 0, 0)
    assert snapshot(unlucky.reports) == before
    next(unlucky.reports.glob("mini/2026-01-10-*/*.html")).write_text("edited")
    summary = sweep(unlucky, {"as_of": DAYS[:3]}, Shuffled())
    (said,) = summary.failed
    assert summary.unchanged == 2 and "no longer matches its manifest" in said


def test_stopping_leaves_the_beginning_of_each_series_and_a_catalogue(unlucky):
    store = Store.of(unlucky)
    # more than are under way at a time, which a busy machine may settle all at once
    days = [f"2026-02-{n}" for n in range(14, 26)]
    summary = sweep(unlucky, {"as_of": tuple(days)}, Shuffled(3), stopped=lambda: len(store.editions()) >= 2)
    assert summary.stopped
    assert [edition.name[:10] for edition in store.editions()] == days[: summary.published]
    assert catalogue.stale(store) == []


@pytest.mark.parametrize("lasting", [False, True])
def test_a_disk_with_no_room_for_the_catalogue_stops_no_rendering_and_is_told_in_the_end(unlucky, monkeypatch, lasting):
    creates, refused = atomic.create, []

    def full(path, data):
        if path.name == "index.html" and (lasting or not refused):
            refused.append(path)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        creates(path, data)

    monkeypatch.setattr(atomic, "create", full)
    monkeypatch.setattr(sweeps, "CATALOGUE_S", 0.0)
    monkeypatch.setattr(sweeps, "CATALOGUE_SHARE", 0.0)
    if lasting:
        with pytest.raises(
            StoreError, match=r"(?s)No space left.*mini/2026-01-14.* and 1 more are published and whole"
        ):
            sweep(unlucky, {"as_of": DAYS[4:]}, Shuffled())
    else:
        assert sweep(unlucky, {"as_of": DAYS[4:]}, Shuffled()).published == 4
    assert refused and len(Store.of(unlucky).editions()) == 4
    assert (catalogue.stale(Store.of(unlucky)) == []) == (not lasting)


def test_a_few_are_held_in_memory_and_each_manifest_is_read_a_few_times(unlucky, monkeypatch):
    real, reads = Edition.manifest, []
    monkeypatch.setattr(Edition, "manifest", lambda self: reads.append(self.name) or real(self))
    summary = sweep(unlucky, {"as_of": tuple(f"2026-02-{n}" for n in range(14, 26))}, executor := Shuffled(), width=1)
    assert summary.published == 12
    assert executor.most <= 4
    assert max(map(reads.count, set(reads))) <= 4, "work must not grow with the square of the editions"
