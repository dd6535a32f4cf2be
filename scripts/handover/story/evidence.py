"""The ledger of what a report printed, and the evidence output made from it.

The output is JSON under one MIME type, so that whoever prints the notebook needs to know nothing of
troops; in JupyterLab it shows as a list.
"""

import datetime as dt
import html
from dataclasses import dataclass, field, replace
from typing import Any

from handover.story.changes import News, stated
from handover.story.facts import Fact, Facts
from handover.story.periods import Period
from handover.story.prose import WORDS, Field
from handover.story.record import ARTICLE
from handover.story.wording import English

EVIDENCE_MIME = "application/vnd.handover.evidence+json"
SEEN = {
    "page": "",
    "copy": "read in a copy of the page",
    "summary": "only a summary was seen",
    "headline": "only the headline was seen",
}


@dataclass
class Ledger:
    """What has been printed so far: facts with their texts, rows in tables, sources under charts, and what was said.

    `said` holds the claims behind sentences that print no value of theirs, `contested` the conflicts over them, and
    `statements` the facts that these are.
    """

    facts: Facts
    language: English
    news: News
    printed: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)
    tables: dict[str, None] = field(default_factory=dict)
    shown: dict[str, None] = field(default_factory=dict)
    said: dict[str, None] = field(default_factory=dict)
    contested: dict[str, None] = field(default_factory=dict)
    statements: dict[str, None] = field(default_factory=dict)

    def field(self, found: Field) -> None:
        """Remember a field of a sentence."""
        if found.fact.value is None:
            self.said.update(dict.fromkeys(found.fact.claims))
            self.contested.update(dict.fromkeys(found.fact.conflicts if found.part == WORDS else ()))
            self.statements[found.fact.key] = None
        if found.part in ("source", "speaker"):
            self.sources[self.facts.view.claim(found.fact.claims[0]).source] = None
        if found.fact.value is None or found.part in ("source", "speaker"):
            return
        texts = self.printed.setdefault(found.fact.key, [])
        if found.text not in texts:
            texts.append(found.text)

    def content(self, *, brief: bool = False) -> dict[str, Any]:
        """Everything that answers for what was printed; `handover.document.evidence` documents the keys.

        Args:
            brief: For a report of one page: of each fact only the claim that is printed and the conflict that
                its mark leads to, and a request to whoever prints it to be short.
        """
        view = self.facts.view
        facts = [fact for key in self.printed if (fact := self.facts[key])]
        if brief:
            facts = [replace(fact, claims=fact.claims[:1], conflicts=fact.conflicts[:1]) for fact in facts]
        touched = {conflict for fact in facts for conflict in fact.conflicts} | set(self.contested)
        conflicts = sorted(touched - set(self.shown))
        statements = [fact for key in filter(self.news.tells, self.statements) if (fact := self.facts[key])]
        said: dict[str, list[str]] = {}
        for fact in facts:
            for claim_id in fact.claims[:CLAIMS_SHOWN]:
                said.setdefault(claim_id, []).append(fact.key)
        for claim_id in self.said:
            said.setdefault(claim_id, [])
        for conflict in conflicts:
            self._both_sources(conflict)
        tables = {view.record.where[claim_id][0] for claim_id in said} | set(self.tables) | {"sources"}
        return {
            "version": 1,
            "heading": "Evidence",
            "layout": "brief" if brief else "",
            "tables": sorted(view.record.paths[table] for table in tables),
            "names": sorted(str(row["name"]) for row in view.record.rows["names"]),
            "facts": [self._fact(fact) | self.news.as_json(fact.key) for fact in facts],
            "statements": [self._statement(fact) | self.news.as_json(fact.key) for fact in statements],
            "sources": self._sources(said),
            "conflicts": [self._conflict(conflict) for conflict in conflicts],
        }

    def disagreements(self) -> dict[str, Any]:
        """The conflicts that touch what was printed so far, as an evidence output of its own."""
        over = {c for key in self.printed if (fact := self.facts[key]) for c in fact.conflicts}
        found = sorted(over | set(self.contested))
        self.shown.update(dict.fromkeys(found))
        for conflict in found:
            self._both_sources(conflict)
        return {"version": 1, "heading": "", "conflicts": [self._conflict(conflict) for conflict in found]}

    def _both_sources(self, conflict: str) -> None:
        row = self.facts.view.conflicts[conflict]
        self.sources.update({str(row["source_a"]): None, str(row["source_b"]): None})

    def _fact(self, fact: Fact) -> dict[str, Any]:
        low, high = fact.quantity.edges() if fact.quantity else (None, None)
        more = len(fact.claims) - CLAIMS_SHOWN
        reading = fact.reading
        if more > 0:
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
        view = self.facts.view
        grouped: dict[str, list[dict[str, Any]]] = {source: [] for source in self.sources}
        for claim_id, keys in said.items():
            found = view.claim(claim_id)
            grouped.setdefault(found.source, []).append(
                {
                    "id": claim_id,
                    "statement": found.statement,
                    "said_by": found.said_by,
                    "where": found.place,
                    # what is always so, such as where a place lies, was always known
                    "known_since": found.known.isoformat() if found.known > dt.date.min else "",
                    "facts": keys,
                }
            )
        order = sorted(grouped, key=lambda source: (source != ARTICLE, source))
        return [self._source(source, grouped[source]) for source in order]

    def _source(self, source_id: str, claims: list[dict[str, Any]]) -> dict[str, Any]:
        row = self.facts.view.record.sources[source_id]
        return {
            "id": source_id,
            "credit": row["outlet"],
            "outlet": row["outlet"],
            "carrier": row["carrier"] or "",
            "title": row["title"],
            "url": row["url"] or "",
            "published": published(row, self.language),
            "grade": row["grade"] or "",
            "seen": SEEN[str(row["seen"])],
            "claims": claims,
        }

    def _conflict(self, conflict_id: str) -> dict[str, Any]:
        row = self.facts.view.conflicts[conflict_id]
        sides = {}
        for side in "ab":
            source = str(row[f"source_{side}"])
            credit = self.facts.view.record.sources[source]["outlet"]
            sides[side] = {"text": row[f"claim_{side}"], "source": source, "credit": credit}
        return {"id": conflict_id, "topic": row["topic"], "reading": row["reading"] or "", **sides}


#: A count stands on many rows; this many are listed under its fact.
CLAIMS_SHOWN = 3


def published(row: dict[str, Any], language: English) -> str:
    """When a source was published, as exactly as it says."""
    if row["published"] is not None:
        form = "month" if row["published_precision"] == "month" else ""
        return language.period(Period.around(row["published"], "month" if form else "day"))
    if row["not_before"] and row["not_after"]:
        return f"undated, between {language.date(row['not_before'])} and {language.date(row['not_after'])}"
    if row["not_after"]:
        return f"undated, by {language.date(row['not_after'])}"
    return "undated"


@dataclass(frozen=True)
class EvidenceOutput:
    """What the last cell of a report displays."""

    content: dict[str, Any]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {EVIDENCE_MIME: self.content, "text/html": self._html(), "text/plain": self._plain()}

    def _plain(self) -> str:
        return "\n".join(f"{fact['value']} {fact['label']}" for fact in self.content.get("facts", []))

    def _html(self) -> str:
        """A plain list for JupyterLab and for the stock exporters."""
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
