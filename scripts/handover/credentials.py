"""Secrets: which names are those of one, and where a text holds one of this process's environment.

A name is judged by its words: it is a secret's if what it names is one, as `db_password` and `api_key` do, and
`key_findings`, `tokens_per_day`, `primary_key` and `monkey` do not. A variable's value counts if it is not short.
"""

import os
import re
from functools import cache, lru_cache
from itertools import pairwise

#: A value, or a form of it, with fewer characters than this would be found by chance.
SHORTEST = 8

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: Words that mean a secret wherever they stand, and those that do so in a pair, or as the last word alone.
CERTAIN = re.compile(
    r".*(password|passwd|passphrase|passcode|credential)s?|pwd|creds|.*(api|access|private|secret)keys?"
)
PAIRED = re.compile(r"(key|token|secret)s?")
LAST = re.compile(r"key|.*token|.*secrets?")
#: What stands before a key or token that opens something, and before one that does not.
OPENING = re.compile(
    r"access|account|api|app|auth|bearer|bot|client|deploy|deployment|encryption|jwt|master|oauth|private|refresh|secret|"
    r"service|session|shared|sign|signing|ssh|storage|webhook"
)
HARMLESS = re.compile(
    r"answer|cache|candidate|chart|colou?r|column|composite|dict|dictionary|foreign|group|index|join|legend|lookup|map|"
    r"merge|natural|partition|primary|row|sort|surrogate|table|translation|unique"
)
#: Last words that leave a secret one, and those that name something about it.
TAILS = re.compile(r"base|dev|id|live|plain|prod|raw|staging|str|string|test|text|value")
ABOUT = re.compile(
    r"age|attempts|budget|changes|counts?|days|expiry|file|findings|folder|form|length|limit|name|number|path|per|policy|"
    r"rate|resets|rules?|share|size|total|type|url"
)


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Whether a parameter or variable is named like a secret."""
    words = [word.lower() for word in WORD.findall(name)]
    if not words or ABOUT.fullmatch(words[-1]):
        return False
    while len(words) > 1 and TAILS.fullmatch(words[-1]):
        words.pop()
    before, last = words[-2:] if len(words) > 1 else ("", words[0])
    return (
        any(CERTAIN.fullmatch(word) for word in words)
        or any(OPENING.fullmatch(first) and PAIRED.fullmatch(second) for first, second in pairwise(words))
        or bool(LAST.fullmatch(last) and not HARMLESS.fullmatch(before))
    )


def held() -> dict[str, tuple[str, ...]]:
    """The environment's secrets: by variable what a text may not hold, which is the value as it is and encoded.

    Long values come first, since one may be part of another.
    """
    values = {name: value.strip() for name, value in os.environ.items() if name != "PWD" and is_secret(name)}
    names = sorted(values, key=lambda name: -len(values[name]))
    return {name: _forms(values[name]) for name in names if len(values[name]) >= SHORTEST}


def mask(text: str) -> str:
    """Put the name of its variable in place of each of the environment's secrets."""
    for name, forms in held().items():
        for form in forms:
            text = text.replace(form, f"[${name}]")
    return text


@cache
def _forms(value: str) -> tuple[str, ...]:
    """A secret as it is, and as JSON, HTML, addresses, hexadecimal and Base64 have it; in Base64 behind any text."""
    import base64
    import html
    import json
    from urllib.parse import quote, quote_plus

    raw = value.encode("utf-8", "surrogateescape")
    forms = {value, repr(value)[1:-1], html.escape(value), raw.hex(), raw.hex().upper()}
    forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    for before in range(3):
        # characters that also hold bits of what stands before or after are left out
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        forms |= {
            encode(b"\0" * before + raw)[first:last].decode() for encode in (base64.b64encode, base64.urlsafe_b64encode)
        }
    return tuple(sorted((form for form in forms if len(form) >= SHORTEST), key=len, reverse=True))
