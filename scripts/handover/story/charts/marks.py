"""Marks of quantities as their sources gave them: an open bound has no edge where nobody gave one.

about is hollow, exact is filled, a range is a bar, "fewer than" is a cap over a fade, "more than" a fade over
a cap; what was planned, ordered or authorised is a diamond. How a whole chart is laid out is not known here.
"""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.ticker import FixedLocator, MaxNLocator

from handover.errors import ChartError
from handover.story.charts import labels
from handover.story.charts.palette import INK, LABEL, PAPER
from handover.story.wording import English, Quantity

UPPER, LOWER = ("fewer_than", "at_most"), ("more_than", "at_least")
FADE, STRIPS, CAP = 18.0, 9, 5.0  # points; a fade is made of so many strips
SIZE = 4.8
ENGLISH = English()


def need(rows: pd.DataFrame, what: str) -> None:
    """Refuse an empty frame, so that a notebook can leave the chart out.

    Raises:
        ChartError: There is no row.
    """
    if rows.empty:
        raise ChartError(
            f"nothing to draw: {what} must have a row (got none).\nLeave the chart out where nothing was known."
        )


def need_full(ax: Axes, what: str) -> None:
    """Refuse a half canvas for a chart whose labels it has no room for.

    Raises:
        ChartError: The canvas is a half one.
    """
    if ax.figure.bbox.width < 300:
        raise ChartError(f"{what}: must be drawn on a full canvas (got half).\nOpen it with size='full'.")


def stated(row: pd.Series) -> Quantity:
    """The quantity of a row, its empty cells as None."""
    edges = {name: None if pd.isna(row[name]) else float(row[name]) for name in ("value", "low", "high")}
    return Quantity(**edges, bound=None if pd.isna(row["bound"]) else str(row["bound"]))


def height(quantity: Quantity) -> float:
    """The value a mark stands at: the number or the edge that was given, of a range the upper one."""
    edges = [edge for edge in (quantity.value, quantity.high, quantity.low) if edge is not None]
    return edges[0]


def words(quantity: Quantity) -> str:
    """The quantity for a label, without "about": the hollow mark says it."""
    hedged = quantity.bound in UPPER + LOWER
    text = ENGLISH.quantity(quantity, hedge=hedged, digits=True)
    return text.replace(" to ", "–") if quantity.bound == "range" else text


def draw(ax: Axes, x: float, quantity: Quantity, colour: str, *, diamond: bool = False, fade: float = FADE) -> None:
    """Draw one quantity at a place of the axis; `fade` is how far an open bound is hinted at, in points."""
    if quantity.bound == "range":
        ax.plot([x, x], [quantity.low, quantity.high], color=colour, lw=3.2, zorder=3, gid="range")
        _symbol(ax, x, (quantity.low + quantity.high) / 2, colour, diamond=True) if diamond else None
    elif quantity.bound in UPPER:
        _cap(ax, x, quantity.high, colour, -fade)
    elif quantity.bound in LOWER:
        _cap(ax, x, quantity.low, colour, fade)
    else:
        filled = quantity.bound == "exact"
        _symbol(ax, x, quantity.value, colour, filled=filled, diamond=diamond)
        return
    if diamond and quantity.bound != "range":
        _symbol(ax, x, height(quantity), colour, diamond=True)


def square(ax: Axes, x: float, y: float, colour: str) -> None:
    """Draw a count by another method."""
    ax.plot([x], [y], ls="none", marker="s", ms=SIZE, mfc=colour, mec=colour, zorder=3, clip_on=False)


def _symbol(ax: Axes, x: float, y: float, colour: str, *, filled: bool = False, diamond: bool = False) -> None:
    face = colour if filled else PAPER
    shape, size = ("D", SIZE * 0.95) if diamond else ("o", SIZE)
    ax.plot([x], [y], ls="none", marker=shape, ms=size, mfc=face, mec=colour, mew=1.1, zorder=4, clip_on=False)


def _cap(ax: Axes, x: float, y: float, colour: str, fade: float) -> None:
    """A solid cap and strips laid over each other, each longer than the last: the end has no edge."""
    for strip in range(1, STRIPS + 1):
        reach = fade * strip / STRIPS
        corners = [(-CAP, 0), (CAP, 0), (CAP, reach), (-CAP, reach), (-CAP, 0)]
        ax.plot(
            *([x], [y]),
            ls="none",
            marker=MarkerStyle(Path(corners, closed=True)),
            ms=2 * max(CAP, abs(reach)),
            mfc=colour,
            mew=0,
            alpha=0.08,
            zorder=2,
            gid="fade",
        )
    ax.plot([x], [y], ls="none", marker="_", ms=2 * CAP, mec=colour, mew=2, zorder=3, gid="cap")


def count_axis(ax: Axes, top: float, *, most: int = 4) -> None:
    """Give counts an axis that starts at nought, with whole numbers on the grid lines up to `top`."""
    low, high = 0.0, ax.get_ylim()[1]
    steps = MaxNLocator(nbins=most, integer=True, steps=[1, 2, 5, 10]).tick_values(0, max(top, 1))
    ticks = [tick for tick in steps if 0 <= tick <= max(top, 1) * 1.001]
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.set_yticklabels([f"{tick:,.0f}" for tick in ticks])
    ax.set_ylim(low, high)
    ax.spines["bottom"].set_color(INK)


def tick_room(top: float) -> float:
    """Points that the numbers of a count axis up to `top` take at its left."""
    return labels.breadth(f"{top:,.0f}") + 9


def key_room(ax: Axes, meanings: Sequence[str]) -> float:
    """Points that a key with these meanings takes at the top."""
    rows = [row for *_, row in _key_places(ax, meanings)]
    return 8 + (rows[-1] + 1) * (labels.LINE + 2) if rows else 0.0


def key(ax: Axes, entries: Mapping[str, str], sample: Mapping[str, Callable[[Axes, float, float], None]]) -> float:
    """Write marks and what they mean along the top; return the points that takes.

    Args:
        ax: The axes of the chart, whose canvas has its final height.
        entries: Kind of mark to its meaning, in reading order.
        sample: Kind of mark to a function that draws it on an axes at an x and a y.
    """
    if entries:
        fig = ax.figure
        # over the whole canvas, in points
        over = fig.add_axes((0, 0, 1, 1), label="key")
        over.set_xlim(0, fig.bbox.width)
        over.set_ylim(0, fig.bbox.height)
        over.set_axis_off()
        for kind, (meaning, x, row) in zip(entries, _key_places(ax, list(entries.values())), strict=True):
            top = fig.bbox.height - 6 - row * (labels.LINE + 2)
            sample[kind](over, x + 4, top - labels.LINE / 2)
            labels.set_text(over, x + 12, top, meaning, colour=LABEL)
    return key_room(ax, list(entries.values()))


def _key_places(ax: Axes, meanings: Sequence[str]) -> list[tuple[str, float, int]]:
    start = x = labels.PAD + 4
    row, found = 0, []
    for meaning in meanings:
        wide = 13 + labels.breadth(meaning)
        if x > start and x + wide > ax.figure.bbox.width - 6:
            x, row = start, row + 1
        found.append((meaning, x, row))
        x += wide + 12
    return found
