"""Markdown and foreign HTML as the model holds them: nothing acts, nothing is lost, everything nests."""

import base64
import io
import re
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from handover.document import css, model, read
from handover.document.tables import numeric


def png(width=4, height=2):
    from PIL import Image as Pillow

    held = io.BytesIO()
    Pillow.new("RGB", (width, height)).save(held, "PNG")
    return base64.b64encode(held.getvalue()).decode()


PNG = png()


def of(cell):
    return read(new_notebook(cells=[new_markdown_cell("# T"), cell]))


def md(source, attachments=None):
    """The blocks of a Markdown cell."""
    parts = of(new_markdown_cell(source, attachments=attachments or {})).parts
    return parts[0].blocks if parts else ()


def html(source):
    """The blocks of an HTML output."""
    parts = of(new_code_cell("", outputs=[new_output("display_data", {"text/html": source})])).parts
    return parts[0].blocks if parts else ()


def found(kind, blocks):
    return [node for node in model.walk(blocks) if isinstance(node, kind)]


def words(blocks):
    return " ".join(model.plain(blocks).split())


# money and mathematics

MONEY = (
    "rose from $200 million to $700 million, and $5 each", "$1.5bn in 2024, **$2bn** in 2025; a $20+ fee; US$3 a l",
    "$5-$6", "$5/$6", "$5 (was $6)", "$10,000–$20,000", "\\$5 and $6", "R$ 5 e R$ 6", "5$ and 6$", "$ x $", "$x $",
    "$ x$", "$", "$$", "$$ or $$$", "$$$ or $$$$", "$$$ a\n\n$$ b", "a $100", "$5 and `x$`",
    "[$5](https://a.example/b$c) or $6", "$[four](#fact-a)–$[five](#fact-b)", "$5 ([a](https://a.example/)$)",
    "- $5\n- $6", "## $5 to $6", "`$x$`", "`$$x$$`", "```\n$$x$$\n```", "    $x$", "<pre>$x$</pre>",
    "$HOME is $5\n\nand $6", "| a | b |\n|---|---|\n| $5 | $6 |",
)  # fmt: skip


@pytest.mark.parametrize("source", MONEY)
def test_money_is_no_mathematics(source):
    blocks = md(source)
    assert found(model.Latex, blocks) == []
    assert words(blocks).count("$") == source.replace("b$c", "").count("$")


@pytest.mark.parametrize(
    ("source", "latex"),
    [
        ("costs $5, where $x$ is", ["x"]), ("a $x^2$, b", ["x^2"]), ("$-5$", ["-5"]), ("$\\$5$", [r"\$5"]),
        ("$\\text{if $x$} y$", [r"\text{if $x$} y"]), ("$ \\alpha $ and $5", [r"\alpha"]), ("$x$-axis", ["x"]),
        ("$a\nb$", ["a\nb"]), ("a $$b$$ c", ["b"]), ("$$a$b$$", ["a$b"]), ("> $$x$$", ["x"]), ("1. $$x$$", ["x"]),
        ("text:\n$$\na\n- b\n= c\n$$\nend", ["a\n- b\n= c"]), ("\\\\(x\\\\) and \\\\[y\\\\]", ["x", "y"]),
        ("A \\begin{align}a\\end{align} b", [r"\begin{align}a\end{align}"]),
        ("| a |\n|---|\n| $x$ |", ["x"]), ("- $$\n  x\n  $$", ["x"]), ("**$x$**", ["x"]), ("## $x$ is", ["x"]),
    ],
)  # fmt: skip
def test_mathematics_is_found_as_jupyter_shows_it(source, latex):
    assert [node.latex for node in found(model.Latex, md(source))] == latex


@given(st.lists(st.sampled_from(["$", "$$", "5", "x", " ", "\n", "\\", "`", "{", "}", "a "]), max_size=24))
def test_dollars_lose_nothing(pieces):
    source = "a" + "".join(pieces)
    said = "".join(re.findall(r"[5xa]", model.plain(md(source))))
    assert said == "".join(re.findall(r"[5xa]", source))


# nothing acts

ACTING = [
    "<a href='javascript:alert(1)'>x</a>", "<a href=' java\tscript:alert(1)'>x</a>", "<a href='#nowhere'>x</a>",
    "<img src=alert onerror=alert(1)>x", "<p style='background:url(//alert)'>x</p>", "<x onclick=alert(1)>x</x>",
    "<form action=//alert><input onfocus=alert(1)></form>x", "<img src='data:text/html,alert'>x",
    "<table background='//alert'><tr><td>x</table>", "<math><mtext>x<mglyph><style><img src onerror=alert(1)></math>",
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>", "<p lang='\"alert'>x</p>", "<p dir=alert>x</p>",
    "<noscript><p title='</noscript><img src=alert onerror=alert(1)>'></noscript>x", "<td class=alert>x",
    "<div contenteditable=alert>x</div>", "<script>alert(1)</script>x", "<style>alert</style>x",
    "<iframe src='javascript:alert(1)'></iframe>x", "<object data='javascript:alert(1)'>y</object>x", "<!-- alert -->x",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>x", "<embed src='javascript:alert(1)'>x",
    "<video src=x onplay=alert(1)></video>x", "<input type=hidden value=alert>x", "<button onclick=alert(1)>x</button>",
    "<b onclick=alert() class=card>x</b>", "<base href=//alert>x", "<meta http-equiv=refresh content='0;alert'>x",
]  # fmt: skip


