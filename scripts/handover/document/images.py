"""Images that a notebook holds: found, decoded, measured; of any other, what stands in its place."""

import base64
import binascii
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from handover.document import model, svg
from handover.document.words import Words
from handover.text import printable

#: What browsers and Typst draw, as in ``image/png``; Pillow knows all but SVG.
KINDS = ("svg+xml", "png", "jpeg", "gif", "webp")
DATA = re.compile(rf"data:image/({'|'.join(map(re.escape, KINDS))}|jpg)((?:;[\w=-]+)*),", re.ASCII | re.IGNORECASE)
#: An image with more dots than this is not unpacked: a tiny file can hold one that fills the memory.
DOTS = 60_000_000
#: An address longer than this tells a reader nothing.
ADDRESS = 200


def picture(kind: str, data: str | bytes, prefix: str) -> tuple[model.Picture | None, str]:
    """Read an image.

    Args:
        kind: What follows ``image/`` in its MIME type.
        data: Its file; text is SVG itself, or base64.
        prefix: What the ids in an SVG are to begin with.

    Returns:
        The picture, None if it cannot be drawn, and the description that an SVG has of its own.
    """
    try:
        if isinstance(data, str) and not (kind == "svg+xml" and "<" in data):
            data = base64.b64decode(data)
    except (binascii.Error, ValueError):
        return None, ""
    if kind == "svg+xml":
        return svg.picture(data if isinstance(data, str) else data.decode("utf-8", "replace"), prefix) or (None, "")
    return _raster(data), ""


@lru_cache(maxsize=64)
def _raster(data: bytes) -> model.Picture | None:
    from PIL import Image as Pillow

    try:
        with Pillow.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
            width, height = image.size
            density = float(image.info.get("dpi", (96, 96))[0])
            if not 0 < width * height <= DOTS:
                return None
            image.verify()
            kind = str(image.format).lower()
    except Exception:
        # Pillow names no common ancestor for what broken files raise
        return None
    return model.Picture(kind, data, width, height, density if 30 <= density <= 2400 else 96.0)


def sized(found: model.Picture, width: object, height: object) -> model.Picture:
    """A picture of the size in pixels that a notebook asks for; with one side given, the other follows."""
    across, down = (float(side) if re.fullmatch(r"[0-9]{1,4}", str(side)) else 0.0 for side in (width, height))
    across, down = across or down * found.width / found.height, down or across * found.height / found.width
    return replace(found, width=across, height=down, density=96.0) if across and down else found


def image(
    url: str,
    alt: str,
    title: str,
    words: Words,
    attachments: Mapping[str, Any] | None = None,
    size: tuple[object, object] = ("", ""),
) -> model.Image:
    """Find the picture that an address names among what the notebook itself holds.

    Args:
        url: An ``attachment:`` or ``data:`` address; nothing is asked for elsewhere.
        alt: Its description.
        title: What a pointer is shown.
        words: In whose language a note speaks.
        attachments: The images that the cell carries: by name, MIME type to base64.
        size: The width and height in pixels that the author asks for.
    """
    alt, title = " ".join(printable(alt).split()), printable(title)
    held = _held(url, attachments or {})
    found, own = picture(*held, "image") if held else (None, "")
    alt = alt or own
    if found:
        return model.Image(sized(found, *size), alt, title, "" if alt else words.undescribed)
    carried = url.lower().startswith(("data:", "attachment:"))
    where = "" if carried or len(url) >= ADDRESS or not url else f"({url})"
    told = filter(None, [words.unreadable if held else words.elsewhere, alt, where])
    return model.Image(None, alt, title, printable(f"[{' '.join(told)}]"))


def _held(url: str, attachments: Mapping[str, Any]) -> tuple[str, str | bytes] | None:
    """The kind and the file of an image that the notebook holds."""
    if url.startswith("attachment:"):
        name = url.removeprefix("attachment:")
        forms = attachments.get(name) or attachments.get(unquote(name))
        for mime, data in sorted(forms.items()) if isinstance(forms, dict) else ():
            if mime.startswith("image/"):
                return mime.removeprefix("image/"), "".join(data) if isinstance(data, list) else str(data)
        return None
    found = DATA.match(url)
    if not found:
        return None
    body, kind = url[found.end() :], found[1].lower().replace("jpg", "jpeg")
    return kind, body if "base64" in found[2].lower() else unquote_to_bytes(body)
