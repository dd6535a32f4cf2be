import io
import re
import subprocess
from itertools import pairwise

import pdf_samples
import pikepdf
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_layout import evidence
from test_typst import CONFLICT, SOURCE

from handover.document import model
from handover.pages.typst_table import CELLS, ROWS, rows, table
from handover.pages.typst_text import text
from judges import pdftext


def row(*words, **options):
    return tuple(
        model.Cell((model.Plain((model.Text(word),)),), word, x=x, number=word[:1].isdigit(), **options)
        for x, word in enumerate(words)
    )


def written(head, body, printed=table):
    found = model.Table(1, max(cell.x + cell.columns for one in (*head, *body) for cell in one), head, body)
    return printed(found, lambda cell: text(cell.text), "en")


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


def test_in_rows_that_are_lines_no_number_and_no_gap_is_bare():
    made = written((row("Day", "Boats", "Crew", scope="col"),), (row("Monday", "9", "few"), row("", "", ""), ()), rows)
    assert [re.sub(r'[#";]', "", line).replace(r"\u{a0}", " ") for line in made.splitlines()] == [
        "rows-head[strong[Day] · strong[Boats] · strong[Crew]]",
        "rows(table/1/1, [Monday · Boats: 9 · few], [Day: – · Boats: – · Crew: –])",
    ]


def test_of_very_many_rows_that_are_lines_those_in_the_middle_are_left_out():
    before, note, after = written((), tuple(row(str(n)) for n in range(ROWS + 800)), rows).splitlines()
    assert "Left out here: 800 rows" in note and before.count("[") == after.count("[") == ROWS // 2
    assert f'#"{ROWS // 2 - 1}";' in before and f'#"{ROWS // 2 + 800}";' in after


def test_columns_are_measured_by_their_longest_words_and_a_usual_text():
    long = "fewer than two thousand, as it was told"
    body = (row("17 November 2023", "about 2,000", "A" + " b" * 40),) * 19 + (row("May", long, "Anadolu"),)
    measured = re.findall(r'\(\(("[^)]*), \), \("([^"]*)", \)\)', written((), body))
    assert [usual for _, usual in measured] == ["17 November 2023", "about 2,000", "A" + " b" * 36]
    assert '"November"' in measured[0][0] and '"thousand,"' in measured[1][0] and '"Anadolu"' in measured[2][0]


def test_a_word_of_few_but_wide_letters_is_measured_too():
    slim = ["illicit", "filling", "tilting", "lifting", "jilting"]
    body = tuple(row(word, "a", "b") for word in [*slim, "MAMMOW"])
    assert written((), body).count('"MAMMOW", ') == 2


def test_columns_of_long_texts_share_the_room_of_a_page():
    body = (row("2031", "short", "word " * 20), row("2032", "short", "word " * 40))
    usual = re.findall(r'\), \("([^"]*)", \)\)', written((), body))
    assert [*map(len, usual)] == [4, 5, 91]


def test_a_wide_table_is_cut_sooner():
    made = written((), tuple(row(*"abcdefgh") for _ in range(ROWS)))
    assert f"Left out here: {ROWS - CELLS // 8} rows" in made


# on the page


def words(count, letter):
    return [f"{letter}{n}" for n in range(count)]


def frame(*rows):
    return "<table><tr><th>a</th><th>b</th></tr>" + "".join(f"<tr>{one}</tr>" for one in rows) + "</table>"


def cells(*texts):
    return "".join(f"<td>{one}</td>" for one in texts)


