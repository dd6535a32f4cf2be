"""Markdown read into the model, by nbconvert's own parser."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from html import unescape
from itertools import groupby
from typing import Any, ClassVar

from handover import imports
from handover.document import gfm, html, images, model, spaces, tables
from handover.document.html import GONE
from handover.document.places import Places, apart
from handover.text import printable

Token = dict[str, Any]

#: What nbconvert itself turns on (``MarkdownWithMath.DEFAULT_PLUGINS``), but for tables and addresses.
PLUGINS = ("strikethrough", "task_lists", "def_list")

#: Mathematics on lines of its own, which the parser keeps inside paragraphs.
DISPLAYED = ("block_math", "latex_environment")
#: Money is not mathematics. As in pandoc, no space follows the first dollar or stands before the last, unless there is
#: a command of TeX between them, and no digit comes after; nor does a formula hold code, the end of a link, or a dollar
#: that is neither escaped nor in words.
DOLLARS = (
    r"(?<![$\\])\$(?!\$)(?:(?P<commanded>(?=[^$`]*\\[A-Za-z]{2}))|(?!\s))"
    r"(?P<math_inline_tex>(?:\\(?:text\w*|mbox)\{[^{}]*\}|\\[^`]|(?!\]\((?:#|\w+:))[^\\$`])+?)"
    r"(?(commanded)|(?<!\s))\$(?![\d$])"
)
#: Three dollars are none of a formula's, and no formula goes past an empty line.
DOUBLE_DOLLARS = r"(?<![$\\])\$\$(?!\$)(?P<math_block_tex>(?:\\[\s\S]|(?!\n[ \t]*\n)[^\\$]|\$(?!\$))+?)\$\$(?!\$)"
#: A formula whose lines must not be read as lists or headings. It may follow words on its first line, but no code.
DISPLAYED_MATHS = (
    r"^ {0,3}(?:[^\W\d_][^\n`$\\]*)?(?:"
    rf"{DOUBLE_DOLLARS.replace('math_block_tex', 'displayed')}"
    r"|\\\\\[(?s:.*?)\\\\\]"
    r"|\\begin\{(?P<math_env_name>[a-z]*\*?)\}(?s:.*?)\\end\{(?P=math_env_name)\})"
)
#: A formula in LaTeX that a cell displayed; those before ``within`` stand on lines of their own.
FORMULA = re.compile(
    r"\$\$(?P<dollars>(?:(?!\$\$).)+)\$\$|\\\[(?P<brackets>(?:(?!\\\]).)+)\\\]"
    r"|(?P<environment>\\begin\{(?P<name>[a-z]+\*?)\}.+?\\end\{(?P=name)\})"
    r"|(?<![$\\])\$(?!\$)(?P<within>(?:\\.|[^\\$])+)\$|\\\((?P<parentheses>(?:(?!\\\)).)+)\\\)",
    re.DOTALL,
)
#: The tokens of what is HTML already.
RAW = ("inline_html", "block_html")
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
#: The tokens of styles, and the model's names of these.
STYLES = {"emphasis": "em", "strong": "strong", "strikethrough": "del"}
#: A list begins with no greater number.
MOST = 10**9


@cache
def _parser() -> Any:
    import mistune

    nbconvert = imports.alone("nbconvert.filters.markdown_mistune")

    class Block(nbconvert.MathBlockParser):
        # unlike nbconvert, JupyterLab takes no heading without a space after its marks
        SPECIFICATION: ClassVar = {
            **nbconvert.MathBlockParser.SPECIFICATION,
            "atx_heading": mistune.BlockParser.SPECIFICATION["atx_heading"],
            "multiline_math": DISPLAYED_MATHS,
        }

    class Inline(nbconvert.MathInlineParser):
        SPECIFICATION: ClassVar = {
            **nbconvert.MathInlineParser.SPECIFICATION,
            "block_math_tex": DOUBLE_DOLLARS,
            "inline_math_tex": DOLLARS,
        }

    return mistune.Markdown(
        renderer=None,
        block=Block(),
        inline=Inline(hard_wrap=False),
        plugins=[
            *(mistune.import_plugin(name) for name in PLUGINS),
            partial(gfm.tables, re.compile(f"{DOUBLE_DOLLARS}|{DOLLARS}")),
            gfm.addresses,
        ],
    )


@lru_cache(maxsize=256)
def _parse(source: str) -> list[Token]:
    """Return the block tokens of a Markdown text, which nobody may change; spaces that must not break are bound.

    A sweep reads many texts again, since those of a report hardly differ from one day to the next.

    Beside mistune's own token types the tree may hold ``inline_math``, ``block_math`` (LaTeX in
    ``raw``) and ``latex_environment`` (``attrs``: name, body), from nbconvert's parser.
    """
    tokens = _parser().parse(printable(source))[0]
    spaces.bind_tokens(tokens)
    return [token for token in tokens if token["type"] != "blank_line"]


def _words(tokens: list[Token]) -> str:
    """The text of tokens without any mark-up, for titles and descriptions."""
    parts = []
    for token in tokens:
        if "children" in token:
            parts.append(_words(token["children"]))
        elif token["type"] in ("softbreak", "linebreak"):
            parts.append(" ")
        elif token["type"] not in RAW:
            raw = token.get("raw", "")
            parts.append(unescape(raw) if token["type"] == "text" else raw)
    return "".join(parts)


def titles(source: str) -> int:
    """How many titles a Markdown text holds: headings of the first level that say something."""
    return sum(map(_is_title, _parse(source)))


@apart
def line(source: str, places: Places) -> model.Inlines:
    """Read a short Markdown text, such as a caption, as running text."""
    read: list[model.Inline] = []
    for token in _parse(source):
        if inside := _Reader(places).inlines(token.get("children", [])):
            read += [*([model.Text(" ")] if read else []), *inside]
    return tuple(read)


@apart
def read(source: str, places: Places, *, untitled: bool = False) -> tuple[model.Headline | None, model.Blocks]:
    """Read Markdown as blocks.

    Args:
        source: The text.
        places: The state of this reading.
        untitled: Whether the document has no headline yet: the first title, and the paragraph under it, become that
            and are left out of the blocks.
    """
    reader, tokens = _Reader(places), _parse(source)
    found = next((n for n, token in enumerate(tokens) if _is_title(token)), None) if untitled else None
    if found is None:
        return None, reader.blocks(tokens)
    before = reader.blocks(tokens[:found])
    title, *rest = tokens[found:]
    under = rest.pop(0) if rest and rest[0]["type"] == "paragraph" and not _only_image(rest[0]) else None
    # the links of notebooks to their own title still lead somewhere
    places.names.setdefault(_words([title]).replace(" ", "-"), "report")
    headline = model.Headline(reader.inlines(title["children"]), reader.inlines(under["children"]) if under else ())
    return headline, (*before, *reader.blocks(rest))


def _is_title(token: Token) -> bool:
    return token["type"] == "heading" and token["attrs"]["level"] == 1 and bool(_words(token["children"]).strip())


def _only_image(token: Token) -> bool:
    return [child["type"] for child in token["children"] if child["type"] != "softbreak"] == ["image"]


def latex(source: str) -> model.Blocks:
    """Read LaTeX that a cell displayed: one formula, or text with formulas between their marks, as Jupyter shows it."""
    source = printable(source.strip(), code=True)
    found = list(FORMULA.finditer(source))
    if found and found[0].span() == (0, len(source)):
        return (model.Formula(_inside(found[0])),)
    # without marks around its formulas it is one; so it is if there are commands beside an environment
    if not found or re.search(r"\\[A-Za-z]", FORMULA.sub("", source)):
        return (model.Formula(source),)
    read: list[model.Text | model.Maths | model.Formula] = []
    end = 0
    for one in found:
        within = one["within"] or one["parentheses"]
        read += [model.Text(source[end : one.start()]), (model.Maths if within else model.Formula)(_inside(one))]
        end = one.end()
    read.append(model.Text(source[end:]))
    said = [node for node in read if not isinstance(node, model.Text) or node.text.strip()]
    runs = groupby(said, lambda node: isinstance(node, model.Formula))
    return tuple(block for set_apart, run in runs for block in (run if set_apart else [model.Paragraph(tuple(run))]))


def _inside(formula: re.Match[str]) -> str:
    kinds = ("dollars", "brackets", "environment", "within", "parentheses")
    return next(said.strip() for kind in kinds if (said := formula[kind]))


@dataclass
class _Reader:
    """Reads the tokens of one piece of Markdown."""

    places: Places

    def blocks(self, tokens: Sequence[Token]) -> model.Blocks:
        """Read block tokens; where raw HTML stands among them, as HTML that has them in its holes."""
        tokens = [token for token in tokens if token["type"] != "blank_line"]
        if not any(token["type"] == "block_html" for token in tokens):
            return tuple(block for token in tokens for block in self._block(token))
        return html.read(_holed(tokens, self._block), self.places)

    def _block(self, token: Token) -> model.Blocks:
        about = token.get("attrs") or {}
        match token["type"]:
            case "paragraph":
                return tuple(self._paragraph(token["children"]))
            case "heading":
                return self.places.heading(about["level"], self.inlines(token["children"]))
            case "thematic_break":
                return (model.Rule(),)
            case "block_code":
                language = next(iter((about.get("info") or "").split()), "")
                return (model.CodeBlock(printable(token["raw"].rstrip("\n"), code=True), language),)
            case "block_math" | "latex_environment":
                return (model.Formula(self._latex(token)),)
            case "table":
                return self._table(*token["children"])
            case "block_quote" | "list" | "def_list":
                with self.places.inside(nest=True):
                    return (self._nested(token, about),)
        inside = self.inlines(token.get("children", [{**token, "type": "text"}]))
        form = model.Plain if token["type"] == "block_text" else model.Paragraph
        return (form(inside),) if inside else ()

    def _latex(self, token: Token) -> str:
        self.places.formulas = True
        if token["type"] != "latex_environment":
            return printable(token["raw"].strip(), code=True)
        name, body = token["attrs"]["name"], token["attrs"]["body"]
        return printable(f"\\begin{{{name}}}{body}\\end{{{name}}}", code=True)

    def _paragraph(self, tokens: Sequence[Token]) -> Iterator[model.Block]:
        for displayed, group in groupby(tokens, lambda child: child["type"] in DISPLAYED):
            if displayed:
                yield from (model.Formula(self._latex(child)) for child in group)
            elif inside := self.inlines(list(group)):
                yield model.Paragraph(inside)

    def _nested(self, token: Token, about: Mapping[str, Any]) -> model.Block:
        members = token["children"]
        if token["type"] == "block_quote":
            return model.Quote(self.blocks(members))
        if token["type"] == "def_list":
            return model.Definitions(tuple(map(self._entry, members)))
        items = [model.Item(self.blocks(one["children"]), one.get("attrs", {}).get("checked")) for one in members]
        start, tight = min(int(about.get("start", 1)), MOST), bool(token.get("tight", True))
        return model.List(tuple(items), bool(about.get("ordered")), start, tight)

    def _entry(self, token: Token) -> model.Term | model.Definition:
        if token["type"] == "def_list_head":
            return model.Term(self.inlines(token["children"]))
        return model.Definition(self.blocks(token["children"]))

    def _table(self, head: Token, body: Token) -> model.Blocks:
        self.places.tables += 1
        number = self.places.tables
        made = tables.table(number, [self._row(head)], [self._row(row) for row in body["children"]])
        return (made,) if made else ()

    def _row(self, row: Token) -> model.Row:
        read = []
        for cell in row["children"]:
            inside, about = self.inlines(cell["children"]), cell["attrs"]
            text, head = " ".join(model.plain(inside).split()), "head" if about["head"] else ""
            read.append(model.Cell((model.Plain(inside),) if inside else (), text, head, about["align"] or ""))
        return tuple(read)

    def inlines(self, tokens: Sequence[Token]) -> model.Inlines:
        """Read running text; where raw tags stand in it, as HTML that has the rest in its holes."""
        if not any(token["type"] == "inline_html" for token in tokens):
            return tuple(inline for token in tokens for inline in self._inline(token))
        return html.inlines(_holed(_heard(tokens), lambda token: tuple(self._inline(token))), self.places)

    def _inline(self, token: Token) -> Iterator[model.Inline]:
        kind, raw = token["type"], token.get("raw", "")
        if kind == "text":
            yield model.Text(printable(unescape(raw)))
        elif kind == "softbreak":
            yield model.Text("\n")
        elif kind == "linebreak":
            yield model.Break()
        elif kind == "codespan":
            yield model.Code(printable(raw, code=True))
        elif kind in ("inline_math", *DISPLAYED):
            yield model.Maths(self._latex(token))
        elif kind in STYLES:
            yield model.Span(STYLES[kind], self.inlines(token["children"]))
        elif kind == "link":
            with self.places.inside(link=True):
                inside = self.inlines(token["children"])
            title = printable(unescape(token["attrs"].get("title") or ""))
            yield from self.places.link(unescape(token["attrs"].get("url", "")), inside, title)
        elif kind == "image":
            url, title = (unescape(token["attrs"].get(name) or "") for name in ("url", "title"))
            yield images.image(url, _words(token["children"]), title, self.places)
        elif "children" in token:
            yield from self.inlines(token["children"])
        else:
            yield model.Text(printable(raw))


def _holed(tokens: Sequence[Token], read: Callable[[Token], Any]) -> list[str | html.Hole]:
    """Tokens as HTML, with a hole for each that is not raw."""
    return [token["raw"] if token["type"] in RAW else partial(read, token) for token in tokens]


def _heard(tokens: Sequence[Token]) -> list[Token]:
    """Tokens without raw elements that say nothing; one that ends goes with all that it holds."""
    heard, rest = [], list(tokens)
    while rest:
        token = rest.pop(0)
        name = _gone(token)
        if not name:
            heard.append(token)
        elif not name.startswith("/"):
            end = next((n for n, other in enumerate(rest, 1) if _gone(other) == f"/{name}"), 0)
            del rest[:end]
    return heard


def _gone(token: Token) -> str:
    """The name of a raw tag that says nothing, with a slash before that of an end; "" for others."""
    found = TAG.match(token["raw"]) if token["type"] == "inline_html" else None
    return found[0][1:].lower() if found and found[2].lower() in GONE else ""
