import json
import unicodedata

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from handover import fonts
from handover.pages import typesetter
from handover.pages import typst_text as escape
from judges import pdftext

ANY = st.text(st.characters(exclude_categories=()), max_size=60)
#: What would be code, markup, a reference or a comment anywhere else in a Typst file.
TRAPS = (
    '#read("/etc/passwd")', "$x^2$", "@ref", "<label>", "= Heading", "*b* _i_ `r`", "// gone", "/* gone */",
    "#let x = 1",
    '"); #panic("x', "\\u{41}", "\\", '"', "]", "[", "#", "{{7*7}}", "- a\n+ b", "~", "---", "https://x.example", "'",
)  # fmt: skip


def evaluated(source: str) -> str:
    """What Typst itself makes of a literal."""
    found = typst.query(f"#metadata({source}) <it>".encode(), "<it>", field="value", one=True, ignore_system_fonts=True)
    return json.loads(found)


@settings(max_examples=200, deadline=None)
@given(ANY)
def test_a_literal_is_read_back_as_the_text_it_was_made_from(text):
    assert evaluated(escape.literal(text)) == "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


@pytest.mark.parametrize("text", TRAPS)
def test_a_trap_is_read_back_as_the_text_it_was_made_from(text):
    assert evaluated(escape.literal(text)) == text


def test_the_check_sees_a_literal_that_is_not_escaped():
    with pytest.raises(RuntimeError, match="panicked with: x"):
        evaluated('"' + '"); #panic("x' + '"')


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_printed_as_it_stands_wherever_text_comes_from(trap, text, shows, markdown):
    escaped = "".join(f"\\{c}" if c.isascii() and not c.isalnum() and not c.isspace() else c for c in trap)
    html = trap.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="20"><text y="9">{html}</text></svg>'
    content = {"heading": trap, "facts": [{"key": trap, "label": trap, "value": trap, "reading": trap}]}
    cells = [
        markdown(f"# {escaped.replace(chr(10), ' ')}"),
        shows({"text/plain": trap}),
        shows({"text/html": f"<p>{html}</p><table><tr><td>{html}</td></tr></table>"}),
        shows({"text/latex": trap.strip("$") or "x"}),
        shows({"image/svg+xml": svg}, {"image/svg+xml": {"alt": trap, "title": "a title"}}),
        shows({"application/vnd.handover.evidence+json": content}),
    ]
    found = pdftext.solid(text(*cells))
    # foot, title, stream, paragraph, cell, SVG, and four times in the evidence; mathematics loses its dollars
    assert found.count(pdftext.solid(trap)) >= 9


@settings(max_examples=60, deadline=None)
@given(ANY)
def test_any_text_is_printed_and_none_stops_the_page(words):
    from nbformat.v4 import new_code_cell, new_output
    from pdf_samples import metadata, of_cells, typeset

    cell = new_code_cell("1")
    cell.outputs = [
        new_output("stream", name="stdout", text=words),
        new_output("error", ename=words, evalue=words, traceback=[words]),
        new_output("display_data", data={"text/html": words}),
        new_output("display_data", data={"text/markdown": words}),
    ]
    found = of_cells(cell)
    made = typeset(found, metadata())
    # letters that neither join nor change their order can be compared
    letters = [c for c in words if c.isalnum() and c.isascii()]
    assert all(letter in pdftext.whole(made) for letter in letters)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a 😀 b", "a [U+1F600] b"),
        ("中文", "[U+4E2D U+6587]"),
        ("中" * 9, "[U+4E2D U+4E2D U+4E2D U+4E2D … 9 characters]"),
        ("a\x00b\x07", "a[U+0000]b[U+0007]"),
        ("\ue000", "[U+E000]"),
        ("\ud800", "[U+D800]"),
        ("invoice\u202etxt.exe", "invoice[U+202E]txt.exe"),
        ("👨\u200d👩", "[U+1F468 U+1F469]"),
        ("\ufeffa", "a"),
    ],
)
def test_what_no_typeface_has_is_named(given, shown):
    assert escape.visible(given) == shown


@pytest.mark.parametrize(
    "given", ["plain", "naïve – “quotes” €5 ≠ 3′", "عين الأسد", "a\u200bb\u200f", "e\u0301", "Łódź"]
)
def test_what_the_typefaces_have_is_left_alone(given):
    assert escape.visible(given) == given


