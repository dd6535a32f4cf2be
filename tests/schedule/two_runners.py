"""One of several runners at once: ``two_runners.py PROJECT NOTES``; waits for the file ``go``, then runs all there is.

Every render is noted in NOTES, with this process's number, before it publishes.
"""

import os
import sys
import time
from pathlib import Path

from schedule_desk import Clock, Tiny, note, utc

from handover.editions import inputs
from handover.project import Project
from handover.schedule.runner import Runner

NAMES = ("daily", "other")


def main(root, notes):
    package = inputs._package()
    inputs._package = lambda: package
    project, clock = Project(root), Clock(utc("2026-02-17 00:00"))
    tiny = Tiny(project)
    runner = Runner(project, clock, clock.now, tiny)
    tiny.before = lambda given: note(notes, f"{os.getpid()} mini {given['as_of']}")
    note(notes, f"{os.getpid()} ready")
    while not (root / "go").exists():
        time.sleep(0.01)
    while True:
        runner.once()
        with runner.log.reading():
            if not any(runner.log.waiting(name, clock.time) for name in NAMES):
                return
        time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
