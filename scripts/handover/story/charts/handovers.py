"""Bases handed over, each a labelled mark on a line of time."""

import datetime as dt
import re
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from handover.story.charts import axes, labels, marks
from handover.story.charts.figure import MARGIN, heighten, require_not_half, room
from handover.story.charts.style import FOCUS, INK, LABEL, PAPER, house
from handover.story.claims import WEAK
from handover.story.contradictions import APART
from handover.story.frames import records

#: Kinds that end a presence, the clearest first; the marks of those in `GIVEN` are filled, of the others hollow.
ENDINGS = ("transfer", "announcement", "declaration", "departure")
GIVEN = ("transfer", "announcement")
#: Points between a stem and its text, with room for the mark.
GAP = 5.5


def ended(rows: pd.DataFrame, bases: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each handover of each base, of the clearest kind reported, with the base's name.

    Returns:
        Rows of ``handovers`` with a column ``name``, without plans, returns, weak sources and bases without a name.
    """
    names = {row["place_id"]: re.sub(r"\s*\(.*\)", "", str(row["name"])) for row in records(bases)}
    found = [(n, row) for n, row in enumerate(records(rows)) if row["kind"] in ENDINGS and row["grade"] != WEAK]
    chosen: list[tuple[int, dict[str, Any]]] = []
    last: dict[str, tuple[dt.date, int]] = {}
    for n, row in sorted(found, key=lambda one: (one[1]["date"], one[1]["row_id"])):
        place, day = row["place_id"], row["date"]
        if place not in names:
            continue
        before, own = last.get(place, (dt.date.min, 0))
        if day - before > APART:
            own = len(chosen)
            chosen.append((n, row))
        elif ENDINGS.index(row["kind"]) < ENDINGS.index(chosen[own][1]["kind"]):
            chosen[own] = n, row
        last[place] = (day, own)
    chosen.sort(key=lambda one: (one[1]["date"], one[1]["row_id"]))
    listed = rows.iloc[[n for n, _ in chosen]].reset_index(drop=True)
    return listed.assign(name=[names[row["place_id"]] for _, row in chosen])


@house()
def strip(ax: Axes, rows: pd.DataFrame, focus: str = "ain_al_asad", *, until: str | dt.date | None = None) -> None:
    """Draw a flag for each handover on one line of time, with a filled mark for a transfer, a hollow one otherwise.

    Sets the height of the canvas.

    Args:
        ax: From `figure.canvas`.
        rows: From `ended`: ``place_id``, ``name``, ``date``, ``date_precision``, ``kind``.
        focus: The base in the focus colour.
        until: Last day to show at least.

    Raises:
        ChartError: There is no row, or the canvas is a half one.
    """
    told = records(rows)
    marks.need(told, "handovers of bases")
    require_not_half(ax, "handovers of bases")
    days = [row["date"] for row in told]
    first, last = min(days), max([*days, axes.day_from(until)] if until is not None else days)
    margin = dt.timedelta(max((last - first).days * 0.02, 15))
    kinds = {
        kind: words
        for kind, words in (("given", "transferred"), ("left", "left or declared vacated"))
        if any((kind == "given") == (row["kind"] in GIVEN) for row in told)
    }
    over, foot = marks.key_room(ax, list(kinds.values())), axes.foot(first, last) + 6
    room(ax, left=MARGIN, right=MARGIN, top=over, bottom=foot)
    axes.time_axis(ax, first - margin, last + margin)
    notes = []
    for row in told:
        colour = FOCUS if row["place_id"] == focus else INK
        when = axes.short(row["date"], row["date_precision"] or "day")
        notes.append(labels.flag(ax, axes.num(row["date"]), 0.0, str(row["name"]), when, colour, gap=GAP))
    boxes = labels.flag_boxes(ax, notes, gap=GAP)
    heighten(ax, max(box.top for box in boxes) + 2 + over)
    _, plot = room(ax, left=MARGIN, right=MARGIN, top=over, bottom=foot)
    ax.set_ylim(0, plot)
    marks.key(ax, kinds, {"given": _look(INK, INK), "left": _look(INK, PAPER)})
    ax.yaxis.set_visible(False)
    spots: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row, note, box in zip(told, notes, boxes, strict=True):
        px, py = labels.points(ax, note.x, 0)
        middle = box.top - labels.LINE / 2
        labels.line(ax, (px, py), (px, middle), LABEL)
        # the mark is beside its name, since on the axis marks of one month would hide each other
        spots.setdefault((note.colour, note.colour if row["kind"] in GIVEN else PAPER), []).append((px, middle))
        labels.write(ax, note, box, "left" if box.left > px else "right")
    for (edge, face), places in spots.items():
        marks.plot(ax, places, **_look(edge, face) | marks.OVER)


def _look(edge: str, face: str) -> dict[str, Any]:
    return {"marker": "o", "ms": 5.2, "mfc": face, "mec": edge, "mew": 1.1, "zorder": 4}
