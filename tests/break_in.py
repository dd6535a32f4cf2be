"""Ends a process after each line of the making, the use and the removal of a folder in turn, as SIGTERM would.

Prints how many places there were, and each at which a folder was left. ``break_in.py PARENT [forget | kill]``, where
`forget` leaves out the end of the process, to show that the places are real, and `kill` is SIGKILL, after which
another process sweeps.
"""

import atexit
import os
import signal
import sys
from pathlib import Path

from handover import scratch

HOW = "".join(sys.argv[2:])
WATCHED = (scratch.__file__, "shutil.py", "contextlib.py")


def use(parent: Path) -> None:
    with scratch.folder(parent) as made:
        (made / "sub" / "deep").mkdir(parents=True)
        (made / "sub" / "file").write_text("x")


def broken(parent: Path, place: int) -> bool:
    """Use a folder in a fork and break in after so many lines; return whether there were so many."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (9, -9)
    left = place

    def line(frame, event, _):
        nonlocal left
        if event == "line":
            left -= 1
            if left == 0 and HOW == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if left == 0:
                raise SystemExit
        return line

    def call(frame, event, _):
        return line if frame.f_code.co_filename.endswith(WATCHED) else None

    sys.settrace(call)
    try:
        use(parent)
    except (SystemExit, OSError):  # broken off between a close and the note of it, rmtree closes once more
        sys.settrace(None)
        if HOW != "forget":
            atexit._run_exitfuncs()
        os._exit(9)
    os._exit(0)


def main(parent: Path) -> None:
    place, killed = 1, 0
    while broken(parent, place):
        if HOW == "kill":
            killed += any(parent.iterdir())
            scratch.sweep(parent)
        for left in parent.iterdir():
            print("left after line", place, left.name)
            scratch.shutil.rmtree(left) if left.is_dir() else left.unlink()
        place += 1
    print(place - 1, "places")
    if HOW == "kill":
        print(killed, "with something to sweep")


main(Path(sys.argv[1]))
