"""The evidence section in Typst: each printed number, what disagrees, and the sources with what each one says."""

from typing import Any

from handover.press import evidence
from handover.press.pdf.escape import literal, text
from handover.press.pdf.sheet import Sheet

Item = dict[str, Any]

#: The sign of a way back from a statement to the number that rests on it.
BACK = '#"↩";'
MARK = "≠"
#: A space at which no line ends.
GLUE = "\u00a0"
BRIEF_SIZE = "6.6pt"
BETWEEN = " · "


def write(sheet: Sheet, closing: str = "") -> str:
    """Return the mark-up of the next evidence block, with `closing` after it in the same columns."""
    page, words = sheet.evidence_page(), sheet.words
    if page["layout"] == evidence.BRIEF:
        sections = _brief(sheet, page)
    else:
        speaking = [source for source in page["sources"] if source["claims"]]
        others = [source for source in page["sources"] if not source["claims"]]
        sections = [
            (words.numbers, [_fact(sheet, fact) for fact in page["facts"]]),
            (words.disagreements, [_conflict(sheet, conflict) for conflict in page["conflicts"]]),
            (words.sources, [_source(sheet, source) for source in speaking]),
            (words.also, _run_in([_named(sheet, source) for source in others])),
        ]
    filled = [(name, entries) for name, entries in sections if entries]
    heading = sheet.headed(2, text(page["heading"])) + "\n" if page["heading"] and filled else ""
    inside = []
    for name, entries in filled:
        if heading and len(filled) > 1:
            inside.append(f"#ledger-heading({sheet.heading(3)})[{sheet.house(name)}];")
        inside += entries
    if len(filled) == 1 and not heading and not closing and page["layout"] != evidence.BRIEF:
        return _twin(filled[0][1])
    inside += [closing] if closing else []
    opening = f"#ledger(size: {BRIEF_SIZE})[" if page["layout"] == evidence.BRIEF else "#ledger["
    return f"{heading}{opening}\n" + "\n".join(inside) + "\n];" if inside else ""


def _twin(entries: list[str]) -> str:
    """Set a single list in two columns of like length; columns that flow would leave the second one empty."""
    half, sizes = sum(map(len, entries)) / 2, [len(entry) for entry in entries]
    left = next((n for n in range(1, len(entries)) if sum(sizes[:n]) >= half), len(entries))
    one, other = ("\n".join(part) for part in (entries[:left], entries[left:]))
    return f"#twin[\n{one}\n][\n{other}\n];"


