"""The one reading of a notebook that both page formats, the audit and the checks share."""

import base64
import io

import nbformat.v4 as v4
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handover.document import Beside, model, places, read
from handover.document.evidence import EVIDENCE_MIME
from handover.document.model import Excerpt, Failure, Figure, Formula, Output, Prose, Stream, Text
from handover.document.terminal import shown as on_terminal

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


def png(width=4, height=2, kind="PNG", **about):
    held = io.BytesIO()
    Image.new("RGB", (width, height)).save(held, kind, **about)
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
        ({"text/markdown": "x", "text/plain": "x"}, Prose),
        ({"text/markdown": "x", "text/html": "x"}, Output),
        ({"text/html": "x", "text/plain": "x"}, Output),
        ({"image/png": png(), "application/vnd.vegalite.v5+json": {}, "text/plain": "x"}, Figure),
        ({"image/bmp": png(), "text/plain": "x"}, Figure),
        ({"image/svg+xml": "<svg/>broken", "image/png": png()}, Figure),
        ({"text/latex": "x", "text/plain": "x"}, Output),
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider()"}, Stream),
        ({"image/png": png()}, Figure),
        ({EVIDENCE_MIME: {}}, model.EvidenceSection),
    ],
)
def test_the_richest_form_that_pages_can_show_is_taken(data, kind):
    assert isinstance(shown(data)[0], kind)


@pytest.mark.parametrize(
    "data",
    [
        {}, {"text/plain": " "}, {"text/html": ""}, {"text/html": "<style>a{}</style> <!-- x -->"},
        {"text/html": "<style>a{}</style>", "text/plain": "<IPython.core.display.HTML object>"},
        {"application/vnd.bokehjs_load.v0+json": ""}, {"application/papermill.record+json": {"x": 1}},
    ],
)  # fmt: skip
def test_an_output_in_which_nothing_is_to_be_seen_leaves_nothing(data):
    assert shown(data) == ()


INTERACTIVE = "Cell 1 shows something interactive that has no printed form."


def told(parts):
    """What is read of parts, each on a line: the notebook's words, and what is said beside them in brackets."""
    lines = []
    for part in parts:
        if isinstance(part, Stream):
            lines.append(part.text.head)
        elif isinstance(part, Figure):
            lines.append(f"[{part.note}]")
        else:
            for block in part.blocks:
                remarks = [node.text for node in model.walk(block) if isinstance(node, model.Remark)]
                lines += [" ".join(model.plain((block,)).split()), *(f"[{remark}]" for remark in remarks)]
    return [line for line in lines if line]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ({"application/vnd.plotly.v1+json": {"data": []}}, [f"[{INTERACTIVE}]"]),
        ({"application/vnd.jupyter.widget-view+json": {}}, [f"[{INTERACTIVE}]"]),
        ({"application/vnd.vega.v5+json": {}, "text/plain": "Chart"}, ["Chart", f"[{INTERACTIVE}]"]),
        ({"application/javascript": "alert(1)"}, [f"[{INTERACTIVE}]"]),
        ({"application/javascript": "x", "text/plain": "<IPython.core.display.Javascript object>"},
         [f"[{INTERACTIVE}]"]),
        ({"application/pdf": "JVBERi0="}, ["[Cell 1 shows application/pdf, which has no printed form.]"]),
        ({"application/geo+json": {}, "text/plain": "<IPython.display.GeoJSON object>"},
         ["[Cell 1 shows application/geo+json, which has no printed form.]"]),
        ({"video/mp4": "AAAA"}, ["[Cell 1 shows video/mp4, which has no printed form.]"]),
        ({"application/json": {"å": [1]}, "text/plain": "<IPython.core.display.JSON object>"},
         ['{\n "å": [\n  1\n ]\n}']),
        ({"application/json": {"a": 1}, "text/plain": "own"}, ["own"]),
        ({"text/csv": "a,b"}, ["a,b"]),
        ({"image/heic": "AAAA", "text/plain": "own"}, ["[Figure that cannot be read]", "own"]),
        ({"image/heic": "AAAA", "text/html": "<b>own</b>"}, ["own"]),
        # HTML
        ({"text/html": "<script>x</script>"}, [f"[{INTERACTIVE}]"]),
        ({"text/html": "<div id='plot'></div>"}, [f"[{INTERACTIVE}]"]),
        ({"text/html": "<div id=v></div><script>draw()</script>", "text/plain": "alt.Chart: troops"},
         ["alt.Chart: troops", f"[{INTERACTIVE}]"]),
        ({"text/html": "<script>x</script>", "text/markdown": "**bold**"}, ["bold"]),
        ({"text/html": "<script>x</script>", "text/plain": "<folium.folium.Map at 0x7f12ab>"},
         ["<folium.folium.Map>", f"[{INTERACTIVE}]"]),
        ({"text/html": "<b>Map</b><div id=m></div><script>x</script>"}, ["Map", f"[{INTERACTIVE}]"]),
        ({"text/html": "<table><tr><td>Loading...</table><script>x</script>"}, ["Loading...", f"[{INTERACTIVE}]"]),
        ({"text/html": "<table id=t><tr><td>4</table><script>sort()</script>"}, ["4"]),
        ({"text/html": "<iframe></iframe>", "text/plain": "<IPython.lib.display.IFrame at 0x7f>"},
         ["[Embedded page that is not in this file]"]),
    ],
)  # fmt: skip
def test_of_an_output_that_cannot_be_shown_stay_its_text_and_a_note(data, lines):
    assert told(shown(data)) == lines


