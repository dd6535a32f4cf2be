"""The promised week, the bases handed over and the holders of one: what is drawn, counted and left out."""

import pandas as pd
import pytest

from handover.errors import ChartError
from handover.story.charts import axes, figure, handovers, slip, timeline
from handover.story.charts.style import PAPER
from handover.story.values import Period

WEEK = Period(pd.Timestamp("2026-01-01").date(), pd.Timestamp("2026-01-07").date())
READINGS = Period(WEEK.start, pd.Timestamp("2026-01-11").date())
BASES = [{"place_id": "ain_al_asad", "name": "Ain al-Asad Air Base"}, {"place_id": "k1", "name": "K-1 (Kirkuk)"}]


# the promised week


def test_the_promise_is_a_band_and_the_slip_is_counted(rows, draw, texts):
    told = [
        ("13", "departure", "A"),
        ("17", "announcement", "B"),
        ("17", "announcement", "C"),
        ("18", "declaration", "B"),
    ]
    found = rows("handovers", *({"date": f"2026-01-{day}", "kind": kind, "outlet": who} for day, kind, who in told))
    fig, ax = draw(slip.days, WEEK, found)
    (band,) = [patch for patch in ax.patches if patch.get_gid() == "promise"]
    assert (band.get_x(), band.get_width()) == (axes.num(WEEK.start), 7)
    assert {"10 days late", "B and C", "departure", "18 Jan"} <= set(texts(fig))


@pytest.mark.parametrize(
    ("promise", "day", "kind", "size", "late"),
    [
        (WEEK, "2026-01-05", "announcement", "full", ""),
        (WEEK, "2026-01-07", "announcement", "full", ""),
        ((WEEK.start, WEEK.end), "2026-01-13", "departure", "full", ""),
        (READINGS, "2026-01-09", "announcement", "full", ""),
        (WEEK, "2026-01-08", "announcement", "half", "1 day late"),
        (READINGS, "2026-01-17", "announcement", "narrow", "6 to 10 days late"),
        (READINGS, "2026-01-17", "announcement", "half", "6 to 10 days late"),
    ],
)
def test_only_an_announcement_after_every_reading_is_late(rows, draw, texts, promise, day, kind, size, late):
    fig, ax = draw(slip.days, promise, rows("handovers", {"date": day, "kind": kind}), size=size)
    assert [text for text in texts(fig) if "late" in text] == ([late] if late else [])
    assert any(text.startswith("promised week") for text in texts(fig))
    bands = {patch.get_gid(): patch for patch in ax.patches if patch.get_gid()}
    assert ("readings" in bands) == (promise == READINGS)
    if promise == READINGS:
        assert bands["readings"].get_width() == 11 and bands["readings"].get_alpha() < bands["promise"].get_alpha()


# handovers of bases


def test_plans_returns_weak_sources_and_places_without_a_name_are_no_handover(rows):
    told = [
        {"date": "2026-01-01", "grade": "D"},
        {"date": "2026-01-15", "kind": "planned"},
        {"date": "2014-11-10", "kind": "return"},
        {"date": "2020-01-01", "place_id": "nowhere"},
    ]
    assert handovers.ended(rows("handovers", *told), rows("bases", *BASES)).empty


def test_reports_of_one_handover_are_one_mark_and_of_two_are_two(rows):
    told = [("2011-12-07", "transfer"), ("2026-01-13", "departure"), ("2026-01-17", "announcement")]
    told.append(("2026-01-18", "declaration"))
    found = handovers.ended(
        rows("handovers", *({"date": day, "kind": kind} for day, kind in told)), rows("bases", *BASES)
    )
    assert list(found["kind"]) == ["transfer", "announcement"]


def test_each_mark_is_labelled_and_a_departure_is_hollow(rows, draw, texts, symbols):
    told = [
        {"date": "2020-03-29", "place_id": "k1", "kind": "departure"},
        {"date": "2026-01-17", "kind": "announcement"},
    ]
    fig, ax = draw(handovers.strip, handovers.ended(rows("handovers", *told), rows("bases", *BASES)))
    assert {"K-1", "29 Mar 2020", "Ain al-Asad Air Base", "17 Jan 2026"} <= set(texts(fig))
    assert [face == PAPER for _, _, face in sorted(symbols(ax, "o"))] == [True, False]


def test_a_crowd_of_one_month_has_a_mark_each(rows, draw, symbols):
    bases = rows("bases", *({"place_id": f"p{n}", "name": f"Base number {n}"} for n in range(12)))
    told = rows("handovers", *({"date": f"2020-03-{n + 10}", "place_id": f"p{n}"} for n in range(12)))
    _, ax = draw(handovers.strip, handovers.ended(told, bases))
    assert len({y for _, y, _ in symbols(ax, "o")}) == 12


# who held a base


def spans(*rows):
    found = pd.DataFrame(rows, columns=["label", "start", "end", "open", "kind"])
    return found.assign(start=pd.to_datetime(found["start"]), end=pd.to_datetime(found["end"]), grade="B")


def events(*rows):
    found = pd.DataFrame(rows, columns=["label", "date", "date_precision"])
    return found.assign(date=pd.to_datetime(found["date"]), grade="B")


HELD = ("Iraq", "2026-01-17", None, True, "iraq")
FIRST = ("First of all", "2003-05-01", "month")


def test_an_open_end_has_no_edge(draw):
    closed = ("US forces", "2003-05-01", "2011-12-07", False, "us")
    _, ax = draw(timeline.priestley, spans(closed, HELD), events())
    ends = {line.get_gid(): len(line.get_xdata()) for line in ax.lines if line.get_gid() in ("open", "closed")}
    assert ends == {"open": 4, "closed": 5}


def test_a_bar_too_short_for_its_name_has_a_flag(draw, texts):
    long = ("US forces", "2003-05-01", "2026-01-16", False, "us")
    fig, _ = draw(timeline.priestley, spans(long, ("Iraq", "2026-01-17", "2026-01-31", False, "iraq")), events())
    assert {"US forces", "Iraq"} <= set(texts(fig))


def test_a_crowd_of_events_never_overlaps_and_a_weak_one_has_no_label(draw, texts):
    crowd = [(f"Something happened, for the {n}th time", f"2026-01-{n + 10}", "day") for n in range(15)]
    told = events(FIRST, ("A rumour", "2010-05-01", "day"), *crowd)
    told.loc[1, "grade"] = "D"
    fig, _ = draw(timeline.priestley, spans(HELD), told)
    assert {"First of all", "May 2003"} <= set(texts(fig)) and "A rumour" not in texts(fig)


def test_events_alone_are_drawn(draw, texts):
    fig, _ = draw(timeline.priestley, spans(), events(FIRST))
    assert "May 2003" in texts(fig)


def test_a_weak_source_alone_has_no_line(rows, draw, texts):
    weak = {"date": "2026-01-01", "grade": "D", "outlet": "A"}
    fig, _ = draw(slip.days, WEEK, rows("handovers", weak, {"date": "2026-01-17", "kind": "announcement"}))
    assert "A" not in texts(fig)
    with pytest.raises(ChartError, match="nothing to draw: days of the handover"):
        slip.days(figure.canvas()[1], WEEK, rows("handovers", weak))
