"""Markdown as a tree, read once by nbconvert's own parser, so that HTML and PDF read the same text the same way."""

from functools import cache, lru_cache
from html import unescape
from typing import Any

from handover.document import bound
from handover.text import whole

Token = dict[str, Any]

#: What nbconvert itself turns on (``MarkdownWithMath.DEFAULT_PLUGINS``).
PLUGINS = ("strikethrough", "table", "url", "task_lists", "def_list")

#: HTML elements that a browser would run, ask for or fill in: gone from every page, with all they hold.
_GONE = "script style template iframe object embed noscript textarea select audio video canvas"
GONE = frozenset(_GONE.split())


@cache
def _parser() -> Any:
    import mistune
    from nbconvert.filters.markdown_mistune import MathBlockParser, MathInlineParser

    return mistune.Markdown(
        renderer=None,
        block=MathBlockParser(),
        inline=MathInlineParser(hard_wrap=False),
        plugins=[mistune.import_plugin(name) for name in PLUGINS],
    )


@lru_cache(maxsize=256)
def parse(source: str) -> list[Token]:
    """Return the block tokens of a Markdown text, which nobody may change; spaces that must not break are bound.

    Each page reads a text more than once, and the texts of a report hardly differ from one day to the next.

    Beside mistune's own token types the tree may hold ``inline_math``, ``block_math`` (LaTeX in
    ``raw``) and ``latex_environment`` (``attrs``: name, body), from nbconvert's parser.
    """
    return bound.tokens(_parser().parse(whole(source))[0])


def plain(tokens: list[Token]) -> str:
    """Return the text of a list of tokens without any mark-up, for titles and descriptions."""
    parts = []
    for token in tokens:
        if "children" in token:
            parts.append(plain(token["children"]))
        elif token["type"] in ("softbreak", "linebreak", "blank_line"):
            parts.append(" ")
        elif token["type"] not in ("inline_html", "block_html"):
            raw = token.get("raw", "")
            parts.append(unescape(raw) if token["type"] == "text" else raw)
    return "".join(parts)


def plain_text(source: str) -> str:
    """Return a short Markdown text, such as a chart's title, without mark-up."""
    return " ".join(plain(parse(source)).split())
