"""Typefaces for what ours cannot draw: other scripts, signs of mathematics, emoji.

A page brings a list of those that its text needs, each with its hash, so that an edition's name covers them. For a
character that none of them has, a typeface is made that draws its code in a box: the text stays what it was, to be
read aloud, searched and copied.
"""

import io
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from handover import digest, fonts
from handover.pages.typst_text import INVISIBLE, PLAIN

#: The list of typefaces, and the one that is made.
FILE, STAND_INS = "typefaces.json", "stand-ins.ttf"
FAMILY = "Handover Stand-ins"
#: When it was made, for it must say so: always the first day of 2026, in seconds since 1904.
DAY = 3_850_070_400
MAIN, MATHS = "main.typ", "maths.typ"
#: After this line of a source, a rule holds for all of it.
IMPORT = '#import "/report.typ": *'
#: For private use, which no PDF/A may hold, this is set; in Typst's source it is written as a code.
REPLACEMENT = "\ufffd"
PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
WRITTEN = re.compile(r"\\(?:u\{([0-9a-f]+)\}|.)")
#: Writing that shares one typeface, as Typst names it, and how its three kinds are told apart.
EAST_ASIAN = r"[\\p{Han}\\p{Hiragana}\\p{Katakana}\\p{Hangul}\\p{Bopomofo}\u{3000}-\u{303f}\u{ff01}-\u{ffef}]+"
IDEOGRAPHS, KANA, HANGUL = (re.compile(signs) for signs in ("[\u4e00-\u9fff]", "[\u3041-\u30ff]", "[\uac00-\ud7a3]"))
#: Characters that a message names.
NAMED = 8
#: Hexadecimal digits as dots, three across and five down: an octal digit a row, from the top.
_DIGITS = "75557 26227 71747 71717 55711 74717 74757 71111 75757 75717 75755 65656 74447 65556 74747 74744"
DIGITS = _DIGITS.split()
#: A box and the dots in it, of a thousand to the size of the type.
WIDTH, LOW, HIGH, STROKE, DOT, GAP = 900, -150, 800, 40, 60, 70


_hash = cache(digest.of_file)


