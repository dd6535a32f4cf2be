"""HTML output of a cell as part of the page: sanitised, its headings, links, images and tables made ours."""

from typing import Any
from urllib.parse import unquote

from markupsafe import Markup

from handover.document import evidence, sanitise
from handover.pages import Sheet, fill, href
from handover.pages.html import cards, tables
from handover.text import legible

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
ADAPTED = ("a", "img", "table", "details")


def render(source: str, sheet: Sheet) -> Markup:
    """Return foreign HTML as safe mark-up; empty if nothing in it can be shown."""
    from lxml import html

    cleaned = sanitise.clean(legible(source))
    if not cleaned.strip():
        return Markup("")
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    root = html.fragment_fromstring(cleaned.encode(), create_parent="div", parser=parser)
    if not root.text_content().strip() and root.find(".//img") is None:
        return Markup("")
    for element in list(root.iter()):
        named = element.attrib.pop("name", "") or element.get("id", "")
        element.attrib.pop("id", None)
        if element.tag in HEADINGS:
            _heading(element, named, sheet)
        elif named:
            element.set("id", sheet.identify(named))
        if element.tag in ADAPTED:
            _adapt(element, sheet)
    written = html.tostring(root, encoding="unicode", method="html")
    return Markup(written.removeprefix("<div>").removesuffix("</div>"))


def _adapt(element: Any, sheet: Sheet) -> None:
    if element.tag == "a":
        _link(element, sheet)
    elif element.tag == "img":
        _image(element, sheet)
    elif element.tag == "table":
        tables.refine(element, sheet)
    elif element.find("summary") is None:
        element.tag = "div"
        element.attrib.pop("open", None)


def _heading(element: Any, named: str, sheet: Sheet) -> None:
    text = " ".join(element.text_content().split())
    if not text:
        element.tag = "div"
        return
    level, identifier = sheet.heading(int(element.tag[1]), text, named)
    element.tag = f"h{level}"
    element.set("id", identifier)


def _link(element: Any, sheet: Sheet) -> None:
    url = element.attrib.pop("href", "")
    prefix, key = evidence.target(unquote(url))
    if prefix == evidence.FACT and key in sheet.evidence.facts:
        _number(element, key, sheet)
    elif sanitise.outside(url):
        element.set("href", url)
        element.set("rel", "noopener noreferrer")
    elif url.startswith("#") and sheet.find(url):
        element.set("href", href(sheet.find(url)))
    else:
        element.tag = "span"
    if "id" not in element.attrib and not element.text_content().strip() and element.find(".//img") is None:
        element.drop_tag()


def _number(element: Any, key: str, sheet: Sheet) -> None:
    """Bind a link in a table to its evidence, as one in a sentence is."""
    from lxml import html

    marks, card = cards.bind(f"fact-{key}", sheet)
    element.attrib.update(marks)
    shown = html.fragment_fromstring(str(card))
    shown.tail, element.tail = element.tail, None
    element.addnext(shown)


def _image(element: Any, sheet: Sheet) -> None:
    if not element.get("src"):
        note = " ".join(filter(None, [sheet.words.elsewhere, element.get("alt")]))
        element.attrib.clear()
        element.tag = "span"
        element.set("class", "note")
        element.text = f"[{note}]"
    elif not element.get("alt", "").strip():
        element.set("alt", sheet.words.undescribed)


def unprinted(cell: int, sheet: Sheet) -> Markup:
    """What stands in the place of an output with no printed form."""
    return fill('<p class="note">{}</p>', sheet.words.unprinted.format(cell))
