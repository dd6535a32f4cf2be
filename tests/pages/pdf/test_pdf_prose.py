import base64
import re

import pytest
from pdf_samples import raster

PNG = base64.b64encode(raster()).decode()
BOTH = pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x"])


@BOTH
def test_a_link_that_would_act_is_only_its_text(url, source, markdown):
    written = source(markdown(f'[words]({url}) and <a href="{url}">tags</a>'))
    assert "#outside" not in written
    assert url not in written
    assert '#"words";' in written
    assert '#"tags";' in written


@pytest.mark.parametrize("target", ["nowhere", "fact-none", "source-none", "claim-none", "conflict-none"])
def test_a_link_to_nowhere_is_only_its_text(target, source, markdown, text):
    cell = markdown(f"[words](#{target})")
    assert "#let targets = (:)" in source(cell)
    assert "words" in text(cell)


def test_a_link_to_another_file_says_where_it_is(text, markdown):
    assert "the data (../data/boats.csv)" in text(markdown("[the data](../data/boats.csv)"))


@pytest.mark.parametrize("url", ["https://x.example/a?b=c&d=é", "http://x.example", "mailto:desk@x.example"])
def test_a_link_outside_is_a_link(url, source, markdown):
    assert "#outside(" in source(markdown(f"[words]({url})"))


@pytest.mark.parametrize("target", ["A-heading-of-it", "a-heading-of-it", "mark"])
def test_a_link_to_a_heading_or_a_raw_anchor_leads_there(target, source, markdown):
    written = source(markdown(f'[go](#{target})\n\n## A heading of it\n\n<span id="mark">here</span>'))
    label = re.search(r'#let targets = \("[^"]+": "(x\d+)"\)', written)[1]
    assert f'#place-of("{label}")' in written


def test_a_raw_link_leads_there(source, markdown):
    written = source(markdown('<a href="#mark">go</a> <span id="mark">here</span> <a href="https://x.example">out</a>'))
    assert '#go("mark")[#"go";];' in written
    assert '#outside("https://x.example")[#"out";];' in written


def test_a_link_around_its_own_target_is_no_fault(text, markdown, shows):
    around = '<a href="#a"><b id="a">inside</b></a>'
    assert "inside" in text(markdown(around))
    assert "inside" in text(shows({"text/html": around}))


def test_the_first_heading_is_the_title_and_what_follows_the_standfirst(source, markdown):
    written = source(markdown("Before.\n\n# The *title*\n\nThe standfirst.\n\nThe text."))
    masthead = '#masthead[#"The ";#emph[#"title";];#place-of("x1");][#"The standfirst.";];'
    assert masthead in written
    assert written.index("#masthead") < written.index('#"Before."') < written.index('#"The text."')
    assert written.count("The standfirst.") == 1


@pytest.mark.parametrize(("given", "shown"), [
    ("# t\n\n### a\n\n###### b", [2, 3]), ("# t\n\n# a\n\n# b", [2, 2]), ("## a\n\n#### b\n\n## c", [2, 3, 2]),
    ("# t\n\n<h1>a</h1>\n\n<h6>b</h6>\n", [2, 3]),
])  # fmt: skip
def test_headings_never_skip_a_level(given, shown, source, markdown):
    levels = re.findall(r"#heading\(level: (\d)\)", source(markdown(given)))
    assert [int(level) for level in levels] == shown


@pytest.mark.parametrize("given", ["## ", "##  \u200b", f"## ![x](data:image/png;base64,{PNG})", "# ", "<h2> </h2>"])
def test_a_heading_without_words_is_none(given, source, text, markdown):
    assert "#heading" not in source(markdown(given))
    assert text(markdown(given)) is not None


def test_a_notebook_without_a_title_has_one(source, markdown):
    assert '#masthead[#"Notebook";][];' in source(markdown("words"), title="\u200b")
    assert '#masthead[#"Given";][];' in source(markdown("words"), title="Given")


@pytest.mark.parametrize("given", [
    "- one\n- two\n  1. three\n", "7. one\n8. two\n9. three", "> one\n> > two\n>\n> - three",
    "term one\n: two\n: three",
    "| one |\n|---|\n| two |\n| three |", "```\none two\n```\n\n    three", "one  \ntwo\nthree",
    "~~one~~ **two** *three*",
    "- [x] one\n- [ ] two three", "$one$ two $$three$$", "\\begin{a}\none two three\n\\end{a}",
    "one &amp; two &lt; three",
    "one <b>two <i>three</b>", "one <b>two</b></i></p> three", "<div>one <p>two</div> three",
    "<details><summary>one</summary>\n\ntwo three\n</details>", "one <kbd>two</kbd><br>H<sub>three</sub>",
])  # fmt: skip
def test_no_word_of_markdown_is_lost(given, text, markdown):
    found = text(markdown(given))
    assert found.index("one") < found.index("two") < found.index("three")


def test_entities_are_read(text, markdown):
    assert "AT&T < 5 & more" in text(markdown("AT&amp;T &lt; 5 &#38; more"))


def test_what_a_browser_would_run_is_gone(text, markdown):
    found = text(markdown("before <script>alert(1)</script> after <style>p{}</style> end"))
    assert "before after end" in found
    assert "alert" not in found


def test_an_attachment_is_shown(source, markdown):
    cell = markdown("![Boats at a pier](attachment:a%20b.png)")
    cell.attachments = {"a b.png": {"image/png": PNG}}
    assert '"Boats at a pier")' in source(cell)


@pytest.mark.parametrize(
    "url", ["attachment:none.png", "boats.png", "https://x.example/a.png", "data:image/png;base64,AA"]
)
def test_a_picture_that_is_not_in_the_file_is_named(url, text, markdown):
    assert "[Image that is not in this file Boats" in text(markdown(f"![Boats]({url}) and more"))


def test_a_picture_without_a_description_says_so(source, text, markdown):
    cell = markdown(f"![](data:image/png;base64,{PNG})")
    assert '"Figure without a description")' in source(cell)
    assert "Figure without a description." in text(cell)


def test_deep_nesting_ends_in_plain_text(text, markdown):
    assert "deep" in text(markdown("\n".join(" " * 2 * n + f"- {n}" for n in range(60)) + "\n" + " " * 120 + "- deep"))
