"""Sentences with their numbers bound: ``say("Iraqi officials reported {isis_attacks_2025} attacks")``.

A template may type no digit. Each field names a fact, optionally a part of it and how to write it:

    {isis_attacks_2025}          four          the value, with the hedge its source gave
    {troops_now:bare}            2,500         without the hedge
    {troops_now:digits}          4             never as a word
    {troops_now:cap}             About 2,500   at the start of a sentence within; a template's own is seen to
    {isis_attacks_2025.year}     2025          also .month, .day, .date, .start, .end: when that was so
    {troops_now.source}          Reuters       who reported it first
    {troops_now.speaker}         Iraqi …       who said it
    {us_silence[said nothing]}   said nothing  these words, which lead to what the fact rests on
    {mission_over:if}                          nothing; the template is written only once the fact was known

Of alternatives the first is written whose facts were all known. An empty last one says that the text may be left out.

A statement without a number is a fact as well: words of the sentence lead to it, or its speaker is named.
"""

import html
import re
import string
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from handover.errors import FactError, ProseError, nearest
from handover.story.derived import PER_CENT
from handover.story.facts import LISTED, Fact, Facts
from handover.story.values import English, Period
from handover.text import NUMBER_WORD

#: Prefixes of links by target; `handover.document.evidence`, which may not import this, has the same.
FACT, SOURCE, CLAIM, CONFLICT = "#fact-", "#source-", "#claim-", "#conflict-"
LINK = re.compile(r'\[((?:\\.|[^\]\\])*)\]\(([^)\s]*)(?: "([^"]*)")?\)')
DOLLAR = re.compile(r"(?<![\\$])\$(?=\[(?:\\.|[^\]\\])*\]\()")
ESCAPED = re.compile(r"\\([\\`*_\[\]<>#$|~&])")
DIGITS = re.compile(r"(?<!\S)[^\s\d]*+\d\S*")
DOUBLED = re.compile(r"\{\{([a-z]\w*(?:\.\w+)?)\}\}")
PARTS = ("year", "month", "day", "date", "start", "end", "source", "speaker")
#: The part of a field that is words of the sentence itself.
WORDS = "words"
#: A fact, a part of it, and words of the sentence: ``us_silence``, ``us_silence.source``, ``us_silence[said nothing]``.
NAME = re.compile(r"(\w*)(?:\.(\w+)|\[(.+)\])?")
#: A template, or alternatives, of which the first is taken whose facts are all known.
Templates = str | tuple[str, ...]
STYLES = ("bare", "digits", "cap", "year", "month", "day", "if")


def split_field(name: str) -> tuple[str, str, str]:
    """Split the name of a field into the fact, its part, and words of the sentence; one of the last two is empty."""
    shape = NAME.fullmatch(name)
    return shape.groups("") if shape else ("", name, "")  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a template, resolved; a condition, which only requires that its fact was known, has no text."""

    fact: Fact
    text: str
    part: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A field of a template that could not be written."""

    key: str
    part: str


