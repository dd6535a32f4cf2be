"""How often Python looks for garbage in a process that renders, which keeps most of what it makes."""

import gc


def look_seldom() -> None:
    """Look for garbage once 50,000 objects were made, and among older ones at each twentieth such look."""
    gc.set_threshold(50_000, 20, 20)
