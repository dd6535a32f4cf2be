import pytest

from handover.errors import ChartError
from handover.story.charts import frame, places

ASAD = {"place_id": "ain_al_asad", "name": "Ain al-Asad Air Base", "latitude": 33.7856, "longitude": 42.4412}
ERBIL = {"place_id": "erbil_ab", "name": "Erbil Air Base", "latitude": 36.2376, "longitude": 43.9632}


def square(name, west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


OUTLINES = {
    "features": [
        square("Iraq", 39, 29, 48.5, 37.4),
        square("Iran", 48.5, 25, 60, 40),
        square("Tiny", 38.4, 30, 39, 30.4),
    ]
}


def test_no_coordinates_are_nothing_to_draw(rows):
    _, ax = frame.canvas()
    with pytest.raises(ChartError, match="nothing to draw: map of bases with coordinates"):
        places.locator(ax, OUTLINES, rows("bases", {"place_id": "k1", "name": "K-1"}))


def test_outlines_without_the_country_are_refused(rows):
    _, ax = frame.canvas()
    with pytest.raises(ChartError, match=r"the outlines must hold Iraq \(got Iran\)"):
        places.locator(ax, {"features": OUTLINES["features"][1:2]}, rows("bases", ASAD))


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([], "held"),
        ([("2011-12-07", "transfer")], "handed_over"),
        ([("2011-12-07", "transfer"), ("2014-11-10", "return")], "held"),
        ([("2026-01-17", "announcement"), ("2026-01-18", "declaration")], "handed_over"),
        ([("2021-12-21", "departure")], "left"),
        ([("2026-01-15", "planned")], "held"),
    ],
)
def test_states_follow_the_handovers(rows, history, state):
    told = rows("handovers", *({"date": date, "kind": kind} for date, kind in history))
    assert list(places.states(rows("bases", ASAD), told)["state"]) == [state]


def test_a_weak_source_changes_no_state(rows):
    told = rows("handovers", {"date": "2026-01-01", "grade": "D"})
    assert list(places.states(rows("bases", ASAD), told)["state"]) == ["held"]


def test_bases_neighbours_and_the_capital_are_named(rows, draw, texts):
    bases = places.states(rows("bases", ASAD, ERBIL), rows("handovers", {"date": "2026-01-17"}))
    fig, _ = draw(places.locator, OUTLINES, bases)
    assert {"Ain al-Asad", "Erbil", "Baghdad", "Iran", "Tiny", "handed over"} <= set(texts(fig))


def test_degrees_of_longitude_shrink_with_latitude(rows, draw):
    _, ax = draw(places.locator, OUTLINES, rows("bases", ASAD))
    (x0, y0), (x1, y1) = ax.transData.transform([(44, 33), (45, 34)])
    assert (x1 - x0) / (y1 - y0) == pytest.approx(0.836, abs=0.01)


def test_bases_at_one_spot_share_a_mark(rows, draw, texts):
    twin = ASAD | {"place_id": "twin", "name": "Twin Base"}
    fig, _ = draw(places.locator, OUTLINES, rows("bases", ASAD, twin))
    assert {"Ain al-Asad,", "Twin Base"} <= set(texts(fig))
