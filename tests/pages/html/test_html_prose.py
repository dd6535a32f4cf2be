"""Markdown of every kind, as a reader gets it."""

import base64
import io

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from handover.document import read
from handover.pages.html_printer import Printer


def png():
    from PIL import Image

    held = io.BytesIO()
    Image.new("RGB", (4, 2)).save(held, "PNG")
    return base64.b64encode(held.getvalue()).decode()


PNG = png()


def render(source, attachments=None):
    cells = [new_markdown_cell("# taken"), new_markdown_cell(source, attachments=attachments or {})]
    document = read(new_notebook(cells=cells))
    return "".join(Printer(document).parts(document.parts))


@pytest.mark.parametrize(
    "link",
    ["[x](javascript:alert(1))", "[x](JaVaScript:alert(1))", "[x](data:text/html,y)", "[x](vbscript:y)",
     "[x](file:///etc/passwd)", "[x](#nowhere)", "<a href='javascript:alert(1)'>x</a>", "<a href='#nowhere'>x</a>",
     "<a href=' java\tscript:alert(1)'>x</a>", "[x](java&#115;cript:alert(1))"],
)  # fmt: skip
def test_a_link_that_leads_nowhere_or_acts_is_plain_text(link):
    shown = render(f"before {link} after")
    assert "<a" not in shown
    assert "before " in shown and "x" in shown and " after" in shown
    assert "alert" not in shown


@pytest.mark.parametrize(
    "source",
    ["<script>alert(1)</script>", "a <script>alert(1)</script>", "<style>p{}</style>", "a <style>p{}</style>",
     "<iframe src='http://x'></iframe>", "a <object data=x>alert</object>", "<svg onload=alert(1)></svg>"],
)  # fmt: skip
def test_what_would_act_is_gone_with_all_it_holds(source):
    assert "alert" not in render(source)
    assert "<" not in render(source).replace("<p>", "").replace("</p>", "")


def test_a_tag_of_that_kind_which_never_ends_hides_nothing():
    assert "is the end" in render("the tag <script> is the end")


def test_handlers_styles_and_classes_are_dropped_and_the_tag_stays():
    assert render('<b onclick="x()" style="color:red" class="card">bold</b>') == "<p><b>bold</b></p>"


def test_raw_tags_always_nest():
    assert render("a <b>b <i>c</b> d") == "<p>a <b>b <i>c</i></b> d</p>"
    assert render("*a <b>b* c</b>") == "<p><em>a <b>b</b></em> c</p>"
    assert render("</div></main></body>text").strip() == "text"


def test_links_never_nest():
    out = "https://example.org"
    assert render(f"[a <a href='{out}'>b</a>]({out})").count("<a ") == 1
    assert render(f"<a href='{out}'>a [b]({out})</a>").count("<a ") == 1


def test_links_out_carry_no_referrer():
    assert render("[x](https://example.org/?a=1&b=2)") == (
        '<p><a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer">x</a></p>'
    )


def test_a_link_to_another_file_shows_where_it_led():
    assert render("[the data](data/x.csv)") == '<p>the data <span class="note">(data/x.csv)</span></p>'


def test_a_link_within_finds_a_heading_as_jupyterlab_names_it():
    assert '<a href="#what-is-known">x</a>' in render("[x](#What-is-known)\n\n## What is known")


def test_images_are_shown_only_if_the_file_holds_them():
    assert render("![far](https://x.example/a.png)") == (
        '<p><span class="note">[Image that is not in this file far (https://x.example/a.png)]</span></p>'
    )
    held = {"a.png": {"image/png": PNG}}
    assert f'<img src="data:image/png;base64,{PNG}" alt="near">' in render("![near](attachment:a.png)", held)
    assert "Image that is not in this file" in render("![x](attachment:b.png)", held)
    assert "Image that is not in this file" in render("![x](data:text/html,y)")


