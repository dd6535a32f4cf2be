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


@cache
def folder(family: str) -> Path:
    """The folder with the TrueType files of one family."""
    spec = find_spec(FAMILIES[family])
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the font package {FAMILIES[family]} is not installed; run scripts/setup")
    return Path(spec.origin).parent / "files"


def face(family: str, style: str) -> Path:
    """The file of one face, e.g. ``face(SERIF, "BoldItalic")``."""
    return folder(family) / f"{family.replace(' ', '')}-{style}.ttf"


def folders() -> list[Path]:
    """All font folders, in a fixed order."""
    return [folder(family) for family in FAMILIES]
