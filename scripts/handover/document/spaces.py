"""Spaces at which no line ends: in a date, between a number and what it counts, an initial or a rank and its name.

Both printers read a text through here. Notebooks and data keep their ordinary spaces, so that
comparing, hashing and searching them needs no others.
"""

import re
from html import unescape
from typing import Any

from handover.document.words import MONTHS
from handover.text import kept

NO_BREAK = "\u00a0"
_MONTHS = "|".join(MONTHS["en"])
_RANKS = "Lt|Gen|Col|Maj|Brig|Capt|Sgt|Adm|Sen|Rep|Gov|Mr|Mrs|Ms|Dr|Prof|St"
_COUNTS = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_NEVER = "a|an|and|as|at|but|by|for|from|had|has|if|in|is|it|of|on|or|so|than|that|the|to|was|were|with"
#: A number that counts something, which a bare year does not.
_NUMBER = rf"(?<![^\s(])(?!(?:19|20)\d\d(?:\s|$))(?:\d+(?:[.,]\d+)*|(?i:{_COUNTS}))"
#: A short word that may be what is counted.
_COUNTED = rf"(?!(?:{_NEVER})\b)[a-z]{{1,12}}\b"
#: Each begins with a word, and ends where a space must not break.
_BEFORE = (
    rf"\d{{1,2}} to(?= \d{{1,2}} (?:{_MONTHS})\b)",
    rf"\d{{1,2}}(?= (?:{_MONTHS})\b)",
    rf"(?:{_MONTHS})(?= \d{{4}}\b)",
    rf"(?:{_RANKS})\.(?= [A-Z])",
    r"[A-Z][a-z]+ [A-Z]\.(?= [A-Z][a-z])",
    r"(?:p|pp|No|para)\.(?= \d)",
    r"(?:page|paragraph|sentence|cell)(?= \d)",
    r"grade(?= [A-D]\b)",
    rf"{_NUMBER}(?= {_COUNTED})",
)
PAIRS = re.compile(rf"(?<!\w)(?:{'|'.join(_BEFORE)}) ")
COUNT = re.compile(f"{_NUMBER}$")
COUNTED = re.compile(f" {_COUNTED}")


@kept
def bind(content: str) -> str:
    """Return a text with the spaces bound that must not break."""
    return PAIRS.sub(lambda found: found[0].replace(" ", NO_BREAK), content) if " " in content else content


def bind_tokens(found: list[dict[str, Any]], before: str = "") -> str:
    """Bind the texts among Markdown's tokens where they stand, and a number in a link to the word behind it.

    The mark of a conflict does not part a number from its word. The columns of a table may be too narrow for a date.

    Args:
        found: Neighbours.
        before: What stands before them.

    Returns:
        What stands before their end.
    """
    for token in found:
        if token["type"] == "table":
            continue
        if token["type"] == "text":
            follows = COUNT.search(before) and COUNTED.match(token["raw"])
            token["raw"] = bind(NO_BREAK + token["raw"][1:] if follows else token["raw"])
            before = unescape(token["raw"])
        elif "children" in token:
            inside = bind_tokens(token["children"])
            before = before if token.get("attrs", {}).get("url", "").startswith("#conflict-") else inside
        else:
            before = ""
    return before
