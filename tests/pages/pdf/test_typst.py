"""What the printed page says, and where: from notebooks of one cell to the whole of a report."""

import base64
import dataclasses
import datetime as dt
import io
import re

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_output
from pdf_samples import (
    ATTACHED,
    BARE,
    EDITION,
    EVIDENCE,
    NOTEBOOKS,
    PNG,
    markdown,
    of_cells,
    of_file,
    printed,
    raster,
    shows,
    source,
    text,
    typeset,
)  # fmt: skip
from pdf_samples import metadata as about
from PIL import Image

from handover.pages import IMPRINT, LINK_PPI, NO_DAY, link_source, page_count, pngs, typst_source
from handover.verify import contents
from judges import pdftags, pdftext

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
REPORT = [markdown(PROSE), shows({EVIDENCE: WHOLE})]
#: What would be code, markup, a reference or a comment anywhere else in a Typst file.
TRAPS = (
    '#read("/etc/passwd")', "$x^2$", "@ref", "<label>", "= Heading", "*b* _i_ `r`", "// gone", "/* gone */",
    "#let x = 1", '"); #panic("x', "\\u{41}", "\\", '"', "]", "[", "#", "{{7*7}}", "- a\n+ b", "~", "---",
    "https://x.example", "'",
)  # fmt: skip


def tight(words):
    return re.sub(r"\W", "", words)


def drawn(**words):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><text y="9">bars</text></svg>'
    return shows({"image/svg+xml": svg}, {"image/svg+xml": {"alt": "Bars", **words}})


# hostile and broken input


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_printed_as_it_stands_wherever_text_comes_from(trap):
    escaped = "".join(f"\\{c}" if c.isascii() and not c.isalnum() and not c.isspace() else c for c in trap)
    html = trap.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="20"><text y="9">{html}</text></svg>'
    content = {"heading": trap, "facts": [{"key": trap, "label": trap, "value": trap, "reading": trap}]}
    cells = [
        markdown(f"# {escaped.replace(chr(10), ' ')}"),
        shows({"text/plain": trap}),
        shows({"text/html": f"<p>{html}</p><table><tr><td>{html}</td></tr></table>"}),
        shows({"text/latex": trap.strip("$") or "x"}),
        shows({"image/svg+xml": svg}, {"image/svg+xml": {"alt": trap, "title": "a title"}}),
        shows({EVIDENCE: content}),
    ]
    # foot, title, stream, paragraph, cell, SVG, and four times in the evidence; mathematics loses its dollars
    assert pdftext.solid(text(*cells)).count(pdftext.solid(trap)) >= 9


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_is_printed_and_none_stops_the_page(words):
    outputs = [
        new_output("stream", name="stdout", text=words),
        new_output("error", ename=words, evalue=words, traceback=[words]),
        new_output("display_data", data={"text/html": words}),
        new_output("display_data", data={"text/markdown": words}),
    ]
    made = pdftext.whole(typeset(of_cells(new_code_cell("1", outputs=outputs)), about()))
    # letters that neither join nor change their order can be compared
    assert all(letter in made for letter in words if letter.isalnum() and letter.isascii())


@pytest.mark.parametrize("content", [
    {}, {"heading": "Evidence"}, {"facts": None, "sources": 3, "conflicts": "x"},
    {"facts": [None, 1, {}, {"key": "a"}]}, {"sources": [{"id": "s"}, {"id": "s", "claims": {"id": "c"}}]},
    {"conflicts": [{"id": "k", "a": None, "b": []}]},
    {"facts": [{"key": "a", "claims": "c", "conflicts": 1, "value": []}], "heading": ["x"]},
])  # fmt: skip
def test_evidence_of_another_shape_is_no_fault(content):
    assert "words" in text(markdown("words [1](#fact-a)"), shows({EVIDENCE: content}))


@pytest.mark.parametrize("language", ["en-GB", "en_GB.UTF-8", "ar", "", "q#", "x-klingon-1234", '"); #panic("'])
def test_any_language_is_no_fault(language):
    assert typeset(of_cells(markdown("words"), language=language), about())


