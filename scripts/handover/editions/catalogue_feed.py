"""The catalogue as an Atom feed: what is recent, for those who follow."""

import datetime as dt
import html
from collections.abc import Mapping, Sequence
from typing import Any

from handover.editions.catalogue_page import day, settings
from handover.editions.compare import CORRECTED
from handover.editions.settings import Site

ATOM = "http://www.w3.org/2005/Atom"
#: A feed tells what is recent; the catalogue has the rest.
LENGTH = 50
#: What the feed of a project without an address is called by programs.
ID = "urn:handover:"


def write(reports: Sequence[Mapping[str, Any]], site: Site) -> bytes:
    """Write the feed of a catalogue's reports, as `catalogue.entries` gives them.

    An entry's time is that at which the edition was made, so that a correction of an old day is seen. Its id names the
    project, the report and the edition, so that it is no other desk's and stays the same when the catalogue grows. What
    speaks from a day to come is left out.

    Args:
        reports: The reports.
        site: What the catalogue is called, and where it is published; without an address links are relative.
    """
    from xml.etree import ElementTree

    root = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    every = [one for report in reports for one in report["editions"] if not one["ahead"]]
    # sorting keeps the order of equals: of one report and day the edition rendered last stays first
    every.sort(key=lambda one: one["as_of"], reverse=True)
    recent = sorted(every, key=_made, reverse=True)[:LENGTH]

    def add(parent: Any, tag: str, text: str = "", **attributes: str) -> Any:
        element = ElementTree.SubElement(parent, tag, attributes)
        element.text = _printable(text) or None
        return element

    add(root, "id", f"{site.id}feed.xml" if site.id else f"{ID}catalogue")
    add(root, "title", site.title)
    if site.description:
        add(root, "subtitle", site.description)
    add(root, "updated", max(map(_made, recent), default="1970-01-01T00:00:00Z"))
    add(add(root, "author"), "name", "handover")
    add(root, "link", rel="self", href=f"{site.url}feed.xml", type="application/atom+xml")
    add(root, "link", rel="alternate", href=f"{site.url}index.html", type="text/html")
    for one in recent:
        entry = add(root, "entry")
        entry.set("xml:lang", one["language"])
        name = one["report"], one["edition"]
        add(entry, "id", site.id + "/".join(name) if site.id else ID + ":".join(name))
        add(entry, "title", f"{one['title']} ({', '.join(_about(one, site))})")
        add(entry, "updated", _made(one))
        add(entry, "summary", one["standfirst"])
        for kind, rel in (("html", "alternate"), ("pdf", "enclosure")):
            file = one["files"][kind]
            add(entry, "link", rel=rel, href=site.url + file["path"], type=file["mime"], length=str(file["bytes"]))
        add(entry, "content", _content(one), type="html")
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _content(one: Mapping[str, Any]) -> str:
    """What a feed reader shows: the standfirst, and what the edition says that the one before it did not."""
    lines = [f"<p>{html.escape(one['standfirst'])}</p>"]
    since = f"since {day(one['before'][:10])}" if one["before"] else "in this edition"
    if one["changed"]:
        changes = "".join(f"<li>{html.escape(change['text'])}</li>" for change in one["changed"])
        lines.append(f"<p>What has changed {since}:</p><ul>{changes}</ul>")
    elif one["before"]:
        lines.append(f"<p>Nothing in it is new {since}.</p>")
    return "".join(lines)


def _about(one: Mapping[str, Any], site: Site) -> list[str]:
    """What an edition's title does not say: its day, what it was asked for, and that it corrects another."""
    corrects = one["replaces"] and any(change["kind"] == CORRECTED for change in one["changed"])
    return list(filter(None, [day(one["as_of"]), settings(site, one), "corrected" if corrects else ""]))


def _made(one: Mapping[str, Any]) -> str:
    """When an edition was made; the day it speaks from where nobody knows."""
    try:
        made = dt.datetime.fromisoformat(one["made"])
    except ValueError:
        made = dt.datetime.fromisoformat(one["as_of"])
    return (made if made.tzinfo else made.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _printable(text: str) -> str:
    """A text without the characters that XML cannot carry."""
    return "".join(
        c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
