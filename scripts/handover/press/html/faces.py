"""Which typeface sets which text: one table that makes both the style sheet's font rules and the font subsets."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from handover import fonts
from handover.press.html import embed

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: Tags, and classes with a dot, that set a text in another family, weight or slope than its surroundings.
SANS = (*HEADINGS, "nav", "footer", "table", "figure", "details", "dt",
        ".card", ".credit", ".evidence", ".label", ".meta", ".note", ".skip")  # fmt: skip
MONO = ("pre", "code", "kbd", "samp")
BOLD = (*HEADINGS, "b", "strong", "th", "dt", ".title", ".name", ".value")
ITALIC = ("em", "i", "cite", "dfn", "var")
#: What stays regular although its tag is bold or slanted in a browser.
PLAIN = ("pre", "code", ".row", ".plain", "address")


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set; `families` in the order in which a browser tries them."""

    families: tuple[str, ...]
    bold: bool = False
    italic: bool = False


def stack(family: str, rtl: bool) -> tuple[str, ...]:
    """The families tried for a text; in a page written from right to left the Arabic one is tried first."""
    return (fonts.ARABIC, family) if rtl and family != fonts.MONO else (family, fonts.ARABIC)


def rules(rtl: bool) -> str:
    """The font rules of the style sheet."""
    generic = {fonts.SERIF: "Georgia, serif", fonts.SANS: "'Arial Narrow', sans-serif", fonts.MONO: "monospace"}

    def family(name: str) -> str:
        return "font-family: " + ", ".join(f"'{one}'" for one in stack(name, rtl)) + f", {generic[name]}"

    lines = (
        ("body", family(fonts.SERIF)),
        (_where(SANS), family(fonts.SANS)),
        (_where(MONO), family(fonts.MONO)),
        (_where(BOLD), "font-weight: 700"),
        (_where(ITALIC), "font-style: italic"),
        (_where(PLAIN), "font-weight: 400; font-style: normal"),
    )
    return "".join(f"{selector} {{ {declaration}; }}\n" for selector, declaration in lines)


def _where(selectors: Iterable[str]) -> str:
    return f":where({', '.join(selectors)})"


def used(body: str, rtl: bool) -> dict[embed.Face, set[str]]:
    """The characters that each face has to draw in a page's body."""
    from lxml import html

    root = html.fromstring(body.encode(), parser=html.HTMLParser(encoding="utf-8", huge_tree=True))
    found: dict[Style, set[str]] = {}
    waiting: list[tuple[Any, Style]] = [(root, Style(stack(fonts.SERIF, rtl)))]
    while waiting:
        element, style = waiting.pop()
        own = _style(element, style, rtl)
        if element.text:
            found.setdefault(own, set()).update(element.text)
        for child in element:
            if child.tail:
                found.setdefault(own, set()).update(child.tail)
            if isinstance(child.tag, str) and child.tag not in ("title", "desc"):
                waiting.append((child, own))
    faces: dict[embed.Face, set[str]] = {}
    for style, characters in found.items():
        for character in characters:
            face = _face(style, character)
            if face:
                faces.setdefault(face, set()).add(character)
    return faces


def _face(style: Style, character: str) -> embed.Face | None:
    for family in style.families:
        face = embed.Face(family, style.bold, style.italic and family != fonts.ARABIC)
        if ord(character) in embed.covered(face):
            return face
    return None


def _style(element: Any, style: Style, rtl: bool) -> Style:
    names = {element.tag, *(f".{name}" for name in element.get("class", "").split())}
    if not names.isdisjoint(SANS):
        style = replace(style, families=stack(fonts.SANS, rtl))
    if not names.isdisjoint(MONO):
        style = replace(style, families=stack(fonts.MONO, rtl))
    if not names.isdisjoint(BOLD):
        style = replace(style, bold=True)
    if not names.isdisjoint(ITALIC):
        style = replace(style, italic=True)
    if not names.isdisjoint(PLAIN):
        style = replace(style, bold=False, italic=False)
    return _drawn(element, style)


def _drawn(element: Any, style: Style) -> Style:
    """What the attributes of an SVG say of its text."""
    families = element.get("font-family")
    if families:
        named = (name.strip().strip("\"'") for name in families.split(","))
        style = replace(style, families=tuple(name for name in named if name in fonts.FAMILIES))
    weight, slope = element.get("font-weight", ""), element.get("font-style", "")
    if weight:
        bold = weight in ("bold", "bolder") or bool(re.fullmatch(r"[6-9]\d\d", weight))
        style = replace(style, bold=bold)
    return replace(style, italic=slope != "normal") if slope else style
