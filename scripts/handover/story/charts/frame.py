"""The frame of every chart: a styled canvas, its margins, and the finished figure.

What a single chart draws does not belong here; title, subtitle and credit are set by the page, since they
carry links, so the canvas holds the plot alone. One point is one pixel here: the canvas has 72 dots an inch.
"""

import hashlib
import io
import re
from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from handover.errors import ChartError, near
from handover.story.charts.chart import Chart, require_words
from handover.story.charts.checks import check, visible
from handover.story.charts.house import FAMILY, house, styled
from handover.story.charts.measure import Renderer

#: Name of a size -> width in points and the usual height over width. A telephone of 390 pixels shows "narrow" in its
#: natural size, so that 9 points are 12 pixels.
SIZES = {"full": (417.6, 0.56), "half": (201.6, 0.8), "narrow": (283.5, 0.85)}
#: Nothing is set nearer the edge than this; a little more than the 1 % that `check` holds.
MARGIN = 5.0

__all__ = [
    *("MARGIN", "SIZES", "Chart", "canvas", "check", "drawn", "finish", "full", "heighten", "house", "room"),
    *("styled", "svg"),
]


@styled
def canvas(size: str = "full", ratio: float | None = None) -> tuple[Figure, Axes]:
    """Open a canvas.

    No figure manager knows it, so that a notebook does not show it twice.

    Args:
        size: ``full`` for the width of the text, ``half`` for the one-page briefing, ``narrow`` for a telephone.
        ratio: Height over width. Charts that are lists set their own height.

    Raises:
        ChartError: The size is unknown.
    """
    if size not in SIZES:
        raise ChartError(
            f"canvas: size must be one of {', '.join(SIZES)} (got '{size}'{near(size, SIZES)}).\nName one of them."
        )
    width, usual = SIZES[size]
    fig = Figure(figsize=(width / 72, width * (ratio or usual) / 72), dpi=72)
    FigureCanvasAgg(fig)
    ax = fig.add_axes((0, 0, 1, 1))
    # room for the ticks of a plot made by hand; a chart function leaves its own
    room(ax, left=45, right=15, top=12, bottom=22)
    return fig, ax


@styled
def drawn(draw: Callable[[Axes], Any], size: str = "full", ratio: float | None = None) -> tuple[Figure, Figure | None]:
    """Draw on a canvas and, if that is a full one, once more on a narrow one of the same height.

    Args:
        draw: Draws on the axes it is given.
        size: As for `canvas`.
        ratio: As for `canvas`.

    Returns:
        Both figures; None in place of the narrow one where the first is narrow enough.
    """
    fig, ax = canvas(size, ratio)
    draw(ax)
    if size != "full":
        return fig, None
    narrow, ax = canvas("narrow", ratio and ratio * SIZES["full"][0] / SIZES["narrow"][0])
    draw(ax)
    return fig, narrow


def full(ax: Axes) -> bool:
    """Whether the canvas is as wide as the text of a page; narrower ones have room for fewer labels."""
    return bool(ax.figure.bbox.width > (SIZES["full"][0] + SIZES["narrow"][0]) / 2)


def room(ax: Axes, *, left: float, right: float, top: float, bottom: float) -> tuple[float, float]:
    """Leave so many points free around the plot; return the plot's width and height in points."""
    width, height = (side * 72 for side in ax.figure.get_size_inches())
    inner = (max(width - left - right, 1.0), max(height - top - bottom, 1.0))
    ax.set_position((left / width, bottom / height, inner[0] / width, inner[1] / height))
    return inner


def heighten(ax: Axes, points: float) -> None:
    """Give the canvas a height in points; its width stays."""
    width, _ = ax.figure.get_size_inches()
    ax.figure.set_size_inches(width, points / 72)


def svg(fig: Figure) -> str:
    """Check the figure, return it as SVG with its text as text, and empty it.

    The bytes depend on what is drawn and nothing else. Ids that nothing refers to are dropped and the rest are
    made the picture's own, and the style sheet becomes attributes, so that several pictures can stand in one
    page without touching each other or it.

    Raises:
        ChartError: A text is cut off, overlaps another or is too small.
    """
    with house():
        text = _written(fig)
    # not fig.clear(), which sets up each of the axes anew before it lets go of it
    for ax in fig.axes:
        fig.delaxes(ax)
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<defs>\s*<style type=\"text/css\">\*\{[^}]*\}</style>\s*</defs>\s*", "", text, count=1)
    text = text.replace("<svg ", '<svg stroke-linejoin="round" stroke-linecap="butt" ', 1)
    used = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", text))
    wanted = {name for pair in used for name in pair if name}
    own = "c" + hashlib.sha256(text.encode()).hexdigest()[:8] + "-"
    text = re.sub(r" id=\"([^\"]+)\"", lambda m: f' id="{own}{m[1]}"' if m[1] in wanted else "", text)
    return re.sub(r"(url\(#|href=\"#)", rf"\g<1>{own}", text)


def _written(fig: Figure) -> str:
    """The figure as `savefig` writes it, once its texts have been checked: with one renderer, each is measured once."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    renderer = Renderer(fig.bbox.width, fig.bbox.height, buffer, metadata=nothing)
    texts = visible(fig, renderer)
    for text in texts:
        if text.get_family() != FAMILY:
            # what an analyst adds is set like the rest: no other typeface travels with a page
            text.set_family(FAMILY)
    check(fig, texts, renderer)
    for axis in (axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis)):
        if not axis.get_label_text():
            axis.set_label_coords(0, 0)  # no place need be found for it
    fig.draw(renderer)
    renderer.finalize()
    return buffer.getvalue()


def finish(
    fig: Figure, *, title: str, subtitle: str, credit: str, alt: str, values: str = "", narrow: Figure | None = None
) -> Chart:
    """Check the figure and its words, and make the chart.

    Args:
        fig: From `canvas`; it is emptied.
        title: The finding, as Markdown.
        subtitle: What is measured, in what unit, where and when, as Markdown.
        credit: The sources of the rows plotted, as Markdown.
        alt: What the chart shows, in a sentence or two of plain text: kind, finding, end values, hedge.
        values: The values drawn, as an HTML table; empty where the chart shows them all.
        narrow: The same for a telephone, if it differs; emptied too.

    Raises:
        ChartError: A word is missing or says nothing, or a text is cut off, overlaps another or is too small.
    """
    require_words(title, alt)
    return Chart(svg(fig), title, subtitle, credit, alt, values, svg(narrow) if narrow else "")
