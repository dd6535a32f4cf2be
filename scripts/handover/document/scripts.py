"""What the letters of a text say of it: which way it runs, and, where only one language is written so, which it is."""

import re
from dataclasses import replace
from itertools import groupby

from handover.document import model

LETTER = re.compile(r"[^\W\d_]")
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
#: Letters of one language alone, or nearly so.
SURE = {
    "ja": "[\u3041-\u30ff]", "ko": "[\uac00-\ud7a3]", "zh": "[\u4e00-\u9fff]", "th": "[\u0e01-\u0e5b]",
    "he": "[\u05d0-\u05ea]", "el": "[\u0386-\u03ce]", "hy": "[\u0531-\u058a]", "ka": "[\u10d0-\u10ff]",
    "ta": "[\u0b80-\u0bff]", "te": "[\u0c00-\u0c7f]", "km": "[\u1780-\u17ff]", "lo": "[\u0e81-\u0edf]",
}  # fmt: skip
ARABIC, TA_MARBUTA = re.compile("[\u0620-\u064a\u066e-\u06d3]"), "\u0629"
#: Letters that Arabic does not have, and its neighbours do.
NEIGHBOURS = re.compile("[\u0679\u067e\u0686\u0688\u0691\u0698\u06a9\u06af\u06ba\u06c1\u06cc\u06d2\u06d5]")
#: Blocks that run as their text does; code and formulas always run from left to right.
RUNNING = model.Paragraph | model.Plain | model.Quote | model.List | model.Definitions | model.Table | model.Details
DENSE = ("ja", "ko", "zh")


def direction(text: str) -> str:
    """``rtl`` or ``ltr``, as most letters of a text are written; "" for a text without letters."""
    if not LETTER.search(text):
        return ""
    turned = len(RIGHT_TO_LEFT.findall(text))
    return "rtl" if turned and 2 * turned > len(LETTER.findall(text)) else "ltr"


def language(text: str) -> str:
    """The language of a text whose letters leave no doubt, else ""."""
    letters = len(LETTER.findall(text))
    if text.isascii() or not letters:
        return ""
    if 2 * len(ARABIC.findall(text)) > letters:
        return "ar" if TA_MARBUTA in text and not NEIGHBOURS.search(text) else ""
    counts = {name: len(re.findall(signs, text)) for name, signs in SURE.items()}
    # a sign of these says as much as two letters, and of a text in Japanese or Korean, ideographs may be most of it
    letters += sum(counts[name] for name in DENSE)
    counts |= {name: 2 * counts[name] for name in DENSE}
    mixed = next((name for name in DENSE[:2] if counts[name] * 4 > counts["zh"]), "")
    if mixed:
        counts[mixed] += counts["zh"]
    name = max(counts, key=counts.__getitem__)
    return name if 2 * counts[name] > letters else ""


def directed(part: model.Part, base: str) -> model.Part:
    """A part whose blocks, but for headings, run as they are written where that is not the way of the document."""
    if not isinstance(part, model.Prose | model.Output):
        return part

    def way(block: model.Block) -> str:
        own = direction(model.plain((block,))) if isinstance(block, RUNNING) else ""
        return own if own != base else ""

    runs = [(own, tuple(run)) for own, run in groupby(part.blocks, way)]
    if not any(own for own, _ in runs):
        return part
    blocks = [[model.Division(run, direction=own)] if own else run for own, run in runs]
    return replace(part, blocks=tuple(block for run in blocks for block in run))
