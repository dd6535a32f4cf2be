"""The evidence section in Typst: each printed number, what disagrees, and the sources with what each one says."""

from typing import Any

from handover.press.pdf.escape import literal, text
from handover.press.pdf.sheet import Sheet

Item = dict[str, Any]

#: The sign of a way back from a statement to the number that rests on it.
BACK = '#"↩";'
MARK = "≠"
#: A space at which no line ends.
GLUE = "\u00a0"


def write(sheet: Sheet, closing: str = "") -> str:
    """Return the mark-up of the next evidence block, with `closing` after it in the same columns."""
    page, words = sheet.evidence_page(), sheet.words
    sections = [
        (words.numbers, [_fact(sheet, fact) for fact in page["facts"]]),
        (words.disagreements, [_conflict(sheet, conflict) for conflict in page["conflicts"]]),
        (words.sources, [_source(sheet, source) for source in page["sources"]]),
    ]
    filled = [(name, entries) for name, entries in sections if entries]
    heading = f"#heading(level: {sheet.heading(2)})[{text(page['heading'])}];\n" if page["heading"] and filled else ""
    inside = []
    for name, entries in filled:
        if heading and len(filled) > 1:
            inside.append(f"#ledger-heading({sheet.heading(3)})[{sheet.house(name)}];")
        inside += entries
    inside += [closing] if closing else []
    return f"{heading}#ledger[\n" + "\n".join(inside) + "\n];" if inside else ""


def _fact(sheet: Sheet, fact: Item) -> str:
    """A number: what it is, who says so, why this reading, and where it is printed."""
    name = f"fact-{fact['key']}"
    pieces = [f"#strong[{text(fact['value'])}];#{literal(' ')};{text(fact['label'])}", _claims(sheet, fact["claims"])]
    if fact["reading"]:
        pieces.append(f"#emph[{text(fact['reading'])}];")
    marks = "".join(sheet.link(f"#conflict-{conflict}", text(MARK)) for conflict in fact["conflicts"])
    line = f"#{literal('. ')};".join(filter(None, pieces))
    # looked up when the page is set, since a number may be printed after its evidence too
    uses = f"places.at({literal(fact['key'])}, default: ())"
    page = {"ar": "ص"}.get(sheet.words.language, "p.")
    return f"#entry({literal(sheet.label(name))}, uses: {uses}, page: {literal(page)})[{line}{marks}];"


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
    sides = []
    for side in (conflict["a"], conflict["b"]):
        credit = sheet.link(f"#source-{side['source']}", text(side["credit"] or side["source"]))
        sides.append(text(side["text"]) + (f"#{literal(' (')};{credit}#{literal(')')};" if credit else ""))
    line = f"#strong[{text(conflict['topic'])}];#{literal(': ')};" + text(f" {MARK} ").join(sides)
    if conflict["reading"]:
        line += f"#{literal('. ')};#emph[{text(conflict['reading'])}];"
    return f"#entry({literal(sheet.label('conflict-' + conflict['id']))})[{line}];"


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
