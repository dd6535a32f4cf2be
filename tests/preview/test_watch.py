"""What counts as a save, however an editor writes, and what does not."""

import queue
import time

import pytest

from handover.preview import watch
from handover.preview.watch import PACKAGE, Watch


@pytest.fixture
def saves(mini):
    """A queue of saves of the miniature; a save of the press is True."""
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
        ("story/desk.py", True), ("press/html/page.css", True), ("press/pdf/report.typ", True), ("errors.py", True),
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
    assert quiet(saves) == [False]
    for _ in range(2):  # after the first, the folder holds another file than the one that was there at the start
        beside = notebook.with_name("mini.ipynb.tmp")
        beside.write_text(text)
        beside.replace(notebook)
        assert quiet(saves) == [False]
    with (mini.data / "counts.csv").open("a") as table:
        table.write("C3,2026-03-01,doors,5\n")
    assert quiet(saves) == [False]
    (mini.data / "counts.csv").unlink()
    assert quiet(saves) == [False]


def test_many_writes_in_a_burst_are_one_save(mini, saves):
    for number in range(8):
        mini.notebook("mini").write_text(f"{number}")
        time.sleep(0.002)
    assert quiet(saves) == [False]
