"""The Markdown that sentences, titles and captions are made of: text, and links from a number to its evidence."""

import html
import re

#: What a link leads to; `handover.document.evidence` reads the same prefixes on the other side of the wall.
FACT, SOURCE, CLAIM, CONFLICT = "#fact-", "#source-", "#claim-", "#conflict-"
LINK = re.compile(r'\[((?:\\.|[^\]\\])*)\]\(([^)\s]*)(?: "([^"]*)")?\)')
ESCAPED = re.compile(r"\\([\\`*_\[\]<>#$|~&])")


def escape(text: str) -> str:
    """Make a text safe inside Markdown: what would be mark-up is escaped."""
    return re.sub(r"([\\`*_\[\]<>#$|~&])", r"\\\1", text)


def plain(markdown: str) -> str:
    """Return the text of a template's Markdown, without links and escapes."""
    return ESCAPED.sub(r"\1", LINK.sub(r"\1", markdown))


def inline(markdown: str) -> str:
    """Turn the links of a template's Markdown into HTML; a caption holds no other mark-up."""
    pieces, at = [], 0
    for link in LINK.finditer(markdown):
        pieces.append(html.escape(plain(markdown[at : link.start()]), quote=False))
        title = f' title="{html.escape(plain(link[3]))}"' if link[3] else ""
        pieces.append(f'<a href="{html.escape(link[2])}"{title}>{html.escape(plain(link[1]), quote=False)}</a>')
        at = link.end()
    pieces.append(html.escape(plain(markdown[at:]), quote=False))
    return "".join(pieces)
