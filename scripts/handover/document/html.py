"""HTML that somebody else wrote, read into the model: an allow-list of what it may hold, and of the rest its words.

HTML inside Markdown is read with holes in it: what Markdown found between the tags fills
them, wherever the tags put it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import unescape
from itertools import groupby
from typing import Any

from handover.document import css, images, model, svg, tables
from handover.document.places import Places, apart
from handover.text import printable

#: Elements that say nothing: gone from every page, with all they hold.
GONE = frozenset({"noscript", "script", "style", "template"})
#: Elements that a browser would fetch or fill in, each with the word for what is missing; their address stays.
ABSENT = {"audio": "sound", "canvas": "canvas", "embed": "embedded", "iframe": "frame", "object": "embedded",
          "video": "video"}  # fmt: skip
CONTROLS = frozenset({"button", "input", "meter", "progress", "select", "textarea"})
#: Elements that take all that follows along where they are not ended.
ENDED = (GONE | ABSENT.keys() | CONTROLS) - {"embed", "input"}
HEADINGS = {f"h{level}": level for level in range(1, 7)}
#: Elements that set blocks apart and mean nothing else.
_FRAMES = "address article aside center div figcaption figure footer header main nav p section summary"
FRAMES = frozenset(_FRAMES.split())
BLOCKS = (
    FRAMES | HEADINGS.keys() | ABSENT.keys()
    | {"blockquote", "dd", "details", "dl", "dt", "hr", "li", "ol", "pre", "table", "ul"}
)  # fmt: skip
PARTS = frozenset({"caption", "thead", "tbody", "tfoot", "tr", "td", "th"})
#: Older names of styles.
OLDER = {"strike": "s", "tt": "code"}
ALLOWED = BLOCKS | PARTS | CONTROLS | model.STYLES | OLDER.keys() | {"a", "br", "img", "time", "wbr"}
ATTRIBUTES = {
    "*": {"dir", "lang", "id"},
    "a": {"href", "title", "name"},
    "abbr": {"title"},
    "button": {"style"},
    "details": {"open"},
    "embed": {"src"},
    "iframe": {"src", "srcdoc"},
    "img": {"src", "alt", "title", "width", "height", "style"},
    "input": {"type", "name", "value", "placeholder", "checked"},
    "object": {"data"},
    **{name: {"src"} for name in ("audio", "source", "video")},
    **{name: {"value", "max"} for name in ("meter", "progress")},
    "ol": {"start"},
    **{name: {"colspan", "rowspan", "align", "bgcolor", "class", "style"} for name in ("td", "th")},
    "tr": {"bgcolor", "class", "style"},
}
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", re.ASCII)
#: The values that these attributes may have; anything else is dropped.
VALUES = {
    "lang": LANGUAGE,
    "dir": re.compile(r"(ltr|rtl|auto)\Z"),
    "align": re.compile(r"(left|center|right)\Z"),
    **dict.fromkeys(("colspan", "rowspan"), re.compile(r"[0-9]{1,3}\Z", re.ASCII)),
    "start": re.compile(r"[0-9]{1,9}\Z", re.ASCII),
    **dict.fromkeys(("id", "name"), re.compile(r"[\w.:-]{1,80}\Z")),
}
#: Drawings and formulas inside HTML are languages of their own, of which the sanitiser would leave nothing.
DRAWINGS = {kind: re.compile(rf"<{kind}\b.*?</{kind}\s*>", re.IGNORECASE | re.DOTALL) for kind in ("svg", "math")}
UNSAID = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)|<[^>]*>", re.IGNORECASE | re.DOTALL)
ENDING = re.compile(rf"</({'|'.join(sorted(ENDED))})", re.IGNORECASE)
OPENING = re.compile(rf"<({'|'.join(sorted(ENDED))})\b[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"</?([a-z][^\s/<>]*)[^<>]*>", re.IGNORECASE)
SCRIPT = re.compile(r"<script>.*?</script>", re.DOTALL)
BREAKABLE = re.compile(r"<wbr[^>]*>")
#: What a page says until its script has drawn something.
LOADING = re.compile(r"\b(load|initiali[sz])ing\b.{0,80}?(\.\.\.|…)", re.IGNORECASE | re.DOTALL)
HIDDEN = re.compile(r"display:\s*none", re.IGNORECASE)
XLINK = "http://www.w3.org/1999/xlink"
#: No element and no word but scripts, style sheets, comments and the like.
SILENT = re.compile(
    r"(?:\s|<script.*?(?:</script>|\Z)|<style.*?(?:</style>|\Z)|<!--.*?(?:-->|\Z)|<(?:link|meta)[^>]*(?:>|\Z))*+",
    re.IGNORECASE | re.DOTALL,
)
#: libxml2 leaves out what lies deeper than this many elements.
FOLLOWED = 2048
#: Elements nested deeper than this are read as their text.
NESTED = 60
#: A drawing of no more pixels is an icon, which nobody misses a description of.
ICON = 64
#: White space that folds.
SPACE = " \t\r\n\f"

#: What fills a hole when it is reached: blocks or inlines.
Hole = Callable[[], Any]


def read(parts: Sequence[str | Hole], places: Places) -> model.Blocks:
    """Read pieces of HTML, with holes between them that blocks fill, as blocks; () if nothing of it can be shown."""
    return _Reader(places, parts, "div").blocks()


@apart
def output(source: str, places: Places) -> tuple[model.Blocks, bool]:
    """Read HTML that a cell displays, which JupyterLab lets run.

    Returns:
        The blocks, () if nothing of it can be shown; and whether a script draws what is not among them.
    """
    reader = _Reader(places, [source], "div")
    found = reader.blocks()
    said = model.plain(found)
    if model.says(found):
        return found, reader.scripted and (reader.vacant or bool(LOADING.search(said)))
    return found, reader.scripted or reader.vacant


def silent(source: str) -> bool:
    """Whether HTML has no element and no word but scripts, style sheets, comments and the like."""
    return SILENT.fullmatch(source) is not None


def inlines(parts: Sequence[str | Hole], places: Places) -> model.Inlines:
    """Read HTML with holes that inlines fill as running text."""
    return model.running(_Reader(places, parts, "span").blocks())


@cache
def _cleaner() -> Any:
    import nh3

    def judge(name: str, attribute: str, value: str) -> str | None:
        allowed = VALUES.get(attribute)
        return None if allowed and not allowed.match(value) else value

    return nh3.Cleaner(
        tags={*ALLOWED, "option", "script", "source"},
        clean_content_tags=set(GONE - {"script"}),
        attributes={name: set(names) for name, names in ATTRIBUTES.items()},
        attribute_filter=judge,
        url_schemes={"http", "https", "mailto", "data", "attachment"},
        link_rel=None,
    )


@cache
def _known() -> frozenset[str]:
    """The names of HTML's elements."""
    from lxml.html import defs

    return (defs.tags | ALLOWED | GONE | {"dialog", "image", "search"}) - DRAWINGS.keys()