def test_every_plain_character_is_covered():
    plain = [c for c in map(chr, range(0x3000)) if escape.PLAIN.fullmatch(c) and c not in "\n\t"]
    assert len(plain) > 200
    assert [c for c in plain if ord(c) not in escape.covered()] == []


@pytest.mark.parametrize("face", [
    'font: "IBM Plex Serif"', 'font: "IBM Plex Serif", style: "italic", weight: "bold"', 'font: "IBM Plex Mono"',
    'font: "IBM Plex Sans", stretch: 75%, style: "italic"', 'font: "IBM Plex Sans Arabic", dir: rtl',
])  # fmt: skip
def test_typst_prints_every_covered_character_in_every_face(face):
    everything = escape.literal(" ".join(map(chr, sorted(escape.covered() | escape.INVISIBLE))))
    source = f'#set document(title: "x", date: auto)\n#set text({face}, lang: "en")\n#{everything}'
    assert typesetter.pdf({"main.typ": source.encode()}, 0, "all").startswith(b"%PDF")


def test_a_character_that_is_not_covered_would_have_stopped_it():
    source = '#set document(title: "x", date: auto)\n#set text(font: "IBM Plex Serif")\n#"\\u{1f600}"'
    with pytest.raises(Exception, match="could not be displayed"):
        typesetter.pdf({"main.typ": source.encode()}, 0, "emoji")


def test_no_private_or_unassigned_character_counts_as_covered():
    assert not {unicodedata.category(chr(code)) for code in escape.covered()} & {"Cc", "Cs", "Co", "Cn"}


def test_coverage_is_that_of_the_shipped_families():
    assert set(fonts.FAMILIES) == {"IBM Plex Serif", "IBM Plex Sans Condensed", "IBM Plex Sans Arabic", "IBM Plex Mono"}


@given(ANY, st.integers(8, 40))
def test_breaking_words_changes_nothing_but_the_breaks(text, word):
    bare = text.replace(escape.BREAK, "")
    broken = escape.breakable(bare, word)
    assert broken.replace(escape.BREAK, "") == bare
    assert all(len(piece) <= word for piece in broken.replace(escape.BREAK, " ").split())


def test_a_long_word_stays_on_the_page(text, markdown):
    from pdf_samples import metadata, of_cells, typeset

    doc = of_cells(markdown("x" * 20_000))
    assert typesetter.page_count(typeset(doc, metadata())) > 3


def test_a_break_is_no_part_of_a_letter_for_who_searches(text, markdown):
    found = text(markdown("https://example.org/" + "long.path/" * 30 + "\n\nThen 3.5 and 4/5, " + "x" * 99))
    assert "Then 3.5 and 4/5" in found


def test_short_words_are_left_whole():
    assert escape.breakable("https://example.org/a and a word") == "https://example.org/a and a word"


def test_a_description_is_one_line_without_controls():
    assert escape.spoken(" a\n b\x07\ue000 ") == '"a b"'


@pytest.mark.parametrize(("markup", "empty"), [
    ("", True), ('#" ";', True), ('#"\\u{200b}\\u{a0}";', True), ('#picture("/picture-1", 1pt, 1pt, "alt");', True),
    ('#strong[#"x";];', False), ('#raw("x");', False), ('#"\\"";', False), ('#"\\u{5d0}";', False),
])  # fmt: skip
def test_a_heading_without_a_word_is_known(markup, empty):
    assert escape.wordless(markup) is empty


@pytest.mark.parametrize(
    ("given", "folded"),
    [
        ("", ""),
        ("a  b", '#"a b";'),
        ("a\tb", '#"a b";'),
        ("a\u2028b", '#"a b";'),
        ("a\u00a0b", '#"a\\u{a0}b";'),
        ("a\u202fb\u2009c", '#"a[U+202F]b[U+2009]c";'),  # kept, and named since no typeface has them
        ("a\u00a0 b", '#"a b";'),
        ("a\u00a0\u00a0b", '#"a b";'),
        (" ", '#" ";'),
    ],
)
def test_white_space_is_folded_and_a_single_space_that_must_not_break_is_kept(given, folded):
    assert escape.text(given) == folded
