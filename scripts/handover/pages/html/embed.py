"""Typefaces inside the page: subsets as WOFF2 in data: addresses, the same bytes for the same text."""

import base64
import io
import logging
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from handover import digest, fonts
from handover.pages.html import kept

#: What nearly every page needs of a face; made once in a process, further characters go into a second, small font.
BASE = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("\u00a0–—‘’“”…·×−≠")

#: What the style sheet and list numbers add to a text in the Arabic face, which has no such base.
ADDED = frozenset("0123456789.+−· ")


class Face(NamedTuple):
    """One face of a family."""

    family: str
    bold: bool = False
    italic: bool = False

    @property
    def style(self) -> str:
        """The face's name within its family."""
        return ("Bold" if self.bold else "") + ("Italic" if self.italic else "") or "Regular"


USUAL = (
    Face(fonts.SERIF), Face(fonts.SERIF, bold=True), Face(fonts.SERIF, italic=True),
    Face(fonts.SANS), Face(fonts.SANS, bold=True), Face(fonts.MONO),
)  # fmt: skip


@cache
def covered(face: Face) -> frozenset[str]:
    """The characters that a face can draw."""
    from fontTools.ttLib import TTFont

    with TTFont(fonts.face(face.family, face.style), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def prepare() -> None:
    """Make the usual subsets ahead of time, e.g. while a kernel is busy with the notebook."""
    for face in USUAL:
        _subset(face, BASE)


def rules(faces: Mapping[Face, Iterable[str]]) -> str:
    """The @font-face rules for a page, in a fixed order."""
    written = []
    for face in sorted(faces):
        characters = frozenset(faces[face])
        parts = [characters | ADDED]
        if face.family != fonts.ARABIC:
            parts = [BASE, characters - BASE] if characters & BASE else [characters]
        written += [_rule(face, frozenset(part)) for part in parts if part]
    return "".join(written)


def _rule(face: Face, characters: frozenset[str]) -> str:
    points = sorted(map(ord, characters & covered(face)))
    return (
        f"@font-face {{ font-family: '{face.family}'; font-weight: {700 if face.bold else 400}; "
        f"font-style: {'italic' if face.italic else 'normal'}; unicode-range: {_ranges(points)}; "
        f"src: url(data:font/woff2;base64,{_subset(face, characters)}) format('woff2'); }}\n"
    )


def _ranges(points: list[int]) -> str:
    runs: list[list[int]] = []
    for point in points:
        if runs and point == runs[-1][1] + 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    return ", ".join(f"U+{a:X}" if a == b else f"U+{a:X}-{b:X}" for a, b in runs)


@cache
def _subset(face: Face, characters: frozenset[str]) -> str:
    key = _key(face, characters)
    data = kept.find(key)
    if data is None:
        data = _cut(face, characters)
        kept.keep(key, data)
    return base64.b64encode(data).decode("ascii")


def _key(face: Face, characters: frozenset[str]) -> bytes:
    """Everything that the bytes of a cut depend on."""
    import brotli
    import fontTools

    font = digest.of_file(fonts.face(face.family, face.style))
    tools = f"fonttools {fontTools.version}, brotli {brotli.__version__}"
    return "\n".join([font, tools, CUT, "".join(sorted(characters))]).encode("utf-8", "surrogatepass")


#: How faces are cut, in words that change when `_cut` does.
CUT = "woff2, kern and mark outside Arabic, no hinting, no names, no meta"


def _cut(face: Face, characters: frozenset[str]) -> bytes:
    from fontTools import subset
    from fontTools.ttLib import TTFont

    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
    options = subset.Options(flavor="woff2", hinting=False, name_IDs=[], notdef_outline=True, glyph_names=False)
    options.recalc_timestamp = False
    if face.family != fonts.ARABIC:
        options.layout_features = ["kern", "mark"]
    with TTFont(fonts.face(face.family, face.style), recalcTimestamp=False) as font:
        # Plex carries a table of its own designers' notes, which no browser reads
        for tag in ("meta", "DSIG"):
            if tag in font:
                del font[tag]
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=sorted(ord(character) for character in characters))
        cutter.subset(font)
        font.flavor = "woff2"
        written = io.BytesIO()
        font.save(written, reorderTables=None)
    return written.getvalue()
