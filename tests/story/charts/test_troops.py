import datetime as dt

import numpy as np
import pytest

from handover.errors import ChartError
from handover.story.charts import dates, frame, labels, marks, troops


def lines(ax, gid):
    return [line for line in ax.lines if line.get_gid() == gid]


def ink(fig, x, y):
    """How much red light a place in points gives back; white gives all."""
    fig.canvas.draw()
    pixels = np.asarray(fig.canvas.buffer_rgba())
    return int(pixels[round(pixels.shape[0] - y), round(x), 0])


def drawn_as(ax, gid):
    return [strokes for strokes in ax.collections if strokes.get_gid() == gid]


def test_no_row_is_nothing_to_draw(rows):
    _, ax = frame.canvas()
    with pytest.raises(ChartError, match="nothing to draw: troop levels must have a row"):
        troops.levels(ax, rows("troop_levels"))


def test_no_row_since_a_day_is_nothing_to_draw(rows):
    _, ax = frame.canvas()
    with pytest.raises(ChartError, match="nothing to draw: troop levels since 2021-01-01"):
        troops.levels(
            ax, rows("troop_levels", {"date": "2020-01-05", "value": 1, "bound": "about"}), since="2021-01-01"
        )


def test_several_scopes_are_refused(rows):
    _, ax = frame.canvas()
    mixed = rows(
        "troop_levels",
        {"date": "2020-01-05", "value": 1, "bound": "about"},
        {"date": "2020-01-05", "value": 1, "bound": "about", "scope": "us_in_syria"},
    )
    with pytest.raises(ChartError, match=r"rows must be of one scope \(got us_in_iraq, us_in_syria\)"):
        troops.levels(ax, mixed)


def test_one_row_is_drawn_and_labelled(rows, draw, texts):
    fig, _ = draw(troops.levels, rows("troop_levels", {"date": "2014-11-10", "value": 50, "bound": "about"}))
    assert {"50", "Nov 2014"} <= set(texts(fig))


def test_counts_start_at_nought(rows, draw):
    _, ax = draw(troops.levels, rows("troop_levels", {"date": "2014-11-10", "value": 5000, "bound": "about"}))
    assert ax.get_ylim()[0] == 0


@pytest.mark.parametrize(("bound", "edge"), [("fewer_than", "high"), ("more_than", "low")])
def test_an_open_bound_has_a_cap_and_no_other_edge(rows, draw, texts, strokes, bound, edge):
    fig, ax = draw(troops.levels, rows("troop_levels", {"date": "2026-01-14", edge: 2000, "bound": bound}))
    (cap,) = lines(ax, "cap")
    (fade,) = drawn_as(ax, "fade")
    assert list(cap.get_ydata()) == [2000]
    assert fade.get_alpha() < 0.1 and not len(fade.get_edgecolor())
    reach = {strip.get_extents().height for strip in fade.get_paths()}
    assert len(reach) > 4, "strips of growing length make the end fade away"
    x, y = labels.points(ax, cap.get_xdata()[0], 2000)
    away = -1 if bound == "fewer_than" else 1
    tints = [255 - ink(fig, x - 3, y + away * step) for step in (4, 10, 16, 24)]
    assert tints[0] > tints[1] > tints[2] > tints[3] == 0, "it fades where nothing is known, and there alone"
    assert ink(fig, x - 3, y - away * 4) == 255
    assert not strokes(ax, "hold"), "a bound says nothing about the level under it"
    assert f"{bound.replace('_', ' ')} 2,000" in texts(fig)


def test_dated_statements_are_joined_by_steps_never_by_a_slope(rows, draw, strokes):
    _, ax = draw(
        troops.levels,
        rows(
            "troop_levels",
            {"date": "2020-01-05", "value": 5200, "bound": "about"},
            {"date": "2020-11-19", "value": 3000, "bound": "about"},
            {"date": "2021-12-01", "value": 2500, "bound": "exact"},
        ),
    )
    held, risers = strokes(ax, "hold"), strokes(ax, "riser")
    assert all(start[1] == end[1] for start, end in held) and all(start[0] == end[0] for start, end in risers)
    assert [[start[1], end[1]] for start, end in risers] == [[5200, 3000], [3000, 2500]]
    (style,) = drawn_as(ax, "riser")[0].get_linestyle()
    assert style[1], "dotted"