@pytest.mark.parametrize("day", [dt.date(1970, 1, 1), dt.date(1, 1, 1), dt.date(9999, 12, 31)])
def test_any_day_is_no_fault(day):
    assert typeset(of_cells(markdown("words")), dataclasses.replace(about(), date=day, epoch=0))


@pytest.mark.parametrize("html", [
    "<table></table>", "<table><tr><td colspan=0>x</table>", "<table>" * 90 + "<tr><td>x", "<div>" * 900 + "x",
    "<table><tr><td rowspan=99999 colspan=99999>x<tr><td>y</table>", "<ul></ul>", "<ol><li></ol>", "<b>" * 400,
    "<table><tr><td rowspan=2>x<td>y<tr><td colspan=3>z<td rowspan=-1>q</table>", '<a href="#a"><b id="a">x</b></a>',
])  # fmt: skip
def test_strange_html_is_no_fault(html):
    assert text(shows({"text/html": html})) is not None


@pytest.mark.parametrize("given", ["## ", "##  \u200b\n\n### below", f"## ![x](data:image/png;base64,{PNG})", "# "])
def test_a_heading_without_words_is_none(given):
    assert "level: 3" not in source(markdown(given))
    assert text(markdown(given)) is not None


def test_a_picture_that_cannot_be_read_says_so():
    found = text(shows({"image/png": "AAAA"}, {"image/png": {"alt": "Twelve boats"}}))
    assert "[Figure that cannot be read: Twelve boats]" in found
    assert "[Image that is not in this file: Boats (boats.png)]" in text(markdown("![Boats](boats.png) and more"))


def test_a_picture_without_a_description_says_so():
    cell = markdown(f"![](data:image/png;base64,{PNG})")
    assert '"Figure without a description")' in source(cell)
    assert "Figure without a description" in text(cell)


def test_a_tall_picture_fits_the_page():
    tall = base64.b64encode(raster(size=(300, 9000))).decode()
    assert page_count(typeset(of_cells(shows({"image/png": tall}, {"image/png": {"alt": "x"}})), BARE)) <= 2


def test_a_long_word_stays_on_the_page_and_its_breaks_are_no_part_of_a_letter():
    assert page_count(typeset(of_cells(markdown("x" * 20_000)), about())) > 3
    found = text(markdown("https://example.org/" + "long.path/" * 30 + "\n\nThen 3.5 and 4/5, " + "x" * 99))
    assert "Then 3.5 and 4/5" in found


# nothing is lost, and in its order


MARKDOWN = (
    "- one\n- two\n  1. three\n", "7. one\n8. two\n9. three", "> one\n> > two\n>\n> - three",
    "term one\n: two\n: three", "| one |\n|---|\n| two |\n| three |", "```\none two\n```\n\n    three",
    "one  \ntwo\nthree", "~~one~~ **two** *three*", "- [x] one\n- [ ] two three", "$\\text{one}$ two $$\\text{three}$$",
    "\\begin{a}\none two three\n\\end{a}", "one &amp; two &lt; three", "one <b>two <i>three</b>",
    "one <b>two</b></i></p> three", "<div>one <p>two</div> three", "## one\n\n#### two\n\nthree",
    "<details><summary>one</summary>\n\ntwo three\n</details>", "one <kbd>two</kbd><br>H<sub>three</sub>",
    "[one](../two.csv) three", "\n".join(" " * 2 * n + f"- {n}" for n in range(60)) + "\n\none two three",
)  # fmt: skip
HTML = (
    "<p>one<p>two<p>three", "<ul><li>one<ul><li>two</ul><li>three</ul>", "<ol start=4><li>one<li>two three</ol>",
    "<dl><dt>one<dd>two<dd>three</dl>", "<pre>one\n  two\n three</pre>", "<blockquote>one<p>two</blockquote>three",
    "<h1>one</h1><h5>two</h5>three", "one<br>two<hr>three", "<section><article>one</article>two</section>three",
    "<custom-tag>one</custom-tag> <font color=red>two</font> <marquee>three", "<b>one<p>two</b>three",
    "<span>one<div>two</div></span>three", "<table><caption>one</caption><tr><th>two<td>three</table>",
    "<table><tr><td>one<table><tr><td>two</table><td>three</table>",
    "<details><summary>one</summary>two</details>three",
    "<a name=x>one</a> <a href='#x'>two</a> three", "<label>one</label> <time>two</time> three",
)  # fmt: skip


