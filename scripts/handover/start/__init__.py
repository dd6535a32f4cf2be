"""The beginning: a new report in a project, and a new project for another story."""

from handover.door import door

__getattr__, __all__ = door(__name__, {"begin": "new_report new_project"})
