"""SVG from anywhere as a picture that is safe inside a page: an allow-list of shapes, ids of its own, no style sheet.

A page's Content-Security-Policy lets no style attribute and no style sheet but the page's own act, so what an image
says in those ways is rewritten as the attributes that SVG has for it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from handover.document import css, model
from handover.text import printable

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
_ELEMENTS = (
    "circle clipPath defs ellipse feBlend feColorMatrix feComponentTransfer feComposite feDropShadow feFlood feFuncA "
    "feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset feTile filter g image line "
    "linearGradient marker mask path pattern polygon polyline radialGradient rect stop svg symbol text textPath "
    "tspan use"
)
ELEMENTS = frozenset(_ELEMENTS.split())
_PROPERTIES = (
    "alignment-baseline baseline-shift clip-path clip-rule color color-interpolation color-interpolation-filters "
    "direction display dominant-baseline fill fill-opacity fill-rule filter flood-color flood-opacity font-family "
    "font-size font-stretch font-style font-variant font-weight image-rendering letter-spacing lighting-color "
    "marker-end marker-mid marker-start mask opacity overflow paint-order shape-rendering stop-color stop-opacity "
    "stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity "
    "stroke-width text-anchor text-decoration text-rendering transform-origin unicode-bidi vector-effect visibility "
    "word-spacing writing-mode"
)
PROPERTIES = frozenset(_PROPERTIES.split())
SELECTOR = re.compile(r"(\*|[A-Za-z][\w-]*)?((?:[.#][\w-]+)*)\Z")
FONT = re.compile(r"(?P<before>[a-z0-9\s-]*?)(?P<size>[\d.]+(?:px|pt|em|rem|%))(?:\s*/\s*[\w.%]+)?\s+(?P<family>.+)\Z")


_ATTRIBUTES = (
    "amplitude azimuth clipPathUnits cx cy d dx dy exponent filterUnits fr fx fy gradientTransform gradientUnits "
    "height id in in2 intercept k1 k2 k3 k4 lengthAdjust markerHeight markerUnits markerWidth maskContentUnits "
    "maskUnits method mode offset operator order orient pathLength patternContentUnits patternTransform "
    "patternUnits points preserveAspectRatio primitiveUnits r radius refX refY result rotate rx ry side slope "
    "spacing spreadMethod startOffset stdDeviation tableValues textLength transform type values viewBox width x "
    "x1 x2 y y1 y2"
)
ATTRIBUTES = PROPERTIES | frozenset(_ATTRIBUTES.split())
#: What draws, and what only holds what others refer to.
SHAPES = frozenset("circle ellipse image line path polygon polyline rect text use".split())  # noqa: SIM905
HELD = frozenset({"clipPath", "defs", "filter", "marker", "mask", "pattern", "symbol"})
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
#: What lies deeper is left out: readers of XML have a limit of their own, at 256.
MOST_NESTED = 200


@lru_cache(maxsize=32)
def picture(source: str, prefix: str) -> tuple[model.Picture, str] | None:
    """Return an SVG that is safe and measured, and its own description; None if it cannot be drawn.

    Args:
        source: SVG as a notebook holds it.
        prefix: What all ids of this image begin with, so that two images never meet.
    """
    root = _parse(printable(source))
    if root is None:
        return None
    own = _own(root, "desc") or _own(root, "title")
    copied = _copy(root, _rules(root), _names(root, prefix))
    if copied is None or not _bearable(copied):
        return None
    width, height = _frame(copied)
    if max(width / height, height / width) > LONGEST:
        return None
    texts = tuple(_words(text) for text in copied.iter(f"{{{SVG}}}text"))
    from lxml import etree

    # once more: the number of a character may be that of any
    data = printable(etree.tostring(copied, encoding="unicode")).encode()
    return model.Picture("svg", data, width, height, texts=texts), own


def draws(found: model.Picture) -> bool:
    """Whether an SVG draws anything, and does not only hold what others may refer to."""
    from lxml import etree

    root = etree.fromstring(found.data)
    held = {f"#{element.get('id')}" for element in root.iter() if element.get("id")}
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if _name(element) in SHAPES and (_name(element) != "use" or element.get("href") in held):
            return True
        waiting.extend(child for child in element if _name(child) not in HELD)
    return False


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
    return next((_words(child) for child in root if _name(child) == tag), "")


def _words(element: Any) -> str:
    return " ".join(printable("".join(element.itertext())).split())


def _names(root: Any, prefix: str) -> dict[str, str]:
    """New names for the ids that something refers to; the others are of no use to a reader."""
    wanted: dict[str, str] = {}
    for element in root.iter():
        sheet = "".join(element.itertext()) if _name(element) == "style" else ""
        for reference in (*_references(element), *LOCAL.findall(sheet)):
            wanted.setdefault(reference, f"{prefix}-{len(wanted) + 1}")
    return wanted


def _copy(element: Any, rules: "list[_Rule]", names: Mapping[str, str]) -> Any:
    """Copy an element with what is allowed in it, without recursion: foreign files may nest without end."""
    from lxml import etree

    top = None
    #: What is to be copied, what its copy goes into, the name of what it stands in, and how deep.
    waiting: list[tuple[Any, Any, str, int]] = [(element, None, "", 0)]
    while waiting:
        old, parent, around, depth = waiting.pop()
        if depth > MOST_NESTED:
            continue
        own = name = _name(old)
        if name not in ELEMENTS:
            if name == "foreignObject" and parent is not None and around != "switch":
                parent.append(_label(old))
                continue
            if name in ("a", "switch") and parent is not None:
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
            new.tail = old.tail if around in TEXTS else None
        if name in TEXTS:
            new.text = old.text
        waiting += [(child, new, own, depth + 1) for child in reversed(old)]
    return top


def _label(foreign: Any) -> Any:
    """The words of HTML within a drawing, in the middle of their place: only a browser could set them as they are.

    A ``switch`` has a text of its own for whoever cannot.
    """
    from lxml import etree

    sides = (NUMBER.match(foreign.get(side, "").strip()) for side in ("x", "y", "width", "height"))
    x, y, width, height = (float(side[0]) if side else 0.0 for side in sides)
    about = {"x": f"{x + width / 2:g}", "y": f"{y + height / 2:g}", "text-anchor": "middle", "dy": "0.35em"}
    label = etree.Element(f"{{{SVG}}}text", about)
    said = foreign.xpath(".//text()[not(ancestor::*[local-name()='script' or local-name()='style'])]")
    label.text = " ".join(" ".join(said).split())
    return label


def _text(parent: Any, text: str | None) -> None:
    """Keep the text after an element that was dropped, if it stood in a text."""
    if parent is None or not text or _name(parent) not in TEXTS:
        return
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _attributes(old: Any, name: str, rules: "list[_Rule]", names: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for key, value in old.items():
        if key == "id":
            if value in names:
                given["id"] = names[value]
        elif key in ATTRIBUTES:
            given[key] = value
        elif key in ("href", XLINK):
            if value.startswith("#") and value[1:] in names:
                given["href"] = "#" + names[value[1:]]
            elif name == "image" and IMAGE.match(value):
                given["href"] = value
        elif key == SPACE and value == "preserve":
            given[SPACE] = value
    _style(given, old, name, rules)
    # the others, nearly all, lead nowhere
    for key, value in [(key, value) for key, value in given.items() if "(" in value or ":" in value]:
        bare = LOCAL.sub("", value)
        if key != "href" and ("url(" in bare.lower() or (":" in bare and key in PROPERTIES)):
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


def _references(element: Any) -> Iterator[str]:
    """Yield the ids that an element's attributes refer to."""
    for key, value in element.items():
        if "url(" in value:
            yield from LOCAL.findall(value)
        if key in ("href", XLINK) and value.startswith("#"):
            yield value[1:]


