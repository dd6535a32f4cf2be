import io
import re

import pikepdf
import pytest

MIME = "application/vnd.handover.evidence+json"
FACT = {
    "key": "boats", "label": "boats at the pier", "value": "12", "printed": ["twelve"], "known_since": "2031-01-02",
    "reading": "The later count is read.", "claims": ["c1", "c2", "gone"], "conflicts": ["k1"],
}  # fmt: skip
SOURCE = {
    "id": "s1", "credit": "Harbour Office", "carrier": "Port Gazette", "title": "Boats counted", "grade": "B",
    "seen": "", "url": "https://harbour.example/boats", "published": "2 January 2031",
    "claims": [
        {"id": "c1", "statement": "Twelve boats lay at the pier.", "said_by": "the master", "where": "page 3",
         "known_since": "2031-01-02", "facts": ["boats", "gone"]},
        {"id": "c2", "statement": "A dozen boats.", "said_by": "", "where": "", "known_since": "", "facts": []},
    ],
}  # fmt: skip
SIDES = {
    "a": {"text": "12 boats", "source": "s1", "credit": "Harbour Office"},
    "b": {"text": "9", "source": "no", "credit": "X"},
}
CONFLICT = {"id": "k1", "topic": "Boats", "reading": "Both stand.", **SIDES}
WHOLE = {"version": 1, "heading": "Evidence", "facts": [FACT], "sources": [SOURCE], "conflicts": [CONFLICT]}
PROSE = """# Boats

A standfirst.

[Twelve](#fact-boats)[≠](#conflict-k1) boats, and [12](#fact-boats) again ([office](#source-s1))."""


def links(made):
    """The links of a PDF: (what each is called, where it leads); an internal one leads to a page."""
    with pikepdf.open(io.BytesIO(made)) as opened:
        notes = [note for page in opened.pages for note in page.get("/Annots", [])]
        inside = [(str(note.Contents), note.Dest[0].Type) for note in notes if "/Dest" in note]
        return inside, [str(note.A.URI) for note in notes if "/A" in note]


@pytest.fixture
def report(markdown, shows):
    return [markdown(PROSE), shows({MIME: WHOLE})]


def test_everything_that_answers_is_printed(report, text):
    found = text(*report)
    for words in (
        "The numbers 12 boats at the pier . Harbour Office , page 3; Harbour Office . The later count is read.",
        "Where sources disagree About One source ≠ Another How we read it Boats",
        "Boats 12 boats (Harbour Office) 9 (X) Both stand.",
        "Sources Harbour Office , Boats counted , 2 January 2031, via Port Gazette, grade B",
        "Twelve boats lay at the pier. — the master, page 3, known since 2 January 2031",
    ):
        assert re.sub(r"\W", "", words) in re.sub(r"\W", "", found)


def test_a_number_leads_to_its_evidence_and_back(report, source):
    written = source(*report)
    targets = dict(re.findall(r'"([\w-]+)": "(x\d+)"', written.split("#let places")[0]))
    assert set(targets) == {"fact-boats", "conflict-k1", "source-s1", "claim-c1", "claim-c2"}
    for name, kind in (("fact-boats", "entry"), ("source-s1", "publication"), ("claim-c1", "statement")):
        assert f'#{kind}("{targets[name]}"' in written
    uses = re.search(r'#let places = \("fact-boats": \(("x\d+", )("x\d+", )\)\)', written)
    assert all(f'#number("fact-boats", {use.rstrip(", ")})' in written for use in uses.groups())


def test_each_link_has_its_place_and_its_name(report, source):
    from pdf_samples import metadata as imprint
    from pdf_samples import of_cells, typeset

    found = of_cells(*report)
    inside, outside = links(typeset(found, imprint()))
    # two numbers, their mark, a source; in the evidence two claims, a page, a mark, a side, a way back
    assert len(inside) == 10
    assert all(name and kind == "/Page" for name, kind in inside)
    assert outside == ["https://harbour.example/boats"]


def test_a_number_without_evidence_is_only_its_text(text, source, markdown, shows):
    cells = markdown("[nine](#fact-none)[≠](#conflict-none)"), shows({MIME: WHOLE})
    assert "#number" not in source(*cells)
    assert "nine" in text(*cells)