def test_a_block_that_runs_the_other_way_is_set_so():
    written = source(markdown("English, and more of it than of the other.\n\n- אחת\n- שתיים\n\nEnglish."))
    assert written.count("#[#set text(dir: rtl);\n#listed[") == 1 and written.count("dir: ltr") == 1
    written = source(shows({"text/html": "<div lang=ar>a</div><div dir=rtl lang=he>b</div><div dir=auto>c</div>"}))
    assert '#[#set text(lang: "ar");\n' in written and '#[#set text(lang: "he", dir: rtl);\n' in written
    assert "auto" not in written


@pytest.mark.parametrize(("samples", "cell"), [(MARKDOWN, markdown), (HTML, lambda html: shows({"text/html": html}))])
def test_no_word_is_lost(samples, cell):
    numbered = [re.sub(r"\b(one|two|three)\b", rf"\1x{number}x", sample) for number, sample in enumerate(samples)]
    found = text(*map(cell, numbered))
    for number, sample in enumerate(samples):
        places = [found.find(f"{word}x{number}x") for word in ("one", "two", "three")]
        assert -1 < places[0] < places[1] < places[2], sample


def test_what_shows_nothing_says_so_and_code_is_absent():
    found = text(shows({"text/html": "<div><script>1</script></div>", "text/plain": "x"}), new_code_cell("secret = 1"))
    assert "Cell 1 shows something interactive that has no printed form." in found
    assert "secret" not in found


def test_a_long_output_is_cut_and_says_so():
    cell = new_code_cell("1")
    cell.outputs = [new_output("stream", name="stderr", text="\n".join(f"line {n}." for n in range(1000)))]
    found = text(cell)
    assert "Warnings and messages, cell 1" in found
    assert "Left out here: 800 lines" in found
    assert "line 99." in found and "line 500." not in found


def test_a_failure_is_in_plain_view():
    cell = new_code_cell("1", outputs=[new_output("error", ename="ValueError", evalue="no boats", traceback=["hid"])])
    found = text(cell)
    assert "Cell 1 failed: ValueError no boats" in found and "hid" not in found
    long = new_code_cell("1", outputs=[new_output("error", ename="E", evalue="a " * 20_000 + "end", traceback=[])])
    found = text(long)
    assert "Left out here: 20,003 characters" in found and "end" in found


def test_the_text_of_a_chart_is_text():
    found = text(drawn(title="The *finding*", subtitle="What is measured", credit="[Office](#source-x)"))
    assert pdftext.solid("The finding What is measured bars Office") in pdftext.solid(found)


def test_narrow_figures_stand_side_by_side():
    assert source(drawn(), drawn(), drawn()).count("#pair[") == 1


@pytest.mark.parametrize(("given", "shown"), [
    ("# t\n\n### a\n\n###### b", [2, 3]), ("# t\n\n# a\n\n# b", [2, 2]), ("## a\n\n#### b\n\n## c", [2, 3, 2]),
])  # fmt: skip
def test_headings_never_skip_a_level(given, shown):
    assert [int(level) for level in re.findall(r"#heading\(level: (\d)\)", source(markdown(given)))] == shown


def test_the_first_heading_is_the_title_and_what_follows_the_standfirst():
    written = source(markdown("Before.\n\n# The *title*\n\nThe standfirst.\n\nThe text."))
    assert '#masthead[#"The ";#emph[#"title";];][#"The standfirst.";];' in written
    assert written.index("#masthead") < written.index('#"Before."') < written.index('#"The text."')
    assert written.count("The standfirst.") == 1


# the page


def test_the_document_says_what_it_is():
    with pikepdf.open(io.BytesIO(printed("report"))) as made:
        info, root = made.docinfo, made.Root
        assert str(info.Title) == of_file("report").title
        assert str(info.Author) == "Handover desk"
        assert str(info.CreationDate).startswith("D:20310331")
        assert str(root.Lang) == "en"
        assert root.MarkInfo.Marked and root.ViewerPreferences.DisplayDocTitle and root.Outlines.Count > 1
        assert [round(float(side)) for side in made.pages[0].MediaBox] == [0, 0, 595, 842]
        held = made.attachments[ATTACHED.name]
        assert held.get_file().read_bytes() == ATTACHED.data
        assert held.get_file().mime_type == "text/csv"
        assert held.description == ATTACHED.description
        assert str(held.obj.AFRelationship) == "/Data"


