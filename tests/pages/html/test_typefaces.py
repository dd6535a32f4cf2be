"""Typefaces: cut to the text, embedded once, the same every time."""

import base64
import io
import re
from collections import Counter
from html import unescape

import pytest
from fontTools.ttLib import TTFont
from lxml import html as lxml_html

from handover import fonts
from handover.pages import typefaces
from handover.pages.typefaces import Face

SERIF, SANS, MONO = Face(fonts.SERIF), Face(fonts.SANS), Face(fonts.MONO)


def used(body, rtl=False):
    return {
        face: "".join(sorted(characters)) for face, characters in typefaces.used(f"<body>{body}</body>", rtl).items()
    }


@pytest.mark.parametrize(
    ("body", "face"),
    [("<p>é</p>", SERIF), ("<p><em>é</em></p>", Face(fonts.SERIF, italic=True)),
     ("<h2>é</h2>", Face(fonts.SANS, True)), ("<h2><em>é</em></h2>", Face(fonts.SANS, True, True)),
     ("<table><tr><th>é</th></tr></table>", Face(fonts.SANS, True)),
     ("<table><tr><th class='row'>é</th></tr></table>", SANS), ("<code>é</code>", MONO),
     ("<b><code>é</code></b>", MONO),
     ("<p>س</p>", Face(fonts.ARABIC)), ("<b><i>س</i></b>", Face(fonts.ARABIC, bold=True)),
     ("<figure><svg><text>é</text></svg></figure>", SANS), ("<span class='card'>é</span>", SANS),
     ("<svg><g font-family=\"'IBM Plex Mono'\" font-weight='700'><text>é</text></g></svg>", Face(fonts.MONO, True))],
)  # fmt: skip
def test_each_text_is_cut_from_the_face_that_sets_it(body, face):
    assert list(used(body)) == [face]


def test_a_formula_is_cut_from_its_own_face_with_the_slanted_forms_of_its_letters():
    body = "<p>a<math><mi>π</mi><mi>h</mi><annotation>ğ</annotation></math></p>"
    assert used(body) == {SERIF: "a", Face(fonts.MATHS): "hπℎ\U0001d70b"}
    cut = subset(typefaces._font_faces({Face(fonts.MATHS): "("}))
    assert {"(", " ", "√"} <= set(map(chr, cut.getBestCmap())) and len(cut.getGlyphOrder()) > 20, "with taller forms"
    assert "MATH" in cut


def test_a_foreign_font_in_a_drawing_is_left_alone():
    assert used("<figure><svg><text font-family='DejaVu Sans'>x</text></svg></figure>") == {}


def test_a_page_from_right_to_left_tries_arabic_first():
    assert list(used("<p>a س</p>", rtl=True)) == [Face(fonts.ARABIC)]
    assert typefaces.font_rules("", rtl=True).startswith("body { font-family: 'IBM Plex Sans Arabic', 'IBM Plex Serif'")


def test_no_face_has_what_no_face_has():
    assert used("<p>汉\U0001f600\ue000</p>") == {}


def subset(rule):
    data = re.search(r"base64,([A-Za-z0-9+/=]+)\)", rule)[1]
    return TTFont(io.BytesIO(base64.b64decode(data)))


def test_a_subset_holds_what_is_used_and_the_base_and_no_more():
    written = typefaces._font_faces({SERIF: "ağ"}).split("@font-face")[1:]
    assert len(written) == 2
    assert set(map(chr, subset(written[0]).getBestCmap())) == typefaces.BASE & typefaces.covered(SERIF)
    assert set(map(chr, subset(written[1]).getBestCmap())) == {"ğ"}
    assert "unicode-range: U+11F;" in written[1]
    assert subset(written[0]).flavor == "woff2"


def test_arabic_letters_keep_the_rules_that_join_them():
    font = subset(typefaces._font_faces({Face(fonts.ARABIC): "سلام"}))
    features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    assert {"init", "medi", "fina"} <= features


def test_the_order_of_faces_and_characters_changes_nothing():
    one = typefaces._font_faces({SERIF: "abğş", SANS: "x"})
    assert one == typefaces._font_faces({SANS: "x", SERIF: "şğba"})


def test_the_usual_faces_are_small():
    typefaces.prepare()
    assert len(typefaces._font_faces(dict.fromkeys(typefaces.USUAL, "x"))) < 70_000


def test_what_describes_a_drawing_is_not_drawn_and_what_follows_is():
    drawn = "<svg><g><title>a</title>b<desc>c<b>d</b>e</desc>f<text>g</text></g></svg>"
    assert used(drawn) == {SERIF: "bfg"}


@pytest.mark.parametrize("name", ["report", "everything", "hostile", "arabic"])
def test_a_page_is_set_as_a_parser_of_html_reads_it(name, html):
    body = re.search("<body>.*</body>", html(name), re.DOTALL)[0]
    read = {}

    def visit(element, around):
        if around and element.tag not in typefaces.UNSET:
            around = typefaces._setting(around, False, element.tag, *map(element.get, typefaces.SHAPING))
        else:
            around = None
        texts = [element.get("data-label"), element.text, *(child.tail for child in element)]
        read.setdefault(around, Counter()).update("".join(filter(None, texts)))
        for child in element:
            visit(child, around)

    page = typefaces.Setting((fonts.SERIF, fonts.ARABIC))
    visit(lxml_html.document_fromstring(body).body, page)
    read.pop(None, None)

    def texts(pieces):
        read = typefaces._texts(pieces, page, rtl=False)
        return {how: Counter(unescape("".join(texts))) for how, texts in read.items()}

    found = texts(body.split("<"))
    blank = Counter(dict.fromkeys(" \n\t", 10**6))
    assert {how: held for how in found if (held := found[how] - blank)} == {
        how: held for how in read if (held := read[how] - blank)
    }
    assert sum(map(Counter.total, found.values())) > 1000
    # of elements that are kept whole, each character is there once
    assert {how: set(held) for how, held in texts(typefaces._pieces(body)).items() if held} == {
        how: set(held) for how, held in found.items() if held
    }


def test_an_element_that_holds_nothing_or_one_of_its_kind_ends_where_it_does():
    drawn = "<svg/><b>é</b><svg><svg width='1'/><text>î</text></svg><details>ï<details>ö</details>ä</details>ü"
    assert used(f"<h2>{drawn}</h2>ø") == {SERIF: "ø", Face(fonts.SANS, True): "äéîïöü"}


def test_a_face_is_not_cut_for_what_holds_no_text():
    assert list(used("<p>a<b></b></p>")) == [SERIF]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    typefaces._subset.cache_clear()
    yield tmp_path / "handover" / "faces"
    typefaces._subset.cache_clear()


def again():
    typefaces._subset.cache_clear()
    return typefaces._subset(MONO, frozenset("abc"))


def test_what_is_kept_is_used_and_what_is_damaged_is_cut_anew(folder, monkeypatch):
    first = again()
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]):
        file.write_bytes(damaged)
        assert again() == first
        assert file.read_bytes() == whole
    monkeypatch.setattr(typefaces, "_cut", lambda *_: pytest.fail("cut again"))
    assert again() == first


def test_a_folder_that_cannot_be_had_costs_nothing_but_time(tmp_path, folder, monkeypatch):
    first = again()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert again() == first


def test_other_characters_and_faces_have_keys_of_their_own():
    faces = (MONO, SERIF)
    assert len({typefaces._kept(face, frozenset(text)) for face in faces for text in ("ab", "abc")}) == 4
