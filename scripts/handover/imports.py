"""Imports libraries without parts of them that nothing here uses and that take longer than all the rest."""

import importlib
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

#: By library, what it does without where it is not installed: checks of addresses and periods, which no notebook has;
#: what reads notebooks from another machine.
OPTIONAL = {
    "jsonschema": ("isoduration", "rfc3986_validator", "rfc3987_syntax"),
    "papermill": ("boto3",),
}
#: What it must find, and uses to read from another machine alone.
UNUSED = {"papermill": ("requests",)}
#: matplotlib's list of its typefaces, and where that of each version is kept: as, and beside, compiled modules.
TYPEFACES, KEPT = "fontlist-*.json", Path(__file__).parent / "__pycache__" / "matplotlib"


def lean(library: str) -> None:
    """Import a library without those parts, unless it is imported already; they themselves can be imported later."""
    if library in sys.modules:
        return
    # the documented way to make an import fail, and an empty module for an import that must not
    instead: dict[str, ModuleType | None] = dict.fromkeys(OPTIONAL[library])
    instead |= {part: ModuleType(part) for part in UNUSED.get(library, ())}
    instead = {part: module for part, module in instead.items() if part not in sys.modules}
    sys.modules.update(instead)  # type: ignore[arg-type]
    try:
        importlib.import_module(library)
    finally:
        for part in instead:
            del sys.modules[part]


def matplotlib(folder: Path) -> None:
    """Import matplotlib in half of the time: what it works out on import is worked out once.

    That is the description of a setter, which it would read anew for each class that inherits it; and the list of the
    typefaces that it brings, which it would make anew in each new `folder` for its settings.

    Raises:
        ImportError: It is not installed.
    """
    from matplotlib import __version__
    from matplotlib.artist import ArtistInspector

    kept, read = KEPT / __version__, ArtistInspector.get_valid_values
    for one in kept.glob(TYPEFACES):
        shutil.copy(one, folder)
    described: dict[Any, Any] = {}

    def get_valid_values(self: Any, attr: str) -> Any:
        setter = getattr(self.o, f"set_{attr}", None)
        if described.get(setter, "unknown") == "unknown":  # it may be described once its class is complete
            described[setter] = read(self, attr)
        return described[setter]

    ArtistInspector.get_valid_values = get_valid_values
    try:
        importlib.import_module("matplotlib.figure")
    finally:
        ArtistInspector.get_valid_values = read
    for one in folder.glob(TYPEFACES):
        if not (kept / one.name).exists():
            kept.mkdir(parents=True, exist_ok=True)
            half = shutil.copy(one, kept / f"{os.getpid()}.half")
            half.replace(kept / one.name)
