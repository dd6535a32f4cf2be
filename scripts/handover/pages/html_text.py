"""Text on its way into HTML: what is not mark-up already is escaped."""

from collections.abc import Iterable
from functools import partial
from urllib.parse import quote

import markupsafe
from markupsafe import Markup

from handover.text import kept

NOTHING = Markup("")
#: Takes a text that is mark-up as such; `Markup`, and its `join` and `format`, ask each text first what it is.
marked = partial(str.__new__, Markup)
_escaped = kept(markupsafe.escape)


def escape(text: object) -> Markup:
    """A text as mark-up; what is mark-up stays as it is."""
    return text if isinstance(text, Markup) else _escaped(str(text))


def fill(form: str, *values: object) -> Markup:
    """Fill a form with values; what is not mark-up already is escaped."""
    return marked(form.format(*map(escape, values)))


@kept
def href(anchor: str) -> str:
    """The address of an anchor within the page, with nothing to escape."""
    return "#" + quote(anchor, safe=":.-_~")


def link(anchor: str, text: str) -> Markup:
    """A link within the page."""
    return marked(f'<a href="{href(anchor)}">{escape(text)}</a>')


def attributes(**named: str) -> Markup:
    """Attributes, each with a space before it; those without a value are left out."""
    return marked("".join([f' {name}="{escape(value)}"' for name, value in named.items() if value]))


def run(parts: Iterable[Markup], between: str = "") -> Markup:
    """Pieces of mark-up in a row."""
    return marked(between.join(parts))


def lines(parts: Iterable[Markup]) -> Markup:
    """Pieces of mark-up, each on a line of its own."""
    return run(parts, "\n")


def joined(*parts: str, sign: str = "\u00a0· ") -> Markup:
    """Short texts in a row with a sign between them, by default a dot that does not begin a line."""
    return marked(sign.join([escape(part) for part in parts if part]))
