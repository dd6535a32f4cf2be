"""Passing editions on: as one file, as a mirror, and without those that nobody needs any more.

Stands above the press, whose store and manifests it reads; knows nothing of how a page is made.
"""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "bundle": "",
        "prune": "",
        "publish": "",
        "target": "",
    },
)
