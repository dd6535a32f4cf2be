"""Agreements: what was due when, and what happened when, one line each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from handover.story.charts import dates, labels, marks
from handover.story.charts.frame import MARGIN, heighten, room, styled
from handover.story.charts.palette import ALERT, FOCUS, INK, LABEL, PAPER, RULE
from handover.story.rows import records

TRACK = 12.0  #: height of the line with the marks, in points
KINDS = {"due": "due", "done": "happened"}


def dated(milestones: pd.DataFrame, *deeds: pd.DataFrame) -> pd.DataFrame:
    """Return milestones with what is known of their happening.

    Args:
        milestones: Rows of ``milestones``; ``done_by`` lists rows that tell of it, the preferred first.
        deeds: Rows of ``events`` and ``handovers`` as the report may see them, with ``row_id``.

    Returns:
        ``label``, ``due_start``, ``due_end``, ``due_precision``, ``done_start``, ``done_end``,
        ``done_precision``, ``status`` (``done`` or ``open``), and the columns of the milestone's source.
    """
    known = {}
    for frame in deeds:
        for row in records(frame):
            start = row["date"] if "date" in frame else row["start"]
            end = start if "date" in frame or pd.isna(row["end"]) else row["end"]
            known[row["row_id"]] = (start, end, str(row["date_precision"]))
    found = milestones.rename(columns={"start": "due_start", "end": "due_end", "date_precision": "due_precision"})
    deeds_of = [
        next((known[name] for name in str(cell or "").split() if name in known), (pd.NaT, pd.NaT, ""))
        for cell in found["done_by"]
    ]
    found["done_start"] = pd.to_datetime([start for start, _, _ in deeds_of])
    found["done_end"] = pd.to_datetime([end for _, end, _ in deeds_of])
    found["done_precision"] = [precision for *_, precision in deeds_of]
    found["status"] = ["open" if pd.isna(start) else "done" for start in found["done_start"]]
    return found.sort_values(["due_start", "label"]).reset_index(drop=True)


@styled
def due_and_done(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw for each agreement when it was due and when it happened, on one scale of time.

    The canvas takes the height it needs. A diamond or hollow bar is what was due; a filled mark what happened.

    Args:
        ax: From `frame.canvas`.
        rows: From `dated`.

    Raises:
        ChartError: There is no row.
    """
    marks.need(rows, "agreements")
    days = [day for name in ("due_start", "due_end", "done_start", "done_end") for day in rows[name].dropna()]
    first, last = min(days).date(), max(days).date()
    margin = pd.Timedelta(max((last - first).days * 0.025, 10), unit="D").to_pytimedelta()
    inner = ax.figure.bbox.width - 2 * MARGIN
    texts = [_text(row, inner) for row in records(rows)]
    tall = [labels.extent(text)[1] + TRACK + 7 for text in texts]
    kinds = {kind: words for kind, words in KINDS.items() if kind == "due" or (rows["status"] == "done").any()}
    over, foot = marks.key_room(ax, list(kinds.values())), dates.foot(first - margin, last + margin)
    heighten(ax, over + sum(tall) + foot)
    _, plot = room(ax, left=MARGIN, right=MARGIN, top=over, bottom=foot)
    dates.time_axis(ax, first - margin, last + margin)
    ax.set_ylim(0, plot)
    ax.yaxis.set_visible(False)
    marks.key(ax, kinds, {"due": lambda a, x, y: _due(a, x, x, y), "done": lambda a, x, y: _done(a, x, x, y)})
    base = plot
    for row, text, height in zip(records(rows), texts, tall, strict=True):
        base -= height
        top = ax.get_window_extent().y0 + base + height - 2
        right, down = (labels.breadth(text.head, "bold") + labels.PAD, 0) if text.inline else (0, _lines(text.head))
        labels.set_text(ax, MARGIN, top, text.head, weight="bold", colour=INK)
        labels.set_text(ax, MARGIN + right, top - down * labels.LINE, text.body, colour=LABEL)
        _track(ax, row, base + TRACK / 2 + 2)


def _text(row: Mapping[str, Any], inner: float) -> labels.Note:
    """The step and its dates on one line where they fit, else below each other."""
    one = labels.Note(0, 0, str(row["label"]), _words(row), inline=True)
    if labels.extent(one)[0] <= inner:
        return one
    return labels.Note(0, 0, labels.wrap(one.head, inner, "bold"), labels.wrap(one.body, inner))


def _lines(text: str) -> int:
    return text.count("\n") + 1


def _words(row: Mapping[str, Any]) -> str:
    due = _span(row["due_start"], row["due_end"], str(row.get("due_precision") or "day"))
    if row["status"] != "done" or pd.isna(row["done_start"]):
        return f"due {due}"
    return f"due {due}; happened {_span(row['done_start'], row['done_end'], str(row.get('done_precision') or 'day'))}"


def _span(start: pd.Timestamp, end: pd.Timestamp, precision: str) -> str:
    if precision in ("month", "year"):
        return dates.short(start.date(), precision)
    if pd.isna(end) or start == end:
        return dates.short(start.date())
    return f"{dates.short(start.date(), year=start.year != end.year)} to {dates.short(end.date())}"


def _track(ax: Axes, row: Mapping[str, Any], y: float) -> None:
    ax.plot(ax.get_xlim(), [y, y], color=RULE, lw=0.7, zorder=1)
    due = dates.num(row["due_start"]), dates.num(row["due_end"]) + 1
    done = None
    if pd.notna(row["done_start"]):
        done = dates.num(row["done_start"]), dates.num(row["done_end"]) + 1
        ax.plot([due[1], done[0]], [y, y], color=FOCUS, lw=1.4, ls=(0, (1, 1.4)), zorder=2, gid="lag")
    for mark, span in ((_due, due), (_done, done)):
        if span:
            (start, py), (end, _) = labels.points(ax, span[0], y), labels.points(ax, span[1], y)
            mark(ax, start, end, py)


def _due(ax: Axes, start: float, end: float, y: float) -> None:
    """Draw what was due, from one place to another in points."""
    if end - start > 8:
        labels.line(ax, (start, y), (end, y), ALERT, lw=6, zorder=2.4)
        labels.line(ax, (start + 1, y), (end - 1, y), PAPER, lw=3.8, zorder=2.5)
        return
    look = {"ms": 5.4, "mfc": PAPER, "mec": ALERT, "mew": 1.2, "zorder": 3}
    marks.plot(ax, [((start + end) / 2, y)], marker="D", **look | marks.OVER)


def _done(ax: Axes, start: float, end: float, y: float) -> None:
    """Draw what happened, from one place to another in points."""
    if end - start > 8:
        labels.line(ax, (start, y), (end, y), FOCUS, lw=4, zorder=3.5)
        return
    # smaller than the diamond, so that one lying on the other leaves both in sight
    look = {"ms": 4, "mfc": FOCUS, "mec": FOCUS, "zorder": 4}
    marks.plot(ax, [((start + end) / 2, y)], marker="o", **look | marks.OVER)
