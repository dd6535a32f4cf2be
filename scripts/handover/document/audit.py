"""The audit: no number stands in a finished report unless something answers for it.

Read off the document that both page formats are made from: running text, chart titles and subtitles,
captions, table cells. A number is bound when it lies inside a link to evidence of this report and, for a
fact, reads as the fact was printed; in a table or a list, when its row or item links to a source. What a
cell wrote to standard error is refused as well. Headings, code and the page's own imprint are outside:
the notebook's contract keeps numbers out of headings, and readers do not see code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from handover.document import evidence, markdown
from handover.document.bound import NO_BREAK
from handover.document.document import Document, Figure, Markup, Prose, Text
from handover.document.markdown import Token
from handover.errors import AuditError

WORDS = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty"),
    *("sixty", "seventy", "eighty", "ninety", "hundred", "hundreds", "thousand", "thousands", "million", "billion"),
    *("dozen", "dozens", "twice", "thrice"),
)
#: "one" is a pronoun far more often than a number, and is left to the author.
NUMBER = re.compile(rf"\d(?:[\d,.:/\u2013-]*\d)?\w*|\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """A number that nothing answers for, or a warning that a reader would see."""

    cell: int
    where: str
    number: str
    text: str

    def __str__(self) -> str:
        return f"cell {self.cell}, {self.where}: '{self.number}' in “{self.text}”"


def audit(document: Document, where: str) -> None:
    """Refuse a document that states evidence and prints a number outside it.

    A notebook that states no evidence makes no promise and is not audited.

    Raises:
        AuditError: Lists each unbound number with its cell and text.
    """
    if not document.evidence:
        return
    _refuse_later(document, where)
    found = list(findings(document))
    if found:
        shown = "\n".join(f"  {finding}" for finding in found[:20])
        more = f"\n  and {len(found) - 20} more" if len(found) > 20 else ""
        raise AuditError(
            f"{where}: every printed number must answer for itself ({len(found)} do not):\n{shown}{more}\n"
            "Write the number as a fact in braces; a name that holds digits belongs in data/names.csv."
        )


def _refuse_later(document: Document, where: str) -> None:
    """Refuse evidence that became known only after the day the report speaks from.

    Judged by the finished evidence, whatever the code that made it believed.
    """
    day = str(document.parameters.get("as_of") or "9999-12-31")
    facts = evidence.facts(document.evidence).items()
    claims = ((name, claim) for name, (claim, _) in evidence.claims(document.evidence).items())
    later = [
        f"{name}, known since {item['known_since']}" for name, item in [*facts, *claims] if item["known_since"] > day
    ]
    if later:
        raise AuditError(
            f"{where}: a report as of {day} must rest on what was known by then (got later evidence):\n"
            + "\n".join(f"  {line}" for line in later)
            + "\nCheck the dates of the sources in data/sources.csv and how the notebook chooses its rows."
        )


def findings(document: Document) -> Iterator[Finding]:
    """Yield every number that nothing answers for, in reading order."""
    judge = _Judge(document.evidence)
    for block in document.blocks:
        if isinstance(block, Prose):
            for text in judge.blocks(markdown.parse(block.source)):
                yield from judge.numbers(block.cell, "text", text)
        elif isinstance(block, Figure):
            for name in ("title", "subtitle", "credit"):
                text = judge.inline(markdown.parse(getattr(block, name)))
                yield from judge.numbers(block.cell, f"{name} of a figure", text)
            for place, text in judge.table(block.values) if block.values else ():
                yield from judge.numbers(block.cell, f"values of a figure, {place}", text)
        elif isinstance(block, Markup):
            for place, text in judge.table(block.html):
                yield from judge.numbers(block.cell, place, text)
        elif isinstance(block, Text):
            # a warning is no part of a report, and readers would take it for one
            words = block.text.strip().splitlines() if block.stream == "stderr" else []
            yield from (Finding(block.cell, "standard error", "a warning", line) for line in words[:1])
            yield from judge.numbers(block.cell, "output", "" if words else block.text)


class _Judge:
    """Knows what one report's evidence answers for."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.facts = evidence.facts(content)
        self.known = {
            evidence.FACT: set(self.facts),
            evidence.SOURCE: {source["id"] for source in content.get("sources", [])},
            evidence.CLAIM: set(evidence.claims(content)),
            evidence.CONFLICT: set(evidence.conflicts(content)),
        }
        names = sorted(content.get("names", []), key=len, reverse=True)
        self.names = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names) or r"(?!)")

    def bound(self, url: str, text: str) -> bool:
        """Whether a link answers for the text inside it."""
        prefix, name = evidence.target(url)
        if not prefix or name not in self.known[prefix]:
            return False
        return prefix != evidence.FACT or text in self._printed(name)

    def _printed(self, name: str) -> list[str]:
        return [*self.facts[name]["printed"], self.facts[name]["value"]]

    def numbers(self, cell: int, where: str, text: str) -> Iterator[Finding]:
        """Yield the numbers left in a text once names are taken out."""
        for match in NUMBER.finditer(self.names.sub(lambda name: "·" * len(name.group()), text)):
            around = text[max(0, match.start() - 40) : match.end() + 40].strip()
            yield Finding(cell, where, match.group(), around)

    def blocks(self, tokens: list[Token]) -> Iterator[str]:
        """Yield the unbound text of each paragraph, list item and table row; headings are left out."""
        for token in tokens:
            kind = token["type"]
            if kind in ("heading", "block_code", "blank_line", "thematic_break"):
                continue
            if kind in ("list_item", "task_list_item", "table_row"):
                yield "" if self._has_source(token) else self.inline(token["children"])
            elif kind in ("list", "block_quote", "table", "table_body", "def_list"):
                yield from self.blocks(token["children"])
            elif kind == "block_html":
                for _, text in self.table(token["raw"]):
                    yield text
            else:
                yield self.inline(token.get("children", [token]))

    def inline(self, tokens: list[Token]) -> str:
        """The text of tokens with everything that is bound taken out."""
        parts = []
        for token in tokens:
            if token["type"] == "link":
                inside = _spaced(markdown.plain(token["children"]))
                parts.append("" if self.bound(token["attrs"]["url"], inside) else inside)
            elif token["type"] == "codespan":
                continue
            elif "children" in token:
                parts.append(self.inline(token["children"]))
            else:
                parts.append(_spaced(markdown.plain([token])))
        return "".join(parts)

    def _has_source(self, token: Token) -> bool:
        """Whether a row or item links to the source that answers for it."""
        if token["type"] == "link":
            prefix, name = evidence.target(token["attrs"]["url"])
            return prefix in (evidence.SOURCE, evidence.CLAIM) and name in self.known[prefix]
        return any(self._has_source(child) for child in token.get("children", []))

    def table(self, html: str) -> Iterator[tuple[str, str]]:
        """Yield (place, unbound text) of each caption, row and other text of an HTML output."""
        import lxml.html

        root = lxml.html.fragment_fromstring(html, create_parent="div")
        for style in root.xpath("//style|//script"):
            style.drop_tree()
        for link in root.xpath("//a[@href]"):
            prefix, name = evidence.target(link.get("href"))
            row = next((up for up in link.iterancestors("tr")), None)
            if row is not None and prefix in (evidence.SOURCE, evidence.CLAIM) and name in self.known[prefix]:
                row.set("data-bound", "yes")
            elif self.bound(link.get("href"), link.text_content()):
                link.text = ""
                for child in list(link):
                    link.remove(child)
        for caption in root.xpath("//caption"):
            yield "caption", caption.text_content()
        for row in root.xpath("//tr[not(@data-bound)]"):
            for cell in row:
                yield "table", cell.text_content()
        for table in root.xpath("//table"):
            table.drop_tree()
        yield "text", root.text_content()


def _spaced(text: str) -> str:
    """A text as the notebook holds it: the pages bind some of its spaces."""
    return text.replace(NO_BREAK, " ")