LIBRARY = {"text/html": "<!-- x --> <script src='x.js'></script><script>load('<b>')</script> <style>a{}</style>"}
FILLED = {"text/html": "<div id=p1></div>"}


@pytest.mark.parametrize(
    ("outputs", "notes"),
    [
        ([LIBRARY], 1), ([LIBRARY, FILLED], 1), ([FILLED, {"application/javascript": "draw()"}], 1),
        ([LIBRARY, {"application/vnd.plotly.v1+json": {}}], 1), ([{"application/vnd.plotly.v1+json": {}}] * 2, 2),
        ([FILLED, {"application/javascript": "x", "application/vnd.bokehjs_exec.v0+json": ""}], 1),
        ([{"text/plain": "x"}, {"application/javascript": "draw()"}], 1), ([FILLED, FILLED], 2),
        ([{"text/html": "<script>draw()</script> <!-- x"}], 1),
    ],
)  # fmt: skip
def test_a_script_that_serves_another_output_is_not_missed_twice(outputs, notes):
    assert told(document(cell(*map(display, outputs))).parts).count(f"[{INTERACTIVE}]") == notes


def test_an_estimator_that_only_speaks_of_loading_waits_for_nothing():
    page = "<pre>Pipeline()</pre><b>please try loading this page with a viewer</b><script>fold()</script>"
    assert told(shown({"text/html": page})) == ["Pipeline()", "please try loading this page with a viewer"]


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


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF", "BMP", "TIFF"])
def test_a_picture_of_any_kind_is_shown(kind):
    (figure,) = shown({f"image/{kind.lower()}": png(40, 20, kind)})
    assert (figure.picture.width, figure.picture.height, figure.picture.still) == (40, 20, b"")
    assert figure.picture.kind == ("png" if kind in ("BMP", "TIFF") else kind.lower())


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_picture_that_moves_has_a_still_one(kind):
    frames = [Image.new("RGB", (40, 20), colour) for colour in ("#fff", "#000")]
    held = io.BytesIO()
    frames[0].save(held, kind, save_all=True, append_images=frames[1:], lossless=True)
    (figure,) = shown({f"image/{kind.lower()}": base64.b64encode(held.getvalue()).decode()})
    assert figure.picture.data == held.getvalue()
    with Image.open(io.BytesIO(figure.picture.still)) as still:
        assert (still.format, still.size, still.convert("RGB").getpixel((0, 0))) == ("PNG", (40, 20), (255, 255, 255))


