"""The one reading of a notebook that both page formats, the audit and the checks share."""

import base64
import io

import nbformat.v4 as v4
import pytest

from handover.document import model, read
from handover.document.evidence import EVIDENCE_MIME
from handover.document.model import Excerpt, Failure, Figure, Formula, Output, Prose, Stream, Text

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 20"><text>seven</text></svg>'


def document(*cells, **metadata):
    return read(v4.new_notebook(cells=list(cells), metadata=metadata), "x")


def cell(*outputs, source=""):
    return v4.new_code_cell(source, outputs=list(outputs))


def display(data, metadata=None):
    return v4.new_output("display_data", data, metadata=metadata or {})


def shown(data, metadata=None):
    """The parts of one cell that displays data."""
    return document(cell(display(data, metadata))).parts


def png(width=4, height=2, **about):
    from PIL import Image

    held = io.BytesIO()
    Image.new("RGB", (width, height)).save(held, "PNG", **about)
    return base64.b64encode(held.getvalue()).decode()


def test_an_image_goes_before_html_and_brings_its_words():
    about = {"alt": " a ", "title": "*t*", "subtitle": "s", "credit": "c"}
    about |= {"values": "<table><tr><td>4</table>", "narrow": SVG.replace("400", "300")}
    (figure,) = shown({"image/svg+xml": SVG, "text/html": "<b>x</b>"}, {"image/svg+xml": about})
    assert (figure.number, figure.alt, figure.note) == (1, "a", "")
    texts = [model.plain(one) for one in (figure.title, figure.subtitle, figure.credit)]
    assert texts == ["t", "s", "c"]
    assert (figure.picture.width, figure.narrow.width, figure.picture.texts) == (400, 300, ("seven",))
    assert isinstance(figure.values[0], model.Table)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"text/markdown": "x", "text/html": "x"}, Prose),
        ({"text/html": "x", "text/plain": "x"}, Output),
        ({"text/latex": "x", "text/plain": "x"}, Output),
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider()"}, Stream),
        ({"image/png": png()}, Figure),
        ({EVIDENCE_MIME: {}}, model.EvidenceSection),
    ],
)
def test_the_richest_form_that_pages_can_show_is_taken(data, kind):
    assert isinstance(shown(data)[0], kind)


@pytest.mark.parametrize("data", [{}, {"text/plain": " "}, {"application/javascript": "alert(1)"}])
def test_what_cannot_be_shown_leaves_nothing(data):
    assert shown(data) == ()


@pytest.mark.parametrize("html", ["<script>x</script>", "<div id='plot'></div>", "", "<style>a{}</style>"])
def test_html_with_nothing_to_show_says_so(html):
    told = "Cell 1 shows something interactive that has no printed form."
    (output,) = shown({"text/html": html})
    assert output.blocks == (model.Paragraph((model.Remark(told, house=True),)),)


@pytest.mark.parametrize("data", ["", "broken", base64.b64encode(b"\x89PNG\r\n\x1a\nbroken").decode()])
def test_an_image_that_cannot_be_drawn_says_so(data):
    (figure,) = shown({"image/png": data})
    assert figure.picture is None and figure.note == "Figure that cannot be read"


def test_an_image_without_a_description_says_so_unless_it_has_its_own():
    assert shown({"image/svg+xml": SVG})[0].note == "Figure without a description"
    own = SVG.replace("<text", "<title>Its own</title><text")
    assert [(one.alt, one.note) for one in shown({"image/svg+xml": own})] == [("Its own", "")]


def test_a_picture_is_measured_and_a_notebook_may_ask_for_less():
    (figure,) = shown({"image/png": png(400, 200, dpi=(200, 200))})
    found = figure.picture
    assert (found.kind, found.width, found.height, round(found.density)) == ("png", 400, 200, 200)
    (figure,) = shown({"image/png": png(400, 200)}, {"image/png": {"width": 200}})
    assert (figure.picture.width, figure.picture.height, figure.picture.density) == (200, 100, 96)


