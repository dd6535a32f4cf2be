import pandas as pd
import pytest

from handover.story.charts import isis
from handover.story.charts.style import CONTEXT, FOCUS, PAPER


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
            | {"start_date": f"{when}-01-01", "end_date": f"{when}-12-31", "outlet": "the article", "grade": None}
            | {"source_id": "S001", "known": "2026-01-07"}
            for letter, (when, value) in zip("abcd", numbers, strict=False)
        ]
    )
    for name in ("start_date", "end_date", "known"):
        found[name] = pd.to_datetime(found[name])
    return found


def dots(ax):
    """Return the rates drawn, from the top line down, and whether each is filled."""
    found = [
        (y, 10 ** ax.transData.inverted().transform((x, y))[0], line.get_markerfacecolor())
        for line in ax.lines
        if line.get_gid() == "count"
        for x, y in zip(*line.get_data(), strict=True)
    ]
    return [(rate, face) for _, rate, face in sorted(found, reverse=True)]


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
    fig, ax = draw(isis.counts, found, size="narrow")
    assert len(dots(ax)) == 2
    assert "Iraqi Joint Operations Command" in texts(fig)
    assert "Iraqi officials" not in texts(fig)


def test_the_article_alone_keeps_its_own_words(rows, draw, texts):
    found = isis.comparable(rows("isis_attacks"), claims((2024, 42), (2025, 4)))
    fig, _ = draw(isis.counts, found)
    assert {"42", "4", "Iraqi officials"} <= set(texts(fig))
    assert "Iraqi Joint Operations Command" not in texts(fig)


def test_counts_of_unlike_stretches_are_compared_by_their_months(rows, draw, texts):
    parts = [
        year(2019, 1669, by="A"),
        {"start": "2020-04-01", "end": "2020-06-30", "value": 808, "bound": "exact", "counted_by": "A"},
    ]
    fig, ax = draw(isis.counts, rows("isis_attacks", *parts, year(2025, 4)))
    assert [rate for rate, _ in dots(ax)] == pytest.approx([1669 / 12, 808 / 3, 4 / 12])
    assert {"1,669", "139", "808", "Apr–Jun 2020", "269", "4", "2025", "0.3"} <= set(texts(fig))


def test_the_iraqi_count_is_in_focus_and_an_inexact_count_is_hollow(rows, draw, texts):
    rough = year(2019, 1600, by="A", bound="about")
    fig, ax = draw(isis.counts, rows("isis_attacks", rough, year(2020, 900, by="A"), year(2024, 42)))
    assert [face for _, face in dots(ax)] == [PAPER, CONTEXT, FOCUS]
    assert "about 1,600" in texts(fig)


@pytest.mark.parametrize("size", ["full", "narrow", "half"])
def test_what_is_counted_stands_with_the_counter_at_any_width(rows, draw, texts, size):
    count = year(2024, 65, by="Somebody", measure="incidents")
    fig, _ = draw(isis.counts, rows("isis_attacks", count, year(2019, 1669, by="A counter")), size=size)
    assert {"Somebody", "incidents in the media", "A counter", "attacks"} <= set(texts(fig))


def test_the_axis_includes_every_rate(rows, draw, texts):
    fig, ax = draw(isis.counts, rows("isis_attacks", year(2018, 1470, by="A"), year(2025, 4)))
    assert {"0.1", "1", "10", "100", "1,000"} <= set(texts(fig))
    low, high = ax.get_xlim()
    assert low < -1 and high > 3