def test_a_picture_for_a_dark_page_has_that_behind_it():
    clear = io.BytesIO()
    Image.new("RGBA", (4, 2), (255, 255, 255, 0)).save(clear, "PNG")
    data = base64.b64encode(clear.getvalue()).decode()
    for about in ({"needs_background": "dark"}, {"image/png": {"needs_background": "dark"}}):
        (figure,) = shown({"image/png": data}, about)
        with Image.open(io.BytesIO(figure.picture.data)) as image:
            assert image.convert("RGBA").getpixel((0, 0)) == (17, 17, 17, 255)
    (figure,) = shown({"image/svg+xml": SVG}, {"needs_background": "dark"})
    assert b'<rect width="100%" height="100%" fill="rgb(17, 17, 17)"/>' in figure.picture.data
    assert shown({"image/png": data}, {"needs_background": "light"})[0].picture.data == clear.getvalue()


def test_a_picture_of_too_many_dots_is_not_unpacked():
    from handover.document import images

    header = base64.b64decode(png())
    huge = header[:16] + (30_000).to_bytes(4, "big") * 2 + header[24:]
    assert images.picture("png", huge, "x") == (None, "")


def test_pieces_of_a_stream_are_joined_and_lose_terminal_codes():
    outs = [v4.new_output("stream", name="stdout", text=text) for text in ("\x1b[31mred", "\x1b[0m\n", "10%\r99%\n")]
    assert document(cell(*outs)).parts == (Stream(1, "stdout", Excerpt("red\n99%")),)


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("step 1\rstep 2\rstep 3\r", "step 3"),
        (" 50%|##  |\r100%|####|\n", "100%|####|\n"),
        ("100 of 100\r99", "99"[:2] + "0 of 100"),
        ("done\r\n", "done\n"),
        ("1/9\b\b\b9/9", "9/9"),
        ("\b\bx", "x"),
        ("\x1b[1m50%\x1b[0m\r\x1b[K\x1b[32mok\x1b[0m", "ok"),
        ("a long line\r\x1b[2Kb", "b"),
        ("first 0%\nsecond 0%\x1b[A\rfirst 9%\n\rsecond 9%", "first 9%\nsecond 9%"),
        ("a\nb\nc\x1b[2F\x1b[Jz", "z"),
        ("\x1b[9999Ax\x1b[9999By", "xy"),
        ("ab\x1b[10Gc\x1b[2Dd", "ab      dc"),
        ("\x1b]8;;https://x.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title\x07\x1b(Bx\x1b[", "x"),
        ("kept\x1b[2J\x1b[H", "kept"),
    ],
)
def test_a_stream_ends_as_a_terminal_shows_it(written, left):
    assert on_terminal(written) == left
    (stream,) = document(cell(v4.new_output("stream", name="stdout", text=written))).parts
    assert stream.text.head == left.strip("\n")


@given(st.lists(st.text("ab \n", max_size=9), max_size=9))
def test_what_was_written_over_is_gone_and_the_rest_stays(pieces):
    assert on_terminal("".join(pieces)) == "".join(pieces)
    lines = [piece.replace("\n", "").ljust(9, ".") for piece in pieces]
    assert on_terminal("\r".join(lines)) == (lines[-1] if lines else "")
    assert on_terminal("\n".join(f"\x1b[3{n}m{line}\x1b[0m" for n, line in enumerate(lines))) == "\n".join(lines)


@given(st.text("ab\r\n\b\x1b[]0123456789;?ABCDEFGHJKm\x07(", max_size=60))
def test_nothing_that_is_written_breaks_the_terminal(written):
    assert not set(on_terminal(written)) & set("\x1b\b\r")


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


