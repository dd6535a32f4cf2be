"""HTML set in Typst: only what passes an allow-list, and of the rest its text."""

import re

import lxml.html
import nh3
from lxml.html import HtmlElement

from handover.document import GONE
from handover.pages.typst import pictures
from handover.pages.typst_text import lines, text, writable
from handover.pages.typst.sheet import COLUMN, DEPTH, HEADING, Sheet
from handover.pages.typst.tables import WORD, Cell, table

WRAPPERS = {
    **dict.fromkeys(("b", "strong", "mark"), "#strong["),
    **dict.fromkeys(("i", "em", "cite", "var", "dfn"), "#emph["),
    **dict.fromkeys(("s", "del", "strike"), "#strike["),
    **dict.fromkeys(("u", "ins"), "#underline["),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "#typed["),
    "sub": "#sub[",
    "sup": "#super[",
    "small": "#text(0.85em)[",
    "q": "#quoted[",
}
#: Stands for what a link will hold while its opening is written.
INSIDE = '#"inside";'
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = {
    *("p", "div", "section", "article", "header", "footer", "main", "aside", "nav", "center", "address", "figure"),
    *("figcaption", "details", "summary", "blockquote", "pre", "ul", "ol", "li", "dl", "dt", "dd", "table", "hr"),
    *HEADINGS,
}
#: Other languages inside HTML, of which the sanitiser would leave nothing; a reader keeps their words.
DRAWING = re.compile(r"<(svg|math)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
UNSAID = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)|<[^>]*>", re.IGNORECASE | re.DOTALL)
SPAN = re.compile(r"\s*[0-9]{1,4}\s*")
TABLE = {"caption", "thead", "tbody", "tfoot", "tr", "td", "th", "colgroup", "col"}
ALLOWED = {*WRAPPERS, *BLOCKS, *TABLE, "a", "br", "img", "span", "abbr", "time", "wbr"}
ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "name"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "ol": {"start"},
}


def write(sheet: Sheet, html: str, depth: int = 0) -> str:
    """Return the mark-up of a piece of HTML; empty if nothing in it can be set."""
    return _Writer(sheet).flow(_tree(html), depth)


def inline(sheet: Sheet, html: str) -> str:
    """Return the mark-up of a piece of HTML as running text."""
    return _Writer(sheet).running(_tree(html), 0)


def within(shown: str, remark: str) -> str:
    """Return the mark-up of a picture in running text, with the remark on it."""
    return (f"#within[{shown}];" if shown else "") + (f"#remark[{remark}];" if remark else "")


def missing(sheet: Sheet, alt: str, url: str = "") -> str:
    """What stands for a picture that is not in the document."""
    where = f"({url})" if 0 < len(url) < 200 else ""
    return f"[{' '.join(filter(None, [sheet.words.elsewhere, alt.strip(), where]))}]"


def listed(written: str, depth: int) -> str:
    """Set a list off from the text around it, unless it stands inside another."""
    return written if depth else f"#listed[{written}];"


def anchor(sheet: Sheet, tag: str) -> str:
    """Return the mark-up of the place a raw opening tag names."""
    found = re.search(r"""\s(?:id|name)\s*=\s*["']?([^\s"'>]+)""", tag)
    return sheet.anchor(found[1]) if found else ""


def opening(sheet: Sheet, tag: str) -> str:
    """Return the opening of a link for a raw ``<a href=…>``; empty if it leads nowhere."""
    links = [element for element in _tree(f"{tag}x</a>").iter("a") if element.get("href")]
    written = sheet.link(links[0].get("href", ""), INSIDE) if links else ""
    return written.partition(INSIDE)[0]


def _tree(html: str) -> HtmlElement:
    clean = nh3.clean(
        DRAWING.sub(lambda drawn: UNSAID.sub(" ", drawn.group()), writable(html)),
        tags=ALLOWED,
        attributes=ATTRIBUTES,
        clean_content_tags=set(GONE),
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )
    return lxml.html.fragment_fromstring(clean, create_parent="div")


