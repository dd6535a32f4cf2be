"""The catalogue as an Atom feed: what is recent, for those who follow."""

import datetime as dt
import html
from collections.abc import Mapping, Sequence
from typing import Any

from handover.press.catalogue_page import TITLE, day

ATOM = "http://www.w3.org/2005/Atom"
#: A feed tells what is recent; the catalogue has the rest.
LENGTH = 50
#: What the feed is called by programs, wherever it lies.
ID = "urn:handover:catalogue"


def write(reports: Sequence[Mapping[str, Any]], url: str = "") -> bytes:
    """Write the feed of a catalogue's reports, as `catalogue.entries` gives them.

    An entry's time is the day its report speaks from. Its id names report and edition and nothing else, so that it
    stays the same when the catalogue moves.

    Args:
        reports: The reports.
        url: Where the feed is published, with a slash at its end; without it, links are relative to the feed.
    """
    from xml.etree import ElementTree

    root = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    every = (one for report in reports for one in report["editions"])
    # sorting keeps the order of equals: of one report and day the edition rendered last stays first
    recent = sorted(every, key=lambda one: one["as_of"], reverse=True)[:LENGTH]

    def add(parent: Any, tag: str, text: str = "", **attributes: str) -> Any:
        element = ElementTree.SubElement(parent, tag, attributes)
        element.text = _printable(text) or None
        return element

    add(root, "id", ID)
    add(root, "title", TITLE)
    add(root, "updated", _midnight(max((one["as_of"] for one in recent), default="1970-01-01")))
    add(add(root, "author"), "name", "handover")
    add(root, "link", rel="self", href=f"{url}feed.xml", type="application/atom+xml")
    add(root, "link", rel="alternate", href=f"{url}index.html", type="text/html")
    for one in recent:
        entry = add(root, "entry")
        entry.set("xml:lang", one["language"])
        add(entry, "id", f"urn:handover:{one['report']}:{one['edition']}")
        add(entry, "title", f"{one['title']} ({day(one['as_of'])})")
        add(entry, "updated", _midnight(one["as_of"]))
        add(entry, "summary", one["standfirst"])
        for kind, rel in (("html", "alternate"), ("pdf", "enclosure")):
            file = one["files"][kind]
            add(entry, "link", rel=rel, href=url + file["path"], type=file["mime"], length=str(file["bytes"]))
        add(entry, "content", _content(one), type="html")
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _content(one: Mapping[str, Any]) -> str:
    """What a feed reader shows: the standfirst, and what the edition says that the one before it did not."""
    lines = [f"<p>{html.escape(one['standfirst'])}</p>"]
    if one["before"] and one["changed"]:
        changes = "".join(f"<li>{_change(change)}</li>" for change in one["changed"])
        lines.append(f"<p>Changed since {html.escape(one['before'])}:</p><ul>{changes}</ul>")
    elif one["before"]:
        lines.append(f"<p>No number changed since {html.escape(one['before'])}.</p>")
    return "".join(lines)


def _change(change: Mapping[str, Any]) -> str:
    label, before, after = (html.escape(str(change[key])) for key in ("label", "before", "after"))
    told = {"new": after, "gone": f"no longer stated (was {before})", "revised": f"{after} (was {before})"}
    return f"{label}: {told[change['kind']]}"


def _midnight(day: str) -> str:
    return f"{dt.date.fromisoformat(day)}T00:00:00Z"


def _printable(text: str) -> str:
    """A text without the characters that XML cannot carry."""
    return "".join(
        c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
