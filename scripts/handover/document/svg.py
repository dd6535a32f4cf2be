"""SVG from anywhere as an inline image of the page: an allow-list of shapes, ids of its own, no style of its own.

The page's Content-Security-Policy lets no style attribute and no style sheet but the page's own act, so
what an image says in those ways is rewritten as the attributes that SVG has for it (`handover.document.paint`).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from handover.document import expansion, paint
from handover.document.model import Picture
from handover.text import legible

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
_ELEMENTS = (
    "circle clipPath defs ellipse feBlend feColorMatrix feComponentTransfer feComposite feDropShadow feFlood feFuncA "
    "feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset feTile filter g image line "
    "linearGradient marker mask path pattern polygon polyline radialGradient rect stop svg symbol text textPath "
    "tspan use"
)
ELEMENTS = frozenset(_ELEMENTS.split())
_ATTRIBUTES = (
    "amplitude azimuth clipPathUnits cx cy d dx dy exponent filterUnits fr fx fy gradientTransform gradientUnits "
    "height id in in2 intercept k1 k2 k3 k4 lengthAdjust markerHeight markerUnits markerWidth maskContentUnits "
    "maskUnits method mode offset operator order orient pathLength patternContentUnits patternTransform "
    "patternUnits points preserveAspectRatio primitiveUnits r radius refX refY result rotate rx ry side slope "
    "spacing spreadMethod startOffset stdDeviation tableValues textLength transform type values viewBox width x "
    "x1 x2 y y1 y2"
)
ATTRIBUTES = paint.PROPERTIES | frozenset(_ATTRIBUTES.split())
TEXTS = ("text", "tspan", "textPath")
LOCAL = re.compile(r"url\(\s*[\"']?#([^\"')]+)[\"']?\s*\)")
#: An image inside a drawing carries its own data.
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp)(;[\w=-]+)*,[^\s<>\"']*\Z", re.ASCII)
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
#: Images as wide as this fill the column; narrower ones take half of it; the smallest keep their size.
FULL, HALF = 400.0, 220.0
#: What a browser gives an image without a size, and the proportion from which on it shows nothing but a line.
UNSIZED = (300.0, 150.0)
LONGEST = 1000


@lru_cache(maxsize=32)
def render(source: str, prefix: str, name: str, description: str, screen: str = "") -> Markup:
    """Return an SVG as a named and described image, or nothing if it cannot be read.

    A page that refers forward is written twice; its images are drawn once.

    Args:
        source: SVG as a cell displayed it.
        prefix: What all ids of this image begin with, so that two images never meet.
        name: The title, as plain text.
        description: What a person who cannot see it needs; if empty, the image's own description is used.
        screen: ``wide`` or ``narrow`` for one of two images of the same, of which the style sheet shows one.
    """
    root = _parse(legible(source))
    if root is None:
        return Markup("")
    own = {tag: _own(root, tag) for tag in ("title", "desc")}
    description = description or own["desc"] or own["title"]
    copied = _copy(root, paint.sheet(root), _names(root, prefix))
    if copied is None or not expansion.bearable(copied):
        return Markup("")
    width, _ = _frame(copied)
    copied.set("class", "full" if width >= FULL else "half" if width >= HALF else "own")
    if screen:
        copied.set("class", f"{copied.get('class')} {screen}")
    _describe(copied, prefix, name, description)
    from lxml import etree

    return Markup(etree.tostring(copied, encoding="unicode"))


@lru_cache(maxsize=16)
def described(source: str) -> bool:
    """Whether an SVG describes itself."""
    root = _parse(legible(source))
    return root is not None and any(_own(root, tag) for tag in ("title", "desc"))


@lru_cache(maxsize=32)
def picture(source: str, prefix: str) -> tuple[Picture, str] | None:
    """Return an SVG that is safe and measured, and its own description; None if it cannot be drawn.

    Args:
        source: SVG as a notebook holds it.
        prefix: What all ids of this image begin with, so that two images never meet.
    """
    root = _parse(legible(source))
    if root is None:
        return None
    own = _own(root, "desc") or _own(root, "title")
    copied = _copy(root, paint.sheet(root), _names(root, prefix))
    if copied is None or not expansion.bearable(copied):
        return None
    width, height = _frame(copied)
    if max(width / height, height / width) > LONGEST:
        return None
    texts = tuple(" ".join("".join(text.itertext()).split()) for text in copied.iter(f"{{{SVG}}}text"))
    from lxml import etree

    return Picture("svg", etree.tostring(copied, encoding="unicode").encode(), width, height, texts=texts), own


def _parse(source: str) -> Any:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", source)
    try:
        root = etree.fromstring(body.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if root is not None and _name(root) == "svg" else None


def _name(element: Any) -> str:
    """The local name of an SVG element; "" for whatever is of another kind."""
    if not isinstance(element.tag, str):
        return ""
    space, _, local = element.tag.rpartition("}")
    return local if space in ("", "{" + SVG) else ""


def _own(root: Any, tag: str) -> str:
    found = next((child for child in root if _name(child) == tag), None)
    return " ".join("".join(found.itertext()).split()) if found is not None else ""


def _names(root: Any, prefix: str) -> dict[str, str]:
    """New names for the ids that something refers to; the others are of no use to a reader."""
    wanted: dict[str, str] = {}
    for element in root.iter():
        for key, value in element.attrib.items():
            found = LOCAL.findall(value)
            if key in ("href", XLINK) and value.startswith("#"):
                found.append(value[1:])
            for reference in found:
                wanted.setdefault(reference, f"{prefix}-{len(wanted) + 1}")
        if _name(element) == "style":
            for reference in LOCAL.findall("".join(element.itertext())):
                wanted.setdefault(reference, f"{prefix}-{len(wanted) + 1}")
    return wanted


def _copy(element: Any, rules: paint.Rules, names: Mapping[str, str]) -> Any:
    """Copy an element with what is allowed in it, without recursion: foreign files may nest without end."""
    from lxml import etree

    top = None
    waiting: list[tuple[Any, Any]] = [(element, None)]
    while waiting:
        old, parent = waiting.pop()
        name = _name(old)
        if name not in ELEMENTS:
            if name == "a" and parent is not None:
                name = "tspan" if _name(parent) in TEXTS else "g"
            else:
                _text(parent, old.tail)
                continue
        attributes = _attributes(old, name, rules, names)
        if name == "image" and "href" not in attributes:
            _text(parent, old.tail)
            continue
        if parent is None:
            new = top = etree.Element(f"{{{SVG}}}{name}", attributes, nsmap={None: SVG})
        else:
            new = etree.SubElement(parent, f"{{{SVG}}}{name}", attributes)
            new.tail = old.tail if _name(old.getparent()) in TEXTS else None
        if name in TEXTS:
            new.text = old.text
        waiting.extend((child, new) for child in reversed(old))
    return top


def _text(parent: Any, text: str | None) -> None:
    """Keep the text after an element that was dropped, if it stood in a text."""
    if parent is None or not text or _name(parent) not in TEXTS:
        return
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _attributes(old: Any, name: str, rules: paint.Rules, names: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for key, value in old.attrib.items():
        if key in ("href", XLINK):
            if value.startswith("#") and value[1:] in names:
                given["href"] = "#" + names[value[1:]]
            elif name == "image" and IMAGE.match(value):
                given["href"] = value
        elif key == "id":
            if value in names:
                given["id"] = names[value]
        elif key == SPACE and value == "preserve":
            given[SPACE] = value
        elif key in ATTRIBUTES:
            given[key] = value
    given.update(rules.of(old, name))
    for key, value in list(given.items()):
        bare = LOCAL.sub("", value)
        if key != "href" and ("url(" in bare.lower() or (":" in bare and key in paint.PROPERTIES)):
            del given[key]
        else:
            given[key] = LOCAL.sub(lambda found: f"url(#{names.get(found[1], 'none')})", value)
    return given


def _frame(root: Any) -> tuple[float, float]:
    """Make what an image measures the box it is drawn in; return its size, a browser's own where it has none."""
    width, height = (_pixels(root.attrib.pop(side, "")) for side in ("width", "height"))
    box = [float(part) for part in re.findall(r"[-+]?[\d.]+(?:e[-+]?\d+)?", root.get("viewBox", "")) if part != "."]
    if len(box) != 4 or box[2] <= 0 or box[3] <= 0:
        root.attrib.pop("viewBox", None)
        if width and height:
            root.set("viewBox", f"0 0 {width:g} {height:g}")
    else:
        width, height = width or box[2], height or (width * box[3] / box[2] if width else box[3])
    if width and height:
        root.set("width", f"{width:g}")
        root.set("height", f"{height:g}")
        return width, height
    return UNSIZED


def _pixels(length: str) -> float:
    found = re.fullmatch(r"\s*([\d.]+)(px|pt|in|cm|mm)?\s*", length)
    try:
        factor = {"pt": 4 / 3, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4}.get(found[2], 1) if found else 0
        return float(found[1]) * factor if found else 0.0
    except ValueError:
        return 0.0


def _describe(root: Any, prefix: str, name: str, description: str) -> None:
    from lxml import etree

    root.set("role", "img")
    parts = [("title", name), ("desc", description)]
    named = [(tag, text) for tag, text in parts if text]
    root.set("aria-labelledby", " ".join(f"{prefix}-{tag}" for tag, _ in named))
    for tag, text in reversed(named):
        element = etree.Element(f"{{{SVG}}}{tag}", {"id": f"{prefix}-{tag}"})
        element.text = legible(text)
        root.insert(0, element)


def broken(note: str) -> Markup:
    """What stands in the place of an image that cannot be read."""
    from handover.pages import fill

    return fill('<p class="note">{}</p>', note)
