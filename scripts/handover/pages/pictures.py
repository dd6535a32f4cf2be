"""Pictures as Typst takes them, and pictures of pages in few colours."""

import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from handover.document import model
from handover.errors import ConversionError
from handover.pages import layout, typesetter
from handover.pages.typst_text import visible

if TYPE_CHECKING:
    from PIL import Image

#: What smooth edges of type in three colours need.
COLOURS = 24
#: What is told apart in a source to find its blocks: texts, what opens and closes, and the ends of lines.
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[({]|[\])}]|\n')
#: The place of a number or a heading in a source.
PLACE = re.compile(r'#(?:place-of\(|number\("[^"\\]*", )"([^"\\]+)"')
#: Blocks that stand where the text has come to, as figures need not.
FLOWING = ("#par[", "#heading(", "#listed[")
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
        return _raster(picture.still or picture.data)
    drawn = visible(picture.data.decode("utf-8"))
    return CONDENSED.sub(r'font-family="\1IBM Plex Sans\2" font-stretch="condensed"', drawn).encode()


def _raster(data: bytes) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA") and image.format not in ("GIF", "AVIF"):
            return data
        return _png(image.convert("RGBA" if "transparency" in image.info else "RGB"))


def picture(files: Mapping[str, bytes], ppi: float, name: str) -> bytes:
    """Return a PNG of the first page that Typst sets from files, in few colours: a quarter of the size of all colours.

    Args:
        files: All that Typst may read, by name.
        ppi: Dots to an inch.
        name: The document's, for messages.
    """
    from PIL import Image

    try:
        first = typesetter.pngs(_beginning(files), ppi, name)[0]
    except ConversionError:
        first = typesetter.pngs(files, ppi, name)[0]
    with Image.open(io.BytesIO(first)) as image:
        whole = image.convert("RGB")
    # colours are chosen of every ninth dot, which takes a tenth of the time
    few = whole.resize((whole.width // 3, whole.height // 3), Image.Resampling.NEAREST)
    colours = few.quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
    drawn = whole.quantize(palette=colours, dither=Image.Dither.NONE)
    return _png(drawn, compress_type=zlib.Z_RLE)  # which suits even ground best


def _beginning(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The files without what stands after the first text of page two: Typst draws all pages or none.

    A heading alone would not do: it goes to the next page with the text under it.
    """
    main, places = files["main.typ"].decode(), json.loads(files[layout.FILE])["places"]
    turned = False
    for start, end in _blocks(main):
        if main.startswith(FLOWING, start):
            turned = turned or any(places.get(name, (1,))[0] > 1 for name in PLACE.findall(main, start, end))
            if turned and main.startswith("#par[", start):
                last = main.rstrip().rpartition("\n")[2]
                return {**files, "main.typ": f"{main[:end]}{last}\n".encode()}
    return files


def _blocks(main: str) -> Iterator[tuple[int, int]]:
    """Yield where each outermost block of a source begins and ends."""
    start = depth = 0
    for token in TOKEN.finditer(main):
        sign = token[0]
        depth += (sign in "[({") - (sign in "])}")
        if sign == "\n" and not depth:
            yield start, token.end()
            start = token.end()


def _png(image: "Image.Image", **options: int) -> bytes:
    held = io.BytesIO()
    image.save(held, "PNG", **options)
    return held.getvalue()
