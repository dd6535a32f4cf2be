"""Imports libraries without parts of them that nothing here uses and that take longer than all the rest."""

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

#: By library, what it is imported without: checks of addresses and periods, which no notebook has; what reads notebooks
#: from another machine. None is the documented way to make an import fail; it must find the empty module.
INSTEAD: dict[str, dict[str, ModuleType | None]] = {
    "jsonschema": dict.fromkeys(("isoduration", "rfc3986_validator", "rfc3987_syntax")),
    "papermill": {"boto3": None, "requests": ModuleType("requests")},
}
#: What each version of matplotlib works out on import is kept here, as, and beside, compiled modules: a list of its
#: typefaces; and what its classes can be set to, which stands in signatures and descriptions.
KEPT, SETTERS = Path(__file__).parent / "__pycache__" / "matplotlib", "setters.json"


def lean(library: str) -> None:
    """Import a library without those parts, unless it is imported already; they themselves can be imported later."""
    if library in sys.modules:
        return
    instead = {part: module for part, module in INSTEAD[library].items() if part not in sys.modules}
    sys.modules.update(instead)  # type: ignore[arg-type]
    try:
        importlib.import_module(library)
    finally:
        for part in instead:
            del sys.modules[part]


def matplotlib() -> None:
    """Import matplotlib in half of the time: what it works out on import is worked out once.

    That is what each of its classes can be set to; and the list of the typefaces that it brings, which it would make
    anew for each new folder of settings.

    Raises:
        ImportError: It is not installed.
    """
    import matplotlib as library

    kept = KEPT / library.__version__
    with suppress(OSError):
        kept.mkdir(parents=True, exist_ok=True)
    with _instead((library, "get_cachedir", lambda: str(kept))):
        importlib.import_module("matplotlib.font_manager")
    artist = importlib.import_module("matplotlib.artist")
    known: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        known |= json.loads((kept / SETTERS).read_bytes())
    before = len(known)

    def remembered(place: Any, name: str) -> tuple[Any, str, Callable[[Any], Any]]:
        read = getattr(place, name)

        def answer(of: Any) -> Any:
            cls = getattr(of, "o", of)
            key = f"{name} {cls.__module__}.{cls.__qualname__} {len(vars(cls))}"  # aliases come once there is a class
            if key not in known:
                known[key] = read(of)
            return known[key]

        return place, name, answer

    inspected = (remembered(artist.ArtistInspector, name) for name in ("get_aliases", "get_setters"))
    with _instead(remembered(artist, "kwdoc"), *inspected):
        importlib.import_module("matplotlib.figure")
    if len(known) > before:
        half = kept / f"{os.getpid()}.half"
        half.write_text(json.dumps(known, default=sorted), "utf-8")
        half.replace(kept / SETTERS)


@contextmanager
def _instead(*others: tuple[Any, str, Callable[..., Any]]) -> Iterator[None]:
    """Have others stand in for functions, each in a module or class under its name there."""
    own = [(place, name, getattr(place, name)) for place, name, _ in others]
    try:
        for given in others:
            setattr(*given)
        yield
    finally:
        for given in own:
            setattr(*given)
