"""The catalogue for readers and followers: static pages that ask only for what lies beside them, and an Atom feed."""

import datetime as dt
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from handover import digest
from handover.document import MONTHS, spaces
from handover.editions.catalogue import FEED, INDEX, Entry, Listed, Site, archive
from handover.editions.changes import CORRECTED
from handover.text import whole

TEMPLATES = Path(__file__).parent / "templates"
#: Changes shown before the rest is folded away, and earlier editions named on the front page.
CHANGES_SHOWN, EARLIER_SHOWN = 5, 3
#: Editions on one page. Pages are filled from the oldest edition on, so that a full one stays as it is.
ROWS = 200
#: How many editions the feed lists; the catalogue has all.
RECENT = 50


def write(reports: Sequence[Listed], site: Site) -> dict[str, bytes]:
    """Write the pages of a catalogue, by name: its front page, and of each report all its editions."""
    leads = [(report, lead(report)) for report in reports if report["lead"]]
    others = {
        report["report"]: [one for one in report["editions"] if one is not newest][:EARLIER_SHOWN]
        for report, newest in leads
    }
    count = sum(len(report["editions"]) for report in reports)
    body = _render("catalogue_body.html.j2", site, leads=leads, count=count, others=others)
    described = site.description or "; ".join(report["title"] for report, _ in leads) or "No edition yet."
    pages = {INDEX: _page(body, INDEX, site, site.title, described, leads[0][1] if leads else None)}
    for report in reports:
        pages |= _archive(report, site)
    return pages


def lead(report: Listed) -> Entry:
    """The edition that a reader gets who asks for nothing special; the newest, where all are of days to come."""
    return next((one for one in report["editions"] if one["edition"] == report["lead"]), report["editions"][0])


