import datetime as dt

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from handover.errors import ChartError
from handover.story.charts import axes, figure, labels, style, troops


def lines(ax, gid):
    return [line for line in ax.lines if line.get_gid() == gid]


def ink(fig, x, y):
    """Return the red of the pixel at a place in points, which is full on white."""
    fig.canvas.draw()
    pixels = np.asarray(fig.canvas.buffer_rgba())
    return int(pixels[round(pixels.shape[0] - y), round(x), 0])


def test_no_row_since_a_day_is_nothing_to_draw(rows):
    _, ax = figure.canvas()
    with pytest.raises(ChartError, match="nothing to draw: troop levels since 2021-01-01"):
        troops.levels(
            ax, rows("troop_levels", {"date": "2020-01-05", "value": 1, "bound": "about"}), since="2021-01-01"
        )


def test_several_scopes_are_refused(rows):
    _, ax = figure.canvas()
    mixed = rows(
        "troop_levels",
        {"date": "2020-01-05", "value": 1, "bound": "about"},
        {"date": "2020-01-05", "value": 1, "bound": "about", "scope": "us_in_syria"},
    )
    with pytest.raises(ChartError, match=r"rows must be of one scope \(got us_in_iraq, us_in_syria\)"):
        troops.levels(ax, mixed)


@pytest.mark.parametrize(("bound", "edge"), [("fewer_than", "high"), ("more_than", "low")])
def test_an_open_bound_has_a_cap_and_no_other_edge(rows, draw, texts, strokes, bound, edge):
    fig, ax = draw(troops.levels, rows("troop_levels", {"date": "2026-01-14", edge: 2000, "bound": bound}))
    (cap,) = lines(ax, "cap")
    (fade,) = [one for one in ax.artists if one.get_gid() == "fade"]
    assert list(cap.get_ydata()) == [2000]
    assert fade.face[3] < 0.2
    reach = {strip.get_extents().height for strip in fade.strips}
    assert len(reach) > 4, "strips of growing length make the end fade away"
    x, y = labels.points(ax, cap.get_xdata()[0], 2000)
    away = -1 if bound == "fewer_than" else 1
    tints = [255 - ink(fig, x - 3, y + away * step) for step in (3, 6, 10, 16)]
    assert tints[0] > tints[1] > tints[2] > tints[3] == 0, "it fades where nothing is known, and there alone"
    assert ink(fig, x - 3, y - away * 3) == 255
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
    held, risers = strokes(ax, "hold") + strokes(ax, "faint"), strokes(ax, "riser")
    assert all(start[1] == end[1] for start, end in held) and all(start[0] == end[0] for start, end in risers)
    assert [[start[1], end[1]] for start, end in risers] == [[5200, 3000], [3000, 2500]]
    assert lines(ax, "riser")[0].is_dashed()


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
    held = [[start[0], end[0]] for start, end in strokes(ax, "faint")]
    assert [axes.num(dt.date(2020, 1, 5)), axes.num(dt.date(2020, 11, 1))] in held, "a plan interrupts no level"


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
    assert "personnel files, Sep 2017" in texts(fig)


def test_a_month_is_drawn_as_wide_as_a_month(rows, draw, strokes):
    month = {"date": "2007-10-01", "date_precision": "month", "value": 171000, "bound": "about"}
    _, ax = draw(troops.levels, rows("troop_levels", month))
    ((start, end),) = strokes(ax, "precision")
    assert [start[0], end[0]] == [axes.num(dt.date(2007, 10, 1)), axes.num(dt.date(2007, 10, 31))]


def test_the_axis_reaches_the_day_of_the_report(rows, draw):
    level = rows("troop_levels", {"date": "2020-01-05", "value": 5200, "bound": "about"})
    _, ax = draw(troops.levels, level, until="2026-10-01")
    assert ax.get_xlim()[1] >= axes.num(dt.date(2026, 10, 1))


def test_a_grid_line_pauses_behind_a_label_and_nowhere_else(rows, draw):
    told = [{"date": f"{2019 + n}-06-05", "value": value, "bound": "about"} for n, value in enumerate((4000, 1800))]
    fig, ax = draw(troops.levels, rows("troop_levels", *told), until="2024-01-01")
    (pause,) = [patch for patch in ax.patches if patch.get_gid() == "pause"]
    left, right = pause.get_x(), pause.get_x() + pause.get_width()
    height = labels.points(ax, 0, 2000)[1]
    assert pause.get_y() < height < pause.get_y() + pause.get_height()
    for text in fig.findobj(Text):
        text.set_visible(False)
    assert ink(fig, (left + right) / 2, height) == 255
    assert ink(fig, right + 2, height) < 240


