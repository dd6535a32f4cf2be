import base64
import datetime as dt
import hashlib
import io
import os
import re
import subprocess
import sys

import pikepdf
import pytest
from handover.editions.imprint import LINK_SIZE, NO_DAY, of
from pdf_samples import ATTACHED, EDITION, NOTEBOOKS, TESTS, files, imprint, of_cells, read, typeset
from PIL import Image
from test_pdf_pictures import raster

from handover.errors import ConversionError
from handover.pages.typst import page, typesetter
from judges import pdftext

HEAD = '#set document(title: "x", date: auto)\n'


def opened(made):
    return pikepdf.open(io.BytesIO(made))


@pytest.mark.parametrize("reach", [
    'read("/etc/passwd")', 'read("/etc/hostname")', 'read("../../../../etc/hostname")', 'image("/proc/self/environ")',
    f'read("{TESTS}/conftest.py")', 'read("conftest.py")', 'import "@preview/cetz:0.3.4"', 'plugin("x.wasm")',
])  # fmt: skip
def test_no_file_of_the_machine_is_in_reach(reach):
    with pytest.raises(ConversionError):
        typesetter.pdf({"main.typ": f"{HEAD}#{reach}".encode()}, 0, "x")


def test_a_fault_of_typst_says_what_and_what_to_do():
    with pytest.raises(ConversionError) as fault:
        typesetter.pdf({"main.typ": f'{HEAD}#image("/p", width: 1cm)'.encode(), "p": raster()}, 0, "boats")
    first, advice = str(fault.value).split("\n", 1)
    assert first.startswith(
        "boats: the PDF must compile without warnings (got 'PDF/A-3a, PDF/UA-1 error: missing alt text'"
    )
    assert advice


def test_a_warning_is_an_error():
    with pytest.raises(ConversionError, match="got 'warning: unknown font family"):
        typesetter.pdf({"main.typ": f'{HEAD}#set text(font: "Comic Sans")\nx'.encode()}, 0, "x")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_two_worlds_make_the_same_bytes(name, tmp_path, pdf):
    made = tmp_path / "made"
    code = (
        f"import sys, pathlib; sys.path[:0] = {[str(TESTS / 'pages' / 'pdf')]!r}\n"
        f"import pdf_samples; pathlib.Path({str(made)!r}).write_bytes(pdf_samples.printed({name!r}))"
    )
    other = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "HOME": str(tmp_path), "PYTHONHASHSEED": "7"}
    other["TMPDIR"] = str(tmp_path)
    subprocess.run([sys.executable, "-c", code], check=True, env=other, cwd=tmp_path)
    assert hashlib.sha256(made.read_bytes()).hexdigest() == hashlib.sha256(pdf(name)).hexdigest()


def test_another_word_makes_other_bytes(markdown):
    one, two = (of_cells(markdown(f"word {n}")) for n in "ab")
    first, second = (typeset(doc, imprint()) for doc in (one, two))
    assert first != second


def test_the_document_says_what_it_is(pdf):
    with opened(pdf("report")) as made:
        info, root = made.docinfo, made.Root
        assert str(info.Title) == read("report").title
        assert str(info.Author) == "Handover desk"
        assert str(info.CreationDate).startswith("D:20310331")
        assert str(root.Lang) == "en"
        assert root.MarkInfo.Marked
        assert root.ViewerPreferences.DisplayDocTitle
        assert root.Outlines.Count > 1
        assert [round(float(side)) for side in made.pages[0].MediaBox] == [0, 0, 595, 842]


def test_an_arabic_document_runs_from_right_to_left(pdf):
    with opened(pdf("arabic")) as made:
        assert str(made.Root.Lang) == "ar"
        assert str(made.Root.ViewerPreferences.Direction) == "/R2L"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_edition_and_the_number_stand_on_every_page(name, pdf):
    shown = pdftext.read(pdf(name))
    assert page.pages(pdf(name)) == len(shown)
    assert all(EDITION in " ".join(text.split()) for text in shown)
    assert all(f"{n} / {len(shown)}" in text for n, text in enumerate(shown, 1))


def test_a_page_that_was_never_published_has_no_edition(text, markdown):
    assert EDITION not in text(markdown("words"))


