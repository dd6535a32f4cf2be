"""Many editions at a time: the axes of a sweep, its plan, the workers that compute it, and the one that publishes."""

from handover.door import door

__getattr__, __all__ = door(__name__, {"run": "sweep"})
