import datetime as dt

import pytest

from handover.errors import ChartError
from handover.story.charts import dates, frame, slip
from handover.story.periods import Period

WEEK = Period(dt.date(2026, 1, 1), dt.date(2026, 1, 7))


def test_no_row_is_nothing_to_draw(rows):
    _, ax = frame.canvas()
    with pytest.raises(ChartError, match="nothing to draw: days of the handover"):
        slip.days(ax, WEEK, rows("handovers"))


def test_the_promise_is_a_band_and_the_slip_is_counted(rows, draw, texts):
    fig, ax = draw(
        slip.days,
        WEEK,
        rows(
            "handovers",
            {"date": "2026-01-13", "kind": "departure", "outlet": "A"},
            {"date": "2026-01-17", "kind": "announcement", "outlet": "B"},
            {"date": "2026-01-17", "kind": "announcement", "outlet": "C"},
            {"date": "2026-01-18", "kind": "declaration", "outlet": "B"},
        ),
    )
    (band,) = [patch for patch in ax.patches if patch.get_gid() == "promise"]
    assert (band.get_x(), band.get_width()) == (dates.num(WEEK.start), 7)
    assert {"10 days late", "B and C", "departure", "18 Jan"} <= set(texts(fig))


@pytest.mark.parametrize("day", ["2026-01-05", "2026-01-07"])
def test_a_promise_that_was_kept_has_no_slip(rows, draw, texts, day):
    fig, _ = draw(slip.days, WEEK, rows("handovers", {"date": day, "kind": "announcement"}))
    assert not any("late" in text for text in texts(fig))


def test_only_an_announcement_counts_as_kept(rows, draw, texts):
    fig, _ = draw(slip.days, (WEEK.start, WEEK.end), rows("handovers", {"date": "2026-01-13", "kind": "departure"}))
    assert not any("late" in text for text in texts(fig))


def test_one_day_late_is_singular_on_a_half_canvas_too(rows, draw, texts):
    fig, _ = draw(slip.days, WEEK, rows("handovers", {"date": "2026-01-08", "kind": "announcement"}), size="half")
    assert "1 day late" in texts(fig)


READINGS = Period(dt.date(2026, 1, 1), dt.date(2026, 1, 11))


@pytest.mark.parametrize("size", ["full", "narrow", "half"])
def test_other_readings_are_a_fainter_band_and_give_the_slip_a_range(rows, draw, texts, size):
    told = rows("handovers", {"date": "2026-01-17", "kind": "announcement"})
    fig, ax = draw(slip.days, READINGS, told, size=size)
    bands = {patch.get_gid(): patch for patch in ax.patches if patch.get_gid()}
    assert (bands["readings"].get_x(), bands["readings"].get_width()) == (dates.num(WEEK.start), 11)
    assert bands["readings"].get_alpha() < bands["promise"].get_alpha()
    assert "6 to 10 days late" in texts(fig)
    assert any(text.startswith("promised week") for text in texts(fig))


def test_a_promise_that_was_kept_by_one_reading_has_no_slip(rows, draw, texts):
    told = rows("handovers", {"date": "2026-01-09", "kind": "announcement"})
    fig, _ = draw(slip.days, READINGS, told)
    assert not any("late" in text for text in texts(fig))


def test_a_weak_source_alone_has_no_line(rows, draw, texts):
    weak = {"date": "2026-01-01", "grade": "D", "outlet": "A"}
    fig, _ = draw(slip.days, WEEK, rows("handovers", weak, {"date": "2026-01-17", "kind": "announcement"}))
    assert "A" not in texts(fig)
    _, ax = frame.canvas()
    with pytest.raises(ChartError, match="nothing to draw: days of the handover"):
        slip.days(ax, WEEK, rows("handovers", weak))
