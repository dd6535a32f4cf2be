"""A document's tree as HTML: every node has one form here, and nothing is decided but how it looks on a screen."""

import base64
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from markupsafe import Markup

from handover.document import evidence, model, words
from handover.pages.html_evidence import Evidence
from handover.pages.html_text import NOTHING, attributes, escape, fill, href, lines, link, marked, run
from handover.pages.mathematics import Mathematics, defines

#: Images as wide as this fill the column; narrower ones take half of it; the smallest keep their size.
FULL, HALF = 400.0, 220.0
#: From this many columns on, a table may be wider than a telephone and gets room to scroll.
WIDE = 4
#: A table with a cell of more characters than `LONG`, or of few columns with lines of more than `ROOM`, is stacked on a
#: telephone, cell under cell; one of many short columns is rather scrolled.
LONG, FEW, ROOM = 60, 6, 110
#: A formula of more characters may be wider than a telephone, and must be reached by keys to be scrolled.
LONG_FORMULA = 40
#: A longer message of an error is set as output.
MESSAGE = 300
#: pygments' kinds of token, and the class of the page's style sheet; the first that fits holds.
KINDS = (
    ("Comment", "c"), ("Literal.String", "s"), ("Literal.Number", "m"), ("Keyword", "k"), ("Operator.Word", "k"),
    ("Name.Decorator", "k"),
)  # fmt: skip
#: The forms of what holds nothing but running text, or nothing but blocks.
FORMS = {
    model.Paragraph: "<p>{}</p>",
    model.Preformatted: "<pre>{}</pre>",
    model.Term: "<dt>{}</dt>",
    model.Quote: "<blockquote>\n{}\n</blockquote>",
    model.Definition: "<dd>{}</dd>",
}


