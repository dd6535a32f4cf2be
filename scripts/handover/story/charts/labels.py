"""Labels: how large a text is, and writing it where `placement` puts it; the one way every chart sets text.

What a label says is up to the chart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator
from matplotlib.transforms import Affine2D

from handover.errors import ChartError
from handover.story.charts import placement
from handover.story.charts.measure import size
from handover.story.charts.palette import INK, LABEL, PAPER
from handover.story.charts.placement import PAD, Box, Mark, fly

TEXT = 9.0  #: size of every label
LINE = 11.0  #: height of a line of labels
STROKE = 3.0  #: length of a tick
#: From points of the canvas, counted from its lower left, to its dots: there are 72 of either to an inch.
POINTS = Affine2D()


@dataclass(frozen=True, slots=True)
class Note:
    """A label at a point of the data: a bold head and a lighter body, under it or behind it."""

    x: float
    y: float
    head: str
    body: str = ""
    colour: str = INK
    inline: bool = False


@cache
def breadth(text: str, weight: str = "normal") -> float:
    """Width in points of the longest line of a label; needs the house style."""
    font = FontProperties(size=TEXT, weight=weight)
    return max(size(line, font)[0] for line in text.split("\n"))


def wrap(text: str, width: float, weight: str = "normal") -> str:
    """Break a text at spaces into lines of at most so many points; a longer word stays whole."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and breadth(longer, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def extent(note: Note) -> tuple[float, float]:
    """Width and height of a note in points."""
    head, body = breadth(note.head, "bold") if note.head else 0.0, breadth(note.body) if note.body else 0.0
    tall = [text.count("\n") + 1 for text in (note.head, note.body) if text]
    if note.inline:
        return head + (PAD if head and body else 0) + body, max(tall, default=0) * LINE
    return max(head, body), sum(tall) * LINE


def flag(
    ax: Axes, x: float, y: float, head: str, body: str, colour: str, *, gap: float = PAD, stems: Sequence[float] = ()
) -> Note:
    """Make a note for a flag: on one line where a side of its mark has room for it, else its body under its head.

    Args:
        ax: Its x limits must be final.
        x: Of the mark.
        y: Of the mark.
        head: The bold words.
        body: The lighter words.
        colour: Of the head.
        gap: Between stem and text.
        stems: Marks along the axis whose stems a flag that flies to the right must not cross.
    """
    note = Note(x, y, head, body, colour, inline=True)
    px, edge, wide = points(ax, x, 0.0)[0], ax.figure.bbox.width * 0.012, extent(note)[0]
    before, behind = px - gap - edge, ax.figure.bbox.width - edge - gap - px
    barred = any(px < points(ax, stem, 0.0)[0] < px + gap + wide for stem in stems)
    if wide <= before or (wide <= behind and not barred):
        return note
    return Note(x, y, wrap(head, before if barred else max(before, behind), "bold"), body, colour)


def points(ax: Axes, x: float, y: float) -> tuple[float, float]:
    """A point of the data in points from the lower left of the canvas."""
    px, py = ax.transData.transform((x, y))
    return float(px), float(py)


def flags(ax: Axes, notes: Sequence[Note], obstacles: Sequence[Box] = (), *, gap: float = PAD) -> list[Box]:
    """Place notes as flags over their marks and draw them with their stems.

    The limits of the axes must be final. Obstacles are in points, as are the boxes returned.
    """
    boxes = flag_boxes(ax, notes, obstacles, gap=gap)
    for note, box in zip(notes, boxes, strict=True):
        px, py = points(ax, note.x, note.y)
        reach = box.top - LINE * 0.15
        if box.bottom - py > LINE * 0.6:
            line(ax, (px, py + 3), (px, reach), LABEL)
        write(ax, note, box, "left" if box.left >= px - 1 else "right")
    return boxes


def flag_boxes(ax: Axes, notes: Sequence[Note], obstacles: Sequence[Box] = (), *, gap: float = PAD) -> list[Box]:
    """Where `flags` would put the notes, in points."""
    edge = ax.figure.bbox.width * 0.012
    marks = [Mark(*points(ax, note.x, note.y), *extent(note)) for note in notes]
    return fly(marks, obstacles, left=edge, right=ax.figure.bbox.width - edge, gap=gap)


