"""The figure of every chart: a canvas in the house style, checked, written as SVG, and combined with its words.

The page sets title, subtitle and credit, since they contain links, so the canvas contains only the plot. One point is
one pixel here: the canvas has 72 dots an inch.
"""

import hashlib
import html
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.text import Text

from handover.errors import ChartError, itemised, near
from handover.story.charts.style import FAMILY, house
from handover.story.sentences import inline, plain

#: Name of a size -> width in points and usual height over width. A phone 390 pixels wide shows "narrow" in its natural
#: size, where 9 points are 12 pixels.
SIZES = {"full": (417.6, 0.56), "half": (201.6, 0.8), "narrow": (283.5, 0.85)}
#: Nothing is drawn nearer to the edge than this, in points; a little more than `EDGE`.
MARGIN = 5.0
#: Fraction of the canvas that must stay free at each edge.
EDGE = 0.01
#: Smallest text, in points: 11 pixels on a phone.
SMALLEST = 8.25
#: How far boxes of texts may overlap, in points, since they include room for descenders.
TOUCH = 1.0
#: Fewest characters of an alternative text, which must say kind, finding and end values.
ALT_LEAST = 40
FILE_NAME = re.compile(r"[\w./\\ -]+\.(?:svg|png|jpe?g|gif|pdf|webp)", re.IGNORECASE)


# the canvas


@house()
def canvas(size: str = "full", ratio: float | None = None) -> tuple[Figure, Axes]:
    """Open a canvas, without pyplot, so that a notebook does not show it twice.

    Args:
        size: ``full`` for the width of the text, ``half`` for the one-page briefing, ``narrow`` for a phone.
        ratio: Height over width; some charts set their own height.

    Raises:
        ChartError: The size is unknown.
    """
    if size not in SIZES:
        raise ChartError(
            f"canvas: size must be one of {', '.join(SIZES)} (got '{size}'{near(size, SIZES)}).\nName one of them."
        )
    width, usual = SIZES[size]
    fig, ax = _ready.pop() if _ready else _blank()
    fig.set_size_inches(width / 72, width * (ratio or usual) / 72)
    # for a plot made by hand; our charts set their own room
    room(ax, left=45, right=15, top=12, bottom=22)
    return fig, ax


def _blank() -> tuple[Figure, Axes]:
    fig = Figure(dpi=72)
    FigureCanvasAgg(fig)
    return fig, fig.add_axes((0, 0, 1, 1))


#: Blank canvases, which take a tenth of the time of a chart.
_ready: list[tuple[Figure, Axes]] = []


@house()
def make_ready(count: int) -> None:
    """Make canvases that charts drawn later, also in a fork, begin with."""
    _ready.extend(_blank() for _ in range(count))


@house()
def drawn(draw: Callable[[Axes], Any], size: str = "full", ratio: float | None = None) -> tuple[Figure, Figure | None]:
    """Draw on a canvas and, if it is a full one, again on a narrow one of the same height, else None."""
    if not callable(draw):
        raise ChartError(
            f"figure: must be given a function that draws on axes (got a {type(draw).__name__}).\n"
            "Write figure(lambda ax: ax.plot(…), rows, …): it is called with the axes, and draws more than once."
        )
    fig, ax = canvas(size, ratio)
    draw(ax)
    if size != "full":
        return fig, None
    narrow, ax = canvas("narrow", ratio and ratio * SIZES["full"][0] / SIZES["narrow"][0])
    draw(ax)
    return fig, narrow


def full(ax: Axes) -> bool:
    """Return whether the canvas is a full one; narrower ones have room for fewer labels."""
    return bool(ax.figure.bbox.width > (SIZES["full"][0] + SIZES["narrow"][0]) / 2)


def half(ax: Axes) -> bool:
    """Return whether the canvas is a half one, without room for a key or for labels of two lines."""
    return bool(ax.figure.bbox.width < (SIZES["half"][0] + SIZES["narrow"][0]) / 2)


def require_not_half(ax: Axes, what: str) -> None:
    """Raise `ChartError` if the canvas is a half one, on which the labels of `what` have no room."""
    if half(ax):
        raise ChartError(f"{what}: must be drawn on a full canvas (got half).\nOpen it with size='full'.")


def room(ax: Axes, *, left: float, right: float, top: float, bottom: float) -> tuple[float, float]:
    """Leave margins in points around the plot; return its width and height in points."""
    width, height = (side * 72 for side in ax.figure.get_size_inches())
    inner = (max(width - left - right, 1.0), max(height - top - bottom, 1.0))
    ax.set_position((left / width, bottom / height, inner[0] / width, inner[1] / height))
    return inner


