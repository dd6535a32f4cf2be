"""Measures a drawn figure: no text may leave the canvas, lie on another, or be too small to read.

Eyes miss these faults at thumbnail size; what a chart says is no business of this module.
"""

from collections.abc import Sequence
from itertools import combinations

from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from handover.errors import ChartError
from handover.story.charts.house import styled

#: Smallest text, in points: 11 pixels where a telephone shows a narrow canvas in its natural size.
SMALLEST = 8.25
#: Share of the canvas that stays free at each edge.
EDGE = 0.01
#: A text's box holds the room of its descenders; boxes may touch by so many points.
TOUCH = 1.0


@styled
def check(fig: Figure, texts: Sequence[Text] | None = None, renderer: RendererBase | None = None) -> None:
    """Refuse a figure whose texts cannot all be read.

    Args:
        fig: The figure, which need not have been drawn.
        texts: From `visible`; left out, they are looked for.
        renderer: Measures the texts; one that will also draw them need not measure them again.

    Raises:
        ChartError: Names every text that is cut off, overlaps another or is too small.
    """
    renderer = renderer or fig.canvas.get_renderer()
    shown = visible(fig, renderer) if texts is None else texts
    boxes = [(_name(text), text.get_window_extent(renderer), text) for text in shown]
    faults = [*_cut(fig, boxes), *_overlaps(boxes), *_small(boxes)]
    if faults:
        raise ChartError(
            f"chart, {fig.bbox.width:.0f} points wide: every text must be legible, inside the canvas and clear of the "
            "others:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nShorten a label, plot fewer rows, or give the canvas more height with ratio=…"
        )


def visible(fig: Figure, renderer: RendererBase | None = None) -> list[Text]:
    """Return the texts that will be drawn; ticks outside an axis's limits are not."""
    found = _written(fig)
    for axis in (axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis)):
        if axis.get_visible() and axis.axes.axison:
            axis.get_ticklabels()  # puts each tick where it will be drawn
            if axis.get_label_text() or axis.get_major_formatter().get_offset():
                # puts these in their places too, which depend on how large all the others are
                axis.get_tightbbox(renderer)
            found += [*_ticks(axis), axis.get_offset_text(), axis.label]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def _written(artist: Artist) -> list[Text]:
    """The texts under an artist but for those of its axes: an axis that is not shown makes its ticks if asked."""
    if isinstance(artist, Axis):
        return []
    own = [artist] if isinstance(artist, Text) else []
    return own + [text for child in artist.get_children() for text in _written(child)]


def _ticks(axis: Axis) -> list[Text]:
    low, high = sorted(axis.get_view_interval())
    slack = (high - low) * 1e-9
    return [
        label
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        if low - slack <= tick.get_loc() <= high + slack
        for label in (tick.label1, tick.label2)
    ]


def _name(text: Text) -> str:
    return "'" + " ".join(text.get_text().split()) + "'"


def _cut(fig: Figure, boxes: list[tuple[str, Bbox, Text]]) -> list[str]:
    width, height = fig.bbox.width, fig.bbox.height
    faults = []
    for name, box, _ in boxes:
        over = max(
            EDGE * width - box.x0, box.x1 - (1 - EDGE) * width, EDGE * height - box.y0, box.y1 - (1 - EDGE) * height
        )
        if over > 0.01:
            faults.append(f"{name} leaves the canvas by {over:.1f} points")
    return faults


def _overlaps(boxes: list[tuple[str, Bbox, Text]]) -> list[str]:
    faults = []
    for (one, a, _), (other, b, _) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        if across > TOUCH / 2 and down > TOUCH:
            faults.append(f"{one} and {other} overlap by {across:.1f} × {down:.1f} points")
    return faults


def _small(boxes: list[tuple[str, Bbox, Text]]) -> list[str]:
    return [
        f"{name} must have {SMALLEST} points or more (got {text.get_fontsize():g})"
        for name, _, text in boxes
        if text.get_fontsize() < SMALLEST
    ]
