"""What charts have in common: colours, typefaces, settings, and the size of a text.

The colours are two hues and greys that differ in grey and to colour-blind eyes. Contrast on white, from INK to RULE, is
15.9, 7.3, 4.6, 3.4, 6.1 and 1.4 to 1; the first three and LABEL may be text. The size of a text is cached, for placing
labels and for drawing them, since shaping takes longer than all the rest of drawing.
"""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import resources
from typing import ParamSpec, TypeVar

import matplotlib
import matplotlib.style
from matplotlib import font_manager
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags

from handover import fonts

INK = "#222222"  #: marks of events, the line of zero
FOCUS = "#005A92"  #: the series the title is about
ALERT = "#C75000"  #: the one contrast, if any
CONTEXT = "#8C8C8C"  #: everything else drawn; never text
LABEL = "#5F6368"  #: text of axes and second lines
RULE = "#D9D9D9"  #: grid and land, nothing that carries meaning
SEA = "#AECBDF"  #: the sea of a map, darker than RULE in grey; never under text
PAPER = "#FFFFFF"  #: inside of hollow marks

#: Typefaces in the order in which they are searched for a character.
FAMILY = [fonts.SANS, fonts.ARABIC, "sans-serif"]
IGNORED = "MPL_IGNORE_SYSTEM_FONTS"
#: The size in points at which texts are measured, and FreeType's units in a point.
LARGE, POINT = 100, 64
BOX = "\u25a1"

P = ParamSpec("P")
R = TypeVar("R")

#: Whether the house style applies already.
_applied = ContextVar("applied", default=False)


@contextmanager
def house() -> Iterator[None]:
    """Apply the house style, and restore the caller's settings afterwards."""
    if _applied.get():
        yield
        return
    rules = _settings()
    # if it ignores the system's typefaces, matplotlib does not find those added here
    ignored = os.environ.pop(IGNORED, None)
    token = _applied.set(True)
    try:
        with matplotlib.style.context(["default", rules]):
            yield
    finally:
        _applied.reset(token)
        if ignored is not None:
            os.environ[IGNORED] = ignored


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Make a drawing function draw in the house style."""

    @functools.wraps(draw)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with house():
            return draw(*args, **kwargs)

    return inner


@functools.cache
def _settings() -> dict[str, object]:
    """Register the typefaces and read the style sheet, both at first use."""
    for family in (fonts.SANS, fonts.ARABIC):
        for face in ("Regular", "Bold"):
            font_manager.fontManager.addfont(fonts.face(family, face))
    with resources.as_file(resources.files(__package__) / "house.mplstyle") as path:
        return dict(matplotlib.rc_params_from_file(path, use_default_template=False))


@functools.lru_cache(4096)
def text_size(text: str, font: FontProperties) -> tuple[float, float, float]:
    """Return width, height and depth below the baseline of a line of text, in points; needs the house style."""
    beyond = {char: _beyond(char) for char in dict.fromkeys(text) if not char.isascii()}
    face = _face(font, tuple(dict.fromkeys(path for path in beyond.values() if path)))
    # drawing in this face has changed its size
    face.set_size(LARGE, 72)
    # what no typeface has is set as a box
    face.set_text(
        text.translate({ord(char): BOX for char, path in beyond.items() if path is None}),
        0.0,
        flags=LoadFlags.NO_HINTING,
    )
    width, height, depth = *face.get_width_height(), face.get_descent()
    scale = font.get_size_in_points() / LARGE / POINT
    return width * scale, height * scale, depth * scale


@functools.lru_cache(64)
def line_metrics(font: FontProperties) -> tuple[float, float, float]:
    """Return ascent, descent and line gap of a font, in points, from its tables."""
    table = _face(font).get_sfnt_table("OS/2")
    scale = font.get_size_in_points() / _face(font).get_sfnt_table("head")["unitsPerEm"]
    return table["sTypoAscender"] * scale, -table["sTypoDescender"] * scale, table["sTypoLineGap"] * scale


@functools.lru_cache(64)
def _face(font: FontProperties, beyond: tuple[str, ...] = ()) -> FT2Font:
    families = [font.copy() for _ in font.get_family()]
    for one, family in zip(families, font.get_family(), strict=True):
        one.set_family(family)
    return get_font([*map(findfont, families), *beyond])


@functools.lru_cache(4096)
def _beyond(char: str) -> str | None:
    """Return the file of the typeface that a page sets a character in, if ours lack it: "" if not, None for none."""
    if any(get_font(findfont(FontProperties(family=[family]))).get_char_index(ord(char)) for family in FAMILY):
        return ""
    faces = (str(family[0]) for family in fonts.fallbacks())
    return next((path for path in faces if get_font(path).get_char_index(ord(char))), None)


def close_fonts() -> None:
    """Close the files of all typefaces; they are reopened when needed."""
    _face.cache_clear()
    _beyond.cache_clear()
    font_manager._get_font.cache_clear()


# a fork must not read from a file that it shares
os.register_at_fork(after_in_child=_face.cache_clear)
