"""The evidence contract between a notebook and its pages: link prefixes in text, objects in one output.

In text a number is a Markdown link: ``[four](#fact-isis_2025 "who said it")``. The prefixes:

    #fact-KEY        a number or date, bound to the fact KEY
    #source-ID       a publication named in the text or under a figure
    #conflict-ID     the quiet second mark after a contested number

The evidence output (`EVIDENCE_MIME`) is an object with the keys below; all values are plain text
unless said otherwise, in the report's language, ready to print.

    version    1
    heading    heading of the section
    layout     "brief" asks for sources in few words and no appendix; "" for the whole
    tables     paths of the data tables used, relative to the project
    names      names that hold digits or number words and are no quantities
    facts      [{key, label, value, printed: [texts as printed], known_since: ISO date,
                 reading: why this reading ("" if only one), claims: [claim ids, the chosen first],
                 conflicts: [conflict ids], low, high: numbers or null, unit, and as news:
                 weight: 1 (the story itself) to 3 (a detail), news: the sentence that tells it,
                 history: [{since: ISO date, value}], what was known of it since when, the newest first}]
    statements [{key, label, value: "", known_since, claims, weight, news, history}], what was only
                 said: printed by no entry, and compared from edition to edition like a fact
    sources    [{id, credit: short name, outlet, carrier, title, url ("" = none), published: text,
                 grade: "A".."D" or "", seen: how it was seen, in words,
                 claims: [{id, statement, said_by, where: place in the source ("" if none),
                           known_since: ISO date, facts: [keys]}]}]
    conflicts  [{id, topic, a: {text, source: id, credit}, b: {text, source: id, credit}, reading}]
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from handover.document import model, spaces
from handover.text import kept, printable

#: The one MIME type of our own: what every printed number rests on.
EVIDENCE_MIME = "application/vnd.handover.evidence+json"
FACT, SOURCE, CLAIM, CONFLICT = "fact-", "source-", "claim-", "conflict-"
#: What may be told in a text; anything else an evidence output holds is left out.
TELLING = (str, int, float)
OUTSIDE = re.compile(r"(https?://|mailto:)\S+\Z", re.ASCII | re.IGNORECASE)
Item = Mapping[str, Any]


def outside(url: str) -> bool:
    """Whether a link leads out to the web or to a mail address."""
    return bool(OUTSIDE.match(url))


def target(url: str) -> tuple[str, str]:
    """Split an internal link into its prefix and id, e.g. ``("fact-", "isis_2025")``; ("", "") for others."""
    if url.startswith("#"):
        for prefix in (FACT, SOURCE, CLAIM, CONFLICT):
            if url[1:].startswith(prefix):
                return prefix, url[1 + len(prefix) :]
    return "", ""


def entries(ledger: model.Ledger, kind: str) -> Mapping[str, model.Fact | model.Claim | model.Source | model.Conflict]:
    """The entries of a ledger that links of a kind lead to, by key."""
    kinds = {FACT: ledger.facts, CLAIM: ledger.claims, SOURCE: ledger.sources, CONFLICT: ledger.conflicts}
    return kinds.get(kind, {})


class Statements:
    """Reads what evidence outputs state into one ledger, from any notebook.

    Args:
        identify: Gives out an anchor for ``fact-KEY`` and the like.
    """

    def __init__(self, identify: Callable[[str], str]) -> None:
        self.ledger = model.Ledger({}, {}, {}, {})
        self._identify = identify

    def read(self, content: object) -> dict[str, Any]:
        """Enter what one output states; return its `EvidenceSection`'s fields, the heading as a text."""
        content = _object(content)
        return {
            "heading": _text(content.get("heading")),
            "layout": _text(content.get("layout")),
            "facts": tuple(self._new(FACT, "key", content.get("facts"), self._fact)),
            "sources": tuple(self._new(SOURCE, "id", content.get("sources"), self._source)),
            "conflicts": tuple(self._new(CONFLICT, "id", content.get("conflicts"), self._conflict)),
        }

    def _new(self, kind: str, key: str, items: object, make: Callable[[str, Item], Any]) -> Iterator[Any]:
        """Yield the entries of a list, but for those whose key is empty or known."""
        known: Any = entries(self.ledger, kind)
        for item in items if isinstance(items, list) else ():
            name = _text(_object(item).get(key))
            if name and name not in known:
                known[name] = make(name, item)
                yield known[name]

    def _fact(self, key: str, item: Item) -> model.Fact:
        printed = tuple(map(spaces.bind, _texts(item.get("printed"))))
        lists = printed, _texts(item.get("claims")), _texts(item.get("conflicts"))
        known = _text(item.get("known_since"))
        label, value, reading = _bound(item, "label value reading")
        return model.Fact(key, self._identify(FACT + key), label, value, known, reading, *lists)

    def _source(self, key: str, item: Item) -> model.Source:
        anchor = self._identify(SOURCE + key)
        url = _text(item.get("url"))
        about = _bound(item, "credit carrier title published grade seen")

        def claim(name: str, told: Item) -> model.Claim:
            known = _text(told.get("known_since"))
            texts = _bound(told, "statement said_by where")
            return model.Claim(name, self._identify(CLAIM + name), key, *texts, known, _texts(told.get("facts")))

        claims = tuple(self._new(CLAIM, "id", item.get("claims"), claim))
        return model.Source(key, anchor, *about[:3], url if outside(url) else "", *about[3:], claims)

    def _conflict(self, key: str, item: Item) -> model.Conflict:
        a, b = (_side(_object(item.get(side))) for side in "ab")
        return model.Conflict(key, self._identify(CONFLICT + key), *_bound(item, "topic reading"), a, b)


def _side(item: Item) -> model.Side:
    text, credit = _bound(item, "text credit")
    return model.Side(text, _text(item.get("source")), credit)


def _bound(item: Item, names: str) -> list[str]:
    """The texts under some names, with the spaces bound that must not break."""
    return [spaces.bind(_text(item.get(name))) for name in names.split()]


def _object(value: object) -> Item:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return _said(value) if isinstance(value, str) else str(value) if isinstance(value, TELLING) else ""


@kept
def _said(text: str) -> str:
    return printable(text).strip()


def _texts(value: object) -> tuple[str, ...]:
    return tuple(filter(None, map(_text, value))) if isinstance(value, list) else ()
