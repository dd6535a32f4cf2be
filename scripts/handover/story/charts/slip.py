"""The promised week against the days that sources give for the handover, one line a source."""

import datetime as dt
import math
from operator import itemgetter
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from handover.story.charts import axes, labels, marks
from handover.story.charts.figure import MARGIN, full, heighten, room
from handover.story.charts.style import ALERT, FOCUS, INK, LABEL, PAPER, RULE, house
from handover.story.frames import sound
from handover.story.values import English, Period

#: Kind of handover -> its word under the source.
KINDS = {
    "transfer": "takeover",
    "departure": "departure",
    "announcement": "announcement",
    "declaration": "declared vacated",
    "planned": "expected",
}
WEEK = dt.timedelta(6)  #: from the first day of a week to its last
#: Height of a line in points.
ROW = 15.0
#: Width of a date beside a mark, in points.
DATE = 38.0


@house()
def days(ax: Axes, promise: Period | tuple[dt.date, dt.date], rows: pd.DataFrame) -> None:
    """Draw the promised days as a band, and each source's day as a mark in a line of its own.

    The days between the band and the first announcement are counted, as a range where the promise can be read in
    several ways. Sets the height of the canvas.

    Args:
        ax: From `figure.canvas`.
        promise: First and last day promised. If longer than a week, the promised week may be any in it: the band is
            the earliest, a fainter one the rest.
        rows: Rows of ``handovers`` on the base; sources with the same kind and day are on one line. Weak sources
            are left out.
    """
    told = sound(rows)
    marks.need(told, "days of the handover")
    wider = promise if isinstance(promise, Period) else Period(*promise)
    due = Period(wider.start, min(wider.end, wider.start + WEEK))
    lines = _lines(told)
    names = [(labels.wrap(line["who"], _column(ax), "bold"), line["what"]) for line in lines]
    tall = [max(name.count("\n") + 2, 1) * labels.LINE + 5 if what else ROW for name, what in names]
    first = min(wider.start, lines[0]["day"]) - dt.timedelta(1)
    last = max(wider.end, lines[-1]["day"]) + dt.timedelta(1)
    top = MARGIN + labels.LINE + 4
    heighten(ax, top + sum(tall) + axes.foot(first, last))
    left = MARGIN + _column(ax) + 8
    # room for the date to the right of the last mark
    inner, days_shown = ax.figure.bbox.width - left - MARGIN, (last - first).days + 1
    last += dt.timedelta(math.ceil(DATE * days_shown / (inner - DATE)) - 1)
    _, plot = room(ax, left=left, right=MARGIN, top=top, bottom=axes.foot(first, last))
    ax.set_ylim(0, plot)
    axes.time_axis(ax, first, last)
    ax.yaxis.set_visible(False)
    _bands(ax, due, wider, plot)
    base = plot
    for line, (who, what), height in zip(lines, names, tall, strict=True):
        base -= height
        _line(ax, line, who, what, base, height)
        if line["slip"]:
            _slip(ax, due, wider, line["day"], base + height / 2)


def _column(ax: Axes) -> float:
    return 118.0 if full(ax) else 84.0