#: Texts that say the same wherever they stand, and texts that do not, in Markdown and in HTML.
TABLE = "<table><caption>[4](#fact-a)<a href='#fact-a'>4</a></caption><tr><td><table><tr><td>1</table><td>2</table>"
SAID = (
    "", "[four](#fact-a), [four](#fact-a) [≠](#conflict-c)", "> [he](#claim-b) said", "[*x* [y](#fact-a)](#fact-a)",
    "# Title\n\n[4](#fact-a) under it", "## Four\n\ntext", "[there](#Four) [nowhere](#source-z) [file](a.csv)",
    "|a|b|\n|-|-|\n|[4](#fact-a)|$x$|", "$$y$$", "![held](attachment:p.png)", "https://example.org אבג",
    "<b>[x](#fact-a)</b> <i id='Four'>y</i>", "- [ ] [4](#fact-a)", TABLE, f"<details><summary>s</summary>{TABLE}",
    "<h2>Four</h2>", "<a href='#Four'>x</a>", "<a href='https://example.org'><a href='#fact-a'>4</a></a>", SVG,
    "<iframe srcdoc='<a href=#fact-a>4</a>'></iframe>", "<p id='Four'>x</p>", "<img src='x.png'>", "<p lang=ar>x",
    "<a href=#Four><iframe srcdoc='<a href=#fact-a>4</a>'></iframe></a>", "<svg><rect width='90' height='90'/></svg>",
)  # fmt: skip
STATED = {
    "facts": [{"key": "a", "value": "4"}],
    "sources": [{"id": "s", "claims": [{"id": "b", "statement": "x"}]}],
    "conflicts": [{"id": "c", "topic": "x"}],
}


@given(
    st.lists(st.tuples(st.sampled_from(SAID), st.booleans()), min_size=9, max_size=9),
    st.sets(st.sampled_from(sorted(STATED))),
    st.sampled_from(["en", "ar"]),
)
def test_a_text_is_read_as_if_it_had_never_been_read_before(said, stated, language):
    forms = [{"text/html": text} if html else {"text/markdown": text} for text, html in said]
    forms.append({EVIDENCE_MIME: {"heading": "Four", **{name: STATED[name] for name in stated}}})
    held = {"p.png": {"image/png": png()}}
    cells = [cell(*map(display, forms)), *(v4.new_markdown_cell(text, attachments=held) for text, _ in said)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "LONGEST", -1)
        once = document(*cells, language=language)
    assert document(*cells, language=language) == once


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


@pytest.mark.parametrize(
    ("about", "left"),
    [
        ({"tags": ["remove-output"]}, ["CellCode"]), ({"tags": ["remove_output"]}, ["CellCode"]),
        ({"tags": ["remove-input"]}, ["Stream"]), ({"tags": ["remove_input", "hide-input"]}, ["Stream"]),
        ({"transient": {"remove_source": True}}, ["Stream"]), ({"tags": ["hide-input"]}, ["CellCode", "Stream"]),
    ],
)  # fmt: skip
def test_the_input_or_the_output_of_a_cell_may_be_left_out(about, left):
    out = v4.new_output("stream", name="stdout", text="x")
    found = document(v4.new_code_cell("1", outputs=[out], metadata=about)).parts
    assert [type(part).__name__ for part in found] == left


# pictures beside the notebook


@pytest.fixture
def folder(tmp_path):
    """A project in which a notebook lies in notebooks/, with pictures in it and a secret beside it."""
    for name in ("p/notebooks/in it", "p/figures", "secret"):
        (tmp_path / name).mkdir(parents=True)
    data = base64.b64decode(png(40, 20))
    for name in ("p/notebooks/a.png", "p/notebooks/in it/100%.png", "p/figures/b.png", "secret/s.png", "p/odd.dat"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "p/figures/c.svg").write_text(SVG)
    (tmp_path / "p/notebooks/words.png").write_text("no picture")
    (tmp_path / "p/notebooks/link.png").symlink_to(tmp_path / "secret/s.png")
    (tmp_path / "p/notebooks/way").symlink_to(tmp_path / "secret")
    return tmp_path / "p"


def beside(folder, *sources):
    """The images of Markdown texts, and the paths of the files that they showed."""
    place = Beside(folder, folder / "notebooks")
    cells = [v4.new_markdown_cell(source) for source in sources]
    parts = read(v4.new_notebook(cells=cells), "x", place).parts
    return [node for node in model.walk(parts) if isinstance(node, model.Image)], list(place.shown)


