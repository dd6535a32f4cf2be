"""What a notebook job prints, and what it refuses before anything runs."""

import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from handover.editions.store import Store
from handover.errors import ExecutionError, NotebookError, ParameterError
from handover.lab import jobs

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def loose(path, *cells):
    """A notebook that is nobody's report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": KERNEL}), path)
    return path


@pytest.mark.parametrize("folder", ["reports", "data"])
def test_a_notebook_among_editions_or_data_is_refused(mini, folder, snapshot):
    path = loose(mini.root / folder / "x.ipynb", "1")
    before = snapshot(mini.root)
    with pytest.raises(NotebookError, match=rf"{folder}/x.ipynb: a job's notebook must lie outside {folder}/"):
        jobs.run(mini, path, {}, ["html"])
    assert snapshot(mini.root) == before


@pytest.mark.parametrize(
    ("path", "entered", "kind", "said"),
    [
        (
            "notebooks/mini.ipynb",
            {"as_off": "2026-01-31"},
            ParameterError,
            "'as_off' is unknown .*mean 'as_of'",
        ),
        ("notebooks/mini.ipynb", {"as_of": "2026-02-30"}, ParameterError, "'as_of' must be a day that exists"),
        ("notebooks/mini.ipynb", {"password": "hunter2"}, ParameterError, "'password' must not be named like a secret"),
        (
            "notebooks/mini.ipynb",
            {"as_of": "9999-12-31"},
            ParameterError,
            r"'as_of' must be a day that has come \(got 9999",
        ),
        ("drafts/x.ipynb", {"as_of": "2026-01-31"}, NotebookError, "one code cell must be tagged 'parameters'"),
        (
            "notebooks/x 1.ipynb",
            {},
            NotebookError,
            "notebooks/x 1.ipynb: a report's name must be made of letters a to z",
        ),
        ("notebooks/MINI.ipynb", {}, NotebookError, r"differ from every other name in more than case \(got also"),
        ("notebooks/Untitled.ipynb", {}, NotebookError, "notebooks/Untitled.ipynb: one code cell must be tagged"),
    ],
)
def test_what_a_notebook_does_not_declare_is_refused(mini, path, entered, kind, said):
    if not path.endswith("mini.ipynb"):
        loose(mini.root / path, "1")
    with pytest.raises(kind, match=said):
        jobs.check(mini, mini.root / path, entered)


def test_what_a_notebook_declares_is_taken(mini):
    jobs.check(mini, mini.notebook("mini"), {"as_of": "2026-02-28"})
    jobs.check(mini, loose(mini.root / "drafts" / "x.ipynb", "1"), {})


def test_a_field_left_blank_is_not_given():
    assert jobs.given({"as_of": " ", " since": "2026-01-01"}) == {"since": "2026-01-01"}
    assert jobs.given(None) == {}


def test_a_report_is_published_and_the_same_again_is_recognised(mini, stand_in):
    stem = jobs.run(mini, mini.notebook("mini"), {"as_of": "2026-01-31"}, ["html"])
    (edition,) = Store.of(mini).editions()
    assert edition.faults() == [] and edition.file(".pdf") == stem.with_name(stem.name + ".pdf")
    assert jobs.run(mini, mini.notebook("mini"), {"as_of": "2026-01-31"}, ["html"]) == stem
    assert stand_in.runs == 1


@pytest.mark.kernel
def test_another_notebook_is_printed_beside_itself_and_not_published(mini):
    path = mini.root / "drafts" / "a draft.ipynb"
    path.parent.mkdir()
    shutil.copy(mini.notebook("mini"), path)
    stem = jobs.run(mini, path, {"as_of": "2026-01-15"}, ["html", "pdf"])
    assert stem.name.startswith("a draft_2026-01-15-en-")
    page, sheet = (stem.with_name(f"{stem.name}.{suffix}") for suffix in jobs.FORMATS)
    assert "Doors in miniature" in page.read_text() and sheet.read_bytes().startswith(b"%PDF-")
    assert sorted(path.parent.iterdir()) == sorted([path, page, sheet])
    assert not mini.reports.exists()


@pytest.mark.kernel
def test_another_notebook_that_fails_leaves_nothing(mini):
    path = loose(mini.root / "drafts" / "x.ipynb", "a = 1", "a / 0")
    with pytest.raises(ExecutionError, match=r"drafts/x.ipynb: cell 2 raised ZeroDivisionError: division by zero"):
        jobs.run(mini, path, {}, ["html"])
    assert list(path.parent.iterdir()) == [path]
