"""Markdown set in Typst, by walking the tree that HTML reads too."""

import re
from html import unescape
from itertools import groupby
from urllib.parse import unquote

from handover.document import GONE, Prose, Token, markdown
from handover.pages.typst import markup, pictures
from handover.pages.typst_text import code, lines, literal, text, wordless
from handover.pages.typst.pictures import Picture
from handover.pages.typst.sheet import DEPTH, HEADING, Sheet, slug
from handover.pages.typst.tables import WORD, Cell, table

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
#: Mathematics that stands on lines of its own, though Markdown's tree keeps it inside a paragraph.
DISPLAYED = ("block_math", "latex_environment")
#: Characters on a line of code, and of mathematics, as the template sets them.
CODE_WIDTH, MATHS_WIDTH = 86, 74


def write(sheet: Sheet, block: Prose) -> str:
    """Return the mark-up of one piece of Markdown."""
    return Writer(sheet, block.attachments).blocks(markdown.parse(block.source))


def inline(sheet: Sheet, source: str) -> str:
    """Return the mark-up of a short Markdown text, such as a caption, as running text."""
    writer = Writer(sheet, {})
    parts = [writer.inline(token.get("children", [])) for token in markdown.parse(source)]
    return " ".join(part for part in parts if part)


class Writer:
    """Writes the tokens of one piece of Markdown."""

    def __init__(self, sheet: Sheet, attachments: dict[str, dict[str, str]]) -> None:
        self.sheet = sheet
        self.attachments = attachments

    def blocks(self, tokens: list[Token], depth: int = 0) -> str:
        """Write block tokens, one after another."""
        written = []
        tokens = [token for token in tokens if token["type"] != "blank_line"]
        standfirst = None
        for position, token in enumerate(tokens):
            first = token["type"] == "heading" and token["attrs"]["level"] == 1 and not self.sheet.masthead
            if first and not depth:
                following = tokens[position + 1] if position + 1 < len(tokens) else None
                standfirst = self._headline(token, following)
            elif token is not standfirst:
                written.append(self._block(token, depth))
        return "\n".join(part for part in written if part)

    def _headline(self, token: Token, following: Token | None) -> Token | None:
        """Write the title of the document and the standfirst under it; return the latter's token."""
        with self.sheet.inside(HEADING):
            title = self.inline(token["children"])
        title = text(self.sheet.title) if wordless(title) else title
        under = following if following and following["type"] == "paragraph" and not _only_image(following) else None
        standfirst = self.inline(under["children"]) if under else ""
        self.sheet.masthead = f"#masthead[{title}{self._heading_anchors(token)}][{standfirst}];"
        return under

    def _block(self, token: Token, depth: int) -> str:
        if depth > DEPTH:
            return f"#par[{text(markdown.plain([token]))}];"
        write = getattr(self, f"_{token['type']}", None)
        if write is None:
            return self._paragraph({"children": token.get("children") or [{**token, "type": "text"}]}, depth)
        return write(token, depth)

    def _paragraph(self, token: Token, depth: int) -> str:
        image = _only_image(token)
        if image:
            shown, remark = self._picture(image)
            return (f"#centred[{shown}];" if shown else "") + (f"#note[{remark}];" if remark else "")
        written = []
        for displayed, group in groupby(token["children"], lambda child: child["type"] in DISPLAYED):
            if displayed:
                written += [self._block(child, depth) for child in group]
            elif inside := self.inline(list(group)):
                written.append(f"#par[{inside}];")
        return "\n".join(written)

    def _block_text(self, token: Token, depth: int) -> str:
        return self.inline(token["children"])

    def _heading(self, token: Token, depth: int) -> str:
        anchors = self._heading_anchors(token)
        with self.sheet.inside(HEADING):
            inside = self.inline(token["children"])
        if depth:
            return f"{anchors}#par[#strong[{inside}];];" if inside else ""
        return self.sheet.headed(token["attrs"]["level"], inside, anchors)

    def _heading_anchors(self, token: Token) -> str:
        """The names by which notebooks link to their headings: as Jupyter makes them, and as slugs."""
        words = markdown.plain(token["children"]).strip()
        return self.sheet.anchor(words.replace(" ", "-"), slug(words))

    def _block_code(self, token: Token, depth: int) -> str:
        return f"#listing({lines(token['raw'], CODE_WIDTH)});" if token["raw"].strip() else ""

    def _block_quote(self, token: Token, depth: int) -> str:
        return f"#quotation[\n{self.blocks(token['children'], depth + 1)}\n];"

    def _thematic_break(self, token: Token, depth: int) -> str:
        return "#rule();"

    def _list(self, token: Token, depth: int) -> str:
        items = []
        for item in token["children"]:
            inside = self.blocks(item["children"], depth + 1)
            if item["type"] == "task_list_item":
                mark = "[x]" if item["attrs"].get("checked") else "[ ]"
                inside = f"#raw({literal(mark)}); " + inside
            items.append(f"[{inside}]")
        options = f"tight: {_bool(token.get('tight', True))}"
        if token["attrs"].get("ordered"):
            start = min(int(token["attrs"].get("start", 1)), 10**9)
            return markup.listed(f"#enum({options}, start: {start}, {', '.join(items)});", depth)
        return markup.listed(f"#list({options}, {', '.join(items)});", depth)

    def _def_list(self, token: Token, depth: int) -> str:
        items: list[str] = []
        for child in token["children"]:
            if child["type"] == "def_list_head":
                items.append(f"#definition-of[{self.inline(child['children'])}];")
            else:
                items.append(f"#definition[{self.blocks(child['children'], depth + 1)}];")
        return "\n".join(items)

    def _table(self, token: Token, depth: int) -> str:
        head, body = [], []
        for part in token["children"]:
            rows = [part["children"]] if part["type"] == "table_head" else [r["children"] for r in part["children"]]
            (head if part["type"] == "table_head" else body).extend([self._cell(cell) for cell in row] for row in rows)
        return table(self.sheet.words.language, head, body)

    def _cell(self, token: Token) -> Cell:
        plain = markdown.plain(token["children"])
        return Cell(
            self.inline(token["children"], WORD),
            plain,
            bool(token["attrs"].get("head")),
            token["attrs"].get("align") or "",
        )

    def _block_html(self, token: Token, depth: int) -> str:
        return markup.write(self.sheet, token["raw"], depth)

    def _block_math(self, token: Token, depth: int) -> str:
        return f"#formula({lines(_latex(token), MATHS_WIDTH)});"

    _latex_environment = _block_math

    def inline(self, tokens: list[Token], word: int = 36) -> str:
        """Write running text; raw tags are paired, and those left open are closed at its end."""
        parts: list[str] = []
        open_tags: list[str] = []
        silent = ""
        for position, token in enumerate(tokens):
            if token["type"] == "inline_html":
                silent = silent_in(token["raw"], silent, tokens[position + 1 :])
                if not silent:
                    self._raw_tag(token["raw"], parts, open_tags)
            elif not silent:
                parts.append(self._inline(token, word))
        return "".join(parts) + "];" * len(open_tags)

    def _raw_tag(self, raw: str, parts: list[str], open_tags: list[str]) -> None:
        found = TAG.match(raw)
        closing, name = (bool(found[1]), found[2].lower()) if found else (True, "")
        if closing and name in open_tags:
            while open_tags:
                parts.append("];")
                if open_tags.pop() == name:
                    break
        elif not closing and name in ("br", "img"):
            parts.append(markup.inline(self.sheet, raw))
        elif not closing:
            parts.append(markup.anchor(self.sheet, raw))
            wrapper = markup.opening(self.sheet, raw) if name == "a" else markup.WRAPPERS.get(name, "")
            if wrapper:
                parts.append(wrapper)
                open_tags.append(name)

    def _inline(self, token: Token, word: int) -> str:
        kind = token["type"]
        if kind == "text":
            return text(unescape(token["raw"]), word)
        if kind in ("emphasis", "strong", "strikethrough"):
            name = {"emphasis": "emph", "strong": "strong", "strikethrough": "strike"}[kind]
            return f"#{name}[{self.inline(token['children'], word)}];"
        if kind == "link":
            return self.sheet.link(token["attrs"]["url"], self.inline(token["children"], word))
        if kind == "image":
            shown, remark = self._picture(token)
            return markup.within(shown, remark)
        if kind == "codespan":
            return code(token["raw"], "raw", word)
        if kind in ("inline_math", *DISPLAYED):
            return code(_latex(token), "maths", word)
        if kind == "softbreak":
            return text(" ")
        if kind == "linebreak":
            return "#linebreak();"
        return self.inline(token["children"], word) if "children" in token else text(token.get("raw", ""), word)

    def _picture(self, token: Token) -> tuple[str, str]:
        url, alt = unescape(token["attrs"].get("url", "")), markdown.plain(token["children"])
        carried = url.lower().startswith(("data:", "attachment:"))
        return self.sheet.picture(self._find(url), alt, markup.missing(self.sheet, alt, "" if carried else url))

    def _find(self, url: str) -> Picture | None:
        if url.startswith("attachment:"):
            name = url.removeprefix("attachment:")
            held = self.attachments.get(name) or self.attachments.get(unquote(name)) or {}
            return pictures.from_attachment(held) if isinstance(held, dict) else None
        return pictures.from_data_url(url)


def silent_in(raw: str, silent: str, rest: list[Token]) -> str:
    """The name of the tag, such as script, whose content is being left out after this tag, if there is any."""
    found = TAG.match(raw)
    name = found[2].lower() if found else ""
    if silent:
        return "" if found and found[1] and name == silent else silent
    ends = any(one["type"] == "inline_html" and one["raw"].lower().startswith(f"</{name}") for one in rest)
    return name if name in GONE and found and not found[1] and ends else ""


def _latex(token: Token) -> str:
    if token["type"] != "latex_environment":
        return str(token["raw"]).strip()
    name, body = token["attrs"]["name"], token["attrs"]["body"].strip("\n")
    return "\n".join((f"\\begin{{{name}}}", body, f"\\end{{{name}}}"))


def _only_image(token: Token) -> Token | None:
    children = [child for child in token["children"] if child["type"] != "softbreak"]
    return children[0] if len(children) == 1 and children[0]["type"] == "image" else None


def _bool(value: bool) -> str:
    return "true" if value else "false"
