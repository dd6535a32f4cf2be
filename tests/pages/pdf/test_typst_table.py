import re

import pytest

from handover.document import model
from handover.pages.typst_table import ROWS, table
from handover.pages.typst_text import text


def row(*words, **options):
    return tuple(
        model.Cell((model.Plain((model.Text(word),)),), word, x=x, number=word[:1].isdigit(), **options)
        for x, word in enumerate(words)
    )


def written(head, body, **options):
    found = model.Table(1, max(cell.x + cell.columns for one in (*head, *body) for cell in one), head, body)
    return table(found, lambda cell: text(cell.text), "en", **options)


def test_a_column_of_numbers_stands_right_with_its_heading():
    heads = row("what", "how many", scope="col")
    assert written((heads,), (row("a", "1,200"), row("b", ""), row("c", "12 %"))).count("align: end") == 4
    assert "align: end" not in written((heads,), (row("a", "1,200"), row("b", "about 3")))


def test_an_alignment_that_was_asked_for_holds():
    assert "align: center" in written((), (row("1", align="center"),))


def test_head_and_body_are_told_apart():
    made = written((row("h", scope="col"),), (row("b"),))
    assert re.search(r'table\.header\(table\.cell\(x: 0, y: 0[^[]*\[#strong\[#"h";\];\]\)', made)
    assert 'table.cell(x: 0, y: 1)[#"b";]' in made


def test_a_wide_table_is_set_in_parts_that_repeat_what_names_the_rows():
    heads = ["", *(f"column number {n}" for n in range(30))]
    body = (model.Cell((), "name", scope="row"), *row(*heads)[1:])
    made = written((row(*heads, scope="col"),), (body,))
    parts = made.split("#grid-of(")[1:]
    assert len(parts) > 2
    assert all('#"name";' in part for part in parts)
    assert all(f'#"{word}";' in made for word in heads[1:])


@pytest.mark.parametrize(("count", "left_out"), [(ROWS, ""), (ROWS + 800, "Left out here: 800 rows")])
def test_a_long_table_says_how_much_of_it_is_left_out(count, left_out):
    made = written((), tuple(row(str(n)) for n in range(count)))
    assert left_out in made
    assert '#"0";' in made and f'#"{count - 1}";' in made
    assert ("Left out" in made) is (f'#"{count - ROWS // 2 - 1}";' not in made) is bool(left_out)


def test_a_cell_spans_no_row_that_is_left_out():
    first = model.Cell((), "tall", rows=ROWS + 9, x=0)
    assert f"rowspan: {ROWS}" in written((), ((first,), *(row(str(n)) for n in range(ROWS + 8))))


def test_a_short_table_is_kept_on_one_page():
    assert "whole: true" in written((), (row("a"),) * 5)
    assert "whole: false" in written((), (row("a"),) * 50)
    assert "whole: false" in written((), (row("a"),) * 5, column=True)


@pytest.mark.parametrize("words", [["unquestionable"] * 6, list("abcdefghijklmnopqrstuvwxyzabcdefgh")])
def test_a_column_too_narrow_to_be_shared_out_is_left_to_the_typesetter(words):
    assert f"columns: {len(words)}," in written((), (row(*words),), column=True)


def test_most_cells_of_a_small_table_stand_on_one_line():
    rows = (row("17 November 2023", "about 2,000", "A"),) * 9 + (row("May", "fewer than two thousand", "Anadolu"),)
    assert "columns: (16fr, 11fr, 8fr,)," in written((), rows, column=True)


def test_columns_of_long_texts_share_the_room_of_a_page():
    rows = (row("2031", "short", "word " * 20), row("2032", "short", "word " * 40))
    assert re.search(r"columns: \(6fr, 7fr, 9\dfr,\)", written((), rows))
