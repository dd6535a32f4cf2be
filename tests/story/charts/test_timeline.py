import pandas as pd
import pytest

from handover.errors import ChartError
from handover.story.charts import frame, timeline


def spans(*rows):
    found = pd.DataFrame(rows, columns=["label", "start", "end", "open", "kind"])
    return found.assign(start=pd.to_datetime(found["start"]), end=pd.to_datetime(found["end"]), grade="B")


def events(*rows):
    found = pd.DataFrame(rows, columns=["label", "date", "date_precision"])
    return found.assign(date=pd.to_datetime(found["date"]), grade="B")


HELD = ("Iraq", "2026-01-17", None, True, "iraq")


def test_nothing_is_nothing_to_draw():
    _, ax = frame.canvas()
    with pytest.raises(ChartError, match="nothing to draw: timeline must have a row"):
        timeline.priestley(ax, spans(), events())


def test_a_half_canvas_is_refused():
    _, ax = frame.canvas("half")
    with pytest.raises(ChartError, match="timeline: must be drawn on a full canvas"):
        timeline.priestley(ax, spans(HELD), events())


def test_an_open_end_has_no_edge(draw):
    closed = ("US forces", "2003-05-01", "2011-12-07", False, "us")
    _, ax = draw(timeline.priestley, spans(closed, HELD), events())
    outlines = {line.get_gid(): line for line in ax.lines if line.get_gid() in ("open", "closed")}
    assert len(outlines["open"].get_xdata()) == 4
    assert len(outlines["closed"].get_xdata()) == 5


def test_a_bar_too_short_for_its_name_has_a_flag(draw, texts):
    long = ("US forces", "2003-05-01", "2026-01-16", False, "us")
    fig, _ = draw(timeline.priestley, spans(long, ("Iraq", "2026-01-17", "2026-01-31", False, "iraq")), events())
    assert {"US forces", "Iraq"} <= set(texts(fig))


def test_a_crowd_of_events_never_overlaps(draw, texts):
    crowd = [(f"Something happened, for the {n}th time", f"2026-01-{n + 10}", "day") for n in range(15)]
    fig, _ = draw(timeline.priestley, spans(HELD), events(("First of all", "2003-05-01", "month"), *crowd))
    assert {"First of all", "May 2003"} <= set(texts(fig))


def test_events_alone_are_drawn(draw, texts):
    fig, _ = draw(timeline.priestley, spans(), events(("First of all", "2003-05-01", "day")))
    assert "1 May 2003" in texts(fig)


def test_what_a_weak_source_alone_tells_has_no_label(draw, texts):
    told = events(("First of all", "2003-05-01", "day"), ("A rumour", "2010-05-01", "day"))
    fig, _ = draw(timeline.priestley, spans(HELD), told.assign(grade=["B", "D"]))
    assert "First of all" in texts(fig) and "A rumour" not in texts(fig)
