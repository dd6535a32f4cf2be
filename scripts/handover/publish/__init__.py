"""Passing editions on: as one file, as a mirror, and without those that nobody needs any more."""

from handover.door import door

__getattr__, __all__ = door(__name__, {"bundle": "", "mirror": "", "prune": "", "target": ""})
