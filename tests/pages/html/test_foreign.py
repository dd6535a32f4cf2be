"""HTML output of cells: safe, in order, and with tables that can be read."""

import pandas as pd
import pytest
from lxml import html as lxml_html

from handover.document import foreign, sanitise, words
from handover.document.ledger import Ledger
from handover.pages.html import tables
from handover.pages.html.sheet import Sheet


def render(source, targets=None):
    return str(foreign.render(source, Sheet(words.of("en"), Ledger(), targets=targets or {})))


@pytest.mark.parametrize(
    "source",
    ["<script>alert(1)</script>", "<div></div>", "", " ", "<style>a{}</style>",
     "<div id='plot'></div><script>x</script>"],
)  # fmt: skip
def test_what_has_nothing_to_show_is_nothing(source):
    assert render(source) == ""


def test_an_output_that_cannot_be_printed_says_so(write):
    from nbformat.v4 import new_code_cell, new_output

    output = new_output("display_data", data={"text/html": "<div id='p'></div><script>plot()</script>"})
    assert "Cell 1 shows something interactive that has no printed form." in write(new_code_cell("x", outputs=[output]))


@pytest.mark.parametrize(
    "source",
    ["<img src=x onerror=alert(1)>", "<p style='background:url(//alert)'>t</p>", "<a href='javascript:alert(1)'>t</a>",
     "<form action=//alert><input onfocus=alert(1)></form>t", "<img src='http://alert.example/x'>",
     "<table background='//alert'><tr><td>t</table>", "<math><mtext><mglyph><style><img src onerror=alert(1)>",
     "<img src='data:text/html,alert'>", "<svg><a xlink:href='javascript:alert(1)'>t</a></svg>",
     "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>t", "<x onclick=alert(1)>t</x>",
     "<p lang='\"alert'>t</p>", "<p dir=alert>t</p>", "<td class=alert>t", "<div contenteditable=alert>t</div>"],
)  # fmt: skip
def test_nothing_acts(source):
    shown = render(source)
    root = lxml_html.fragment_fromstring(f"<div>{shown}</div>")
    attributes = {(e.tag, key) for e in root.iter() for key in e.attrib}
    assert attributes <= {("span", "class"), ("img", "alt"), ("img", "src"), ("div", "class"), ("table", "class")}
    assert "alert" not in shown.replace("&lt;", "")


def test_headings_join_the_page_s_own():
    assert render("<h1>a</h1><h4>b</h4><h2></h2>") == '<h2 id="a">a</h2><h3 id="b">b</h3><div></div>'


def test_a_frame_is_a_table_with_scopes_and_numbers_in_line():
    frame = pd.DataFrame({"name": ["x", "y"], "n": [1000, -2], "share": [0.5, None], "day": ["1 May", "2 May"]})
    root = lxml_html.fragment_fromstring(render(frame.to_html()))
    assert root.get("role") == "region" and root.get("tabindex") == "0" and root.get("aria-label") == "Table 1"
    heads = root.findall(".//thead//th")
    assert [(h.text, h.get("scope"), h.get("class")) for h in heads] == [
        ("name", "col", None), ("n", "col", "num"), ("share", "col", "num"), ("day", "col", None)
    ]  # fmt: skip
    assert root.find(".//thead/tr")[0].tag == "td", "an empty head heads nothing"
    assert [h.get("scope") for h in root.findall(".//tbody//th")] == ["row", "row"]
    assert [cell.get("class") for cell in root.findall(".//tbody/tr")[1][1:]] == [None, "num", "num", None]


def test_grouped_heads_have_grouped_scopes():
    frame = pd.DataFrame({"k": ["a", "a", "b"], "n": [1, 2, 3]}).groupby("k")[["n"]].agg(["sum", "mean"])
    root = lxml_html.fragment_fromstring(render(frame.to_html()))
    assert [h.get("scope") for h in root.findall(".//thead//th")] == ["colgroup", "col", "col", "col"]


def test_a_styled_frame_loses_its_style_and_keeps_its_caption():
    styled = pd.DataFrame({"n": [1]}).style.highlight_max().set_caption("A caption").to_html()
    shown = render(styled)
    assert "<style" not in shown and "style=" not in shown and "<caption>A caption</caption>" in shown


LONG = "a sentence of more letters than a narrow column can hold without breaking each word"


def test_a_table_of_long_texts_can_be_stacked_with_each_cell_under_its_name():
    head = "<thead><tr><th>When</th><th>Who</th><th></th></tr></thead>"
    shown = render(f"<table>{head}<tr><td>May</td><td>A</td><td>{LONG}</td></tr></table>")
    assert '<div class="table stacked">' in shown
    assert f'<td>May</td><td data-label="Who">A</td><td>{LONG}</td>' in shown


@pytest.mark.parametrize(
    "table",
    [
        "<thead><tr><th>a</th><th>b</th><th>c</th></tr></thead><tr><td>short</td><td>1</td><td>2</td></tr>",
        f"<thead><tr><th>a</th><th>b</th></tr></thead><tr><td>{LONG}</td><td>1</td></tr>",
        f"<tr><td>{LONG}</td><td>1</td><td>2</td></tr>",
        f"<thead><tr><th>a</th><th>b</th><th>c</th></tr></thead><tr><td colspan=2>{LONG}</td><td>2</td></tr>",
        "<thead><tr><th>a</th><th>b</th><th>c</th></tr></thead>",
    ],
)
def test_a_table_of_short_texts_few_columns_or_none_that_are_named_is_not(table):
    shown = render(f"<table>{table}</table>")
    assert "stacked" not in shown and "data-label" not in shown


def test_tables_within_tables_and_spans_out_of_measure():
    shown = render("<table><tr><td colspan=99999>a<td rowspan=0><table><tr><td>b</table></table>")
    assert "99999" not in shown and shown.count("<table") == 2


@pytest.mark.parametrize("text", ["1", "1,042", "-3.5", "−4 %", "$5", "1e-5", "NaN", "—", "~300", "≥ 2"])
def test_numbers(text):
    assert tables.numeric(text)


@pytest.mark.parametrize("text", ["", "a", "1 May", "2026-01-17", "3rd", "v1.2a"])
def test_what_is_no_number(text):
    assert not tables.numeric(text)


def test_images_stay_only_with_their_data():
    assert "Image that is not in this file far" in render("<img src='http://x/y.png' alt=far>")
    assert 'alt="Figure without a description"' in render("<img src='data:image/png;base64,aaaa'>")
    assert sanitise.image("data:image/png;base64,aa==")
    assert not sanitise.image('data:image/png,"><script>')


def test_details_without_a_summary_are_shown():
    assert "<details" not in render("<details>text</details>")
    assert "<details><summary>s</summary>text</details>" in render(
        "<details ontoggle=x><summary>s</summary>text</details>"
    )


def test_ids_stay_unique_and_links_find_them():
    assert render("<p id=a>1</p><p id=a>2</p>") == '<p id="a">1</p><p id="a-2">2</p>'
    assert '<a href="#a">x</a>' in render("<a href='#a'>x</a>", {"a": "a"})
    assert render("<a href='#b'>x</a>") == "<span>x</span>"
