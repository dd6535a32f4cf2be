"""Pictures as Typst may be given them: measured, and unable to reach for anything outside themselves."""

import base64
import binascii
import io
import re
from dataclasses import dataclass
from functools import lru_cache

from handover.pages.typst import svg

#: A picture with more dots than this is not unpacked: a tiny file can hold one that fills the memory.
DOTS = 60_000_000

#: What smooth edges of type in three colours need.
COLOURS = 32


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file and its natural size in points."""

    data: bytes
    width: float
    height: float


@lru_cache(maxsize=64)
def read(kind: str, data: str | bytes) -> Picture | None:
    """Return a picture ready to be set, or None if it is broken or too large."""
    if kind == "svg":
        found = svg.clean(data if isinstance(data, str) else data.decode("utf-8", "replace"))
        return Picture(*found) if found else None
    return raster(data.encode("latin-1", "replace") if isinstance(data, str) else data)


def from_data_url(url: str) -> Picture | None:
    """Return the picture in a ``data:`` address, or None."""
    found = re.match(r"data:image/(png|jpeg|jpg|gif|webp|svg\+xml)(;[^,]*)?,", url, re.IGNORECASE)
    if not found:
        return None
    body = url[found.end() :]
    try:
        if "base64" in (found[2] or "").lower():
            raw = base64.b64decode(re.sub(r"\s", "", body))
        else:
            from urllib.parse import unquote_to_bytes

            raw = unquote_to_bytes(body)
    except (binascii.Error, ValueError):
        return None
    return read("svg" if found[1].lower() == "svg+xml" else "png", raw)


def from_attachment(bundle: dict[str, str]) -> Picture | None:
    """Return the picture a Markdown cell carries as an attachment, or None."""
    for mime, body in bundle.items():
        if mime == "image/svg+xml":
            return read("svg", body)
        if mime.startswith("image/"):
            try:
                return read(mime, base64.b64decode(body))
            except (binascii.Error, ValueError):
                return None
    return None


def of_few_colours(png: bytes) -> bytes:
    """Return a picture of nothing but type at a third of its size."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        held = io.BytesIO()
        image.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(held, "PNG")
    return held.getvalue()


def raster(data: bytes) -> Picture | None:
    """Check a PNG, JPEG, GIF or WebP and measure it; other colour models become RGB."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
            width, height = image.size
            if not 0 < width * height <= DOTS:
                return None
            dpi = float(image.info.get("dpi", (96, 96))[0])
            if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA") or image.format == "GIF":
                image = image.convert("RGBA" if "transparency" in image.info else "RGB")
                held = io.BytesIO()
                image.save(held, "PNG")
                data = held.getvalue()
            else:
                image.verify()
    except Exception:
        # Pillow names no common ancestor for what broken files raise
        return None
    scale = 72 / (dpi if 30 <= dpi <= 2400 else 96)
    return Picture(data, width * scale, height * scale)