class _Writer:
    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet

    def flow(self, element: HtmlElement, depth: int) -> str:
        """Write what an element holds as blocks; running text between blocks becomes paragraphs."""
        if depth > DEPTH:
            words = text(element.text_content())
            return f"#par[{words}];" if words else ""
        written: list[str] = []
        run: list[str] = [text(element.text or "")]

        def close() -> None:
            inside = "".join(run)
            if inside.replace('#" ";', ""):
                written.append(f"#par[{inside}];")
            run.clear()

        for child in element:
            if _holds_block(child):
                close()
                written.append(self._block(child, depth))
            else:
                run.append(self._inline(child, depth))
            run.append(text(child.tail or ""))
        close()
        return "\n".join(part for part in written if part)

    def _block(self, element: HtmlElement, depth: int) -> str:
        place = self.sheet.anchor(element.get("id", ""))
        name = element.tag
        if name in HEADINGS and not depth:
            with self.sheet.inside(HEADING):
                inside = self.running(element, depth)
            return self.sheet.headed(HEADINGS[name], inside, place)
        if name in HEADINGS or name in ("summary", "dt"):
            return f"#definition-of[{place}{self.running(element, depth)}];"
        if name == "pre":
            shown = element.text_content()
            return place + (f"#listing({lines(shown, 86)});" if shown.strip() else "")
        if name == "hr":
            return place + "#rule();"
        if name == "table":
            return self._table(element, place)
        if name in ("ul", "ol"):
            return place + self._list(element, depth)
        inside = self.flow(element, depth + (name in ("blockquote", "li", "dd", "details")))
        if not inside:
            return place
        wrap = {"blockquote": "#quotation", "dd": "#definition", "details": "#quotation", "li": "#definition"}.get(name)
        return f"{place}{wrap}[\n{inside}\n];" if wrap else place + inside

    def _list(self, element: HtmlElement, depth: int) -> str:
        items = []
        for child in element:
            inside = self.flow(child, depth + 1) if _any_block(child) else self.running(child, depth)
            if inside:
                items.append(f"[{self.sheet.anchor(child.get('id', ''))}{inside}]")
        if not items:
            return ""
        if element.tag == "ul":
            return listed(f"#list(tight: true, {', '.join(items)});", depth)
        start = element.get("start", "1")
        start = str(int(start)) if re.fullmatch(r"[0-9]{1,9}", start) else "1"
        return listed(f"#enum(tight: true, start: {start}, {', '.join(items)});", depth)

    def running(self, element: HtmlElement, depth: int, word: int = 36) -> str:
        """Write what an element holds as running text."""
        if depth > DEPTH * 2:
            return text(element.text_content(), word)
        parts = [text(element.text or "", word)]
        for child in element:
            parts += [self._inline(child, depth + 1, word), text(child.tail or "", word)]
        return "".join(parts)

    def _inline(self, element: HtmlElement, depth: int, word: int = 36) -> str:
        name = element.tag
        if name == "br":
            return "#linebreak();"
        if name == "wbr":
            return ""
        place = self.sheet.anchor(element.get("id") or element.get("name") or "")
        if name == "img":
            picture = pictures.from_data_url(element.get("src", ""))
            alt = element.get("alt", "")
            shown, remark = self.sheet.picture(picture, alt, missing(self.sheet, alt))
            return place + within(shown, remark)
        inside = self.running(element, depth, word)
        if name == "a" and inside:
            return place + self.sheet.link(element.get("href", ""), inside)
        gap = text(" ") if name in BLOCKS or name in TABLE else ""
        wrapper = WRAPPERS.get(name)
        return place + (f"{wrapper}{inside}];" if wrapper and inside else inside) + gap

    def _table(self, element: HtmlElement, place: str) -> str:
        head, body, foot = [], [], []
        captions = [child for child in element if child.tag == "caption"]
        for row in element.iter("tr"):
            if next(row.iterancestors("table"), None) is not element:
                continue
            cells = [self._cell(child) for child in row if child.tag in ("td", "th")]
            within = row.getparent().tag
            (head if within == "thead" else foot if within == "tfoot" else body).append(cells)
        if not head and body and all(cell.header for cell in body[0]):
            head, body = body[:1], body[1:]
        if head and not body + foot:
            head, body = [], head
        title = self.running(captions[0], 0) if captions else ""
        return table(self.sheet.words.language, head, body + foot, title, place, small=self.sheet.around == COLUMN)

    def _cell(self, element: HtmlElement) -> Cell:
        plain = " ".join(element.text_content().split())
        place = self.sheet.anchor(element.get("id", ""))
        align = element.get("align", "").lower()
        return Cell(
            place + self.running(element, 0, WORD).strip(),
            plain,
            element.tag == "th",
            align if align in ("left", "right", "center") else "",
            _span(element.get("colspan", "")),
            _span(element.get("rowspan", "")),
        )


def _span(value: str) -> int:
    return int(value) if SPAN.fullmatch(value) and int(value) else 1


def _holds_block(element: HtmlElement) -> bool:
    return element.tag in BLOCKS or (element.tag in ("a", "span", "center") and _any_block(element))


def _any_block(element: HtmlElement) -> bool:
    return any(child.tag in BLOCKS for child in element.iterdescendants())