def test_a_picture_of_too_many_dots_is_not_unpacked():
    from handover.document import images

    header = base64.b64decode(png())
    huge = header[:16] + (30_000).to_bytes(4, "big") * 2 + header[24:]
    assert images.picture("png", huge, "x") == (None, "")


def test_pieces_of_a_stream_are_joined_and_lose_terminal_codes():
    outs = [v4.new_output("stream", name="stdout", text=text) for text in ("\x1b[31mred", "\x1b[0m\n", "10%\r99%\n")]
    assert document(cell(*outs)).parts == (Stream(1, "stdout", Excerpt("red\n99%")),)


def test_an_error_is_kept_without_colours():
    out = v4.new_output("error", ename="ValueError", evalue="no", traceback=["\x1b[0;31mValueError\x1b[0m: no"])
    assert document(cell(out)).parts == (Failure(1, "ValueError", Excerpt("no"), Excerpt("ValueError: no")),)


def test_long_output_is_cut_in_the_middle_and_says_by_how_much():
    lines = "\n".join(f"line {n}" for n in range(1000))
    (stream,) = document(cell(v4.new_output("stream", name="stdout", text=lines))).parts
    assert stream.text.note == "Left out here: 800 lines, 7,201 characters"
    assert stream.text.head.endswith("line 99") and stream.text.tail.startswith("line 900\n")
    (stream,) = shown({"text/plain": "x" * 50_000})
    assert stream.text.note == "Left out here: 30,000 characters"


def test_latex_is_taken_out_of_its_marks():
    for marked in ("$x^2$", "$$ x^2 $$", "\\[x^2\\]", "x^2"):
        assert shown({"text/latex": marked}) == (Output(1, (Formula("x^2"),)),)


@pytest.mark.parametrize(
    ("latex", "blocks"),
    [
        ("one $x$, two", (model.Paragraph((Text("one "), model.Maths("x"), Text(", two"))),)),
        ("$$a$$ and \\[b\\]", (Formula("a"), model.Paragraph((Text(" and "),)), Formula("b"))),
        (r"\begin{equation}x\end{equation}", (Formula(r"\begin{equation}x\end{equation}"),)),
        (r"\left[\begin{matrix}x\end{matrix}\right]", (Formula(r"\left[\begin{matrix}x\end{matrix}\right]"),)),
        (r"costs \$5", (Formula(r"costs \$5"),)),
    ],
)
def test_latex_may_be_text_with_formulas_in_it(latex, blocks):
    assert shown({"text/latex": latex, "text/plain": "x", "image/png": "AA=="}) == (Output(1, blocks),)


def test_title_and_standfirst_come_from_the_first_heading():
    first = v4.new_markdown_cell("![b](x.png)\n\n# A *b* `c`\n\nUnder\nit.\n\nMore.")
    read = document(v4.new_code_cell("x"), first)
    assert (read.title, read.standfirst, read.headline.cell) == ("A b c", "Under it.", 2)
    (prose,) = (part for part in read.parts if isinstance(part, Prose))
    assert [model.plain((block,)).strip() for block in prose.blocks] == ["b", "More."]


def test_a_picture_under_the_title_is_no_standfirst():
    read = document(v4.new_markdown_cell("# T\n\n![b](x.png)"))
    assert read.standfirst == "" and len(read.parts) == 1


def test_a_headline_that_a_cell_displayed_stands_in_place_of_the_notebooks_own():
    text = "# Of the day\n\nAbout [two](#fact-x)[≠](#conflict-y)."
    content = {"facts": [{"key": "x"}], "conflicts": [{"id": "y"}]}
    outputs = [display({"text/markdown": text}, {"handover": {"role": "headline"}}), display({EVIDENCE_MIME: content})]
    cells = [v4.new_markdown_cell("# Own\n\nUnder."), cell(*outputs), v4.new_markdown_cell("## A")]
    read = document(*cells)
    assert (read.title, read.standfirst) == ("Of the day", "About two.")
    assert [part.blocks[0].text for part in read.parts if isinstance(part, Prose)] == ["A"]


