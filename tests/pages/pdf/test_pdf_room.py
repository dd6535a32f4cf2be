import io

import page as page_validation
import pikepdf
import pytest
from pdf_samples import files, imprint, of_cells
from test_pdf_ledger import CONFLICT, FACT, MIME, SOURCE

from handover.pages.typst import page, room, typesetter
from judges import pdftags, pdftext, verapdf

PROFILES = (page_validation.ValidationProfile.PDF_UA_1, page_validation.ValidationProfile.PDF_A_3A)


def chart(shows, height, words="bars"):
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="460pt" height="{height}pt" viewBox="0 0 460 {height}">'
        f'<rect width="460" height="{height}"/></svg>'
    )
    return shows({"image/svg+xml": svg}, {"image/svg+xml": {"alt": words, "title": words}})


def lines(markdown, count):
    return markdown("\n\n".join(f"Line {number}." for number in range(count)))


def main(made):
    return made["main.typ"].decode()


def probe(kind, page=1, y=100.0, **about):
    return {"kind": kind, "page": page, "y": y, "x": 0.0} | about


def figure(before, *, y=59.5, height=300.0, followed=False, page=2):
    return [
        probe("before", y=before), probe("start", page, y, name="exhibit-1", followed=followed),
        probe("picture", page, y + 20), probe("below", page, y + 20 + height), probe("end", page, y + 40 + height),
    ]  # fmt: skip


@pytest.mark.parametrize("probes", [
    [], figure(760.0), figure(400.0, y=400.0), figure(400.0), figure(400.0, page=3), figure(100.0, page=1),
    [probe("before"), probe("end"), *figure(500.0)[1:]],
])  # fmt: skip
def test_a_figure_that_cannot_be_set_otherwise_or_need_not_stays(probes):
    assert room._misplaced(probes, set()) is None


def test_a_figure_that_nearly_fits_is_set_smaller_and_no_smaller_than_reads():
    scaled = 'name: "exhibit-1", share: 0.95, float: false'
    assert room._misplaced(figure(434.0, followed=True), set()) == ("exhibit-1", scaled)
    floats = 'name: "exhibit-1", share: 1.00, float: true'
    assert room._misplaced(figure(600.0, followed=True), set()) == ("exhibit-1", floats)
    assert room._misplaced(figure(434.0, followed=True), {"exhibit-1"}) is None


def test_the_headings_above_a_figure_move_with_it():
    before, *rest = figure(434.0, y=86.0)
    assert room._misplaced([before, probe("before", page=2, y=59.5), *rest], set()) is not None


def placed(cells, name="x"):
    """The pages of the figures, and what `shared` made of the source."""
    before = files(of_cells(*cells), imprint())
    after = room.shared(before, name)
    probes = [one for one in room._asked(after, name) if one["kind"] == "start"]
    return [one["page"] for one in probes], before, after


def test_a_page_is_not_left_empty_before_a_figure(markdown, shows):
    cells = [lines(markdown, 20), chart(shows, 300), markdown("After.")]
    pages, before, after = placed(cells)
    assert pages == [1]
    assert [one["page"] for one in room._asked(before, "x") if one["kind"] == "start"] == [2]
    assert "share: 1.00" not in main(after)


def test_text_passes_a_figure_that_has_to_wait(markdown, shows):
    cells = [lines(markdown, 20), chart(shows, 420), markdown("Passed by."), markdown("## Next"), lines(markdown, 9)]
    pages, _, after = placed(cells)
    assert "float: true" in main(after)
    assert pages == [2]
    assert "Passed by." in pdftext.read(typesetter.pdf(after, 0, "x"))[0]


def test_no_text_of_the_next_section_stands_above_a_figure(markdown, shows):
    cells = [lines(markdown, 20), chart(shows, 420), markdown("## Next"), lines(markdown, 9)]
    assert "float: true" not in main(placed(cells)[2])


def test_very_many_figures_are_no_fault(markdown, shows):
    cells = [cell for n in range(40) for cell in (lines(markdown, 9), chart(shows, 400, f"bars {n}"), markdown("On."))]
    assert main(placed(cells)[2]).count("float: true") <= room.MOST


def test_a_text_that_looks_like_arguments_stays(markdown, shows):
    said = room.unmoved("exhibit-1")
    cells = [lines(markdown, 20), chart(shows, 300), markdown(f"`{said}`")]
    assert pdftext.solid(said) in pdftext.solid(pdftext.whole(typesetter.pdf(placed(cells)[2], 0, "x")))


def test_a_broken_picture_is_left_to_whoever_typesets(markdown, shows):
    before = files(of_cells(chart(shows, 300)), imprint())
    broken = before | {"picture-1": b"<svg"}
    assert room.shared(broken, "x") == broken
    assert "Thispictureisbroken." in pdftext.solid(pdftext.whole(typesetter.pdf(broken, 0, "x")))


def evidence(count):
    facts = [FACT | {"key": f"boats{n}", "conflicts": []} for n in range(count)]
    conflicts = [CONFLICT | {"id": f"k{n}"} for n in range(3)]
    return {MIME: {"heading": "Evidence", "facts": facts, "sources": [SOURCE], "conflicts": conflicts}}


@pytest.mark.parametrize("count", [1, 10, 40, 90, 160, 400])
def test_larger_type_takes_no_more_pages_and_loses_nothing(count, markdown, shows):
    before = files(of_cells(markdown("# Boats"), shows(evidence(count))), imprint())
    after = room.shared(before, "x")
    plain, fitted = (typesetter.pdf(one, 0, "x") for one in (before, after))
    assert page.pages(fitted) == page.pages(plain)
    assert pdftext.whole(fitted).count("boats at the pier") == count
    with pikepdf.open(io.BytesIO(fitted)) as opened:
        bottoms = [float(one.MediaBox[1]) for one in opened.pages]
    assert bottoms == [0.0] * len(bottoms)
    last = next(one for one in room._asked(after, "x") if one["kind"] == "last")
    assert last["y"] <= room.FOOT + 1


def test_a_short_section_is_set_in_larger_type_and_two_columns(markdown, shows):
    after = room.shared(files(of_cells(markdown("# Boats"), shows(evidence(10))), imprint()), "x")
    assert "size: 9.50pt, height: " in main(after) and "height: auto" not in main(after)
    first, last = (next(one for one in room._asked(after, "x") if one["kind"] == kind) for kind in ("first", "last"))
    assert last["x"] > first["x"]


def test_what_was_moved_conforms_and_comes_out_the_same_twice(markdown, shows):
    verapdf.need()
    cells = [
        *(lines(markdown, 20), chart(shows, 300, "one"), markdown("After."), lines(markdown, 20)),
        *(chart(shows, 420, "two"), markdown("Passed by."), shows(evidence(10))),
    ]
    before = files(of_cells(*cells), imprint())
    after = room.shared(before, "x")
    assert "float: true" in main(after) and "share: 1.00, float: false" not in main(after)
    made = typesetter.pdf(after, imprint().epoch, "x")
    assert typesetter.pdf(room.shared(before, "x"), imprint().epoch, "x") == made
    assert verapdf.judge(made) == {"ua1": [], "3a": []}
    for profile in PROFILES:
        assert [str(one) for one in page_validation.validate_pdf_bytes(made, profile=profile).failures] == []
    assert [one.alt for one in pdftags.read(made).walk() if one.kind == "Figure"] == ["one", "two"]