@pytest.mark.parametrize("way", [html, md, lambda source: md(f"before {source} after")])
@pytest.mark.parametrize("source", ACTING)
def test_nothing_acts_and_the_words_stay(source, way):
    blocks = way(source)
    assert found(model.Link | model.Reference, blocks) == []
    assert "x" in words(blocks), "in a picture its description"
    told = [node.note for node in found(model.Image, blocks)] + [node.text for node in found(model.Remark, blocks)]
    assert "alert" not in repr(blocks) or "alert" in "".join(told)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "JaVaScript:alert", "data:text/html,y", "vbscript:y",
                                 "file:///etc/passwd", "#nowhere", "java&#115;cript:alert(1)"])  # fmt: skip
def test_a_link_that_leads_nowhere_or_acts_is_plain_text(url):
    assert md(f"before [x]({url}) after") == (
        model.Paragraph((model.Text("before "), model.Text("x"), model.Text(" after"))),
    )


def test_a_tag_that_would_act_takes_all_it_holds_with_it_unless_it_never_ends():
    assert words(md("a <script>alert *b*</script> c")) == "a c"
    assert words(md("the tag <script> is the end")) == "the tag is the end"
    assert words(md("<textarea>\n\n**md**\n\nafter")) == "**md** after"


def test_templates_and_typst_and_tex_are_only_text():
    source = '{{7*7}} #read("x") @ref \\input{x} {% raw %}'
    assert md(source) == (model.Paragraph((model.Text(source),)),)


@pytest.mark.parametrize(
    "form",
    ["{}", "<b>{}</b>", "<pre>{}</pre>", "<td>{}</td>", "<img src=x alt='{}'>", "<abbr title='{}'>x</abbr>",
     "<select><option>{}</select>", "<iframe src='{}'></iframe>", "<iframe srcdoc='{}'></iframe>",
     "<svg><title>{}</title><text>{}</text><path d='M0 0'/></svg>"],
)  # fmt: skip
def test_what_turns_the_reading_order_or_cannot_be_written_is_shown(form):
    for turned in ("a\u202eb\ud800c\x01d", "a&#x202e;b&#1;d", "a&#8238;b&#x01;d"):
        for way in (md, html):
            said = repr(way(form.replace("{}", turned)))
            assert "a[U+202E]b" in said
            assert not any(sign in said for sign in (r"\x01", r"\u202e", r"\ud800", r"\xe2\x80\xae")), said
    assert words(md("a\u202eb\ud800c\x01d")) == words(html("a&#x202e;b\ud800c&#1;d")) == "a[U+202E]b\ufffdc\ufffdd"


# nothing is lost

SWALLOWING = ["<div title=\"\n\n**md**\n\n\">after</div>", "<div>\n\n**md**\n\nafter",
              "<details><summary>s</summary>\n\n**md**\n\nafter", "<table><tr><td>\n\n**md**\n\n</table>\n\nafter",
              "<b>\n\n**md**\n\n</b>\n\nafter", "</div></body>\n\n**md** after"]  # fmt: skip


@pytest.mark.parametrize("source", SWALLOWING)
def test_no_raw_tag_swallows_the_markdown_after_it(source):
    blocks = md(source)
    assert [model.plain(span.inside) for span in found(model.Span, blocks) if span.tag == "strong"] == ["md"]
    assert words(blocks).count("after") == 1


def test_a_place_to_break_a_word_takes_nothing_with_it():
    assert words(html("long<wbr>name <b>on<wbr></b> it<p>goes")) == "long\u200bname on\u200b it goes"
    assert words(md("long<wbr>*name* goes")) == "long\u200bname goes"


@pytest.mark.parametrize("way", [md, html])
@pytest.mark.parametrize("name", ["path", "text", "set", "list", "max", "mi", "annotation", "view", "svg", "math", "x"])
def test_a_name_in_angle_brackets_takes_no_words_with_it(name, way):
    assert words(way(f"copy <{name}> to <{name} two> and <b>on</{name}></b> it goes")) == "copy to and on it goes"


