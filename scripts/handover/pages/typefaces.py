"""Typefaces inside a page: one table says what is set in which face, for the style sheet and for the font subsets.

Faces are cut to the characters that a page sets in them and embedded as WOFF2 in data: addresses: the same bytes for
the same text. Cuts are kept on disk between runs; that folder may be deleted, torn or refused at no cost but time.
"""

import base64
import hashlib
import io
import logging
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from html import escape, unescape
from pathlib import Path
from typing import Any, NamedTuple

from handover import atomic, digest, fonts
from handover.pages import fallback

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: Tags, and classes with a dot, that set a text in another family, weight or slope than its surroundings.
SANS = (*HEADINGS, "nav", "footer", "table", "figure", "details", "dt",
        ".card", ".credit", ".evidence", ".label", ".meta", ".note", ".skip")  # fmt: skip
MONO = ("pre", "code", "kbd", "samp")
BOLD = (*HEADINGS, "b", "strong", "th", "dt", ".title", ".name", ".value")
ITALIC = ("em", "i", "cite", "dfn", "var")
FORMULA = (fonts.MATHS,)
#: What stays regular although its tag is bold or slanted in a browser.
PLAIN = ("pre", "code", ".row", ".plain", "address")
#: Elements whose text is not set, those that set it otherwise than what is around them, and those that hold none.
UNSET = {"title", "desc", "annotation"}
SHAPED = {*SANS, *MONO, *BOLD, *ITALIC, *PLAIN, *UNSET, "math"}
EMPTY = {"br", "hr", "img", "source"}
#: Attributes that say how a text is set, and one that is set itself.
SHAPING = ("class", "font-family", "font-weight", "font-style")
LABEL = "data-label"
ATTRIBUTE = re.compile(rf""" ({"|".join(SHAPING)}|{LABEL})=(?:"([^"]*)"|'([^']*)')""")

#: Elements of no more characters, in which most of a page stands, are looked through once.
WHOLE, LONGEST = re.compile(r"<(details|svg|table)(?=[ >])"), 100_000

#: What nearly every page needs of a face; made once in a process, further characters go into a second, small font.
BASE = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("\u00a0–—‘’“”…·×−≠")
#: What the style sheet and list numbers add to a text in the Arabic face, which has no such base.
ADDED = frozenset("0123456789.+−· ")
#: How faces are cut, in words that change when `_cut` does.
CUT = "woff2, kern and mark outside Arabic, ssty, dtls and flac in formulas, no hinting, no names, no meta"
#: Bytes of the digest that a kept file begins with, so that a damaged one is noticed.
DIGEST = 32


#: Letters, and what a formula has for them where they are variables.
_SLANTED = map(chr, (0x210E, *range(0x1D434, 0x1D455), *range(0x1D456, 0x1D468), *range(0x1D6E2, 0x1D71C)))
SLANTED = {chr(int(unicodedata.decomposition(letter).split()[-1], 16)): letter for letter in _SLANTED}


class Face(NamedTuple):
    """One face of a family."""

    family: str
    bold: bool = False
    italic: bool = False

    @property
    def file(self) -> Path:
        """The file of the whole face."""
        style = ("Bold" if self.bold else "") + ("Italic" if self.italic else "") or "Regular"
        return fonts.face(self.family, style)


USUAL = (
    Face(fonts.SERIF), Face(fonts.SERIF, bold=True), Face(fonts.SERIF, italic=True),
    Face(fonts.SANS), Face(fonts.SANS, bold=True), Face(fonts.MONO),
)  # fmt: skip


def prepare() -> None:
    """Make the usual subsets ahead of time, e.g. while a kernel is busy with the notebook."""
    for face in USUAL:
        _subset(face, BASE)


def font_rules(body: str, *, rtl: bool = False) -> str:
    """The font rules of a page's style sheet, with the fonts that its body needs."""
    return _font_faces(used(body, rtl)) + _families(rtl)


# which text is set in which face


class Setting(NamedTuple):
    """How a text is set; `families` in the order in which a browser tries them."""

    families: tuple[str, ...]
    bold: bool = False
    italic: bool = False