def test_an_arabic_document_runs_from_right_to_left():
    with pikepdf.open(io.BytesIO(printed("arabic"))) as made:
        assert str(made.Root.Lang) == "ar"
        assert str(made.Root.ViewerPreferences.Direction) == "/R2L"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_page_has_edition_and_number_and_only_parts_of_the_shipped_typefaces(name):
    shown = pdftext.read(printed(name))
    assert all(EDITION in " ".join(page.split()) for page in shown)
    assert all(f"{n} / {len(shown)}" in page for n, page in enumerate(shown, 1))
    with pikepdf.open(io.BytesIO(printed(name))) as made:
        fonts = {str(font.BaseFont) for page in made.pages for font in page.Resources.Font.values()}
    shipped = ("IBMPlex", "Noto", "STIX", "NewCMMath", "Libertinus", "DejaVu", "HandoverStand-ins")
    assert fonts and all(font[7:8] == "+" and font[8:].startswith(shipped) for font in fonts)


def test_what_differs_between_editions_is_no_part_of_the_source_and_may_be_put_in_later():
    """Of a source that has changed, Typst would read all again."""
    draft, final = (
        typst_source(of_cells(markdown("words")), about(f"2031-03-31-en-{end}")) for end in ("0z0q", "1a2b")
    )
    assert draft[IMPRINT].replace(b"0z0q", b"1a2b") == final[IMPRINT] != draft[IMPRINT]
    assert {**draft, IMPRINT: b""} == {**final, IMPRINT: b""}


def head(doc, printing):
    """What stands under the title, on one line, and without where lines may break."""
    found = re.sub("\\s*[\u200b\u2060]\\s*", "", pdftext.read(typeset(doc, printing))[0])
    return " ".join(found.split()).partition("words")[0].strip()


def test_under_the_title_stand_desk_day_and_edition_and_nothing_that_a_notebook_does_not_say():
    found = head(of_cells(markdown("# Boats\n\nUnder it.\n\nwords")), about())
    assert found == f"Boats Under it. Handover desk · 31 March 2031 · Edition {EDITION}"
    foreign = of_cells(markdown("# Boats\n\n## words"))
    nothing = dataclasses.replace(BARE, date=NO_DAY)
    assert head(foreign, nothing) == "Boats"
    assert head(foreign, dataclasses.replace(nothing, author="A. Clerk")) == "Boats A. Clerk"
    assert pdftext.solid(head(foreign, BARE)) == "Boats31March2031"


def test_only_the_marks_that_there_are_are_explained():
    def key(content):
        cells = markdown("# Boats\n\n## words"), shows({EVIDENCE: content})
        return head(of_cells(*cells), dataclasses.replace(BARE, date=NO_DAY))

    assert key({"facts": [FACT]}) == "Boats dotted : evidence"
    assert key({"conflicts": [CONFLICT]}) == "Boats ≠ : sources disagree"
    assert key({"facts": [FACT], "conflicts": [CONFLICT]}) == "Boats dotted : evidence · ≠ : sources disagree"


@pytest.mark.parametrize("title", ["Boats", "A " + "very long title " * 40, "Unbroken" * 60, "\u200b", "#x[" * 9])
def test_every_document_has_a_picture_for_links_and_no_title_is_too_long_for_it(title):
    doc = of_cells(markdown(f"# {title}\n\n" + "A long standfirst. " * 60))
    (made,) = pngs(link_source(doc, about()), LINK_PPI, "x")
    with Image.open(io.BytesIO(made)) as image:
        assert image.size == (1200, 630)
        shades = image.convert("L")
        assert shades.crop((0, 482, 1200, 496)).getextrema()[0] > 200, "words stand on the line"


# evidence


