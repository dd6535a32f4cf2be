import io
import os
import subprocess
import sys

import pytest
from pdf_samples import NOTEBOOKS, TESTS, markdown, of_cells, printed, raster, typeset
from pdf_samples import metadata as about
from PIL import Image

from handover.errors import ConversionError
from handover.pages import page_count, pdf, picture, pictures, pngs, settle, typst_source
from judges import pdftext

HEAD = '#set document(title: "x", date: auto)\n'


def fault(body, **files):
    with pytest.raises(ConversionError) as found:
        pdf({"main.typ": f"{HEAD}{body}".encode(), **files}, 0, "boats")
    return str(found.value)


@pytest.mark.parametrize("reach", [
    'read("/etc/passwd")', 'read("../../../../etc/hostname")', 'image("/proc/self/environ")',
    f'read("{TESTS}/conftest.py")', 'read("conftest.py")', 'import "@preview/cetz:0.3.4"', 'plugin("x.wasm")',
])  # fmt: skip
def test_no_file_of_the_machine_is_in_reach(reach):
    assert fault(f"#{reach}")


def test_a_fault_of_typst_says_what_and_where_and_what_to_do():
    first, advice = fault('#image("/p", width: 1cm)', p=raster()).split("\n", 1)
    assert first.startswith(
        "boats: the PDF must compile without warnings (got 'PDF/A-3a, PDF/UA-1 error: missing alt text' at main.typ:2"
    )
    assert advice
    assert "report it with the notebook" in fault("#panic()")


def test_a_warning_is_an_error():
    assert "got 'warning: unknown font family" in fault('#set text(font: "Comic Sans")\nx')


@pytest.mark.parametrize(
    "data", [b"junk", raster("JPEG")[:60], raster()[:40], b"<svg", b""], ids=("junk", "jpeg", "png", "svg", "nothing")
)
def test_a_picture_that_typst_cannot_draw_is_replaced(data):
    main = f'{HEAD}#image("/picture-1", alt: "x", width: 5cm)\n#image("/picture-2", alt: "y", width: 5cm)'
    files = {"main.typ": main.encode(), "picture-1": data, "picture-2": raster()}
    assert pdftext.solid(pdftext.whole(pdf(files, 0, "x"))) == "Thispictureisbroken."
    assert len(pngs(files, 9, "x")) == 1


def test_the_same_document_makes_the_same_bytes_in_another_world_and_another_one_does_not(tmp_path):
    made = tmp_path / "made"
    code = (
        f"import sys, pathlib; sys.path[:0] = {[str(TESTS / 'pages' / 'pdf'), str(TESTS)]!r}\n"
        "import pdf_samples\n"
        f"pathlib.Path({str(made)!r}).write_bytes(b''.join(map(pdf_samples.printed, pdf_samples.NOTEBOOKS)))"
    )
    other = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "HOME": str(tmp_path), "PYTHONHASHSEED": "7"}
    other["TMPDIR"] = str(tmp_path)
    subprocess.run([sys.executable, "-c", code], check=True, env=other, cwd=tmp_path)
    assert made.read_bytes() == b"".join(map(printed, NOTEBOOKS))
    assert len(set(map(printed, NOTEBOOKS))) == len(NOTEBOOKS)


def long():
    return of_cells(markdown("# Boats\n\n" + "Words of the first page and of others. " * 900))


def test_pages_are_counted():
    made = typeset(long(), about())
    assert page_count(made) == len(pdftext.read(made)) > 3
    assert page_count(typeset(of_cells(), about())) == 1


@pytest.mark.parametrize("before", [1, 300, 900])
def test_the_picture_of_page_one_needs_only_the_sections_that_begin_on_it(before):
    words = markdown("# Boats\n\n" + "Words before it. " * before)
    sections = [markdown(f"## Section {n}\n\n[up](#section-0) " + "and words. " * 300) for n in range(9)]
    files = settle(typst_source(of_cells(words, *sections), about()), "x")
    shown = pngs(pictures._beginning(files), 36, "x")
    every = pngs(files, 36, "x")
    assert shown[0] == every[0]
    assert len(shown) < len(every)


def test_a_picture_is_of_page_one_in_few_colours():
    files = settle(typst_source(long(), about()), "x")
    made = picture(files, 36, "x")
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.mode) == ("PNG", "P")
        assert image.size == pytest.approx((298, 421), abs=1)
        assert image.convert("L").getextrema()[0] < 100
    assert len(made) < len(pngs(files, 36, "x")[0]) / 2
    assert made == picture(files, 36, "x")
