"""What every test of this room needs: a process that is as it was, and a look at what readers get."""

import signal

import pytest


@pytest.fixture(autouse=True)
def handlers():
    """Put back what a command did to SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def site(snapshot):
    """Call with a folder: all that is in it for readers, without locks and the record of what was published."""

    def take(folder):
        return {path: found for path, found in snapshot(folder).items() if not path.startswith(".handover")}

    return take
