"""How large a text is, measured once: for the label that is placed by it, and for the picture that it is drawn in.

Shaping a text takes longer than all the rest of drawing it. Where a text goes is for `labels` and `placement`.
"""

import os
from functools import lru_cache
from typing import Any

from matplotlib import font_manager
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags

#: Texts are measured in points at this size, since FreeType knows nothing finer than a 64th of one.
LARGE, POINT = 100, 64


@lru_cache(4096)
def size(text: str, font: FontProperties) -> tuple[float, float, float]:
    """Width, height and depth under the base line of a line of text, in points; needs the house style."""
    face = _face(font)
    # whoever draws in this face has set it to a size of his own
    face.set_size(LARGE, 72)
    face.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    width, height, depth = *face.get_width_height(), face.get_descent()
    scale = font.get_size_in_points() / LARGE / POINT
    return width * scale, height * scale, depth * scale


@lru_cache(64)
def _face(font: FontProperties) -> FT2Font:
    """The typeface of a text: its families in the order in which they are looked through for a character."""
    families = [font.copy() for _ in font.get_family()]
    for one, family in zip(families, font.get_family(), strict=True):
        one.set_family(family)
    return get_font([findfont(one) for one in families])


def close() -> None:
    """Close the files of all typefaces; they are opened again where one is needed."""
    _face.cache_clear()
    font_manager._get_font.cache_clear()


# a fork must not read on in a file that it shares
os.register_at_fork(after_in_child=_face.cache_clear)


class Renderer(RendererSVG):
    """Writes SVG as `savefig` does."""

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        """Return the size of a text; matplotlib passes a copy of the font, which nobody changes."""
        return super().get_text_width_height_descent(s, prop, ismath) if ismath else size(s, prop)
