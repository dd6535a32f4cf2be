"""Every node of a document as HTML, as a reader gets it."""

import base64
import io
import re

import pytest
from lxml import html as lxml_html
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from handover.document import model, read
from handover.pages.html_printer import Printer

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 10"><path d="M0 0"/></svg>'
LONG = "a sentence of more letters than a narrow column can hold without breaking each word"


def png():
    from PIL import Image

    held = io.BytesIO()
    Image.new("RGB", (4, 2)).save(held, "PNG")
    return base64.b64encode(held.getvalue()).decode()


PNG = png()


def printed(*cells):
    document = read(new_notebook(cells=[new_markdown_cell("# taken"), *cells]))
    return "".join(Printer(document).parts(document.parts))


def md(source, attachments=None):
    return printed(new_markdown_cell(source, attachments=attachments or {}))


def shown(data, about=None):
    """What a cell displayed, its code left out."""
    (mime,) = data
    return printed(new_code_cell("", outputs=[new_output("display_data", data, metadata={mime: about or {}})]))


def html(source):
    return shown({"text/html": source})


def figure(data=SVG, mime="image/svg+xml", **about):
    return shown({mime: data}, {"alt": "Alt", **about})


# running text and blocks


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("a  \nb", "<p>a<br>\nb</p>"),
        ("~~a~~ **b** *c*", "<p><del>a</del> <strong>b</strong> <em>c</em></p>"),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>"),
        ("---", "<hr>"),
        ("t\n: d", "<dl>\n<dt>t</dt>\n<dd>d</dd>\n</dl>"),
        ("3. a\n4. b\n   - c", '<ol start="3">\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul></li>\n</ol>'),
        ("$\\no{<b>}$", '<p><span role="math" aria-label="\\no{&lt;b&gt;}"><code>\\no{&lt;b&gt;}</code></span> '
         '<span class="note">(LaTeX, shown as its source)</span></p>'),
        ("$x<y$", "<p><math><semantics><mrow><mi>x</mi><mo>&lt;</mo><mi>y</mi></mrow>"
         '<annotation encoding="application/x-tex">x&lt;y</annotation></semantics></math></p>'),
        ("$$\ny\n$$", '<p class="display"><math display="block"><semantics><mrow><mi>y</mi></mrow>'
         '<annotation encoding="application/x-tex">y</annotation></semantics></math></p>'),
        ("$\\newcommand{\\R}{\\mathbb{R}}$ x", "<p> x</p>"),
        ("a &amp; &lt;i&gt; `<b>`", "<p>a &amp; &lt;i&gt; <code>&lt;b&gt;</code></p>"),
        ('{{7*7}} #read("x")', "<p>{{7*7}} #read(&#34;x&#34;)</p>"),
        ("a\u202eb\ud800", "<p>a[U+202E]b\ufffd</p>"),
        ('<b onclick="x()" class="card">b</b>', "<p><b>b</b></p>"),
        ("[x](https://example.org/?a=1&b=2 't')",
         '<p><a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer" title="t">x</a></p>'),
        ("[x](data/x.csv)", '<p>x <span class="note">(data/x.csv)</span></p>'),
        ("## A b\n\n[x](#A-b)", '<h2 id="a-b">A b</h2>\n<p><a href="#a-b">x</a></p>'),
        ("<a id='here'></a>x", '<p><span id="here"></span>x</p>'),
        ("<details><summary>S</summary>\n\n**md**\n\n</details>",
         "<details><summary>S</summary>\n<p><strong>md</strong></p>\n</details>"),
        ("![far](https://x.example/a.png)",
         '<p><span class="note">[Image that is not in this file: far (https://x.example/a.png)]</span></p>'),
    ],
)  # fmt: skip
def test_markdown(source, written):
    assert md(source) == written


