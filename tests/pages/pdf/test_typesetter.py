import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pdf_samples import NOTEBOOKS, TESTS, markdown, of_cells, printed, raster, shows, typeset
from pdf_samples import metadata as about
from PIL import Image

from handover import digest, scratch
from handover.errors import ConversionError
from handover.pages import layout, page_count, pdf, picture, pictures, pngs, settle, typesetter, typst_source
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


def test_a_fault_of_typst_says_what_and_what_to_do():
    first, advice = fault('#image("/p", width: 1cm)', p=raster()).split("\n", 1)
    assert first == ("boats: the PDF must compile without warnings (got 'PDF/A-3a, PDF/UA-1 error: missing alt text').")
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


def forget():
    while typesetter._idle:
        scratch.remove(typesetter._idle.pop().folder)


def made_of(files):
    """The hashes of its PDF and its pages: a difference of bytes would take minutes to be printed."""
    return [digest.of_bytes(one) for one in (pdf(files, 0, "x"), *pngs(files, 18, "x"))]


def page_one(files):
    return digest.of_bytes(pngs(files, 36, "x")[0])


def set_anew(files):
    """What Typst makes of files in a world that has seen no others."""
    forget()
    return made_of(files)


PIECES = [
    "## A harbour", "One boat. " * 90, "- a\n- b", "| a | b |\n|---|---|\n| 1 | 2 |", "Été, بيت.", "> said", "`x`",
]  # fmt: skip


@settings(max_examples=12, phases=[Phase.generate])
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=9), min_size=2, max_size=4))
def test_a_document_is_set_the_same_whatever_was_set_before_it(documents):
    sources = [typst_source(of_cells(markdown("\n\n".join(["# Boats", *pieces]))), about()) for pieces in documents]
    in_a_row = [made_of(settle(files, "x")) for files in [*sources, *reversed(sources)]]
    assert in_a_row == in_a_row[::-1]
    assert in_a_row[: len(sources)] == [set_anew(settle(files, "x")) for files in sources]


def test_what_stands_between_two_words_that_change_is_not_laid_out_again():
    between = "\n\n".join(f"Pier {n}. " + "Boats lay in the harbour. " * 30 for n in range(99))

    def seconds(first, last):
        files = typst_source(of_cells(markdown(f"# Boats\n\n{first}\n\n{between}\n\n{last}")), about())
        begun = time.thread_time()
        settle(files, "x")
        return time.thread_time() - begun

    forget()
    assert seconds("One day.", "It rained.") > 2 * seconds("Another day.", "It did not.")


@pytest.mark.parametrize("meddle", [shutil.rmtree, lambda folder: (folder / "main.typ").unlink()])
def test_a_kept_folder_that_somebody_tidied_up_is_not_used(meddle):
    files = settle(typst_source(of_cells(markdown("# Boats")), about()), "x")
    made = set_anew(files)
    for world in typesetter._idle:
        meddle(world.folder)
    assert made_of(files) == made


def test_no_more_folders_are_kept_than_a_few_and_none_of_a_fault(monkeypatch, tmp_path):
    forget()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    fault("#panic()")
    assert not list(tmp_path.iterdir())
    main = HEAD.replace("auto", "datetime(year: 2026, month: 1, day: 1)").encode()
    for number in range(typesetter.KEPT + 3):
        pdf({"main.typ": main, f"f{number}": b""}, 0, "x")
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == typesetter.KEPT
    child = os.fork()
    if not child:
        os._exit(len(typesetter._idle))  # the folders are its parent's
    assert os.waitpid(child, 0)[1] == 0
    forget()
    assert not list(tmp_path.iterdir())


def test_documents_that_are_set_at_a_time_do_not_meet():
    documents = [of_cells(markdown(f"# Boat {n}\n\n" + "Word. " * 99 * n)) for n in range(6)]
    sources = [settle(typst_source(document, about()), "x") for document in documents]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(made_of, sources * 3))
    assert made == list(map(set_anew, sources)) * 3


