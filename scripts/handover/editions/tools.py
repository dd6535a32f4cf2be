"""The tools and fonts that shape a page, and which of them are installed, without importing any."""

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

SHAPING = ("typst", "matplotlib", "pandas", "nbconvert", "papermill", "pillow")
#: The fonts are packages whose names begin so.
FONTS = "fontpkg-"
PYTHON = "python"


@cache
def versions() -> Mapping[str, str]:
    """Version of each tool and font that shapes a page, and Python's own as major.minor.

    Read from the names of the ``dist-info`` folders: `importlib.metadata` costs more than everything else
    that is needed to say that a report has not changed.
    """
    found = {PYTHON: "{}.{}".format(*sys.version_info)}
    for entry in reversed(sys.path):
        folder = Path(entry or ".")
        for info in folder.glob("*.dist-info") if folder.is_dir() else ():
            name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
            name = name.lower().replace("_", "-")
            if name in SHAPING or name.startswith(FONTS):
                found[name] = version
    return MappingProxyType(dict(sorted(found.items())))


def shaping() -> dict[str, str]:
    """The versions that an edition names as part of itself: of Python's own no page depends."""
    return {name: version for name, version in versions().items() if name != PYTHON}