@pytest.mark.parametrize(
    "url",
    [
        "../../secret/s.png", "{}/../secret/s.png", "/etc/passwd", "file://{}/figures/b.png", "{}/figures/b.png",
        "link.png", "way/s.png", "a.png/../../../secret/s.png", "%2e%2e/%2e%2e/secret/s.png", "..\\..\\secret\\s.png",
        "in it", "missing.png", "x" * 300 + ".png", "a.png%00", ".", "",
    ],
)  # fmt: skip
def test_no_address_leads_out_of_the_project_or_through_a_link(folder, url):
    (image,), held = beside(folder, f"<img alt=plan src='{url.format(folder)}'>")
    assert image.picture is None and held == []
    assert image.note.startswith("[Image that is not in this file: plan")


def test_a_file_that_is_no_picture_is_not_carried_away(folder):
    (image,), held = beside(folder, "![plan](words.png)")
    assert (image.picture, image.note, held) == (None, "[Figure that cannot be read: plan (words.png)]", [])


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("a.png", "notebooks/a.png"), ("./a.png?raw=true#x", "notebooks/a.png"), ("../figures/b.png", "figures/b.png"),
        ("in%20it/100%25.png", "notebooks/in it/100%.png"), ("../figures/c.svg", "figures/c.svg"),
        ("../odd.dat", "odd.dat"),
    ],
)  # fmt: skip
def test_a_picture_beside_the_notebook_is_shown(folder, url, path):
    images, held = beside(folder, f"![plan]({url})\n\n<img alt=plan width=10 src='{url}'>")
    assert [image.note for image in images] == ["", ""] and held == [path]
    assert [image.picture.width for image in images] == [400 if "svg" in url else 40, 10]


def test_pictures_are_bounded_one_by_one_and_together(folder, monkeypatch):
    from handover.document import beside as module

    size = (folder / "figures/b.png").stat().st_size
    monkeypatch.setattr(module, "MOST", size)
    (one, other), held = beside(folder, "![x](a.png)", "![x](../figures/b.png)")
    assert one.picture and other.note == "[Image that is not in this file: x (../figures/b.png)]"
    assert held == ["notebooks/a.png"]
    monkeypatch.setattr(module, "BIGGEST", size - 1)
    assert beside(folder, "![x](a.png)")[0][0].picture is None


def test_a_notebook_in_memory_has_nothing_beside_it():
    images = [
        node
        for node in model.walk(document(v4.new_markdown_cell("![x](a.png)")).parts)
        if isinstance(node, model.Image)
    ]
    assert [image.note for image in images] == ["[Image that is not in this file: x (a.png)]"]


# raw cells


def raw(source, **about):
    parts = read(v4.new_notebook(cells=[v4.new_raw_cell(source, metadata=about)]), "name").parts
    return " ".join(model.plain(parts).split()), [
        node.text for node in model.walk(parts) if isinstance(node, model.Remark)
    ]


@pytest.mark.parametrize(
    "kind", ["text/latex", "text/restructuredtext", "text/x-python", "application/pdf", "TEXT/LATEX"]
)
def test_a_raw_cell_for_another_format_leaves_a_trace(kind):
    note = f"Cell 1 is written for {kind.lower()} and is left out here."
    assert raw("\\begin{table}x\\end{table}", raw_mimetype=kind) == raw("words", format=kind) == ("", [note])


@pytest.mark.parametrize(
    "source", ["\\newpage", "\\vspace*{2cm}\n\\clearpage % now", ".. raw:: html", "\\pagestyle[a]{b}", ""]
)
def test_commands_of_another_format_are_not_missed(source):
    assert raw(source, raw_mimetype="text/latex") == ("", [])


@pytest.mark.parametrize("about", [{}, {"raw_mimetype": ""}, {"format": "text/plain"}, {"raw_mimetype": None}])
def test_a_raw_cell_without_a_format_is_shown_as_it_is(about):
    parts = read(v4.new_notebook(cells=[v4.new_raw_cell("<b>x</b> *y*", metadata=about)]), "name").parts
    assert parts == (model.Stream(1, "", model.Excerpt("<b>x</b> *y*")),)


def test_a_raw_cell_of_html_or_markdown_is_read_as_that():
    assert raw("<b>x</b><script>y</script>", raw_mimetype="text/html") == ("x", [])
    assert raw("*x* `y`", raw_mimetype="text/markdown") == ("x y", [])
