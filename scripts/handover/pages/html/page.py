"""A document as one HTML file: `write` is pure, the same document gives the same bytes."""

import re
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup

from handover import digest
from handover.document import Item, Ledger, document, foreign, markdown, sanitise, words
from handover.pages.html import blocks, embed, evidence, faces, prose
from handover.pages.html.sheet import Sheet
from handover.pages.metadata import NO_DAY, PageMetadata
from handover.text import legible

FOLDER = Path(__file__).parent
#: A document with more sections than this gets a list of contents.
FEW = 3


def write(doc: document.Document, imprint: PageMetadata) -> str:
    """Write a document as a page that needs nothing but itself."""
    language = doc.language if sanitise.LANGUAGE.match(doc.language) else "en"
    said = words.of(language)
    parts, sheet = _body(doc, said, Ledger.of(doc))
    title = " ".join(legible(doc.title).split())
    body = (
        _templates()
        .get_template("body.html.j2")
        .render(
            parts=parts,
            code=blocks.all_code(sheet),
            title=sheet.title or title,
            standfirst=sheet.standfirst,
            contents=sheet.contents if len(sheet.contents) > FEW else (),
            words=said,
            imprint=imprint,
            date=said.date(imprint.date.isoformat()) if imprint.date != NO_DAY else "",
            cited=bool(sheet.uses),
            contested=sheet.contested,
            beside=_beside(doc, imprint, said),
            colophon=[(legible(label), legible(value)) for label, value in imprint.colophon],
        )
    )
    rtl = doc.direction == "rtl"
    style = _style(body, title, rtl)
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            language=language,
            direction=doc.direction,
            title=title,
            description=_description(doc),
            style=Markup(style),
            policy=digest.policy(style),
            body=Markup(body),
            author=imprint.author,
            date=imprint.date.isoformat() if imprint.date != NO_DAY else "",
            picture=_picture(title, imprint),
        )
    )


def _picture(title: str, imprint: PageMetadata) -> dict[str, object]:
    """The picture for links to the page; only an edition has it beside it."""
    found = imprint.link_picture
    return {"name": found.address, "width": found.width, "height": found.height, "alt": title} if found else {}


def _body(doc: document.Document, said: words.Words, ledger: Ledger) -> tuple[list[Markup], Sheet]:
    """Write a document's blocks; where each number is used is known at the end, and so is the evidence written last."""
    sheet = Sheet(said, ledger)
    parts, stated = _blocks(doc, sheet)
    if sheet.forward:
        sheet = Sheet(said, ledger, targets=sheet.ids)
        parts, stated = _blocks(doc, sheet)
    sheet.targets = sheet.ids
    template = _templates().get_template("evidence.html.j2")
    for place, page, headings in stated:
        parts[place] = evidence.render(page, headings, sheet, template)
    return [part for part in parts if part and not part.isspace()], sheet


def _blocks(doc: document.Document, sheet: Sheet) -> tuple[list[Markup], list[tuple[int, Item, evidence.Headings]]]:
    """Write all blocks in their order; of the evidence only the headings, with the place that it will stand in."""
    ledger: Ledger = sheet.evidence
    ledger.reserve(sheet)
    pages = iter(ledger.pages)
    parts: list[Markup] = []
    stated = []
    for kind, group in groupby(doc.blocks, type):
        if kind is document.Code:
            parts.append(blocks.code(list(group), sheet))
            continue
        for block in group:
            if isinstance(block, document.Evidence):
                page = next(pages)
                stated.append((len(parts), page, evidence.headings(page, sheet)))
                parts.append(Markup(""))
            else:
                parts.append(_block(block, sheet))
    return parts, stated


def _block(block: document.Block, sheet: Sheet) -> Markup:
    match block:
        case document.Prose():
            return prose.render(block, sheet)
        case document.Figure():
            return blocks.figure(block, sheet)
        case document.Markup():
            return blocks.markup(block, sheet)
        case document.Text():
            return blocks.text(block, sheet)
        case document.Maths():
            return blocks.formula(block)
        case document.Failure():
            return blocks.failure(block, sheet)
        case _:
            return foreign.unprinted(block.cell, sheet)


def _description(doc: document.Document) -> str:
    """One or two sentences for whoever lists the page: its standfirst, else its first paragraph."""
    found = doc.standfirst
    for block in doc.blocks if not found else ():
        if isinstance(block, document.Prose):
            tokens = [token for token in markdown.parse(block.source) if token["type"] == "paragraph"]
            found = markdown.plain(tokens[:1])
            if found.strip():
                break
    found = " ".join(legible(found).split()) or " ".join(legible(doc.title).split())
    return found if len(found) <= 300 else found[:297].rsplit(" ", 1)[0] + " …"


def _beside(doc: document.Document, imprint: PageMetadata, said: words.Words) -> list[tuple[str, str]]:
    """What lies beside an edition's page in its folder, and in the catalogue above; other pages have nothing there."""
    if not imprint.pdf:
        return []
    data = any(one.relationship == "data" for one in imprint.attachments)
    return [
        (imprint.pdf, said.pdf_and_data if data else said.pdf),
        (imprint.notebook, said.notebook),
        (imprint.archive, said.newer),
        (imprint.index, said.catalogue),
    ]


def _style(body: str, title: str, rtl: bool) -> str:
    """The page's only style sheet: house rules, fonts cut to the text, and the title at the foot of each sheet."""
    sheet = re.sub(r"/\*.*?\*/\s*", "", (FOLDER / "page.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"[^\w .,:;!?'()–—’-]", " ", title)
    running = " ".join(text.split())[:90].replace("'", "\\27 ")
    foot = f"@page {{ @bottom-left {{ content: '{running}'; }} }}\n"
    return embed.rules(faces.used(body, rtl)) + faces.rules(rtl) + sheet + foot


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