def test_an_edition_may_be_put_in_later(markdown):
    doc = of_cells(markdown("words"))
    draft, final = imprint("2031-03-31-en-0z0q0z0q"), imprint("2031-03-31-en-1a2b3c4d")
    later = page.compose(doc, draft)[0].replace("0z0q0z0q", "1a2b3c4d")
    assert later == page.compose(doc, final)[0]


def test_what_differs_between_editions_comes_last(markdown):
    """Set before the text, it would be part of each piece's style, and Typst would lay all of it out again."""
    early, late = (page.compose(of_cells(markdown("words")), imprint(edition))[0] for edition in (EDITION, "another"))
    assert early != late
    assert early.splitlines()[:-1] == late.splitlines()[:-1]
    assert early.splitlines()[-1].startswith("#edition-of(datetime(")


def test_attachments_travel_whole(pdf):
    with opened(pdf("report")) as made:
        held = made.attachments[ATTACHED.name]
        assert held.get_file().read_bytes() == ATTACHED.data
        assert held.get_file().mime_type == "text/csv"
        assert held.description == ATTACHED.description
        assert str(held.obj.AFRelationship) == "/Data"


def test_only_the_shipped_typefaces_are_used_and_only_in_part(pdf):
    for name in NOTEBOOKS:
        with opened(pdf(name)) as made:
            fonts = [font for sheet in made.pages for font in sheet.Resources.Font.values()]
            names = {str(font.BaseFont) for font in fonts}
        assert names
        assert all(name[7:8] == "+" and name[8:].startswith("IBMPlex") for name in names)


def test_code_is_absent(pdf):
    from nbformat.v4 import new_code_cell

    doc = of_cells(new_code_cell("secret = 1"), title="t")
    assert "secret" not in pdftext.whole(typeset(doc, imprint()))


def test_the_text_of_a_chart_is_text(text, shows):
    chart = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="50">'
        "<text y='20' style=\"font: 12px 'IBM Plex Sans Condensed'\">twelve boats</text></svg>"
    )
    about = {"alt": "Boats", "title": "The *finding*", "subtitle": "What is measured", "credit": "[Office](#source-x)"}
    found = text(shows({"image/svg+xml": chart}, {"image/svg+xml": about}))
    assert pdftext.solid("The finding What is measured twelve boats Office") in pdftext.solid(found)


@pytest.mark.parametrize(
    "data", [b"junk", raster("JPEG")[:60], raster()[:40], b"<svg", b""], ids=("junk", "jpeg", "png", "svg", "nothing")
)
def test_a_picture_that_typst_cannot_draw_is_replaced(data):
    main = f'{HEAD}#image("/picture-1", alt: "x", width: 5cm)\n#image("/picture-2", alt: "y", width: 5cm)'
    files = {"main.typ": main.encode(), "picture-1": data, "picture-2": raster()}
    assert pdftext.solid(pdftext.whole(typesetter.pdf(files, 0, "x"))) == "Thispictureisbroken."


def test_a_picture_that_cannot_be_read_says_so(text, shows):
    found = text(shows({"image/png": "AAAA"}, {"image/png": {"alt": "Twelve boats"}}))
    assert "[Figure that cannot be read: Twelve boats]" in found


def test_a_tall_picture_fits_the_page(shows):

    doc = of_cells(
        shows({"image/png": base64.b64encode(raster(size=(300, 9000))).decode()}, {"image/png": {"alt": "x"}})
    )
    assert page.pages(typeset(doc, imprint("", ()))) <= 2


def test_a_long_output_is_cut_and_says_so(text):
    from nbformat.v4 import new_code_cell, new_output

    cell = new_code_cell("1")
    cell.outputs = [new_output("stream", name="stderr", text="\n".join(f"line {n}." for n in range(1000)))]
    found = text(cell)
    assert "Warnings and messages, cell 1" in found
    assert "Left out here: 800 lines" in found
    assert "line 99." in found
    assert "line 500." not in found


def test_a_failure_is_in_plain_view(text):
    from nbformat.v4 import new_code_cell, new_output

    cell = new_code_cell("1")
    cell.outputs = [new_output("error", ename="ValueError", evalue="no boats", traceback=["secret"])]
    found = text(cell)
    assert "Cell 1 failed: ValueError no boats" in found
    assert "secret" not in found


