"""The PDF page: a document written as Typst source, and the files that Typst sets it from."""

import re
from collections.abc import Mapping
from pathlib import Path

from handover.document import Document, Evidence
from handover.editions import NO_DAY, Imprint
from handover.pages.typst import appendix, blocks, ledger
from handover.pages.typst_text import literal, spoken, text, visible
from handover.pages.typst.sheet import Sheet

TEMPLATE = Path(__file__).with_name("report.typ")
RELATIONSHIPS = ("source", "data", "alternative", "supplement")
#: A page of 600 by 315 points in the dots that a link's picture has.
LINK_PPI = 144
#: The picture for links has room for as much as this of a title and of the words under it.
LINK_TITLE, LINK_WORDS = 160, 240
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


def link(document: Document, imprint: Imprint) -> dict[str, bytes]:
    """The files of the picture that a link to a document shows: its title, what stands under it, whose it is."""
    sheet = Sheet(document)
    title, words = _cut(sheet.title, LINK_TITLE), _cut(" ".join(document.standfirst.split()), LINK_WORDS)
    day = sheet.words.date(imprint.date.isoformat()) if imprint.date != NO_DAY else ""
    signed = " · ".join(filter(None, [imprint.signed, day]))
    language, _ = _language(document.language)
    source = (
        '#import "/report.typ": *\n'
        f"#show: link-picture.with(lang: {literal(language)}, dir: {document.direction})\n"
        f"#link-title([{text(title)}], [{text(words)}], [{text(signed)}])\n"
    )
    return {"main.typ": source.encode(), "report.typ": TEMPLATE.read_bytes()}


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
        body += [blocks.write(sheet, last) if last else ""]
        values = appendix.write(sheet)
        body += [f"#small[{values}];" if values else "", colophon]
    masthead = sheet.masthead or f"#masthead[{text(sheet.title)}][];"
    written = "\n".join([masthead, *filter(None, body)]) + "\n"
    return _preamble(sheet, imprint, written) + written + _closing(sheet, imprint), sheet.files


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
            f"#let masthead = masthead-of.with([{text(imprint.signed)}], [{sheet.house(sheet.words.edition)}], "
            f"({_key(sheet)}))",
            f"#show: report.with(title: {literal(visible(sheet.title))}, "
            f"author: {literal(visible(imprint.author))}, lang: {literal(language)}, "
            f"region: {literal(region) if region else 'none'}, dir: {document.direction}, "
            f"running: {literal(_running(sheet.title))})",
            *attachments,
            "",
        ]
    )


def _key(sheet: Sheet) -> str:
    """What the marks in the text mean, of those that it has."""
    words = sheet.words
    marks = []
    if sheet.evidence.facts:
        marks.append(f"[#dotted[{sheet.house(words.dotted)}];#{literal(': ')};{sheet.house(words.evidence)}], ")
    if sheet.evidence.conflicts:
        marks.append(f"[#marked[{text(ledger.MARK)}];#{literal(': ')};{sheet.house(words.differ)}], ")
    return "".join(marks)


def _closing(sheet: Sheet, imprint: Imprint) -> str:
    date = f"datetime(year: {imprint.date.year}, month: {imprint.date.month}, day: {imprint.date.day})"
    day = sheet.words.date(imprint.date.isoformat()) if imprint.date != NO_DAY else ""
    return f"#edition-of({date}, {literal(day)}, {literal(imprint.edition)})\n"


def _running(title: str) -> str:
    """The title as the foot of each page carries it: one line."""
    return _cut(visible(title), RUNNING)


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else words[:longest].rstrip() + "…"


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