def test_a_place_in_the_text_cannot_take_the_name_of_evidence(source, markdown, shows):
    written = source(markdown('[12](#fact-boats) <b id="fact-boats">x</b>'), shows({MIME: WHOLE}))
    label = re.search(r'"fact-boats": "(x\d+)"', written)[1]
    assert f'#entry("{label}"' in written


def test_disagreements_stand_where_the_notebook_shows_them(text, markdown, shows):
    first = {"heading": "", "conflicts": [CONFLICT]}
    found = text(markdown("## Who differs?"), shows({MIME: first}), markdown("## Method"), shows({MIME: WHOLE}))
    assert found.index("Who differs?") < found.index("Both stand.") < found.index("Method") < found.index("Evidence")
    assert found.count("Both stand.") == 1


def test_words_that_lead_to_a_claim_are_a_use_of_it_and_links_within_the_evidence_are_none(source, markdown, shows):
    written = source(markdown("[They counted](#claim-c1)."), shows({MIME: WHOLE}))
    (use,) = re.search(r'#let places = \("claim-c1": \(("x\d+"), \)\)', written).groups()
    assert f'#number("claim-c1", {use})' in written


def test_a_use_after_the_evidence_counts(source, markdown, shows):
    written = source(shows({MIME: WHOLE}), markdown("[12](#fact-boats)"))
    assert re.search(r'#let places = \("fact-boats": \("x\d+", \)\)', written)


@pytest.mark.parametrize("content", [
    {}, {"heading": "Evidence"}, {"facts": None, "sources": 3, "conflicts": "x"},
    {"facts": [None, 1, {}, {"key": "a"}]},
    {"sources": [{"id": "s"}, {"id": "s", "claims": {"id": "c"}}]}, {"conflicts": [{"id": "k", "a": None, "b": []}]},
    {"facts": [{"key": "a", "claims": "c", "conflicts": 1, "value": []}], "heading": ["x"]},
])  # fmt: skip
def test_evidence_of_another_shape_is_no_fault(content, text, shows, markdown):
    assert "words" in text(markdown("words [1](#fact-a)"), shows({MIME: content}))


def test_a_use_that_a_long_table_lost_is_not_counted(text, markdown, shows):
    rows = "".join(f"| {'[12](#fact-boats)' if n == 150 else n} |\n" for n in range(300))
    assert "Left out here: 100 rows" in text(markdown(f"| n |\n|---|\n{rows}"), shows({MIME: WHOLE}))


def test_the_house_speaks_arabic(text, markdown, shows, source):
    from nbformat.v4 import new_code_cell

    spoken = new_code_cell('language = "ar"', metadata={"tags": ["parameters"]})
    written = source(spoken, markdown("# عنوان"), shows({MIME: WHOLE}))
    assert "المصادر" in written
    assert 'lang: "ar"' in written
    assert "dir: rtl" in written
    assert '"Sources"' not in written


VALUES = (
    "<table><caption>Boats a day</caption><tr><th>Day</th><th>Boats</th></tr><tr><td>Monday</td><td>9</td></tr></table>"
)


def drawn(shows):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><rect width="9" height="9"/></svg>'
    words = {"alt": "Bars", "title": "Boats come", "credit": "Source: Harbour Office", "values": VALUES}
    return shows({"image/svg+xml": svg}, {"image/svg+xml": words})


def test_the_values_of_a_chart_stand_in_an_appendix_that_its_credit_leads_to(report, shows, source, text):
    cells = [report[0], drawn(shows), report[1]]
    written = source(*cells)
    target = re.search(r'"values/1": "(x\d+)"', written)[1]
    assert '#go("values/1")[' in written and f'#place-of("{target}");#grid-of(' in written
    found = " ".join(text(*cells).split())
    assert found.index("Source: Harbour Office · Values") < found.index("Evidence")
    assert found.index("The values behind the charts") > found.index("Where sources disagree")
    assert found.index("Boats a day") < found.index("Monday")