def with_typefaces(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a page with the list of the typefaces that it needs beside ours, if it needs any."""
    main = files[MAIN].decode()
    texts = {name: data.decode() for name, data in files.items() if data.startswith(b"<svg")} | {MAIN: main}
    whole = "".join(texts.values())
    characters = {chr(int(code, 16)) for code in set(WRITTEN.findall(main)) - {""}} | set(PLAIN.sub("", whole))
    private = {ord(char) for char in characters if PRIVATE.match(char)}
    wanted = {code for code in map(ord, characters) if code > 0x7E and code not in INVISIBLE} - private - ours()
    if not (wanted or private):
        return dict(files)
    if private:
        wanted.add(ord(REPLACEMENT))
        texts = {name: WRITTEN.sub(_public, PRIVATE.sub(REPLACEMENT, text)) for name, text in texts.items()}
    chosen: list[Path] = []
    for family in fonts.fallbacks():
        if found := wanted & covered(family[0]):
            chosen += family
            wanted -= found
        if not wanted:
            break
    if any(path.suffix == ".ttc" for path in chosen):
        texts[MAIN] = texts[MAIN].replace(IMPORT, f"{IMPORT}\n{_east_asian(main)}", 1)
    said = {
        "typefaces": {path.name: _hash(path) for path in chosen},
        "missing": [f"U+{code:04X}" for code in sorted(wanted | private)],
    }
    made = {STAND_INS: stand_ins(wanted)} if wanted else {}
    changed = {name: text.encode() for name, text in texts.items()}
    return {**files, **changed, FILE: json.dumps(said, indent=1).encode(), **made}


def _public(found: re.Match[str]) -> str:
    return REPLACEMENT if found[1] and PRIVATE.match(chr(int(found[1], 16))) else found[0]


def _east_asian(main: str) -> str:
    """The rule that sets characters which Chinese, Japanese and Korean share as the text's own language writes them."""
    declared = re.search(r'lang: "(\w+)"(?:, region: "(\w+)")?', main)
    language, region = declared.groups("") if declared else ("", "")
    ideographs, kana, hangul = (len(signs.findall(main)) for signs in (IDEOGRAPHS, KANA, HANGUL))
    usual = "JP" if kana * 4 > ideographs else "KR" if hangul > ideographs else "SC"
    known = {"zh": {"TW": "TC", "HK": "HK"}.get(region, "SC"), "ja": "JP", "ko": "KR"}
    return f'#show regex("{EAST_ASIAN}"): set text(font: "Noto Sans CJK {known.get(language, usual)}")'


def missing(files: Mapping[str, bytes]) -> str:
    """Say which characters of a page no typeface has; "" for none."""
    codes = json.loads(files[FILE])["missing"] if FILE in files else []
    if not codes:
        return ""
    named = ", ".join(codes[:NAMED]) + (", …" if len(codes) > NAMED else "")
    many = "1 character has" if len(codes) == 1 else f"{len(codes):,} characters have"
    return f"{many} no glyph in our typefaces: {named}; a box with the code stands in the PDF for each"


def link(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Lay links to the typefaces that a page needs beside ours into its folder; return that, or none."""
    if FILE not in files:
        return []
    named = json.loads(files[FILE])["typefaces"]
    for path in (path for family in fonts.fallbacks() for path in family):
        if path.name in named:
            (folder / path.name).symlink_to(path)
    return [str(folder)]


@cache
def covered(path: Path) -> frozenset[int]:
    """The characters that a typeface, or the first of a collection, has a glyph for."""
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True, fontNumber=0) as font:
        return frozenset(font.getBestCmap())


@cache
def ours() -> frozenset[int]:
    """The characters that at least one of our own typefaces has a glyph for."""
    return frozenset().union(*(covered(fonts.face(family, "Regular")) for family in fonts.FAMILIES))


def stand_ins(codes: Iterable[int]) -> bytes:
    """Return a typeface that draws the code of each character in a box."""
    from fontTools.fontBuilder import FontBuilder

    drawn = {f"u{code:04X}": code for code in sorted(codes)}
    builder = FontBuilder(1000, isTTF=True)
    builder.font.recalcTimestamp = False
    builder.setupGlyphOrder([".notdef", *drawn])
    builder.setupCharacterMap({code: name for name, code in drawn.items()})
    builder.setupGlyf({".notdef": _box(""), **{name: _box(f"{code:04X}") for name, code in drawn.items()}})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *drawn], (WIDTH, 0)))
    builder.setupHorizontalHeader(ascent=HIGH, descent=LOW)
    names = {"familyName": FAMILY, "styleName": "Regular", "fullName": FAMILY, "psName": FAMILY.replace(" ", "")}
    builder.setupNameTable({**names, "uniqueFontIdentifier": FAMILY})
    builder.setupOS2(fsType=0, sTypoAscender=HIGH, sTypoDescender=LOW)
    builder.setupPost()
    builder.updateHead(created=DAY, modified=DAY)
    written = io.BytesIO()
    builder.save(written)
    return written.getvalue()


def _box(code: str) -> Any:
    """A box with a code in two lines of dots."""
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)

    def rectangle(x: int, y: int, width: int, height: int, *, hole: bool = False) -> None:
        corners = [(x, y), (x, y + height), (x + width, y + height), (x + width, y)]
        start, *rest = reversed(corners) if hole else corners
        pen.moveTo(start)
        for corner in rest:
            pen.lineTo(corner)
        pen.closePath()

    rectangle(STROKE, LOW, WIDTH - 2 * STROKE, HIGH - LOW)
    rectangle(2 * STROKE, LOW + STROKE, WIDTH - 4 * STROKE, HIGH - LOW - 2 * STROKE, hole=True)
    across = (len(code) + 1) // 2
    left = (WIDTH - across * 3 * DOT - (across - 1) * GAP) // 2
    for number, digit in enumerate(code.rjust(2 * across, "0")):
        line, column = divmod(number, across)
        for row, dots in enumerate(DIGITS[int(digit, 16)]):
            for dot in (dot for dot in range(3) if int(dots) & (4 >> dot)):
                x, y = left + column * (3 * DOT + GAP) + dot * DOT, 610 - line * (5 * DOT + GAP) - row * DOT
                rectangle(x, y, DOT, DOT)
    return pen.glyph()
