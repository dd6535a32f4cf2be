import pytest

from handover.errors import ChartError
from handover.story.charts import frame, handovers
from handover.story.charts.palette import PAPER

BASES = [{"place_id": "ain_al_asad", "name": "Ain al-Asad Air Base"}, {"place_id": "k1", "name": "K-1 (Kirkuk)"}]


def test_no_row_is_nothing_to_draw(rows):
    _, ax = frame.canvas()
    with pytest.raises(ChartError, match="nothing to draw: handovers of bases"):
        handovers.strip(ax, handovers.ended(rows("handovers"), rows("bases", *BASES)))


def test_a_half_canvas_is_refused(rows):
    _, ax = frame.canvas("half")
    found = handovers.ended(rows("handovers", {"date": "2020-03-29", "place_id": "k1"}), rows("bases", *BASES))
    with pytest.raises(ChartError, match=r"must be drawn on a full canvas \(got half\)"):
        handovers.strip(ax, found)


def test_plans_returns_and_weak_sources_are_no_handover(rows):
    found = handovers.ended(
        rows(
            "handovers",
            {"date": "2026-01-01", "grade": "D"},
            {"date": "2026-01-15", "kind": "planned"},
            {"date": "2014-11-10", "kind": "return"},
            {"date": "2020-01-01", "place_id": "nowhere"},
        ),
        rows("bases", *BASES),
    )
    assert found.empty


def test_reports_of_one_handover_are_one_mark_and_of_two_are_two(rows):
    found = handovers.ended(
        rows(
            "handovers",
            {"date": "2011-12-07"},
            {"date": "2026-01-13", "kind": "departure"},
            {"date": "2026-01-17", "kind": "announcement"},
            {"date": "2026-01-18", "kind": "declaration"},
        ),
        rows("bases", *BASES),
    )
    assert list(found["kind"]) == ["transfer", "announcement"]


def test_each_mark_is_labelled_and_a_departure_is_hollow(rows, draw, texts, symbols):
    found = handovers.ended(
        rows(
            "handovers",
            {"date": "2020-03-29", "place_id": "k1", "kind": "departure"},
            {"date": "2026-01-17", "kind": "announcement"},
        ),
        rows("bases", *BASES),
    )
    fig, ax = draw(handovers.strip, found)
    assert {"K-1", "29 Mar 2020", "Ain al-Asad Air Base", "17 Jan 2026"} <= set(texts(fig))
    assert [face == PAPER for _, _, face in sorted(symbols(ax, "o"))] == [True, False]


def test_a_crowd_of_one_month_has_a_mark_each(rows, draw, symbols):
    places = [{"place_id": f"p{n}", "name": f"Base number {n}"} for n in range(12)]
    found = handovers.ended(
        rows("handovers", *({"date": f"2020-03-{n + 10}", "place_id": f"p{n}"} for n in range(12))),
        rows("bases", *places),
    )
    _, ax = draw(handovers.strip, found)
    assert len({y for _, y, _ in symbols(ax, "o")}) == 12
