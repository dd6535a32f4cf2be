"""Code, figures, output and failures."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from handover.document import read
from handover.pages.html_printer import Printer
from handover.text import CHARACTERS, cut, legible

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 10"><path d="M0 0"/></svg>'


@pytest.fixture
def sheet():
    return Sheet(words.of("en"), Ledger())


def test_a_figure_without_a_description_says_so_to_everybody(sheet):
    shown = str(blocks.figure(document.Figure(1, "png", PNG, alt=""), sheet))
    assert 'alt="Figure without a description"' in shown
    assert '<p class="note">Figure without a description</p>' in shown
    drawn = str(blocks.figure(document.Figure(1, "svg", SVG, alt=""), sheet))
    assert "<desc" in drawn and '<p class="note">Figure without a description</p>' in drawn


def test_a_figure_that_cannot_be_read_says_so(sheet):
    assert "Figure that cannot be read" in str(blocks.figure(document.Figure(1, "svg", "<p>", alt="a"), sheet))
    assert "Figure that cannot be read" in str(blocks.figure(document.Figure(1, "png", b"", alt="a"), sheet))


def test_a_figure_has_title_measure_image_and_credit_in_order(sheet):
    block = document.Figure(1, "svg", SVG, alt="Alt", title="A *title*", subtitle="Measure", credit="Source: us")
    shown = str(blocks.figure(block, sheet))
    order = [shown.index(part) for part in ("A <em>title</em>", "Measure", "<svg", "Source: us")]
    assert order == sorted(order)
    assert "note" not in shown and ">A title</title>" in shown


def test_a_figure_may_have_a_second_drawing_for_narrow_screens(sheet):
    wide, narrow = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 9"><path id="m" d="M0 0"/><use href="#m"/></svg>'
        for width in (500, 300)
    )
    shown = str(blocks.figure(document.Figure(1, "svg", wide, alt="Alt", title="A title", narrow=narrow), sheet))
    assert re.findall(r'<svg [^>]*class="([^"]+)"', shown) == ["full wide", "half narrow"]
    ids = re.findall(r' id="([^"]+)"', shown)
    assert len(ids) == len(set(ids)) == 6
    assert shown.startswith("<figure>"), "its width is that of the wide one"


@pytest.mark.parametrize("narrow", ["", "<p>"])
def test_a_figure_without_a_second_drawing_is_shown_on_every_screen(sheet, narrow):
    shown = str(blocks.figure(document.Figure(1, "svg", SVG, alt="Alt", narrow=narrow), sheet))
    assert re.findall(r'<svg [^>]*class="([^"]+)"', shown) == ["full"]


def test_the_values_of_a_figure_are_folded_under_it_and_made_safe(sheet):
    values = "<table><tr><th>Day</th></tr><tr><td>Monday<script>x</script></td></tr></table>"
    shown = str(blocks.figure(document.Figure(1, "svg", SVG, alt="Alt", credit="Source: us", values=values), sheet))
    assert shown.index("Source: us") < shown.index('<details class="values"><summary>Values</summary>')
    assert "Monday" in shown and "script" not in shown


def test_a_png_keeps_its_place_while_it_loads(sheet):
    assert 'width="1" height="1"' in str(blocks.figure(document.Figure(1, "png", PNG, alt="a"), sheet))


def test_code_is_gathered_cell_by_cell_and_linked_from_where_it_stood(sheet):
    assert blocks.all_code(sheet) == ""
    cells = [document.Code(2, "a = 1", "python"), document.Code(3, "b", "python")]
    assert str(blocks.code(cells, sheet)) == '<p class="label source"><a href="#cell-2">Code, cells 2 to 3</a></p>'
    assert ">Code, cell 7</a>" in str(blocks.code([document.Code(7, "c<d", "python")], sheet))
    gathered = str(blocks.all_code(sheet))
    assert gathered.startswith('<details class="code"><summary>Code of this report, cell by cell</summary>')
    assert [part[:8] for part in gathered.split('<div id="')[1:]] == ['cell-2">', 'cell-7">']
    assert gathered.index(">Cell 2<") < gathered.index("a ") < gathered.index(">Cell 3<") < gathered.index(">Cell 7<")
    assert "c<d" not in gathered


def test_what_was_injected_is_told_with_the_cell_that_it_fills(sheet):
    cells = [document.Code(2, "a = 1", "python"), document.Code(2, "a = 2", "python")]
    assert ">Code, cell 2</a>" in str(blocks.code(cells, sheet))
    gathered = str(blocks.all_code(sheet))
    assert gathered.count(">Cell 2<") == 1 and gathered.count("<pre") == 2


def test_code_shows_what_would_turn_its_order():
    assert legible("a\u202e\u2066b", code=True) == "a[U+202E][U+2066]b"
    assert legible("a\u2066b") == "a\u2066b"


def test_long_output_is_cut_in_the_middle_and_says_by_how_much(sheet):
    shown = str(blocks.text(document.Text(1, "\n".join(f"line {n}" for n in range(1000))), sheet))
    assert "line 99\n" not in shown and "line 99<" in shown and "line 100\n" not in shown and "line 900\n" in shown
    assert "Left out here: 800 lines, 7,201 characters" in shown
    shown = str(blocks.text(document.Text(1, "x" * 50_000), sheet))
    assert "Left out here: 30,000 characters" in shown


@pytest.mark.parametrize("text", ["a", "a\n" * 199, "x" * CHARACTERS])
def test_output_of_bearable_length_is_whole(text):
    assert cut(text) == (text, 0, 0, "")


@pytest.mark.parametrize("text", ["a\n" * 5000, "x" * 90_000, ("y" * 999 + "\n") * 150, ("z" * 300 + "\n") * 900])
def test_nothing_is_lost_uncounted(text):
    head, _, gone, tail = cut(text)
    assert len(head) + gone + len(tail) == len(text)
    assert text.startswith(head) and text.endswith(tail)
    assert len(head) + len(tail) <= CHARACTERS


def test_messages_are_marked_as_such(sheet):
    shown = str(blocks.text(document.Text(4, "careful <b>", "stderr"), sheet))
    assert '<p class="label">Warnings and messages, cell 4</p>' in shown and "careful &lt;b&gt;" in shown


def test_a_failure_says_which_cell_and_folds_the_trace(sheet):
    shown = str(blocks.failure(document.Failure(7, "ValueError", "bad <x>", "Trace\nback"), sheet))
    assert "<strong>Cell 7 failed:</strong> ValueError: bad &lt;x&gt;" in shown
    assert "<details><summary>Traceback</summary>" in shown
    assert "<details" not in str(blocks.failure(document.Failure(7, "E", "v", ""), sheet))


def test_latex_output_keeps_its_text(sheet):
    assert 'aria-label="\\frac{a}{b}"' in str(blocks.formula(document.Maths(1, "$\\frac{a}{b}$")))


def test_mark_up_made_legible_is_text_again():
    assert type(legible(Markup("<b>"))) is type(legible(Markup("<b>\x00"))) is str


@given(st.text(st.characters(exclude_categories=())), st.booleans())
def test_what_is_legible_holds_nothing_that_turns_or_cannot_be_written(text, code):
    found = legible(text, code=code)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e]", found)
    assert not code or not re.search("[\u2066-\u2069]", found)
    assert found == text or not text.isprintable()
