"""HTML that somebody else wrote, made safe: an allow-list of what it may hold, links and images of ours alone."""

import re
from functools import cache
from typing import Any

from handover.document.html import GONE

_INLINE = (
    "a abbr b bdi bdo br cite code del dfn em i img ins kbd mark q rp rt ruby s samp small span strong sub sup "
    "time u var wbr"
)
INLINE = frozenset(_INLINE.split())
_BLOCK = (
    "address blockquote caption dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre summary "
    "table tbody td tfoot th thead tr ul"
)
BLOCK = frozenset(_BLOCK.split())
ATTRIBUTES = {
    "*": {"dir", "lang", "id"},
    "a": {"href", "title", "name"},
    "abbr": {"title"},
    "bdo": {"dir"},
    "details": {"open"},
    "img": {"src", "alt", "title", "width", "height"},
    "li": {"value"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml)(;[\w=-]+)*,[^\s<>\"']*\Z", re.ASCII)
OUTSIDE = re.compile(r"(https?://|mailto:)\S+\Z", re.ASCII | re.IGNORECASE)
SMALL = re.compile(r"[0-9]{1,3}\Z", re.ASCII)
NAME = re.compile(r"[\w.:-]{1,80}\Z")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", re.ASCII)
#: The values that these attributes may have; anything else is dropped.
VALUES = {
    "src": IMAGE,
    "lang": LANGUAGE,
    "dir": re.compile(r"(ltr|rtl|auto)\Z"),
    "scope": re.compile(r"(row|col|rowgroup|colgroup)\Z"),
    "datetime": re.compile(r"[0-9TZ:.+-]{4,32}\Z", re.ASCII),
    **dict.fromkeys(("colspan", "rowspan", "value", "start"), SMALL),
    **dict.fromkeys(("width", "height"), re.compile(r"[0-9]{1,4}\Z", re.ASCII)),
    **dict.fromkeys(("id", "name"), NAME),
}


def outside(url: str) -> bool:
    """Whether a link leads out to the web or to a mail address."""
    return bool(OUTSIDE.match(url))


def image(url: str) -> bool:
    """Whether an image carries its own data, in a format that a page may show."""
    return bool(IMAGE.match(url))


def clean(html: str) -> str:
    """Return a fragment of HTML without anything that could act, ask, or dress itself up as ours."""
    return _cleaner(INLINE | BLOCK).clean(html)


def tag(html: str) -> tuple[str, str, bool]:
    """Make one inline tag safe: (its mark-up, its name, whether it closes); empty if it is not allowed."""
    found = re.match(r"<(/?)([A-Za-z][A-Za-z0-9]*)", html)
    if not found or found[2].lower() not in INLINE:
        return "", found[2].lower() if found else "", bool(found and found[1])
    name, closes = found[2].lower(), bool(found[1])
    if closes:
        return f"</{name}>", name, True
    return _cleaner(INLINE).clean(html).removesuffix(f"</{name}>"), name, False


@cache
def _cleaner(tags: frozenset[str]) -> Any:
    import nh3

    def judge(name: str, attribute: str, value: str) -> str | None:
        allowed = VALUES.get(attribute)
        return None if allowed and not allowed.match(value) else value

    return nh3.Cleaner(
        tags=set(tags),
        clean_content_tags=set(GONE),
        attributes={name: set(names) for name, names in ATTRIBUTES.items()},
        attribute_filter=judge,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )
