"""The inside of a paragraph: emphasis, code, links, numbers with their cards, images, maths, raw tags."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import unquote

from markupsafe import Markup, escape

from handover.document import evidence, markdown, sanitise
from handover.pages.html import cards
from handover.pages.html.fill import fill
from handover.pages.html.sheet import Sheet, href
from handover.text import legible

Token = dict[str, Any]
VOID = frozenset({"br", "img", "wbr"})


@dataclass
class Inline:
    """Writes inline tokens; `attachments` are the images that the cell carries."""

    sheet: Sheet
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Links must not nest, and a card has no place in one.
    linked: bool = False

    def render(self, tokens: Sequence[Token]) -> Markup:
        """Write tokens; raw tags left open among them are closed at the end."""
        parts: list[Markup] = []
        open_tags: list[tuple[str, str]] = []
        hidden, was_linked = "", self.linked
        for position, token in enumerate(tokens):
            if token["type"] == "inline_html":
                hidden = self._raw(token["raw"], open_tags, parts, hidden, tokens[position + 1 :])
                self.linked = was_linked or ("a", "a") in open_tags
            elif not hidden:
                parts.append(self._token(token))
        parts.extend(Markup(f"</{written}>") for _, written in reversed(open_tags))
        self.linked = was_linked
        return Markup("").join(parts)

    def _token(self, token: Token) -> Markup:
        write: Callable[[Token], Markup] | None = getattr(self, f"_{token['type']}", None)
        if write:
            return write(token)
        return self.render(token["children"]) if "children" in token else text(token.get("raw", ""))

    def _text(self, token: Token) -> Markup:
        return text(token["raw"])

    def _softbreak(self, _: Token) -> Markup:
        return Markup("\n")

    def _linebreak(self, _: Token) -> Markup:
        return Markup("<br>\n")

    def _emphasis(self, token: Token) -> Markup:
        return fill("<em>{}</em>", self.render(token["children"]))

    def _strong(self, token: Token) -> Markup:
        return fill("<strong>{}</strong>", self.render(token["children"]))

    def _strikethrough(self, token: Token) -> Markup:
        return fill("<del>{}</del>", self.render(token["children"]))

    def _codespan(self, token: Token) -> Markup:
        return fill("<code>{}</code>", legible(token["raw"], code=True))

    def _inline_math(self, token: Token) -> Markup:
        return maths(token["raw"])

    def _block_math(self, token: Token) -> Markup:
        return maths(token["raw"])

    def _latex_environment(self, token: Token) -> Markup:
        name, body = token["attrs"]["name"], token["attrs"]["body"]
        return maths(f"\\begin{{{name}}}{body}\\end{{{name}}}")

    def _link(self, token: Token) -> Markup:
        url = unescape(token["attrs"].get("url", ""))
        prefix, name = evidence.target(unquote(url))
        was_linked, self.linked = self.linked, True
        inside = self.render(token["children"])
        self.linked = was_linked
        if self.linked:
            return inside
        known = {evidence.FACT: self.sheet.evidence.facts, evidence.CLAIM: self.sheet.evidence.claims}
        if name in known.get(prefix, ()):
            return cards.bound(inside, prefix + name, self.sheet)
        if prefix == evidence.CONFLICT and name in self.sheet.evidence.conflicts:
            return cards.conflict(inside, name, self.sheet)
        title = unescape(token["attrs"].get("title") or "")
        tip = fill(' title="{}"', legible(title)) if title else Markup("")
        if url.startswith("#"):
            found = self.sheet.find(url)
            return fill('<a href="{}"{}>{}</a>', href(found), tip, inside) if found else inside
        if sanitise.outside(url):
            return fill('<a href="{}" rel="noopener noreferrer"{}>{}</a>', legible(url), tip, inside)
        return self._unlinked(inside, url, markdown.plain(token["children"]))

    def _unlinked(self, inside: Markup, url: str, words: str) -> Markup:
        """A link to another file cannot work from here: its address is shown. One that would act is not."""
        if ":" in url.split("/")[0] or not url or url == words:
            return inside
        return fill('{} <span class="note">({})</span>', inside, legible(url))

    def _image(self, token: Token) -> Markup:
        url, alt = unescape(token["attrs"].get("url", "")), markdown.plain(token["children"])
        return self.image(url, legible(alt), legible(unescape(token["attrs"].get("title") or "")))

    def image(self, url: str, alt: str, title: str = "") -> Markup:
        """An image that the file carries; for any other a note, since the page asks for nothing."""
        if url.startswith("attachment:"):
            url = self._attached(url.removeprefix("attachment:"))
        words = self.sheet.words
        if not sanitise.image(url):
            shown = " ".join(filter(None, [words.elsewhere, alt, f"({url})" if url and len(url) < 200 else ""]))
            return fill('<span class="note">[{}]</span>', legible(shown))
        tip = fill(' title="{}"', title) if title else Markup("")
        note = Markup("") if alt else fill(' <span class="note">{}</span>', words.undescribed)
        return fill('<img src="{}" alt="{}"{}>{}', url, alt or words.undescribed, tip, note)

    def _attached(self, name: str) -> str:
        held = self.attachments.get(name) or self.attachments.get(unquote(name))
        for mime, data in sorted(held.items()) if isinstance(held, dict) else ():
            if isinstance(data, str):
                return f"data:{mime};base64,{''.join(data.split())}"
        return ""

    def _raw(
        self, raw: str, open_tags: list[tuple[str, str]], parts: list[Markup], hidden: str, rest: Sequence[Token]
    ) -> str:
        """Write one raw tag; returns the name of the tag whose content is being left out, if any."""
        safe, name, closes = sanitise.tag(legible(raw))
        if hidden:
            return "" if closes and name == hidden else hidden
        if name in markdown.GONE and not closes:
            ends = any(t["type"] == "inline_html" and t["raw"].lower().startswith(f"</{name}") for t in rest)
            return name if ends else ""
        if not safe:
            return ""
        if name == "img":
            parts.append(self._raw_image(safe))
        elif closes:
            self._close(name, open_tags, parts)
        elif name in VOID:
            parts.append(Markup(safe))
        elif name != "a" or not self.linked:
            opened, written = self._raw_link(safe) if name == "a" else (self._named(safe, name), name)
            open_tags.append((name, written))
            parts.append(opened)
        return ""

    @staticmethod
    def _close(name: str, open_tags: list[tuple[str, str]], parts: list[Markup]) -> None:
        while any(name == opened for opened, _ in open_tags):
            opened, written = open_tags.pop()
            parts.append(Markup(f"</{written}>"))
            if opened == name:
                break

    def _raw_image(self, safe: str) -> Markup:
        from lxml import html

        found = html.fragment_fromstring(safe)
        return self.image(found.get("src", ""), found.get("alt", ""), found.get("title", ""))

    def _raw_link(self, safe: str) -> tuple[Markup, str]:
        """Write the opening tag of a raw link; one that leads nowhere opens a plain span."""
        from lxml import html

        found = html.fragment_fromstring(safe)
        url, named = found.get("href", ""), found.get("id") or found.get("name") or ""
        mark = fill(' id="{}"', self.sheet.identify(named)) if named else Markup("")
        if url.startswith("#") and self.sheet.find(url):
            return fill('<a href="{}"{}>', href(self.sheet.find(url)), mark), "a"
        if sanitise.outside(url):
            return fill('<a href="{}" rel="noopener noreferrer"{}>', url, mark), "a"
        return fill("<span{}>", mark), "span"

    def _named(self, safe: str, name: str) -> Markup:
        """Make the id of a raw tag unique on the page."""
        from lxml import html

        if " id=" not in safe:
            return Markup(safe)
        found = html.fragment_fromstring(safe)
        given = self.sheet.identify(found.attrib.pop("id", ""))
        kept = "".join(fill(' {}="{}"', key, value) for key, value in found.items())
        return Markup(f'<{name}{kept} id="{escape(given)}">')


def text(raw: str) -> Markup:
    """Plain text of a Markdown source, whose entities are not yet read."""
    return escape(legible(unescape(raw)))


def maths(latex: str) -> Markup:
    """LaTeX as text that says of itself that it is mathematics."""
    shown = legible(latex.strip(), code=True)
    return fill('<span role="math" aria-label="{}"><code>{}</code></span>', shown or "LaTeX", shown)