def _without_strange(source: str) -> str:
    """HTML without tags that are none of its own: words in angle brackets, drawings and formulas that never end.

    A browser shows what stands between them. The sanitiser would not: it removes what looks like a way around it.
    """
    return TAG.sub(lambda tag: tag[0] if tag[1].casefold() in _known() else "", source)


@cache
def _redrawer() -> Any:
    import nh3

    return nh3.Cleaner(
        tags={*svg.ELEMENTS, "a", "br", "desc", "div", "foreignObject", "p", "span", "style", "switch", "title"},
        clean_content_tags={"script"},
        attributes={"*": {*svg.ATTRIBUTES, "class", "href", "style", "xlink:href", "xmlns", "xmlns:xlink"}},
        url_schemes={"data"},
        link_rel=None,
    )


def _as_xml(drawing: str) -> str:
    """SVG as it may be written within HTML, with bare attributes, entities and undeclared prefixes, as XML."""
    from lxml import etree

    try:
        etree.fromstring(drawing.encode())
    except etree.XMLSyntaxError:
        drawing = _redrawer().clean(drawing).replace("&nbsp;", "&#160;")
        if "xmlns:xlink" not in drawing:
            drawing = re.sub(r"\A\s*<svg", f'<svg xmlns:xlink="{XLINK}"', drawing)
    return drawing