def test_an_image_without_a_description_says_so():
    shown = render("![](attachment:a.png)", {"a.png": {"image/png": PNG}})
    assert shown.count("Figure without a description") == 2
    assert '<span class="note">Figure without a description</span>' in shown


def test_text_is_escaped_once():
    assert render("a &amp; b &lt;i&gt; `<b>&amp;` \\<x\\>") == (
        "<p>a &amp; b &lt;i&gt; <code>&lt;b&gt;&amp;amp;</code> &lt;x&gt;</p>"
    )


def test_templates_and_typst_and_tex_are_only_text():
    assert render('{{7*7}} #read("x") @ref \\input{x} {% raw %}') == (
        "<p>{{7*7}} #read(&#34;x&#34;) @ref \\input{x} {% raw %}</p>"
    )


def test_what_turns_the_reading_order_or_cannot_be_written_is_shown():
    assert render("a\u202eb\ud800c\x01d") == "<p>a[U+202E]b\ufffdc\ufffdd</p>"


def test_mathematics_says_that_it_is():
    shown = render("$x^2$ and\n\n$$\ny\n$$\n\n\\begin{align}z\\end{align}")
    assert '<span role="math" aria-label="x^2"><code>x^2</code></span>' in shown
    assert '<p class="display"><span role="math" aria-label="y"><code>y</code></span></p>' in shown
    assert "\\begin{align}z\\end{align}" in shown


def test_lists_of_every_kind():
    assert '<ol start="3">\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul></li>\n</ol>' in render("3. a\n4. b\n   - c")
    shown = render("- [ ] a\n- [x] b")
    assert 'aria-label="To do"></span> a' in shown and 'aria-label="Done"></span> b' in shown
    assert render("t\n: d") == "<dl>\n<dt>t</dt>\n<dd>d</dd>\n</dl>"


def test_the_rest_of_markdown():
    assert render("a  \nb") == "<p>a<br>\nb</p>"
    assert render("~~a~~ **b** *c*") == "<p><del>a</del> <strong>b</strong> <em>c</em></p>"
    assert render("> q") == "<blockquote>\n<p>q</p>\n</blockquote>"
    assert render("---") == "<hr>"


def test_headings_are_brought_into_order():
    shown = render("#### a\n\n# b\n\n##### c\n\n## \n\n### c")
    assert [part[:2] for part in shown.split("<h")[1:]] == ["2 ", "2 ", "3 ", "3 "]
    assert 'id="c"' in shown and 'id="c-2"' in shown


def test_code_blocks_are_coloured_by_language_and_plain_in_an_unknown_one():
    assert '<span class="k">def</span>' in render("```python\ndef f(): pass\n```")
    assert "<code>graph TD; A--&gt;B</code>" in render("```mermaid\ngraph TD; A-->B\n```")


def test_tables_have_heads_with_a_scope_and_numbers_in_line():
    shown = render("| a | n | r |\n|:--|---|--:|\n| x | 1,042 | y |\n| z | −4 % |  |")
    assert '<th scope="col">a</th><th scope="col" class="num">n</th><th scope="col" class="num">r</th>' in shown
    assert '<td>x</td><td class="num">1,042</td><td class="num">y</td>' in shown
    assert 'role="region"' not in shown
    wide = render("| a | b | c | d |\n|---|---|---|---|\n| 1 | 2 | 3 | 4 |")
    assert '<div class="table scroll" role="region" tabindex="0" aria-label="Table 1">' in wide


def test_raw_details_keep_the_markdown_in_them():
    shown = render("<details><summary>More</summary>\n\n**md**\n\n</details>\n\nafter")
    assert "<details><summary>More</summary>" in shown
    assert shown.index("<strong>md</strong>") < shown.index("</details>") < shown.index("after")
    assert render("<details><summary>x</summary>\n\nnever closed").count("</details>") == 1


def test_raw_anchors_can_be_linked_to():
    assert 'id="here"' in render('<a id="here"></a>text')
    assert 'id="here"' in render('<div><a name="here"></a>text</div>')