_TAGS = (
    "b i p div table tr td caption ul li dl dt select option progress button details summary pre blockquote h2 a form"
)
TAGS = [*_TAGS.split(), "object", "wbr", "embed", "svg", "math", "mi", "path", "list"]


@given(
    st.lists(
        st.just("") | st.sampled_from([f"{mark}{tag}>" for tag in TAGS for mark in ("<", "</", "\n\n<")]), max_size=12
    )
)
def test_no_word_is_lost_among_tags_in_any_order(pieces):
    source = "".join(piece or f"w{n}x" for n, piece in enumerate(pieces))
    for way in (md, html):
        assert [word for word in re.findall(r"w\d+x", source) if word not in words(way(source))] == []


def test_an_element_without_an_end_swallows_nothing_though_small_letters_are_longer():
    assert words(html(f"{'İ' * 50}</video><video src=x>after")).endswith("after")


def test_raw_details_keep_the_markdown_in_them():
    (details, after) = md("<details open><summary>More</summary>\n\n## md\n\n</details>\n\nafter")
    assert isinstance(details, model.Details) and details.opened and details.summary == (model.Text("More"),)
    assert isinstance(details.blocks[0], model.Heading) and words((after,)) == "after"
    assert found(model.Details, html("<details>text</details>")) == [], "without a summary there is no handle"
    assert html("<details><summary>s</summary></details>") == paragraph(model.Text("s")), "and nothing to fold away"


def test_what_html_cannot_show_leaves_its_words_and_a_drawing_its_picture():
    assert (
        words(html("<p>a<math><mi>x</mi><mo>=</mo><mn>2</mn></math></p><ul>stray<li>b</li></ul>")) == "a x = 2 stray b"
    )
    (image,) = found(
        model.Image,
        html('<p><svg viewBox="0 0 9 9" xmlns="http://www.w3.org/2000/svg"><title>T</title><path d="M0 0"/></svg></p>'),
    )
    assert (image.picture.kind, image.alt, image.note) == ("svg", "T", "")


@pytest.mark.parametrize(
    ("drawing", "notes"),
    [
        ("<svg><use xlink:href='#elsewhere'/></svg>", None),
        ("<svg><defs><symbol id='a'><path d='M0 0'/></symbol></defs></svg>", None),
        ("<svg width='16' height='16'><path d='M0 0'/></svg>", [""]),
        ("<svg width='400' height='16'><path d='M0 0'/></svg>", ["Figure without a description"]),
    ],
)
def test_an_icon_or_a_drawing_of_nothing_is_not_missed(drawing, notes):
    assert [image.note for image in found(model.Image, html(f"<p>{drawing}x</p>"))] == (notes or [])


def test_a_link_to_another_file_shows_where_it_led():
    (paragraph,) = md("[the data](data/x.csv)")
    assert paragraph.inside == (model.Text("the data"), model.Text(" "), model.Remark("(data/x.csv)"))


def test_images_are_held_or_a_note_says_what_they_are():
    (image,) = found(model.Image, md("![far](https://x.example/a.png)"))
    assert image.note == "[Image that is not in this file: far (https://x.example/a.png)]" and not image.picture
    held = {"a.png": {"image/png": PNG}, "c.png": {"image/png": "broken"}}
    notes = [found(model.Image, md(f"![x]({url})", held))[0].note for url in (
        "attachment:a.png", "attachment:b.png", "attachment:c.png", "data:text/html,y", f"data:image/png;base64,{PNG}"
    )]  # fmt: skip
    elsewhere = "[Image that is not in this file: x]"
    assert notes == ["", elsewhere, "[Figure that cannot be read: x]", elsewhere, ""]
    assert [image.note for image in found(model.Image, md("<img src='attachment:a.png' alt=x>", held))] == [""]
    (image,) = found(model.Image, html(f"<img width=2 src='data:image/png;base64,{PNG}'>"))
    assert (image.picture.width, image.picture.height, image.note) == (2, 1, "Figure without a description")


def test_a_drawing_is_read_as_html_has_it():
    """With bare attributes, entities, and prefixes that nothing declares."""
    shapes = "<g id=a><rect width=9 height=9 /></g><use xlink:href=#a>"
    (image,) = found(model.Image, html(f"<svg width=90 height=90><title>Two&nbsp;bases</title>{shapes}</svg>"))
    assert (image.alt, image.picture.width) == ("Two bases", 90)
    assert b'<rect width="9" height="9"/>' in image.picture.data and b'<use href="#image-1"/>' in image.picture.data


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ("width=20", (20, 10)), ("height='30px'", (60, 30)), ("width=10 height=40", (10, 40)),
        ("width='50%'", (320, 160)),
        ("style='width: 12.5px; border: 0' width=99", (12.5, 6.25)), ("style='max-width: 7px'", (40, 20)),
        ("width=0", (40, 20)), ("width=auto height=-3", (40, 20)), ("style='height:3em'", (40, 20)),
    ],
)  # fmt: skip
def test_an_image_has_the_size_that_its_author_asks_for(asked, size):
    (image,) = found(model.Image, html(f"<img alt=x {asked} src='data:image/png;base64,{png(40, 20)}'>"))
    assert (image.picture.width, image.picture.height) == size


