import json
import unicodedata

import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st
from test_typst import TRAPS

from handover import fonts
from handover.errors import ConversionError
from handover.pages import fallback, pdf, typst_text

ANY = st.text(st.characters(exclude_categories=()), max_size=60)
FACES = (
    'font: "IBM Plex Serif"', 'font: "IBM Plex Serif", style: "italic", weight: "bold"', 'font: "IBM Plex Mono"',
    'font: "IBM Plex Sans", stretch: 75%, style: "italic"', 'font: "IBM Plex Sans Arabic", dir: rtl',
)  # fmt: skip


def evaluated(*literals):
    """What Typst itself makes of literals."""
    source = "".join(f"#metadata({literal}) <it>\n" for literal in literals)
    return json.loads(typst.query(source.encode(), "<it>", field="value", ignore_system_fonts=True))


def test_a_literal_that_is_not_escaped_is_seen():
    with pytest.raises(RuntimeError, match="panicked with: x"):
        evaluated('"' + '"); #panic("x' + '"')


@given(st.lists(ANY, min_size=1, max_size=20))
def test_a_literal_is_read_back_as_the_text_it_was_made_from(texts):
    whole = ["".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text) for text in texts]
    assert evaluated(*map(typst_text.literal, texts)) == whole


def test_a_trap_is_read_back_as_the_text_it_was_made_from():
    assert evaluated(*map(typst_text.literal, TRAPS)) == list(TRAPS)


@pytest.mark.parametrize(("given", "shown"), [
    ("a\x00b\x07", "a[U+0000]b[U+0007]"), ("\ud800", "[U+D800]"), ("\ufffea", "[U+FFFE]a"),
    ("invoice\u202etxt.exe", "invoice[U+202E]txt.exe"), ("a\ufff9b", "a[U+FFF9]b"), ("\u2028", "[U+2028]"),
    ("\ufeffa", "a"), ("a\u180b b", "a b"),
])  # fmt: skip
def test_what_no_pdf_may_hold_is_named(given, shown):
    assert typst_text.visible(given) == shown


@pytest.mark.parametrize(
    "given", ["naïve – “quotes” €5 ≠ 3′", "عين الأسد", "a\u200bb\u200f", "e\u0301", "中文 👨\u200d👩"]
)
def test_everything_else_is_left_alone(given):
    assert typst_text.visible(given) == given


def test_every_plain_character_is_covered():
    plain = [c for c in map(chr, range(0x3000)) if typst_text.PLAIN.fullmatch(c) and c not in "\n\t"]
    assert len(plain) > 200
    assert [c for c in plain if ord(c) not in fallback.ours()] == []
    assert set(fonts.FAMILIES) == {"IBM Plex Serif", "IBM Plex Sans Condensed", "IBM Plex Sans Arabic", "IBM Plex Mono"}


def in_face(face, characters):
    main = f'#set document(title: "x", date: auto)\n#set text({face}, lang: "en")\n#{typst_text.literal(characters)}'
    return pdf({"main.typ": main.encode()}, 0, "all")


@pytest.mark.parametrize("face", FACES)
def test_typst_prints_every_covered_character_in_every_face_and_no_other(face):
    printed = {code for code in fallback.ours() if unicodedata.category(chr(code)) not in ("Cc", "Co")}
    everything = " ".join(map(chr, sorted(printed - typst_text.REFUSED - {0xFEFF} | typst_text.INVISIBLE)))
    assert in_face(face, everything).startswith(b"%PDF")
    with pytest.raises(ConversionError, match="could not be displayed"):
        in_face(face, "\U0001f600")


@given(ANY, st.integers(8, 40))
def test_breaking_words_changes_nothing_but_the_breaks(text, word):
    bare = text.replace(typst_text.BREAK, "")
    broken = typst_text.breakable(bare, word)
    assert broken.replace(typst_text.BREAK, "") == bare
    assert all(len(piece) <= word for piece in broken.replace(typst_text.BREAK, " ").split())


def test_short_words_are_left_whole():
    assert typst_text.breakable("https://example.org/a and a word") == "https://example.org/a and a word"


def test_a_description_is_one_line_without_controls():
    assert typst_text.spoken(" a\n b\x07\ue000 ") == '"a b"'


def test_preformatted_text_keeps_its_lines_and_no_line_is_too_long():
    assert typst_text.lines("a\r\n\tb\n" + "x" * 9, 8) == f'"a\\u{{a}}    b\\u{{a}}{"x" * 8}\\u{{a}}x"'


@pytest.mark.parametrize(("markup", "empty"), [
    ("", True), ('#" ";', True), ('#"\\u{200b}\\u{a0}";', True), ('#picture("/picture-1", 1pt, 1pt, "alt");', True),
    ('#strong[#"x";];', False), ('#raw("x");', False),
    ('#within-text("x", sign("x"));', False), ('#"\\"";', False), ('#"\\u{5d0}";', False),
])  # fmt: skip
def test_markup_without_a_word_is_known(markup, empty):
    assert typst_text.wordless(markup) is empty


@pytest.mark.parametrize(("given", "folded"), [
    ("", ""), ("a  b", '#"a b";'), ("a\tb", '#"a b";'), ("a\u2028b", '#"a b";'), ("a\u00a0b", '#"a\\u{a0}b";'),
    ("a\u202fb\u2009c", '#"a\\u{202f}b\\u{2009}c";'),
    ("a\u00a0 b", '#"a b";'), ("a\u00a0\u00a0b", '#"a b";'), (" ", '#" ";'),
])  # fmt: skip
def test_white_space_is_folded_and_a_single_space_that_must_not_break_is_kept(given, folded):
    assert typst_text.text(given) == folded
