"""Reports rendered on time: entries, their ticks, the log of what became of each, and the mails about it."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {"entries": "entries Entry", "install": "", "log": "Log", "runner": "Runner Stopped", "status": "", "times": ""},
)