# what a browser would fetch, fill in or draw


def note(blocks):
    """What is said beside the notebook's own words."""
    return " ".join(remark.text for remark in found(model.Remark, blocks))


@pytest.mark.parametrize("way", [html, md, lambda source: md(f"before {source} after")])
@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("<iframe width=4 src='https://x.example/map'></iframe>", "Embedded page"),
        ("<iframe src=https://x.example/map>", "Embedded page"),
        ("<iframe src='//x.example/map' />", "Embedded page"),
        ("<video controls><source src='https://x.example/map'>y</video>", "Video"),
        ("<audio src='https://x.example/map'></audio>", "Sound"),
        ("<embed src='https://x.example/map'>", "Embedded object"),
        ("<object data='https://x.example/map'></object>", "Embedded object"),
    ],
)
def test_what_is_elsewhere_leaves_its_address_and_a_note(source, told, way):
    blocks = way(source)
    assert [link.url for link in found(model.Link, blocks)] == ["https://x.example/map"]
    assert note(blocks) == f"{told} that is not in this file"
    assert "before" not in words(blocks) or words(blocks).endswith("after")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("<iframe></iframe>", "Embedded page that is not in this file"),
        ("<iframe src='maps/a.html'></iframe>", "Embedded page that is not in this file (maps/a.html)"),
        ("<video src='data:video/mp4;base64,AAAA'></video>", "Video that is not in this file"),
        ("<canvas></canvas>", "Drawing by a script that is not in this file"),
    ],
)
def test_what_has_no_address_leaves_a_note(source, told):
    assert note(html(f"<p>x</p>{source}")) == told


def test_a_page_that_a_frame_holds_is_read():
    inner = "<h1>Map</h1><svg width=90 height=90><title>Bases</title><rect width=9 height=9 /></svg>"
    encoded = base64.b64encode(inner.encode()).decode()
    for frame in (
        f'<iframe srcdoc="{inner}"></iframe>',
        f"<iframe srcdoc='{escape(inner)}'></iframe>",
        f"<iframe src='data:text/html;charset=utf-8;base64,{encoded}'></iframe>",
    ):
        blocks = html(f"<b>x</b>{frame}")
        assert words(blocks) == "x Map Bases" and note(blocks) == ""
        assert [image.alt for image in found(model.Image, blocks)] == ["Bases"]
    drawn = html("<iframe srcdoc='<p>Map</p><div id=m></div><script>draw()</script>'></iframe>")
    assert (words(drawn), note(drawn)) == ("Map", "Embedded page that is not in this file")
    nested = "x"
    for _ in range(40):
        nested = f'<iframe srcdoc="{escape(nested)}"></iframe>'[:100_000]
    assert note(html(nested))


def test_an_object_that_is_a_picture_is_shown_and_another_gives_what_stands_for_it():
    (image,) = found(model.Image, html(f"<object data='data:image/png;base64,{PNG}'>A chart</object>"))
    assert image.picture and image.alt == "A chart"
    assert words(html("<object data='a.swf'><p>Instead</p></object>")) == "Instead"


def test_a_form_says_what_it_is_set_to():
    form = (
        "<label>Name<input value=7></label><select><option>Baghdad<option>Basra</select><textarea>note\n2</textarea>"
        "<input type=checkbox name=a checked><input type=radio value=b><input type=checkbox><input placeholder=Year>"
        "<input type=password value=secret><input type=hidden value=token>"
        "<progress value=3 max=5></progress><button>Go</button><button style='display:none'>Hidden</button>"
    )
    assert words(html(form)) == "Name 7 Baghdad / Basra note 2 [x] [ ] Year 3 / 5 Go"
    told = "<select><option>Baghdad<option>Basra</select> <progress>4 of 5</progress>"
    assert words(md(told)) == words(html(told)) == "Baghdad / Basra 4 of 5"


def test_endless_nesting_becomes_text():
    deep = [("<blockquote>", 3000), ("<b>", 3000), ("<ul><li>", 500), ("<table><tr><td>", 200), ("<b>", 70)]
    for tags, times in (*deep, ("<blockquote>\n\n", 30), ("<div>\n\n", 70)):
        assert words(html(tags * times + "x")) == words(md(tags * times + "x")) == "x"
    deep = html("<blockquote>" * 40 + "<b>x</b>")
    assert len(found(model.Quote, deep)) == model.DEPTH + 1 and found(model.Span, deep) == []


