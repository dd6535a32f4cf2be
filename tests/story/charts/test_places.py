import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from handover.errors import ChartError
from handover.story.charts import figure, places
from handover.story.charts.style import INK, PAPER, SEA
from handover.story.frames import records

ASAD = {"place_id": "ain_al_asad", "name": "Ain al-Asad Air Base", "latitude": 33.7856, "longitude": 42.4412}
ERBIL = {"place_id": "erbil_ab", "name": "Erbil Air Base", "latitude": 36.2376, "longitude": 43.9632}


def square(name, west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def province(name, *corners):
    made = square(name, *corners)
    return made | {"properties": made["properties"] | {"iso_3166_2": "IQ-XX"}}


OUTLINES = {
    "features": [
        square("Iraq", 39, 29, 48.5, 37.4),
        square("Iran", 48.5, 30, 60, 40),
        square("Sliver", 38.4, 30, 38.9, 30.3),
        square("Sea", 48.5, 20, 60, 30),
        province("Desert", 39.5, 29.5, 43, 35),
    ]
}


def test_no_coordinates_are_nothing_to_draw(rows):
    _, ax = figure.canvas()
    with pytest.raises(ChartError, match="nothing to draw: map of bases with coordinates"):
        places.locator(ax, OUTLINES, places.states(rows("bases", {"place_id": "k1", "name": "K-1"}), rows("handovers")))


def test_outlines_without_the_country_are_refused(rows):
    _, ax = figure.canvas()
    with pytest.raises(ChartError, match=r"the outlines must hold Iraq \(got Iran\)"):
        places.locator(
            ax, {"features": OUTLINES["features"][1:2]}, places.states(rows("bases", ASAD), rows("handovers"))
        )


def state(rows, bases, history, over=None):
    told = rows("handovers", *({"date": date, "kind": kind, "row_id": kind} for date, kind in history))
    return places.states(rows("bases", bases), told, over)


GONE = pd.DataFrame(
    [{"row_id": "E1", "source_id": "S9", "outlet": "The Wire", "grade": "A", "start": pd.Timestamp("2026-09-30")}]
).assign(date_precision="day", known=pd.Timestamp("2026-09-30"))


@pytest.mark.parametrize(
    ("history", "before", "after"),
    [
        ([], "unknown", "out"),
        ([("2026-09-01", "planned")], "held", "out"),
        ([("2011-12-07", "transfer")], "handed_over", "handed_over"),
        ([("2011-12-07", "transfer"), ("2014-11-10", "return")], "shared", "out"),
        ([("2021-12-21", "departure"), ("2026-01-18", "return")], "held", "out"),
        ([("2026-01-17", "announcement"), ("2026-01-18", "declaration")], "handed_over", "handed_over"),
        ([("2021-12-21", "departure")], "left", "left"),
        ([("2011-12-07", "transfer"), ("2026-01-15", "planned")], "handed_over", "handed_over"),
    ],
)
def test_states_follow_reports_on_the_base_and_the_country(rows, history, before, after):
    assert set(state(rows, ASAD, history)["state"]) == {before}
    assert set(state(rows, ASAD, history, GONE.head(0))["state"]) == {before}
    assert set(state(rows, ASAD, history, GONE)["state"]) == {after}


def test_a_state_comes_with_the_row_that_reports_it(rows):
    found = state(rows, ASAD, [("2011-12-07", "transfer"), ("2014-11-10", "return")])
    assert list(found["row_id"]) == ["X000", "return"]
    assert list(found["date"]) == [pd.Timestamp("2014-11-10")] * 2
    assert list(state(rows, ASAD, [], GONE)["row_id"]) == ["X000", "E1"]


def test_bases_lands_and_the_capital_are_named(rows, draw, texts):
    bases = places.states(rows("bases", ASAD, ERBIL), rows("handovers", {"date": "2026-01-17"}))
    fig, _ = draw(places.locator, OUTLINES, bases)
    assert {"Ain al-Asad", "Erbil", "Baghdad", "Iran", "Desert", "200 km"} <= set(texts(fig))
    assert {"handed over to Iraq", "no handover reported"} <= set(texts(fig))


def test_a_name_without_room_on_its_own_land_is_left_out(rows, draw, texts):
    fig, _ = draw(places.locator, OUTLINES, places.states(rows("bases", ASAD), rows("handovers")))
    assert "Sliver" not in texts(fig)
    assert "Sea" not in texts(fig)


def test_the_sea_is_tinted_and_a_province_outlined(rows, draw):
    _, ax = draw(places.locator, OUTLINES, places.states(rows("bases", ASAD), rows("handovers")))
    looks = {patch.get_gid(): patch for patch in ax.patches}
    assert to_hex(looks["sea"].get_facecolor()).upper() == SEA
    assert looks["province"].get_linestyle() != "-"
    assert looks["province"].get_facecolor()[3] == 0


def test_the_scale_bar_is_as_long_as_it_says(rows, draw):
    _, ax = draw(places.locator, OUTLINES, places.states(rows("bases", ASAD), rows("handovers")))
    bar = max((line for line in ax.lines if line.get_color() == INK), key=lambda line: np.ptp(line.get_xdata()))
    degree = np.ptp(ax.transData.transform([(44, 33), (44, 34)])[:, 1])
    assert np.ptp(bar.get_xdata()) == pytest.approx(200 / 111.2 * degree)


def test_every_state_has_a_mark_of_its_own(rows, draw):
    looks = set()
    for name in places.STATES:
        bases = places.states(rows("bases", ASAD), rows("handovers")).assign(state=name, words="")
        _, ax = draw(places.locator, OUTLINES, bases)
        line = [line for line in ax.lines if line.get_marker() in "oDx" and line.get_gid() != "key"][-1]
        faces = (line.get_markerfacecolor() == PAPER, line.get_fillstyle(), line.get_markersize() < 6)
        looks.add((line.get_marker(), *faces))
    assert len(looks) == len(places.STATES)


@pytest.mark.parametrize("size", ["full", "narrow", "half"])
def test_degrees_of_longitude_shrink_with_latitude(rows, draw, size):
    _, ax = draw(places.locator, OUTLINES, places.states(rows("bases", ASAD), rows("handovers")), size=size)
    (x0, y0), (x1, y1) = ax.transData.transform([(44, 33), (45, 34)])
    assert (x1 - x0) / (y1 - y0) == pytest.approx(0.836, abs=0.01)


def test_bases_at_one_spot_share_the_mark_of_the_one_that_is_given_up_last(rows, draw, texts):
    bases = rows("bases", ASAD, ASAD | {"place_id": "twin", "name": "Camp Twin"})
    found = places.states(bases, rows("handovers", {"date": "2011-12-07"}))
    fig, _ = draw(places.locator, OUTLINES, found)
    assert {"Ain al-Asad,", "Twin", "no handover reported"} <= set(texts(fig))
    ((_, _, _, shown, _),) = places._merged(records(found.drop_duplicates("place_id")), "ain_al_asad")
    assert shown == "unknown"


def test_a_base_beside_the_capital_is_not_hidden_by_it(rows, draw, symbols):
    near = {"place_id": "near", "name": "Near", "latitude": 33.2625, "longitude": 44.2346}
    _, ax = draw(places.locator, OUTLINES, places.states(rows("bases", near), rows("handovers")))
    ((x, y, _),) = symbols(ax, "o")
    ((cx, cy, _),) = symbols(ax, "s")
    assert np.hypot(x - cx, y - cy) >= 7.4
