"""What a page says of itself, and what lies beside it: handed to the printers with the document."""

import datetime as dt
from dataclasses import dataclass

#: The day of a page that speaks from no day; the clock is never asked.
NO_DAY = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels inside the PDF; `relationship` is PDF's: source, data, alternative or supplement."""

    name: str
    data: bytes
    mime: str
    description: str
    relationship: str = "data"


@dataclass(frozen=True, slots=True)
class LinkPicture:
    """The picture that a link to a page shows where people share it: its address from the page, and its dots."""

    address: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """The facts of one printing.

    Attributes:
        edition: Printed on each page; "" for a page that was never published.
        date: The day that the report speaks from, or `NO_DAY`.
        epoch: That day in seconds, the only clock that a page ever sees.
        author: Who signs; "" for nobody.
        attachments: Files inside the PDF.
        colophon: Rows (label, value) printed last.
        pdf: The address of the PDF beside an edition's HTML; "" for other pages.
        notebook: The address of its notebook.
        archive: The address of the list of the report's editions.
        index: The address of the list of all reports.
        link_picture: None for a page that is no edition.
        code: Whether the PDF shows the code of the cells; HTML has it in any case, folded away.
    """

    edition: str
    date: dt.date
    epoch: int
    author: str = ""
    attachments: tuple[Attachment, ...] = ()
    colophon: tuple[tuple[str, str], ...] = ()
    pdf: str = ""
    notebook: str = ""
    archive: str = ""
    index: str = ""
    link_picture: LinkPicture | None = None
    code: bool = False
