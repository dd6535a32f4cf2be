"""A number or a statement in the text: a quiet link to its evidence, and the card that tells at once who said it."""

from typing import Any

from markupsafe import Markup

from handover.document import Ledger, evidence
from handover.pages.html.fill import fill
from handover.pages.html.sheet import Sheet, href


def bound(inside: Markup, target: str, sheet: Sheet) -> Markup:
    """Write a link to a fact or a claim with its card beside it; a browser shows that to whoever points at the link."""
    marks, card = bind(target, sheet)
    kept = Markup("").join(fill(' {}="{}"', name, value) for name, value in marks.items())
    return fill("<a{}>{}</a>{}", kept, inside, card)


def bind(target: str, sheet: Sheet) -> tuple[dict[str, str], Markup]:
    """Enter a use of a fact or a claim: the attributes of the link, and the card that stands after it."""
    used = sheet.use(target)
    card = sheet.identify(f"card-{used}")
    # `interestfor` gives what WCAG 1.4.13 asks without a script: Escape puts the card away, a pointer may rest on it
    marks = {"class": "n", "href": href(sheet.ids[target]), "id": used}
    marks |= {"aria-describedby": card, "interestfor": card}
    prefix, name = evidence.target(f"#{target}")
    rows = _fact(name, sheet) if prefix == evidence.FACT else _claim(name, sheet)
    body = Markup(" ").join(fill('<span class="{}">{}</span>', kind, told) for kind, told in rows if told)
    return marks, fill('<span class="card" popover="hint" role="tooltip" id="{}" hidden>{}</span>', card, body)


def _fact(key: str, sheet: Sheet) -> list[tuple[str, str]]:
    ledger: Ledger = sheet.evidence
    fact, words = ledger.facts[key], sheet.words
    claims = [ledger.claims[name] for name in fact["claims"] if name in ledger.claims]
    rows = [("label", fact["label"])]
    if claims:
        rows += _said(claims[0], sheet)
    else:
        rows.append(("said", fact["reading"]))
    rest = [words.more.format(len(claims) - 1)] if len(claims) > 1 else []
    rest += [words.disagree] if fact["conflicts"] else []
    rows.append(("known", "\u00a0· ".join(filter(None, [_known(fact["known_since"], sheet), *rest]))))
    return rows


def _claim(name: str, sheet: Sheet) -> list[tuple[str, str]]:
    claim = sheet.evidence.claims[name]
    return [*_said(claim, sheet), ("known", _known(claim["known_since"], sheet))]


def _said(claim: dict[str, Any], sheet: Sheet) -> list[tuple[str, str]]:
    """What was said, and by whom, where and when."""
    source = claim["source"]
    who = [claim["said_by"], source["credit"] or source["title"], claim["where"], source["published"]]
    return [("said", claim["statement"]), ("who", sheet.words.comma.join(dict.fromkeys(filter(None, who))))]


def _known(day: str, sheet: Sheet) -> str:
    known = sheet.words.known.format(sheet.words.date(day)) if day else ""
    return known[:1].upper() + known[1:]


def conflict(inside: Markup, name: str, sheet: Sheet) -> Markup:
    """Write the second mark after a contested number."""
    sheet.contested = True
    topic = sheet.evidence.conflicts[name]["topic"]
    told = sheet.words.disagree_on.format(topic) if topic else sheet.words.disagree
    link = '<sup><a class="conflict" href="{}" aria-label="{}"><span>{}</span></a></sup>'
    return fill(link, href(sheet.ids[f"conflict-{name}"]), told, inside)