def heighten(ax: Axes, points: float) -> None:
    """Set the height of the canvas in points."""
    width, _ = ax.figure.get_size_inches()
    ax.figure.set_size_inches(width, points / 72)


# the check of its texts


@house()
def check(fig: Figure, texts: Sequence[Text] | None = None, renderer: RendererBase | None = None) -> None:
    """Refuse a figure whose texts cannot all be read.

    Args:
        fig: The figure, which need not have been drawn.
        texts: From `visible`, if called already.
        renderer: Measures the texts; one that also draws them measures them only once.

    Raises:
        ChartError: Names every text that is cut off, overlaps another or is too small.
    """
    renderer = renderer or fig.canvas.get_renderer()
    shown = visible(fig, renderer) if texts is None else texts
    names = ["'" + " ".join(text.get_text().split()) + "'" for text in shown]
    # left, bottom, right, top
    boxes = np.array([text.get_window_extent(renderer).extents for text in shown]).reshape(-1, 4)
    small = [
        f"{name} must have {SMALLEST} points or more (got {text.get_fontsize():g})"
        for name, text in zip(names, shown, strict=True)
        if text.get_fontsize() < SMALLEST
    ]
    faults = [*_cut(fig, names, boxes), *_overlaps(names, boxes), *small]
    if faults:
        where = f"chart, {fig.bbox.width:.0f} points wide"
        said = f"{where}: every text must be printable, inside the canvas and clear of the others:"
        cure = "Shorten a label, plot fewer rows, or give the canvas more height with ratio=…"
        raise ChartError(itemised(said, faults, cure))


def _cut(fig: Figure, names: list[str], boxes: np.ndarray) -> list[str]:
    size = np.array([fig.bbox.width, fig.bbox.height])
    over = np.hstack([EDGE * size - boxes[:, :2], boxes[:, 2:] - (1 - EDGE) * size]).max(axis=1)
    return [f"{names[n]} leaves the canvas by {over[n]:.1f} points" for n in np.flatnonzero(over > 0.01)]


def _overlaps(names: list[str], boxes: np.ndarray) -> list[str]:
    low, high = boxes[:, :2], boxes[:, 2:]
    # by how much each two boxes overlap, across and down
    over = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    pairs = np.argwhere(np.triu((over > (TOUCH / 2, TOUCH)).all(axis=-1), k=1))
    return [f"{names[n]} and {names[m]} overlap by {over[n, m, 0]:.1f} × {over[n, m, 1]:.1f} points" for n, m in pairs]


def visible(fig: Figure, renderer: RendererBase | None = None) -> list[Text]:
    """Return the texts that will be drawn, without those of ticks outside the limits."""
    found = _texts_under(fig)
    for axis in _axes(fig):
        if axis.get_visible() and axis.axes.axison:
            axis.get_ticklabels()  # puts each tick where it will be drawn
            if axis.get_label_text() or axis.get_major_formatter().get_offset():
                # places these too, which depends on the size of all others
                axis.get_tightbbox(renderer)
            found += [*_tick_texts(axis), axis.get_offset_text(), axis.label]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def _axes(fig: Figure) -> list[Axis]:
    return [axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis)]


def _texts_under(artist: Artist) -> list[Text]:
    """Return the texts under an artist, except of axes: asking them makes ticks that are not shown."""
    if isinstance(artist, Axis):
        return []
    own = [artist] if isinstance(artist, Text) else []
    return own + [text for child in artist.get_children() for text in _texts_under(child)]


def _tick_texts(axis: Axis) -> list[Text]:
    low, high = sorted(axis.get_view_interval())
    slack = (high - low) * 1e-9
    return [
        label
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        if low - slack <= tick.get_loc() <= high + slack
        for label in (tick.label1, tick.label2)
    ]


# its picture


