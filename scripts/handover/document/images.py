"""Images that a notebook holds or that lie beside it: found, decoded, measured; of others, what stands for them."""

import base64
import io
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_to_bytes

from handover.document import css, model, svg
from handover.text import printable

if TYPE_CHECKING:
    from PIL.Image import Image

    from handover.document.places import Places

#: What browsers draw; Pillow knows all but SVG.
RASTERS = ("png", "jpeg", "webp", "gif", "avif")
#: What Pillow reads besides, and no page should hold.
CONVERTED = ("bmp", "tiff", "ico", "ppm")
FORMATS = [kind.upper() for kind in (*RASTERS, *CONVERTED)]
DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)((?:;[\w=-]+)*),", re.ASCII | re.IGNORECASE)
#: An image with more dots than this is not unpacked: a tiny file can hold one that fills the memory.
DOTS = 60_000_000
#: An address longer than this tells a reader nothing.
ADDRESS = 200
#: Pixels across the column of text, of which an author may ask a share.
COLUMN = 640
SIDE = re.compile(r"\s*([0-9]{1,4}(?:\.[0-9]+)?)\s*(px|%)?\s*", re.ASCII)
#: What stands behind a picture that a notebook says is drawn for a dark page.
DARK = (17, 17, 17)


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
    except ValueError:
        return None, ""
    if kind == "svg+xml":
        return svg.picture(data if isinstance(data, str) else data.decode("utf-8", "replace"), prefix) or (None, "")
    return _raster(data), ""


@lru_cache(maxsize=64)
def _raster(data: bytes) -> model.Picture | None:
    from PIL import Image as Pillow

    try:
        with Pillow.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            density = float(image.info.get("dpi", (96, 96))[0])
            if not 0 < width * height <= DOTS:
                return None
            kind = str(image.format).lower()
            moves = getattr(image, "is_animated", False)
            image.verify()
        with Pillow.open(io.BytesIO(data), formats=FORMATS) as image:
            if kind not in RASTERS:
                # a photograph that holds several is a JPEG to whoever knows no more
                kind, data, moves = ("jpeg", data, False) if kind == "mpo" else ("png", _png(image), False)
            still = _png(image) if moves else b""
    except Exception:
        # Pillow names no common ancestor for what broken files raise
        return None
    return model.Picture(kind, data, width, height, density if 30 <= density <= 2400 else 96.0, still=still)


def _png(image: "Image") -> bytes:
    held = io.BytesIO()
    image.convert("RGBA" if image.has_transparency_data else "RGB").save(held, "PNG")
    return held.getvalue()


def on_dark(found: model.Picture) -> model.Picture:
    """A picture that is drawn for a dark page, with that behind it."""
    from PIL import Image as Pillow

    if found.kind == "svg":
        head, _, rest = found.data.decode().partition(">")
        shade = f'<rect width="100%" height="100%" fill="rgb{DARK}"/>'
        return found if head.endswith("/") else replace(found, data=f"{head}>{shade}{rest}".encode())
    with Pillow.open(io.BytesIO(found.data)) as image:
        if not image.has_transparency_data:
            return found
        drawn = image.convert("RGBA")
        behind = Pillow.new("RGBA", drawn.size, DARK)
        return replace(found, kind="png", data=_png(Pillow.alpha_composite(behind, drawn).convert("RGB")), still=b"")


def sized(found: model.Picture, width: object, height: object, style: str = "") -> model.Picture:
    """A picture of the size that a notebook asks for; with one side given, the other follows.

    Args:
        found: The picture.
        width: Pixels, or a share of the column, as in HTML.
        height: Pixels.
        style: Declarations of CSS, which count before the other two.
    """
    asked = {"width": width, "height": height}
    asked |= {side: value for side, value in css.declared(style) if side in asked and SIDE.fullmatch(value)}
    wide, high = (SIDE.fullmatch(str(asked[side])) for side in ("width", "height"))
    share = bool(wide) and wide[2] == "%"
    across = float(wide[1]) * (COLUMN / 100 if share else 1) if wide else 0.0
    down = float(high[1]) if high and high[2] != "%" and not share else 0.0
    across, down = across or down * found.width / found.height, down or across * found.height / found.width
    return replace(found, width=across, height=down, density=96.0) if across and down else found


def carried(url: str) -> tuple[str, bytes] | None:
    """The MIME type and the content, b"" if broken, that a ``data:`` address carries; None for other addresses."""
    found = DATA.match(url)
    if not found:
        return None
    content = unquote_to_bytes(url[found.end() :])
    try:
        return found[1].lower(), base64.b64decode(content) if "base64" in found[2].lower() else content
    except ValueError:
        return found[1].lower(), b""


def image(
    url: str, alt: str, title: str, places: "Places", size: tuple[object, object, str] = ("", "", "")
) -> model.Image:
    """Find the picture that an address names among what the notebook itself holds and what lies beside it.

    Args:
        url: An ``attachment:`` or ``data:`` address, or a path; nothing is asked for elsewhere.
        alt: Its description.
        title: What a pointer is shown.
        places: The state of this reading.
        size: The width, the height and the style that the author asks for, as in `sized`.
    """
    alt, title = " ".join(printable(alt).split()), printable(title)
    held = _held(url, places)
    found, own = picture(*held[:2], "image") if held else (None, "")
    alt = alt or own
    if found:
        if held[2]:
            places.beside.shown[held[2]] = held[1]
        return model.Image(sized(found, *size), alt, title, "" if alt else places.words.undescribed)
    carried = url.lower().startswith(("data:", "attachment:"))
    where = "" if carried or len(url) >= ADDRESS else url
    said = places.words.unreadable if held else places.words.elsewhere
    about = f"{alt} ({where})" if alt and where else alt or where
    return model.Image(None, alt, title, printable(f"[{said}: {about}]" if about else f"[{said}]"))


def _held(url: str, places: "Places") -> tuple[str, str | bytes, str] | None:
    """The kind, the file, and the path of an image that the notebook holds or that lies beside it."""
    if url.lower().startswith("attachment:"):
        name = url[len("attachment:") :]
        forms = places.attachments.get(name) or places.attachments.get(unquote(name))
        for mime, data in sorted(forms.items()) if isinstance(forms, dict) else ():
            if mime.startswith("image/"):
                return mime.removeprefix("image/"), "".join(data) if isinstance(data, list) else str(data), ""
        return None
    mime, content = carried(url) or ("", b"")
    if mime.startswith("image/"):
        return mime.removeprefix("image/"), content, ""
    path = places.beside.path(url) if places.beside else ""
    data = places.beside.read(path) if path else None
    if data is None:
        return None
    return "svg+xml" if PurePosixPath(path).suffix.lower() == ".svg" else "", data, path
