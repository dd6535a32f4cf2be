"""A sweep equals single renders done in the order of days, whatever fails and however its workers are timed."""

import random
import threading
from concurrent.futures import Executor, Future

import pytest

from handover.editions import render
from handover.editions.store import Store
from handover.errors import HandoverError, SweepError
from handover.sweep.plan import plan
from handover.sweep.run import run

DAYS = tuple(f"2026-01-{day:02}" for day in range(10, 18))


class Shuffled(Executor):
    """Computes in this thread, when it is asked to, and answers in an order of its own."""

    def __init__(self, seed, most=4):
        self.random = random.Random(seed)
        self.most = most
        self.held = []
        self.calls = 0

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self.held.append((future, fn, args))
        threading.Timer(0.05, self.answer).start()
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
    made = plan(project, store, ("mini",), {}, axes)
    return run(made, store, executor, width=options.pop("width", 2), root=project.root, **options)


def one_by_one(project, days, out, **given):
    for day in days:
        try:
            render.render(project, "mini", {"as_of": day, **given}, out=out)
        except (HandoverError, AssertionError):
            continue


@pytest.fixture
def unlucky(dated, stand_in):
    """The miniature whose thirteenth fails, as a kernel would tell it."""
    from handover.errors import ExecutionError
    from handover.notebook import execute

    def run(*arguments, **options):
        try:
            return stand_in(*arguments, **options)
        except AssertionError as error:
            raise ExecutionError(f"notebooks/mini.ipynb: cell 3 raised {error}.\nMend it.") from error

    run.double = stand_in
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execute, "execute", run)
        yield dated


@pytest.mark.parametrize("seed", range(3))
def test_the_same_editions_come_out_as_from_single_renders(unlucky, editions, tmp_path, seed):
    one_by_one(unlucky, DAYS, tmp_path / "single")
    summary = sweep(unlucky, {"as_of": DAYS}, Shuffled(seed), tmp_path / "sweep")
    assert (summary.published, summary.failures) == (7, 1)
    single, swept = editions(tmp_path / "single"), editions(tmp_path / "sweep")
    assert swept.keys() == single.keys()
    assert swept == single
    assert "since 2026-01-12" in next(
        data.decode() for name, data in swept.items() if "2026-01-14" in name and name.endswith(".html")
    )


def test_the_editions_that_are_there_count_as_they_do_for_single_renders(unlucky, editions, tmp_path):
    for place in ("single", "sweep"):
        one_by_one(unlucky, ("2026-01-11", "2026-01-15"), tmp_path / place)
    one_by_one(unlucky, DAYS, tmp_path / "single")
    summary = sweep(unlucky, {"as_of": DAYS}, Shuffled(9), tmp_path / "sweep")
    assert editions(tmp_path / "sweep") == editions(tmp_path / "single")
    assert summary.failures == 1


def test_a_failure_is_listed_and_stops_nothing(unlucky, tmp_path):
    summary = sweep(unlucky, {"as_of": DAYS, "evidence": ("article", "record")}, Shuffled(1))
    ((text, names),) = summary.failed.items()
    assert "cell 3 raised an unlucky day" in text
    assert sorted(names) == ["mini as_of=2026-01-13 evidence=article", "mini as_of=2026-01-13 evidence=record"]
    assert summary.published == 14


def test_an_edition_that_is_there_is_recognised_without_work(unlucky, snapshot):
    sweep(unlucky, {"as_of": DAYS[:3]}, Shuffled(1))
    before = snapshot(unlucky.reports)
    executor = Shuffled(1)
    summary = sweep(unlucky, {"as_of": DAYS[:3]}, executor)
    assert (summary.unchanged, summary.published, executor.calls) == (3, 0, 0)
    assert snapshot(unlucky.reports) == before


def test_an_edition_that_somebody_edited_is_told(unlucky):
    sweep(unlucky, {"as_of": DAYS[:2]}, Shuffled(1))
    page = next(unlucky.reports.glob("mini/2026-01-10-*/*.html"))
    page.write_text("edited")
    summary = sweep(unlucky, {"as_of": DAYS[:2]}, Shuffled(1))
    assert summary.unchanged == 1
    assert "no longer matches its manifest" in next(iter(summary.failed))


def test_the_catalogue_lists_all_in_the_end(unlucky):
    from handover.editions import catalogue

    sweep(unlucky, {"as_of": DAYS}, Shuffled(1))
    assert catalogue.stale(Store.of(unlucky)) == []


def test_stopping_leaves_the_beginning_of_each_series_and_a_catalogue(unlucky, tmp_path):
    from handover.editions import catalogue

    store = Store.of(unlucky)
    summary = sweep(unlucky, {"as_of": DAYS[4:]}, Shuffled(3), stopped=lambda: len(store.editions()) >= 2)
    assert summary.stopped
    assert [edition.name[:10] for edition in store.editions()] == list(DAYS[4 : 4 + summary.published])
    assert catalogue.stale(store) == []


def test_no_more_than_a_few_are_held_in_memory(unlucky):
    class Counting(Shuffled):
        high = 0

        def submit(self, *arguments, **options):
            Counting.high = max(Counting.high, len(self.held) + 1)
            return super().submit(*arguments, **options)

    sweep(unlucky, {"as_of": tuple(f"2026-02-{day:02}" for day in range(14, 29))}, Counting(1), width=1)
    assert Counting.high <= 4


def test_a_worker_whose_inputs_differ_refuses(unlucky):
    executor = Shuffled(1)
    store = Store.of(unlucky)
    made = plan(unlucky, store, ("mini",), {}, {"as_of": DAYS[:1]})
    (unlucky.data / "counts.csv").write_text((unlucky.data / "counts.csv").read_text() + "\n")
    unlucky.lock.write_text("changed\n")
    summary = run(made, store, executor, width=1, root=unlucky.root)
    assert "must have what the sweep was planned with (differs: data/counts.csv, requirements.lock)" in next(
        iter(summary.failed)
    )
    assert store.editions() == []


def test_what_an_engine_raises_is_told_as_a_failure(unlucky):
    class Broken(Executor):
        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            future.set_exception(ConnectionError("gone"))
            return future

    summary = sweep(unlucky, {"as_of": DAYS[:2]}, Broken())
    assert list(summary.failed) == ["the worker must answer (got ConnectionError: gone)."]
    assert isinstance(SweepError("x"), HandoverError)
