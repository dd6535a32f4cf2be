"""One of several runners at once: ``two_runners.py PROJECT LOG``; waits for the file ``go``, then runs all there is.

Every render is noted in LOG, with this process's number, before it publishes.
"""

import os
import sys
import time
from pathlib import Path

from schedule_desk import Clock, Tiny, note, utc

from handover.editions import inputs
from handover.project import Project
from handover.schedule.runner import Runner


def main(root, log):
    package = inputs._package()
    inputs._package = lambda: package
    project, clock = Project(root), Clock(utc("2026-02-17 00:00"))
    press = Tiny(project)
    runner = Runner(project, clock, clock.now, press)
    press.before = lambda job: note(log, f"{os.getpid()} {job.report} {job.given['as_of']}")
    note(log, f"{os.getpid()} ready")
    while not (root / "go").exists():
        time.sleep(0.01)
    while True:
        runner.once()
        ledger = runner.ledger.refresh()
        if not any(list(record.pending(clock.time)) for record in ledger.records.values()):
            return
        time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
