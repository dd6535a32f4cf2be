"""Runs of small notebooks with real kernels."""

import pytest
from runs import WHERE, book, forking

from handover.errors import ExecutionError
from handover.notebook import execute


@pytest.fixture
def run(tmp_path):
    """Run a notebook, or cells given as text."""

    def run(*cells, cwd=tmp_path, parameters=None, fork=True, **options):
        nb = cells[0] if cells and "cells" in cells[0] else book(*cells)
        given = {"as_of": "2026-01-31"} if parameters is None else parameters
        with forking(wanted=fork):
            return execute.execute(nb, given, cwd=cwd, where=WHERE, epoch=1767744000, **options)

    return run


@pytest.fixture
def fault(run):
    """Run cells that must fail; give the message."""

    def fault(*cells, **options):
        with pytest.raises(ExecutionError) as caught:
            run(*cells, **options)
        # the error refers to the whole run, which the report of a failing test would print
        return str(caught.value)

    return fault
