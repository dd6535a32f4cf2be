"""What a page says of itself: its edition, its date, what is attached to it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

AUTHOR = "Handover desk"
#: The picture beside the HTML that a link to it shows where people share it, and its dots across and down.
LINK_PICTURE = "link.png"
LINK_SIZE = (1200, 630)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels inside the PDF."""

    name: str
    data: bytes
    mime: str
    description: str
    relationship: str = "data"


@dataclass(frozen=True, slots=True)
class Imprint:
    """The facts of one printing.

    `edition` is printed on each page ("" for a page that was never published); `date` is the day the
    report speaks from and `epoch` that day in seconds, the only clock a page ever sees; `colophon` holds
    the rows (label, value) printed last.
    """

    edition: str
    date: dt.date
    epoch: int
    author: str = AUTHOR
    attachments: tuple[Attachment, ...] = ()
    colophon: tuple[tuple[str, str], ...] = ()

    @property
    def signed(self) -> str:
        """Who signs under the title: nobody where a notebook names no author and is no edition of the desk's."""
        return self.author if self.edition or self.author != AUTHOR else ""


#: The day of a page that speaks from no day; the clock is never asked.
NO_DAY = dt.date(1970, 1, 1)


def of(
    metadata: Mapping[str, Any],
    parameters: Mapping[str, Any],
    *,
    edition: str = "",
    attachments: tuple[Attachment, ...] = (),
    colophon: tuple[tuple[str, str], ...] = (),
) -> Imprint:
    """The imprint of a notebook.

    Args:
        metadata: The notebook's own metadata; ``date`` and ``authors`` count.
        parameters: What it ran with; ``as_of`` counts before the metadata's date.
        edition: The edition's name.
        attachments: Files for the PDF.
        colophon: Rows printed last.
    """
    day = day_of(parameters.get("as_of")) or day_of(metadata.get("date")) or NO_DAY
    authors = [
        str(one.get("name", "")) if isinstance(one, Mapping) else str(one) for one in metadata.get("authors") or ()
    ]
    return Imprint(
        edition=edition,
        date=day,
        epoch=int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()),
        author=", ".join(filter(None, authors)) or AUTHOR,
        attachments=attachments,
        colophon=colophon,
    )


def day_of(value: object) -> dt.date | None:
    """The day that a parameter names, or None when it names none."""
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
