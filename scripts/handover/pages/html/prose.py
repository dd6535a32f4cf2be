"""Markdown as HTML: walks the tokens of `handover.document.markdown`, block by block."""

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from handover.document import document, foreign, markdown
from handover.pages.html import highlight, tables
from handover.pages.html.fill import fill
from handover.pages.html.inline import Inline
from handover.pages.html.sheet import Sheet
from handover.text import legible

Token = dict[str, Any]


def render(block: document.Prose, sheet: Sheet) -> Markup:
    """Write a block of Markdown; the title of the page and its standfirst are taken out for the head."""
    attachments = block.attachments if isinstance(block.attachments, dict) else {}
    writer = _Blocks(Inline(sheet, attachments))
    tokens = [token for token in markdown.parse(legible(block.source)) if token["type"] != "blank_line"]
    if sheet.title is None:
        tokens = writer.headline(tokens)
    return writer.render(tokens)


def line(source: str, sheet: Sheet) -> Markup:
    """Write a short Markdown text, such as a caption, without paragraphs."""
    writer = Inline(sheet)
    tokens = markdown.parse(legible(source))
    return Markup(" ").join(writer.render(token["children"]) for token in tokens if token.get("children"))


class _Blocks:
    def __init__(self, inline: Inline) -> None:
        self.inline = inline
        self.sheet = inline.sheet

    def headline(self, tokens: list[Token]) -> list[Token]:
        """Take the first level-one heading, and the paragraph below it, out of the tokens."""
        for position, token in enumerate(tokens):
            if token["type"] == "heading" and token["attrs"]["level"] == 1:
                title = self.inline.render(token["children"])
                if not title.striptags():
                    continue
                self.sheet.title = title
                # the links of other notebooks to their own title still lead somewhere
                self.sheet.ids.setdefault(markdown.plain([token]).replace(" ", "-"), "report")
                below = tokens[position + 1 : position + 2]
                if below and below[0]["type"] == "paragraph":
                    self.sheet.standfirst = self.inline.render(below[0]["children"])
                    return tokens[:position] + tokens[position + 2 :]
                return tokens[:position] + tokens[position + 1 :]
        return tokens

    def render(self, tokens: Sequence[Token]) -> Markup:
        return Markup("\n").join(self._parts(tokens))

    def _parts(self, tokens: Sequence[Token]) -> Iterator[Markup]:
        """Write blocks; neighbouring pieces of raw HTML are one piece, and raw details may hold Markdown."""
        raw, details = "", 0
        for token in [*tokens, {"type": "end"}]:
            if token["type"] == "block_html":
                raw += token["raw"]
                continue
            if raw:
                part, details = self._html(raw, details)
                yield part
                raw = ""
            if token["type"] not in ("end", "blank_line"):
                yield self._token(token)
        if details:
            yield Markup("</details>") * details

    def _html(self, raw: str, details: int) -> tuple[Markup, int]:
        lowered = raw.lower()
        opened, closed = lowered.count("<details"), lowered.count("</details")
        if opened > closed and "<summary" in lowered:
            head = foreign.render(raw, self.sheet)
            return Markup(str(head).rstrip().removesuffix("</details>")), details + 1
        if closed > opened and details:
            before, _, after = raw[: lowered.index("</details")], "", raw[lowered.index("</details") :]
            after = after.partition(">")[2]
            pieces = (foreign.render(before, self.sheet), Markup("</details>"), foreign.render(after, self.sheet))
            return Markup("").join(pieces), details - 1
        return foreign.render(raw, self.sheet), details

    def _token(self, token: Token) -> Markup:
        write = getattr(self, f"_{token['type']}", None)
        if write:
            return write(token)
        if token.get("children"):
            return fill("<p>{}</p>", self.inline.render(token["children"]))
        return fill("<pre>{}</pre>", legible(token["raw"])) if token.get("raw", "").strip() else Markup("")

    def _paragraph(self, token: Token) -> Markup:
        children = token["children"]
        if all(child["type"] in ("block_math", "latex_environment") for child in children):
            return fill('<p class="display">{}</p>', self.inline.render(children))
        return fill("<p>{}</p>", self.inline.render(children))

    def _block_text(self, token: Token) -> Markup:
        return self.inline.render(token["children"])

    def _heading(self, token: Token) -> Markup:
        words = " ".join(legible(markdown.plain(token["children"])).split())
        inside = self.inline.render(token["children"])
        if not inside.striptags().strip():
            return inside
        level, identifier = self.sheet.heading(token["attrs"]["level"], words)
        return fill('<h{0} id="{1}">{2}</h{0}>', level, identifier, inside)

    def _thematic_break(self, _: Token) -> Markup:
        return Markup("<hr>")

    def _block_code(self, token: Token) -> Markup:
        language = (token.get("attrs") or {}).get("info") or ""
        return highlight.code(token["raw"].rstrip("\n"), language.split()[0] if language.split() else "")

    def _block_quote(self, token: Token) -> Markup:
        return fill("<blockquote>\n{}\n</blockquote>", self.render(token["children"]))

    def _list(self, token: Token) -> Markup:
        start = token["attrs"].get("start", 1)
        name = "ol" if token["attrs"].get("ordered") else "ul"
        first = fill(' start="{}"', start) if name == "ol" and start != 1 else Markup("")
        return fill("<{0}{1}>\n{2}\n</{0}>", name, first, self.render(token["children"]))

    def _list_item(self, token: Token) -> Markup:
        return fill("<li>{}</li>", self.render(token["children"]))

    def _task_list_item(self, token: Token) -> Markup:
        done = token["attrs"]["checked"]
        box = fill(
            '<span class="box{}" role="img" aria-label="{}"></span> ',
            " done" if done else "",
            self.sheet.words.done if done else self.sheet.words.open,
        )
        return fill('<li class="task">{}{}</li>', box, self.render(token["children"]))

    def _def_list(self, token: Token) -> Markup:
        return fill("<dl>\n{}\n</dl>", self.render(token["children"]))

    def _def_list_head(self, token: Token) -> Markup:
        return fill("<dt>{}</dt>", self.inline.render(token["children"]))

    def _def_list_item(self, token: Token) -> Markup:
        return fill("<dd>{}</dd>", self.render(token["children"]))

    def _table(self, token: Token) -> Markup:
        head, *bodies = token["children"]
        rows = [[self._inside(cell) for cell in row["children"]] for body in bodies for row in body["children"]]
        heads = [self._inside(cell) for cell in head["children"]]
        aligns = [cell["attrs"].get("align") or "" for cell in head["children"]]
        for column, align in enumerate(aligns):
            values = [row[column].striptags().strip() for row in rows if column < len(row)]
            if align == "right" or (not align and any(values) and all(map(tables.numeric, filter(None, values)))):
                aligns[column] = "num"
        frame = tables.open_frame(len(heads), "", self.sheet)
        lines = Markup("\n").join(self._row(row, aligns, "td") for row in rows)
        body = fill("<tbody>\n{}\n</tbody>", lines) if rows else Markup("")
        table = fill("<table>\n<thead>{}</thead>\n{}\n</table>", self._row(heads, aligns, "th"), body)
        return frame + table + tables.CLOSE_FRAME

    def _inside(self, cell: Token) -> Markup:
        return self.inline.render(cell["children"])

    @staticmethod
    def _row(cells: list[Markup], aligns: list[str], tag: str) -> Markup:
        written = []
        for inside, align in zip(cells, aligns, strict=False):
            kind = {"num": "num", "center": "mid"}.get(align)
            mark = fill(' class="{}"', kind) if kind else Markup("")
            head = tag == "th" and inside.striptags().strip()
            name, scope = ("th", Markup(' scope="col"')) if head else ("td", Markup(""))
            written.append(fill("<{0}{1}{2}>{3}</{0}>", name, scope, mark, inside))
        return fill("<tr>{}</tr>", Markup("").join(written))
