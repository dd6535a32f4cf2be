"""Imports libraries without parts of them that nothing here uses and that take longer than all the rest."""

import importlib
import sys
from types import ModuleType

#: By library, what it does without where it is not installed: checks of addresses and periods, which no notebook has;
#: what reads notebooks from another machine.
OPTIONAL = {
    "jsonschema": ("isoduration", "rfc3986_validator", "rfc3987_syntax"),
    "papermill": ("boto3",),
}
#: What it must find, and uses to read from another machine alone.
UNUSED = {"papermill": ("requests",)}


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