class Printer:
    """Prints the parts of one document."""

    def __init__(self, document: model.Document) -> None:
        self.ledger = document.ledger
        self.words = words.of(document.language)
        self.mathematics = Mathematics(document)
        self.evidence = Evidence(document)
        #: Whether a contested number has been printed.
        self.contested = False
        #: The colours of cells, each with its class.
        self.tints: dict[model.Tint, str] = {}
        #: What is printed last: the code of neighbouring cells, by the number of the first.
        self.code: dict[int, list[model.CellCode]] = {}

    def parts(self, parts: Iterable[model.Part]) -> list[Markup]:
        """Print all parts; in the place of neighbouring code stands a link to it."""
        printed: list[Markup] = []
        for kind, group in groupby(parts, type):
            same = list(group)
            printed += [self._code_link(same)] if kind is model.CellCode else map(self._part, same)
        return printed

    def _part(self, part: model.Part) -> Markup:
        match part:
            case model.Prose():
                return self.blocks(part.blocks)
            case model.Figure():
                return self._figure(part)
            case model.Output():
                return fill('<div class="output">{}</div>', self.blocks(part.blocks))
            case model.Stream():
                return self._stream(part)
            case model.Failure():
                return self._failure(part)
            case model.EvidenceSection():
                return self.evidence.section(part)
        raise TypeError(part)

    # cells

    def _code_link(self, cells: list[model.CellCode]) -> Markup:
        first, last = cells[0].cell, cells[-1].cell
        self.code.setdefault(first, []).extend(cells)
        label = self.words.code.format(first) if first == last else self.words.codes.format(first, last)
        return fill('<p class="label source"><a href="#cell-{}">{}</a></p>', first, label)

    def all_code(self) -> Markup:
        """The code of the whole page, folded away under one label."""
        if not self.code:
            return NOTHING
        told = []
        for first, cells in self.code.items():
            parts = []
            for number, sources in groupby(cells, lambda cell: cell.cell):
                parts.append(fill('<p class="label">{}</p>', self.words.cell.format(number)))
                parts += [code(source.source, source.language) for source in sources]
            told.append(fill('<div id="cell-{}">\n{}\n</div>', first, lines(parts)))
        form = '<details class="code"><summary>{}</summary>\n{}\n</details>'
        return fill(form, self.words.all_code, lines(told))

    def _figure(self, figure: model.Figure) -> Markup:
        """An image with its title, what it measures, its description, its sources and its values."""
        shown = (("title", figure.title), ("measure", figure.subtitle))
        head = [fill('<span class="{}">{}</span>', kind, self.inlines(text)) for kind, text in shown if text]
        caption = fill("<figcaption>{}</figcaption>\n", lines(head)) if head else NOTHING
        note = fill('<p class="note">{}</p>', figure.note) if figure.note else NOTHING
        picture = figure.picture
        notes = [note] if note and picture else []
        if figure.credit:
            notes.append(fill('<p class="credit">{}</p>', self.inlines(figure.credit)))
        if figure.values:
            form = '<details class="values"><summary>{}</summary>\n{}\n</details>'
            notes.append(fill(form, self.words.values, self.blocks(figure.values)))
        image = self._drawn(figure) if picture else note
        half = picture and picture.kind == "svg" and HALF <= picture.width < FULL
        return fill("<figure{}>\n{}\n</figure>", attributes(**{"class": "half" if half else ""}),
                    lines([caption + image, *notes]))  # fmt: skip

    def _drawn(self, figure: model.Figure) -> Markup:
        picture, alt = figure.picture, figure.alt or self.words.undescribed
        if picture.kind != "svg":
            return img(picture, alt)
        title = " ".join(model.plain(figure.title).split()) or self.words.figure.format(figure.number)
        prefix, narrow = f"figure-{figure.number}", figure.narrow
        drawn = inline_svg(picture, prefix, title, alt, "wide" if narrow else "")
        return drawn + (inline_svg(narrow, f"{prefix}-narrow", title, alt, "narrow") if narrow else NOTHING)

    def _stream(self, stream: model.Stream) -> Markup:
        label = NOTHING
        if stream.name == "stderr":
            label = fill('<p class="label">{}</p>\n', self.words.stderr.format(stream.cell))
        return fill('<div class="output {}">\n{}{}</div>', stream.name or "plain", label, excerpt(stream.text))

    def _failure(self, failure: model.Failure) -> Markup:
        """What an error said, and folded away, where it came from."""
        value = failure.value
        long = bool(value.note) or len(value.head) > MESSAGE
        said = failure.name if long else f"{failure.name}: {value.head}"
        head = fill("<p><strong>{}</strong> {}</p>", self.words.failed.format(failure.cell), said)
        trace = NOTHING
        if failure.traceback.head.strip():
            form = "<details><summary>{}</summary>{}</details>"
            trace = fill(form, self.words.traceback, excerpt(failure.traceback))
        return fill('<div class="failure">\n{}{}{}\n</div>', head, excerpt(value) if long else NOTHING, trace)

    # blocks

    def blocks(self, blocks: Iterable[model.Block | model.Term | model.Definition]) -> Markup:
        """Print blocks one under another."""
        return lines([self._block(block) for block in blocks])

    def _block(self, block: model.Block | model.Term | model.Definition) -> Markup:
        match block:
            case model.Plain():
                return self.inlines(block.inside)
            case model.Running():
                return fill(FORMS[type(block)], self.inlines(block.inside))
            case model.Group():
                return fill(FORMS[type(block)], self.blocks(block.blocks))
            case model.Heading():
                return fill('<h{0} id="{1}">{2}</h{0}>', block.level, block.anchor, self.inlines(block.inside))
            case model.CodeBlock():
                return code(block.source, block.language)
            case model.Formula():
                about = attributes(tabindex="0" if len(block.latex) > LONG_FORMULA else "")
                return fill('<p class="display"{}>{}</p>', about, shown) if (shown := self._maths(block)) else NOTHING
            case model.List():
                return self._list(block)
            case model.Definitions():
                return fill("<dl>\n{}\n</dl>", self.blocks(block.entries))
            case model.Table():
                return self._table(block)
            case model.Details():
                opened = Markup(" open") if block.opened else NOTHING
                form = "<details{}><summary>{}</summary>\n{}\n</details>"
                return fill(form, opened, self.inlines(block.summary), self.blocks(block.blocks))
            case model.Division():
                about = attributes(lang=block.language, dir=block.direction)
                return fill("<div{}>{}</div>", about, self.blocks(block.blocks))
            case model.Rule():
                return Markup("<hr>")
        raise TypeError(block)

    def _list(self, block: model.List) -> Markup:
        name = "ol" if block.ordered else "ul"
        start = fill(' start="{}"', block.start) if block.ordered and block.start != 1 else NOTHING
        return fill("<{0}{1}>\n{2}\n</{0}>", name, start, lines(map(self._item, block.items)))

    def _item(self, item: model.Item) -> Markup:
        if item.checked is None:
            return fill("<li>{}</li>", self.blocks(item.blocks))
        form = '<li class="task"><span class="box{}" role="img" aria-label="{}"></span> {}</li>'
        state = (" done", self.words.done) if item.checked else ("", self.words.open)
        return fill(form, *state, self.blocks(item.blocks))

    def _table(self, table: model.Table) -> Markup:
        """A table with room to scroll, or to be stacked where the screen is narrow."""
        about = {"class": "table"}
        if table.columns >= WIDE:
            caption = " ".join(model.plain(table.caption).split())
            name = " ".join(filter(None, [self.words.table.format(table.number), caption]))
            about = {"class": "table scroll", "role": "region", "tabindex": "0", "aria-label": name}
        stacked = table.columns > 2 and stackable(table)
        if stacked:
            about["class"] += " stacked"
        labels = [cell.text for cell in table.head[0]] if stacked else []
        caption = fill("<caption>{}</caption>", self.inlines(table.caption)) if table.caption else NOTHING
        head = run(self._row(row) for row in table.head)
        body = run(self._row(row, labels) for row in table.body)
        inside = caption + (fill("<thead>{}</thead>", head) if head else NOTHING)
        return fill("<div{}><table>{}<tbody>{}</tbody></table></div>", attributes(**about), inside, body)

    def _row(self, row: model.Row, labels: Sequence[str] = ()) -> Markup:
        """A row; where a table may be stacked, each cell but the first brings the name of its column."""
        named = [label if x and cell.text else "" for x, (cell, label) in enumerate(zip(row, labels, strict=False))]
        named += [""] * (len(row) - len(named))
        return fill("<tr>{}</tr>", run(map(self._cell, row, named)))

    def _cell(self, cell: model.Cell, label: str) -> Markup:
        heads_row = cell.scope.startswith("row")
        kind = "row" if heads_row else "num" if cell.number else "mid" if cell.align == "center" else ""
        if cell.tint:
            kind = f"{kind} {self.tints.setdefault(cell.tint, f'tint-{len(self.tints) + 1}')}".strip()
        about = attributes(
            colspan=str(cell.columns) if cell.columns > 1 else "",
            rowspan=str(cell.rows) if cell.rows > 1 else "",
            scope=cell.scope,
            **{"class": kind, "data-label": label},
        )
        tag = "th" if cell.scope else "td"
        return marked(f"<{tag}{about}>{self.blocks(cell.blocks)}</{tag}>")

    # inlines

    def inlines(self, inlines: Iterable[model.Inline]) -> Markup:
        """Print running text."""
        return run([self._inline(inline) for inline in inlines])

    def _inline(self, inline: model.Inline) -> Markup:
        match inline:
            case model.Text():
                return escape(inline.text)
            case model.Citation():
                return self._citation(inline)
            case model.Code():
                return fill("<code>{}</code>", inline.text)
            case model.Maths():
                return self._maths(inline)
            case model.Break():
                return Markup("<br>\n")
            case model.Span():
                about = attributes(lang=inline.language, dir=inline.direction, title=inline.title)
                return fill("<{0}{1}>{2}</{0}>", inline.tag, about, self.inlines(inline.inside))
            case model.Link():
                form = '<a href="{}" rel="noopener noreferrer"{}>{}</a>'
                return fill(form, inline.url, attributes(title=inline.title), self.inlines(inline.inside))
            case model.Reference():
                about = attributes(href=href(inline.anchor), title=inline.title)
                return fill("<a{}>{}</a>", about, self.inlines(inline.inside))
            case model.Image():
                return self._image(inline)
            case model.Anchor():
                return fill('<span id="{}"></span>', inline.anchor)
            case model.Remark():
                return fill('<span class="note">{}</span>', inline.text)
        raise TypeError(inline)

    def _maths(self, node: model.Latex) -> Markup:
        """A formula as MathML; where it cannot be set, its source."""
        tree = self.mathematics.tree(node)
        if tree is not None:
            return NOTHING if defines(tree) else mathml(tree)
        form = '<span role="math" aria-label="{0}"><code>{0}</code></span> <span class="note">({1})</span>'
        return fill(form, node.latex or "LaTeX", self.words.unset)

    def _image(self, image: model.Image) -> Markup:
        note = fill('<span class="note">{}</span>', image.note) if image.note else NOTHING
        if not image.picture:
            return note
        shown = img(image.picture, image.alt or self.words.undescribed, image.title)
        return shown + " " + note if note else shown

    def _citation(self, cited: model.Citation) -> Markup:
        """A link to the evidence; a number or a statement brings a tooltip that tells at once who said it."""
        inside, address = self.inlines(cited.inside), href(cited.anchor)
        if cited.kind == evidence.SOURCE:
            return link(cited.anchor, self.evidence.apart(inside, model.plain(cited.inside)))
        if cited.kind == evidence.CONFLICT:
            self.contested = True
            topic = self.ledger.conflicts[cited.key].topic
            told = self.words.disagree_on.format(topic) if topic else self.words.disagree
            form = '<sup><a class="conflict" href="{}" aria-label="{}"><span>{}</span></a></sup>'
            return fill(form, address, told, inside)
        # `interestfor` gives what WCAG 1.4.13 asks without a script: Escape puts the tooltip away, a pointer may rest
        # on it
        use, card = escape(cited.use), f"card-{escape(cited.use)}"
        return marked(
            f'<a class="n" href="{address}" id="{use}" aria-describedby="{card}" interestfor="{card}">{inside}</a>'
            f'<span class="card" popover="hint" role="tooltip" id="{card}" hidden>{self.evidence.card(cited)}</span>'
        )


