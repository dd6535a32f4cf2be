"""What every test of this room needs: a process that is as it was."""

import signal

import pytest


@pytest.fixture(autouse=True)
def handlers():
    """Put back what a command did to SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