ANYTHING = st.text(max_size=200) | st.text(alphabet="<>[]()!#*_`|~$\\&;:\"'-=/ abx\n\t0{}\u202e\ud800", max_size=300)


@given(ANYTHING)
def test_any_text_can_be_read(source):
    for blocks in (md(source), html(source)):
        assert all(isinstance(block, model.Block) for block in blocks)
        anchors = [node.anchor for node in model.walk(blocks) if isinstance(node, model.Anchor | model.Heading)]
        assert len(anchors) == len(set(anchors))


# everything nests


def test_raw_tags_nest_whatever_their_order():
    (paragraph,) = md("*a <b>b* c</b>")
    assert paragraph.inside == (
        model.Span("em", (model.Text("a "), model.Span("b", (model.Text("b"),)))),
        model.Text(" c"),
    )
    assert words(md("a <b>b <i>c</b> d")) == "a b c d"


@pytest.mark.parametrize(
    ("source", "said"),
    [("[a <a href='https://example.org'>b</a>](https://example.org)", "a b"),
     ("<a href='https://example.org'>a [b](https://example.org)</a>", "a [b](https://example.org)"),
     ("<a\nhref='https://example.org'>a [b](https://example.org)</a>", "a b")],
)  # fmt: skip
def test_links_never_nest(source, said):
    (link,) = found(model.Link, md(source))
    assert (link.url, model.plain(link.inside)) == ("https://example.org", said)


def test_headings_are_brought_into_order_and_inside_other_blocks_are_none():
    blocks = md("#### a\n\n# b\n\n##### c\n\n## \n\n### c\n\n> # d\n\n- # e")
    assert [(one.level, one.anchor) for one in found(model.Heading, blocks)] == [
        (2, "a"),
        (2, "b"),
        (3, "c"),
        (3, "c-2"),
    ]
    assert [model.plain(one.inside) for one in found(model.Span, blocks)] == ["d", "e"]
    assert [one.level for one in found(model.Heading, html("<h1>a</h1><h4>b</h4><h2></h2>"))] == [2, 3]


def outline(*sources, **about):
    """The title of Markdown cells, and their headings with their levels."""
    document = read(new_notebook(cells=[new_markdown_cell(one) for one in sources], metadata=about), "name")
    return document.title, [(one.level, one.text) for one in found(model.Heading, document.parts)]


@pytest.mark.parametrize(
    ("sources", "about", "title", "headings"),
    [
        (["text"], {}, "name", []),
        (["**Bold**"], {}, "name", []),
        (["## a", "## b"], {"title": "M"}, "M", [(2, "a"), (2, "b")]),
        (["# A", "## a"], {"title": "M"}, "A", [(2, "a")]),
        (["# A", "# B\n## b", "# C\n### c"], {}, "A", [(2, "B"), (3, "b"), (2, "C"), (3, "c")]),
        (["# A\n## a", "# B\n## b"], {"title": "M"}, "M", [(2, "A"), (3, "a"), (2, "B"), (3, "b")]),
        (["#### a\n## b\n##### c\n### d\n# e\n## f"], {}, "e", [(2, "a"), (2, "b"), (3, "c"), (3, "d"), (2, "f")]),
        (["# A", "1\n=\n\n2\n-\n\n3\n-"], {}, "A", [(2, "1"), (3, "2"), (3, "3")]),
        (
            ["# A"] + ["#" * n + f" {n}" for n in range(1, 7)],
            {},
            "A",
            [(n, f"{n - 1}") for n in range(2, 7)] + [(6, "6")],
        ),
    ],
)
def test_an_outline_is_that_of_the_notebook_one_step_at_a_time(sources, about, title, headings):
    assert outline(*sources, **about) == (title, headings)


def test_anchors_stay_unique_and_links_find_them():
    blocks = html("<p id=a>1</p><p id=a>2</p><a name=b></a><h2 id=c>C</h2><a href='#a'>x</a><a href='#c'>y</a>")
    assert [one.anchor for one in found(model.Anchor, blocks)] == ["a", "a-2", "b"]
    assert [one.anchor for one in found(model.Reference, blocks)] == ["a", "c-2" if "c-2" in repr(blocks) else "c"]
    assert [one.anchor for one in found(model.Anchor, md('<a id="here"></a>text'))] == ["here"]


# what there is


PLAIN = (model.Plain((model.Text("d"),)),)


def paragraph(*inlines):
    return (model.Paragraph(inlines),)


