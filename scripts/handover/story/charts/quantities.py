"""Quantities of any table: bars, one for each row, and marks along time.

They need the columns of an interval (``value``, ``low``, ``high``, ``bound``), and of a period or one with names.
"""

import datetime as dt
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from handover.errors import ChartError, near
from handover.story.charts import axes, labels, marks
from handover.story.charts.figure import MARGIN, full, half, heighten, require_not_half, room
from handover.story.charts.style import CONTEXT, FOCUS, INK, LABEL, PAPER, house
from handover.story.frames import sound
from handover.story.values import English, Quantity, period_of, quantity_of

QUANTITY = ("value", "low", "high", "bound")
#: Height of a bar, between two bars, and the least width of all, in points.
BAR, GAP, LEAST = 12.0, 6.0, 20.0
#: The part of the canvas's width that names may take.
NAMES = 0.45


def _require(rows: pd.DataFrame, what: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the rows that state a quantity and are not of the lowest grade; there must be one, and these columns."""
    known = list(rows.columns)
    for column in (*columns, *QUANTITY):
        if column not in known:
            raise ChartError(
                f"{what}: the rows must have a column '{column}' (got {', '.join(known)}{near(column, known)}).\n"
                "Name a column of the table, or add it."
            )
    found = [row for row in sound(rows) if row["bound"]]
    marks.need(found, what)
    return found


@house()
def bars(ax: Axes, rows: pd.DataFrame, name: str, *, focus: str = "") -> None:
    """Draw a bar for each row, its name before it and its quantity, with the hedge of its source, behind it.

    Sets the height of the canvas. The bar of a number that is no more than a bound is hollow.

    Args:
        ax: From `figure.canvas`.
        rows: In the order from top to bottom.
        name: The column that names each row.
        focus: The name of the bar that the title is about; by default all are.

    Raises:
        ChartError: No row states a quantity, a column or the focus is missing, or the canvas is a half one.
    """
    require_not_half(ax, "bars")
    found = _require(rows, "bars", (name,))
    stated = [quantity_of(row) for row in found]
    hedged = [English().quantity(quantity, digits=True) for quantity in stated]
    # names to the left, quantities to the right
    behind = max(labels.breadth(words, "bold") for words in hedged) + 2 * labels.PAD
    wide = ax.figure.bbox.width
    most = min(wide * NAMES, wide - behind - 2 * (MARGIN + labels.PAD) - LEAST)
    known = [str(row[name]) for row in found]
    if focus and focus not in known:
        raise ChartError(
            f"bars: focus must name a bar (got '{focus}'{near(focus, known)}).\nThe bars are {', '.join(known)}."
        )
    names = [labels.wrap(str(row[name]).replace("_", " "), most) for row in found]
    tall = [max(BAR, labels.LINE * (words.count("\n") + 1)) + GAP for words in names]
    heighten(ax, sum(tall) + 2 * MARGIN)
    before = MARGIN + max(map(labels.breadth, names)) + 2 * labels.PAD
    room(ax, left=before, right=MARGIN + behind, top=MARGIN, bottom=MARGIN)
    ends = [marks.height(quantity) for quantity in stated]
    ax.set_xlim(min(0.0, *ends), max(0.0, *ends) or 1.0)
    ax.set_ylim(sum(tall), 0)
    ax.set_axis_off()
    top = 0.0
    for title, words, quantity, text, height in zip(known, names, stated, hedged, tall, strict=True):
        colour = FOCUS if focus in ("", title) else CONTEXT
        middle = top + height / 2
        length = marks.height(quantity)
        face = colour if quantity.bound in ("exact", "about", "range") else PAPER
        labels.block(ax, 0, middle - BAR / 2, length, BAR, fc=face, ec=colour, lw=0.8, clip_on=False)
        px, py = labels.points(ax, max(length, 0.0), middle)
        look = {"weight": "bold", "colour": FOCUS if colour == FOCUS else INK}
        labels.set_text(ax, px + labels.PAD, py + labels.LINE / 2, text, **look)
        lines = words.count("\n") + 1
        labels.set_text(ax, before - 2 * labels.PAD, py + lines * labels.LINE / 2, words, align="right")
        top += height


@house()
def over_time(ax: Axes, rows: pd.DataFrame, *, until: str | dt.date | None = None) -> None:
    """Draw a mark for each row in the middle of its period, joined by a line; zero is always shown.

    Args:
        ax: From `figure.canvas`.
        rows: With ``date``, or ``start`` and ``end``.
        until: The axis reaches at least to this day: the report's.

    Raises:
        ChartError: No row states a quantity, or a column is missing.
    """
    day = "date" if "date" in rows else "start"
    found = sorted(_require(rows, "quantities over time", (day,)), key=itemgetter(day))
    periods = [period_of(row) for row in found]
    spots = [
        ((axes.num(period.start) + axes.num(period.end)) / 2, quantity_of(row))
        for period, row in zip(periods, found, strict=True)
    ]
    first, last = min(period.start for period in periods), max(period.end for period in periods)
    last = max(last, axes.day_from(until)) if until is not None else last
    margin = dt.timedelta(max((last - first).days // 40, 1))
    first, last = first - margin, last + margin
    edges = [edge for _, quantity in spots for edge in quantity.edges() if edge is not None]
    low, high = min(0.0, *edges), max(0.0, *edges) or 1.0
    # of things that are counted there is no half
    whole = all(edge == int(edge) for edge in edges)
    ticks = [tick for tick in MaxNLocator(nbins=4, integer=whole).tick_values(low, high) if low <= tick <= high]
    words = [f"{tick:,g}" for tick in ticks]
    left = MARGIN + max(map(labels.breadth, words)) + 9
    room(ax, left=left, right=MARGIN, top=MARGIN + 2 * labels.LINE, bottom=axes.foot(first, last))
    ax.set_ylim(low, high)
    axes.time_axis(ax, first, last)
    axes.value_ticks(ax, ticks, words)
    places = [(x, marks.height(quantity)) for x, quantity in spots]
    if low < 0:
        labels.strokes(ax, [((axes.num(first), 0.0), (axes.num(last) + 1, 0.0))], INK, lw=0.8, zorder=2)
    labels.trace(ax, places, FOCUS, lw=1.2, zorder=2.5, clip_on=False)
    marks.draw(ax, spots, FOCUS)
    labels.interrupt_grid(ax, labels.beside(ax, _named(spots, full(ax)), _along(ax, places), needed=not half(ax)))
    ax.spines["bottom"].set_color(INK if low == 0 else LABEL)


def _along(ax: Axes, places: list[tuple[float, float]]) -> list[labels.Box]:
    """Return small boxes along the line through some places of the data, which no label may cover."""
    spots = ax.transData.transform(places)
    lengths = np.concatenate([[0.0], np.hypot(*np.diff(spots, axis=0).T).cumsum()])
    steps = np.union1d(lengths, np.arange(0, lengths[-1], 6.0))
    line = zip(*(np.interp(steps, lengths, side).tolist() for side in spots.T), strict=True)
    return [labels.Box(px - 3, py - 3, px + 3, py + 3) for px, py in line]


def _named(spots: list[tuple[float, Quantity]], wide: bool) -> list[labels.Note]:
    """Return labels for the last mark, and, where there is room, for the highest, the lowest and the first."""
    heights = [marks.height(quantity) for _, quantity in spots]
    chosen = [len(spots) - 1, *([int(np.argmax(heights)), int(np.argmin(heights)), 0] if wide else [])]
    return [
        labels.Note(spots[n][0], heights[n], marks.words(spots[n][1]), "", FOCUS, inline=True)
        for n in dict.fromkeys(chosen)
    ]
