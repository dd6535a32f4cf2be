"""What answers for the numbers of a page, in HTML: the evidence section, and the tooltip of each number."""

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from handover.document import evidence, model, scripts, words
from handover.pages.html_text import NOTHING, attributes, escape, fill, href, joined, lines, link, marked, run
from handover.text import kept

#: Between what is told of an entry and what follows.
GAP = "&nbsp;· "
direction = kept(scripts.direction)


@kept
def since(day: str, said: words.Words) -> str:
    """Since when something is known, "" where nobody says."""
    return said.known.format(said.date(day)) if day else ""


class Evidence:
    """Prints the evidence of one document."""

    def __init__(self, document: model.Document) -> None:
        self.ledger, self.uses = document.ledger, document.uses
        self.words, self.direction = words.of(document.language), document.direction
        self._cards: dict[str, Markup] = {}

    def apart(self, text: str, plain: str = "") -> str:
        """A name; one written the other way than the page is kept apart from the commas and numbers around it."""
        turned = direction(plain or text) not in ("", self.direction)
        return fill("<bdi>{}</bdi>", text) if turned else text

    def card(self, link: model.Citation) -> Markup:
        """What the tooltip of a number or a statement tells: what was said, by whom, and since when it is known."""
        if link.anchor not in self._cards:
            rows = self._fact_rows(link.key) if link.kind == evidence.FACT else self._claim_rows(link.key)
            told = [f'<span class="{kind}">{escape(told)}</span>' for kind, told in rows if told]
            self._cards[link.anchor] = marked(" ".join(told))
        return self._cards[link.anchor]

    def _fact_rows(self, key: str) -> list[tuple[str, str]]:
        fact = self.ledger.facts[key]
        claims = known(fact.claims, self.ledger.claims)
        said = self._said(claims[0]) if claims else [("said", fact.reading)]
        rest = [self.words.more.format(len(claims) - 1)] if len(claims) > 1 else []
        rest += [self.words.disagree] if fact.conflicts else []
        return [("label", fact.label), *said, ("known", joined(self._known(fact.known_since), *rest))]

    def _claim_rows(self, key: str) -> list[tuple[str, str]]:
        claim = self.ledger.claims[key]
        return [*self._said(claim), ("known", self._known(claim.known_since))]

    def _said(self, claim: model.Claim) -> list[tuple[str, str]]:
        published = self.ledger.sources[claim.source].published
        return [("said", claim.statement), ("who", self._who(claim, published))]

    def _who(self, claim: model.Claim, *more: str) -> str:
        """Who said something and where, each named once."""
        source = self.ledger.sources[claim.source]
        told = [self.apart(claim.said_by), self.apart(source.credit or source.title), claim.where, *more]
        return joined(*dict.fromkeys(told), sign=self.words.comma)

    def _known(self, day: str) -> str:
        known = since(day, self.words)
        return known[:1].upper() + known[1:]

    # the section

    def section(self, section: model.EvidenceSection) -> Markup:
        """What each printed number rests on, where sources disagree, and the sources themselves."""
        printed = {
            "facts": fill('<ul class="facts">\n{}\n</ul>', lines(map(self._fact, section.facts))),
            "conflicts": self._conflicts(section.conflicts),
            "sources": fill('<div class="sources">\n{}\n</div>', self._sources(section.sources)),
        }
        lists = [headed(section.headings.get(name)) + one for name, one in printed.items() if getattr(section, name)]
        if not lists:
            return NOTHING
        about = attributes(**{"aria-labelledby": section.heading.anchor if section.heading else ""})
        form = '<section class="evidence"{}>\n{}{}\n</section>'
        return fill(form, about, headed(section.heading), lines(lists))

    def _fact(self, fact: model.Fact) -> Markup:
        printed = [text for text in fact.printed if text.lower() != fact.value.lower()]
        others = fill(' <span class="aside">({} {})</span>', self.words.printed, ", ".join(printed)) if printed else ""
        said = [
            link(claim.anchor, self._who(claim) or claim.statement or claim.key)
            for claim in known(fact.claims, self.ledger.claims)
        ]
        paragraphs = [fill('<p><span class="name plain">{}</span>{}</p>', fact.label, others)]
        paragraphs += [fill("<p>{}</p>", fact.reading)] if fact.reading else []
        paragraphs += [fill("<p>{}</p>", joined(*said))] if said else []
        conflicts = [link(one.anchor, one.topic or one.key) for one in known(fact.conflicts, self.ledger.conflicts)]
        differ = fill("{}: {}", self.words.disagree, run(conflicts, "; ")) if conflicts else NOTHING
        return fill(
            '<li id="{}">\n<p class="value">{}</p>\n<div>\n{}\n<p class="aside">{}\n</p>\n</div>\n</li>',
            *(fact.anchor, fact.value.replace("\u00a0", " "), lines(paragraphs)),
            self._told(fact, fact.label, since(fact.known_since, self.words), differ),
        )

    def _told(self, entry: model.Fact | model.Claim, label: str, *told: str) -> Markup:
        """What is told of an entry, and the ways back to the places of the text that cite it."""
        before = joined(*told, sign=GAP)
        anchors = self.uses.get(entry.anchor, ())
        if not anchors:
            return before
        name, said = escape(label), self.words.back_to
        links = "".join(
            f' <a href="{href(anchor)}" aria-label="{escape(said.format(place, len(anchors)))}: {name}">{place}</a>'
            for place, anchor in enumerate(anchors, 1)
        )
        return marked(f'{before}<span class="back">{GAP if before else ""}{escape(self.words.back)}{links}</span>')

    def _conflicts(self, conflicts: Iterable[model.Conflict]) -> Markup:
        said = self.words
        form = '<tr><th scope="col">{}</th><th scope="col">≠ {}</th><th scope="col">{}</th></tr>'
        head, bodies = fill(form, said.one, said.other, said.read), lines(map(self._conflict, conflicts))
        return fill('<table class="conflicts">\n<thead>{}</thead>\n{}\n</table>', head, bodies)

    def _conflict(self, conflict: model.Conflict) -> Markup:
        form = '<span class="ours">{}</span> {}'
        reading = fill(form, self.words.reading, conflict.reading) if conflict.reading else NOTHING
        return fill(
            '<tbody id="{}">\n<tr><th scope="rowgroup" colspan="3">{}</th></tr>\n'
            "<tr>\n<td>{}</td>\n<td>{}</td>\n<td>{}</td>\n</tr>\n</tbody>",
            *(conflict.anchor, conflict.topic or conflict.key),
            *(self._side(conflict.a), self._side(conflict.b), reading),
        )

    def _side(self, side: model.Side) -> Markup:
        if not (side.text and side.credit):
            return fill("{}", side.text)
        credit, source = self.apart(side.credit), self.ledger.sources.get(side.source)
        return fill('{} <span class="aside">— {}</span>', side.text, link(source.anchor, credit) if source else credit)

    def _sources(self, sources: Iterable[model.Source]) -> Markup:
        """Those with what each one says, then the others."""
        speaking = [self._source(source) for source in sources if source.claims]
        others = [self._other(source) for source in sources if not source.claims]
        if not others:
            return lines(speaking)
        listed = fill("\n<ul>\n{}\n</ul>", lines(others))
        if speaking:
            form = '<details><summary>{} <span class="aside">{}</span></summary>{}</details>'
            listed = fill(form, self.words.also, len(others), listed)
        return lines([*speaking, listed])

    def _other(self, source: model.Source) -> Markup:
        named, about = self._named(source, source.url), joined(source.published, self._about(source))
        return marked(f'<li id="{escape(source.anchor)}">{named} <span class="aside">{about}</span></li>')

    def _source(self, source: model.Source) -> Markup:
        count, told = len(source.claims), self._about(source)
        counted = self.words.claim if count == 1 else self.words.claims.format(count)
        return fill(
            '<details><summary>{} <span class="aside">{}</span></summary>\n'
            '<div id="{}">\n{}<ul>\n{}\n</ul>\n</div>\n</details>',
            *(self._named(source), joined(source.published, counted), source.anchor),
            fill('<p class="aside">{}</p>\n', joined(site(source.url), told)) if source.url or told else NOTHING,
            lines(map(self._claim, source.claims)),
        )

    def _claim(self, claim: model.Claim) -> Markup:
        facts = [link(fact.anchor, fact.value or fact.key) for fact in known(claim.facts, self.ledger.facts)]
        supports = fill("{} {}", self.words.supports, run(facts, ", ")) if facts else NOTHING
        told = joined(self.apart(claim.said_by), claim.where, since(claim.known_since, self.words))
        said = escape(claim.statement)
        aside = self._told(claim, said, told, supports)
        return marked(f'<li id="{escape(claim.anchor)}"><p>{said}</p>\n<p class="aside">{aside}</p></li>')

    def _named(self, source: model.Source, url: str = "") -> Markup:
        """Who published a source, and its title."""
        name = f'<span class="name">{escape(self.apart(source.credit or source.title or source.key))}</span>'
        if not (source.credit and source.title):
            return marked(name)
        title = escape(source.title)
        if not url:
            return marked(f'{name} <span dir="auto">{title}</span>')
        return marked(f'{name} <a href="{escape(url)}" rel="noopener noreferrer" dir="auto">{title}</a>')

    def _about(self, source: model.Source) -> str:
        """What else is known of a source."""
        said, carrier = self.words, ""
        if source.carrier not in ("", source.credit):
            carrier = Markup(said.via).format(self.apart(source.carrier))
        return joined(carrier, said.grade.format(source.grade) if source.grade else "", source.seen)


def known(keys: Iterable[str], entries: Mapping[str, Any]) -> list[Any]:
    """Those of some entries of the evidence that there are."""
    return [entries[key] for key in keys if key in entries]


def headed(heading: model.Heading | None) -> Markup:
    """A heading on a line of its own, if there is one."""
    if not heading:
        return NOTHING
    return fill('<h{0} id="{1}">{2}</h{0}>\n', heading.level, heading.anchor, heading.text)


def site(url: str) -> Markup:
    """A link to the site of a source, named as such, if there is one."""
    host = url.partition("//")[2].partition("/")[0].removeprefix("www.") or url
    return fill('<a href="{}" rel="noopener noreferrer">{}</a>', url, host) if url else NOTHING
