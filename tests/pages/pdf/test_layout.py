import json

import pytest
from pdf_samples import EVIDENCE, markdown, of_cells, shows, typeset
from pdf_samples import metadata as about
from test_typst import CONFLICT, FACT, SOURCE

from handover.pages import layout, page_count, pdf, settle, typesetter, typst, typst_source
from handover.pages.layout import FILE, FOOT, MOST, Layout, Mark
from judges import pagevalidation, pdftags, pdftext, verapdf


def chart(height, words="bars"):
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="460pt" height="{height}pt" viewBox="0 0 460 {height}">'
        f'<rect width="460" height="{height}"/></svg>'
    )
    return shows({"image/svg+xml": svg}, {"image/svg+xml": {"alt": words, "title": words}})


def lines(count):
    return markdown("\n\n".join(f"Line {number}." for number in range(count)))


def evidence(count):
    facts = [FACT | {"key": f"boats{n}", "conflicts": []} for n in range(count)]
    conflicts = [CONFLICT | {"id": f"k{n}"} for n in range(3)]
    return shows({EVIDENCE: {"heading": "Evidence", "facts": facts, "sources": [SOURCE], "conflicts": conflicts}})


def figure(before, *, y=59.5, height=300.0, followed=False, page=2):
    """The marks of a figure, and of where it would have begun on page 1."""
    return [
        Mark("before", 1, 0, before), Mark("start", page, 0, y, "exhibit-1", followed),
        Mark("picture", page, 0, y + 20), Mark("below", page, 0, y + 20 + height),
        Mark("end", page, 0, y + 40 + height),
    ]  # fmt: skip


@pytest.mark.parametrize("marks", [
    [], figure(760.0), figure(400.0, y=400.0), figure(400.0), figure(400.0, page=3), figure(100.0, page=1),
    [Mark("before", 1, 0, 100.0), Mark("end", 1, 0, 100.0), *figure(500.0)[1:]],
])  # fmt: skip
def test_a_figure_that_cannot_be_set_otherwise_or_need_not_stays(marks):
    assert layout._misplaced(marks, Layout()) == {}


def test_a_figure_that_nearly_fits_is_set_smaller_and_no_smaller_than_reads():
    assert layout._misplaced(figure(434.0, followed=True), Layout()) == {"exhibit-1": (0.95, False)}
    assert layout._misplaced(figure(600.0, followed=True), Layout()) == {"exhibit-1": (1.0, True)}
    assert layout._misplaced(figure(434.0), Layout({"exhibit-1": (0.9, False)})) == {}


def test_the_headings_above_a_figure_move_with_it():
    before, *rest = figure(434.0, y=86.0)
    assert layout._misplaced([before, Mark("before", 2, 0, 59.5), *rest], Layout())


class Settled:
    """A document whose layout was settled, and how often Typst was asked."""

    def __init__(self, *cells):
        self.asked = []
        ask = typesetter.look_up
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(typesetter, "look_up", lambda *words: self.asked.append(words) or ask(*words))
            self.files = settle(typst_source(of_cells(*cells), about()), "x")
        self.layout = json.loads(self.files[FILE])
        told = ask(self.files, layout.MARKS, "x")
        self.marks = [
            Mark(page=page, x=x, y=y, **(mark if isinstance(mark, dict) else {"kind": mark, "name": label}))
            for mark, label, page, x, y in told if mark
        ]  # fmt: skip
        self.places = {label: (page, y) for mark, label, page, _, y in told if not isinstance(mark, dict)}

    def pages(self, kind):
        return [mark.page for mark in self.marks if mark.kind == kind]

    def pdf(self):
        return pdf(self.files, about().epoch, "x")


def test_a_page_is_not_left_empty_before_a_figure():
    found = Settled(lines(20), chart(300), markdown("After."))
    assert found.pages("start") == [1]
    ((share, floats),) = found.layout["figures"].values()
    assert 0.85 <= share < 1 and not floats


def test_text_passes_a_figure_that_has_to_wait_but_not_into_the_next_section():
    found = Settled(lines(20), chart(420), markdown("Passed by."), markdown("## Next"), lines(9))
    assert found.layout["figures"] == {"exhibit-1": [1.0, True]}
    assert found.pages("start") == [2]
    assert "Passed by." in pdftext.read(found.pdf())[0]
    assert Settled(lines(20), chart(420), markdown("## Next"), lines(9)).layout["figures"] == {}


def test_of_very_many_figures_the_first_few_are_moved():
    found = Settled(*(cell for n in range(30) for cell in (lines(9), chart(400, f"bars {n}"), markdown("On."))))
    assert 0 < len(found.layout["figures"]) <= MOST


