"""Marks of quantities as their sources gave them, and the key that explains them.

An open bound has no edge where nobody gave one: about is hollow, exact is filled, a range is a bar, "fewer than" is a
cap over a fade, "more than" a fade over a cap. What was ordered is a filled diamond, what was planned a hollow one,
what was authorised a hollow triangle.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D

from handover.errors import ChartError
from handover.story.charts import labels
from handover.story.charts.style import LABEL, PAPER
from handover.story.values import English, Quantity

UPPER, LOWER = ("fewer_than", "at_most"), ("more_than", "at_least")
FADE, STRIPS, CAP = 12.0, 8, 4.0  # points; a fade is made of so many strips
SIZE, MEANT_SIZE = 4.8, 7.0
#: What tells of an intention and not of a count -> its shape, and whether that is filled.
MEANT = {"ordered": ("D", True), "planned": ("D", False), "authorised": ("v", False)}
ENGLISH = English()
#: For a mark that stands in points of the canvas, and may lie outside the plot.
OVER = {"transform": labels.POINTS, "clip_on": False}
#: For a mark of a key.
KEY = OVER | {"gid": "key"}
#: Draws a mark of a key.
Sample = Callable[[Axes, float, float], None]


def need(rows: pd.DataFrame, what: str) -> None:
    """Refuse an empty frame, so that a notebook can leave the chart out.

    Raises:
        ChartError: There is no row.
    """
    if rows.empty:
        raise ChartError(
            f"nothing to draw: {what} must have a row (got none).\nLeave the chart out where nothing was known."
        )


def stated(row: Mapping[str, Any]) -> Quantity:
    """Return the quantity of a row of a frame, its empty cells as None."""
    edges = {name: None if pd.isna(row[name]) else float(row[name]) for name in ("value", "low", "high")}
    return Quantity(**edges, bound=None if pd.isna(row["bound"]) else str(row["bound"]))


def height(quantity: Quantity) -> float:
    """Return the value a mark stands at: the number or the edge that was given, of a range the upper one."""
    edges = [edge for edge in (quantity.value, quantity.high, quantity.low) if edge is not None]
    return edges[0]


def words(quantity: Quantity) -> str:
    """Return the quantity for a label, without "about": the hollow mark says it."""
    hedged = quantity.bound in UPPER + LOWER
    text = ENGLISH.quantity(quantity, hedge=hedged, digits=True)
    return text.replace(" to ", "–") if quantity.bound == "range" else text


def draw(
    ax: Axes,
    spots: Iterable[tuple[float, Quantity]],
    colour: str,
    *,
    basis: str = "observed",
    fade: float = FADE,
    **how: Any,
) -> None:
    """Draw quantities, each at its place of the axis.

    Args:
        ax: The axes of the chart.
        spots: The place and the quantity of each.
        colour: Of all of them.
        basis: Of all of them: one of `MEANT`, or observed.
        fade: How far an open bound is hinted at, in points.
        how: Passed on to matplotlib with each mark, such as `OVER`.
    """
    spots = list(spots)
    for kinds, reach in ((UPPER, -fade), (LOWER, fade)):
        _caps(ax, [(x, height(quantity)) for x, quantity in spots if quantity.bound in kinds], colour, reach, how)
    ranges = [((x, quantity.low), (x, quantity.high)) for x, quantity in spots if quantity.bound == "range"]
    labels.strokes(ax, ranges, colour, lw=3.2, **{"zorder": 3, "gid": "range"} | how)
    marker, solid = MEANT.get(basis, ("o", None))
    filled, hollow = [], []
    for x, quantity in spots:
        if basis in MEANT or quantity.bound not in (*UPPER, *LOWER, "range"):
            middle = (quantity.low + quantity.high) / 2 if quantity.bound == "range" else height(quantity)
            (filled if solid or (solid is None and quantity.bound == "exact") else hollow).append((x, middle))
    # an intention that was met lies under the count, and is seen all round it
    look = {"marker": marker, "ms": SIZE if solid is None else MEANT_SIZE, "mec": colour, "mew": 1.1}
    look |= {"zorder": 4 if solid is None else 3.5, "clip_on": False}
    for places, face in ((hollow, PAPER), (filled, colour)):
        plot(ax, places, mfc=face, **look | how)


def squares(ax: Axes, places: Sequence[tuple[float, float]], colour: str, **how: Any) -> None:
    """Draw counts by another method."""
    plot(ax, places, marker="s", ms=SIZE, mfc=colour, mec=colour, **{"zorder": 3, "clip_on": False} | how)


def plot(ax: Axes, places: Sequence[tuple[float, float]], **how: Any) -> None:
    """Draw one kind of mark at all of its places.

    An artist for each mark would take most of the time of a chart.
    """
    if places:
        labels.add(ax, Line2D(*zip(*places, strict=True), ls="none", **how))


def _caps(ax: Axes, places: Sequence[tuple[float, float]], colour: str, fade: float, how: Mapping[str, Any]) -> None:
    """Solid caps, and under each strips laid over each other, each longer than the last: the end has no edge."""
    if not places:
        return
    reaches = [fade * strip / STRIPS for strip in range(1, STRIPS + 1)]
    strips = [[(-CAP, 0), (CAP, 0), (CAP, reach), (-CAP, reach)] for reach in reaches]
    # each strip at each place: the strips begin anew as often as they must
    where = {"offsets": [place for place in places for _ in strips], "offset_transform": ax.transData}
    look = {"transform": labels.POINTS, "facecolors": colour, "edgecolors": "none", "alpha": 0.09}
    look |= {"zorder": 2, "gid": "fade"}
    over = {"offset_transform" if name == "transform" else name: value for name, value in how.items()}
    labels.add(ax, PolyCollection(strips, **where | look | over))
    plot(ax, places, marker="_", ms=2 * CAP, mec=colour, mew=2, **{"zorder": 3, "gid": "cap"} | how)


def key_room(ax: Axes, meanings: Sequence[str]) -> float:
    """Return the points that a key with these meanings takes at the top."""
    rows = [row for *_, row in _key_places(ax, meanings)]
    return 8 + (rows[-1] + 1) * (labels.LINE + 2) if rows else 0.0


def key(ax: Axes, entries: Mapping[str, str], sample: Mapping[str, Sample]) -> None:
    """Write marks and what they mean along the top, where `key_room` has been left.

    Args:
        ax: The axes of the chart, whose canvas has its final height.
        entries: Kind of mark to its meaning, in reading order.
        sample: Kind of mark to a function that draws it on an axes at an x and a y, in points of the canvas.
    """
    for kind, (meaning, x, row) in zip(entries, _key_places(ax, list(entries.values())), strict=True):
        top = ax.figure.bbox.height - 6 - row * (labels.LINE + 2)
        sample[kind](ax, x + 4, top - labels.LINE / 2)
        labels.set_text(ax, x + 12, top, meaning, colour=LABEL)


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
