"""Text on its way into Typst: what no PDF may hold is made visible, and every string becomes a literal.

No text of a notebook ever stands in the source outside a string literal written here, so none of it can
be read as markup or code.
"""

import re
import unicodedata

from handover.text import kept

#: Characters that print nothing and that Typst lets pass: breaks, joiners, direction marks, fillers, variants, tags.
INVISIBLE = {
    0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x200B, 0x2010),
    *range(0x2060, 0x2065), *range(0x2066, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFFA0,
    *range(0x1D173, 0x1D17B), 0xE0001, *range(0xE0020, 0xE0080), *range(0xE0100, 0xE01F0),
}  # fmt: skip
#: These print nothing either, and Typst stops at them: the mark of a file's byte order, and variants of Mongolian
#: letters, which no typeface of ours has.
DROPPED = dict.fromkeys([0xFEFF, *range(0x180B, 0x1810)])
#: Direction overrides make a line read other than it was written; they are shown, never obeyed, as are notes between
#: lines; nor may a PDF hold what is no character.
REFUSED = {0x2028, 0x2029, *range(0x202A, 0x202F), *range(0xFDD0, 0xFDF0), *range(0xFFF9, 0xFFFC)}
#: What each of our typefaces has, so that plain Western text is not looked up at all.
PLAIN = re.compile("[\n\t -~\u00a0-\u00ac\u00ae-\u00ff\u2013\u2014\u2018-\u201a\u201c-\u201e\u2022\u2026\u2260]*")
#: All that is not plainly printable, and more.
UNPRINTABLE = re.compile(r"[^\w -~]")
#: The literals that print, in mark-up written here.
LITERAL = re.compile(r'#(?:raw\(|maths\(|within-text\()?"((?:[^"\\]|\\.)*)"')
CODE = re.compile(r"\\u\{([0-9a-f]+)\}")
#: White space that is not yet one space, or one that must not break.
UNFOLDED = re.compile(r"\s{2,}|[^\S \u00a0\u202f\u2009]")

#: A sign between two of a list, which begins no line.
BETWEEN = "\u00a0· "
#: Where a word may be broken.
BREAK = "\u200b"
#: A word longer than this gets places where it may be broken; ordinary words and links in text stay whole.
WORD = 36


@kept
def literal(content: str) -> str:
    """Return a Typst string literal for any text."""
    escaped = content.replace("\\", "\\\\").replace('"', '\\"').replace("\u00a0", "\\u{a0}")
    return f'"{escaped if escaped.isprintable() else UNPRINTABLE.sub(_code_point, escaped)}"'


def _code_point(found: re.Match[str]) -> str:
    if found[0].isprintable():
        return found[0]
    return "\\u{fffd}" if "\ud800" <= found[0] <= "\udfff" else f"\\u{{{ord(found[0]):x}}}"


@kept
def text(content: str, word: int = WORD) -> str:
    """Return running text as Typst markup: literals alone, white space folded, long words breakable."""
    return _runs(UNFOLDED.sub(" ", content), "#{};", word)


def code(content: str, call: str, word: int = WORD) -> str:
    """Return code within running text, each piece of it set by a call of the template."""
    return _runs(" ".join(content.split()), f"#{call}({{}});", word)


def _runs(content: str, form: str, word: int) -> str:
    """Set each piece between places where a word may break."""
    shown = breakable(visible(content), word)
    if BREAK not in shown:
        return form.format(literal(shown)) if shown else ""
    return "#may-break;".join(form.format(literal(piece)) for piece in shown.split(BREAK) if piece)


def lines(content: str, width: int) -> str:
    """Return preformatted text as a literal: lines kept, tabs set, words that no line can hold cut into several."""
    cleaned = content.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace(BREAK, "")
    shown = visible(cleaned.expandtabs(4).rstrip("\n"))
    return literal(re.sub(rf"\S{{{width}}}(?=\S)", lambda found: found.group() + "\n", shown))


def spoken(content: str) -> str:
    """Return a description that is read aloud and not printed: one line, no control characters."""
    folded = " ".join(content.split())
    return literal("".join(char for char in folded if unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cn")))


def wordless(markup: str) -> bool:
    """Whether mark-up written here holds no letter that prints: Typst takes no heading of which that is so."""
    words = CODE.sub(lambda found: chr(int(found[1], 16)), "".join(LITERAL.findall(markup)))
    return all(char.isspace() or ord(char) in INVISIBLE for char in words)


def breakable(content: str, word: int = WORD) -> str:
    """Let words longer than `word` break: after punctuation where there is any, and every few characters."""
    if len(content) <= word:
        return content
    return re.sub(rf"\S{{{word + 1},}}", lambda found: _broken(found.group(), max(word * 2 // 3, 8)), content)


def _broken(long: str, step: int) -> str:
    pieces = re.split(r"(?<=[/.,;:?&=_#%+-])", long)
    return BREAK.join(piece[start : start + step] for piece in pieces if piece for start in range(0, len(piece), step))


def visible(content: str) -> str:
    """Return text in which each character that no PDF may hold is named, e.g. ``[U+202E]``."""
    if PLAIN.fullmatch(content):
        return content
    return "".join(f"[U+{ord(char):04X}]" if _refused(char) else char for char in content.translate(DROPPED))


def _refused(char: str) -> bool:
    code = ord(char)
    return code in REFUSED or code & 0xFFFE == 0xFFFE or (unicodedata.category(char) in ("Cc", "Cs") and char != "\n")
