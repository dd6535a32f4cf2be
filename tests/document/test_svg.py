"""SVG from anywhere, inline: nothing of it acts, everything of it that shows stays."""

import pytest
from lxml import etree

from handover.document import svg

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '


def draw(inside, attributes='viewBox="0 0 10 10"'):
    found = svg.picture(f"{HEAD}{attributes}>{inside}</svg>", "figure-1")
    return found[0].data.decode() if found else ""


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "<foreignObject><script>alert(1)</script><p onclick='alert(1)'>x</p></foreignObject>",
     "<animate attributeName='href' to='javascript:alert(1)'/>", "<set attributeName='onclick' to='alert(1)'/>",
     "<image href='http://alert.example/x.png'/>", "<image xlink:href='javascript:alert(1)'/>",
     "<use href='http://alert.example/x.svg#a'/>", "<rect onclick='alert(1)'/>", "<feImage href='http://alert'/>",
     "<rect fill='url(http://alert.example/#a)'/>", "<rect style='fill:url(http://alert.example/#a)'/>",
     "<style>@import url(http://alert.example/x.css);</style>", "<style>*{background:url(http://alert)}</style>",
     "<handler xmlns='http://www.w3.org/2001/xml-events'>alert</handler>", "<metadata>alert</metadata>",
     "<rect style='-moz-binding:url(http://alert)'/>", "<iframe src='http://alert'/>", "<rect class='alert'/>",
     "<rect data-x='alert'/>", "<rect href='javascript:alert(1)'/>", "<?xml-stylesheet href='alert'?>",
     "<!-- alert -->"],
)  # fmt: skip
def test_nothing_acts_or_asks(hostile):
    assert "alert" not in draw(hostile)
    assert "<path" in draw(hostile + '<path d="M0 0"/>')


def test_a_link_in_a_drawing_becomes_its_content():
    shown = draw('<a href="javascript:alert(1)"><text>words</text></a>')
    assert "alert" not in shown and "words" in shown and "<a" not in shown


def test_words_of_html_in_a_drawing_stay_where_they_were():
    foreign = (
        "<foreignObject x='-20' width='60' height='24'><div xmlns='http://www.w3.org/1999/xhtml'>Start<br/>now</div>"
    )
    label = '<text x="10" y="12" text-anchor="middle" dy="0.35em">Start now</text>'
    assert label in draw(f"<g>{foreign}</foreignObject></g>")
    own = draw(f"<switch>{foreign}</foreignObject><text>its own</text></switch>")
    assert "its own" in own and "Start" not in own


@pytest.mark.parametrize("broken", ["", "not svg", "<html/>", "<svg", "\x00", "<svg:svg/>"])
def test_what_cannot_be_read_is_nothing(broken):
    found = svg.picture(broken, "f")
    assert found is None or found[0].data == b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def test_entities_are_not_followed():
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    shown = svg.picture(f"{bomb}{HEAD}><text>&a;&f;kept</text></svg>", "f")[0].data.decode()
    assert "kept" in shown and "root:" not in shown and "&a;" not in shown


def test_a_drawing_nested_without_end_is_cut():
    found, _ = svg.picture(HEAD + ">" + "<g>" * 1000 + "<path d='M0 0'/>" + "</g>" * 1000 + "<rect/></svg>", "f")
    assert svg.draws(found) and b"<rect/>" in found.data and b"<path" not in found.data


def test_references_that_multiply_or_circle_are_refused():
    chain = "".join(f'<g id="l{i}">' + f'<use href="#l{i + 1}"/>' * 10 + "</g>" for i in range(8))
    assert draw(chain + '<g id="l8"><path d="M0 0"/></g>') == ""
    assert draw('<g id="a"><use href="#a"/></g>') == ""
    masks = "".join(f'<mask id="m{i}"><rect mask="url(#m{i + 1})"/></mask>' for i in range(40))
    assert draw(masks + '<mask id="m40"><rect/></mask><rect mask="url(#m0)"/>') == ""


def test_many_plain_references_are_a_chart():
    marks = '<path id="m" d="M0 0"/>' + '<use href="#m"/>' * 20_000
    assert draw(marks).count("<use") == 20_000


def test_its_own_description_counts_where_none_is_given():
    told = {"<title>own</title><desc>its own words</desc>": "its own words", "<title>x</title>": "x", "<g/>": ""}
    assert {inside: svg.picture(f"{HEAD}>{inside}</svg>", "f")[1] for inside in told} == told


