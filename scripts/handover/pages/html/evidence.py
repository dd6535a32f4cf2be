"""The evidence section: what each printed number rests on, where sources disagree, and the sources themselves."""

from typing import Any

from markupsafe import Markup

from handover.document import Item, Ledger, sanitise
from handover.pages.html.sheet import Sheet, href

#: The level and the id of each heading, by what it heads.
Headings = dict[str, tuple[int, str]]
#: What an evidence block states, and the word for it.
LISTS = (("facts", "numbers"), ("conflicts", "disagreements"), ("sources", "sources"))


def headings(page: Item, sheet: Sheet) -> Headings:
    """Enter the headings of an evidence block; one that has none itself has only its lists."""
    stated = [(kind, word) for kind, word in LISTS if page[kind]]
    if not stated or not page["heading"]:
        return {}
    whole = {"whole": sheet.heading(2, page["heading"])}
    return whole | {kind: sheet.heading(3, getattr(sheet.words, word)) for kind, word in stated}


def render(page: Item, headings: Headings, sheet: Sheet, template: Any) -> Markup:
    """Write what one evidence block states, once it is known what links lead to and where numbers are used."""
    if not any(page[kind] for kind, _ in LISTS):
        return Markup("")
    return Markup(
        template.render(
            headings=headings,
            title=page["heading"],
            words=sheet.words,
            facts=[_fact(fact, sheet) for fact in page["facts"]],
            conflicts=[_conflict(conflict, sheet) for conflict in page["conflicts"]],
            sources=[_source(source, sheet) for source in page["sources"]],
        )
    )


def _link(sheet: Sheet, name: str) -> str:
    """The address of another entry of the evidence, or "" if there is none."""
    found = sheet.find(f"#{name}")
    return href(found) if found else ""


def _fact(fact: Item, sheet: Sheet) -> Item:
    ledger: Ledger = sheet.evidence
    uses = sheet.uses.get(f"fact-{fact['key']}", [])
    claims = [ledger.claims[name] for name in fact["claims"] if name in ledger.claims]
    return fact | {
        "id": sheet.ids[f"fact-{fact['key']}"],
        "uses": [href(use) for use in uses],
        "printed": [text for text in fact["printed"] if text.lower() != fact["value"].lower()],
        "claims": [_claim_line(claim, sheet) for claim in claims],
        "conflicts": [
            {"link": _link(sheet, f"conflict-{name}"), "topic": ledger.conflicts[name]["topic"] or name}
            for name in fact["conflicts"]
            if name in ledger.conflicts
        ],
    }


def _claim_line(claim: Item, sheet: Sheet) -> Item:
    source = claim["source"]
    told = [claim["said_by"], source["credit"] or source["title"], claim["where"]]
    words = sheet.words.comma.join(dict.fromkeys(filter(None, told)))
    return {"link": _link(sheet, f"claim-{claim['id']}"), "text": words or claim["statement"] or claim["id"]}


def _conflict(conflict: Item, sheet: Sheet) -> Item:
    sides = [conflict[side] | {"link": _link(sheet, f"source-{conflict[side]['source']}")} for side in "ab"]
    return conflict | {
        "topic": conflict["topic"] or conflict["id"],
        "id": sheet.ids[f"conflict-{conflict['id']}"],
        "sides": sides,
    }


def _source(source: Item, sheet: Sheet) -> Item:
    words = sheet.words
    count = len(source["claims"])
    url = source["url"] if sanitise.outside(source["url"]) else ""
    about = [
        words.via.format(source["carrier"]) if source["carrier"] and source["carrier"] != source["credit"] else "",
        words.grade.format(source["grade"]) if source["grade"] else "",
        source["seen"],
    ]
    return source | {
        "count": "" if not count else words.claim if count == 1 else words.claims.format(count),
        "credit": source["credit"] or ("" if source["title"] else source["id"]),
        "id": sheet.ids[f"source-{source['id']}"],
        "url": url,
        "host": url.partition("//")[2].partition("/")[0].removeprefix("www.") or url,
        "about": "\u00a0· ".join(filter(None, about)),
        "claims": [_claim(claim, sheet) for claim in source["claims"]],
    }


def _claim(claim: Item, sheet: Sheet) -> Item:
    ledger: Ledger = sheet.evidence
    known = claim["known_since"]
    about = [claim["said_by"], claim["where"], sheet.words.known.format(sheet.words.date(known)) if known else ""]
    return claim | {
        "id": sheet.ids[f"claim-{claim['id']}"],
        "about": "\u00a0· ".join(filter(None, about)),
        "uses": [href(use) for use in sheet.uses.get(f"claim-{claim['id']}", [])],
        "facts": [
            {"link": _link(sheet, f"fact-{key}"), "value": ledger.facts[key]["value"] or key}
            for key in claim["facts"]
            if key in ledger.facts
        ],
    }
