"""Imports libraries without parts of them that nothing here uses and that take longer than all the rest."""

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

#: By library or module, what stands in for what it imports and nothing here uses: checks of periods and addresses that
#: no notebook has; dates, which Python reads; what writes HTML; what reads files of another machine or in YAML; what
#: looks through all distributions for more that runs cells. None is the documented way to make an import fail.
INSTEAD: dict[str, dict[str, Any]] = {
    "jsonschema": dict.fromkeys(("isoduration", "rfc3986_validator", "rfc3987_syntax")),
    "jupyter_client": {
        "dateutil.parser": SimpleNamespace(isoparse=datetime.fromisoformat),
        "dateutil.tz": SimpleNamespace(tzlocal=lambda: datetime.now().astimezone().tzinfo),
    },
    "matplotlib.figure": {"fontTools.agl": ModuleType("fontTools.agl")},
    "nbconvert.filters.markdown_mistune": {
        "bs4": SimpleNamespace(),
        "nbconvert.filters.strings": SimpleNamespace(add_anchor=None),
    },
    "papermill": {
        "boto3": None,
        "entrypoints": SimpleNamespace(get_group_all=lambda group: ()),
        "requests": SimpleNamespace(),
        "tenacity": SimpleNamespace(
            **dict.fromkeys(("retry", "retry_if_exception_type", "stop_after_attempt", "wait_exponential"))
        ),
        "yaml": SimpleNamespace(SafeLoader=type("SafeLoader", (), {"yaml_implicit_resolvers": {}})),
    },
}
#: What each version of matplotlib works out on import is kept here, as, and beside, compiled modules: a list of its
#: typefaces; and what its classes can be set to, which stands in signatures and descriptions.
KEPT, SETTERS = Path(__file__).parent / "__pycache__" / "matplotlib", "setters.json"


def lean(library: str) -> None:
    """Import a library without those parts, unless it is imported already; they themselves can be imported later."""
    if library not in sys.modules:
        with _stood_in_for(library):
            importlib.import_module(library)


def alone(module: str) -> ModuleType:
    """A module of a library, without those parts and without the packages around it; an import elsewhere has all."""
    if module in sys.modules:
        return sys.modules[module]
    from importlib.util import find_spec, module_from_spec, spec_from_file_location

    library, *path = module.split(".")
    spec = spec_from_file_location(module, Path(find_spec(library).origin).parent.joinpath(*path).with_suffix(".py"))
    made = module_from_spec(spec)
    with _stood_in_for(module):
        spec.loader.exec_module(made)
    return made


@contextmanager
def _stood_in_for(name: str) -> Iterator[None]:
    instead = {part: module for part, module in INSTEAD[name].items() if part not in sys.modules}
    sys.modules.update(instead)
    try:
        yield
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
    # to judge the name of a backend, it would look through all distributions that are installed
    backend = os.environ.pop("MPLBACKEND", "")
    library = importlib.import_module("matplotlib")
    if backend:
        os.environ["MPLBACKEND"] = backend
        dict.update(library.rcParams, backend=backend)
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
    with _instead(remembered(artist, "kwdoc"), *inspected), _stood_in_for("matplotlib.figure"):
        importlib.import_module("matplotlib.figure")
    glyphs = INSTEAD["matplotlib.figure"]["fontTools.agl"]
    glyphs.__getattr__ = lambda name: getattr(importlib.import_module(glyphs.__name__), name)
    importlib.import_module("fontTools").agl = glyphs
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
