"""Which typeface sets which text: one table that makes both the style sheet's font rules and the font subsets."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from handover import fonts
from handover.pages.html import embed

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: Tags, and classes with a dot, that set a text in another family, weight or slope than its surroundings.
SANS = (*HEADINGS, "nav", "footer", "table", "figure", "details", "dt",
        ".card", ".credit", ".evidence", ".label", ".meta", ".note", ".skip")  # fmt: skip
MONO = ("pre", "code", "kbd", "samp")
BOLD = (*HEADINGS, "b", "strong", "th", "dt", ".title", ".name", ".value")
ITALIC = ("em", "i", "cite", "dfn", "var")
#: What stays regular although its tag is bold or slanted in a browser.
PLAIN = ("pre", "code", ".row", ".plain", "address")
#: The attributes that say how a text is set.
ATTRIBUTES = ("class", "font-family", "font-weight", "font-style")
SHAPING = frozenset(ATTRIBUTES)


class Style(NamedTuple):
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
    faces: dict[embed.Face, set[str]] = {}
    for style, texts in _heard(body, rtl).items():
        left = set().union(*texts)
        for family in style.families:
            face = embed.Face(family, style.bold, style.italic and family != fonts.ARABIC)
            drawn = left & embed.covered(face)
            if drawn:
                faces.setdefault(face, set()).update(drawn)
            left -= drawn
    return faces


def _heard(body: str, rtl: bool) -> dict[Style, list[str]]:
    """All texts that a page shows, by how they are set."""
    from lxml import etree

    listener = _Listener(Style(stack(fonts.SERIF, rtl)), rtl)
    parser = etree.HTMLParser(target=listener, encoding="utf-8", huge_tree=True)
    return etree.fromstring(body.encode(), parser)


class _Listener:
    """Hears a page as lxml reads it: a tree of it, which nobody needs, would take twice as long."""

    def __init__(self, style: Style, rtl: bool) -> None:
        self.rtl = rtl
        #: How the elements that are open set their texts; those in a description set none.
        self.open: list[Style | None] = [style]
        self.texts: dict[Style, list[str]] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        around = self.open[-1]
        if around is None or tag in ("title", "desc"):
            self.open.append(None)
        elif SHAPING.isdisjoint(attributes):
            self.open.append(_style(around, self.rtl, tag))
        else:
            self.open.append(_style(around, self.rtl, tag, *map(attributes.get, ATTRIBUTES)))
        if "data-label" in attributes and self.open[-1]:
            self.texts.setdefault(self.open[-1], []).append(attributes["data-label"])

    def end(self, _: str) -> None:
        self.open.pop()

    def data(self, text: str) -> None:
        style = self.open[-1]
        if style is not None:
            self.texts.setdefault(style, []).append(text)

    def close(self) -> dict[Style, list[str]]:
        return self.texts


@lru_cache(maxsize=4096)
def _style(
    around: Style,
    rtl: bool,
    tag: str,
    classes: str | None = None,
    families: str | None = None,
    weight: str | None = None,
    slope: str | None = None,
) -> Style:
    """How an element sets its text, from how its surroundings do, its tag and its attributes."""
    style = around
    names = {tag, *(f".{name}" for name in (classes or "").split())}
    if not names.isdisjoint(SANS):
        style = style._replace(families=stack(fonts.SANS, rtl))
    if not names.isdisjoint(MONO):
        style = style._replace(families=stack(fonts.MONO, rtl))
    if not names.isdisjoint(BOLD):
        style = style._replace(bold=True)
    if not names.isdisjoint(ITALIC):
        style = style._replace(italic=True)
    if not names.isdisjoint(PLAIN):
        style = style._replace(bold=False, italic=False)
    # the rest is what the attributes of an SVG say of its text
    if families:
        named = (name.strip().strip("\"'") for name in families.split(","))
        style = style._replace(families=tuple(name for name in named if name in fonts.FAMILIES))
    if weight:
        style = style._replace(bold=weight in ("bold", "bolder") or bool(re.fullmatch(r"[6-9]\d\d", weight)))
    return style._replace(italic=slope != "normal") if slope else style
