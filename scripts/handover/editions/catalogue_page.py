"""The catalogue for readers: static pages that run nothing and ask only for what lies beside them."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

from handover import digest
from handover.document import MONTHS, bound
from handover.editions.settings import Site
from handover.text import legible

TEMPLATES = Path(__file__).parent / "templates"
#: Changes shown before the rest is folded away, and earlier editions named on the front page.
CHANGES_SHOWN, EARLIER_SHOWN = 5, 3
#: Characters of a setting shown.
SETTING_SHOWN = 80
#: Editions on one page. Pages are filled from the oldest edition on, so that a full one stays as it is.
ROWS = 200


def write(reports: Sequence[Mapping[str, Any]], site: Site) -> dict[str, bytes]:
    """Write the pages of a catalogue's reports, as `catalogue.entries` gives them.

    Args:
        reports: The reports.
        site: What the catalogue is called, and where it is published; link previews want whole addresses.

    Returns:
        The bytes of each page by name: `index.html`, and of each report all its editions.
    """
    count = sum(len(report["editions"]) for report in reports)
    leads = [(report, lead(report)) for report in reports]
    card = {
        "title": site.title,
        "description": site.description or "; ".join(report["title"] for report in reports) or "No edition yet.",
        "lead": leads[0][1] if leads else None,
    }
    others = {
        report["report"]: list(islice((one for one in report["editions"] if one is not newest), EARLIER_SHOWN))
        for report, newest in leads
    }
    body = _render("catalogue_body.html.j2", site, leads=leads, count=count, others=others)
    pages = {"index.html": _page(body, "index.html", site, card)}
    for report in reports:
        pages |= _archive(report, site)
    return pages


def lead(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """The edition that a reader gets who asks for nothing special."""
    return next(one for one in report["editions"] if one["edition"] == report["lead"])


def archive(report: str, number: int = 0) -> str:
    """Name of a page with all editions of a report; 0 is the newest, the others are numbered from the oldest."""
    return f"{report}_editions-{number}.html" if number else f"{report}_editions.html"


def _archive(report: Mapping[str, Any], site: Site) -> dict[str, bytes]:
    """The pages of all editions of a report."""
    name, editions = report["report"], report["editions"]
    last = -(-len(editions) // ROWS)
    oldest_first = editions[::-1]
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
        card = {"title": shown["title"], "description": shown["standfirst"], "lead": shown}
        if not newest:
            card["title"] += f": editions from {day(rows[-1]['as_of'])} to {day(rows[0]['as_of'])}"
        found[names[number]] = _page(body, names[number], site, card)
    return found


def _page(body: str, name: str, site: Site, card: Mapping[str, Any]) -> bytes:
    from markupsafe import Markup

    from handover.pages.html import embed, faces

    style = embed.rules(faces.used(body, rtl=False)) + faces.rules(rtl=False) + _sheet()
    files = card["lead"]["files"] if card["lead"] else {}
    page = (
        _templates()
        .get_template("catalogue.html.j2")
        .render(
            style=Markup(style),
            policy=digest.policy(style),
            body=Markup(body),
            name=name,
            site=site,
            picture=files.get("card") or files.get("picture"),
            wide="card" in files,
            **card,
        )
    )
    return page.encode()


def _render(template: str, site: Site, **values: Any) -> str:
    told = {"shown": CHANGES_SHOWN, "archive": archive, "settings": partial(settings, site)}
    return _templates().get_template(template).render(site=site, **told, **values)


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"day": day, "size": size, "number": number, "bound": bound.text}
    return found


@cache
def _sheet() -> str:
    return re.sub(r"/\*.*?\*/\s*", "", (TEMPLATES / "catalogue.css").read_text("utf-8"), flags=re.DOTALL)


def day(iso: str) -> str:
    """A date as readers write it: 2026-01-07 is 7 January 2026."""
    date = dt.date.fromisoformat(iso)
    return f"{date.day} {MONTHS['en'][date.month - 1]} {date.year}"


def settings(site: Site, one: Mapping[str, Any]) -> str:
    """What an edition was asked for beside its day, in the words of the project where it has some."""
    told = (site.phrase(name, value) or f"{name}: {setting(value)}" for name, value in sorted(one["variant"].items()))
    return ", ".join(told)


def setting(value: Any) -> str:
    """A parameter's value as a page has room for; the catalogue as data has the whole."""
    words = ", ".join(map(str, value)) if isinstance(value, list) else "none" if value is None else value
    text = " ".join(legible(words).split())
    return text if len(text) <= SETTING_SHOWN else text[:SETTING_SHOWN] + "…"


def number(count: int) -> str:
    """A count as readers write it: 10000 is 10,000."""
    return f"{count:,}"


def size(count: int) -> str:
    """A size in bytes as readers write it."""
    return f"{max(1, round(count / 1000))} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
