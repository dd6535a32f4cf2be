"""SVG from anywhere as a picture that is safe inside a page: an allow-list of shapes, ids of its own, no style sheet.

A page's Content-Security-Policy lets no style attribute and no style sheet but the page's own act, so what an image
says in those ways is rewritten as the attributes that SVG has for it.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from handover.document import model, svg_styles
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
ATTRIBUTES = svg_styles.PROPERTIES | frozenset(_ATTRIBUTES.split())
TEXTS = ("text", "tspan", "textPath")
LOCAL = re.compile(r"url\(\s*[\"']?#([^\"')]+)[\"']?\s*\)")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,2})?")
#: An image inside a drawing carries its own data.
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp)(;[\w=-]+)*,[^\s<>\"']*\Z", re.ASCII)
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
#: What a browser gives an image without a size, and the proportion from which on it shows nothing but a line.
UNSIZED = (300.0, 150.0)
LONGEST = 1000
#: How many elements an image may draw once its references are followed, since a small file may draw a thousand million,
#: and how far references may lead on.
MOST_ELEMENTS, MOST_DEPTH = 500_000, 32


@lru_cache(maxsize=32)
def picture(source: str, prefix: str) -> tuple[model.Picture, str] | None:
    """Return an SVG that is safe and measured, and its own description; None if it cannot be drawn.

    Args:
        source: SVG as a notebook holds it.
        prefix: What all ids of this image begin with, so that two images never meet.
    """
    root = _parse(legible(source))
    if root is None:
        return None
    own = _own(root, "desc") or _own(root, "title")
    copied = _copy(root, svg_styles.sheet(root), _names(root, prefix))
    if copied is None or not _bearable(copied):
        return None
    width, height = _frame(copied)
    if max(width / height, height / width) > LONGEST:
        return None
    texts = tuple(" ".join("".join(text.itertext()).split()) for text in copied.iter(f"{{{SVG}}}text"))
    from lxml import etree

    return model.Picture("svg", etree.tostring(copied, encoding="unicode").encode(), width, height, texts=texts), own


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


def _copy(element: Any, rules: svg_styles.Rules, names: Mapping[str, str]) -> Any:
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


def _attributes(old: Any, name: str, rules: svg_styles.Rules, names: Mapping[str, str]) -> dict[str, str]:
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
        if key != "href" and ("url(" in bare.lower() or (":" in bare and key in svg_styles.PROPERTIES)):
            del given[key]
        else:
            given[key] = LOCAL.sub(lambda found: f"url(#{names.get(found[1], 'none')})", value)
    return given


def _frame(root: Any) -> tuple[float, float]:
    """Make what an image measures the box it is drawn in; return its size, a browser's own where it has none."""
    width, height = (_pixels(root.attrib.pop(side, "")) for side in ("width", "height"))
    box = [float(part) for part in NUMBER.findall(root.get("viewBox", ""))]
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
    found = re.fullmatch(rf"\s*({NUMBER.pattern})(px|pt|pc|in|cm|mm)?\s*", length)
    factors = {"pt": 4 / 3, "pc": 16, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4}
    return max(float(found[1]), 0) * factors.get(found[2], 1) if found else 0.0


def _bearable(root: Any) -> bool:
    """Whether a browser can draw an image: references end, and what they draw stays within the limit."""
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    known: dict[str, int] = {}
    try:
        return _size(root, named, known, 0) <= MOST_ELEMENTS
    except RecursionError:
        return False


def _size(element: Any, named: dict[str, Any], known: dict[str, int], depth: int) -> int:
    """Count the elements that an element draws.

    Raises:
        RecursionError: References lead in a circle, or too deep to be honest.
    """
    if depth > MOST_DEPTH:
        raise RecursionError
    total = 0
    for inner in element.iter():
        total += 1
        for name in _references(inner):
            if name not in known and name in named:
                known[name] = _size(named[name], named, known, depth + 1)
            total += known.get(name, 0)
        if total > MOST_ELEMENTS:
            return total
    return total


def _references(element: Any) -> list[str]:
    found = [name for value in element.attrib.values() if "url(" in value for name in LOCAL.findall(value)]
    target = element.get("href", "")
    return [*found, target[1:]] if target.startswith("#") else found
