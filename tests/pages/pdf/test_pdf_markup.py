import pytest


@pytest.fixture
def html(shows):
    return lambda source: shows({"text/html": source, "text/plain": "x"})


def test_html_that_shows_nothing_says_so(text, html):
    assert "Cell 1 shows something interactive that has no printed form." in text(html("<div><script>1</script></div>"))


@pytest.mark.parametrize("source", [
    "<p>one<p>two<p>three", "<ul><li>one<ul><li>two</ul><li>three</ul>", "<ol start=4><li>one<li>two three</ol>",
    "<dl><dt>one<dd>two<dd>three</dl>", "<pre>one\n  two\n three</pre>", "<blockquote>one<p>two</blockquote>three",
    "<h1>one</h1><h5>two</h5>three", "one<br>two<hr>three", "<section><article>one</article>two</section>three",
    "<custom-tag>one</custom-tag> <font color=red>two</font> <marquee>three", "<b>one<p>two</b>three",
    "<span>one<div>two</div></span>three", "<table><caption>one</caption><tr><th>two<td>three</table>",
    "<table><tr><td>one<table><tr><td>two</table><td>three</table>",
    "<details><summary>one</summary>two</details>three",
    "<svg><text>one</text></svg> <math><mi>two</mi></math> three", "<a name=x>one</a> <a href='#x'>two</a> three",
    "<button onclick=x>one</button> <label>two</label> <time>three</time>",
])  # fmt: skip
def test_no_word_of_html_is_lost(source, text, html):
    found = text(html(source))
    assert found.index("one") < found.index("two") < found.index("three")


@pytest.mark.parametrize("source", [
    "<script>secret</script>", "<style>secret</style>", "<iframe>secret</iframe>", "<!-- secret -->",
    "<p title=secret onclick=secret class=secret>", "<a href='javascript:secret'>x</a>",
    "<svg><script>secret</script><style>secret</style></svg>",
    "<img src=x onerror=secret>",
])  # fmt: skip
def test_what_would_act_is_gone(source, text, html):
    assert "secret" not in text(html(f"{source} words"))


def test_a_table_of_pandas(source, html):
    import pandas as pd

    frame = pd.DataFrame({"pier": ["North", "South"], "boats": [1200, 7]})
    written = source(html(frame.to_html()))
    assert written.count("table.header(") == 1
    assert written.count("align: end") == 3


def test_a_head_of_two_rows_and_spans(source, html):
    import pandas as pd

    columns = pd.MultiIndex.from_product([["2030", "2031"], ["q", "r"]])
    written = source(html(pd.DataFrame([[1, 2, 3, 4]], index=["a"], columns=columns).to_html()))
    assert "colspan: 2" in written
    assert "head: 2" in written


def test_a_style_sheet_is_dropped(text, html):
    found = text(html("<style>#T_1 td {color: red}</style><table id=T_1><tr><td>1</td></tr></table>"))
    assert "color" not in found


@pytest.mark.parametrize("source", [
    "<table></table>", "<table><tr></tr></table>", "<table><thead><tr><th>x</table>",
    "<table><tr><td colspan=0>x</table>",
    "<table><tr><td rowspan=99999 colspan=99999>x<tr><td>y</table>", "<table>" * 90 + "<tr><td>x", "<div>" * 900 + "x",
    "<table><tr><td rowspan=2>x<td>y<tr><td colspan=3>z<td rowspan=-1>q</table>",
    "<ul></ul>", "<ol><li></ol>", "<b>" * 400,
])  # fmt: skip
def test_strange_html_is_no_fault(source, text, html):
    assert text(html(source)) is not None


def test_preformatted_text_keeps_its_lines(source, html):
    assert r'#listing("a\u{a}  b");' in source(html("<pre>a\n  b</pre>"))