def test_tasks_say_whether_they_are_done():
    written = md("- [ ] a\n- [x] b")
    assert 'aria-label="To do"></span> a' in written and 'aria-label="Done"></span> b' in written


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("<div lang=ar dir=rtl><p>x</p></div>", '<div lang="ar" dir="rtl"><p>x</p></div>'),
        ("<pre> a\n b</pre>", "<pre> a\n b</pre>"),
        ("<abbr title=t>x</abbr>", '<p><abbr title="t">x</abbr></p>'),
        ("<script>x</script>",
         '<p><span class="note">Cell 2 shows something interactive that has no printed form.</span></p>'),
    ],
)  # fmt: skip
def test_html(source, written):
    assert html(source) == f'<div class="output">{written}</div>'


def test_code_is_coloured_by_language_and_plain_in_an_unknown_one():
    assert '<span class="k">def</span>' in md("```python\ndef f(): pass\n```")
    assert "<code>graph TD; A--&gt;B</code>" in md("```mermaid\ngraph TD; A-->B\n```")


def test_an_image_keeps_its_place_while_it_loads_and_says_if_it_has_no_description():
    held = {"a.png": {"image/png": PNG}}
    size = 'width="4" height="2"'
    image = f'<img src="data:image/png;base64,{PNG}" alt='
    assert md("![near](attachment:a.png)", held) == f'<p>{image}"near" {size}></p>'
    note = "Figure without a description"
    assert md("![](attachment:a.png)", held) == f'<p>{image}"{note}" {size}> <span class="note">{note}</span></p>'


# tables


def test_a_table_has_heads_with_a_scope_and_numbers_in_line():
    written = md("| a | n | r |\n|:-:|---|--:|\n| x | 1,042 | y |")
    assert written == (
        '<div class="table"><table><thead><tr><th scope="col" class="mid">a</th><th scope="col" class="num">n</th>'
        '<th scope="col" class="num">r</th></tr></thead><tbody><tr><td class="mid">x</td><td class="num">1,042</td>'
        '<td class="num">y</td></tr></tbody></table></div>'
    )


def test_a_wide_table_has_room_to_scroll_under_its_name():
    rows = "<tr><th colspan=3>a</th><th>b</th></tr><tr><th>1</th><td rowspan=2>2</td><td>3</td><td>4</td></tr><tr></tr>"
    root = lxml_html.fragment_fromstring(html(f"<table><caption>C <b>d</b></caption>{rows}</table>"))[0]
    assert dict(root.attrib) == {
        "class": "table scroll", "role": "region", "tabindex": "0", "aria-label": "Table 1 C d"
    }  # fmt: skip
    assert [dict(cell.attrib) for cell in root.iter("th")] == [
        {"colspan": "3", "scope": "colgroup"}, {"scope": "col", "class": "num"}, {"scope": "row", "class": "row"}
    ]  # fmt: skip


def test_a_table_of_long_texts_can_be_stacked_with_each_cell_under_its_name():
    head = "<thead><tr><th>When</th><th>Who</th><th></th></tr></thead>"
    written = html(f"<table>{head}<tr><td>May</td><td>A</td><td>{LONG}</td></tr></table>")
    assert '<div class="table stacked">' in written
    assert f'<td>May</td><td data-label="Who">A</td><td>{LONG}</td>' in written


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
    written = html(f"<table>{table}</table>")
    assert "stacked" not in written and "data-label" not in written


# figures


def test_a_figure_has_title_measure_image_credit_and_values_in_order():
    values = "<table><tr><th>Day</th></tr><tr><td>Monday<script>x</script></td></tr></table>"
    written = figure(title="A *title*", subtitle="Measure", credit="Source: us", values=values)
    folded = '<details class="values"><summary>Values</summary>'
    order = [written.index(part) for part in ("A <em>title</em>", "Measure", "<svg", "Source: us", folded, "Monday")]
    assert order == sorted(order)
    assert "note" not in written and ">A title</title>" in written and "script" not in written


def test_a_drawing_is_named_and_described_and_takes_its_place():
    written = figure(title='A *b* & "c"', alt="What it shows")
    assert 'class="full" role="img" aria-labelledby="figure-1-title figure-1-desc"' in written
    assert (
        '<title id="figure-1-title">A b &amp; &#34;c&#34;</title><desc id="figure-1-desc">What it shows</desc>'
        in written
    )
    assert '<figure class="half">' in figure(SVG.replace("500", "300"))
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="half"' in figure('<svg xmlns="http://www.w3.org/2000/svg"/>')


