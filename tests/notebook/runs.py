"""Small notebooks to run, and waiting for processes."""

import time
from contextlib import contextmanager

import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from handover.notebook import forkserver

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
WHERE = "notebooks/x.ipynb"

#: Only a hang takes longer than this.
HANG_S = 120


def book(*cells, kernel=KERNEL):
    """Make a notebook: a title, a parameters cell, then the cells given, the first of which is cell 3."""
    made = [new_markdown_cell("# Title")]
    made += [new_code_cell('as_of: str = "2026-01-01"  # the day', metadata={"tags": ["parameters"]})]
    made += [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return new_notebook(cells=made, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


@contextmanager
def forking(*, wanted):
    """Have kernels forked, or each started afresh; gives the notes of such a run."""
    with pytest.MonkeyPatch.context() as patch:
        if not wanted:
            patch.setattr(forkserver, "prepare", lambda: False)
        yield () if wanted else ("The kernel was started afresh: kernels cannot be forked here.",)


def printed(done):
    """Return the texts that an execution shows."""
    return [
        output.get("text") or output.data["text/plain"] for cell in done.nb.cells for output in cell.get("outputs", [])
    ]


def until(condition):
    """Wait until a condition is true and return its value; a false one only if something hangs."""
    end = time.monotonic() + HANG_S
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def alive(ids):
    """Return which processes are alive; a zombie is not."""
    return [one.pid for one in psutil.process_iter(["status"]) if one.pid in ids and one.info["status"] != "zombie"]
