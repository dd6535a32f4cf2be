"""CSS of foreign drawings and tables: rules, declarations, and colours, kept where text can be read on them."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from handover.document.model import Tint

#: Red, green and blue, 0 to 255.
Colour = tuple[int, int, int]
#: The two pages that text without a ground of its own stands on, as the style sheet has them.
LIGHT, DARK = (255, 255, 255), (18, 18, 18)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
#: What WCAG asks of text (1.4.3, level AA).
CONTRAST = 4.5
SHEET = re.compile(r"<style\b[^>]*>(.*?)</style", re.IGNORECASE | re.DOTALL)
#: Comments, and rules that hold for some media alone.
UNSURE = re.compile(r"/\*.*?\*/|@[^{};]*(?:;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*\})", re.DOTALL)
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
#: A selector of one element, or of one within a table: by its id, its class or its name.
SELECTOR = re.compile(r"(?:(#[\w-]+)\s+)?(?:(?:tr|tbody|thead)\s+)?((?:t[dhr])?(?:[#.][\w-]+)?)\Z")
FUNCTION = re.compile(r"rgba?\(\s*(\d+)\s*[, ]\s*(\d+)\s*[, ]\s*(\d+)\s*(?:[,/]\s*([\d.]+%?)\s*)?\)\Z")


def rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Yield each selector of a style sheet with its declarations."""
    for selectors, body in RULE.findall(UNSURE.sub("", sheet)):
        yield from ((one.strip(), body) for one in selectors.split(","))


def declared(style: str) -> Iterator[tuple[str, str]]:
    """Yield the declarations of a style attribute or a rule: names in lower case, and values that say something."""
    for one in re.split(r";(?![^(]*\))", style) if "(" in style else style.split(";"):
        name, _, value = one.partition(":")
        if value := value.replace("!important", "").strip():
            yield name.strip().lower(), value


class Sheet:
    """The style sheets within one piece of HTML, as far as they colour cells."""

    def __init__(self, source: str) -> None:
        self._rules: dict[str, list[tuple[str, str]]] = {}
        for sheet in SHEET.findall(source):
            for selector, body in rules(sheet):
                if (found := SELECTOR.match(selector)) and found[2]:
                    self._rules.setdefault(found[2], []).append((found[1] or "", body))

    def of(self, cell: Any, table: Any) -> tuple[Tint | None, bool, bool]:
        """What a cell is coloured with, whether it is bold, and whether something behind it is not shown."""
        said = {name: value for one in (cell.getparent(), cell) for name, value in self._declared(one, table)}
        ground, shade = said.get("background", ""), said.get("color", "")
        drawn = "gradient(" in ground or "url(" in ground
        bold = said.get("font-weight", "") in ("bold", "bolder", "600", "700", "800", "900")
        return tint(colour(ground), colour(shade)), bold, drawn

    def _declared(self, element: Any, table: Any) -> Iterable[tuple[str, str]]:
        if not (self._rules or element.get("style") or element.get("bgcolor")):
            return ()  # as nearly always
        names = [element.tag, *(f".{name}" for name in element.get("class", "").split())]
        names += [f"#{element.get('id')}"] if element.get("id") else []
        names += [f"{element.tag}{name}" for name in names[1:]]
        within = {"", f"#{table.get('id')}"}
        bodies = [body for name in names for place, body in self._rules.get(name, ()) if place in within]
        ground = f"background: {element.get('bgcolor')}" if element.get("bgcolor") else ""
        given = declared(";".join([ground, *bodies, element.get("style", "")]))
        return [(name.removesuffix("-color").removesuffix("-image"), value.lower()) for name, value in given]


@lru_cache(maxsize=1024)
def colour(text: str) -> Colour | None:
    """A colour of CSS on white paper; None where it is none, or cannot be seen."""
    from PIL import ImageColor

    if found := FUNCTION.match(text):
        red, green, blue, *_ = (min(int(part), 255) for part in found.groups()[:3])
        alpha = float((found[4] or "1").rstrip("%") or 1) / (100 if (found[4] or "").endswith("%") else 1)
        return _mixed((red, green, blue), WHITE, min(alpha, 1)) if alpha else None
    try:
        red, green, blue, *rest = ImageColor.getrgb(text)
    except ValueError:
        return None
    alpha = rest[0] / 255 if rest else 1
    return _mixed((red, green, blue), WHITE, alpha) if alpha else None


@lru_cache(maxsize=1024)
def tint(ground: Colour | None, shade: Colour | None) -> Tint | None:
    """Colours as they are shown: a ground as it is, text on it as it is or black or white, other text made readable."""
    if ground:
        if not shade or contrast(shade, ground) < CONTRAST:
            shade = max(BLACK, WHITE, key=lambda one: contrast(one, ground))
        return Tint(_written(ground), _written(shade), _written(shade))
    if not shade or shade == BLACK:
        return None
    return Tint("", _written(_readable(shade, LIGHT)), _written(_readable(shade, DARK)))


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2 defines it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    parts = (part / 255 for part in colour)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _readable(shade: Colour, paper: Colour) -> Colour:
    """A colour of text, as much darker or lighter as it takes to be read."""
    end = max(BLACK, WHITE, key=lambda one: contrast(one, paper))
    steps = (_mixed(shade, end, 1 - step / 20) for step in range(21))
    return next(one for one in steps if contrast(one, paper) >= CONTRAST)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _written(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
