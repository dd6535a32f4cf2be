"""The catalogue for readers: one static page that runs nothing and asks only for what lies beside it."""

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from handover.press.legible import legible

TEMPLATES = Path(__file__).parent / "templates"
#: The page is English wherever it is made; strftime would ask the machine's locale.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
#: Changes shown before the rest is folded away.
CHANGES_SHOWN = 6
#: Characters of a setting shown in the table of editions.
SETTING_SHOWN = 80


def write(reports: Sequence[Mapping[str, Any]]) -> str:
    """Write the page of a catalogue's reports, as `catalogue.entries` gives them."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from handover.press.html import embed, faces

    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"day": day, "size": size, "setting": setting}
    leads = [
        (report, next(one for one in report["editions"] if one["edition"] == report["lead"])) for report in reports
    ]
    count = sum(len(report["editions"]) for report in reports)
    body = templates.get_template("catalogue_body.html.j2").render(leads=leads, count=count, shown=CHANGES_SHOWN)
    sheet = re.sub(r"/\*.*?\*/\s*", "", (TEMPLATES / "catalogue.css").read_text("utf-8"), flags=re.DOTALL)
    style = embed.rules(faces.used(body, rtl=False)) + faces.rules(rtl=False) + sheet
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return templates.get_template("catalogue.html.j2").render(
        style=Markup(style),
        digest=digest,
        body=Markup(body),
    )


def day(iso: str) -> str:
    """A date as readers write it: 2026-01-07 is 7 January 2026."""
    date = dt.date.fromisoformat(iso)
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def setting(value: Any) -> str:
    """A parameter's value as a table has room for; the catalogue as data has the whole."""
    words = ", ".join(map(str, value)) if isinstance(value, list) else "none" if value is None else value
    text = " ".join(legible(words).split())
    return text if len(text) <= SETTING_SHOWN else text[:SETTING_SHOWN] + "…"


def size(count: int) -> str:
    """A size in bytes as readers write it."""
    return f"{max(1, round(count / 1000))} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
