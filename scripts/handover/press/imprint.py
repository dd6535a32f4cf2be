"""What a page says of itself: its edition, its date, what is attached to it."""

import datetime as dt
from dataclasses import dataclass


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
    author: str = "Handover desk"
    attachments: tuple[Attachment, ...] = ()
    colophon: tuple[tuple[str, str], ...] = ()
