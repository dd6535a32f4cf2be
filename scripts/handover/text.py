"""Text made safe for a page: what would break the file or turn the reading order becomes visible."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, wraps

#: Lone surrogates cannot be written; C0 and C1 controls and noncharacters are not allowed in HTML.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
#: Embeddings and overrides make text read otherwise than it is; isolates end with their line and may stay in prose.
OVERRIDES = re.compile("[\u202a-\u202e]")
TURNERS = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: The words for which a digit may stand.
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = (
    *DIGITS[2:],
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    *("twenty", "thirty", "forty", "fifty"),
    *("sixty", "seventy", "eighty", "ninety", "hundred", "hundreds", "thousand", "thousands", "million", "billion"),
    *("dozen", "dozens", "twice", "thrice"),
)
#: How many lines of a list a message has where one is enough to see what is meant.
FEW = 10
#: "one" is a pronoun far more often than a number, and is left to the author.
NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)
#: Characters of a text that is worth keeping.
SHORT = 1000


def kept(change: Callable[..., str]) -> Callable[..., str]:
    """Keep what a function makes of short texts, most of which a report, and the next edition of it, has again."""
    again = lru_cache(maxsize=8192)(change)

    @wraps(change)
    def changed(text: str, *about: object) -> str:
        return again(text, *about) if len(text) <= SHORT else change(text, *about)

    return changed


def whole(text: str) -> str:
    """Replace lone surrogates, which JSON can contain and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def printable(text: object, *, code: bool = False) -> str:
    """Return a text that can be written as UTF-8 and reads in the order in which it is stored."""
    written = "" if text is None else str(text)
    if written.replace("\n", "").isprintable():
        return written  # nearly every text: no character named here is printable
    written = UNWRITABLE.sub("\ufffd", written.replace("\r\n", "\n").replace("\r", "\n"))
    return (TURNERS if code else OVERRIDES).sub(lambda found: f"[U+{ord(found[0]):04X}]", written)


def shown(text: object, most: int = 160) -> str:
    """Put a text of unknown origin on one line, without anything that a terminal would obey."""
    try:
        line = " ".join(printable(text, code=True).split())
    except RecursionError:
        return "something nested without end"
    return line if len(line) <= most else line[: most - 1] + "…"


def listed(lines: Iterable[str], most: int = 20) -> list[str]:
    """The first of some lines, and in one more how many others there are."""
    found = list(lines)
    return found if len(found) <= most + 1 else [*found[:most], f"… and {len(found) - most:,} more"]