def links(made):
    """The links of a PDF: what each internal one is called, with the page it leads to; and the addresses outside."""
    with pikepdf.open(io.BytesIO(made)) as opened:
        notes = [note for page in opened.pages for note in page.get("/Annots", [])]
        numbers = {page.obj.objgen: number for number, page in enumerate(opened.pages, 1)}
        inside = [(str(note.Contents), numbers[note.Dest[0].objgen]) for note in notes if "/Dest" in note]
        return inside, [str(note.A.URI) for note in notes if "/A" in note]


def test_everything_that_answers_is_printed():
    found = tight(text(*REPORT))
    for words in (
        "The numbers 12 boats at the pier . Harbour Office , page 3; Harbour Office . The later count is read.",
        "Where sources disagree About One source ≠ Another How we read it Boats",
        "Boats 12 boats (Harbour Office) 9 (X) Both stand.",
        "Sources Harbour Office , Boats counted , 2 January 2031, via Port Gazette, grade B",
        "Twelve boats lay at the pier. — the master, page 3, known since 2 January 2031",
    ):
        assert tight(words) in found


def test_each_link_has_its_place_and_its_name():
    inside, outside = links(typeset(of_cells(*REPORT), about()))
    # two numbers, their mark, a source; in the evidence two claims, a page, a mark, a side, a way back
    assert inside == [("page 1", 1)] * 10
    assert outside == ["https://harbour.example/boats"]


def test_a_number_without_evidence_is_only_its_text():
    cells = markdown("[nine](#fact-none)[≠](#conflict-none)"), shows({EVIDENCE: WHOLE})
    assert "#number" not in source(*cells)
    assert "nine" in text(*cells)


def test_the_pages_that_use_a_number_stand_once_and_in_their_order():
    filler = markdown("line\n\n" * 60)
    found = text(markdown("# B"), shows({EVIDENCE: WHOLE}), filler, markdown("[12](#fact-boats), [12](#fact-boats)"))
    assert re.search(r"read\. ≠? ?p\. 2 ", found.replace("\u2060", "").replace("  ", " ")), found


def test_a_use_that_a_long_table_lost_is_not_counted():
    rows = "".join(f"| {'[12](#fact-boats)' if n == 1050 else n} |\n" for n in range(2100))
    found = text(markdown(f"| n |\n|---|\n{rows}"), shows({EVIDENCE: WHOLE}))
    assert "Left out here: 100 rows" in found and " p. " not in found


def test_disagreements_stand_where_the_notebook_shows_them():
    first = {"heading": "", "conflicts": [CONFLICT]}
    found = text(markdown("## Who differs?"), shows({EVIDENCE: first}), markdown("## Method"), shows({EVIDENCE: WHOLE}))
    assert found.index("Who differs?") < found.index("Both stand.") < found.index("Method") < found.index("Evidence")
    assert found.count("Both stand.") == 1


def test_a_name_that_ends_in_a_full_stop_gets_no_second_one():
    found = text(shows({EVIDENCE: WHOLE | {"sources": [SOURCE | {"credit": "Friends of the Pier e. V."}]}}))
    assert "e. V. The later count is read." in " ".join(found.split()) and ".." not in found


def test_names_written_from_right_to_left_do_not_trade_places():
    """Between two of them a mark of the other direction stands, without which they would read as one."""
    arabic = WHOLE | {
        "facts": [FACT | {"label": "boats at مرسى السلام", "claims": ["c1"]}],
        "sources": [SOURCE | {"credit": "مرسى اليوم"}],
    }
    made = typst_source(of_cells(shows({EVIDENCE: arabic})), about())["main.typ"].decode()
    assert re.search(r'مرسى السلام\\u\{200e\}\. ";#go\(.*مرسى اليوم', made)
    assert b"200e" not in typst_source(of_cells(shows({EVIDENCE: WHOLE})), about())["main.typ"]


def conflicts(*changes):
    held = [CONFLICT | {"id": f"k{number}"} | change for number, change in enumerate(changes)]
    return shows({EVIDENCE: {"version": 1, "heading": "", "conflicts": held}})