def test_ids_are_new_only_where_something_refers_to_them():
    shown = draw('<g id="figure_1"><clipPath id="c"><rect/></clipPath><path clip-path="url(#c)"/>'
                 '<path id="m"/><use xlink:href="#m"/></g>')  # fmt: skip
    assert "figure_1" not in shown and "xlink" not in shown
    assert 'clip-path="url(#figure-1-1)"' in shown and 'id="figure-1-1"' in shown
    assert 'href="#figure-1-2"' in shown and 'id="figure-1-2"' in shown


def test_names_keep_their_capitals_and_the_box_its_size():
    shown = draw(
        '<linearGradient id="g" gradientUnits="userSpaceOnUse"/><rect fill="url(#g)"/>', 'viewBox="0 0 417.6 200"'
    )
    assert 'viewBox="0 0 417.6 200"' in shown and "linearGradient" in shown and "gradientUnits" in shown
    assert 'width="417.6" height="200"' in shown


@pytest.mark.parametrize(
    ("attributes", "size", "box"),
    [('width="300pt" height="150pt" viewBox="0 0 300 150"', (400, 200), "0 0 300 150"),
     ('width="120" height="60"', (120, 60), "0 0 120 60"), ('width="2pc" height="1in"', (32, 96), "0 0 32 96"),
     ('width="100%" viewBox="0 0 30 15"', (30, 15), "0 0 30 15"), ('viewBox="0 0 300 10"', (300, 10), "0 0 300 10"),
     ('height="20" viewBox="0 0 30 10"', (30, 20), "0 0 30 10"), ('viewBox="x y"', (300, 150), None),
     ('viewBox="0 0 -1 5"', (300, 150), None), ('viewBox="0 0 1.2.3 . 5"', (300, 150), None)],
)  # fmt: skip
def test_sizes_of_every_kind(attributes, size, box):
    found, _ = svg.picture(f"{HEAD}{attributes}><path d='M0 0'/></svg>", "f")
    assert (found.width, found.height) == size
    assert etree.fromstring(found.data).get("viewBox") == box


def test_a_line_of_no_width_is_no_picture():
    assert draw("<path/>", 'viewBox="0 0 9000 2"') == draw("<path/>", 'width="1" height="1e90"') == ""


def test_its_texts_are_known():
    found, _ = svg.picture(f"{HEAD}><text>a <tspan>b</tspan></text><g><text>2,500</text></g></svg>", "f")
    assert found.texts == ("a b", "2,500")


def test_text_stays_text_with_its_spaces_and_pieces():
    shown = draw('<text xml:space="preserve">a <tspan>b</tspan> c <a href="x">d</a> e</text>stray')
    assert 'xml:space="preserve">a <tspan>b</tspan> c <tspan>d</tspan> e</text>' in shown
    assert "stray" not in shown


def test_styles_become_attributes_since_the_policy_lets_no_style_act():
    shown = draw("<text style=\"font: 700 9px 'IBM Plex Sans Condensed', sans-serif; fill: #005a92; x-y: z\">t</text>")
    assert "style=" not in shown
    assert 'font-size="9px"' in shown and 'font-weight="700"' in shown and 'fill="#005a92"' in shown
    assert "font-family=\"'IBM Plex Sans Condensed', sans-serif\"" in shown


def test_style_sheets_become_attributes_the_weaker_first():
    css = (
        "<style>/* c */ * {stroke-linejoin: round} rect {fill: red} .a {fill: green} #i {fill: blue} "
        "@media x {rect {fill: grey}}</style>"
    )
    shown = draw(css + '<rect/><rect class="a"/><rect class="a" id="i"/><circle style="fill: teal" class="a"/>')
    root = etree.fromstring(shown)
    assert root.get("stroke-linejoin") == "round"
    assert [element.get("fill") for element in root if element.get("fill")] == ["red", "green", "blue", "teal"]
    assert all(element.get("stroke-linejoin") is None for element in root)


def test_declarations_are_read_one_by_one():
    assert dict(svg.declarations("fill:red;stroke : #000 !important;;bad;width:3")) == {
        "fill": "red",
        "stroke": "#000",
    }
    assert dict(svg.declarations("font: italic bold 12px/1.5 Arial")) == {
        "font-size": "12px", "font-family": "Arial", "font-style": "italic", "font-weight": "bold",
    }  # fmt: skip
