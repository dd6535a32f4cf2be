"""The audit: no number stands in a finished report unless something answers for it.

Read off the document that both page formats are made from: running text, chart titles and subtitles,
captions, table cells. A number is bound when it lies inside a link to evidence of this report and, for a
fact, reads as the fact was printed; in a table or a list, when its row or item links to a source. What a
cell wrote to standard error is refused as well. Headings, code and the page's own words are outside:
the notebook's contract keeps numbers out of headings, and readers do not see code.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from handover.document import evidence, model
from handover.document.spaces import NO_BREAK
from handover.errors import AuditError
from handover.text import NUMBER_WORD

NUMBER = re.compile(rf"\d(?:[\d,.:/\u2013-]*\d)?\w*|{NUMBER_WORD.pattern}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """A number that nothing answers for, or a warning that a reader would see."""

    cell: int
    where: str
    number: str
    text: str

    def __str__(self) -> str:
        return f"cell {self.cell}, {self.where}: '{self.number}' in “{self.text}”"


def audit(document: model.Document, where: str) -> None:
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
            "Write the number as a fact in braces, and a sentence of a Markdown cell in say(…); a name that contains "
            "digits belongs in data/names.csv."
        )


def _refuse_later(document: model.Document, where: str) -> None:
    """Refuse evidence that became known only after the day the report speaks from.

    Judged by the finished evidence, whatever the code that made it believed.
    """
    day = str(document.parameters.get("as_of") or "9999-12-31")
    entries = [*document.ledger.facts.values(), *document.ledger.claims.values()]
    later = [f"{entry.key}, known since {entry.known_since}" for entry in entries if entry.known_since > day]
    if later:
        raise AuditError(
            f"{where}: a report as of {day} must rest on what was known by then (got later evidence):\n"
            + "\n".join(f"  {line}" for line in later)
            + "\nCheck the dates of the sources in data/sources.csv and how the notebook chooses its rows."
        )


def findings(document: model.Document) -> Iterator[Finding]:
    """Yield every number that nothing answers for, in reading order."""
    judge = _Judge(document)
    if document.headline:
        yield from judge.numbers(document.headline.cell, "text", judge.unbound(document.headline.standfirst))
    for part in document.parts:
        for where, text in judge.texts(part):
            yield from judge.numbers(part.cell, where, text)
        if isinstance(part, model.Stream) and part.name == "stderr":
            # a warning is no part of a report, and readers would take it for one
            yield Finding(part.cell, "standard error", "a warning", part.text.head.strip().partition("\n")[0])


class _Judge:
    """Knows what one report's evidence answers for."""

    def __init__(self, document: model.Document) -> None:
        self.facts = document.ledger.facts
        names = sorted(document.evidence.get("names", []), key=len, reverse=True)
        self.names = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names) or r"(?!)")

    def numbers(self, cell: int, where: str, text: str) -> Iterator[Finding]:
        """Yield the numbers left in a text once names are taken out."""
        text = _spaced(text)
        # to look for names takes long, and most texts hold no number
        bare = self.names.sub(lambda name: "·" * len(name.group()), text) if NUMBER.search(text) else ""
        for match in NUMBER.finditer(bare):
            around = text[max(0, match.start() - 40) : match.end() + 40].strip()
            yield Finding(cell, where, match.group(), around)

    def texts(self, part: model.Part) -> Iterator[tuple[str, str]]:
        """Yield (place, unbound text) of each text that a reader sees in a part."""
        match part:
            case model.Prose():
                yield from self.blocks(part.blocks)
            case model.Output():
                yield from self.blocks(part.blocks, made=True)
            case model.Figure():
                for name in ("title", "subtitle", "credit"):
                    yield f"{name} of a figure", self.unbound(getattr(part, name))
                for place, text in self.blocks(part.values, made=True):
                    yield f"values of a figure, {place}", text
            case model.Stream() if part.name != "stderr":
                yield from (("output", text) for text in (part.text.head, part.text.tail))

    def blocks(self, nodes: Sequence[Any], place: str = "text", *, made: bool = False) -> Iterator[tuple[str, str]]:
        """Yield (place, unbound text) of each paragraph, item and cell among nodes; of headings if code `made` them."""
        if all(isinstance(node, model.Inline) for node in nodes):
            yield place, self.unbound(nodes)
            return
        for node in nodes:
            match node:
                case model.Heading() | model.Preformatted() if not made:
                    continue
                case model.Item() if self.sourced(node):
                    continue
                case model.Formula():
                    yield place, node.latex
                case model.Table():
                    yield "caption", self.unbound(node.caption)
                    for row in (*node.head, *node.body):
                        for cell in row if not self.sourced(row) else ():
                            yield from self.blocks(cell.blocks, "table", made=made)
                case _:
                    for held in model.held(node):
                        yield from self.blocks(held, place, made=made)

    def unbound(self, inlines: Iterable[model.Inline]) -> str:
        """The text of inlines with everything that is bound, and all code, taken out."""
        parts = []
        for inline in inlines:
            match inline:
                case model.Citation() if self.bound(inline):
                    continue
                case model.Code():
                    continue
                case model.Citation() | model.Link() | model.Reference() | model.Span():
                    parts.append(self.unbound(inline.inside))
                case model.Remark():
                    parts.append(inline.text)
                case _:
                    parts.append(model.plain((inline,)))
        return "".join(parts)

    def bound(self, link: model.Citation) -> bool:
        """Whether a link answers for the text inside it."""
        if link.kind != evidence.FACT:
            return True
        fact = self.facts[link.key]
        return _spaced(model.plain(link.inside)) in map(_spaced, (*fact.printed, fact.value))

    @staticmethod
    def sourced(node: model.Item | model.Row) -> bool:
        """Whether a row or item links to the source that answers for it."""
        links = (inner for inner in model.walk(node) if isinstance(inner, model.Citation))
        return any(link.kind in (evidence.SOURCE, evidence.CLAIM) for link in links)


def _spaced(text: str) -> str:
    """A text as the notebook holds it: the reader binds some of its spaces."""
    return text.replace(NO_BREAK, " ")
