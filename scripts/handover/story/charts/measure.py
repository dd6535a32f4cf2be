"""How large a text is, measured once: for the label that is placed by it, and for the picture that it is drawn in.

Shaping a text takes longer than all the rest of drawing it. Where a text goes is for `labels` and `placement`.
"""

from functools import lru_cache
from typing import Any

from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path


@lru_cache(4096)
def size(text: str, font: FontProperties) -> tuple[float, float, float]:
    """Width, height and depth under the base line of a line of text, in points; needs the house style."""
    return text_to_path.get_text_width_height_descent(text, font, False)


class Renderer(RendererSVG):
    """Writes SVG as `savefig` does."""

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        """Return the size of a text; matplotlib passes a copy of the font, which nobody changes."""
        return super().get_text_width_height_descent(s, prop, ismath) if ismath else size(s, prop)
