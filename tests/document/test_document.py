"""The one reading of a notebook that both page formats and the audit share."""

import base64

import nbformat.v4 as v4
import pytest

from handover.document import document
from handover.document.document import EVIDENCE_MIME, Evidence, Failure, Figure, Markup, Maths, Prose, Text


def shown(data, metadata=None):
    """The blocks of one cell that displays data, without its source."""
    out = v4.new_output("display_data", data, metadata=metadata or {})
    return document.read(v4.new_notebook(cells=[v4.new_code_cell("", outputs=[out])])).blocks


def test_an_image_goes_before_html_and_brings_its_words():
    about = {"image/svg+xml": {"alt": "a", "title": "t", "subtitle": "s", "credit": "c"}}
    about["image/svg+xml"] |= {"values": "<table/>", "narrow": "<svg />"}
    (block,) = shown({"image/svg+xml": "<svg/>", "text/html": "<b>x</b>"}, about)
    assert block == Figure(1, "svg", "<svg/>", "a", "t", "s", "c", "<table/>", "<svg />")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"text/markdown": "x", "text/html": "x"}, Prose),
        ({"text/html": "x", "text/plain": "x"}, Markup),
        ({"text/latex": "x", "text/plain": "x"}, Maths),
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider()"}, Text),
        ({"image/png": base64.b64encode(b"png").decode()}, Figure),
        ({EVIDENCE_MIME: {}}, Evidence),
    ],
)
def test_the_richest_form_that_pages_can_show_is_taken(data, kind):
    assert isinstance(shown(data)[0], kind)


@pytest.mark.parametrize("data", [{}, {"text/plain": ""}, {"application/javascript": "alert(1)"}])
def test_what_cannot_be_shown_leaves_nothing(data):
    assert shown(data) == ()


def test_pieces_of_a_stream_are_joined_and_loose_terminal_codes():
    outs = [v4.new_output("stream", name="stdout", text=text) for text in ("\x1b[31mred", "\x1b[0m\n", "10%\r99%\n")]
    (block,) = document.read(v4.new_notebook(cells=[v4.new_code_cell("", outputs=outs)])).blocks
    assert block == Text(1, "red\n99%\n", "stdout")


def test_an_error_is_kept_without_colours():
    out = v4.new_output("error", ename="ValueError", evalue="no", traceback=["\x1b[0;31mValueError\x1b[0m: no"])
    (block,) = document.read(v4.new_notebook(cells=[v4.new_code_cell("", outputs=[out])])).blocks
    assert block == Failure(1, "ValueError", "no", "ValueError: no")


def test_title_and_standfirst_come_from_the_first_heading():
    read = document.read(v4.new_notebook(cells=[v4.new_markdown_cell("# A *b* `c`\n\nUnder\nit.\n\nMore.")]), "x")
    assert (read.title, read.standfirst) == ("A b c", "Under it.")


def test_a_headline_that_a_cell_displayed_stands_in_place_of_the_notebooks_own():
    text = "# Of the day\n\nAbout [two](#fact-x)[≠](#conflict-y)."
    out = v4.new_output("display_data", {"text/markdown": text}, metadata={"handover": {"role": "headline"}})
    cells = [v4.new_markdown_cell("# Own\n\nUnder."), v4.new_code_cell("", outputs=[out]), v4.new_markdown_cell("## A")]
    read = document.read(v4.new_notebook(cells=cells))
    assert (read.title, read.standfirst) == ("Of the day", "About two.")
    assert [block.source for block in read.blocks] == [text, "## A"]


def test_a_heading_that_a_cell_displayed_without_that_role_stays_where_it_is():
    out = v4.new_output("display_data", {"text/markdown": "# Later"}, metadata={"handover": "headline"})
    cells = [v4.new_markdown_cell("# Own"), v4.new_code_cell("", outputs=[out])]
    read = document.read(v4.new_notebook(cells=cells))
    assert (read.title, [block.source for block in read.blocks]) == ("Own", ["# Own", "# Later"])


def test_a_notebook_without_a_heading_is_named_for_its_file():
    assert document.read(v4.new_notebook(), "mini").title == "mini"


def test_injected_parameters_go_over_declared_ones():
    cells = [
        v4.new_code_cell('a: str = "1"\nb = 2\nc = f()', metadata={"tags": ["parameters"]}),
        v4.new_code_cell('a = "9"', metadata={"tags": ["injected-parameters"]}),
    ]
    assert document.read(v4.new_notebook(cells=cells)).parameters == {"a": "9", "b": 2}


def test_arabic_is_written_from_right_to_left():
    cell = v4.new_code_cell('language = "ar"', metadata={"tags": ["parameters"]})
    assert document.read(v4.new_notebook(cells=[cell])).direction == "rtl"


def test_evidence_blocks_are_read_together():
    outs = [v4.new_output("display_data", {EVIDENCE_MIME: part}) for part in ({"conflicts": [1]}, {"conflicts": [2]})]
    read = document.read(v4.new_notebook(cells=[v4.new_code_cell("", outputs=outs)]))
    assert read.evidence == {"conflicts": [1, 2]}


def test_cells_are_numbered_as_in_the_reports_own_file():
    """What papermill injected is no cell of it, and is told with the one before."""
    cells = [
        v4.new_code_cell("a = 1", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("a = 2", metadata={"tags": ["injected-parameters"]}),
        v4.new_code_cell("b"),
    ]
    assert [block.cell for block in document.read(v4.new_notebook(cells=cells)).blocks] == [1, 1, 2]
    assert [block.cell for block in document.read(v4.new_notebook(cells=cells[1:])).blocks] == [1, 2]


def test_a_cell_may_be_left_out():
    cell = v4.new_markdown_cell("SECRET", metadata={"tags": ["remove-cell"]})
    assert document.read(v4.new_notebook(cells=[cell])).blocks == ()
