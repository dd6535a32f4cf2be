"""Source code with few colours: what a reader tells apart at a glance, each legible on white (WCAG AA)."""

from functools import lru_cache

from markupsafe import Markup, escape

from handover.pages.html.fill import fill
from handover.text import legible

#: pygments' kinds of token, and the class of the page's style sheet; the first that fits holds.
KINDS = (
    ("Comment", "c"),
    ("Literal.String", "s"),
    ("Literal.Number", "m"),
    ("Keyword", "k"),
    ("Operator.Word", "k"),
    ("Name.Decorator", "k"),
)


def code(source: str, language: str) -> Markup:
    """Source code as preformatted text."""
    return fill('<pre class="code" dir="ltr"><code>{}</code></pre>', _coloured(source, language))


@lru_cache(maxsize=512)
def _coloured(source: str, language: str) -> Markup:
    source = legible(source, code=True)
    if not language or len(source) > 100_000:
        return escape(source)
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(source)
    parts: list[tuple[str, str]] = []
    for token, text in lexer.get_tokens(source):
        name = str(token).removeprefix("Token.")
        kind = next((short for start, short in KINDS if name.startswith(start)), "")
        if parts and parts[-1][0] == kind:
            parts[-1] = (kind, parts[-1][1] + text)
        else:
            parts.append((kind, text))
    return Markup("").join(
        fill('<span class="{}">{}</span>', kind, text) if kind else escape(text) for kind, text in parts
    )