@pytest.mark.parametrize(
    "language", ["en", "en-GB", "en_GB.UTF-8", "ar", "pt-BR", "", "q#", "x-klingon-1234", '"); #panic("']
)
def test_any_language_is_no_fault(language, markdown):
    doc = of_cells(markdown("words"), language=language)
    assert typeset(doc, imprint())


@pytest.mark.parametrize("day", [dt.date(1970, 1, 1), dt.date(1, 1, 1), dt.date(9999, 12, 31)])
def test_any_day_is_no_fault(day, markdown):
    import dataclasses

    printing = dataclasses.replace(imprint(), date=day, epoch=0)
    doc = of_cells(markdown("words"))
    assert typeset(doc, printing)


def test_an_empty_notebook_is_a_page():
    doc = of_cells()
    assert page.pages(typeset(doc, imprint())) == 1


def test_a_report_is_small(pdf):
    made = pdf("report")
    with opened(made) as counted:
        sheets = len(counted.pages)
    assert len(made) < 60_000 + 40_000 * sheets


def test_the_picture_is_of_page_one(markdown):
    doc = of_cells(markdown("# Boats\n\n" + "Words of the first page and of others. " * 900))
    with Image.open(io.BytesIO(typesetter.pngs(files(doc, imprint()), 36, doc.name)[0])) as image:
        assert image.format == "PNG"
        assert image.size == pytest.approx((298, 421), abs=1)
        assert image.convert("L").getextrema()[0] < 100


def head(doc, printing):
    """What stands under the title, on one line, and without where lines may break."""
    found = re.sub("\\s*[\u200b\u2060]\\s*", "", pdftext.read(typeset(doc, printing))[0])
    return " ".join(found.split()).partition("words")[0]


def test_under_the_title_stand_desk_day_and_edition(markdown):
    found = head(of_cells(markdown("# Boats\n\nUnder it.\n\nwords")), imprint())
    assert found.strip() == f"Boats Under it. Handover desk · 31 March 2031 · Edition {EDITION}"


@pytest.mark.parametrize(("authors", "shown"), [([], "Boats"), ([{"name": "A. Clerk"}], "Boats A. Clerk")])
def test_under_the_title_of_a_foreign_notebook_stands_nothing_that_it_does_not_say(authors, shown, markdown):
    printing = of({"authors": authors}, {})
    assert printing.date == NO_DAY
    assert head(of_cells(markdown("# Boats\n\n## words")), printing).strip() == shown


def test_a_day_of_its_own_is_shown_without_a_desk(markdown):
    printing = of({"date": "2031-03-31"}, {})
    assert pdftext.solid(head(of_cells(markdown("# Boats\n\n## words")), printing)) == "Boats31March2031"


def test_only_the_marks_that_there_are_are_explained(markdown, shows):
    from test_pdf_ledger import CONFLICT, FACT, MIME

    def key(content):
        return head(of_cells(markdown("# Boats\n\n## words"), shows({MIME: content})), of({}, {})).strip()

    assert key({}) == "Boats"
    assert key({"facts": [FACT]}) == "Boats dotted : evidence"
    assert key({"conflicts": [CONFLICT]}) == "Boats ≠ : sources disagree"
    assert key({"facts": [FACT], "conflicts": [CONFLICT]}) == "Boats dotted : evidence · ≠ : sources disagree"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_notebook_has_a_picture_for_links(name):
    made = typesetter.pngs(page.link(read(name), imprint()), page.LINK_PPI, name)
    assert len(made) == 1
    with Image.open(io.BytesIO(made[0])) as image:
        assert image.size == LINK_SIZE


@pytest.mark.parametrize("title", ["A " + "very long title " * 40, "Unbroken" * 60, "\u200b", "#x[" * 9])
def test_no_title_is_too_long_for_the_picture_for_links(title, markdown):
    doc = of_cells(markdown(f"# {title}\n\n" + "A long standfirst. " * 60))
    made = typesetter.pngs(page.link(doc, imprint()), page.LINK_PPI, "x")
    with Image.open(io.BytesIO(made[0])) as image:
        shades = image.convert("L")
        assert shades.crop((0, 482, 1200, 496)).getextrema()[0] > 200, "words stand on the line"
