import re

import pytest
from handover.pages.typst.tables import COLUMNS, ROWS, Cell, table


def row(*words, header=False):
    return [Cell(f'#"{word}";', word, header) for word in words]


def places(written):
    return re.findall(r"x: (\d+), y: (\d+)(?:, colspan: (\d+))?(?:, rowspan: (\d+))?", written)


def test_an_empty_table_is_nothing():
    assert table("en", [], []) == ""
    assert table("en", [], [[]]) == ""


def test_cells_flow_around_what_spans_rows():
    body = [[Cell("a", "a", rows=2), Cell("b", "b")], [Cell("c", "c")]]
    assert places(table("en", [], body)) == [("0", "0", "", "2"), ("1", "0", "", ""), ("1", "1", "", "")]


def test_spans_that_reach_out_of_the_table_are_clipped():
    written = table("en", [], [[Cell("a", "a", columns=9999, rows=9999)], [Cell("b", "b")]])
    assert all(int(width or 1) <= COLUMNS and int(height or 1) <= 2 for _, _, width, height in places(written))


def test_a_span_stops_before_a_cell_that_is_there():
    body = [[Cell("a", "a"), Cell("b", "b", rows=2)], [Cell("c", "c", columns=2)]]
    assert places(table("en", [], body)) == [("0", "0", "", ""), ("1", "0", "", "2"), ("0", "1", "", "")]


def test_a_column_of_numbers_stands_right_with_its_heading():
    written = table("en", [row("what", "how many", header=True)], [row("a", "1,200"), row("b", "–"), row("c", "12 %")])
    assert written.count("align: end") == 4


@pytest.mark.parametrize("words", [("1", "b"), ("17 January 2026",), ("1a2b",), ("",)])
def test_a_column_that_is_not_all_numbers_stands_left(words):
    assert "align: end" not in table("en", [], [row(word) for word in words])


def test_an_alignment_that_was_asked_for_holds():
    assert "align: center" in table("en", [], [[Cell("1", "1", align="center")]])


def test_head_and_body_are_told_apart():
    written = table("en", [row("h")], [row("b")])
    assert re.search(r'table\.header\(table\.cell\(x: 0, y: 0[^[]*\[#strong\[#"h";\];\]\)', written)


def test_a_wide_table_is_set_in_parts_that_repeat_what_names_the_rows():
    names = [Cell('#place-of("x1");#"name";', "name", header=True)]
    wide = [f"column number {n}" for n in range(30)]
    written = table("en", [row("", *wide, header=True)], [names + row(*wide)])
    parts = written.split("#grid-of(")[1:]
    assert len(parts) > 2
    assert all('#"name";' in part for part in parts)
    assert written.count('#place-of("x1")') == 1
    assert all(f'#"{word}";' in written for word in wide)


def test_a_long_table_says_how_much_of_it_is_left_out():
    written = table("en", [], [row(str(n)) for n in range(ROWS + 800)])
    assert "Left out here: 800 rows" not in table("en", [], [row(str(n)) for n in range(ROWS)])
    assert f"Left out here: {ROWS + 800 - ROWS:,} rows" in written
    assert '#"0";' in written
    assert f'#"{ROWS + 799}";' in written
    assert f'#"{ROWS}";' not in written


def test_a_short_table_is_kept_on_one_page():
    assert "whole: true" in table("en", [], [row("a")] * 5)
    assert "whole: false" in table("en", [], [row("a")] * 50)


@pytest.mark.parametrize("words", [["unquestionable"] * 6, list("abcdefghijklmnopqrstuvwxyzabcdefgh")])
def test_a_column_too_narrow_to_be_shared_out_is_left_to_the_typesetter(words):
    assert f"columns: {len(words)}," in table("en", [], [row(*words)], small=True)


def test_most_cells_of_a_small_table_stand_on_one_line():
    rows = [row("17 November 2023", "about 2,000", "A")] * 9 + [row("May", "fewer than two thousand", "Anadolu")]
    assert "columns: (16fr, 11fr, 8fr,)," in table("en", [], rows, small=True)


def test_a_small_table_says_so():
    assert "small: true" in table("en", [], [row("a")], small=True)
    assert "small" not in table("en", [], [row("a")])
