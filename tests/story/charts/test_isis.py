import pandas as pd
import pytest

from handover.errors import ChartError
from handover.story.charts import dates, frame, isis
from handover.story.charts.palette import CONTEXT, FOCUS


def year(number, value, by="Iraqi Joint Operations Command", **more):
    return {
        "start": f"{number}-01-01",
        "end": f"{number}-12-31",
        "value": value,
        "bound": "exact",
        "counted_by": by,
    } | more


def claims(*numbers):
    found = pd.DataFrame(
        [
            {"claim_id": f"p07s03{letter}", "row_id": f"p07s03{letter}", "start": 0, "end": 9, "value": value}
            | {"unit": "attacks", "bound": "exact", "low": None, "high": None, "speaker": "Iraqi officials"}
            | {"start_date": f"{when}-01-01", "end_date": f"{when}-12-31", "outlet": "The article", "grade": None}
            | {"source_id": "S001", "known": "2026-01-07"}
            for letter, (when, value) in zip("abcd", numbers, strict=False)
        ]
    )
    for name in ("start_date", "end_date", "known"):
        found[name] = pd.to_datetime(found[name])
    return found


def bars(ax):
    return [patch for patch in ax.patches if patch.get_gid() == "count"]


def test_no_row_is_nothing_to_draw(rows):
    _, ax = frame.canvas()
    with pytest.raises(ChartError, match="nothing to draw: counts of ISIS attacks"):
        isis.counts(ax, rows("isis_attacks"))


def test_averages_trends_episodes_and_other_areas_are_no_counts_to_compare(rows):
    found = isis.comparable(
        rows(
            "isis_attacks",
            year(2024, 42),
            year(2020, 330, measure="average_per_quarter"),
            {"start": "2025-01-01", "end": "2025-12-31", "measure": "trend"},
            {"start": "2022-05-01", "end": "2022-05-07", "value": 28, "bound": "exact"},
            year(2024, 38, scope="Syria"),
        )
    )
    assert list(found["value"]) == [42]


def test_a_count_within_a_longer_one_by_the_same_counter_is_left_out(rows):
    found = isis.comparable(
        rows(
            "isis_attacks",
            year(2024, 65, by="A"),
            {"start": "2024-01-01", "end": "2024-06-30", "value": 30, "bound": "exact", "counted_by": "A"},
            {"start": "2024-01-01", "end": "2024-06-30", "value": 35, "bound": "exact", "counted_by": "B"},
        )
    )
    assert list(found["value"]) == [65, 35]


def test_the_articles_counts_join_the_iraqi_lane_and_are_drawn_once(rows, draw, texts):
    found = isis.comparable(rows("isis_attacks", year(2024, 42), year(2025, 4)), claims((2024, 42), (2025, 4)))
    assert list(found["row_id"]) == ["X000", "X001", "p07s03a", "p07s03b"]
    fig, ax = draw(isis.counts, found)
    assert len(bars(ax)) == 2
    assert "Iraqi Joint Operations Command" in texts(fig)
    assert "Iraqi officials" not in texts(fig)


def test_the_article_alone_keeps_its_own_words(rows, draw, texts):
    found = isis.comparable(rows("isis_attacks"), claims((2024, 42), (2025, 4)))
    fig, _ = draw(isis.counts, found)
    assert {"42", "4", "Iraqi officials"} <= set(texts(fig))
    assert "Iraqi Joint Operations Command" not in texts(fig)


def test_all_lanes_share_one_scale_and_the_iraqi_count_is_in_focus(rows, draw):
    _, ax = draw(isis.counts, rows("isis_attacks", year(2019, 1669, by="A"), year(2024, 42)))
    tall, low = sorted(bars(ax), key=lambda bar: -bar.get_height())
    assert tall.get_height() / low.get_height() == pytest.approx(1669 / 42)
    colours = [matplotlib_hex(bar.get_facecolor()) for bar in (tall, low)]
    assert colours == [CONTEXT, FOCUS]


def matplotlib_hex(colour):
    from matplotlib.colors import to_hex

    return to_hex(colour).upper()


def test_part_of_a_year_is_as_wide_as_its_months_and_hatched(rows, draw):
    part = {"start": "2025-01-01", "end": "2025-05-31", "value": 4, "bound": "exact", "counted_by": "A"}
    _, ax = draw(isis.counts, rows("isis_attacks", year(2024, 61, by="A"), part))
    whole, months = bars(ax)
    assert months.get_hatch() and not whole.get_hatch()
    assert months.get_width() == pytest.approx(151 - 2 * isis.GAP)
    assert months.get_x() == dates.num(part_start()) + isis.GAP


def part_start():
    return pd.Timestamp("2025-01-01").date()


def test_what_is_counted_stands_beside_the_counter(rows, draw, texts):
    fig, _ = draw(isis.counts, rows("isis_attacks", year(2024, 65, by="Somebody", measure="incidents")))
    assert {"Somebody", "incidents"} <= set(texts(fig))


def test_a_counter_is_named_behind_its_bars_where_there_is_no_room_before_them(rows, draw):
    _, ax = draw(isis.counts, rows("isis_attacks", year(2018, 900, by="First counter"), year(2025, 4)))
    name = next(text for text in ax.figure.texts if text.get_text() == "First counter")
    bar = max(bars(ax), key=lambda bar: bar.get_height())
    assert name.get_position()[0] > bar.get_window_extent().x1
