"""The curated tables of a project, read as its data dictionary says; every fault has its place and its cure."""

from handover.door import door

__getattr__, __all__ = door(__name__, {"record": "Record Row Value ARTICLE claimed row_id faults read"})
