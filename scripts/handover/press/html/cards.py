"""A number in the text: a quiet link to its evidence, and the card that tells a reader at once who said it."""

from markupsafe import Markup

from handover.press.html.fill import fill
from handover.press.html.sheet import Sheet, href
from handover.press.ledger import Ledger


def number(inside: Markup, key: str, sheet: Sheet) -> Markup:
    """Write a link to a fact with its card beside it; a browser shows that to whoever points at the link."""
    marks, card = bind(key, sheet)
    kept = Markup("").join(fill(' {}="{}"', name, value) for name, value in marks.items())
    return fill("<a{}>{}</a>{}", kept, inside, card)


def bind(key: str, sheet: Sheet) -> tuple[dict[str, str], Markup]:
    """Enter a use of a fact: the attributes of the link, and the card that stands after it."""
    used = sheet.use(key)
    card = sheet.identify(f"card-{used}")
    # `interestfor` gives what WCAG 1.4.13 asks without a script: Escape puts the card away, a pointer may rest on it
    marks = {"class": "n", "href": href(sheet.ids[f"fact-{key}"]), "id": used}
    marks |= {"aria-describedby": card, "interestfor": card}
    body = _body(key, sheet)
    return marks, fill('<span class="card" popover="hint" role="tooltip" id="{}" hidden>{}</span>', card, body)


def _body(key: str, sheet: Sheet) -> Markup:
    ledger: Ledger = sheet.evidence
    fact, words = ledger.facts[key], sheet.words
    claims = [ledger.claims[name] for name in fact["claims"] if name in ledger.claims]
    rows = [("label", fact["label"])]
    if claims:
        first = claims[0]
        source = first["source"]
        rows.append(("said", first["statement"]))
        who = [first["said_by"], source["credit"] or source["title"], first["where"], source["published"]]
        rows.append(("who", words.comma.join(dict.fromkeys(filter(None, who)))))
    else:
        rows.append(("said", fact["reading"]))
    rest = [words.more.format(len(claims) - 1)] if len(claims) > 1 else []
    rest += [words.disagree] if fact["conflicts"] else []
    known = words.known.format(words.date(fact["known_since"])) if fact["known_since"] else ""
    rows.append(("known", "\u00a0· ".join(filter(None, [known[:1].upper() + known[1:], *rest]))))
    written = (fill('<span class="{}">{}</span>', kind, told) for kind, told in rows if told)
    return Markup(" ").join(written)


def conflict(inside: Markup, name: str, sheet: Sheet) -> Markup:
    """Write the second mark after a contested number."""
    sheet.contested = True
    topic = sheet.evidence.conflicts[name]["topic"]
    told = sheet.words.disagree_on.format(topic) if topic else sheet.words.disagree
    link = '<sup><a class="conflict" href="{}" aria-label="{}"><span>{}</span></a></sup>'
    return fill(link, href(sheet.ids[f"conflict-{name}"]), told, inside)