def svg(fig: Figure) -> str:
    """Check the figure, return it as SVG with its text as text, and empty it.

    The bytes depend only on what is drawn. Unused ids are dropped, the others get a prefix of this picture's own, and
    the style sheet becomes attributes, so several pictures can be in one page without affecting each other or it.

    Raises:
        ChartError: A text is cut off, overlaps another or is too small.
    """
    with house():
        text = _written(fig)
    # not fig.clear(), which sets up each of the axes again first
    for ax in fig.axes:
        fig.delaxes(ax)
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<defs>\s*<style type=\"text/css\">\*\{[^}]*\}</style>\s*</defs>\s*", "", text, count=1)
    text = text.replace("<svg ", '<svg stroke-linejoin="round" stroke-linecap="butt" ', 1)
    wanted = set(re.findall(r"(?:url\(|href=\")#([^)\"]+)", text))
    own = "c" + hashlib.sha256(text.encode()).hexdigest()[:8] + "-"
    text = re.sub(r" id=\"([^\"]+)\"", lambda m: f' id="{own}{m[1]}"' if m[1] in wanted else "", text)
    return text.replace("url(#", f"url(#{own}").replace('href="#', f'href="#{own}')


def _written(fig: Figure) -> str:
    """Check the texts, and return the figure as `savefig` writes it."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    renderer = RendererSVG(fig.bbox.width, fig.bbox.height, buffer, metadata=nothing)
    texts = visible(fig, renderer)
    for text in texts:
        if text.get_family() != FAMILY:
            # pages embed no other typeface, whatever an analyst has set
            text.set_family(FAMILY)
    check(fig, texts, renderer)
    for axis in _axes(fig):
        if not axis.get_label_text():
            axis.set_label_coords(0, 0)  # saves finding a place for an empty label
    fig.draw(renderer)
    renderer.finalize()
    return buffer.getvalue()


# the finished chart


@dataclass(frozen=True, slots=True)
class Chart:
    """What a cell displays: `title`, `subtitle`, `credit` in Markdown, `alt` in plain text, `values` an HTML table.

    `narrow` is the picture for a phone, if it differs. It is metadata of the output, not another output, so that other
    tools show the chart once.
    """

    svg: str
    title: str
    subtitle: str
    credit: str
    alt: str
    values: str = ""
    narrow: str = ""
    shown: Callable[[], object] = field(default=str, repr=False, compare=False)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        self.shown()
        words = {"alt": self.alt, "title": self.title, "subtitle": self.subtitle, "credit": self.credit}
        more = {"values": self.values, "narrow": self.narrow}
        words |= {name: content for name, content in more.items() if content}
        data = {"image/svg+xml": self.svg, "text/html": self._html(), "text/plain": plain(self.title)}
        return data, {"image/svg+xml": words}

    def _html(self) -> str:
        """Return the figure as JupyterLab shows it; pages are made from the picture and its words."""
        named = self.svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(self.alt)}" ', 1)
        lines = [f"<b>{inline(self.title)}</b>", inline(self.subtitle)]
        head = "<br/>".join(line for line in lines if line)
        credit = f"<div><small>{inline(self.credit)}</small></div>" if self.credit else ""
        values = f"<details><summary>Values</summary>{self.values}</details>" if self.values else ""
        return f"<figure><figcaption>{head}</figcaption>{named}{credit}{values}</figure>"


def finish(
    fig: Figure, *, title: str, subtitle: str, credit: str, alt: str, values: str = "", narrow: Figure | None = None
) -> Chart:
    """Check the figure and its words, and make the chart.

    Args:
        fig: From `canvas`; it is emptied.
        title: The finding, as Markdown.
        subtitle: What is measured, in what unit, where and when, as Markdown.
        credit: The sources of the rows plotted, as Markdown.
        alt: A description in a sentence or two of plain text: kind, finding, end values, hedge.
        values: The values drawn, as an HTML table; empty if the chart shows them all.
        narrow: The figure for a phone, if it differs; emptied too.

    Raises:
        ChartError: A word is missing or says nothing, or a text is cut off, overlaps another or is too small.
    """
    faults = []
    said, words = plain(title).strip(), " ".join(alt.split())
    if not said:
        faults.append("title must say the finding (got none)")
    if not words:
        faults.append("alt must describe the chart to those who do not see it (got none)")
    elif FILE_NAME.fullmatch(words):
        faults.append(f"alt must describe the chart, not name a file (got '{words}')")
    elif words.rstrip(".").casefold() == said.rstrip(".").casefold():
        faults.append("alt must not repeat the title (got the same words)")
    elif len(words) < ALT_LEAST:
        faults.append(f"alt must have {ALT_LEAST} characters or more (got {len(words)}: '{words}')")
    if faults:
        cure = "Write in alt=… the kind of chart, its finding and its first and last value as facts."
        raise ChartError(itemised(f"chart '{said or 'untitled'}': its words must be complete:", faults, cure))
    return Chart(svg(fig), title, subtitle, credit, alt, values, svg(narrow) if narrow else "")