def test_a_heading_that_a_cell_displayed_without_that_role_stays_where_it_is():
    cells = [v4.new_markdown_cell("# Own"), cell(display({"text/markdown": "# Later"}, {"handover": "headline"}))]
    read = document(*cells)
    assert (read.title, read.contents[0].text, read.contents[0].level) == ("Own", "Later", 2)


@pytest.mark.parametrize(
    ("metadata", "title"), [({}, "x"), ({"title": "From\nmetadata"}, "From metadata"), ({"title": "\u200b"}, "x")]
)
def test_a_notebook_without_a_heading_is_named_for_its_metadata_or_its_file(metadata, title):
    assert document(**metadata).title == title
    assert read(v4.new_notebook()).title == "Notebook"


def test_injected_parameters_go_over_declared_ones():
    cells = [
        v4.new_code_cell('a: str = "1"\nb = 2\nc = f()', metadata={"tags": ["parameters"]}),
        v4.new_code_cell('a = "9"', metadata={"tags": ["injected-parameters"]}),
    ]
    assert document(*cells).parameters == {"a": "9", "b": 2}


@pytest.mark.parametrize(
    ("given", "language", "direction"),
    [("ar", "ar", "rtl"), ("de_AT", "de-AT", "ltr"), ('"><script>', "en", "ltr"), ("", "en", "ltr")],
)
def test_a_language_is_a_tag_and_sets_the_direction(given, language, direction):
    read = document(v4.new_code_cell(f"language = {given!r}", metadata={"tags": ["parameters"]}))
    assert (read.language, read.direction) == (language, direction)


ARABIC = "# قاعدة عين الأسد\n\nتسلّم العراق القاعدة في 7 كانون الثاني (بحسب Reuters)."
PERSIAN = "پایگاه عین الاسد را عراق تحویل گرفت، چنان که گزارش شد."


@pytest.mark.parametrize(
    ("source", "language", "direction"),
    [
        ("Words, and one of them is عربية.", "en", "ltr"), ("1 2 3", "en", "ltr"), (PERSIAN, "en", "rtl"),
        (ARABIC, "ar", "rtl"), ("בסיס עין אל-אסד, says Reuters", "he", "rtl"), ("数据分析：pandas", "zh", "ltr"),
        ("pandas DataFrame 数据", "en", "ltr"), ("日本語の見出し", "ja", "ltr"), ("한국어 문서 大韓民國", "ko", "ltr"),
        ("Данные", "en", "ltr"), ("Ελληνικά", "el", "ltr"),
    ],
)  # fmt: skip
def test_a_text_without_a_language_runs_as_most_of_it_is_written(source, language, direction):
    read = document(v4.new_markdown_cell(source))
    assert (read.language, read.direction) == (language, direction)


def test_a_block_that_runs_the_other_way_says_so_and_code_and_formulas_never_do():
    others = "English, and more of it than the list.\n\n- אחת\n- שתיים\n\n## עברית\n\n$$x$$\n\n    اسم = 1"
    (prose,) = document(v4.new_markdown_cell(others)).parts
    assert [type(block).__name__ for block in prose.blocks] == [
        "Paragraph",
        "Division",
        "Heading",
        "Formula",
        "CodeBlock",
    ]
    assert (prose.blocks[1].direction, prose.blocks[1].language) == ("rtl", "")
    (first, *_) = document(v4.new_markdown_cell(f"{ARABIC}\n\nEnglish (here).")).parts
    assert [block.direction for block in first.blocks if isinstance(block, model.Division)] == ["ltr"]


