"""Every script is printed, and read back as it was written; what no typeface has stands as its code in a box."""

import io
import json
import re
import subprocess

import pikepdf
import pytest
from fontTools.ttLib import TTFont
from pdf_samples import BARE, markdown, metadata, of_cells, shows, typeset

from handover.pages import fallback, missing, typesetter, typst_source
from judges import pdftext, verapdf

SCRIPTS = {
    "Latin": "Łódź, Việt Nam", "Greek": "Ελληνικά ᾧ", "Cyrillic": "Українська Ѣ", "Hebrew": "עברית",
    "Arabic": "العربية", "Devanagari": "क्षत्रिय", "Bengali": "বাংলা", "Gurmukhi": "ਪੰਜਾਬੀ", "Gujarati": "ગુજરાતી",
    "Tamil": "தமிழ்", "Telugu": "తెలుగు", "Kannada": "ಕನ್ನಡ", "Malayalam": "മലയാളം", "Sinhala": "සිංහල",
    "Thai": "ภาษาไทย", "Lao": "ພາສາລາວ", "Khmer": "ភាសា", "Burmese": "မြန်မာ", "Georgian": "ქართული",
    "Armenian": "Հայերեն", "Ethiopic": "አማርኛ", "Chinese": "中文标题：数据", "Japanese": "日本語のテキスト",
    "Korean": "한국어", "mathematics": "∀x∈ℝ: ∮ ⟨𝐱⟩ ≤ ∞ ⇒ ¬β", "arrows": "←↑→↓⇔↦⟶", "boxes": "┌─┬┐█▓░",
    "Braille": "⠓⠑⠇⠇⠕", "emoji": "😀 ✅ ⚠ 🫨", "symbols": "★ ♠ ♪ ⌘ ① ½ ₹ ™", "combining": "e\u0301 ẹ\u0301 \ufb01",
    "stand-ins": "\U00013000\U00012000",
}  # fmt: skip
#: Scripts whose letters stand on a page in no order that glyphs alone could tell; the PDF says it beside them.
REORDERED = {
    "Hebrew", "Arabic", "Devanagari", "Gurmukhi", "Gujarati", "Tamil", "Telugu", "Kannada", "Malayalam", "Burmese",
    "combining",
}  # fmt: skip
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def everything():
    cells = [markdown(f"## {name} {words}\n\n{words}\n\n`{words}`") for name, words in SCRIPTS.items()]
    found = of_cells(
        markdown("# 标题 Ελληνικά עברית\n\nΑ 中 😀"), *cells, shows({"text/plain": "\n".join(SCRIPTS.values())})
    )
    return typeset(found, metadata())


def test_what_no_typeface_has_is_counted_named_and_drawn_as_its_code():
    files = typst_source(of_cells(markdown("# a \U00013000 b\n\n\U00013000 \U0001f600 \ue000 `\\u{e001}`")), BARE)
    assert missing(files) == (
        "2 characters have no glyph in our typefaces: U+E000, U+13000; a box with the code stands in the PDF for each"
    )
    assert "NotoEmoji[wght].ttf" not in json.loads(files[fallback.FILE])["typefaces"], "DejaVu has it"
    assert b"\\\\u{e001}" in files["main.typ"], "what a text says of a code is no code"
    with TTFont(io.BytesIO(files[fallback.STAND_INS])) as made:
        assert made.getBestCmap() == {0x13000: "u13000"}


def test_many_are_counted_and_some_of_them_named():
    said = missing(typst_source(of_cells(markdown("".join(map(chr, range(0x13000, 0x13020))))), BARE))
    assert said.startswith("32 characters have no glyph in our typefaces: U+13000, U+13001, ")
    assert ", U+13007, …; a box" in said and "U+13008" not in said


@pytest.mark.parametrize("words", ["plain", "naïve “quotes” – €5 ≠ عين", "e\u0301"])
def test_a_page_that_our_own_typefaces_write_asks_for_no_other(words):
    files = typst_source(of_cells(markdown(words)), BARE)
    assert fallback.FILE not in files and missing(files) == ""


def test_texts_of_all_scripts_are_read_back_from_the_pdf(everything, tmp_path):
    (tmp_path / "x.pdf").write_bytes(everything)
    read = subprocess.run(["pdftotext", "-raw", tmp_path / "x.pdf", "-"], check=True, capture_output=True, text=True)
    found = pdftext.solid(DIRECTIONS.sub("", read.stdout))
    assert [name for name, words in SCRIPTS.items() if found.count(pdftext.solid(words)) < 4] == []


def test_glyphs_alone_say_the_same_where_they_can(everything):
    found = pdftext.solid("".join(pdftext.read(everything)))
    assert {name for name, words in SCRIPTS.items() if found.count(pdftext.solid(words)) < 4} == REORDERED


def test_so_are_its_title_and_its_bookmarks(everything):
    with pikepdf.open(io.BytesIO(everything)) as opened:
        assert opened.docinfo["/Title"] == "标题 Ελληνικά עברית"
        with opened.open_outline() as outline:
            assert [one.title for one in outline.root] == [f"{name} {words}" for name, words in SCRIPTS.items()]


def test_it_conforms(everything):
    verapdf.need()
    assert verapdf.judge(everything) == {"ua1": [], "3a": []}


@pytest.mark.parametrize(
    ("words", "about", "form"),
    [("数据 データ", {}, "JP"), ("数据", {}, "SC"), ("數據", {"language": "zh-TW"}, "TC"), ("한국 大韓", {}, "KR"),
     ("数据", {"language": "ja"}, "JP")],
)  # fmt: skip
def test_characters_that_east_asia_shares_are_drawn_as_the_text_s_language_writes_them(words, about, form):
    found = of_cells(markdown(words), **about)
    assert f'set text(font: "Noto Sans CJK {form}")' in typst_source(found, BARE)["main.typ"].decode()
    with pikepdf.open(io.BytesIO(typeset(found, BARE))) as made:
        fonts = {str(font.BaseFont) for page in made.pages for font in page.Resources.Font.values()}
    assert [font for font in fonts if "Noto" in font] and all("CJK" in font for font in fonts if "Noto" in font)


def test_a_word_in_a_drawing_has_its_typeface_too():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><text y="9">ไทย \ue000</text></svg>'
    files = typst_source(of_cells(shows({"image/svg+xml": svg})), BARE)
    assert "NotoSansThai[wght].ttf" in json.loads(files[fallback.FILE])["typefaces"]
    assert missing(files).startswith("1 character has no glyph in our typefaces: U+E000;")
    assert "ไทย \ufffd" in files["picture-1"].decode()


@pytest.mark.parametrize("name", ["Devanagari", "Arabic", "Japanese", "Tamil", "Burmese"])
def test_a_drawing_keeps_its_words_in_every_script_as_text_or_as_dots(name):
    """A PDF/A refuses joined letters in a drawing; the picture must not be given up for it."""
    words = {"Devanagari": "बंदरगाह"}.get(name, SCRIPTS[name])
    size = f'width="90" height="30" viewBox="0 0 90 30" xmlns="{typesetter.SVG}"'
    svg = f'<svg {size}><text y="9">{words}</text><rect y="20" width="90" height="10" fill="#005a92"/></svg>'
    made = typeset(of_cells(shows({"image/svg+xml": svg})), BARE)
    assert "broken" not in pdftext.whole(made)
    with pikepdf.open(io.BytesIO(made)) as opened:
        images = [image for page in opened.pages for image in page.get_images()]
    assert set(words) <= set(pdftext.whole(made)) or images
