"""What counts as a save, however an editor writes, and what does not."""

import queue
import re
import time

import pytest

from handover.errors import PreviewError
from handover.preview.watch import PACKAGE, Saved, Watch, imported
from handover.project import Project

SAVED = Saved(package=False)
#: Reached only by a hang.
LIMIT_S = 60


@pytest.fixture
def saves(mini):
    """Call with an action: waits until a save of the miniature is noticed, and gives how many were."""
    found = queue.SimpleQueue()
    watching = Watch(mini, "mini", found.put)

    def noticed(action):
        while not found.empty():
            found.get()
        action()
        told = [found.get(timeout=LIMIT_S)]
        while not found.empty():
            told.append(found.get())
        assert {*told} == {SAVED}
        return len(told)

    # watching has begun when a first save is noticed
    end = time.monotonic() + LIMIT_S
    while found.empty() and time.monotonic() < end:
        mini.notebook("mini").touch()
        time.sleep(0.05)
    yield noticed
    watching.close()


def test_what_cannot_be_watched_is_told(tmp_path):
    found = queue.SimpleQueue()
    watching = Watch(Project(tmp_path / "gone"), "mini", found.put)
    error = found.get(timeout=LIMIT_S)
    watching.close()
    assert isinstance(error, PreviewError)
    assert re.search(r"gone/notebooks, .*: must be folders that can be watched \(got: .*\)\.\nIf the", str(error))


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("notebooks/mini.ipynb", True), ("data/counts.csv", True), ("notebooks/other.ipynb", False),
        ("notebooks/.ipynb_checkpoints/mini.ipynb", False), ("data/.counts.csv.swp", False),
        ("notebooks/.~mini.ipynb", False), ("notebooks/figures/plan.PNG", True), ("plan.png", False),
    ],
)  # fmt: skip
def test_of_the_project_what_the_report_is_made_from_counts(mini, name, counts):
    watching = Watch(mini, "mini", print)
    watching.close()
    assert watching.counts(None, str(mini.root / name)) is counts


@pytest.mark.parametrize(
    ("part", "counts"),
    [
        ("story/desk.py", True), ("pages/html/page.css", True), ("pages/typst/report.typ", True), ("errors.py", True),
        ("cli/render.py", False), ("preview/worker.py", False),
        ("schedule/mail.py", False), ("story/__pycache__/desk.cpython-311.pyc", False),
        ("story/desk.py.orig", False),
    ],
)  # fmt: skip
def test_of_the_package_what_makes_reports_counts(mini, part, counts):
    watching = Watch(mini, "mini", print)
    watching.close()
    assert watching.counts(None, str(PACKAGE / part)) is counts
    assert imported(PACKAGE / part) is (not part.startswith("story/"))


def test_a_plain_write_a_rename_and_a_row_of_data_are_saves(mini, saves):
    notebook, text = mini.notebook("mini"), mini.notebook("mini").read_text()
    beside, table = notebook.with_name("mini.ipynb.tmp"), mini.data / "counts.csv"
    saves(lambda: notebook.write_text(text))
    for _ in range(2):  # after the first, the folder holds another file than the one that was there at the start
        beside.write_text(text)
        saves(lambda: beside.replace(notebook))
    saves(lambda: table.write_text(table.read_text() + "C3,2026-03-01,doors,5\n"))
    saves(table.unlink)


def test_many_writes_in_a_burst_are_few_saves(mini, saves):
    assert saves(lambda: [mini.notebook("mini").write_text(f"{number}") for number in range(200)]) < 50