@dataclass
class Writer:
    """Writes templates in one language.

    `used` is called with each field that was printed, `passed` where the best template could not be written, as
    `Omissions.passed` is.
    """

    facts: Facts
    language: English
    names: Iterable[str] = ()
    used: Callable[[Field], None] = field(default=lambda _: None)
    passed: Callable[..., None] = field(default=lambda *_, **__: None)

    def __post_init__(self) -> None:
        # a longer name may contain a shorter one
        self.names = sorted(self.names, key=len, reverse=True)

    def markdown(self, templates: Templates, where: str = "say", bound: bool = False) -> str:
        """Write the first template whose facts are all known, as Markdown; "" if there is none.

        Args:
            templates: A template, or alternatives, the best first.
            where: The start of messages.
            bound: Whether each template must name a fact, so that it is written only once that was known.

        Raises:
            ProseError: A template types a digit, a field is malformed, or there is none where one must be.
            FactError: A field names no fact.
        """
        # a dollar before a number is money: Jupyter would read mathematics from there to the next
        return DOLLAR.sub(r"\\$", self._first(templates, where, self._link, bound))

    def plain(self, templates: Templates, where: str = "alt") -> str:
        """Write the same without links."""
        return self._first(templates, where, lambda found: found.text)

    def check(self, templates: Templates, where: str) -> None:
        """Check templates that may not be needed, as if they were written.

        Raises:
            ProseError: As for `markdown`.
            FactError: A field names no fact.
        """
        for template in (templates,) if isinstance(templates, str) else templates:
            self._pieces(template, where)

    def _first(self, templates: Templates, where: str, write: Callable[[Field], str], bound: bool = False) -> str:
        choices = (templates,) if isinstance(templates, str) else templates
        chosen: list[str | Field | Unknown] | None = None
        unknown: list[Unknown] = []
        for template in choices:
            pieces = self._pieces(template, where)
            if bound and template and all(isinstance(p, str) or (isinstance(p, Field) and not p.text) for p in pieces):
                raise ProseError(
                    f"{where}: a finding must name a fact (got {template!r}).\nWithout one it would be "
                    "printed before it was known; name what it rests on, such as {FACT} or {FACT.source}."
                )
            if chosen is None:
                missing = [piece for piece in pieces if isinstance(piece, Unknown)]
                unknown += missing
                chosen = None if missing else pieces
        text = ""
        for piece in chosen or ():
            if isinstance(piece, Field) and piece.text:
                self.used(piece)
            text += write(piece) if isinstance(piece, Field) else str(piece)
        if unknown:
            self.passed(where, choices[0], unknown, instead=plain(text), allowed=chosen == [])
        return text

    def _pieces(self, template: str, where: str) -> list[str | Field | Unknown]:
        """Split a template into its texts and its fields."""
        if not isinstance(template, str):
            raise ProseError(
                f"{where}: a template must be a text (got a {type(template).__name__}).\n"
                'Write alternatives one after the other, parted by commas: say("…", "…").'
            )
        if not (stray := _stray_brace(template)):
            self.refuse_typed(template, where)
        if doubled := DOUBLED.search(template):
            raise ProseError(
                f"{where}: a fact must stand in single braces (got '{doubled[0]}').\n"
                f"Write {{{doubled[1]}}}; braces that are doubled are text.\n  {template}"
            )
        pieces: list[str | Field | Unknown] = []
        try:
            parsed = list(string.Formatter().parse(template))
        except ValueError as error:
            raise ProseError(
                f"{where}: a template must have matching braces (got {stray or error}).\n"
                "Write a fact as {FACT}, and a brace that is text twice: {{ or }}.\n"
                f"  {template}"
            ) from error
        for literal, name, spec, conversion in parsed:
            pieces.append(literal)
            if conversion:
                raise ProseError(
                    f"{where}: a field must have its styles after a colon (got {{{name}!{conversion}}}).\n"
                    f"Write {{{name}}}, or a style: {', '.join(STYLES)}.\n  {template}"
                )
            if name is not None:
                begun = any(p if isinstance(p, str) else not (isinstance(p, Field) and not p.text) for p in pieces)
                pieces.append(self._field(name, spec or "", template, where, first=not begun and len(parsed) > 1))
        _require_per_cent(pieces, template, where)
        return pieces

    def refuse_typed(self, template: str, where: str, *, spelt: bool = False) -> None:
        """Refuse a number that is typed, in digits or, `spelt`, in words that lead to no fact.

        Raises:
            ProseError: There is one, and it belongs to no name.
        """
        bare = re.sub(r"\{\w*\[([^\]}]*)\]\}|\{[^}]*\}", "" if spelt else r"\1", template)
        number = NUMBER_WORD if spelt else DIGITS
        typed = number.search(bare)
        for name in self.names if typed else ():
            bare = bare.replace(name, "")
        if typed and (typed := number.search(bare)):
            such = " or ".join(f"{{{key}}}" for key in self._printed_as(typed.group())) or "{FACT}"
            raise ProseError(
                f"{where}: a template must type no number (got '{typed.group()}').\n  {template}\n"
                f"Write a fact in braces instead, such as {such}; a name that contains digits belongs in "
                "data/names.csv."
            )

    def _printed_as(self, number: str) -> list[str]:
        """Name the facts that would print a number; three at most."""
        found = []
        for key in self.facts.declared:
            with suppress(FactError):  # its own fault is told where it is printed
                quantity = fact.quantity if (fact := self.facts[key]) else None
                if quantity and self.language.quantity(quantity, hedge=False, digits=True) == number.strip(".,;:()"):
                    found.append(key)
        return found[:3]

    def _field(self, name: str, spec: str, template: str, where: str, *, first: bool) -> Field | Unknown:
        key, part, words = split_field(name)
        styles = [style for style in spec.split(",") if style] or [spec] * bool(spec)
        self._refuse_unknown(key, part, styles, f"{{{name}{':' if spec else ''}{spec}}}", template, where)
        try:
            fact = self.facts[key]
        except FactError as error:
            raise FactError(f"{where}: {error}\n  {template}") from error
        if "if" in styles:
            return Field(fact, "", part) if fact else Unknown(key, "")
        if words:
            return Field(fact, words, WORDS) if fact else Unknown(key, "")
        if self.facts.said(key) and part not in ("source", "speaker"):
            raise ProseError(
                f"{where}: {{{name}}} must give words that lead to '{key}', since it has no value.\n  {template}\n"
                f"Write {{{key}[words of the sentence]}}, or name who said it: {{{key}.source}} or {{{key}.speaker}}."
            )
        text = self._text(fact, part, styles) if fact else ""
        if not text:
            return Unknown(key, part)
        # a name keeps its letters: dpa
        begins = "cap" in styles or (first and part not in ("source", "speaker"))
        return Field(fact, text[0].upper() + text[1:] if begins else text, part)

    def _refuse_unknown(self, key: str, part: str, styles: list[str], written: str, template: str, where: str) -> None:
        """Refuse a field whose fact, part or style is not known, and write the template as it may be meant."""
        kinds = (("part", [part] if part else [], PARTS), ("style", styles, STYLES))
        wrong = next(((kind, word, known) for kind, words, known in kinds for word in words if word not in known), None)
        if key not in self.facts:
            said, cure = self.facts.missing(key) if key else (f"a field must name a fact (got {written})", LISTED)
            meant = nearest(key, self.facts) if cure == LISTED else ""
            bare = re.sub(r"\s+(?![^\[]*\])", "", written)
            if bare != written and split_field(bare.strip("{}").partition(":")[0])[0] in self.facts:
                cure = f"Write it without spaces: {bare}"
            error: type[FactError] | type[ProseError] = FactError
        elif wrong:
            kind, key, known = wrong
            meant = nearest(key, known)
            cure = f"Write one of {', '.join(known)}, or none."
            said, error = f"{written} must have a {kind} that is known (got '{key}')", ProseError
        else:
            return
        if meant:
            said += f"; did you mean '{meant}'?"
            fixed = template.replace(written, re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", meant, written, count=1))
            raise error(f"{where}: {said}\nWrite: {fixed}")
        raise error(f"{where}: {said}.\n{cure}\n  {template}")

    def _text(self, fact: Fact, part: str, styles: list[str]) -> str:
        if part in ("source", "speaker"):
            found = self.facts.view.claim(fact.claims[0])
            source = str(self.facts.view.tables.sources[found.source]["outlet"])
            return source if part == "source" else found.said_by
        if fact.words and not part:
            return fact.words
        form = part or next((style for style in styles if style in ("year", "month", "day")), "")
        if part in ("start", "end"):
            end = fact.period and Period.around(getattr(fact.period, part), fact.period.precision)
            return self.language.period(end) if end else ""
        if part or not fact.quantity:
            return self.language.period(fact.period, form if form != "date" else "") if fact.period else ""
        return self.language.quantity(fact.quantity, hedge="bare" not in styles, digits="digits" in styles)

    def _link(self, found: Field) -> str:
        if not found.text:
            return ""
        text = escape(found.text)
        if found.part in ("source", "speaker"):
            claim = self.facts.view.claim(found.fact.claims[0])
            return f"[{text}]({SOURCE}{claim.source})"
        tip = self.tip(found.fact)
        mark = ""
        # words that lead to a value say something other than the contested value
        if found.fact.conflicts and found.part in ("", WORDS if found.fact.value is None else ""):
            mark = f"[≠]({CONFLICT}{found.fact.conflicts[0]})"
        if found.fact.value is None:
            return f'[{text}]({CLAIM}{found.fact.claims[0]} "{tip}"){mark}'
        return f'[{text}]({FACT}{found.fact.key} "{tip}"){mark}'

    def tip(self, fact: Fact) -> str:
        """Return the tooltip of a fact: who said it, and since when it was known."""
        if not fact.claims:
            return escape(fact.reading)
        found = self.facts.view.claim(fact.claims[0])
        source = self.facts.view.tables.sources[found.source]
        who = ", ".join(dict.fromkeys(filter(None, [found.said_by, str(source["outlet"]), found.place])))
        return escape(f"{fact.label}: {who}; known since {self.language.date(fact.known)}").replace('"', "'")


def _require_per_cent(pieces: Iterable[str | Field | Unknown], template: str, where: str) -> None:
    """Refuse a share that is printed without its unit: "about one of them died" says something else."""
    shares = (piece for piece in pieces if isinstance(piece, Field) and piece.fact.unit == PER_CENT)
    bare = next((share for share in shares if share.text and not share.part), None)
    if bare and not re.search(r"\bper ?cent|%", template):
        raise ProseError(
            f"{where}: a share must have its unit beside it (got {{{bare.fact.key}}} without per cent).\n"
            f"Write {{{bare.fact.key}}} per cent.\n  {template}"
        )


def _stray_brace(template: str) -> str:
    """Show the place of a brace that has no match, "" if every one has."""
    rest = template.replace("{{", "  ").replace("}}", "  ")
    # words in brackets may not end before the brackets do
    rest = re.sub(r"\{(?:\w*\[[^\[\]{}]*\]|[^\[\]{}]*)\}", lambda field: " " * len(field[0]), rest)
    stray = re.search(r"\[(?=[^\[\]{}]*\})", rest) or re.search(r"[{}]", rest)
    return f"{stray[0]} alone in '{template[max(0, stray.start() - 20) : stray.start() + 20]}'" if stray else ""


def escape(text: str) -> str:
    """Escape a text for Markdown."""
    return re.sub(r"([\\`*_\[\]<>#$|~&])", r"\\\1", text)


def plain(markdown: str) -> str:
    """Return the text of a template's Markdown, without links and escapes."""
    return ESCAPED.sub(r"\1", LINK.sub(r"\1", markdown))


def inline(markdown: str) -> str:
    """Return a template's Markdown, whose only mark-up is links, as HTML."""
    pieces, at = [], 0
    for link in LINK.finditer(markdown):
        pieces.append(html.escape(plain(markdown[at : link.start()]), quote=False))
        title = f' title="{html.escape(plain(link[3]))}"' if link[3] else ""
        pieces.append(f'<a href="{html.escape(link[2])}"{title}>{html.escape(plain(link[1]), quote=False)}</a>')
        at = link.end()
    pieces.append(html.escape(plain(markdown[at:]), quote=False))
    return "".join(pieces)