def test_links_lead_where_their_places_are_on_the_page():
    found = Settled(markdown("[12](#fact-boats3) and [down](#far)"), lines(60), markdown("## Far"), evidence(40))
    assert found.layout["pages"] == page_count(found.pdf())
    assert {name: (page, round(y, 2)) for name, (page, y) in found.places.items()} == {
        name: (page, y) for name, (page, _, y) in found.layout["places"].items()
    }
    assert found.layout["places"]["far"][0] == 2


@pytest.mark.parametrize(("cells", "queries"), [([lines(3)], 1), ([markdown("[down](#far)\n\n## Far")], 2)])
def test_typst_is_asked_no_more_than_there_is_to_settle(cells, queries):
    assert len(Settled(*cells).asked) == queries


def test_what_is_settled_is_no_part_of_every_piece_s_style():
    """Typst would lay out everything anew whenever anything is settled."""
    template = typst.TEMPLATE.read_text()
    assert "settled" not in template[template.index("#let report(") : template.index("#let ending(")]


def test_evidence_is_settled_in_few_questions():
    assert len(Settled(markdown("# Boats\n\n[12](#fact-boats3)"), evidence(10)).asked) <= 5


@pytest.mark.parametrize("count", [1, 10, 40, 90, 160, 400])
def test_columns_of_like_height_take_no_more_pages_and_lose_nothing(count):
    cells = markdown("# Boats"), evidence(count)
    found = Settled(*cells)
    plain = {**found.files, FILE: Layout().file()}
    assert page_count(found.pdf()) == page_count(pdf(plain, 0, "x"))
    assert pdftext.whole(found.pdf()).count("boats at the pier") == count
    assert found.marks[-1].y <= FOOT + 1


def test_a_short_section_is_set_in_two_columns_of_like_height():
    found = Settled(markdown("# Boats"), evidence(10))
    first, last = (next(mark for mark in found.marks if mark.kind == kind) for kind in ("first", "last"))
    (second,) = (mark for mark in found.marks if mark.name == found.layout["breaks"][0])
    assert second.x == last.x > first.x and second.y == pytest.approx(first.y, abs=12)
    ended = max(mark.y for mark in found.marks if mark.kind in ("entry", "head") and mark.x == first.x)
    assert abs(ended - last.y) < 120


def test_a_long_table_behind_a_chart_is_parted_between_its_rows():
    rows = "".join(f"<tr><td>{n}</td><td>boats</td></tr>" for n in range(40))
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="30"><rect width="9" height="9"/></svg>'
    drawn = shows({"image/svg+xml": svg}, {"image/svg+xml": {"alt": "x", "values": f"<table>{rows}</table>"}})
    found = Settled(markdown("# Boats"), drawn, evidence(2))
    (parted,) = found.layout["breaks"]
    assert parted.startswith("table/1/")
    first, last = (next(mark for mark in found.marks if mark.kind == kind) for kind in ("first", "last"))
    ended = max(mark.y for mark in found.marks if mark.kind == "row" and mark.x == first.x)
    assert last.x > first.x and abs(ended - last.y) < 60
    assert pdftext.whole(found.pdf()).count("· boats") == 40


@pytest.mark.parametrize("left", [layout.LEFT - 1, layout.LEFT + 1])
def test_columns_that_are_nearly_full_may_end_at_any_height(left):
    marks = [Mark("first", 1, 0, 60)] + [Mark("entry", 1, 0, y, f"a{y}") for y in range(60, 760, 20)]
    marks += [Mark("entry", 1, 300, y, f"b{y}") for y in range(60, 660, 20)]
    last = Mark("last", 1, 300, FOOT - left)
    assert bool(layout._middle([*marks, last])) is (left > layout.LEFT)


def test_no_column_ends_with_a_heading():
    marks = [Mark("first", 1, 0, 100), Mark("entry", 1, 0, 110, "a"), Mark("head", 1, 0, 300, "Sources")]
    marks += [Mark("before", 1, 0, 310), Mark("head", 1, 0, 320, "b"), Mark("entry", 1, 0, 340, "c")]
    assert layout._middle([*marks, Mark("last", 1, 0, 540)]) == "Sources"


@pytest.mark.slow
def test_what_was_moved_conforms_and_comes_out_the_same_twice():
    verapdf.need()
    cells = lines(20), chart(300, "one"), markdown("After."), lines(20), chart(420, "two"), markdown("Passed by.")
    found = Settled(*cells, evidence(10))
    assert sorted(found.layout["figures"].values()) == [[pytest.approx(0.9, abs=0.1), False], [1.0, True]]
    made = found.pdf()
    assert typeset(of_cells(*cells, evidence(10)), about()) == made
    assert verapdf.judge(made) == {"ua1": [], "3a": []}
    assert pagevalidation.judge(made) == []
    assert [one.alt for one in pdftags.read(made).walk() if one.kind == "Figure"] == ["one", "two"]