def long():
    return of_cells(markdown("# Boats\n\n" + "Words of the first page and of others. " * 900))


def test_pages_are_counted():
    made = typeset(long(), about())
    assert page_count(made) == len(pdftext.read(made)) > 3
    assert page_count(typeset(of_cells(), about())) == 1


@pytest.mark.parametrize("before", [1, 300, 900])
def test_the_picture_of_page_one_needs_only_what_begins_on_it(before):
    words = markdown("# Boats\n\n" + "Words before it. " * before)
    sections = [markdown(f"## Section {n}\n\n[up](#section-0) " + "and words. " * 300) for n in range(9)]
    files = settle(typst_source(of_cells(words, *sections), about()), "x")
    shown, every = pngs(pictures._beginning(files), 36, "x"), pngs(files, 36, "x")
    assert shown[0] == every[0]
    assert len(shown) < len(every)


LONG = "Words before it. " * 260
SECTIONS = "".join(f"\n\n## Section {n}\n\n[up](#section-0) " + "and words. " * 200 for n in range(4))
TALL = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="600"><rect width="9" height="9"/></svg>'


@pytest.mark.parametrize("cells", [
    pytest.param([markdown("# Boats\n\n" + LONG * 9)], id="one long text"),
    pytest.param([markdown("```\n" + "a\n" * 400 + "```" + SECTIONS)], id="long code"),
    pytest.param([markdown("|a|b|\n|-|-|\n" + "|1|[2](#section-0)|\n" * 200 + SECTIONS)], id="a table on many pages"),
    pytest.param([markdown(LONG), shows({"image/svg+xml": TALL}), markdown(LONG + SECTIONS)], id="a figure"),
    pytest.param([markdown(f"{LONG * 3}\n\n<details><summary>More</summary><h2>In it</h2><p>words</p></details>")],
                 id="a heading in a block"),
    pytest.param([markdown(f"{LONG * 3}\n\n<div lang='fr'>\n\n## En français\n\nmots\n\n</div>" + SECTIONS)],
                 id="a heading in a language"),
    pytest.param([markdown(LONG + "\n\n### Sub\n\n## Section\n\n#### Deeper" + SECTIONS)], id="headings in a row"),
    pytest.param([markdown(LONG + "\n\n- ".join(["", *["[item](#section-0) " * 9] * 60]) + SECTIONS)], id="a list"),
])  # fmt: skip
def test_page_one_is_drawn_as_it_is_whatever_the_next_one_begins_with(cells):
    files = settle(typst_source(of_cells(*cells), about()), "x")
    assert page_one(pictures._beginning(files)) == page_one(files)
    assert picture(files, 36, "x")


def test_a_heading_at_the_foot_of_page_one_goes_with_its_text():
    """The page without that text would end with the heading."""
    moved = 0
    for words in range(186, 206, 2):
        found = of_cells(markdown("# Boats\n\n" + "Words before it. " * words + SECTIONS))
        files = settle(typst_source(found, about()), "x")
        page, _, y = json.loads(files[layout.FILE])["places"]["section-0"]
        moved += page == 2 and y < 80
        assert page_one(pictures._beginning(files)) == page_one(files)
    assert moved


def test_where_page_one_cannot_be_drawn_alone_all_are(monkeypatch):
    files = settle(typst_source(long(), about()), "x")
    made = picture(files, 36, "x")
    monkeypatch.setattr(pictures, "_beginning", lambda files: {**files, "main.typ": b"#par["})
    assert picture(files, 36, "x") == made


def test_a_picture_is_of_page_one_in_few_colours():
    files = settle(typst_source(long(), about()), "x")
    made = picture(files, 36, "x")
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.mode) == ("PNG", "P")
        assert image.size == pytest.approx((298, 421), abs=1)
        assert image.convert("L").getextrema()[0] < 100
    assert len(made) < len(pngs(files, 36, "x")[0]) / 2
    assert made == picture(files, 36, "x")
