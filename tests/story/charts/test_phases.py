import pandas as pd
import pytest

from handover.errors import ChartError
from handover.story.charts import frame, phases


def milestones(*rows):
    columns = ["milestone_id", "label", "start", "end", "date_precision", "done_by"]
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(start=pd.to_datetime(found["start"]), end=pd.to_datetime(found["end"]))


DUE = ("M1", "Mission ends", "2025-09-01", "2025-09-30", "month", "E1 H1")


def test_no_row_is_nothing_to_draw(rows):
    _, ax = frame.canvas()
    with pytest.raises(ChartError, match="nothing to draw: agreements"):
        phases.due_and_done(ax, phases.dated(milestones(), rows("handovers")))


def test_what_is_not_known_to_have_happened_is_open(rows, draw, texts):
    found = phases.dated(milestones(DUE), rows("handovers"))
    assert list(found["status"]) == ["open"]
    fig, ax = draw(phases.due_and_done, found)
    assert "due Sep 2025" in texts(fig)
    assert not [line for line in ax.lines if line.get_gid() == "lag"]


def test_the_first_known_row_tells_when_it_happened(rows, draw, texts):
    known = rows("handovers", {"row_id": "H1", "date": "2026-01-18"})
    found = phases.dated(milestones(DUE), known)
    assert list(found["status"]) == ["done"]
    fig, ax = draw(phases.due_and_done, found)
    assert "due Sep 2025; happened 18 Jan 2026" in texts(fig)
    line = {text.get_text(): text.get_position()[1] for text in fig.texts}
    assert line["Mission ends"] == line["due Sep 2025; happened 18 Jan 2026"]
    assert [line for line in ax.lines if line.get_gid() == "lag"]


def test_many_lines_fit_on_a_half_canvas(rows, draw):
    many = [
        (f"M{n}", f"A promise with a long name, number {n}", f"20{n + 10}-01-01", f"20{n + 10}-01-31", "day", "")
        for n in range(9)
    ]
    draw(phases.due_and_done, phases.dated(milestones(*many)), size="half")