class _Reader:
    """Reads one piece of HTML; `form` is the element that stands for a hole.

    Attributes:
        scripted: Whether it holds a script.
        vacant: Whether it holds an element with nothing in it, which a script may fill.
    """

    def __init__(self, places: Places, parts: Sequence[str | Hole], form: str) -> None:
        self.places = places
        self.parts = parts
        self.form = form
        self.holes: list[Hole] = []
        self.drawn: dict[str, str] = {}
        self.level = 0
        self.scripted = self.vacant = False
        source = "".join(part for part in parts if isinstance(part, str))
        self.sheet = css.Sheet(source)
        # a mark that the source itself cannot name
        self.mark = next(mark for n in range(len(source) + 1) if (mark := f"hole{n}-") not in source)

    def blocks(self) -> model.Blocks:
        root = _tree("".join(self._opened(part) for part in self.parts))
        for script in list(root.iter("script")):
            self.scripted = True
            script.drop_tree()
        self.vacant = any(
            element.get("id") and not self._is_hole(element) and not len(element) and not element.text
            for element in root.iter(*FRAMES, "span", "table", "pre")
        )
        found = sum(map(self._is_hole, root.iter("span", "div")))
        if found < len(self.holes) and any(callable(part) for part in self.parts):
            # some tag has swallowed what Markdown found: each piece is then read by itself
            return tuple(block for part in self.parts for block in self._apart(part))
        return self._flow(root)

    def _opened(self, part: str | Hole) -> str:
        """A part as HTML with a hole in it for whatever HTML cannot say."""
        if callable(part):
            return self._hole(part, self.form)
        source = printable(part)
        for kind, drawing in DRAWINGS.items():
            # none begins after the last end of one, and to look for it there would take long in a long text
            end = source.lower().rfind(f"</{kind}") + len(kind) + 3
            source = drawing.sub(lambda drawn, kind=kind: self._drawing(drawn[0], kind), source[:end]) + source[end:]
        return source

    def _drawing(self, source: str, kind: str) -> str:
        words = UNSAID.sub(" ", source)
        found, own = images.picture("svg+xml", _as_xml(source), "image") if kind == "svg" else (None, "")
        if not found or not svg.draws(found):
            return words
        said = own or " ".join(printable(unescape(words)).split())
        note = "" if said or max(found.width, found.height) <= ICON else self.places.words.undescribed
        hole = self._hole(lambda: (model.Image(found, said, note=note),))
        self.drawn[hole] = source
        return hole

    def _hole(self, fill: Hole, form: str = "span") -> str:
        self.holes.append(fill)
        # without quotation marks, since it may stand within those of a frame's page
        return f"<{form} id={self.mark}{len(self.holes) - 1}></{form}>"

    def _apart(self, part: str | Hole) -> model.Blocks:
        filled = part() if callable(part) else _Reader(self.places, [part], "div").blocks()
        return filled if all(isinstance(node, model.Block) for node in filled) else (model.Plain(filled),)

    def _flow(self, element: Any, form: type = model.Paragraph) -> model.Blocks:
        """Read what an element holds as blocks; running text between them becomes paragraphs, or plain text."""
        if not len(element):
            text = (element.text or "").strip(SPACE)
            return (form((model.Text(text),)),) if text else ()
        if self.places.depth > model.DEPTH or self.level > NESTED:
            words = self._words(element)
            return (form((model.Text(words),)),) if words else ()
        found: list[model.Block] = []
        for blocks, run in groupby(self._pieces(element), lambda piece: isinstance(piece, model.Block)):
            if blocks:
                found += run
            elif inside := _trimmed(list(run)):
                found.append(form(inside))
        return tuple(found)

    def _pieces(self, element: Any) -> Iterator[model.Inline | model.Block]:
        self.level += 1
        if element.text:
            yield model.Text(element.text)
        for child in element:
            if self._is_hole(child):
                yield from self._filled(child)
            elif child.tag in BLOCKS or (child.tag != "a" and _holds_block(child)):
                yield from self._dressed(child, self._block(child))
            else:
                yield from self._inline(child)
            if child.tail:
                yield model.Text(child.tail)
        self.level -= 1

    def _is_hole(self, element: Any) -> bool:
        return element.get("id", "").startswith(self.mark)

    def _filled(self, hole: Any) -> Any:
        return self.holes[int(hole.get("id").removeprefix(self.mark))]()

    def _words(self, element: Any) -> str:
        """What an element says, on one line."""
        for inner in filter(self._is_hole, element.iter("span", "div")):
            inner.text = model.plain(self._filled(inner))
        return " ".join(element.text_content().split())

    def _running(self, element: Any) -> model.Inlines:
        """Read what an element holds as running text, the white space at its ends kept unless blocks are in it."""
        if self.level > NESTED or _holds_block(element):
            return model.running(self._flow(element, model.Plain))
        return tuple(self._pieces(element))

    def _dressed(self, element: Any, found: model.Blocks) -> model.Blocks:
        """Blocks with the anchor, the language and the direction of the element that they were read from."""
        named = element.get("id", "")
        if named and not (found and isinstance(found[0], model.Heading)):
            found = _begun(self.places.anchor(named), found)
        about = element.get("lang", ""), element.get("dir", "")
        return (model.Division(found, *about),) if found and any(about) else found

    def _block(self, element: Any) -> model.Blocks:
        match element.tag:
            case name if name in ABSENT:
                return self._absent(element)
            case "hr":
                return (model.Rule(),)
            case "pre":
                inside = self._running(element)
                return (model.Preformatted(inside),) if model.plain(inside).strip() else ()
            case "table":
                return self._table(element)
            case "ul" | "ol":
                items = tuple(model.Item(blocks) for child in _members(element) if (blocks := self._nested(child)))
                start = int(element.get("start") or 1)
                return (model.List(items, element.tag == "ol", start),) if items else ()
            case "dl":
                entries = tuple(
                    model.Term(self._running(child)) if child.tag == "dt" else model.Definition(self._nested(child))
                    for child in _members(element)
                )
                return (model.Definitions(entries),) if entries else ()
            case "blockquote":
                inside = self._nested(element, model.Paragraph)
                return (model.Quote(inside),) if inside else ()
            case "details" if element.find("summary") is not None:
                return self._details(element)
            case name if name in HEADINGS:
                inside = _trimmed(list(self._running(element)))
                return self.places.heading(HEADINGS[name], inside, element.get("id", ""))
        return self._flow(element)

    def _absent(self, element: Any) -> model.Blocks:
        """What a frame holds itself, or the picture that it names; else a note on what is missing, and its address."""
        url = element.get("src") or element.get("data") or next(iter(element.xpath("source/@src")), "")
        if element.tag == "iframe" and (page := _page(element)):
            for hole, source in self.drawn.items():
                page = page.replace(hole, source)
            with self.places.inside(fold=True):
                found, missing = output(page, self.places) if self.places.depth <= model.DEPTH else ((), True)
            if model.says(found) and not missing:
                return found
            return (*found, self._missing(element.tag, ""))
        if element.tag in ("embed", "object"):
            image = images.image(url, element.text_content(), "", self.places)
            if image.picture:
                return (model.Paragraph((image,)),)
        if element.tag == "embed":
            # libxml2 does not know that it holds nothing, and puts into it what follows
            return (self._missing(element.tag, url), *self._flow(element))
        instead = self._flow(element) if element.tag in ("canvas", "object") else ()
        return (*instead, self._missing(element.tag, url))

    def _missing(self, tag: str, url: str) -> model.Paragraph:
        note = model.Remark(getattr(self.places.words, ABSENT[tag]), house=True)
        url = f"https:{url}" if url.startswith("//") else url
        if not url or url.lower().startswith(("data:", "attachment:")):
            return model.Paragraph((note,))
        led = self.places.link(url, (model.Text(url),))
        told = led if isinstance(led[0], model.Link) else (model.Remark(f"({url})"),)
        return model.Paragraph((note, model.Text(" "), *told))

    def _nested(self, element: Any, form: type = model.Plain) -> model.Blocks:
        """Read what stands in a quotation, a list or a cell."""
        with self.places.inside(nest=True):
            found = self._flow(element, form)
        return self._dressed(element, found) if element.tag in ("li", "dd") else found

    def _details(self, element: Any) -> model.Blocks:
        summary = element.find("summary")
        told = self._running(summary)
        summary.drop_tree()
        with self.places.inside(fold=True):
            inside = self._flow(element)
        if not inside:
            return (model.Paragraph(told),) if told else ()
        return (model.Details(told, inside, element.get("open") is not None),)

    def _table(self, element: Any) -> model.Blocks:
        self.places.tables += 1
        number = self.places.tables
        caption = tuple(inline for one in element.findall("caption") for inline in self._running(one))
        parts: dict[str, list[model.Row]] = {"thead": [], "tbody": [], "tfoot": []}
        hidden = False
        for row in element.iter("tr"):
            if next(row.iterancestors("table"), None) is element:
                cells = []
                for cell in row.iterchildren("td", "th"):
                    tint, bold, drawn = self.sheet.of(cell, element)
                    cells.append(self._cell(cell, tint, bold))
                    hidden |= drawn
                parts.get(row.getparent().tag, parts["tbody"]).append(tuple(cells))
        made = tables.table(number, parts["thead"], parts["tbody"] + parts["tfoot"], caption)
        if made is None:
            return (model.Paragraph(caption),) if caption else ()
        note = model.Paragraph((model.Remark(self.places.words.behind, house=True),))
        return (made, note) if hidden else (made,)

    def _cell(self, element: Any, tint: model.Tint | None, bold: bool) -> model.Cell:
        nested = self._nested(element) if len(element) else self._flow(element, model.Plain)
        blocks = self._dressed(element, nested)
        if element.getprevious() is None:
            blocks = _begun(self.places.anchor(element.getparent().get("id", "")), blocks)
        text = " ".join(model.plain(blocks).split())
        if bold and element.tag == "td" and all(isinstance(block, model.Plain) for block in blocks):
            blocks = tuple(model.Plain((model.Span("strong", block.inside),)) for block in blocks)
        columns, rows = int(element.get("colspan") or 1), int(element.get("rowspan") or 1)
        scope, align = "head" if element.tag == "th" else "", element.get("align", "")
        return model.Cell(blocks, text, scope, align, columns=columns, rows=rows, tint=tint)

    def _inline(self, element: Any) -> Iterator[model.Inline]:
        name = element.get("name", "") if element.tag == "a" else ""
        yield from self.places.anchor(element.get("id") or name)
        title = element.get("title", "")
        match element.tag:
            case "br":
                yield model.Break()
            case "img":
                size = element.get("width"), element.get("height"), element.get("style", "")
                url, alt = element.get("src", ""), element.get("alt", "")
                yield images.image(url, alt, title, self.places, size)
            case "button" if HIDDEN.search(element.get("style", "")):
                return
            case "button":
                yield from (model.Text(" "), *self._running(element), model.Text(" "))
            case "input" | "meter" | "progress" | "select" | "textarea":
                yield model.Text(f" {self._set_to(element)} ")
            case "a":
                url = element.get("href", "")
                with self.places.inside(link=bool(url)):
                    inside = self._running(element)
                yield from self.places.link(url, inside, title)
            case name:
                inside, tag = self._running(element), OLDER.get(name, name)
                about = element.get("lang", ""), element.get("dir", ""), title
                if not inside or tag not in model.STYLES or (tag == "span" and not any(about)):
                    yield from inside
                else:
                    yield model.Span(tag, inside, *about)

    def _set_to(self, control: Any) -> str:
        """What a control of a form shows, as text."""
        kind, value = control.get("type", "").lower(), control.get("value", "")
        match control.tag:
            case "select":
                for option in list(control.iter("option"))[1:]:
                    option.text = f" / {option.text or ''}"
                return self._words(control)
            case "textarea":
                return control.text_content()
            case "meter" | "progress":
                return " / ".join(filter(None, [value, control.get("max")])) if value else self._words(control)
        if kind in ("checkbox", "radio"):
            if not (control.get("name") or value):
                return ""  # it sets nothing: a style sheet folds something with it
            return "[x]" if control.get("checked") is not None else "[ ]"
        return "" if kind in ("hidden", "password", "file") else value or control.get("placeholder", "")