def _stack(family: str, rtl: bool) -> tuple[str, ...]:
    """The families tried for a text; in a page written from right to left the Arabic one is tried first."""
    return (fonts.ARABIC, family) if rtl and family != fonts.MONO else (family, fonts.ARABIC)


def _families(rtl: bool) -> str:
    """The rules that say what is set in which family, weight and slope."""
    generic = {fonts.SERIF: "Georgia, serif", fonts.SANS: "'Arial Narrow', sans-serif", fonts.MONO: "monospace"}

    def family(name: str) -> str:
        return "font-family: " + ", ".join(f"'{one}'" for one in _stack(name, rtl)) + f", {generic[name]}"

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


def used(body: str, rtl: bool) -> dict[Face, set[str]]:
    """The characters that each face has to draw in a page's body."""
    faces: dict[Face, set[str]] = {}
    for setting, texts in _texts(_pieces(body), Setting(_stack(fonts.SERIF, rtl)), rtl).items():
        left = set(unescape("".join(texts)))
        for family in setting.families:
            face = Face(family, setting.bold, setting.italic and family != fonts.ARABIC)
            slanted = {SLANTED[letter] for letter in left & SLANTED.keys()} if family == fonts.MATHS else set()
            if drawn := (left | slanted) & covered(face):
                faces.setdefault(face, set()).update(drawn)
            left -= drawn
    return faces


def _pieces(body: str) -> Iterator[str]:
    """A page, divided where tags begin; but elements that are alike from one edition to the next stay whole."""
    start, *others = WHOLE.split(body)
    yield from start.split("<")
    for name, rest in zip(others[::2], others[1::2], strict=True):
        inside, end, after = rest.partition(f"</{name}>")
        if end and len(inside) <= LONGEST and not inside.partition(">")[0].endswith("/"):
            text, *more = after.split("<")
            yield f"{name}{inside}{end}{text}"
            yield from more
        else:
            yield from f"{name}{rest}".split("<")


@lru_cache(maxsize=512)
def _element(markup: str, around: Setting | None, rtl: bool) -> tuple[tuple[Setting, str], ...]:
    """The characters of an element, as they are written, by how they are set."""
    texts = _texts(markup.split("<"), around, rtl)
    return tuple((setting, escape("".join(sorted(set(unescape("".join(found))))))) for setting, found in texts.items())


def _texts(pieces: Iterable[str], around: Setting | None, rtl: bool) -> dict[Setting, list[str]]:
    """The texts of pieces of a page, as they are written, by how they are set.

    A page is ours: every element has its end, and every angle bracket is a tag's. To read it as HTML from elsewhere
    would take twice as long.
    """
    texts: dict[Setting | None, list[str]] = {}

    def how(setting: Setting | None) -> tuple[Setting | None, list[str], dict[str, Any]]:
        return setting, texts.setdefault(setting, []), {}

    #: How the elements that are open set their texts, and these; and the same of what was met in them, by its tag.
    opened = [how(around)]
    for piece in pieces:
        tag, _, text = piece.rpartition(">")
        if tag[:1] == "/":
            opened.pop()
        elif "<" in tag:
            for setting, found in _element(f"{tag}>", opened[-1][0], rtl):
                texts.setdefault(setting, []).append(found)
        elif (name := tag.partition(" ")[0]) and tag[-1] != "/" and name not in EMPTY:
            inside = opened[-1]
            if name in SHAPED or "class=" in tag or "font-" in tag or LABEL in tag:
                around, _, met = inside
                if tag not in met:
                    given = {key: value or other for key, value, other in ATTRIBUTE.findall(tag)}
                    unset = around is None or name in UNSET
                    met[tag] = how(None if unset else _setting(around, rtl, name, *map(given.get, SHAPING)))
                    met[tag][1].append(given.get(LABEL, ""))
                inside = met[tag]
            opened.append(inside)
        opened[-1][1].append(text)
    texts.pop(None, None)
    return texts


