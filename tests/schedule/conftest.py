"""A desk in miniature: a project with entries, a clock that the test sets, and a renderer that takes no time."""

import os

import pytest
from schedule_desk import Desk, utc

from handover import cli
from handover.schedule import log, times


@pytest.fixture
def desk(mini, monkeypatch):
    """A desk whose clock stands at 2026-01-28 00:00 UTC. The disk is not waited for: no test here cuts the power."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    monkeypatch.setattr(log, "SYNCHRONOUS", "OFF")
    return Desk(mini, utc("2026-01-28 00:00"))


@pytest.fixture
def call(desk, monkeypatch, capsys):
    """Call the command line in the desk's project and time; returns exit code, stdout, stderr."""
    monkeypatch.chdir(desk.project.root)
    monkeypatch.setattr(times, "clock", desk.clock.now)

    def called(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main(["schedule", *words])
        out, err = capsys.readouterr()
        return left.value.code, out, err

    return called
