"""The house style: typefaces and settings, held while something is drawn and given back afterwards.

What a chart looks like beyond that, such as its margins, belongs to `frame` and to the charts.
"""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import resources
from typing import ParamSpec, TypeVar

import matplotlib
from matplotlib import font_manager, style

from handover import fonts

#: Typefaces in the order they are looked through for a character.
FAMILY = [fonts.SANS, fonts.ARABIC, "sans-serif"]

IGNORED = "MPL_IGNORE_SYSTEM_FONTS"

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def _settings() -> dict[str, object]:
    """Register the typefaces and read the style sheet, both at first use."""
    for family in (fonts.SANS, fonts.ARABIC):
        for face in ("Regular", "Bold"):
            font_manager.fontManager.addfont(fonts.face(family, face))
    with resources.as_file(resources.files(__package__) / "house.mplstyle") as path:
        return dict(matplotlib.rc_params_from_file(path, use_default_template=False))


#: Whether the house style is held: whoever asks for it again, within, has it already.
_held = ContextVar("held", default=False)


@contextmanager
def house() -> Iterator[None]:
    """Hold the house style; the settings of whoever calls are set aside and come back afterwards."""
    if _held.get():
        yield
        return
    rules = _settings()
    # told to ignore the system's typefaces, matplotlib looks in its own folder alone, and not at those added here
    ignored = os.environ.pop(IGNORED, None)
    token = _held.set(True)
    try:
        with style.context(["default", rules]):
            yield
    finally:
        _held.reset(token)
        if ignored is not None:
            os.environ[IGNORED] = ignored


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Make a drawing function draw in the house style."""

    @functools.wraps(draw)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with house():
            return draw(*args, **kwargs)

    return inner