def mathml(tree: Any) -> Markup:
    """A formula as mark-up, its source within it."""
    from lxml import etree

    return Markup(etree.tostring(tree, encoding="unicode"))


def excerpt(text: model.Excerpt) -> Markup:
    """Preformatted text."""
    if not text.note:
        return fill('<pre dir="auto">{}</pre>', text.head)
    form = '<pre dir="auto">{}</pre>\n<p class="note">{}</p>\n<pre dir="auto">{}</pre>'
    return fill(form, text.head, text.note, text.tail)


def img(picture: model.Picture, alt: str, title: str = "") -> Markup:
    """A picture as an element that holds it, with its size, so that the page does not jump while it is drawn.

    One that moves stands still on paper, and for a reader who asks for less motion.
    """
    about = attributes(title=title, width=f"{picture.width:.0f}", height=f"{picture.height:.0f}")
    kind = "svg+xml" if picture.kind == "svg" else picture.kind
    shown = fill('<img src="{}" alt="{}"{}>', _data_url(kind, picture.data), alt, about)
    if not picture.still:
        return shown
    form = '<picture><source media="print, (prefers-reduced-motion: reduce)" srcset="{}">{}</picture>'
    return fill(form, _data_url("png", picture.still), shown)


def _data_url(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def inline_svg(picture: model.Picture, prefix: str, name: str, description: str, screen: str) -> Markup:
    """An SVG within the page, so that it is drawn in the page's typefaces, with its name and description.

    Args:
        picture: The SVG.
        prefix: What the ids of its name and description begin with.
        name: The title, as plain text.
        description: What a person who cannot see it needs.
        screen: ``wide`` or ``narrow`` for one of two images of the same, of which the style sheet shows one.
    """
    head, _, rest = picture.data.decode().partition(">")
    kind = "full" if picture.width >= FULL else "half" if picture.width >= HALF else "own"
    about = {"class": f"{kind} {screen}".strip(), "role": "img"}
    about |= {"aria-labelledby": f"{prefix}-title {prefix}-desc"}
    form = '{0}{1}><title id="{2}-title">{3}</title><desc id="{2}-desc">{4}</desc>{5}'
    inside = Markup(rest or "</svg>")
    return fill(form, Markup(head.removesuffix("/")), attributes(**about), prefix, name, description, inside)


def stackable(table: model.Table) -> bool:
    """Whether a table has names for its columns, no spans, and texts too long for the columns of a telephone."""
    rows = [*table.head, *table.body]
    if len(table.head) != 1 or any(cell.columns > 1 or cell.rows > 1 for row in rows for cell in row):
        return False
    widest = [max(map(len, column)) for column in zip(*([cell.text for cell in row] for row in rows), strict=False)]
    return max(widest, default=0) > LONG or (len(widest) <= FEW and sum(widest) > ROOM)


def code(source: str, language: str) -> Markup:
    """Source code as preformatted text with few colours, each printable on white (WCAG AA)."""
    return fill('<pre class="code" dir="ltr"><code>{}</code></pre>', _coloured(source, language))


@lru_cache(maxsize=512)
def _coloured(source: str, language: str) -> Markup:
    if not language or len(source) > 100_000:
        return escape(source)
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(source)
    parts: list[tuple[str, str]] = []
    for token, text in lexer.get_tokens(source):
        name = str(token).removeprefix("Token.")
        kind = next((short for start, short in KINDS if name.startswith(start)), "")
        if parts and parts[-1][0] == kind:
            parts[-1] = (kind, parts[-1][1] + text)
        else:
            parts.append((kind, text))
    return run(fill('<span class="{}">{}</span>', kind, text) if kind else escape(text) for kind, text in parts)