def test_a_report_of_one_page_has_no_appendix(report, shows, text):
    brief = shows({MIME: WHOLE | {"layout": "brief"}})
    found = text(report[0], drawn(shows), brief)
    assert "Values" not in found and "Monday" not in found


def test_an_appendix_needs_no_evidence(shows, text):
    found = text(drawn(shows))
    assert "The values behind the charts" in found and "Monday" in found


def conflicts(*changes):
    held = [CONFLICT | {"id": f"k{number}"} | change for number, change in enumerate(changes)]
    return {MIME: {"version": 1, "heading": "", "conflicts": held}}


def test_without_a_reading_there_is_no_column_of_readings(markdown, shows, text):
    unread = {"reading": ""}
    assert "How we read it" not in text(markdown("# B"), shows(conflicts(unread, unread)))
    assert "How we read it" in text(markdown("# B"), shows(conflicts(unread, {})))


def test_disagreements_are_a_table_with_headers_whose_sources_are_links(markdown, shows):
    from pdf_samples import metadata as imprint
    from pdf_samples import of_cells, typeset

    from judges import pdftags

    source = shows({MIME: {"heading": "Evidence", "sources": [SOURCE]}})
    made = typeset(of_cells(markdown("# Boats"), shows(conflicts({}, {})), source), imprint())
    table = next(element for element in pdftags.read(made).walk() if element.kind == "Table")
    rows = [element for element in table.walk() if element.kind == "TR"]
    heads = [(cell.scope, " ".join(cell.text.split())) for cell in rows[0].children]
    assert heads == [("Column", head) for head in ("About", "One source", "≠ Another", "How we read it")]
    assert [[cell.kind for cell in row.children] for row in rows[1:]] == [["TD"] * 4] * 2
    assert len(links(made)[0]) == 2


def test_a_row_stands_on_one_page_unless_it_is_very_long(markdown, shows, source):
    written = source(markdown("# B"), shows(conflicts({}, {"reading": "word " * 400})))
    first, second = re.findall(r"disagreement\(.*?\),$", written, re.MULTILINE)
    assert "whole: false" not in first
    assert "whole: false" in second


def test_what_disagrees_reads_the_same_on_many_pages(markdown, shows, text):
    found = text(markdown("# B"), shows(conflicts(*[{"topic": f"Quarrel {n}."} for n in range(80)])))
    assert all(f"Quarrel {n}." in found for n in range(80))
    assert found.count("How we read it") == len(re.findall(r"How we read it", found)) > 1


def sizes(made):
    """The sizes of the type in a PDF, with the texts set in each."""
    import pikepdf

    from handover.verify import glyphs

    found = {}
    with pikepdf.open(io.BytesIO(made)) as opened:
        for page in opened.pages:
            table, size = {}, 0.0
            for operands, operator in pikepdf.parse_content_stream(page):
                if str(operator) == "Tf":
                    table, size = glyphs.table(page.Resources.Font[str(operands[0])]), float(operands[1])
                elif str(operator) in ("Tj", "TJ"):
                    pieces = operands[0] if str(operator) == "TJ" else operands
                    said = (glyphs.decoded(bytes(one), table) for one in pieces if isinstance(one, pikepdf.String))
                    found.setdefault(size, set()).add("".join(said).strip())
    return found


@pytest.mark.parametrize("layout", ["", "brief"])
def test_no_evidence_is_set_in_small_type(layout, report, shows):
    from pdf_samples import metadata as imprint
    from pdf_samples import of_cells, typeset

    made = typeset(of_cells(report[0], drawn(shows), shows({MIME: WHOLE | {"layout": layout}})), imprint())
    small = {said for size, texts in sizes(made).items() if size < 7.5 for said in texts}
    assert small <= {"≠", "", "\u2060≠", "\u2060"}


def test_a_brief_report_names_its_sources_in_few_words(report, shows, text):
    found = text(report[0], shows({MIME: WHOLE | {"layout": "brief"}}))
    assert re.sub(r"\W", "", "Harbour Office, 2 January 2031, grade B") in re.sub(r"\W", "", found)
    assert "Twelve boats lay" not in found