@pytest.mark.parametrize(
    ("source", "blocks"),
    [
        ("a  \nb", paragraph(model.Text("a"), model.Break(), model.Text("b"))),
        ("a\nb", paragraph(model.Text("a"), model.Text("\n"), model.Text("b"))),
        ("~~a~~", paragraph(model.Span("del", (model.Text("a"),)))),
        ("`<b>&amp;`", paragraph(model.Code("<b>&amp;"))),
        ("a &amp; \\<x\\>", paragraph(model.Text("a & "), model.Text("<"), model.Text("x"), model.Text(">"))),
        ("> q", (model.Quote(paragraph(model.Text("q"))),)),
        ("---", (model.Rule(),)),
        ("```py x\nb\n```", (model.CodeBlock("b", "py"),)),
        ("t\n: d", (model.Definitions((model.Term((model.Text("t"),)), model.Definition(PLAIN))),)),
        ("$x^2$", paragraph(model.Maths("x^2"))),
        ("$$\ny\n$$", (model.Formula("y"),)),
        ("\\begin{a}z\\end{a}", (model.Formula("\\begin{a}z\\end{a}"),)),
    ],
)
def test_markdown_of_every_kind(source, blocks):
    assert md(source) == blocks


def test_lists_of_every_kind():
    (numbered,) = md("3. a\n4. b\n   - c")
    assert (numbered.ordered, numbered.start, numbered.tight, len(numbered.items)) == (True, 3, True, 2)
    assert isinstance(numbered.items[1].blocks[1], model.List)
    assert [item.checked for item in md("- [ ] a\n- [x] b\n- c")[0].items] == [False, True, None]
    assert not md("- a\n\n- b")[0].tight
    assert html("<ol start=3><li>a<li>b</ol>") == (
        model.List(
            (model.Item((model.Plain((model.Text("a"),)),)), model.Item((model.Plain((model.Text("b"),)),))),
            ordered=True,
            start=3,
        ),
    )


@pytest.mark.parametrize(
    ("source", "blocks"),
    [
        ("loose<p>p</p>", (*paragraph(model.Text("loose")), *paragraph(model.Text("p")))),
        ("<pre> a\n b</pre><hr>", (model.Preformatted((model.Text(" a\n b"),)), model.Rule())),
        ("<div lang=ar dir=rtl><p>x</p></div>", (model.Division(paragraph(model.Text("x")), "ar", "rtl"),)),
        ('<i lang="de">y</i>', paragraph(model.Span("i", (model.Text("y"),), "de"))),
    ],
)
def test_html_of_every_kind(source, blocks):
    assert html(source) == blocks


# tables


@pytest.mark.parametrize("text", ["1", "1,042", "-3.5", "−4 %", "$5", "1e-5", "NaN", "—", "~300", "≥ 2", "3:45", "12*",
                                  "(5)", "5 km", "1–2", "2 Mt"])  # fmt: skip
def test_numbers(text):
    assert numeric(text)


@pytest.mark.parametrize("text", ["", "a", "1 May", "2026-01-17", "3rd", "v1.2a", "about 5", "1 of 4", "9" * 50])
def test_what_is_no_number(text):
    assert not numeric(text)


def table(blocks):
    (found_table,) = found(model.Table, blocks)
    return found_table


def test_a_frame_has_heads_with_a_scope_and_numbers_in_line():
    import pandas as pd

    frame = pd.DataFrame({"name": ["x", "y"], "n": [1000, -2], "share": [0.5, None], "day": ["1 May", "2 May"]})
    made = table(html(frame.to_html()))
    (head,) = made.head
    assert [(cell.text, cell.scope, cell.number) for cell in head] == [
        ("", "", False), ("name", "col", False), ("n", "col", True), ("share", "col", True), ("day", "col", False)
    ]  # fmt: skip
    assert [cell.scope for cell in made.body[1]] == ["row", "", "", "", ""]
    assert [cell.number for cell in made.body[1]] == [False, False, True, True, False]


def test_a_table_of_markdown_is_one_like_any_other():
    made = table(md("| a | n | r |\n|:--|---|--:|\n| 7 | 1,042 | y |\n| z | −4 % |  |"))
    assert [(cell.scope, cell.align, cell.number) for cell in made.head[0]] == [
        ("col", "left", False), ("col", "", True), ("col", "right", True)
    ]  # fmt: skip
    assert [[cell.number for cell in row] for row in made.body] == [[False, True, True]] * 2


def rows(source):
    """The tables of Markdown, each as rows of the words of its cells."""
    return [[[cell.text for cell in row] for row in (*one.head, *one.body)] for one in found(model.Table, md(source))]


