"""The tools that shape a page, and which of them are installed, without importing any."""

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

SHAPING = ("typst", "matplotlib", "pandas", "nbconvert", "papermill")


@cache
def versions() -> Mapping[str, str]:
    """Version of each shaping tool, and Python's own as major.minor.

    Read from the names of the ``dist-info`` folders: `importlib.metadata` costs more than everything else
    that is needed to say that a report has not changed.
    """
    found = {"python": "{}.{}".format(*sys.version_info)}
    for entry in reversed(sys.path):
        folder = Path(entry or ".")
        for info in folder.glob("*.dist-info") if folder.is_dir() else ():
            name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
            if name.lower() in SHAPING:
                found[name.lower()] = version
    return MappingProxyType(dict(sorted(found.items())))