def test_evidence_is_read_together_and_its_links_are_bound_wherever_it_stands():
    outs = [display({EVIDENCE_MIME: part}) for part in ({"conflicts": [{"id": "k"}]}, {"facts": [{"key": "f"}]})]
    read = document(v4.new_markdown_cell("a\n\n[1](#fact-f)[≠](#conflict-k)[2](#fact-f)"), cell(*outs))
    assert read.evidence == {"conflicts": [{"id": "k"}], "facts": [{"key": "f"}]}
    links = [node for node in model.walk(read.parts) if isinstance(node, model.Citation)]
    assert [(link.kind, link.anchor, link.use) for link in links] == [
        ("fact-", "fact-f", "use-f-1"), ("conflict-", "conflict-k", ""), ("fact-", "fact-f", "use-f-2")
    ]  # fmt: skip
    assert read.uses == {"fact-f": ("use-f-1", "use-f-2")}


def test_of_two_entries_with_one_key_the_first_counts_and_one_without_is_none():
    facts = [{"key": "f", "value": "1"}, {"key": "f", "value": "2"}, {"value": "3"}, "x", None]
    (section,) = shown({EVIDENCE_MIME: {"facts": facts, "sources": "x", "heading": 4}})
    assert [fact.value for fact in section.facts] == ["1"]
    assert section.heading.text == "4" and list(section.headings) == ["facts"]


def test_a_source_has_an_address_only_if_it_leads_out():
    sources = [{"id": "a", "url": "javascript:alert(1)"}, {"id": "b", "url": "https://example.org"}]
    (section,) = shown({EVIDENCE_MIME: {"sources": sources}})
    assert [source.url for source in section.sources] == ["", "https://example.org"]


@pytest.mark.parametrize(
    ("cells", "anchor"),
    [
        (("# T", "## Above", "[x](#Above)"), "above"),
        (("# T", "[x](#Below)", "## Below"), "below"),
        (("# T", "[x](#nowhere)"), None),
        (("# T", "[x](#T)"), "report"),
        # nearest to what is above, but the very name of what is below
        (("# T", "## a b", "[x](#A-b)", "## A b"), "a-b-2"),
    ],
)
def test_a_link_leads_where_it_says_though_that_stands_further_down(cells, anchor):
    nodes = list(model.walk(document(*map(v4.new_markdown_cell, cells)).parts))
    assert [node.anchor for node in nodes if isinstance(node, model.Reference)] == [anchor] * bool(anchor)
    assert Text("x") in nodes


def test_a_number_within_a_link_that_leads_forward_is_no_place_to_go_back_to():
    link = v4.new_markdown_cell("<a\nhref='#Below'>[four](#fact-k)</a>")
    read = document(link, cell(display({EVIDENCE_MIME: {"facts": [{"key": "k"}]}})), v4.new_markdown_cell("## Below"))
    assert read.uses == {}
    (reference,) = (node for node in model.walk(read.parts) if isinstance(node, model.Reference))
    assert (reference.anchor, model.plain(reference.inside)) == ("below", "four")


def test_no_heading_takes_an_anchor_that_a_page_makes():
    names = "\n\n".join(f"## {name}" for name in ("Report", "cell 4", "figure 2 title", "card use x 1", "Figure 2"))
    headings = document(v4.new_markdown_cell(names)).contents
    assert [heading.anchor for heading in headings] == [
        "report-2", "at-cell-4", "at-figure-2-title", "at-card-use-x-1", "figure-2"
    ]  # fmt: skip


def test_cells_are_numbered_as_in_the_reports_own_file():
    """What papermill injected is no cell of it, and is told with the one before."""
    cells = [
        v4.new_code_cell("a = 1", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("a = 2", metadata={"tags": ["injected-parameters"]}),
        v4.new_code_cell("b"),
    ]
    assert [part.cell for part in document(*cells).parts] == [1, 1, 2]
    assert [part.cell for part in document(*cells[1:]).parts] == [1, 2]


@pytest.mark.parametrize("tag", ["remove-cell", "remove_cell"])
def test_a_cell_may_be_left_out(tag):
    assert document(v4.new_markdown_cell("SECRET", metadata={"tags": [tag]})).parts == ()
