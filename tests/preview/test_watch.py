"""What counts as a save, however an editor writes, and what does not."""

import queue
import re
import time

import pytest

from handover.errors import PreviewError
from handover.preview import watch
from handover.preview.watch import PACKAGE, Saved, Watch
from handover.project import Project

SAVED = Saved(press=False)


@pytest.fixture
def saves(mini):
    """A queue of saves of the miniature."""
    found = queue.SimpleQueue()
    watching = Watch(mini, "mini", found.put)
    # watching has begun when a first save is noticed
    end = time.monotonic() + 10
    while found.empty() and time.monotonic() < end:
        mini.notebook("mini").touch()
        time.sleep(0.05)
    quiet(found)
    yield found
    watching.close()


def quiet(found, seconds=0.4):
    """All that comes until nothing more comes."""
    told = []
    try:
        while True:
            told.append(found.get(timeout=seconds))
    except queue.Empty:
        return told


def test_what_cannot_be_watched_is_told(tmp_path):
    found = queue.SimpleQueue()
    watching = Watch(Project(tmp_path / "gone"), "mini", found.put)
    error = found.get(timeout=10)
    watching.close()
    assert isinstance(error, PreviewError)
    assert re.search(r"gone/notebooks, .*: must be folders that can be watched \(got: .*\)\.\nIf the", str(error))


@pytest.mark.parametrize(
    "name",
    [
        "notebooks/other.ipynb",
        "notebooks/.ipynb_checkpoints/mini.ipynb",
        "data/.counts.csv.swp",
        "notebooks/.~mini.ipynb",
    ],
)
def test_what_no_report_is_made_from_is_no_save(mini, saves, name):
    path = mini.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}")
    assert quiet(saves) == []


@pytest.mark.parametrize(
    ("part", "counts"),
    [
        ("story/desk.py", True), ("pages/html/page.css", True), ("pages/typst/report.typ", True), ("errors.py", True),
        ("cli/render.py", False), ("preview/worker.py", False), ("story/__pycache__/desk.cpython-311.pyc", False),
        ("story/desk.py.orig", False),
    ],
)  # fmt: skip
def test_of_the_package_what_makes_reports_counts(mini, part, counts):
    watching = Watch(mini, "mini", print)
    watching.close()
    assert watching.counts(None, str(PACKAGE / part)) is counts
    assert watch._press(PACKAGE / part) is (not part.startswith("story/"))


def test_a_plain_write_a_rename_and_a_row_of_data_are_saves(mini, saves):
    notebook, text = mini.notebook("mini"), mini.notebook("mini").read_text()
    notebook.write_text(text)
    assert quiet(saves) == [SAVED]
    for _ in range(2):  # after the first, the folder holds another file than the one that was there at the start
        beside = notebook.with_name("mini.ipynb.tmp")
        beside.write_text(text)
        beside.replace(notebook)
        assert quiet(saves) == [SAVED]
    with (mini.data / "counts.csv").open("a") as table:
        table.write("C3,2026-03-01,doors,5\n")
    assert quiet(saves) == [SAVED]
    (mini.data / "counts.csv").unlink()
    assert quiet(saves) == [SAVED]


def test_many_writes_in_a_burst_are_one_save_or_two(mini, saves):
    for number in range(50):
        mini.notebook("mini").write_text(f"{number}")
    assert 1 <= len(quiet(saves)) <= 2