def test_an_outlier_is_grey_and_moves_no_level_and_has_no_label(rows, draw, texts, symbols, strokes):
    told = rows(
        "troop_levels",
        {"date": "2023-09-05", "value": 2500, "bound": "about"},
        {"date": "2023-11-17", "value": 900, "bound": "about"},
        {"date": "2024-01-05", "value": 2500, "bound": "exact"},
    ).assign(standing=[None, "outlier", None])
    fig, ax = draw(troops.levels, told)
    assert {"outlier", "2,500"} <= set(texts(fig)) and "900" not in texts(fig)
    (held,) = strokes(ax, "hold")
    assert [held[0][1], held[1][1]] == [2500, 2500] and not strokes(ax, "riser")
    colours = {y: line.get_markeredgecolor() for line in ax.lines if line.get_marker() == "o" for y in line.get_ydata()}
    assert colours[900] == style.CONTEXT != colours[2500]


def test_a_level_is_faint_after_half_a_year_without_a_count(rows, draw, texts, strokes):
    days = ("2020-01-05", "2020-05-05", "2022-05-05")
    fig, ax = draw(troops.levels, rows("troop_levels", *({"date": day, "value": 9, "bound": "about"} for day in days)))
    assert [[axes.day_of(x).isoformat() for x, _ in stroke] for stroke in strokes(ax, "hold")] == [list(days[:2])]
    assert [[axes.day_of(x).isoformat() for x, _ in stroke] for stroke in strokes(ax, "faint")] == [list(days[1:])]
    assert "no count for half a year" in texts(fig)


def test_ordered_planned_and_authorised_differ_in_shape_or_face(rows, draw, texts, symbols):
    told = [
        {"date": f"2020-0{n}-05", "value": n, "bound": "about", "basis": basis}
        for n, basis in enumerate(("observed", "ordered", "planned", "authorised"), 1)
    ]
    fig, ax = draw(troops.levels, rows("troop_levels", *told))
    looks = {y: (shape, face) for shape in "oDv" for _, y, face in symbols(ax, shape)}
    assert len({(shape, face) for shape, face in looks.values()}) == 4
    assert {"about", "ordered", "planned", "authorised"} <= set(texts(fig))


def test_what_is_named_is_labelled_before_all_else(rows, draw, texts):
    told = rows(
        "troop_levels", *({"date": f"20{n}-06-05", "value": 9 + n % 4, "bound": "about"} for n in range(10, 26))
    )
    named = told.loc[[3, 5], ["row_id"]].assign(label=["", "the surge"])
    fig, _ = draw(troops.levels, told, size="half", named=named)
    assert {"10", "Jun 2013", "12", "the surge, 2015"} <= set(texts(fig))


def test_a_name_of_a_row_that_is_not_drawn_is_no_label(rows, draw, texts):
    told = rows("troop_levels", {"date": "2020-01-05", "value": 5200, "bound": "about"})
    named = told[["row_id"]].assign(row_id="elsewhere", label="a name")
    fig, _ = draw(troops.levels, told, named=named)
    assert {"5,200", "Jan 2020"} <= set(texts(fig)) and not any("a name" in text for text in texts(fig))


@pytest.mark.parametrize("size", figure.SIZES)
def test_what_is_no_figure_is_a_line_with_its_words_and_no_mark(rows, draw, texts, symbols, size):
    told = rows("troop_levels", {"date": "2020-01-05", "value": 5200, "bound": "about"})
    day = pd.Timestamp("2026-09-30")
    events = pd.DataFrame({"row_id": ["E1"], "label": ["Last forces reported out"], "start": day, "end": day})
    fig, ax = draw(troops.levels, told, events=events, size=size)
    (line,) = lines(ax, "event")
    x, foot = labels.points(ax, axes.num(day), 0)
    assert list(line.get_xdata()) == pytest.approx([x, x]) and min(line.get_ydata()) == pytest.approx(foot)
    assert "30 Sep 2026" in texts(fig) and len(symbols(ax, "o")) == 1
    assert " ".join(texts(fig)).count("Last") == 1


def test_no_room_for_what_is_named_is_said(rows):
    told = rows("troop_levels", *({"date": f"2020-01-{n:02}", "value": n, "bound": "about"} for n in range(1, 29)))
    _, ax = figure.canvas("half", ratio=0.3)
    with pytest.raises(ChartError, match=r"the label '\d+' must have room \(got none\)"):
        troops.levels(ax, told, named=told[["row_id"]].assign(label="a name"))


def test_the_article_s_own_level_stands_among_the_others_and_never_alone(rows, draw, texts):
    from handover.story import Story

    story, alone = Story("2026-01-07"), Story("2026-01-07", evidence="article")
    found = troops.in_iraq(story.frame("troop_levels"), story.frame("claims"))
    own = found[found["row_id"] == troops.ARTICLE].iloc[0]
    assert (own["value"], own["bound"], own["outlet"]) == (2500, "about", "the article")
    assert set(found["scope"]) == {"us_in_iraq"}
    fig, _ = draw(troops.levels, found[found["date"] > "2025-01-01"], named=story.marks({"troops_now": "the article"}))
    assert "the article, 2026" in texts(fig)
    assert troops.in_iraq(alone.frame("troop_levels"), alone.frame("claims")).empty
