"""The evidence section in Typst: each printed number, what disagrees, and the sources with what each one says."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from handover.document import model, scripts
from handover.pages.typst_text import BETWEEN, literal, text

if TYPE_CHECKING:
    from handover.pages.typst import Printer

#: Prints nothing, and has a direction of its own.
LRM = "\u200e"
#: The end of mark-up whose text ends in a full stop.
FULL_STOP = re.compile(r'\.";(?:\];)?$')
#: The sign of a way back from a statement to the number that rests on it, and of a second reading.
BACK, MARK = "↩", "≠"
#: A space at which no line ends.
GLUE = "\u00a0"
#: Of a conflict with a longer text the row may be parted between pages.
LONG = 800
#: A word of a topic, which stands in a narrow column, may be broken if it is longer.
WORD = 17


class Evidence:
    """Prints the evidence sections of the document that a printer prints."""

    def __init__(self, printer: "Printer") -> None:
        self.printer, self.house = printer, printer.house
        self.words, self.document = printer.words, printer.document
        self.printed = 0

    def section(self, section: model.EvidenceSection, closing: str = "") -> str:
        """Print what disagrees, then the rest in columns, with `closing` at its end."""
        self.printed += 1
        lists = {name: entries for name, entries in self._lists(section).items() if entries}
        conflicts = self._disagreements(section.conflicts)
        heading = section.heading if lists or conflicts else None
        headed = heading and len(lists) + bool(conflicts) > 1
        parts = [self.printer.headed(heading.level, text(heading.text))] if heading else []
        if conflicts:
            parts += [self._heading(self.words.disagreements)] if headed else []
            parts.append(conflicts)
        inside = [one for name, entries in lists.items() for one in [self._heading(name) if headed else "", *entries]]
        if inside or closing:
            body = "\n".join(filter(None, [*inside, closing]))
            parts.append(f'#ledger("ledger-{self.printed}")[\n{body}\n];')
        return "\n".join(parts)

    def _lists(self, section: model.EvidenceSection) -> dict[str, list[str]]:
        """The lists of a section by name; a brief one has its sources in few words, since the HTML has the whole."""
        words, brief = self.words, section.layout == "brief"
        facts = [self._fact(fact, paged=not brief) for fact in section.facts]
        speaking = [source for source in section.sources if source.claims]
        if brief:
            return {words.numbers: facts, words.sources: [f"#par[{self._named(source)}];" for source in speaking]}
        others = [self._named(source) for source in section.sources if not source.claims]
        return {
            words.numbers: facts,
            words.sources: [self._source(source) for source in speaking],
            words.also: [f"#par(hanging-indent: 0pt)[{f'#{literal(BETWEEN)};'.join(others)}];"] if others else [],
        }

    def _heading(self, name: str) -> str:
        return self.printer.minor(f"{name} {self.printed}", name)

    def _joined(self, sign: str, pieces: Iterable[str]) -> str:
        """Pieces of mark-up with a sign between them, which stays on its side, and is no second full stop."""
        line, *rest = [*filter(None, pieces)] or [""]
        before = line
        for piece in rest:
            after = sign.removeprefix(".") if FULL_STOP.search(before) else sign
            line += f"{self._turned(before)}#{literal(after)};{piece}"
            before = piece
        return line

    def _turned(self, before: str) -> str:
        """A mark after a name written from right to left, so that what follows does not trade places with it."""
        return f"#{literal(LRM)};" if self.words.language != "ar" and scripts.RIGHT_TO_LEFT.search(before) else ""

    def _named(self, source: model.Source) -> str:
        """A source in a few words: who, when, and how good."""
        head = _outside(source.url, text(source.credit or source.title or source.key))
        about = self._joined(self.words.comma, [head, text(source.published), self._grade(source)])
        return f"#place-of({literal(source.anchor)});{about}"

    def _grade(self, source: model.Source) -> str:
        return self.house(self.words.grade.format(source.grade).replace(" ", GLUE)) if source.grade else ""

    def _fact(self, fact: model.Fact, *, paged: bool) -> str:
        """A number: what it is, who says so, why this reading, and if `paged` where it is printed."""
        said = dict.fromkeys(filter(None, map(self._claimed, fact.claims)))
        pieces = [
            f"#strong[{text(fact.value)}];#{literal(' ')};{text(fact.label)}",
            self._joined("؛ " if self.words.language == "ar" else "; ", said),
            f"#emph[{text(fact.reading)}];" if fact.reading else "",
        ]
        line = self._joined(". ", pieces)
        known = (self.document.ledger.conflicts.get(key) for key in fact.conflicts)
        marks = "".join(f"#conflicting({literal(conflict.anchor)})[{text(MARK)}];" for conflict in known if conflict)
        uses = self._uses(fact.anchor) if paged else ""
        return f"#entry({literal(fact.anchor)}{uses})[{line}{marks}];"

    def _claimed(self, key: str) -> str:
        """Who makes a claim and where; "" of one that nobody states."""
        claim = self.document.ledger.claims.get(key)
        if not claim:
            return ""
        source = self.document.ledger.sources[claim.source]
        place = text(self.words.comma + claim.where) if claim.where else ""
        return f"#go({literal(claim.anchor)})[{text(source.credit or source.title or source.key)}];{place}"

    def _uses(self, anchor: str) -> str:
        """The places in the text where a fact or a claim is used, whose pages are printed."""
        return "".join(f", {literal(use)}" for use in self.document.uses.get(anchor, ()))

    def _disagreements(self, conflicts: tuple[model.Conflict, ...]) -> str:
        """What two sources say otherwise, as a table; the column of readings only where there is one."""
        if not conflicts:
            return ""
        words = self.words
        read = any(conflict.reading for conflict in conflicts)
        other = f"#marked[{text(MARK)}];#{literal(GLUE)};{self.house(words.other)}"
        heads = [
            self.house(words.about),
            self.house(words.one),
            other,
            *[self.house(words.read)] * read,
        ]
        rows = "\n".join(self._disagreement(conflict, read) for conflict in conflicts)
        return f"#disagreements(({', '.join(f'[{head}]' for head in heads)}),\n{rows}\n);"

    def _disagreement(self, conflict: model.Conflict, read: bool) -> str:
        said = [f"[{self._side(side)}]" for side in (conflict.a, conflict.b)] + [f"[{text(conflict.reading)}]"] * read
        longest = max(map(len, (conflict.topic, conflict.a.text, conflict.b.text, conflict.reading)))
        whole = ", whole: false" if longest > LONG else ""
        return f"disagreement({literal(conflict.anchor)}, [{text(conflict.topic, WORD)}], {', '.join(said)}{whole}),"

    def _side(self, side: model.Side) -> str:
        """What one side says, with its source."""
        source = self.document.ledger.sources.get(side.source)
        credit = text(side.credit or side.source)
        credit = f"#go({literal(source.anchor)})[{credit}];" if source and credit else credit
        return text(side.text) + (f"#{literal(' (')};{credit}#{literal(')')};" if credit else "")

    def _source(self, source: model.Source) -> str:
        head = self._joined(
            self.words.comma,
            [
                f"#strong[{text(source.credit)}];" if source.credit else "",
                _outside(source.url, text(source.title)),
                text(source.published),
                self.house(self.words.via.format(source.carrier)) if source.carrier not in ("", source.credit) else "",
                self._grade(source),
                text(source.seen),
            ],
        )
        claims = "".join(map(self._claim, source.claims))
        return f"#publication({literal(source.anchor)})[{head}][{claims}];"

    def _claim(self, claim: model.Claim) -> str:
        words = self.words
        known = self.house(words.known.format(words.date(claim.known_since))) if claim.known_since else ""
        said = self._joined(self.words.comma, [text(claim.said_by), text(claim.where), known])
        statement = text(claim.statement)
        line = statement + (f"{self._turned(statement)}#{literal(' — ')};{said}" if said else "")
        facts = (self.document.ledger.facts.get(key) for key in claim.facts)
        back = "".join(f"#{literal(GLUE)};#go({literal(fact.anchor)})[{text(BACK)}];" for fact in facts if fact)
        return f"#statement({literal(claim.anchor)}{self._uses(claim.anchor)})[{line}{back}];"


def _outside(url: str, inside: str) -> str:
    return f"#outside({literal(url)})[{inside}];" if url and inside else inside
