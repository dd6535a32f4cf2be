"""What the preview asks of the process that renders, and what that tells it, by the number of the question."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted: a render of what is there now, pictures of the PDF's pages, or both. Earlier ones are moot."""

    number: int
    render: bool
    pages: bool


@dataclass(frozen=True, slots=True)
class At:
    """It is at a phase; nought of nought for one without steps."""

    number: int
    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Done:
    """All is sent; nothing, if the report was made from the same before, as when an editor stored outputs."""

    number: int


@dataclass(frozen=True, slots=True)
class Html:
    """The report ran, and passed its checks; `warnings` is what cells wrote to their error stream."""

    number: int
    html: bytes
    edition: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pdf:
    """The PDF of the HTML sent before."""

    number: int
    pdf: bytes


@dataclass(frozen=True, slots=True)
class Pages:
    """Pictures of the pages of the PDF sent last, since somebody looks at them."""

    number: int
    pages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no report, or no PDF if its HTML was sent; `text` is what the command line would print."""

    number: int
    text: str


Message = At | Html | Pdf | Pages | Failed | Done