@pytest.mark.parametrize(
    ("source", "cells"),
    [
        ("no | line\n\n| a |\n\n|---|", []),
        ("| a | b |\n|---|\n| 1 | 2 |", []),
        ("a\n---\nb", []),
        ("| a | b |\n|---|---|\n| 1 |\n| 2 | 3 | 4 |", [[["a", "b"], ["1", ""], ["2", "3"]]]),
        ("a | b\n:- | -:\n1 | 2\nplain\n\nafter", [[["a", "b"], ["1", "2"], ["plain", ""]]]),
        ("before\n| a |\n|:-:|\n| 1 |\n# Head", [[["a"], ["1"]]]),
        ("| a |\n|---|\n| 1 |\n- item\n\n> quote", [[["a"], ["1"]]]),
        ("| a |\n|---|\n| 1 |\n<div>b</div>", [[["a"], ["1"]]]),
        ("- item\n\n  | a | b |\n  |---|---|\n  | 1 | 2 |", [[["a", "b"], ["1", "2"]]]),
        ("1. x\n   - y\n\n     | a |\n     |---|\n     | 1 |", [[["a"], ["1"]]]),
        ("> | a | b |\n> |---|---|\n> | 1 | 2 |", [[["a", "b"], ["1", "2"]]]),
        ("| a | b |\n|---|---|\n| `x\\|y` | z\\|w |", [[["a", "b"], ["x|y", "z|w"]]]),
        ("| a | b |\n|---|---|\n| `x|y` |", [[["a", "b"], ["`x", "y`"]]]),
        ("| a | b |\n|---|---|\n| $|x|$ | $P(A\\|B)$ |", [[["a", "b"], ["|x|", "P(A\\|B)"]]]),
        ("| a | b |\n|---|---|\n| $5 | $6 |", [[["a", "b"], ["$5", "$6"]]]),
        ("|  | b |\n|---|---|\n|  | 1 |", [[["", "b"], ["", "1"]]]),
        ("<div>\n\n| a |\n|---|\n| 1 |\n\n</div>", [[["a"], ["1"]]]),
    ],
)
def test_a_table_is_one_where_jupyterlab_shows_one(source, cells):
    assert rows(source) == cells


@given(st.lists(st.sampled_from(["a", "|", "\\|", "`", "$", "-", "\n", "|-|-|\n", " ", "> ", "- "]), max_size=30))
def test_pipes_lose_no_word_unless_a_row_is_longer_than_its_head(pieces):
    # a marked word in a single column, before and after whatever pipes there are
    source = "first\n\n" + "".join(pieces) + "\n\nlast"
    said = words(md(source))
    assert said.startswith("first") and said.endswith("last")


@pytest.mark.parametrize(
    ("source", "urls"),
    [
        ("(see https://a.example/b)", ["https://a.example/b"]),
        ("https://a.example/Asad_(base) and (https://a.example/c_(d)).", ["Asad_(base)", "c_(d)"]),
        ("https://a.example/b. https://a.example/c, *https://a.example/d*", ["b", "c", "d"]),
        ("www.a.example/b is, www. is not", ["http://www.a.example/b"]),
        ("`https://a.example/b`", []),
        ("[https://a.example/b](https://b.example/c)", ["https://b.example/c"]),
        ("<https://a.example/b)>", ["b)"]),
    ],
)
def test_an_address_in_running_text_leads_where_it_says(source, urls):
    led = [link.url for link in found(model.Link, md(source))]
    assert len(led) == len(urls) and all(url.endswith(end) for url, end in zip(led, urls, strict=True))


def test_a_mark_without_a_space_makes_no_heading():
    assert not found(model.Heading, md("#5 of them\n\n#word")) and found(model.Heading, md("## word"))


def test_grouped_heads_have_grouped_scopes():
    import pandas as pd

    frame = pd.DataFrame({"k": ["a", "a", "b"], "n": [1, 2, 3]}).groupby("k")[["n"]].agg(["sum", "mean"])
    scopes = [[cell.scope for cell in row if cell.scope] for row in table(html(frame.to_html())).head]
    assert scopes == [["colgroup"], ["col", "col"], ["col"]]


def test_cells_have_their_place_on_the_grid_and_spans_end_at_its_edge():
    made = table(html("<table><tr><td rowspan=9>a<td>b<tr><td colspan=99999>c<td>d<tr><td colspan=2>e</table>"))
    placed = [[(cell.text, cell.x, cell.columns, cell.rows) for cell in row] for row in made.body]
    assert placed == [[("a", 0, 1, 3), ("b", 1, 1, 1)], [("c", 1, 1, 1), ("d", 2, 1, 1)], [("e", 1, 2, 1)]]
    assert made.columns == 3


def test_an_empty_head_heads_nothing_but_one_with_a_picture_does():
    row = f"<tr><th>&nbsp;</th><th><img src='data:image/png;base64,{PNG}'></th><th>a</th></tr><tr><td>1</td></tr>"
    assert [cell.scope for cell in table(html(f"<table>{row}</table>")).head[0]] == ["", "col", "col"]