def _lines(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a line for each day and kind, with all its outlets; the first announcement shows the slip."""
    outlets: dict[tuple[dt.date, str], dict[str, None]] = {}
    for row in sorted(rows, key=itemgetter("row_id")):
        outlets.setdefault((row["date"], str(row["kind"])), {})[row["outlet"]] = None
    order = [*KINDS, *sorted(kind for _, kind in outlets if kind not in KINDS)]
    found = [
        {"day": day, "kind": kind, "who": English().join([*outlets[day, kind]]), "what": KINDS.get(kind, kind)}
        for day, kind in sorted(outlets, key=lambda line: (line[0], order.index(line[1])))
    ]
    announced = next((line for line in found if line["kind"] == "announcement"), None)
    return [line | {"slip": line is announced} for line in found]


def _bands(ax: Axes, due: Period, wider: Period, plot: float) -> None:
    """Draw the promised week, over a fainter band of all weeks that it may mean, with a label."""
    start, end = axes.num(due.start), axes.num(due.end) + 1
    if wider != due:
        low, high = axes.num(wider.start), axes.num(wider.end) + 1
        labels.block(ax, low, 0, high - low, plot, fc=RULE, alpha=0.3, ec="none", zorder=0.4, gid="readings")
        for edge in {low, high} - {start, end}:
            labels.trace(ax, [(edge, 0), (edge, plot)], LABEL, lw=0.6, ls=(0, (2, 2)), zorder=0.6)
    labels.block(ax, start, 0, end - start, plot, fc=RULE, alpha=0.55, ec="none", zorder=0.5, gid="promise")
    for edge in (start, end):
        labels.trace(ax, [(edge, 0), (edge, plot)], LABEL, lw=0.6, zorder=0.6)
    left, over = labels.points(ax, start, plot)
    words = "promised week" if wider == due else "promised week, as it can be read"
    words = words if left + labels.breadth(words, "bold") <= ax.figure.bbox.width - MARGIN else words.split(",")[0]
    labels.set_text(ax, left, over + labels.LINE + 2, words, weight="bold", colour=INK)


def _line(ax: Axes, line: dict[str, Any], who: str, what: str, base: float, height: float) -> None:
    middle = base + height / 2
    labels.trace(ax, [(edge, base) for edge in ax.get_xlim()], RULE, lw=0.5, zorder=0.4)
    colour = FOCUS if line["kind"] in ("announcement", "declaration") else INK
    top = ax.get_window_extent().y0 + base + height - 2
    labels.set_text(ax, MARGIN, top, who, weight="bold", colour=colour)
    labels.set_text(ax, MARGIN, top - labels.LINE * (who.count("\n") + 1), what, colour=LABEL)
    hollow = line["kind"] == "planned"
    shape = "D" if line["kind"] == "planned" else "s" if colour == FOCUS else "o"
    spot = axes.num(line["day"]) + 0.5, middle
    look = {"marker": shape, "ms": 6 if shape == "o" else 5.2, "mec": colour, "mew": 1.2}
    marks.plot(ax, [spot], **look, mfc=PAPER if hollow else colour, zorder=3)
    at, _ = labels.points(ax, *spot)
    words = axes.short(line["day"], year=False)
    labels.set_text(ax, at + 6, ax.get_window_extent().y0 + middle + labels.LINE / 2, words, colour=LABEL)


def _slip(ax: Axes, due: Period, wider: Period, day: dt.date, middle: float) -> None:
    """Draw the days since the last promised one; nothing if the promise was kept by some reading."""
    late, least = (day - due.end).days, (day - wider.end).days
    if min(late, least) <= 0:
        return
    start, end = axes.num(due.end) + 1, axes.num(day) + 0.5
    count = str(late) if late == least else f"{least} to {late}"
    words = f"{count} {'day' if late == 1 else 'days'} late"
    (x0, y), (x1, _) = labels.points(ax, start, middle), labels.points(ax, end, middle)
    wide = labels.breadth(words, "bold") + 6
    over = x1 - x0 < wide + 16
    centre, top = (x1 + 5 - wide / 2, y + labels.LINE + 3) if over else ((x0 + x1 - 4) / 2, y + labels.LINE / 2)
    look = {"fc": PAPER, "ec": "none", "transform": labels.POINTS, "zorder": 1.2}
    # hide edges of bands behind the words
    labels.block(ax, centre - wide / 2, top - labels.LINE, wide, labels.LINE, **look)
    for left, right in [(x0, x1 - 4)] if over else [(x0, centre - wide / 2), (centre + wide / 2, x1 - 4)]:
        labels.line(ax, (left, y), (right, y), ALERT, lw=1.2)
    labels.set_text(ax, centre, top, words, weight="bold", colour=ALERT, align="center")