def test_about_is_hollow_and_exact_is_filled(rows, draw, symbols):
    _, ax = draw(
        troops.levels,
        rows(
            "troop_levels",
            {"date": "2020-01-05", "value": 5200, "bound": "about"},
            {"date": "2021-01-05", "value": 2500, "bound": "exact"},
        ),
    )
    faces = {y: face for _, y, face in symbols(ax, "o")}
    assert faces[5200] != faces[2500]


def test_what_was_planned_differs_in_shape_is_labelled_and_carries_no_level(rows, draw, texts, symbols, strokes):
    fig, ax = draw(
        troops.levels,
        rows(
            "troop_levels",
            {"date": "2020-01-05", "value": 5200, "bound": "about"},
            {"date": "2020-09-30", "value": 3000, "bound": "about", "basis": "planned"},
            {"date": "2020-11-01", "value": 5200, "bound": "about"},
        ),
    )
    assert [y for _, y, _ in symbols(ax, "D")] == [3000]
    assert {"3,000", "planned, Sep 2020"} <= set(texts(fig))
    assert not strokes(ax, "riser")
    held = [[start[0], end[0]] for start, end in strokes(ax, "hold")]
    assert [dates.num(dt.date(2020, 1, 5)), dates.num(dt.date(2020, 11, 1))] in held, "a plan interrupts no level"


def test_personnel_files_are_squares_and_named(rows, draw, texts, symbols):
    fig, ax = draw(
        troops.levels,
        rows(
            "troop_levels",
            {"date": "2017-09-30", "value": 8892, "bound": "exact", "method": "personnel_file"},
            {"date": "2017-12-06", "value": 5200, "bound": "about"},
        ),
    )
    assert [y for _, y, _ in symbols(ax, "s")] == [8892]
    assert "in personnel files, Sep 2017" in texts(fig)


def test_a_range_is_a_bar_between_its_edges(rows, draw, strokes):
    _, ax = draw(troops.levels, rows("troop_levels", {"date": "2025-10-20", "low": 250, "high": 350, "bound": "range"}))
    ((low, high),) = strokes(ax, "range")
    assert (low[1], high[1]) == (250, 350)


def test_a_month_is_drawn_as_wide_as_a_month(rows, draw, strokes):
    month = {"date": "2007-10-01", "date_precision": "month", "value": 171000, "bound": "about"}
    _, ax = draw(troops.levels, rows("troop_levels", month))
    ((start, end),) = strokes(ax, "precision")
    assert [start[0], end[0]] == [dates.num(dt.date(2007, 10, 1)), dates.num(dt.date(2007, 10, 31))]


def test_the_axis_reaches_the_day_of_the_report(rows, draw):
    level = rows("troop_levels", {"date": "2020-01-05", "value": 5200, "bound": "about"})
    _, ax = draw(troops.levels, level, until="2026-10-01")
    assert ax.get_xlim()[1] >= dates.num(dt.date(2026, 10, 1))


def test_a_grid_line_pauses_behind_a_label_and_nowhere_else(rows, draw):
    told = [{"date": f"{2019 + n}-06-05", "value": value, "bound": "about"} for n, value in enumerate((4000, 1800))]
    fig, ax = draw(troops.levels, rows("troop_levels", *told), until="2024-01-01")
    (pause,) = [patch for patch in ax.patches if patch.get_gid() == "pause"]
    left, right = pause.get_x(), pause.get_x() + pause.get_width()
    height = labels.points(ax, 0, 2000)[1]
    assert pause.get_y() < height < pause.get_y() + pause.get_height()
    assert ink(fig, left + 0.5, height) == 255
    assert max(ink(fig, left - 9, height), ink(fig, right + 2, height)) < 240


@pytest.mark.parametrize(("most", "ticks"), [(5000, [0, 2000, 4000]), (50_000, [0, 5000])])
def test_grid_lines_are_as_many_as_their_numbers_have_room_for(most, ticks):
    with frame.house():
        _, ax = frame.canvas("half")
        ax.set_ylim(0, most)
        marks.count_axis(ax, 5000)
        assert ax.get_yticks().tolist() == ticks
