"""How Python goes about its own work in a process that renders."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds for which a thread computes while another has something to do.
TURN_S = 0.0001


def look_seldom() -> None:
    """Look for garbage once 50,000 objects were made, and among older ones at each twentieth such look."""
    gc.set_threshold(50_000, 20, 20)


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads take short turns: one that only passes work on, to a kernel or to Typst, waits for each of them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
