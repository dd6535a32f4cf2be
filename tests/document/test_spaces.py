import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from handover import text
from handover.document import audit, model, read, spaces, words
from handover.document.evidence import EVIDENCE_MIME

SHOWN = str.maketrans({spaces.NO_BREAK: "~"})


@pytest.mark.parametrize("kept", [
    "in 2025 the force", "42 in one year", "four of them", "1701 and more", "upgrade D. Rows", "plan B. Then",
    "May I go", "x17 Januaries", "the 4x boats", "from 12", "12 Boats", "12 extraordinarily", "b) 3 ", "The end. 4", "",
])  # fmt: skip
def test_other_spaces_may_break(kept):
    assert spaces.bind(kept).translate(SHOWN) == kept


@pytest.mark.parametrize(("written", "shown"), [
    ("on 17 January 2026 it", "on 17~January~2026 it"), ("1 to 7 January", "1~to~7~January"), ("May 2026", "May~2026"),
    ("2,500 troops", "2,500~troops"), ("(12 boats)", "(12~boats)"), ("Ten days", "Ten~days"), ("7.5 pt", "7.5~pt"),
    ("90 per cent", "90~per cent"), ("Lt. Gen. Qais", "Lt.~Gen.~Qais"), ("John Q. Public", "John~Q.~Public"),
    ("p. 3", "p.~3"), ("No. 4", "No.~4"), ("paragraph 9, sentence 1", "paragraph~9, sentence~1"),
    ("grade B", "grade~B"),
])  # fmt: skip
def test_what_belongs_together_stays_on_a_line(written, shown):
    assert spaces.bind(written).translate(SHOWN) == shown


@pytest.mark.parametrize(("source", "shown"), [
    ("[10](#fact-a) days", "10~days"), ("[10](#fact-a)[≠](#conflict-a) days", "10≠~days"),
    ("**Four** boats", "Four~boats"), ("[in 12](#fact-a) boats", "in 12~boats"), ("[2025](#fact-a) was", "2025 was"),
    ("[10](#fact-a) of", "10 of"), ("[10](#fact-a) `x` boats", "10 x boats"), ("[x](#fact-a) days", "x days"),
    ("`17 January 2026`", "17 January 2026"), ("| 9 days |\n|---|\n| 17 January 2026 |", "9 days 17 January 2026"),
])  # fmt: skip
def test_a_number_in_a_link_is_bound_to_the_word_behind_it_and_code_is_left_alone(source, shown):
    assert " ".join(model.plain(of(source).parts[0].blocks).translate(SHOWN).split()) == shown


def test_what_the_page_says_of_days_does_not_break():
    assert words.of("en").date("2031-03-31").translate(SHOWN) == "31~March~2031"


def of(source, content=None):
    facts = [{"key": "a", "printed": ["10", "2025", "12", "x", "in 12"]}]
    content = content or {"facts": facts, "conflicts": [{"id": "a"}]}
    output = new_output("display_data", {EVIDENCE_MIME: content})
    return read(new_notebook(cells=[new_markdown_cell(source), new_code_cell("", outputs=[output])]))


def test_the_audit_reads_ordinary_spaces():
    fact = {"key": "day", "printed": ["17 January 2026"], "value": "17 January 2026", "known_since": "2026-01-17"}
    content = {"facts": [fact], "sources": [], "conflicts": [], "names": ["12 rockets"]}
    assert list(audit.findings(of("It was [17 January 2026](#fact-day) in 12 rockets.", content))) == []
    found = list(audit.findings(of("It was [18 January 2026](#fact-day).", content)))
    assert [one.number for one in found] == ["18", "2026"]
    assert {one.text for one in found} == {"It was 18 January 2026."}


def test_evidence_is_bound_and_its_names_are_not():
    fact = {"key": "a 12 boats", "value": "12 boats", "printed": ["12 boats"], "claims": ["c 1 day"]}
    found = of("x", {"facts": [fact]}).ledger.facts["a 12 boats"]
    assert found.value.translate(SHOWN) == "12~boats"
    assert found.printed == (found.value,)
    assert (found.key, found.claims) == ("a 12 boats", ("c 1 day",))


def test_a_title_is_told_to_lists_with_ordinary_spaces():
    cell = new_markdown_cell("# Since 17 January 2026\n\n12 boats left.")
    found = read(new_notebook(cells=[cell]))
    assert (found.title, found.standfirst) == ("Since 17 January 2026", "12 boats left.")


def test_only_short_texts_are_kept():
    made = []
    change = text.kept(lambda content: made.append(len(content)) or content)
    for length in (text.SHORT, text.SHORT + 1):
        assert change("a" * length) == change("a" * length)
    assert made == [text.SHORT, text.SHORT + 1, text.SHORT + 1]
