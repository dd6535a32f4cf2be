"""Pictures as Typst takes them, and pictures of pages in few colours."""

import io
import re
from functools import lru_cache

from handover.document import model
from handover.pages.typst_text import visible

#: What smooth edges of type in three colours need.
COLOURS = 32
#: How SVG names the house's narrow face; Typst knows both widths as one family.
CONDENSED = re.compile(r'font-family="([^"]*)IBM Plex Sans Condensed([^"]*)"')


def points(picture: model.Picture) -> tuple[float, float]:
    """The size of a picture on paper: (width, height) in points."""
    scale = 72 / picture.density
    return picture.width * scale, picture.height * scale


@lru_cache(maxsize=64)
def for_typst(picture: model.Picture) -> bytes:
    """Return the file of a picture, letters spelled in the shipped typefaces, dots in a colour model of screens."""
    if picture.kind != "svg":
        return _raster(picture.data)
    drawn = visible(picture.data.decode("utf-8"))
    return CONDENSED.sub(r'font-family="\1IBM Plex Sans\2" font-stretch="condensed"', drawn).encode()


def _raster(data: bytes) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA") and image.format != "GIF":
            return data
        return _png(image.convert("RGBA" if "transparency" in image.info else "RGB"))


def of_few_colours(png: bytes) -> bytes:
    """Return a picture of a page at a third of its size."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        return _png(image.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE))


def _png(image: "Image.Image") -> bytes:
    held = io.BytesIO()
    image.save(held, "PNG")
    return held.getvalue()