def _brief(sheet: Sheet, page: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Everything in running lines, for a report of one page; the HTML beside it has the whole."""
    words = sheet.words
    facts = []
    for fact in page["facts"]:
        said = f"{text(fact['label'])}#{literal(': ')};{_claims(sheet, fact['claims'])}"
        line = f"#strong[{text(fact['value'])}];#{literal(' ')};{said}{_marks(sheet, fact)}"
        facts.append(_placed(sheet, f"fact-{fact['key']}", line))
    conflicts = [
        _placed(sheet, f"conflict-{one['id']}", f"#strong[{text(one['topic'])}];#{literal(': ')};{_sides(sheet, one)}")
        for one in page["conflicts"]
    ]
    sources = [_named(sheet, source) for source in page["sources"] if source["claims"]]
    lists = (words.numbers, facts), (words.disagreements, conflicts), (words.sources, sources)
    return [(name, _run_in(entries)) for name, entries in lists]


def _run_in(entries: list[str]) -> list[str]:
    """Entries as one paragraph, or nothing."""
    return [f"#par(hanging-indent: 0pt)[{f'#{literal(BETWEEN)};'.join(entries)}];"] if entries else []


def _placed(sheet: Sheet, name: str, inside: str) -> str:
    return f"#place-of({literal(sheet.label(name))});{inside}"


def _named(sheet: Sheet, source: Item) -> str:
    """A source in a few words: who, when, and how good."""
    words = sheet.words
    credit = text(source["credit"] or source["title"] or source["id"])
    about = [text(source["published"]), sheet.house(words.grade.format(source["grade"])) if source["grade"] else ""]
    head = sheet.link(source["url"], credit) if source["url"] else credit
    return _placed(sheet, f"source-{source['id']}", text(words.comma).join(filter(None, [head, *about])))


def _marks(sheet: Sheet, fact: Item) -> str:
    return "".join(sheet.link(f"#conflict-{conflict}", text(MARK)) for conflict in fact["conflicts"])


def _fact(sheet: Sheet, fact: Item) -> str:
    """A number: what it is, who says so, why this reading, and where it is printed."""
    name = f"fact-{fact['key']}"
    pieces = [f"#strong[{text(fact['value'])}];#{literal(' ')};{text(fact['label'])}", _claims(sheet, fact["claims"])]
    if fact["reading"]:
        pieces.append(f"#emph[{text(fact['reading'])}];")
    line = f"#{literal('. ')};".join(filter(None, pieces))
    # looked up when the page is set, since a number may be printed after its evidence too
    uses = f"places.at({literal(fact['key'])}, default: ())"
    page = {"ar": "ص"}.get(sheet.words.language, "p.")
    return f"#entry({literal(sheet.label(name))}, uses: {uses}, page: {literal(page)})[{line}{_marks(sheet, fact)}];"


def _claims(sheet: Sheet, names: list[str]) -> str:
    said = []
    for name in names:
        if claim := sheet.evidence.claims.get(name):
            source = claim["source"]
            credit = text(source["credit"] or source["title"] or source["id"])
            place = text(sheet.words.comma + claim["where"]) if claim["where"] else ""
            said.append(sheet.link(f"#claim-{name}", credit) + place)
    return f"#{literal('؛ ' if sheet.words.language == 'ar' else '; ')};".join(dict.fromkeys(said))


def _conflict(sheet: Sheet, conflict: Item) -> str:
    line = f"#strong[{text(conflict['topic'])}];#{literal(': ')};{_sides(sheet, conflict)}"
    if conflict["reading"]:
        line += f"#{literal('. ')};#emph[{text(conflict['reading'])}];"
    return f"#entry({literal(sheet.label('conflict-' + conflict['id']))})[{line}];"


def _sides(sheet: Sheet, conflict: Item) -> str:
    """What the two sides say, each with its source."""
    sides = []
    for side in (conflict["a"], conflict["b"]):
        credit = sheet.link(f"#source-{side['source']}", text(side["credit"] or side["source"]))
        sides.append(text(side["text"]) + (f"#{literal(' (')};{credit}#{literal(')')};" if credit else ""))
    return text(f" {MARK} ").join(sides)


def _source(sheet: Sheet, source: Item) -> str:
    words = sheet.words
    title = sheet.link(source["url"], text(source["title"])) if source["url"] else text(source["title"])
    about = [
        text(source["published"]),
        sheet.house(words.via.format(source["carrier"])) if source["carrier"] not in ("", source["credit"]) else "",
        sheet.house(words.grade.format(source["grade"]).replace(" ", GLUE)) if source["grade"] else "",
        text(source["seen"]),
    ]
    credit = f"#strong[{text(source['credit'])}];" if source["credit"] else ""
    head = text(words.comma).join(filter(None, [credit, title, *about]))
    claims = "".join(_claim(sheet, claim) for claim in source["claims"])
    return f"#publication({literal(sheet.label('source-' + source['id']))})[{head}][{claims}];"


def _claim(sheet: Sheet, claim: Item) -> str:
    words = sheet.words
    about = [text(claim["said_by"]), text(claim["where"])]
    if claim["known_since"]:
        about.append(sheet.house(words.known.format(words.date(claim["known_since"]))))
    said = text(words.comma).join(filter(None, about))
    line = text(claim["statement"]) + (f"#{literal(' — ')};{said}" if said else "")
    back = "".join(
        f"#{literal(GLUE)};" + sheet.link(f"#back-{key}", BACK) for key in claim["facts"] if key in sheet.evidence.facts
    )
    return f"#statement({literal(sheet.label('claim-' + claim['id']))})[{line}{back}];"
