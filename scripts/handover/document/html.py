"""HTML that somebody else wrote, read into the model: an allow-list of what it may hold, and of the rest its words.

HTML inside Markdown is read with holes in it: what Markdown found between the tags fills
them, wherever the tags put it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import unescape
from typing import Any

from handover.document import images, model, tables
from handover.document.places import Places
from handover.text import legible

#: Elements that a browser would run, ask for or fill in: gone from every page, with all they hold.
_GONE = "script style template iframe object embed noscript textarea select audio video canvas"
GONE = frozenset(_GONE.split())
HEADINGS = {f"h{level}": level for level in range(1, 7)}
#: Elements that set blocks apart and mean nothing else.
_FRAMES = "address article aside center div figcaption figure footer header main nav p section summary"
FRAMES = frozenset(_FRAMES.split())
BLOCKS = FRAMES | HEADINGS.keys() | {"blockquote", "dd", "details", "dl", "dt", "hr", "li", "ol", "pre", "table", "ul"}
PARTS = frozenset({"caption", "thead", "tbody", "tfoot", "tr", "td", "th"})
#: Older names of styles.
OLDER = {"strike": "s", "tt": "code"}
ALLOWED = BLOCKS | PARTS | model.STYLES | OLDER.keys() | {"a", "br", "img", "time", "wbr"}
ATTRIBUTES = {
    "*": {"dir", "lang", "id"},
    "a": {"href", "title", "name"},
    "abbr": {"title"},
    "details": {"open"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
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
DRAWING = re.compile(r"<(svg|math)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
UNSAID = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)|<[^>]*>", re.IGNORECASE | re.DOTALL)
OPENING = re.compile(rf"<({'|'.join(sorted(GONE))})\b[^>]*>", re.IGNORECASE)
#: libxml2 leaves out what lies deeper than this many elements.
FOLLOWED = 2048
#: Elements nested deeper than this are read as their text.
NESTED = 60
#: White space that folds.
SPACE = " \t\r\n\f"

#: What fills a hole when it is reached: blocks or inlines.
Hole = Callable[[], Any]


def read(parts: str | Sequence[str | Hole], places: Places, depth: int = 0) -> model.Blocks:
    """Read HTML as blocks; () if nothing of it can be shown.

    Args:
        parts: The source; or pieces of it, with holes between them.
        places: The state of this reading.
        depth: How many quotations, lists and the like it stands in.
    """
    return _Reader(places, [parts] if isinstance(parts, str) else parts, "div").blocks(depth)


def inlines(parts: Sequence[str | Hole], places: Places) -> model.Inlines:
    """Read HTML with holes as running text."""
    return model.running(_Reader(places, parts, "span").blocks(0))


@cache
def _cleaner() -> Any:
    import nh3

    def judge(name: str, attribute: str, value: str) -> str | None:
        allowed = VALUES.get(attribute)
        return None if allowed and not allowed.match(value) else value

    return nh3.Cleaner(
        tags=set(ALLOWED),
        clean_content_tags=set(GONE),
        attributes={name: set(names) for name, names in ATTRIBUTES.items()},
        attribute_filter=judge,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )


class _Reader:
    """Reads one piece of HTML; `form` is the element that stands for a hole."""

    def __init__(self, places: Places, parts: Sequence[str | Hole], form: str) -> None:
        self.places = places
        self.parts = parts
        self.form = form
        self.holes: list[Hole] = []
        source = "".join(part for part in parts if isinstance(part, str))
        # a mark that the source itself cannot name
        self.mark = next(mark for n in range(len(source) + 1) if (mark := f"hole{n}-") not in source)

    def blocks(self, depth: int) -> model.Blocks:
        root = _tree("".join(self._opened(part) for part in self.parts))
        found = sum(element.get("id", "").startswith(self.mark) for element in root.iter("span", "div"))
        if found < len(self.holes) and any(callable(part) for part in self.parts):
            # some tag has swallowed what Markdown found: each piece is then read by itself
            return self._apart(depth)
        return self.flow(root, depth, 0)

    def _opened(self, part: str | Hole) -> str:
        """A part as HTML with a hole in it for whatever HTML cannot say."""
        if callable(part):
            return self._hole(part, self.form)
        return DRAWING.sub(lambda drawn: self._drawing(drawn[0], drawn[1].lower()), legible(part))

    def _drawing(self, source: str, kind: str) -> str:
        words = UNSAID.sub(" ", source)
        found, own = images.picture("svg+xml", source, "image") if kind == "svg" else (None, "")
        if not found:
            return words
        said = own or " ".join(unescape(words).split())
        return self._hole(lambda: (model.Image(found, said, note="" if said else self.places.words.undescribed),))

    def _hole(self, fill: Hole, form: str = "span") -> str:
        self.holes.append(fill)
        return f'<{form} id="{self.mark}{len(self.holes) - 1}"></{form}>'

    def _filled(self, name: str) -> Any:
        """What fills the hole of a name; None where that is no hole's."""
        return self.holes[int(name.removeprefix(self.mark))]() if name.startswith(self.mark) else None

    def _apart(self, depth: int) -> model.Blocks:
        found: list[model.Block] = []
        for part in self.parts:
            filled = part() if callable(part) else _Reader(self.places, [part], "div").blocks(depth)
            found += filled if _all_blocks(filled) else [model.Plain(filled)]
        return tuple(found)

    def flow(self, element: Any, depth: int, level: int, form: type = model.Paragraph) -> model.Blocks:
        """Read what an element holds as blocks; running text between them becomes paragraphs, or plain text."""
        if depth > model.DEPTH or level > NESTED:
            words = " ".join(element.text_content().split())
            return (form((model.Text(words),)),) if words else ()
        found: list[model.Block] = []
        run: list[model.Inline] = []

        def close() -> None:
            inside = _trimmed(run)
            if inside:
                found.append(form(inside))
            run.clear()

        for piece in self._pieces(element, depth, level):
            if isinstance(piece, model.Block):
                close()
                found.append(piece)
            else:
                run.append(piece)
        close()
        return tuple(found)

    def _pieces(self, element: Any, depth: int, level: int) -> Iterator[model.Inline | model.Block]:
        if element.text:
            yield model.Text(element.text)
        for child in element:
            if child.tag in BLOCKS or (child.tag != "a" and _holds_block(child)):
                yield from self._block(child, depth, level + 1)
            else:
                yield from self._inline(child, depth, level + 1)
            if child.tail:
                yield model.Text(child.tail)

    def running(self, element: Any, depth: int, level: int) -> model.Inlines:
        """Read what an element holds as running text."""
        return model.running(self.flow(element, depth, level, model.Plain))

    def _spaced(self, element: Any, depth: int, level: int) -> model.Inlines:
        """What an inline element holds, the white space at its ends kept."""
        if level > NESTED or _holds_block(element):
            return self.running(element, depth, level)
        return tuple(self._pieces(element, depth, level))

    def _block(self, element: Any, depth: int, level: int) -> model.Blocks:
        named = element.get("id", "")
        if (filled := self._filled(named)) is not None:
            return filled
        found = self._of_kind(element, depth, level)
        if named and not (found and isinstance(found[0], model.Heading)):
            found = _begun(self.places.anchor(named), found)
        language, direction = element.get("lang", ""), element.get("dir", "")
        return (model.Division(found, language, direction),) if found and (language or direction) else found

    def _of_kind(self, element: Any, depth: int, level: int) -> model.Blocks:
        match element.tag:
            case "hr":
                return (model.Rule(),)
            case "pre":
                inside = self._spaced(element, depth, level)
                return (model.Preformatted(inside),) if model.plain(inside).strip() else ()
            case "table":
                return self._table(element, depth, level)
            case "ul" | "ol":
                return self._list(element, depth, level)
            case "dl":
                return self._definitions(element, depth, level)
            case "blockquote":
                with self.places.inside(nest=True):
                    inside = self.flow(element, depth + 1, level)
                return (model.Quote(inside),) if inside else ()
            case "details" if element.find("summary") is not None:
                return self._details(element, depth, level)
            case name if name in HEADINGS:
                return self._heading(element, depth, level)
        return self.flow(element, depth, level)

    def _heading(self, element: Any, depth: int, level: int) -> model.Blocks:
        inside = self.running(element, depth, level)
        heading = self.places.heading(HEADINGS[element.tag], inside, element.get("id", ""))
        if isinstance(heading, model.Heading):
            return (heading,)
        return (model.Paragraph(heading),) if heading else ()

    def _list(self, element: Any, depth: int, level: int) -> model.Blocks:
        with self.places.inside(nest=True):
            items = [model.Item(blocks) for child in _members(element) if (blocks := self._item(child, depth, level))]
        if not items:
            return ()
        return (model.List(tuple(items), element.tag == "ol", int(element.get("start") or 1)),)

    def _item(self, element: Any, depth: int, level: int) -> model.Blocks:
        if element.tag not in ("li", "dd", "td", "th"):
            return self.flow(_wrapped(element), depth + 1, level + 1, model.Plain)
        inside = self.flow(element, depth + 1, level + 1, model.Plain)
        inside = _begun(self.places.anchor(element.get("id", "")), inside) if element.tag == "li" else inside
        language, direction = element.get("lang", ""), element.get("dir", "")
        return (model.Division(inside, language, direction),) if inside and (language or direction) else inside

    def _definitions(self, element: Any, depth: int, level: int) -> model.Blocks:
        entries: list[model.Term | model.Definition] = []
        with self.places.inside(nest=True):
            for child in _members(element):
                if child.tag == "dt":
                    entries.append(model.Term(self.running(child, depth, level + 1)))
                elif blocks := self._item(child, depth, level):
                    entries.append(model.Definition(blocks))
        return (model.Definitions(tuple(entries)),) if entries else ()

    def _details(self, element: Any, depth: int, level: int) -> model.Blocks:
        summary = element.find("summary")
        told = self.running(summary, depth, level + 1)
        summary.drop_tree()
        opened = element.get("open") is not None
        return (model.Details(told, self.flow(element, depth + 1, level), opened),)

    def _table(self, element: Any, depth: int, level: int) -> model.Blocks:
        self.places.tables += 1
        number = self.places.tables
        captions = element.findall("caption")
        caption = self.running(captions[0], depth, level) if captions else ()
        parts: dict[str, list[model.Row]] = {"thead": [], "tbody": [], "tfoot": []}
        with self.places.inside(nest=True):
            for row in element.iter("tr"):
                if next(row.iterancestors("table"), None) is element:
                    cells = [self._cell(cell, depth, level) for cell in row if cell.tag in ("td", "th")]
                    parts.get(row.getparent().tag, parts["tbody"]).append(tuple(cells))
        made = tables.table(number, parts["thead"], parts["tbody"] + parts["tfoot"], caption)
        return (made,) if made else ((model.Paragraph(caption),) if caption else ())

    def _cell(self, element: Any, depth: int, level: int) -> model.Cell:
        row = element.getparent()
        first = row.get("id", "") if row.index(element) == 0 else ""
        named = (*self.places.anchor(first), *self.places.anchor(element.get("id", "")))
        blocks = _begun(named, self._item(element, depth, level))
        text = " ".join(model.plain(blocks).split())
        columns, rows = (int(element.get(span) or 1) for span in ("colspan", "rowspan"))
        scope, align = "head" if element.tag == "th" else "", element.get("align", "")
        return model.Cell(blocks, text, scope, align, columns=columns, rows=rows)

    def _inline(self, element: Any, depth: int, level: int) -> Iterator[model.Inline]:
        named, name = element.get("id") or element.get("name") or "", element.tag
        if (filled := self._filled(named)) is not None:
            yield from filled
            return
        yield from self.places.anchor(named)
        match name:
            case "br":
                yield model.Break()
            case "wbr":
                yield model.Text("\u200b")
            case "img":
                yield self._image(element)
            case "a":
                url = element.get("href", "")
                with self.places.inside(link=bool(url)):
                    inside = self._spaced(element, depth, level)
                yield from self.places.link(url, inside, legible(element.get("title", "")))
            case _:
                yield from self._styled(element, OLDER.get(name, name), self._spaced(element, depth, level))

    def _image(self, element: Any) -> model.Image:
        about = (element.get(name, "") for name in ("src", "alt", "title"))
        return images.image(*about, self.places.words, size=(element.get("width"), element.get("height")))

    @staticmethod
    def _styled(element: Any, name: str, inside: model.Inlines) -> model.Inlines:
        about = element.get("lang", ""), element.get("dir", ""), legible(element.get("title", ""))
        if not inside or name not in model.STYLES or (name == "span" and not any(about)):
            return inside
        return (model.Span(name, inside, *about),)