def _tree(source: str) -> Any:
    """Foreign HTML as a tree of what is allowed; as one text where it nests deeper than libxml2 follows."""
    from lxml import html

    cleaned = _cleaner().clean(_ended(_without_strange(source)))
    # libxml2 does not know that it holds nothing, and would put into it what follows
    cleaned = BREAKABLE.sub("\u200b", cleaned)
    if "&#" in source:
        # the number of a character may be that of any
        cleaned = printable(cleaned)
    root = html.fragment_fromstring(
        f"<div>{cleaned}</div>".encode(), parser=html.HTMLParser(encoding="utf-8", huge_tree=True)
    )
    if cleaned.count("<") > FOLLOWED:
        text = unescape(re.sub(r"<[^>]*>", "", SCRIPT.sub("", cleaned)))
        if len(root.text_content()) < len(text):
            root = html.Element("div")
            root.text = text
    return root


def _ended(source: str) -> str:
    """HTML in which every element that would take all that follows along has an end: at once, where it has none."""
    ends = {end[1].lower(): end.start() for end in ENDING.finditer(source)}

    def ended(tag: re.Match[str]) -> str:
        name, alone = tag[1].lower(), tag[0].endswith("/>")
        if tag.start() < ends.get(name, 0) and not alone:
            return tag[0]
        return "" if name in GONE else f"{tag[0].removesuffix('/>').removesuffix('>')}></{name}>"

    return OPENING.sub(ended, source)


