"""The evidence behind what a report printed, and which of it is news since an earlier day.

The evidence output is JSON under its own MIME type, so the pages need no knowledge of troops; JupyterLab shows it as a
list. It contains the history of each fact, which follows from the days on which rows became known, so that two
editions can be compared.
"""

import datetime as dt
import html
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from handover.errors import ProseError
from handover.story.claims import statement
from handover.story.contradictions import Contradiction, contradictions
from handover.story.facts import Fact, Facts
from handover.story.sentences import WORDS, Field, Writer, split_field
from handover.story.values import English, Period, Row
from handover.tables import ARTICLE

EVIDENCE_MIME = "application/vnd.handover.evidence+json"
#: How a source was seen -> what the page says of that.
SEEN = {
    "page": "",
    "copy": "read in a copy of the page",
    "summary": "only a summary was seen",
    "headline": "only the headline was seen",
}
#: How many rows are listed under a fact that counts many.
CLAIMS_SHOWN = 3
#: Weights: the story itself, a part of it, a detail.
WEIGHTS = (STORY, PART, DETAIL) = (1, 2, 3)
#: Weight and sentence of facts that have no row in data/facts.csv.
DERIVED_NEWS = {
    "slip": (PART, "The handover came {slip} days after the promised week, as that week and the sources are read."),
    "base_status": (DETAIL, "The base is now {base_status}."),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What was known of a fact from a day on, as the evidence prints it; empty for a statement without a value."""

    since: dt.date
    value: str


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that became known or changed after an earlier day; `before` is its value then."""

    key: str
    weight: int
    since: dt.date
    before: str


@dataclass
class News:
    """The histories of a report's facts, and the sentences that report changes."""

    facts: Facts
    language: English
    names: Iterable[str] = ()
    _steps: dict[str, list[Step]] = field(default_factory=dict)

    def steps(self, key: str) -> list[Step]:
        """Return the history of a fact, the newest step first; empty if it rests on no claim."""
        if key not in self._steps:
            self._steps[key] = self._history(key)
        return self._steps[key]

    def _history(self, key: str) -> list[Step]:
        """Go back from each day on which a row became known to the day before, until nothing was known."""
        found: list[Step] = []
        tables, facts = self.facts.view.tables, self.facts
        while (fact := facts[key]) and fact.claims:
            since = max(tables.known(tables.where[claim][1]) for claim in fact.claims)
            value = stated(fact, self.language)
            # a new row that says the same is not a step
            if found and found[-1].value == value:
                found.pop()
            found.append(Step(since, value))
            if since == dt.date.min:
                break
            facts = self.facts.on(since - dt.timedelta(days=1))
        return found

    def since(self, keys: Iterable[str], day: dt.date) -> list[Change]:
        """Return the facts that are news since a day: the weightiest first, of one weight the newest.

        A row that gives several facts the same value is reported once.
        """
        found = []
        for key in filter(self.can_be_news, dict.fromkeys(keys)):
            steps = self.steps(key)
            if steps and steps[0].since > day:
                before = next((step.value for step in steps if step.since <= day), "")
                found.append(Change(key, self.weight(key), steps[0].since, before))
        found.sort(key=lambda change: (change.weight, -change.since.toordinal(), change.key))
        distinct: dict[tuple[str, str], Change] = {}
        for change in found:
            fact = self.facts[change.key]
            distinct.setdefault((fact.claims[0], stated(fact, self.language)) if fact else (change.key, ""), change)
        return list(distinct.values())

    def weight(self, key: str) -> int:
        """Return how much a fact matters: `STORY`, `PART` or `DETAIL`."""
        return self._weight_and_template(key)[0]

    def can_be_news(self, key: str) -> bool:
        """Return whether a fact can be news, that is, has a sentence."""
        return bool(self._weight_and_template(key)[1])

    def _weight_and_template(self, key: str) -> tuple[int, str]:
        row = self.facts.declared.get(key)
        return (int(str(row["weight"])), str(row["news"] or "")) if row else DERIVED_NEWS.get(key, (DETAIL, ""))

    def sentence(self, key: str, write: Callable[[str], str]) -> str:
        """Write the sentence that reports a fact, from its template; "" for a fact that is never news.

        Raises:
            ProseError: The sentence names another fact, which may not be known, or none.
        """
        template = self._weight_and_template(key)[1]
        if not template:
            return ""
        written = write(template)
        fields = {split_field(name)[0] for _, name, _, _ in string.Formatter().parse(template) if name is not None}
        if fields != {key}:
            raise ProseError(
                f"data/facts.csv: the news of '{key}' must name this fact and no other (got {template!r}).\n"
                f"Write {{{key}}}, or a part of it such as {{{key}.year}}."
            )
        return written

    def as_json(self, key: str) -> dict[str, Any]:
        """Return the part of a fact's evidence by which editions are compared."""
        writer = Writer(self.facts, self.language, self.names)
        return {
            "weight": self.weight(key),
            "news": self.sentence(key, partial(writer.plain, where="news")),
            "history": [{"since": step.since.isoformat(), "value": step.value} for step in self.steps(key)],
        }


def stated(fact: Fact, language: English) -> str:
    """Return the value of a fact as the evidence prints it; "" for a statement without a value."""
    if fact.quantity:
        return language.quantity(fact.quantity, digits=True)
    return fact.words or (language.period(fact.period) if fact.period else "")


@dataclass
class PrintLog:
    """What has been printed so far: facts with their texts, sources, tables, and conflicts already shown.

    `drawn` contains the rows that charts and tables show.
    `said` contains the claims that are printed without a value, `contested` the conflicts over them, and `statements`
    their facts.
    """

    facts: Facts
    language: English
    news: News
    printed: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)
    tables: dict[str, None] = field(default_factory=dict)
    drawn: dict[str, None] = field(default_factory=dict)
    shown: dict[str, None] = field(default_factory=dict)
    said: dict[str, None] = field(default_factory=dict)
    contested: dict[str, None] = field(default_factory=dict)
    statements: dict[str, None] = field(default_factory=dict)

    def field(self, found: Field) -> None:
        """Record a field of a sentence."""
        named = found.part in ("source", "speaker")
        if found.fact.value is None:
            self.said.update(dict.fromkeys(found.fact.claims))
            self.contested.update(dict.fromkeys(found.fact.conflicts if found.part == WORDS else ()))
            self.statements[found.fact.key] = None
        if named:
            self.sources[self.facts.view.claim(found.fact.claims[0]).source] = None
        if found.fact.value is None or named:
            return
        texts = self.printed.setdefault(found.fact.key, [])
        if found.text not in texts:
            texts.append(found.text)

    def rows(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Record rows that a chart or a table shows, each with its id, source and outlet."""
        where = self.facts.view.tables.where
        for row_id, source_id, _ in rows:
            self.drawn[row_id] = self.tables[where[row_id][0]] = self.sources[source_id] = None

    def unmarked(self) -> list[Contradiction]:
        """Return the contradictions over what was printed that no registered conflict tells."""
        view = self.facts.view
        shown = {claim for key in self.printed if (fact := self.facts[key]) for claim in fact.claims[:CLAIMS_SHOWN]}
        shown |= set(self.drawn)
        return [
            found
            for found in contradictions(view.tables)
            if shown & {found.one, found.other} and view.sees(found.one) and view.sees(found.other)
        ]

    def unsettled(self) -> list[Row]:
        """Return the conflicts over what was printed that were none yet by the report's day, or by its evidence."""
        view, over = self.facts.view, set[str]()
        for key in [*self.printed, *self.statements]:
            row, fact = self.facts.declared.get(key, {}), self.facts[key]
            if row.get("conflicts") or (fact and fact.value is None):
                over.update(str(row.get("conflicts") or "").split())
            elif fact and row.get("choose") != "count":
                singly = row.get("choose") in ("first", "latest")
                over.update(view.registered(fact.claims[:1] if singly else fact.claims))
        return [row for row in view.tables.rows["conflicts"] if row["conflict_id"] in over - view.conflicts.keys()]

    def shortened(self) -> dict[str, list[str]]:
        """Return the conflicts that a brief report does not print, each with the facts that they are over."""
        found: dict[str, list[str]] = {}
        facts = [fact for key in self.printed if (fact := self.facts[key])]
        printed = {conflict for fact in facts for conflict in fact.conflicts[:1]} | set(self.contested)
        for fact in facts:
            for conflict in set(fact.conflicts) - printed:
                found.setdefault(conflict, []).append(fact.key)
        return dict(sorted(found.items()))

    def content(self, *, brief: bool = False) -> dict[str, Any]:
        """Return the evidence for everything printed; `handover.document` documents the keys.

        A `brief` one, for a report of one page, gives only the claim that is printed and the conflict that its mark
        leads to, and asks the page to be short.
        """
        tables = self.facts.view.tables
        facts = [fact for key in self.printed if (fact := self.facts[key])]
        if brief:
            facts = [replace(fact, claims=fact.claims[:1], conflicts=fact.conflicts[:1]) for fact in facts]
        touched = {conflict for fact in facts for conflict in fact.conflicts} | set(self.contested)
        conflicts = [self._conflict(conflict) for conflict in sorted(touched - set(self.shown))]
        statements = [fact for key in filter(self.news.can_be_news, self.statements) if (fact := self.facts[key])]
        said: dict[str, list[str]] = {}
        for fact in facts:
            for claim_id in fact.claims[:CLAIMS_SHOWN]:
                said.setdefault(claim_id, []).append(fact.key)
        for claim_id in self.said:
            said.setdefault(claim_id, [])
        used = {tables.where[claim_id][0] for claim_id in said} | set(self.tables) | {"sources"}
        return {
            "version": 1,
            "heading": "Evidence",
            "layout": "brief" if brief else "",
            "tables": sorted(tables.paths[table] for table in used),
            "names": sorted(str(row["name"]) for row in tables.rows["names"]),
            "facts": [self._fact(fact) | self.news.as_json(fact.key) for fact in facts],
            "statements": [self._statement(fact) | self.news.as_json(fact.key) for fact in statements],
            "sources": self._sources(said),
            "conflicts": conflicts,
        }

    def disagreements(self) -> dict[str, Any]:
        """Return the conflicts that touch what was printed so far, as an evidence output of its own."""
        over = {c for key in self.printed if (fact := self.facts[key]) for c in fact.conflicts}
        found = sorted(over | set(self.contested))
        self.shown.update(dict.fromkeys(found))
        return {"version": 1, "heading": "", "conflicts": [self._conflict(conflict) for conflict in found]}

    def _fact(self, fact: Fact) -> dict[str, Any]:
        low, high = fact.quantity.edges() if fact.quantity else (None, None)
        reading = fact.reading
        if len(fact.claims) > CLAIMS_SHOWN:
            reading = f"{reading} The first {CLAIMS_SHOWN} of {len(fact.claims)} rows are listed.".strip()
        return {
            "key": fact.key,
            "label": fact.label,
            "value": stated(fact, self.language),
            "unit": fact.unit,
            "low": low,
            "high": high,
            "printed": self.printed[fact.key],
            "known_since": fact.known.isoformat(),
            "reading": reading,
            "claims": list(fact.claims[:CLAIMS_SHOWN]),
            "conflicts": list(fact.conflicts),
        }

    def _statement(self, fact: Fact) -> dict[str, Any]:
        known, claims = fact.known.isoformat(), list(fact.claims[:CLAIMS_SHOWN])
        return {"key": fact.key, "label": fact.label, "value": "", "known_since": known, "claims": claims}

    def _sources(self, said: dict[str, list[str]]) -> list[dict[str, Any]]:
        """Return the sources, the article first, each with its claims and the facts that rest on them."""
        view = self.facts.view
        grouped: dict[str, list[dict[str, Any]]] = {source: [] for source in self.sources}
        for claim_id, keys in said.items():
            found = view.claim(claim_id)
            grouped.setdefault(found.source, []).append(
                {
                    "id": claim_id,
                    "statement": statement(view.tables, claim_id),
                    "said_by": found.said_by,
                    "where": found.place,
                    # a fact without a date, for example where a place lies, was always known
                    "known_since": found.known.isoformat() if found.known > dt.date.min else "",
                    "facts": keys,
                }
            )
        order = sorted(grouped, key=lambda source: (source != ARTICLE, source))
        return [self._source(source, grouped[source]) for source in order]

    def _source(self, source_id: str, claims: list[dict[str, Any]]) -> dict[str, Any]:
        row = self.facts.view.tables.sources[source_id]
        return {
            "id": source_id,
            "credit": row["outlet"],
            "outlet": row["outlet"],
            "carrier": row["carrier"] or "",
            "title": row["title"],
            "url": row["url"] or "",
            "published": _published(row, self.language),
            "grade": row["grade"] or "",
            "seen": SEEN[str(row["seen"])],
            "claims": claims,
        }

    def _conflict(self, conflict_id: str) -> dict[str, Any]:
        """Return both sides of a conflict, whose sources are printed with it."""
        row = self.facts.view.conflicts[conflict_id]
        sides = {}
        for side in "ab":
            source = str(row[f"source_{side}"])
            self.sources[source] = None
            credit = self.facts.view.tables.sources[source]["outlet"]
            sides[side] = {"text": row[f"claim_{side}"], "source": source, "credit": credit}
        return {"id": conflict_id, "topic": row["topic"], "reading": row["reading"] or "", **sides}


def _published(row: Row, language: English) -> str:
    published, first, last = row["published"], row["not_before"], row["not_after"]
    if isinstance(published, dt.date):
        return language.period(Period.around(published, str(row["published_precision"])))
    if isinstance(first, dt.date) and isinstance(last, dt.date):
        return f"undated, between {language.date(first)} and {language.date(last)}"
    return f"undated, by {language.date(last)}" if isinstance(last, dt.date) else "undated"


@dataclass(frozen=True)
class EvidenceOutput:
    """What the last cell of a report displays."""

    content: dict[str, Any]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        plain = "\n".join(f"{fact['value']} {fact['label']}" for fact in self.content.get("facts", []))
        return {EVIDENCE_MIME: self.content, "text/html": self._html(), "text/plain": plain}

    def _html(self) -> str:
        """Return a plain list for JupyterLab and for the stock exporters."""
        where = {claim["id"]: source for source in self.content.get("sources", []) for claim in source["claims"]}
        items = []
        for fact in self.content.get("facts", []):
            credits = dict.fromkeys(where[c]["credit"] for c in fact["claims"] if c in where)
            line = f"<b>{html.escape(fact['value'])}</b> {html.escape(fact['label'])}"
            items.append(f'<li id="fact-{fact["key"]}">{line}: {html.escape(", ".join(credits))}</li>')
        for source in self.content.get("sources", []):
            title = html.escape(source["title"])
            link = f'<a href="{html.escape(source["url"])}">{title}</a>' if source["url"] else title
            items.append(f'<li id="source-{source["id"]}">{html.escape(source["credit"])}: {link}</li>')
        for conflict in self.content["conflicts"]:
            text = f"{conflict['topic']}: {conflict['a']['text']} / {conflict['b']['text']}"
            items.append(f'<li id="conflict-{conflict["id"]}">{html.escape(text)}</li>')
        return f"<ul>{''.join(items)}</ul>"
