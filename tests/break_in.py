"""Ends a process after each line of the making, the use and the removal of a folder in turn, as SIGTERM would.

Prints how many places there were, and each at which a folder was left. ``break_in.py PARENT [forget]``, where
`forget` leaves out the end of the process, to show that the places are real.
"""

import atexit
import os
import sys
from pathlib import Path

from handover import scratch

WATCHED = (scratch.__file__, "shutil.py", "contextlib.py")


def use(parent: Path) -> None:
    with scratch.folder(parent) as made:
        (made / "sub" / "deep").mkdir(parents=True)
        (made / "sub" / "file").write_text("x")


def broken(parent: Path, place: int) -> bool:
    """Use a folder in a fork and break in after so many lines; return whether there were so many."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = place

    def line(frame, event, _):
        nonlocal left
        if event == "line":
            left -= 1
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
        if sys.argv[2:] != ["forget"]:
            atexit._run_exitfuncs()
        os._exit(9)
    os._exit(0)


def main(parent: Path) -> None:
    place = 1
    while broken(parent, place):
        for folder in parent.iterdir():
            print("left after line", place, sorted(path.name for path in folder.rglob("*")))
            scratch.shutil.rmtree(folder)
        place += 1
    print(place - 1, "places")


main(Path(sys.argv[1]))
