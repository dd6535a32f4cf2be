"""The text of a PDF's content, glyph by glyph: each font's own table read back."""

import re
from typing import Any

Table = dict[int, str]


def table(font: Any) -> Table:
    """The text of each code of a font, from its ToUnicode map."""
    cmap = font.ToUnicode.read_bytes().decode("latin-1")
    found: Table = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, text in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be", "replace")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, text in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = int.from_bytes(bytes.fromhex(text), "big")
            for code in range(int(first, 16), min(int(last, 16), int(first, 16) + 0xFFFF) + 1):
                found[code] = chr(start + code - int(first, 16))
    return found


def decoded(codes: bytes, codes_known: Table) -> str:
    """The text of a shown string; what the table lacks stands as U+FFFD."""
    return "".join(codes_known.get(int.from_bytes(codes[n : n + 2], "big"), "\ufffd") for n in range(0, len(codes), 2))
