"""Passes editions on: as one file or as a mirror; and prunes those that are no longer needed."""

from handover.door import door

__getattr__, __all__ = door(__name__, {"bundle": "", "mirror": "", "prune": "", "target": ""})
