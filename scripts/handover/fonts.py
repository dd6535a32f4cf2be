"""The typefaces, which come from PyPI pinned like everything else: no system font is ever used."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

#: Family name as typesetters know it -> the package that carries it.
FAMILIES = {
    "IBM Plex Serif": "fontpkg_ibm_plex_serif",
    "IBM Plex Sans Condensed": "fontpkg_ibm_plex_sans_condensed",
    "IBM Plex Sans Arabic": "fontpkg_ibm_plex_sans_arabic",
    "IBM Plex Mono": "fontpkg_ibm_plex_mono",
}

SERIF, SANS, ARABIC, MONO = FAMILIES
#: For formulas alone; the package that carries it is otherwise not used.
MATHS = "STIX Two Math"


@cache
def folder(family: str) -> Path:
    """The folder with the TrueType files of one family."""
    return _package(FAMILIES[family]) / "files"


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the font package {name} is not installed; run scripts/setup")
    return Path(spec.origin).parent


def face(family: str, style: str) -> Path:
    """The file of one face, e.g. ``face(SERIF, "BoldItalic")``; the one for formulas has but "Regular"."""
    if family == MATHS:
        return _package("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
    return folder(family) / f"{family.replace(' ', '')}-{style}.ttf"


@cache
def fallbacks() -> list[list[Path]]:
    """What is tried, in this order, for a character that our families lack: faces of one family, the regular first."""
    noto, drawn, han = (_package(name) for name in ("manimgx_fonts", "matplotlib", "manimgx_fonts_cjk"))
    drawn = drawn / "mpl-data" / "fonts" / "ttf"
    dejavu = [drawn / f"DejaVuSans{style}.ttf" for style in ("", "-Bold", "-Oblique")]
    plain = [noto / "NotoSans[wght].ttf", noto / "NotoSans-Italic[wght].ttf"]
    last = [noto / "NotoSansSymbols[wght].ttf", noto / "NotoEmoji[wght].ttf", han / "NotoSansCJK-VF.otf.ttc"]
    scripts = [path for path in sorted(noto.glob("NotoSans*.ttf")) if path not in plain + last]
    return [plain, *([path] for path in scripts), [face(MATHS, "Regular")], dejavu, *([path] for path in last)]


def folders() -> list[Path]:
    """All font folders, in a fixed order."""
    return [folder(family) for family in FAMILIES]