# styles as attributes


class _Rule(NamedTuple):
    """One simple selector with its declarations."""

    weight: tuple[int, int, int]
    tag: str
    identifier: str
    classes: frozenset[str]
    declarations: tuple[tuple[str, str], ...]


def _style(given: dict[str, str], element: Any, tag: str, rules: list[_Rule]) -> None:
    """Add to the attributes of an element what style sheets and its style attribute say."""
    classes = frozenset(element.get("class", "").split()) if rules else frozenset()
    for rule in rules:
        if rule.weight == (0, 0, 0) and element.getparent() is not None:
            continue  # of ``*``: the root has it, and hands it down
        if rule.tag in ("", tag) and rule.classes <= classes and rule.identifier in ("", element.get("id")):
            given.update(rule.declarations)
    given.update(declarations(element.get("style", "")))


@lru_cache(maxsize=4096)
def declarations(style: str) -> tuple[tuple[str, str], ...]:
    """The declarations of a style attribute that SVG knows as attributes, the font shorthand taken apart."""
    found: dict[str, str] = {}
    for name, value in css.declared(style):
        if name == "font":
            found.update(_font(value))
        elif name in PROPERTIES:
            found[name] = value
    return tuple(found.items())


def _font(value: str) -> dict[str, str]:
    match = FONT.match(value)
    if not match:
        return {}
    given = {"font-size": match["size"], "font-family": match["family"]}
    for word in match["before"].split():
        if word in ("italic", "oblique"):
            given["font-style"] = word
        elif word in ("bold", "bolder", "lighter") or word.isdigit():
            given["font-weight"] = word
    return given


def _rules(root: Any) -> list[_Rule]:
    """Read the style elements of an SVG: simple selectors alone, the weakest rule first."""
    styles = [element for element in root.iter() if isinstance(element.tag, str) and element.tag.endswith("style")]
    found = []
    for selector, body in css.rules("".join("".join(element.itertext()) for element in styles)):
        if selector and (match := SELECTOR.match(selector)):
            marks = re.findall(r"([.#])([\w-]+)", match[2])
            names = [name for mark, name in marks if mark == "#"]
            classes = frozenset(name for mark, name in marks if mark == ".")
            tag = "" if match[1] in (None, "*") else match[1]
            weight = (len(names), len(classes), int(bool(tag)))
            found.append(_Rule(weight, tag, "".join(names[:1]), classes, declarations(body)))
    return sorted(found, key=lambda rule: rule.weight)
