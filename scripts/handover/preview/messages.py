"""What the process that renders tells the preview; each message carries the number of the save it answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class At:
    """It is at a phase; nought of nought for one without steps."""

    number: int
    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Same:
    """The save changed nothing that the report is made from, such as outputs that an editor stored."""

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
    """The PDF of the HTML sent before, and a drawing of each of its pages."""

    number: int
    pdf: bytes
    pages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no report, or no PDF if its HTML was sent; `text` is what the command line would print."""

    number: int
    text: str


Message = At | Same | Html | Pdf | Failed
