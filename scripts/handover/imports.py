"""Imports libraries without parts of them that nothing here uses and that take longer than all the rest."""

import importlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
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
#: What matplotlib works out on import is kept for each version of it here: as, and beside, compiled modules.
KEPT = Path(__file__).parent / "__pycache__" / "matplotlib"
#: Its list of its typefaces; and what its classes can be set to, which stands in signatures and descriptions.
TYPEFACES, SETTERS = "fontlist-*.json", "setters.json"


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

    That is what each of its classes can be set to; and the list of the typefaces that it brings, which it would make
    anew in each new `folder` for its settings.

    Raises:
        ImportError: It is not installed.
    """
    from matplotlib import __version__, artist

    kept, inspector = KEPT / __version__, artist.ArtistInspector
    for one in kept.glob(TYPEFACES):
        shutil.copy(one, folder)
    asked = {"kwdoc": artist, "get_aliases": inspector, "get_setters": inspector}
    with _remembered(asked, kept / SETTERS):
        importlib.import_module("matplotlib.figure")
    for one in folder.glob(TYPEFACES):
        if not (kept / one.name).exists():
            _keep(kept / one.name, one.read_text("utf-8"))


@contextmanager
def _remembered(asked: Mapping[str, Any], kept: Path) -> Iterator[None]:
    """Have functions that are asked of a class, each of a place by its name, answer as they did before."""
    known: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        known |= json.loads(kept.read_bytes())
    before, functions = len(known), {name: getattr(place, name) for name, place in asked.items()}

    def answer(name: str, of: Any) -> Any:
        cls = getattr(of, "o", of)
        key = f"{name} {cls.__module__}.{cls.__qualname__} {len(vars(cls))}"  # aliases come once there is a class
        if key not in known:
            known[key] = functions[name](of)
        return known[key]

    for name, place in asked.items():
        setattr(place, name, lambda of, name=name: answer(name, of))
    try:
        yield
    finally:
        for name, place in asked.items():
            setattr(place, name, functions[name])
    if len(known) > before:
        _keep(kept, json.dumps(known, default=sorted))


def _keep(kept: Path, text: str) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    half = kept.with_name(f"{os.getpid()}.half")
    half.write_text(text, "utf-8")
    half.replace(kept)