def test_a_figure_without_a_description_says_so_to_everybody():
    note = '<p class="note">Figure without a description</p>'
    for written in (figure(alt=""), figure(PNG, "image/png", alt="")):
        assert note in written and written.count("Figure without a description") == 2
    own = SVG.replace("<path", "<desc>its own words</desc><path")
    assert "its own words</desc>" in figure(own, alt="") and "note" not in figure(own, alt="")


def test_a_figure_that_cannot_be_read_says_so():
    for written in (figure("<p>"), figure("", "image/png")):
        assert written == '<figure>\n<p class="note">Figure that cannot be read</p>\n</figure>'


def test_a_figure_may_have_a_second_drawing_for_narrow_screens():
    wide, narrow = (SVG.replace("500", width).replace("<path", '<path id="m"') for width in ("500", "300"))
    wide, narrow = (drawing.replace("</svg>", '<use href="#m"/></svg>') for drawing in (wide, narrow))
    written = figure(wide, narrow=narrow)
    assert re.findall(r'<svg [^>]*class="([^"]+)"', written) == ["full wide", "half narrow"]
    ids = re.findall(r' id="([^"]+)"', written)
    assert len(ids) == len(set(ids)) == 6
    assert written.startswith("<figure>"), "its width is that of the wide one"
    for none in ("", "<p>"):
        assert re.findall(r'<svg [^>]*class="([^"]+)"', figure(wide, narrow=none)) == ["full"]


# cells


def test_code_is_gathered_cell_by_cell_and_linked_from_where_it_stood():
    cells = [new_code_cell(source) for source in ("a = 1", "b", "c<d")]
    cells[1].metadata["tags"] = ["injected-parameters"]
    document = read(new_notebook(cells=[*cells[:2], new_markdown_cell("x"), cells[2]]))
    printer = Printer(document)
    assert printer.all_code() == ""
    first, _, second = printer.parts(document.parts)
    assert first == '<p class="label source"><a href="#cell-1">Code, cell 1</a></p>' and ">Code, cell 3</a>" in second
    gathered = printer.all_code()
    assert gathered.startswith('<details class="code"><summary>Code of this report, cell by cell</summary>')
    assert [part[:8] for part in gathered.split('<div id="')[1:]] == ['cell-1">', 'cell-3">']
    assert gathered.count(">Cell 1<") == 1 and gathered.count("<pre") == 3 and "c<d" not in gathered


def test_neighbouring_cells_have_one_link():
    cells = [new_code_cell("a"), new_code_cell("b")]
    assert printed(*cells) == '<p class="label source"><a href="#cell-2">Code, cells 2 to 3</a></p>'


def test_messages_are_marked_as_such_and_long_ones_say_what_is_left_out():
    out = new_output("stream", name="stderr", text="careful <b>")
    written = printed(new_code_cell("", outputs=[out]))
    assert '<p class="label">Warnings and messages, cell 2</p>' in written and "careful &lt;b&gt;" in written
    written = shown({"text/plain": "x" * 50_000})
    assert written.count("<pre") == 2 and '<p class="note">Left out here: 30,000 characters</p>' in written


def test_a_failure_says_which_cell_and_folds_the_trace():
    def failed(value, trace):
        return printed(new_code_cell("", outputs=[new_output("error", ename="E", evalue=value, traceback=trace)]))

    assert "<strong>Cell 2 failed:</strong> E: bad &lt;x&gt;</p><details><summary>Traceback</summary>" in failed(
        "bad <x>", ["Trace", "back"]
    )
    assert "<details" not in failed("v", [])
    assert '<strong>Cell 2 failed:</strong> E</p><pre dir="auto">yyy' in failed("y" * 400, [])


def test_what_no_page_knows_is_a_fault():
    printer = Printer(read(new_notebook()))
    for printed_by, node in ((printer.parts, "x"), (printer.blocks, model.Text("x")), (printer.inlines, model.Rule())):
        with pytest.raises(TypeError):
            printed_by([node])
