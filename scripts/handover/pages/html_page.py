"""A document as one HTML file that needs nothing but itself; the same document gives the same bytes."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from handover import digest
from handover.document import model, words
from handover.pages import typefaces
from handover.pages.html_printer import Printer
from handover.pages.metadata import NO_DAY, PageMetadata
from handover.text import printable

FOLDER = Path(__file__).parent / "templates"
#: A document with more sections than this gets a list of contents.
FEW = 3
#: Characters of a description for lists of pages.
DESCRIPTION = 300


def write_html(document: model.Document, metadata: PageMetadata) -> str:
    """Write a document as a page."""
    said = words.of(document.language)
    printer = Printer(document)
    headline = document.headline
    title = printer.inlines(headline.title) if headline else document.title
    standfirst = printer.inlines(headline.standfirst) if headline else ""
    parts = [part for part in printer.parts(document.parts) if part and not part.isspace()]
    date = metadata.date.isoformat() if metadata.date != NO_DAY else ""
    told = {"words": said, "metadata": metadata, "day": said.date(date), "date": date}
    body = environment().get_template("body.html.j2").render(
        told,
        parts=parts,
        code=printer.all_code(),
        title=title,
        standfirst=standfirst,
        contents=document.contents if len(document.contents) > FEW else (),
        cited=bool(document.uses),
        contested=printer.contested,
        beside=_beside(metadata, said),
    )  # fmt: skip
    style = _style(body, document, printer.tints)
    return environment().get_template("page.html.j2").render(
        told,
        document=document,
        description=_description(document),
        style=Markup(style),
        policy=digest.policy(style),
        body=body,
    )  # fmt: skip


def prepare() -> None:
    """Read the templates and cut the usual fonts ahead of time, e.g. while a kernel is busy."""
    environment()
    typefaces.prepare()


def _description(document: model.Document) -> str:
    """One or two sentences for lists of pages: the standfirst, else its first paragraph."""
    paragraphs = (
        " ".join(model.plain(block.inside).split())
        for part in document.parts
        if isinstance(part, model.Prose)
        for block in part.blocks
        if isinstance(block, model.Paragraph)
    )
    found = document.standfirst or next(filter(None, paragraphs), "") or document.title
    return found if len(found) <= DESCRIPTION else found[: DESCRIPTION - 3].rsplit(" ", 1)[0] + " …"


def _beside(metadata: PageMetadata, said: words.Words) -> list[tuple[str, str]]:
    """What lies beside an edition's page in its folder, and in the catalogue above; other pages have nothing there."""
    data = any(one.relationship == "data" for one in metadata.attachments)
    links = [
        (metadata.pdf, said.pdf_and_data if data else said.pdf),
        (metadata.notebook, said.notebook),
        (metadata.archive, said.newer),
        (metadata.index, said.catalogue),
    ]
    return [(address, label) for address, label in links if address]


def _style(body: str, document: model.Document, tints: Mapping[model.Tint, str]) -> str:
    """The page's only style sheet: house rules, fonts cut to the text, and the title at the foot of each sheet."""
    text = re.sub(r"[^\w .,:;!?'()–—’-]", " ", document.title)
    running = " ".join(text.split())[:90].replace("'", "\\27 ")
    foot = f"@page {{ @bottom-left {{ content: '{running}'; }} }}\n"
    maths = style_sheet(FOLDER / "maths.css") if "<math" in body else ""
    fonts = typefaces.font_rules(body, rtl=document.direction == "rtl")
    return fonts + style_sheet(FOLDER / "page.css") + maths + "".join(_tints(tints)) + foot


def _tints(tints: Mapping[model.Tint, str]) -> Iterator[str]:
    """Rules for the colours of cells; what a reader's paper would not show must not leave white text behind."""
    for tint, name in tints.items():
        ground = f" background: {tint.ground}; print-color-adjust: exact;" if tint.ground else ""
        yield f".{name}, .{name} a {{ color: {tint.light};{ground} }}\n"
        if tint.dark != tint.light:
            dark = f".{name}, .{name} a {{ color: {tint.dark}; }}"
            yield f"@media screen and (prefers-color-scheme: dark) {{ {dark} }}\n"


@cache
def environment(folder: Path = FOLDER, **filters: Callable[..., str]) -> Any:
    """The Jinja templates of a folder, all read: what they print is escaped; a name that has no value is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"printable": printable, **filters}
    for template in found.list_templates(["j2"]):
        found.get_template(template)
    return found


@cache
def style_sheet(path: Path) -> str:
    """A style sheet without its comments."""
    return re.sub(r"/\*.*?\*/\s*", "", path.read_text("utf-8"), flags=re.DOTALL)