def test_a_row_of_heads_is_the_head_and_a_head_alone_is_none():
    assert [len(part) for part in _parts("<tr><th>a<th>b</tr><tr><td>c<td>d</tr>")] == [1, 1]
    assert [len(part) for part in _parts("<thead><tr><th>a<th>b</tr></thead>")] == [0, 1]
    assert [len(part) for part in _parts("<tr><th>a</tr><tfoot><tr><td>c</tr></tfoot>")] == [0, 2]


def _parts(rows):
    made = table(html(f"<table>{rows}</table>"))
    return made.head, made.body


def test_a_table_may_hold_any_block_and_a_caption():
    outer, inner = found(
        model.Table, html("<table><caption>C <b>d</b></caption><tr><td><table><tr><td>b</table></table>")
    )
    assert (outer.number, inner.number, words(outer.caption)) == (1, 2, "C d")
    assert found(model.Cell, outer)[0].text == "b"
    assert model.running(outer.body[0][0].blocks)[-1] == model.Text("b")


# colours of cells

RED, YELLOW = (255, 0, 0), (255, 255, 0)


def tinted(cell, sheet=""):
    """The colours of the only cell of a table, which has the id ``T``."""
    page = html(f"<style>{sheet}</style><table id=T><tr {cell}><td id=c class='k x' {cell}>5</td></tr></table>")
    return found(model.Table, page)[0].body[0][0].tint


@pytest.mark.parametrize(
    "value",
    ["", "none", "transparent", "rgba(255, 0, 0, 0)", "#12", "var(--x)", "url(x)", "inherit", "rgb(1,2)", "\u0661"],
)
def test_what_is_no_colour_colours_nothing(value):
    assert tinted("", f"#c {{ background-color: {value} }}") is None
    assert tinted(f'style="color: {value}"') is None


@pytest.mark.parametrize(
    "sheet",
    [
        "#other { color: red }",
        "#c:hover { color: red }",
        ".j { color: red }",
        "th { color: red }",
        "#U .k { color: red }",
        "p td { color: red }",
        "/* #c { color: red } */",
        "#c { color",
        "@media print { #c { color: red } }",
    ],
)
def test_a_rule_for_something_else_colours_nothing(sheet):
    assert tinted("", sheet) is None


@pytest.mark.parametrize(
    ("cell", "sheet"),
    [
        ("", "#c { background-color: yellow }"),
        ("", "#a, #c, #d { background: #ff0 !important; width: 3px }"),
        ("", "td { background: #FFFF00 }"),
        ("", ".k { background: yellow }"),
        ("", "td.k { background: yellow }"),
        ("", "#T .x { background: yellow }"),
        ("", "#T tr td { background: yellow }"),
        ("", "tr { background: yellow }"),
        ("bgcolor=yellow", ""),
        ('style="background: rgb(255, 255, 0)"', "#c { background: red }"),
        ("", "td { background: red } #c { background: hsl(60, 100%, 50%) }"),
        ('style="background: rgba(255,255,0,1)"', ""),
    ],
)
def test_a_cell_keeps_its_ground(cell, sheet):
    assert tinted(cell, sheet) == model.Tint("#ffff00", "#000000", "#000000")


def test_text_keeps_its_colour_where_it_can_be_read():
    both = "#c {{ background: {}; color: {} }}"
    assert tinted("", both.format("yellow", "#00f")) == model.Tint("#ffff00", "#0000ff", "#0000ff")
    assert tinted("", both.format("yellow", "white")) == model.Tint("#ffff00", "#000000", "#000000")
    assert tinted("", both.format("navy", "#111")) == model.Tint("#000080", "#ffffff", "#ffffff")
    assert tinted("", "#c { color: red }") == model.Tint("", "#e60000", "#ff0000")
    assert tinted("", "#c { color: black }") is None


PARTS = st.tuples(*[st.integers(0, 255)] * 3)


@given(st.none() | PARTS, st.none() | PARTS)
def test_text_can_be_read_whatever_the_colours(ground, shade):
    made = css.tint(ground, shade)
    for paper, written in ((css.LIGHT, made and made.light), (css.DARK, made and made.dark)):
        if made:
            behind = css.colour(made.ground) or paper
            assert css.contrast(css.colour(written), behind) >= css.CONTRAST


def test_bold_cells_are_strong_and_bars_behind_them_are_said_to_be_missing():
    sheet = "#c { font-weight: bold; background: linear-gradient(90deg, red 50%, transparent 50%) }"
    page = html(f"<style>{sheet}</style><table><tr><td id=c>5</td></tr></table>")
    assert [span.tag for span in found(model.Span, page)] == ["strong"]
    assert [remark.text for remark in found(model.Remark, page)] == ["Bars and pictures behind cells are not shown"]
    assert not found(model.Remark, html("<table><tr><td>5</td></tr></table>"))