#: Where the text of a page may end, in points from its left.
RIGHT = 595.28 - 2.3 * 72 / 2.54
MANY = " ".join(words(2600, "w"))
HEAD, BODY = "<table><thead>{}</thead><tbody>", "<tr><td>1</td><td>2</td></tr></tbody></table>"
TALL = {
    "a cell taller than two pages": frame(cells("x", MANY)),
    "rows that fill two pages": frame(*(cells(f"r{n}", " ".join(words(250, f"c{n}x"))) for n in range(8))),
    "lines": frame(cells("x", "".join(f"<br>{word}" for word in words(150, "w")))),
    "code": frame(cells("x", "<pre>" + "\n".join(words(150, "w")) + "</pre>")),
    "a list": frame(cells("x", "<ul>" + "".join(f"<li>{word}</li>" for word in words(150, "w")) + "</ul>")),
    "a table in a cell": frame(cells("x", frame(*(cells(word, "y") for word in words(100, "w"))))),
    "a tall head": HEAD.format(f"<tr><th>a</th><th>{MANY}</th></tr>") + BODY,
    "many heads": HEAD.format("".join(f"<tr><th>{word}</th><th>b</th></tr>" for word in words(80, "w"))) + BODY,
    "a cell over many rows": frame(f"<th rowspan=150>w</th>{cells('v')}", *(cells(word) for word in words(149, "w"))),
    "a tall cell over many rows": frame(
        f"<td rowspan=3>{MANY}</td>{cells(' '.join(words(600, 'v')))}", cells(" ".join(words(600, "u"))), cells("z")
    ),
    "a thousand rows": frame(*(cells(word, n) for n, word in enumerate(words(1000, "w")))),
}


def lowest(page):
    """How high above the foot of its page the lowest text stands, in points."""
    ctm, kept, found = pikepdf.Matrix(), [], []
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "q":
                kept.append(ctm)
            case "Q":
                ctm = kept.pop()
            case "cm":
                ctm = pikepdf.Matrix(*map(float, operands)) @ ctm
            case "Tm":
                found.append((pikepdf.Matrix(*map(float, operands)) @ ctm).f)
    return min(found)


@pytest.mark.parametrize("html", TALL.values(), ids=TALL)
def test_no_table_loses_a_word_on_paper(html):
    document = pdf_samples.of_cells(pdf_samples.shows({"text/html": html + "<p>after</p>"}))
    made = pdf_samples.typeset(document, pdf_samples.BARE)
    assert not {*re.sub("<[^>]*>", " ", html).split(), "after"} - set(pdftext.whole(made).split())
    with pikepdf.open(io.BytesIO(made)) as opened:
        assert len(opened.pages) > 1 and min(map(lowest, opened.pages)) > 20


def boxes(made, sign):
    """The words of a PDF made of certain signs alone, as (page, left, top, right, text), line by line."""
    run = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=made, check=True, capture_output=True)
    word = re.compile(rf'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax=".*?">({sign}+)</word>')
    for number, page in enumerate(run.stdout.decode().split("<page ")[1:]):
        found = [(*map(float, one[:3]), one[3]) for one in word.findall(page)]
        yield from ((number, *one) for one in sorted(found, key=lambda one: (one[1], one[0])))


WORD = st.text("WMmil.", min_size=1, max_size=24)
ROW = st.lists(WORD, min_size=2, max_size=9)


@given(ROW, st.booleans(), st.booleans())
@example(["MMMMM", "MMMMMM", "MMMMMM", "MMMMMMM", "mMMMMM"], True, False)
@example(["M", "iii", "MMMMM", "MMMMMM", "MMMMMMM"], True, True)
@example(["mm", "mmm", "mmm", "mmmmmmmmWmmmmmmm.mmm"], True, False)
@example(["W" * 20, "...", "W" * 20], True, False)
@example(["M" * 9] * 9, False, False)
@example(["W" * 24] * 9, True, True)
@example(["W" * 24] * 9, False, True)
def test_no_word_of_a_cell_touches_its_neighbour_or_leaves_the_page(said, behind_chart, mono):
    row = cells(*(f"<code>{word}</code>" if mono else word for word in said))
    table = f"<table><tr>{row.replace('td>', 'th>')}</tr><tr>{row}</tr></table>"
    if behind_chart:
        svg = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="30"><rect width="9" height="9"/></svg>'
        drawn = pdf_samples.shows({"image/svg+xml": svg}, {"image/svg+xml": {"alt": "x", "values": table}})
        shown = [drawn, evidence(1)]
    else:
        shown = [pdf_samples.shows({"text/html": table})]
    made = pdf_samples.typeset(pdf_samples.of_cells(pdf_samples.markdown("# Boats"), *shown), pdf_samples.BARE)
    found = list(boxes(made, "[WMmil.]"))
    assert {one[4] for one in found} == set(said)
    assert max(right for _, _, _, right, _ in found) < RIGHT
    # parts of a table stand in both columns of a page, at times on nearly one line
    apart = [b[1] - a[3] for a, b in pairwise(found) if a[0] == b[0] and abs(a[2] - b[2]) < 1 and a[1] < b[1]]
    assert all(gap > 3 for gap in apart)


