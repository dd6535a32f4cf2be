"""A timeline after Priestley: bars for holders of a place, ticks for events, labels on leader lines."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from handover.story.charts import axes, labels, marks
from handover.story.charts.figure import MARGIN, heighten, require_not_half, room
from handover.story.charts.style import CONTEXT, FOCUS, INK, LABEL, PAPER, house
from handover.story.frames import sound
from handover.story.values import English, Period

#: Kind of holder -> fill, edge, hatch, colour of the words.
KINDS = {
    "iraq": (FOCUS, FOCUS, "", PAPER),
    "us": (PAPER, CONTEXT, "", INK),
    "coalition": (PAPER, CONTEXT, "", INK),
    "other": (PAPER, CONTEXT, "////", INK),
}
PADDING = 4.0


@house()
def priestley(ax: Axes, spans: pd.DataFrame, events: pd.DataFrame) -> None:
    """Draw the holders of a place as bars on one line, and events as ticks with labels above.

    Sets the height of the canvas. A bar whose end is open has no edge there.

    Args:
        ax: From `figure.canvas`.
        spans: ``label``, ``start``, ``end``, ``open`` (bool: it goes on), ``kind`` (`KINDS`).
        events: ``label`` and ``date`` or ``start``, with ``date_precision``; an optional ``focus`` (bool) puts an
            event in the focus colour. Weak sources are left out.

    Raises:
        ChartError: There is neither a bar nor an event, or the canvas is a half one.
    """
    held, told = sound(spans), sound(events)
    marks.need([*held, *told], "timeline")
    require_not_half(ax, "timeline")
    when = [event["date" if "date" in event else "start"] for event in told]
    ends = [*when, *(span[end] for span in held for end in ("start", "end") if span[end])]
    first, last = min(ends), max(ends)
    margin = dt.timedelta(max((last - first).days * 0.012, 5))
    first, last = first - margin, last + margin
    foot = axes.foot(first, last)
    # a unit is a point, whatever the height
    ax.set_ylim(0, room(ax, left=MARGIN, right=MARGIN, top=0, bottom=foot)[1])
    axes.time_axis(ax, first, last)
    lines = [_fitted(ax, span) for span in held]
    bar = max((text.count("\n") + 1 for text in lines), default=0) * labels.LINE + (6 if held else 0)
    stems = [axes.num(day) for day in when]
    notes = [_note(ax, event, day, bar + 4, stems) for event, day in zip(told, when, strict=True)]
    # a bar too short for its name has it on a flag, like an event
    notes += [_flagged(ax, span, bar + 4) for span, text in zip(held, lines, strict=True) if not text]
    heighten(ax, max([foot + bar + 4, *(box.top for box in labels.flag_boxes(ax, notes))]) + MARGIN)
    ax.set_ylim(0, room(ax, left=MARGIN, right=MARGIN, top=0, bottom=foot)[1])
    ax.yaxis.set_visible(False)
    for span, text in zip(held, lines, strict=True):
        _bar(ax, span, text, bar, axes.num(last))
    for note in notes:
        labels.trace(ax, [(note.x, bar - 3), (note.x, note.y + 3)], note.colour, lw=1, zorder=3)
    labels.flags(ax, notes)


def _ends(span: Mapping[str, Any], last: float) -> tuple[float, float]:
    return axes.num(span["start"]), axes.num(span["end"]) + 1 if span["end"] else last


def _fitted(ax: Axes, span: Mapping[str, Any]) -> str:
    """Return the bar's name in lines that fit into it, or ""."""
    start, end = _ends(span, ax.get_xlim()[1])
    wide = labels.points(ax, end, 0)[0] - labels.points(ax, start, 0)[0] - 2 * PADDING
    text = labels.wrap(str(span["label"]), wide, "bold")
    return text if labels.breadth(text, "bold") <= wide and text.count("\n") < 3 else ""


def _bar(ax: Axes, span: Mapping[str, Any], text: str, bar: float, last: float) -> None:
    start, end = _ends(span, last)
    face, edge, hatch, ink = KINDS.get(str(span["kind"]), KINDS["other"])
    goes_on = bool(span["open"])
    look = {"fc": face, "ec": edge if hatch else "none", "hatch": hatch, "lw": 0, "zorder": 2}
    labels.block(ax, start, 0, end - start, bar, **look)
    outline = [(end, 0), (start, 0), (start, bar), (end, bar)] + ([] if goes_on else [(end, 0)])
    labels.trace(ax, outline, edge, lw=0.9, zorder=2.2, gid="open" if goes_on else "closed")
    if text:
        left, floor = labels.points(ax, start, 0)
        lines = text.count("\n") + 1
        labels.set_text(ax, left + PADDING, floor + (bar + lines * labels.LINE) / 2, text, weight="bold", colour=ink)


def _note(ax: Axes, event: Mapping[str, Any], day: dt.date, base: float, stems: list[float]) -> labels.Note:
    date = axes.short(day, str(event.get("date_precision") or "day"))
    colour = FOCUS if bool(event.get("focus", False)) else INK
    return labels.flag(ax, axes.num(day), base, str(event["label"]), date, colour, stems=stems)


def _flagged(ax: Axes, span: Mapping[str, Any], base: float) -> labels.Note:
    found = Period(span["start"], span["end"] or span["start"])
    middle = (axes.num(found.start) + axes.num(found.end)) / 2
    return labels.flag(ax, middle, base, str(span["label"]), English().period(found, "year"), LABEL)
