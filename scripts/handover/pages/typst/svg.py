"""An SVG as Typst may be given it: measured, spelled in the shipped typefaces, and unable to reach outside itself."""

import re

from lxml import etree

from handover.document import expansion
from handover.pages.typst_text import visible, writable

POINTS = {"": 0.75, "px": 0.75, "pt": 1.0, "pc": 12.0, "in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4}
XLINK = "{http://www.w3.org/1999/xlink}href"
DROPPED = {"script", "foreignobject", "iframe", "audio", "video", "animate", "animatetransform", "set", "feimage"}
#: How SVG names the house's narrow face, and how Typst knows it: one family, told apart by its width.
CONDENSED = re.compile(r"""(['"]?)IBM Plex Sans Condensed\1""")


def clean(source: str) -> tuple[bytes, float, float] | None:
    """Return an SVG without what could reach outside, and its size in points; None if it cannot be drawn."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True, recover=True, encoding="utf-8"
    )
    try:
        root = etree.fromstring(writable(source).encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or etree.QName(root).localname != "svg":
        return None
    _clean(root)
    size = _size(root)
    if size is None or not expansion.bearable(root):
        return None
    return etree.tostring(root, encoding="utf-8"), *size


def _clean(root: etree._Element) -> None:
    """Remove what could reach outside, and spell text and typefaces as the shipped ones can show them."""
    for element in list(root.iterdescendants()):
        # what has no name is an entity, which nothing may resolve
        name = etree.QName(element).localname.lower() if isinstance(element.tag, str) else "script"
        if name in DROPPED or (name in ("image", "use") and _reaches_out(element)):
            _drop(element)
    for element in root.iter():
        if XLINK in element.attrib:
            element.set("href", element.attrib.pop(XLINK))
        element.text = _text(etree.QName(element).localname, element.text)
        element.tail = _text("", element.tail)
        for key in ("style", "font-family", "font"):
            if "IBM Plex Sans Condensed" in element.get(key, ""):
                _condense(element, key)


def _text(name: str, content: str | None) -> str | None:
    if not content or not content.strip():
        return content
    if name == "style":
        bare = re.sub(r"@import[^;]*;?|@font-face\s*\{[^}]*\}", "", content)
        return re.sub(
            r"([^{}]*)\}",
            lambda rule: (
                rule.group()
                if not CONDENSED.search(rule[1])
                else CONDENSED.sub("'IBM Plex Sans'", rule[1]) + ";font-stretch:condensed}"
            ),
            bare,
        )
    return visible(content)


def _condense(element: etree._Element, key: str) -> None:
    element.set(key, CONDENSED.sub("'IBM Plex Sans'", element.get(key, "")))
    if key == "style":
        element.set("style", element.get("style", "").rstrip("; ") + "; font-stretch: condensed")
    else:
        element.set("font-stretch", "condensed")


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _reaches_out(element: etree._Element) -> bool:
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == "href":
            inside = re.match(r"#|data:image/(png|jpe?g|gif|webp)[;,]", str(value).strip(), re.IGNORECASE)
            return not inside
    return False


def _size(root: etree._Element) -> tuple[float, float] | None:
    box = [float(part) for part in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", root.get("viewBox", ""))]
    width, height = _length(root.get("width", "")), _length(root.get("height", ""))
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        ratio = box[3] / box[2]
        if not width and not height:
            width = box[2] * 0.75
        width, height = width or height / ratio, height or width * ratio
    if not width or not height or max(width / height, height / width) > 1000:
        return None
    return width, height


def _length(value: str) -> float:
    found = re.fullmatch(r"\s*(\d*\.?\d+)\s*(px|pt|pc|in|cm|mm)?\s*", value)
    return float(found[1]) * POINTS[found[2] or ""] if found else 0.0
