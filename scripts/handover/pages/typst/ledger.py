"""The evidence section in Typst: each printed number, what disagrees, and the sources with what each one says."""

from typing import Any

from handover.document import evidence
from handover.pages.typst import room
from handover.pages.typst_text import literal, text
from handover.pages.typst.sheet import EVIDENCE, Sheet

Item = dict[str, Any]

#: The sign of a way back from a statement to the number that rests on it.
BACK = '#"↩";'
MARK = "≠"
#: A space at which no line ends.
GLUE = "\u00a0"
BETWEEN = " · "
#: Of a conflict with a longer text the row may be parted between pages.
LONG = 800


def write(sheet: Sheet, closing: str = "") -> str:
    """Return the mark-up of the next evidence block: what disagrees, then the rest in columns, `closing` at its end."""
    with sheet.inside(EVIDENCE):
        return _written(sheet, closing)


def _written(sheet: Sheet, closing: str) -> str:
    page, words = sheet.evidence_page(), sheet.words
    conflicts = _disagreements(sheet, page["conflicts"])
    filled = [(name, entries) for name, entries in _lists(sheet, page) if entries]
    heading = sheet.headed(2, text(page["heading"])) if page["heading"] and (filled or conflicts) else ""
    parts = [heading]
    headed = heading and len(filled) + bool(conflicts) > 1
    if conflicts:
        parts += [_headed(sheet, words.disagreements) if headed else "", conflicts]
    inside = []
    for name, entries in filled:
        inside += [_headed(sheet, name) if headed else "", *entries]
    inside.append(closing)
    if any(inside):
        parts.append(f"#ledger({room.unset(sheet.named('ledger'))})[\n" + "\n".join(filter(None, inside)) + "\n];")
    return "\n".join(filter(None, parts))


def _lists(sheet: Sheet, page: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The lists of a block with their names; a brief one has its sources in few words, since the HTML has the whole."""
    words = sheet.words
    brief = page["layout"] == evidence.BRIEF
    facts = [_fact(sheet, fact, paged=not brief) for fact in page["facts"]]
    speaking = [source for source in page["sources"] if source["claims"]]
    if brief:
        return [(words.numbers, facts), (words.sources, [f"#par[{_named(sheet, source)}];" for source in speaking])]
    others = [_named(sheet, source) for source in page["sources"] if not source["claims"]]
    return [
        (words.numbers, facts),
        (words.sources, [_source(sheet, source) for source in speaking]),
        (words.also, [f"#par(hanging-indent: 0pt)[{f'#{literal(BETWEEN)};'.join(others)}];"] if others else []),
    ]


def _headed(sheet: Sheet, name: str) -> str:
    return f"#ledger-heading({sheet.heading(3)})[{sheet.house(name)}];"


def _placed(sheet: Sheet, name: str, inside: str) -> str:
    return f"#place-of({literal(sheet.label(name))});{inside}"


def _named(sheet: Sheet, source: Item) -> str:
    """A source in a few words: who, when, and how good."""
    words = sheet.words
    credit = text(source["credit"] or source["title"] or source["id"])
    about = [text(source["published"]), _grade(sheet, source)]
    head = sheet.link(source["url"], credit) if source["url"] else credit
    return _placed(sheet, f"source-{source['id']}", text(words.comma).join(filter(None, [head, *about])))


def _grade(sheet: Sheet, source: Item) -> str:
    return sheet.house(sheet.words.grade.format(source["grade"]).replace(" ", GLUE)) if source["grade"] else ""


def _marks(sheet: Sheet, fact: Item) -> str:
    return "".join(sheet.link(f"#conflict-{conflict}", text(MARK)) for conflict in fact["conflicts"])


def _fact(sheet: Sheet, fact: Item, *, paged: bool) -> str:
    """A number: what it is, who says so, why this reading, and where it is printed, if there is more than one page."""
    name = f"fact-{fact['key']}"
    pieces = [f"#strong[{text(fact['value'])}];#{literal(' ')};{text(fact['label'])}", _claims(sheet, fact["claims"])]
    if fact["reading"]:
        pieces.append(f"#emph[{text(fact['reading'])}];")
    line = f"#{literal('. ')};".join(filter(None, pieces))
    where = f", {_uses(sheet, name)}" if paged else ""
    return f"#entry({literal(sheet.label(name))}{where})[{line}{_marks(sheet, fact)}];"


def _uses(sheet: Sheet, target: str) -> str:
    """Where a fact or a claim is used, looked up when the page is set: it may be printed after its evidence too."""
    page = {"ar": "ص"}.get(sheet.words.language, "p.")
    return f"uses: places.at({literal(target)}, default: ()), page: {literal(page)}"


def _claims(sheet: Sheet, names: list[str]) -> str:
    said = []
    for name in names:
        if claim := sheet.evidence.claims.get(name):
            source = claim["source"]
            credit = text(source["credit"] or source["title"] or source["id"])
            place = text(sheet.words.comma + claim["where"]) if claim["where"] else ""
            said.append(sheet.link(f"#claim-{name}", credit) + place)
    return f"#{literal('؛ ' if sheet.words.language == 'ar' else '; ')};".join(dict.fromkeys(said))


def _disagreements(sheet: Sheet, conflicts: list[Item]) -> str:
    """What two sources say otherwise, as a table; the column of readings only where there is one."""
    words = sheet.words
    read = any(conflict["reading"] for conflict in conflicts)
    rows = []
    for conflict in conflicts:
        said = [f"[{_side(sheet, conflict[side])}]" for side in "ab"] + [f"[{text(conflict['reading'])}]"] * read
        texts = (conflict["topic"], conflict["a"]["text"], conflict["b"]["text"], conflict["reading"])
        options = ", whole: false" if max(map(len, texts)) > LONG else ""
        name = literal(sheet.label("conflict-" + conflict["id"]))
        rows.append(f"disagreement({name}, [{text(conflict['topic'])}], {', '.join(said)}{options}),")
    if not rows:
        return ""
    other = f"#marked[{text(MARK)}];#{literal(GLUE)};{sheet.house(words.other)}"
    heads = [sheet.house(words.about), sheet.house(words.one), other, *[sheet.house(words.read)] * read]
    return f"#disagreements(({', '.join(f'[{head}]' for head in heads)}),\n" + "\n".join(rows) + "\n);"


def _side(sheet: Sheet, side: Item) -> str:
    """What one side says, with its source."""
    credit = sheet.link(f"#source-{side['source']}", text(side["credit"] or side["source"]))
    return text(side["text"]) + (f"#{literal(' (')};{credit}#{literal(')')};" if credit else "")


def _source(sheet: Sheet, source: Item) -> str:
    words = sheet.words
    title = sheet.link(source["url"], text(source["title"])) if source["url"] else text(source["title"])
    about = [
        text(source["published"]),
        sheet.house(words.via.format(source["carrier"])) if source["carrier"] not in ("", source["credit"]) else "",
        _grade(sheet, source),
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
    name = f"claim-{claim['id']}"
    return f"#statement({literal(sheet.label(name))}, {_uses(sheet, name)})[{line}{back}];"
