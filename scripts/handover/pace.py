"""How Python goes about its own work in a process that renders."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds for which a thread computes while another has something to do.
TURN_S = 0.0001


def look_seldom(made: int = 300_000) -> None:
    """Look for garbage once so many objects were made, and among older ones at each twentieth such look."""
    gc.set_threshold(made, 20, 20)


@contextmanager
def busy() -> Iterator[None]:
    """Look for garbage seldom, and let threads take short turns: some only pass work on, to a kernel or to Typst."""
    turn, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(TURN_S)
    look_seldom()
    try:
        yield
    finally:
        sys.setswitchinterval(turn)
        gc.set_threshold(*thresholds)