def _tree(source: str) -> Any:
    """Foreign HTML as a tree of what is allowed; as one text where it nests deeper than libxml2 follows."""
    from lxml import html

    cleaned = _cleaner().clean(_ended(source))
    root = html.fragment_fromstring(
        f"<div>{cleaned}</div>".encode(), parser=html.HTMLParser(encoding="utf-8", huge_tree=True)
    )
    if cleaned.count("<") > FOLLOWED:
        text = unescape(re.sub(r"<[^>]*>", "", cleaned))
        if len(root.text_content()) < len(text):
            root = html.Element("div")
            root.text = text
    return root


def _ended(source: str) -> str:
    """HTML without the opening tags of what is to be gone that never ends: they would take all that follows along."""
    lowered = source.lower()
    ends = {name: lowered.rfind(f"</{name}") for name in GONE}
    return OPENING.sub(lambda tag: tag[0] if tag.start() < ends[tag[1].lower()] else "", source)


def _holds_block(element: Any) -> bool:
    return any(inner.tag in BLOCKS for inner in element.iterdescendants())


def _all_blocks(nodes: Sequence[Any]) -> bool:
    return all(isinstance(node, model.Block) for node in nodes)


def _trimmed(run: list[model.Inline]) -> model.Inlines:
    """Running text without white space at its ends; () where it is nothing else."""
    kept = list(run)
    while kept and isinstance(kept[0], model.Text) and not kept[0].text.strip(SPACE):
        kept.pop(0)
    while kept and isinstance(kept[-1], model.Text) and not kept[-1].text.strip(SPACE):
        kept.pop()
    if kept and isinstance(kept[0], model.Text):
        kept[0] = model.Text(kept[0].text.lstrip(SPACE))
    if kept and isinstance(kept[-1], model.Text):
        kept[-1] = model.Text(kept[-1].text.rstrip(SPACE))
    return tuple(kept)


def _begun(anchors: model.Inlines, blocks: model.Blocks) -> model.Blocks:
    """Blocks with anchors at their beginning."""
    if not anchors:
        return blocks
    if blocks and isinstance(blocks[0], model.Paragraph | model.Plain):
        return (type(blocks[0])((*anchors, *blocks[0].inside)), *blocks[1:])
    return (model.Plain(anchors), *blocks)


def _members(element: Any) -> Iterator[Any]:
    """What stands in a list: elements, and texts that have none of their own."""
    for text, child in [(element.text, None), *((child.tail, child) for child in element)]:
        if child is not None:
            yield child
        if text and text.strip():
            alone = element.makeelement("span", {})
            alone.text = text
            yield alone


def _wrapped(element: Any) -> Any:
    """An element as all that another one holds."""
    around = element.makeelement("div", {})
    around.append(element)
    element.tail = None
    return around