def beside(ax: Axes, notes: Sequence[Note], obstacles: Sequence[Box] = (), *, needed: int = 0) -> list[Box]:
    """Place notes next to their marks, the most important first, and draw them; what has no room is left out.

    The limits of the axes must be final. Obstacles are in points, as are the boxes returned.

    Raises:
        ChartError: One of the first `needed` has no room.
    """
    box = ax.get_window_extent()
    edge = ax.figure.bbox.width * 0.988
    marks = [Mark(*points(ax, note.x, note.y), *extent(note)) for note in notes]
    boxes = placement.beside(
        marks, obstacles, inside=Box(box.x0 - 4, box.y0 + 1, edge, box.y1), reach=6, steps=30, needed=needed
    )
    for n, (note, mark, found) in enumerate(zip(notes, marks, boxes, strict=True)):
        if found is None and n < needed:
            raise ChartError(
                f"chart: the label '{note.head}' must have room (got none).\n"
                "Name fewer marks, or give the canvas more height with ratio=…"
            )
        if found is None:
            continue
        near = placement.nearest(found, mark.x, mark.y)
        if math.dist(near, (mark.x, mark.y)) > 9:
            line(ax, (mark.x, mark.y), near, LABEL, zorder=1.6)
        write(ax, note, found, "left" if found.left + found.right >= 2 * mark.x else "right")
    return [found for found in boxes if found]


def interrupt_grid(ax: Axes, boxes: Sequence[Box]) -> None:
    """Let the grid lines of the y axis pause behind texts, which a line through them would strike out."""
    lines = [points(ax, 0.0, tick)[1] for tick in ax.get_yticks()]
    for box in boxes:
        if any(box.bottom < y < box.top for y in lines):
            size = box.right - box.left, box.top - box.bottom
            ax.add_patch(
                Rectangle((box.left, box.bottom), *size, fc=PAPER, ec="none", transform=POINTS, zorder=1, gid="pause")
            )


def write(ax: Axes, note: Note, box: Box, align: str) -> None:
    """Write a note into its box, set towards its mark."""
    edge, top = (box.left if align == "left" else box.right), box.top
    if note.inline:
        set_text(ax, box.left, top, note.head, weight="bold", colour=note.colour)
        past = breadth(note.head, "bold") + PAD if note.head else 0
        set_text(ax, box.left + past, top, note.body, colour=LABEL)
        return
    set_text(ax, edge, top, note.head, weight="bold", colour=note.colour, align=align)
    top -= LINE * (note.head.count("\n") + 1) if note.head else 0
    set_text(ax, edge, top, note.body, colour=LABEL, align=align)


def set_text(
    ax: Axes, px: float, top: float, text: str, *, weight: str = "normal", colour: str = INK, align: str = "left"
) -> None:
    """Set lines of text whose first line hangs from `top`, all in points."""
    look = {"fontsize": TEXT, "weight": weight, "color": colour, "ha": align, "va": "baseline"}
    for n, words in enumerate(text.split("\n") if text else []):
        ax.figure.text(px, top - LINE * n - LINE * 0.78, words, transform=POINTS, **look)


def line(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, **how: object) -> None:
    """Draw a thin line between two places in points."""
    look = {"transform": POINTS, "lw": 0.6, "zorder": 1.5, "clip_on": False}
    ax.add_line(Line2D(*zip(start, end, strict=True), color=colour, **look | how))


def ticks(ax: Axes, found: Sequence[tuple[float, str]], *, length: float = STROKE) -> None:
    """Write words under places of the x axis, each under a stroke of so many points.

    An axis of matplotlib would take a fifth of the time of a chart for its ticks, each of which is five artists.

    Args:
        ax: Its limits, and its place in the canvas but for its height, must be final.
        found: A place and its words, which may have several lines.
        length: Of the strokes; nought for none.
    """
    ax.xaxis.set_major_locator(NullLocator())
    foot = ax.get_window_extent().y0
    places = [points(ax, at, 0.0)[0] for at, _ in found]
    if length:
        ax.vlines(places, foot - length, foot, transform=POINTS, colors=LABEL, lw=0.8, zorder=2, clip_on=False)
    for px, (_, words) in zip(places, found, strict=True):
        set_text(ax, px, foot - length - PAD / 2, words, colour=LABEL, align="center")
