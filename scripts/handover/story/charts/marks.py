"""Marks of quantities as their sources gave them, and the key that explains them.

About is hollow, exact is filled, a range is a bar; an open bound has no edge: "fewer than" is a cap over a fade, "more
than" a fade over a cap. Ordered is a filled diamond, planned a hollow one, authorised a hollow triangle.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from handover.errors import ChartError
from handover.story.charts import labels
from handover.story.charts.style import LABEL, PAPER
from handover.story.values import English, Quantity

UPPER, LOWER = ("fewer_than", "less_than", "at_most"), ("more_than", "at_least")
FADE, STRIPS, CAP = 12.0, 8, 4.0  # length and number of strips of a fade, and half the width of a cap; in points
SIZE, MEANT_SIZE = 4.8, 7.0
#: Basis that is an intention, not a count -> its shape, and whether that is filled.
MEANT = {"ordered": ("D", True), "planned": ("D", False), "authorised": ("v", False)}
ENGLISH = English()
#: Options for a mark placed in points of the canvas, which may be outside the plot.
OVER = {"transform": labels.POINTS, "clip_on": False}
#: Options for a mark in a key.
KEY = OVER | {"gid": "key"}
#: A mark in a key: options for `plot`, or what draws it, at an x and a y in points of the canvas.
Sample = Mapping[str, Any] | Callable[[Axes, float, float], None]


def need(rows: Collection[Any], what: str) -> None:
    """Raise `ChartError` where there is no row, naming `what`."""
    if not len(rows):
        raise ChartError(
            f"nothing to draw: {what} must have a row (got none).\nLeave the chart out where nothing was known."
        )


def height(quantity: Quantity) -> float:
    """Return the value to draw a mark at: the number, else the edge given, of a range the upper one."""
    return next(edge for edge in (quantity.value, quantity.high, quantity.low) if edge is not None)


def words(quantity: Quantity) -> str:
    """Return the quantity for a label, without "about", which the hollow mark says."""
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
    """Draw quantities of one basis.

    Args:
        ax: The axes of the chart.
        spots: Place on the x axis and quantity of each.
        colour: Of all.
        basis: Of all: one of `MEANT`, or observed.
        fade: Length of the fade at an open bound, in points.
        how: Options for matplotlib, for example `OVER`.
    """
    spots = list(spots)
    for kinds, reach in ((UPPER, -fade), (LOWER, fade)):
        if ends := [(x, height(quantity)) for x, quantity in spots if quantity.bound in kinds]:
            labels.add(ax, _Fades(ends, colour, reach, **how))
            plot(ax, ends, marker="_", ms=2 * CAP, mec=colour, mew=2, **{"zorder": 3, "gid": "cap"} | how)
    ranges = [((x, quantity.low), (x, quantity.high)) for x, quantity in spots if quantity.bound == "range"]
    labels.strokes(ax, ranges, colour, lw=3.2, **{"zorder": 3, "gid": "range"} | how)
    marker, solid = MEANT.get(basis, ("o", None))
    filled, hollow = [], []
    for x, quantity in spots:
        if basis in MEANT or quantity.bound not in (*UPPER, *LOWER, "range"):
            middle = (quantity.low + quantity.high) / 2 if quantity.bound == "range" else height(quantity)
            (filled if solid or (solid is None and quantity.bound == "exact") else hollow).append((x, middle))
    # an intention that was met is under the count, larger, and so visible around it
    look = {"marker": marker, "ms": SIZE if solid is None else MEANT_SIZE, "mec": colour, "mew": 1.1}
    look |= {"zorder": 4 if solid is None else 3.5, "clip_on": False}
    for places, face in ((hollow, PAPER), (filled, colour)):
        plot(ax, places, mfc=face, **look | how)


def plot(ax: Axes, places: Sequence[tuple[float, float]], **how: Any) -> None:
    """Draw one kind of mark at all its places, as one artist: one for each would take most of a chart's time."""
    if places:
        labels.trace(ax, places, None, ls="none", **how)


class _Fades(Artist):
    """Fades up or down from places of the data: overlapping strips of growing length, in points."""

    def __init__(self, places: Sequence[tuple[float, float]], colour: str, reach: float, **how: Any) -> None:
        super().__init__()
        self.places, self.face = places, to_rgba(colour, 0.09)
        ends = [reach * strip / STRIPS for strip in range(1, STRIPS + 1)]
        self.strips = [Path([(-CAP, 0), (CAP, 0), (CAP, end), (-CAP, end), (-CAP, 0)], closed=True) for end in ends]
        self.set(**{"zorder": 2, "gid": "fade"} | how)

    def draw(self, renderer: RendererBase) -> None:
        """Draw them."""
        gc = renderer.new_gc()
        gc.set_linewidth(0)
        if self.get_clip_on():
            gc.set_clip_rectangle(self.get_clip_box())
        renderer.open_group("fade", self.get_gid())
        for place in self.get_transform().transform(self.places):
            for strip in self.strips:
                renderer.draw_path(gc, strip, Affine2D().translate(*place), self.face)
        renderer.close_group("fade")


def key_room(ax: Axes, meanings: Sequence[str]) -> float:
    """Return the height of a key in points."""
    rows = [row for *_, row in _key_places(ax, meanings)]
    return 8 + (rows[-1] + 1) * (labels.LINE + 2) if rows else 0.0


def key(ax: Axes, entries: Mapping[str, str], sample: Mapping[str, Sample]) -> None:
    """Write marks and their meanings, by kind and in reading order, along the top, where `key_room` has been left.

    `sample` has by kind what a mark is like. The canvas must have its final height.
    """
    for kind, (meaning, x, row) in zip(entries, _key_places(ax, list(entries.values())), strict=True):
        top = ax.figure.bbox.height - 6 - row * (labels.LINE + 2)
        own, place = sample[kind], (x + 4, top - labels.LINE / 2)
        own(ax, *place) if callable(own) else plot(ax, [place], **own | KEY)
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