def test_a_long_word_of_a_topic_stays_in_its_column():
    conflict = CONFLICT | {"topic": "W" * 40}
    quarrel = pdf_samples.shows(
        {pdf_samples.EVIDENCE: {"heading": "Evidence", "facts": [], "sources": [SOURCE], "conflicts": [conflict]}}
    )
    made = pdf_samples.typeset(pdf_samples.of_cells(pdf_samples.markdown("# Boats"), quarrel), pdf_samples.BARE)
    assert max(right for _, _, _, right, _ in boxes(made, "W")) < 145


def test_each_part_of_a_wide_table_has_the_names_of_its_rows_and_says_which_it_is():
    heads = "|".join(f"column number {n}" for n in range(30))
    lines = [f"|{heads}|", "|-" * 30 + "|", *(f"|name{n}|" + "|".join(words(29, f"r{n}x")) + "|" for n in range(3))]
    said = pdf_samples.text(pdf_samples.markdown("\n".join(lines)))
    parts = re.findall(r"Part (\d) of (\d)", said)
    assert parts == [(str(n), str(len(parts))) for n in range(1, len(parts) + 1)] and len(parts) > 2
    assert said.count("name0") == said.count("name2") == len(parts)
    assert not {word for n in range(3) for word in words(29, f"r{n}x")} - set(said.split())


def test_a_list_in_a_cell_is_one_and_the_rows_of_a_table_in_a_cell_are_lines():
    inner, between = frame(cells("y", "z")), r'#"y\u{a0}· z";'
    made = pdf_samples.source(pdf_samples.shows({"text/html": frame(cells("<ul><li>x</li></ul>", inner))}))
    assert "#list(" in made and made.count("#grid-of(") == 1 and between in made
    listed = pdf_samples.source(pdf_samples.shows({"text/html": frame(cells(f"<ul><li>x{inner}</li></ul>", "w"))}))
    assert listed.count("#grid-of(") == 1 and between in listed


@pytest.mark.parametrize(
    "html",
    [
        "<thead><tr></tr></thead><tr><td>a</td></tr>",
        "<tr></tr><tr><td>a</td></tr><tr></tr>",
        "<tr><th>a</th></tr><tr><td>b</td><td>c</td></tr>",
        "<tr><td rowspan=9>a</td></tr>",
    ],
)
def test_rows_without_cells_and_ragged_ones_are_set(html):
    found = pdf_samples.text(pdf_samples.shows({"text/html": f"<table>{html}</table>"}))
    assert not set(re.sub("<[^>]*>", " ", html).split()) - set(found.split())


def test_a_cell_keeps_its_colours():
    tints = [model.Tint("#fde725", "#000000", "#000000"), model.Tint("", "#e60000", "#ff0000")]
    made = written((), (row("a", tint=tints[0]), row("b", tint=tints[1]), row("c")))
    assert 'fill: rgb("#fde725"))[#text(fill: rgb("#000000"))[#"a";];]' in made
    assert 'table.cell(x: 0, y: 1)[#text(fill: rgb("#e60000"))[#"b";];]' in made and '2)[#"c";]' in made