def _archive(report: Listed, site: Site) -> dict[str, bytes]:
    name, oldest_first = report["report"], report["editions"][::-1]
    last = -(-len(oldest_first) // ROWS)
    chunks = {number: oldest_first[(number - 1) * ROWS : number * ROWS][::-1] for number in range(1, last + 1)}
    # the newest page has the report's own name, which is the one that people pass on
    names = {number: archive(name, number if number < last else 0) for number in chunks}
    spans = [(names[number], rows[-1]["as_of"], rows[0]["as_of"]) for number, rows in sorted(chunks.items())][::-1]
    found = {}
    for number, rows in chunks.items():
        newest = number == last
        body = _render(
            "catalogue_archive.html.j2",
            site,
            report=report,
            lead=lead(report),
            rows=rows,
            newest=newest,
            spans=spans if newest and last > 1 else [],
            newer=names.get(number + 1),
            older=names.get(number - 1),
        )
        # what an older page shows of itself is its own, so that a full one stays as it is
        shown = lead(report) if newest else rows[0]
        span = "" if newest else f": editions from {day(rows[-1]['as_of'])} to {day(rows[0]['as_of'])}"
        found[names[number]] = _page(body, names[number], site, shown["title"] + span, shown["standfirst"], shown)
    return found


def _page(body: str, name: str, site: Site, title: str, description: str, shown: Entry | None) -> bytes:
    """A page around its body; a preview of a link to it shows one edition's picture."""
    from markupsafe import Markup

    from handover.pages import font_rules, style_sheet

    body = whole(body)
    style = font_rules(body) + style_sheet(TEMPLATES / "catalogue.css")
    files = shown["files"] if shown else {}
    page = _render(
        "catalogue.html.j2",
        site,
        style=Markup(style),
        policy=digest.policy(style),
        body=Markup(body),
        name=name,
        picture=files.get("card") or files.get("picture"),
        wide="card" in files,
        title=title,
        description=description,
        lead=shown,
    )
    return whole(page).encode()


def _render(template: str, site: Site, **values: Any) -> str:
    from handover.pages import environment

    templates = environment(TEMPLATES, day=day, size=size, number="{:,}".format, bound=spaces.bind)
    shared = {"shown": CHANGES_SHOWN, "archive": archive, "settings": site.settings}
    return templates.get_template(template).render(site=site, **shared, **values)


def day(iso: str) -> str:
    """A date as readers write it: 2026-01-07 is 7 January 2026."""
    date = dt.date.fromisoformat(iso)
    return f"{date.day} {MONTHS['en'][date.month - 1]} {date.year}"


def size(count: int) -> str:
    """A size in bytes as readers write it."""
    return f"{max(1, round(count / 1000))} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def feed(reports: Sequence[Listed], site: Site) -> bytes:
    """Write the feed of a catalogue.

    An entry's time is that at which the edition was made, so that a correction of an old day is seen. Its id names the
    project, the report and the edition, so that it is unique and stays the same when the catalogue grows. Editions
    of a day to come are left out. Without an address of the site, links are relative, and the ids are made from its
    title, which tells one desk from another as long as no two choose the same.
    """
    from xml.etree import ElementTree

    root = ElementTree.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "en"})
    every = [one for report in reports for one in report["editions"] if not one["ahead"]]
    # sorting keeps the order of equals: of one report and day the edition rendered last stays first
    every.sort(key=lambda one: one["as_of"], reverse=True)
    recent = sorted(every, key=_made, reverse=True)[:RECENT]

    def add(parent: Any, tag: str, text: str = "", **attributes: str) -> Any:
        element = ElementTree.SubElement(parent, tag, {name: _printable(one) for name, one in attributes.items()})
        element.text = _printable(text) or None
        return element

    add(root, "generator", "handover catalogue")  # first, since `catalogue` looks for it near the beginning
    add(root, "id", _id(site, FEED))
    add(root, "title", site.title)
    if site.description:
        add(root, "subtitle", site.description)
    add(root, "updated", max(map(_made, recent), default="1970-01-01T00:00:00Z"))
    add(add(root, "author"), "name", "handover")
    add(root, "link", rel="self", href=f"{site.url}{FEED}", type="application/atom+xml")
    add(root, "link", rel="alternate", href=f"{site.url}{INDEX}", type="text/html")
    for one in recent:
        entry = add(root, "entry")
        entry.set("xml:lang", one["language"])
        add(entry, "id", _id(site, f"{one['report']}/{one['edition']}"))
        add(entry, "title", f"{one['title']} ({', '.join(_about(one, site))})")
        add(entry, "updated", _made(one))
        add(entry, "summary", one["standfirst"])
        for kind, rel in (("html", "alternate"), ("pdf", "enclosure")):
            file = one["files"][kind]
            add(entry, "link", rel=rel, href=site.url + file["path"], type=file["mime"], length=str(file["bytes"]))
        add(entry, "content", _content(one), type="html")
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _id(site: Site, path: str) -> str:
    return f"{site.id}{path}" if site.id else uuid5(uuid5(NAMESPACE_URL, f"handover:{whole(site.title)}"), path).urn


def _content(one: Entry) -> str:
    """What a feed reader shows: the standfirst, and what has changed since the edition before."""
    lines = [f"<p>{html.escape(one['standfirst'])}</p>"]
    since = f"since {day(one['before'][:10])}" if one["before"] else "in this edition"
    if one["changed"]:
        changes = "".join(f"<li>{html.escape(change['text'])}</li>" for change in one["changed"])
        lines.append(f"<p>What has changed {since}:</p><ul>{changes}</ul>")
    elif one["before"]:
        lines.append(f"<p>Nothing in it is new {since}.</p>")
    return "".join(lines)


def _about(one: Entry, site: Site) -> list[str]:
    """What an edition's title does not say: its day, what it was asked for, and that it corrects another."""
    corrects = one["replaces"] and any(change["kind"] == CORRECTED for change in one["changed"])
    return list(filter(None, [day(one["as_of"]), site.settings(one), "corrected" if corrects else ""]))


def _made(one: Mapping[str, Any]) -> str:
    """When an edition was made; the day it speaks from where that is unknown."""
    try:
        made = dt.datetime.fromisoformat(one["made"])
        made = (made if made.tzinfo else made.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        made = dt.datetime.fromisoformat(one["as_of"])
    return f"{made.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _printable(text: str) -> str:
    """A text without the characters that XML cannot carry."""
    return "".join(
        c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