def _page(frame: Any) -> str:
    """The page that a frame holds itself; "" if it is elsewhere."""
    kind, data = images.carried(frame.get("src", "")) or ("", b"")
    return data.decode("utf-8", "replace") if kind == "text/html" else frame.get("srcdoc", "")


def _holds_block(element: Any) -> bool:
    return len(element) > 0 and any(inner.tag in BLOCKS for inner in element.iterdescendants())


def _trimmed(run: list[model.Inline]) -> model.Inlines:
    """Running text without white space at its ends; () where it is nothing else."""
    for end, strip in ((0, str.lstrip), (-1, str.rstrip)):
        while run and isinstance(run[end], model.Text):
            if text := strip(run[end].text, SPACE):
                run[end] = model.Text(text)
                break
            run.pop(end)
    return tuple(run)


def _begun(anchors: model.Inlines, blocks: model.Blocks) -> model.Blocks:
    """Blocks with anchors at their beginning."""
    if not anchors:
        return blocks
    if blocks and isinstance(blocks[0], model.Paragraph | model.Plain):
        return (type(blocks[0])((*anchors, *blocks[0].inside)), *blocks[1:])
    return (model.Plain(anchors), *blocks)


def _members(element: Any) -> Iterator[Any]:
    """What stands in a list; texts and elements that are no members of it stand in members of their own."""
    from lxml.html.builder import DIV

    if element.text and element.text.strip():
        yield DIV(element.text)
    for child in list(element):
        text, child.tail = child.tail, None
        yield child if child.tag in ("li", "dt", "dd") else DIV(child)
        if text and text.strip():
            yield DIV(text)