def test_disagreements_are_a_table_with_headers_whose_sources_are_links():
    cited = shows({EVIDENCE: {"heading": "Evidence", "sources": [SOURCE]}})
    made = typeset(of_cells(markdown("# Boats"), conflicts({}, {}), cited), about())
    table = next(element for element in pdftags.read(made).walk() if element.kind == "Table")
    rows = [element for element in table.walk() if element.kind == "TR"]
    heads = [(cell.scope, " ".join(cell.text.split())) for cell in rows[0].children]
    assert heads == [("Column", name) for name in ("About", "One source", "≠ Another", "How we read it")]
    assert [[cell.kind for cell in row.children] for row in rows[1:]] == [["TD"] * 4] * 2
    assert len(links(made)[0]) == 2


def test_without_a_reading_there_is_no_column_of_readings():
    unread = {"reading": ""}
    assert "How we read it" not in text(markdown("# B"), conflicts(unread, unread))
    assert "How we read it" in text(markdown("# B"), conflicts(unread, {}))


def test_a_row_stands_on_one_page_unless_it_is_very_long_and_all_are_printed():
    written = source(conflicts({}, {"reading": "word " * 400}))
    first, second = re.findall(r"disagreement\(.*?\),$", written, re.MULTILINE)
    assert "whole: false" not in first and "whole: false" in second
    found = text(markdown("# B"), conflicts(*[{"topic": f"Quarrel {n}."} for n in range(80)]))
    assert all(f"Quarrel {n}." in found for n in range(80))


def test_the_page_speaks_arabic():
    spoken = new_code_cell('language = "ar"', metadata={"tags": ["parameters"]})
    written = source(spoken, markdown("# عنوان"), shows({EVIDENCE: WHOLE}))
    assert "المصادر" in written and 'lang: "ar"' in written and "dir: rtl" in written
    assert '"Sources"' not in written


VALUES = (
    "<table><caption>Boats a day</caption><tr><th>Day</th><th>Boats</th></tr><tr><td>Monday</td><td>9</td></tr></table>"
)
CHART = drawn(title="Boats come", credit="Source: Harbour Office", values=VALUES)


def test_the_values_of_a_chart_stand_in_an_appendix_that_its_credit_leads_to():
    cells = [REPORT[0], CHART, REPORT[1]]
    found = " ".join(text(*cells).split())
    assert found.index("Source: Harbour Office · Values") < found.index("Evidence")
    assert found.index("The values behind the charts") > found.index("Where sources disagree")
    assert found.index("Boats a day") < found.index("Monday")
    assert len(links(typeset(of_cells(*cells), about()))[0]) == 11


def test_an_appendix_needs_no_evidence_and_a_report_of_one_page_has_none():
    found = text(CHART)
    assert "The values behind the charts" in found and "Monday" in found
    brief = text(REPORT[0], CHART, shows({EVIDENCE: WHOLE | {"layout": "brief"}}))
    assert "Values" not in brief and "Monday" not in brief


def test_a_brief_report_names_its_sources_in_few_words():
    found = tight(text(REPORT[0], shows({EVIDENCE: WHOLE | {"layout": "brief"}})))
    assert tight("Harbour Office, 2 January 2031, grade B") in found
    assert tight("Twelve boats lay") not in found


def type_sizes(made):
    """What is set in type of each size."""
    found = {}
    with pikepdf.open(io.BytesIO(made)) as opened:
        for page in opened.pages:
            table, size = {}, 0.0
            for operands, operator in pikepdf.parse_content_stream(page):
                if str(operator) == "Tf":
                    table, size = contents.letters(page.Resources.Font[str(operands[0])]), float(operands[1])
                elif str(operator) in ("Tj", "TJ"):
                    pieces = operands[0] if str(operator) == "TJ" else operands
                    said = (contents.decoded(bytes(one), table) for one in pieces if isinstance(one, pikepdf.String))
                    found.setdefault(size, set()).add("".join(said).strip())
    return found


@pytest.mark.parametrize("layout", ["", "brief"])
def test_no_evidence_is_set_in_small_type(layout):
    made = typeset(of_cells(REPORT[0], CHART, shows({EVIDENCE: WHOLE | {"layout": layout}})), about())
    small = {said for size, texts in type_sizes(made).items() if size < 7.5 for said in texts}
    assert small <= {"≠", "", "\u2060≠", "\u2060"}