@lru_cache(maxsize=4096)
def _setting(
    around: Setting,
    rtl: bool,
    tag: str,
    classes: str | None,
    families: str | None,
    weight: str | None,
    slope: str | None,
) -> Setting:
    """How an element sets its text, from how its surroundings do, its tag and its attributes."""
    if tag == "math" or around.families == FORMULA:
        return Setting(FORMULA)
    setting = around
    names = {tag, *(f".{name}" for name in (classes or "").split())}
    if not names.isdisjoint(SANS):
        setting = setting._replace(families=_stack(fonts.SANS, rtl))
    if not names.isdisjoint(MONO):
        setting = setting._replace(families=_stack(fonts.MONO, rtl))
    setting = setting._replace(
        bold=setting.bold or not names.isdisjoint(BOLD), italic=setting.italic or not names.isdisjoint(ITALIC)
    )
    if not names.isdisjoint(PLAIN):
        setting = setting._replace(bold=False, italic=False)
    # the rest is what the attributes of an SVG say of its text
    if families:
        named = (name.strip().strip("\"'") for name in families.split(","))
        setting = setting._replace(families=tuple(name for name in named if name in fonts.FAMILIES))
    if weight:
        setting = setting._replace(bold=weight in ("bold", "bolder") or bool(re.fullmatch(r"[6-9]\d\d", weight)))
    return setting._replace(italic=slope != "normal") if slope else setting


# faces cut to characters


@cache
def covered(face: Face) -> frozenset[str]:
    """The characters that a face can draw."""
    return frozenset(map(chr, fallback.covered(face.file)))


def _font_faces(faces: Mapping[Face, Iterable[str]]) -> str:
    """The @font-face rules for the characters of each face, in a fixed order."""
    written = []
    for face in sorted(faces):
        characters = frozenset(faces[face])
        parts = [characters | ADDED]
        if face.family == fonts.MATHS:
            # without a space among its characters, a browser would take sizes and places from another typeface
            parts = [characters | {" ", "√"}]
        elif face.family != fonts.ARABIC:
            parts = [BASE, characters - BASE] if characters & BASE else [characters]
        written += [_font_face(face, frozenset(part)) for part in parts if part]
    return "".join(written)


def _font_face(face: Face, characters: frozenset[str]) -> str:
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
    """A cut face in base64; what was kept of an earlier run is used if it is whole."""
    path = _kept(face, characters)
    with suppress(OSError):
        held = path.read_bytes()
        if hashlib.sha256(held[DIGEST:]).digest() == held[:DIGEST]:
            return base64.b64encode(held[DIGEST:]).decode("ascii")
    data = _cut(face, characters)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.replace(path, hashlib.sha256(data).digest() + data)
    return base64.b64encode(data).decode("ascii")


def _kept(face: Face, characters: frozenset[str]) -> Path:
    """Where a cut is kept: under a name of everything that its bytes depend on."""
    import brotli
    import fontTools

    tools = f"fonttools {fontTools.version}, brotli {brotli.__version__}"
    parts = [digest.of_file(face.file), tools, CUT, "".join(sorted(characters))]
    folder = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not folder.is_absolute():
        home = os.path.expanduser("~")  # noqa: PTH111  which gives the sign back where nobody has a home
        folder = Path(os.devnull) if home == "~" else Path(home, ".cache")
    key = digest.of_bytes("\n".join(parts).encode("utf-8", "surrogatepass"))
    return folder / "handover" / "faces" / f"{key}.woff2"


def _cut(face: Face, characters: frozenset[str]) -> bytes:
    from fontTools import subset
    from fontTools.ttLib import TTFont

    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
    options = subset.Options(flavor="woff2", hinting=False, name_IDs=[], notdef_outline=True, glyph_names=False)
    options.recalc_timestamp = False
    if face.family == fonts.MATHS:
        options.layout_features = ["ssty", "dtls", "flac"]
    elif face.family != fonts.ARABIC:
        options.layout_features = ["kern", "mark"]
    with TTFont(face.file, recalcTimestamp=False) as font:
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
