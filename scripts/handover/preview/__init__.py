"""A report in the browser while it is being written: rendered again at each save, published never."""

from handover.door import door

__getattr__, __all__ = door(__name__, {"session": "Session"})
