"""The PDF page: a document written as Typst source, and the files that Typst sets it from."""

import re
from collections.abc import Mapping
from pathlib import Path

from handover.press.document import Document, Evidence
from handover.press.imprint import Imprint
from handover.press.pdf import appendix, blocks, ledger
from handover.press.pdf.escape import literal, spoken, text, visible
from handover.press.pdf.sheet import Sheet

TEMPLATE = Path(__file__).with_name("report.typ")
RELATIONSHIPS = ("source", "data", "alternative", "supplement")
#: A title longer than this is cut at the foot of the pages.
RUNNING = 90


def pages(pdf: bytes) -> int:
    """Return the number of pages of a PDF that Typst made."""
    counts = [int(count) for count in re.findall(rb"/Type\s*/Pages\b\s*(?:/Parent [^/]*)?/Count (\d+)", pdf)]
    return max(counts, default=0)


def files(source: str, pictures: Mapping[str, bytes], imprint: Imprint) -> dict[str, bytes]:
    """Everything Typst may read, by name."""
    attached = {f"attachment-{number}": item.data for number, item in enumerate(imprint.attachments)}
    return {"main.typ": source.encode(), "report.typ": TEMPLATE.read_bytes(), **attached, **pictures}


def compose(document: Document, imprint: Imprint) -> tuple[str, dict[str, bytes]]:
    """Return the Typst source of a document, and its pictures by the names that they have in it.

    No text of the document is markup or code in the source.
    """
    sheet = Sheet(document)
    colophon = _colophon(sheet, imprint)
    *first, last = document.blocks or (None,)
    body = blocks.write_all(sheet, first)
    if isinstance(last, Evidence):
        # in its columns, since columns that reach the foot of the page leave no room below them
        body.append(ledger.write(sheet, appendix.write(sheet) + colophon))
    else:
        body += [blocks.write(sheet, last) if last else "", appendix.write(sheet), colophon]
    masthead = sheet.masthead or f"#masthead[{text(sheet.title)}][];"
    written = "\n".join([masthead, *filter(None, body)]) + "\n"
    return _preamble(sheet, imprint, written) + written + _closing(imprint), sheet.files


def _preamble(sheet: Sheet, imprint: Imprint, body: str) -> str:
    document = sheet.document
    language, region = _language(document.language)
    attachments = [
        f"#pdf.attach({literal(item.name)}, read({literal(f'/attachment-{number}')}, encoding: none), "
        f"mime-type: {literal(item.mime)}, description: {spoken(item.description)}, "
        f"relationship: {literal(item.relationship if item.relationship in RELATIONSHIPS else 'supplement')})"
        for number, item in enumerate(imprint.attachments)
    ]
    return "\n".join(
        [
            '#import "/report.typ": *',
            f"#let targets = {_dictionary({name: literal(label) for name, label in sheet.reached().items()})}",
            f"#let places = {_dictionary({key: _array(labels) for key, labels in sheet.places(body).items()})}",
            "#let go = link-to.with(targets)",
            "#let number = number-in.with(targets)",
            "#let conflicting = conflicting-in.with(targets)",
            f"#show: report.with(title: {literal(visible(sheet.title))}, "
            f"author: {literal(visible(imprint.author))}, lang: {literal(language)}, "
            f"region: {literal(region) if region else 'none'}, dir: {document.direction}, "
            f"running: {literal(_running(sheet.title))})",
            *attachments,
            "",
        ]
    )


def _closing(imprint: Imprint) -> str:
    date = f"datetime(year: {imprint.date.year}, month: {imprint.date.month}, day: {imprint.date.day})"
    return f"#edition-of({date}, {literal(imprint.edition)})\n"


def _running(title: str) -> str:
    """The title as the foot of each page carries it: one line."""
    words = visible(title)
    return words if len(words) <= RUNNING else words[:RUNNING].rstrip() + "…"


def _dictionary(entries: dict[str, str]) -> str:
    pairs = [f"{literal(name)}: {value}" for name, value in entries.items()]
    return f"({', '.join(pairs)})" if pairs else "(:)"


def _array(labels: list[str]) -> str:
    return "(" + "".join(f"{literal(label)}, " for label in labels) + ")"


def _language(name: str) -> tuple[str, str]:
    found = re.match(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?(?![A-Za-z])", name)
    return (found[1].lower(), (found[2] or "").upper()) if found else ("en", "")


def _colophon(sheet: Sheet, imprint: Imprint) -> str:
    rows = "".join(f"([{sheet.house(name)}], [{text(value)}]), " for name, value in imprint.colophon)
    return f"#colophon(({rows}))" if rows else ""
