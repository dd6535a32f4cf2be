"""What charts have in common: colours, typefaces, settings, and the size of a text.

The colours are two hues and greys that differ in grey and to colour-blind eyes. Contrast on white, from INK to RULE, is
15.9, 7.3, 4.6, 3.4, 6.1 and 1.4 to 1; the first three and LABEL may be text. The size of a text is cached, for placing
labels and for drawing them, since shaping takes longer than all the rest of drawing.
"""

import functools
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import matplotlib
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

#: Whether the house style applies already.
_applied = ContextVar("applied", default=False)


@contextmanager
def house() -> Iterator[None]:
    """Apply the house style, and restore the caller's settings afterwards; also a decorator, ``@house()``."""
    if _applied.get():
        yield
        return
    rules = _settings()
    # if it ignores the system's typefaces, matplotlib does not find those added here
    ignored = os.environ.pop(IGNORED, None)
    token = _applied.set(True)
    # as matplotlib's rc_context, without validating anew what is valid
    before = dict.copy(matplotlib.rcParams)
    del before["backend"]
    dict.update(matplotlib.rcParams, rules)
    try:
        yield
    finally:
        dict.update(matplotlib.rcParams, before)
        _applied.reset(token)
        if ignored is not None:
            os.environ[IGNORED] = ignored


@functools.cache
def _settings() -> dict[str, object]:
    """Register the typefaces and read the style sheet, both at first use; return all settings as they then are."""
    for family in (fonts.SANS, fonts.ARABIC):
        for face in ("Regular", "Bold"):
            font_manager.fontManager.addfont(fonts.face(family, face))
    sheet = matplotlib.rc_params_from_file(Path(__file__).with_name("house.mplstyle"), use_default_template=False)
    settings = dict.copy(matplotlib.rcParamsDefault) | sheet
    settings.pop("backend", None)
    return settings


@functools.lru_cache(4096)
def text_size(text: str, font: FontProperties) -> tuple[float, float, float]:
    """Return width, height and depth below the baseline of a line of text, in points; needs the house style."""
    face = _face(font)
    lacking = [char for char in dict.fromkeys(text) if not face.get_char_index(ord(char))]
    if lacking:
        beyond = {char: _beyond(char) for char in lacking if not char.isascii()}
        paths = [findfont(one) for one in _families(font)]
        face = get_font([*paths, *dict.fromkeys(path for path in beyond.values() if path)])
        # what no typeface has is set as a box
        text = text.translate({ord(char): BOX for char, path in beyond.items() if path is None})
    # drawing in this face has changed its size
    face.set_size(LARGE, 72)
    face.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
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
def _face(font: FontProperties) -> FT2Font:
    """Return the first typeface of a font, in memory: three times as fast as its file, which a fork must not share."""
    return FT2Font(io.BytesIO(Path(findfont(next(_families(font)))).read_bytes()))


def _families(font: FontProperties) -> Iterator[FontProperties]:
    for family in font.get_family():
        one = font.copy()
        one.set_family(family)
        yield one


@functools.lru_cache(4096)
def _beyond(char: str) -> str | None:
    """Return the file of the typeface that a page sets a character in, if ours lack it: "" if not, None for none."""
    if any(get_font(findfont(FontProperties(family=[family]))).get_char_index(ord(char)) for family in FAMILY):
        return ""
    faces = (str(family[0]) for family in fonts.fallbacks())
    return next((path for path in faces if get_font(path).get_char_index(ord(char))), None)
