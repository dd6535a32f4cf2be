"""Labels: how wide a text is, where it goes so that none overlaps another, and drawing it there.

`place_flags` puts texts above marks along an axis, `place_beside` next to their marks: geometry alone, in points.
`flags` and `beside` place notes and draw them.
"""

import math
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox, TransformedPath

from handover.errors import ChartError
from handover.story.charts.style import INK, LABEL, PAPER, house, line_metrics, text_size

TEXT = 9.0  #: size of every label
LINE = 11.0  #: height of a line of labels
#: From points of the canvas, counted from its lower left, to pixels: both are 72 to an inch.
POINTS = Affine2D()
#: Fractions along a leader line, so close that no text fits between the points there.
ALONG = np.linspace(0, 1, 9)[:, None]
NO_ROOM = "no room"  #: mark of a label that is left out
BATCH = 48  #: places that are tested together
CROSSING, MISSING = 150.0, 10_000.0  #: cost of a leader line through something, and of no text, in points of a line
PAD = 3.0  #: between a stem and its text, and between texts
#: How much of a text is left of its place.
BEFORE = {"left": 0.0, "center": 0.5, "right": 1.0}


class Box(NamedTuple):
    """A rectangle in points."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box", gap: float = 0.0) -> bool:
        """Return whether the boxes overlap or are nearer than `gap`."""
        across = self.left < other.right + gap and other.left < self.right + gap
        return across and self.bottom < other.top + gap and other.bottom < self.top + gap


class Mark(NamedTuple):
    """The place of a mark and the size of its label, in points."""

    x: float
    y: float
    width: float
    height: float


def place_flags(
    marks: Sequence[Mark], obstacles: Sequence[Box] = (), *, left: float, right: float, gap: float = PAD
) -> list[Box]:
    """Place a flag on each mark: its text is above the mark, beside a stem, as low as possible.

    A flag points to the right, or to the left if it would leave the canvas or if two would cross each other's stem. A
    flag whose text reaches over another's stem is above that flag, so no stem crosses a text; flags in a row therefore
    descend in the direction in which they point.

    Args:
        marks: In any order.
        obstacles: Boxes that no text may cover.
        left: Left edge of the canvas.
        right: Right edge of the canvas.
        gap: Between stem and text.

    Returns:
        The box of each text, in the order of `marks`. It starts or ends `gap` beside the mark's x.
    """
    rightward = _sides(marks, left, right, gap)
    spans = [_clamp(_span(mark, rightward[n], gap), left, right) for n, mark in enumerate(marks)]
    placed: dict[int, Box] = {}
    waiting = set(range(len(marks)))
    while waiting:
        chosen = _next(marks, spans, rightward, waiting)
        waiting.discard(chosen)
        start, end = spans[chosen]
        bottom, tall = marks[chosen].y + gap, marks[chosen].height
        stems = [Box(marks[n].x - 1, box.bottom, marks[n].x + 1, box.top) for n, box in placed.items()]
        blocks = [*placed.values(), *stems, *(box for box in obstacles if box.top > marks[chosen].y)]
        for box in sorted(blocks, key=lambda box: box.top):
            across = start < box.right + 1 and box.left - 1 < end
            if across and bottom < box.top + 1:
                bottom = box.top + 1
        placed[chosen] = Box(start, bottom, end, bottom + tall)
    return [placed[n] for n in range(len(marks))]


def _span(mark: Mark, right: bool, gap: float) -> tuple[float, float]:
    return (mark.x + gap, mark.x + gap + mark.width) if right else (mark.x - gap - mark.width, mark.x - gap)


def _sides(marks: Sequence[Mark], left: float, right: float, gap: float) -> list[bool]:
    """Return for each flag whether it points to the right."""

    def roomy(n: int) -> bool:
        return marks[n].x - gap - marks[n].width >= left

    def covers(n: int, m: int) -> bool:
        return _covers(marks[n], _span(marks[n], rightward[n], gap), rightward[n], marks[m].x)

    rightward = [mark.x + gap + mark.width <= right or not roomy(n) for n, mark in enumerate(marks)]
    order = sorted(range(len(marks)), key=lambda n: -marks[n].x)
    turned = True
    while turned:
        turned = False
        for n in order:
            facing = (m for m in order if not rightward[m] and marks[m].x > marks[n].x)
            if rightward[n] and roomy(n) and any(covers(n, m) and covers(m, n) for m in facing):
                rightward[n], turned = False, True
    return rightward


def _clamp(span: tuple[float, float], left: float, right: float) -> tuple[float, float]:
    """Move a text that fits on neither side into the canvas; it is then above its own stem."""
    start, end = span
    move = min(right - end, 0.0) or max(left - start, 0.0)
    return start + move, end + move


def _covers(mark: Mark, span: tuple[float, float], right: bool, x: float) -> bool:
    """Return whether a flag reaches over a stem at `x`."""
    return mark.x < x < span[1] + PAD / 2 if right else span[0] - PAD / 2 < x < mark.x


def _next(marks: Sequence[Mark], spans: list[tuple[float, float]], rightward: list[bool], waiting: set[int]) -> int:
    """Choose the next flag to place: one that reaches over no waiting stem, the foremost in its direction first."""

    def free(n: int) -> bool:
        return not any(_covers(marks[n], spans[n], rightward[n], marks[m].x) for m in waiting if m != n)

    candidates = [n for n in waiting if free(n)] or list(waiting)
    return max(candidates, key=lambda n: (rightward[n], marks[n].x if rightward[n] else -marks[n].x, n))


def place_beside(
    marks: Sequence[Mark],
    obstacles: Sequence[Box] = (),
    *,
    inside: Box,
    reach: float = 5.0,
    steps: int = 12,
    needed: int | None = None,
) -> list[Box | None]:
    """Place each text next to its mark, or as near to it as there is room; None if there is none.

    Args:
        marks: The most important first.
        obstacles: Boxes that no text may cover.
        inside: Where texts may be.
        reach: From the middle of the mark to its text.
        steps: How many rings of places, four points apart, are tried.
        needed: How many of the first may have a leader line through something rather than no text; they are placed
            in the better of two orders. By default all, in the order given.
    """
    first = tuple(range(len(marks))[:needed])
    orders = [first] if needed is None else dict.fromkeys([first, first[::-1]])
    taken = np.array(obstacles, dtype=float).reshape(-1, 4).T
    room = partial(_placed, marks, inside=inside, reach=reach, steps=steps)
    _, placed, taken = min((room(order, taken, must=True) for order in orders), key=itemgetter(0))
    placed |= room(range(len(first), len(marks)), taken, must=False)[1]
    return [placed[n] for n in range(len(marks))]


def _placed(
    marks: Sequence[Mark],
    order: Sequence[int],
    taken: np.ndarray,
    *,
    must: bool,
    inside: Box,
    reach: float,
    steps: int,
) -> tuple[float, dict[int, Box | None], np.ndarray]:
    """Place texts in an order; return the cost in points, the boxes, and all that is then taken, a column a box.

    If each `must` be placed, a leader line may cross something.
    """
    cost, placed = 0.0, dict[int, Box | None]()
    for n in order:
        mark, found, crossing = marks[n], None, 0.0
        left, bottom, right, top = taken
        # boxes that contain the mark do not obstruct its leader line
        around = (left <= mark.x) & (bottom <= mark.y) & (right >= mark.x) & (top >= mark.y)
        others = taken[:, ~around] - _at(mark)
        for spots in _free(mark, taken, inside, reach, steps):
            crossed = _crossed(mark, spots, others)
            if not crossed.all():
                found, crossing = Box._make(spots[:, crossed.argmin()].tolist()), 0.0
                break
            if must and found is None:
                found, crossing = Box._make(spots[:, 0].tolist()), CROSSING
        cost += crossing + math.dist(nearest(found, mark.x, mark.y), mark[:2]) if found else MISSING
        placed[n] = found
        if found:
            taken = np.hstack([taken, np.array([found]).T, _leader(mark, found)])
    return cost, placed, taken


def _at(mark: Mark) -> np.ndarray:
    """Return what moves boxes around the origin, a column each, to a mark."""
    return np.array([[mark.x], [mark.y], [mark.x], [mark.y]])


def _free(mark: Mark, taken: np.ndarray, inside: Box, reach: float, steps: int) -> Iterator[np.ndarray]:
    """Yield places around a mark where a text would cover nothing, nearest first: boxes, a column each."""
    around = _around(mark.width, mark.height, reach, steps)
    for start in range(0, around.shape[1], BATCH):
        spots = around[:, start : start + BATCH] + _at(mark)
        left, bottom, right, top = spots
        own = (left >= inside.left) & (bottom >= inside.bottom) & (right <= inside.right) & (top <= inside.top)
        spots = spots[:, own]
        # each place with each box that is taken
        left, bottom, right, top = spots[:, :, None]
        x0, y0, x1, y1 = taken
        meets = (left < x1 + 1) & (x0 < right + 1) & (bottom < y1 + 1) & (y0 < top + 1)
        spots = spots[:, ~meets.any(axis=1)]
        if spots.size:
            yield spots


@lru_cache(maxsize=256)
def _around(width: float, height: float, reach: float, steps: int) -> np.ndarray:
    """Return boxes around the origin, a column each, the shortest leader line first; then right, left, above, below."""
    spots = []
    for away in (step * 4.0 for step in range(steps)):
        sides = [x for aside in dict.fromkeys((0.0, away)) for x in (reach + aside, -reach - aside - width)]
        spots += [(x, dy - height / 2) for x in sides for dy in dict.fromkeys((away, -away))]
        levels = (reach + away, -reach - away - height)
        spots += [(x, y) for y in levels for x in (-width / 2, -reach, reach - width)]
    boxes = np.array([(x, y, x + width, y + height) for x, y in spots])
    ends = np.maximum(boxes[:, :2], 0) + np.minimum(boxes[:, 2:], 0)
    return boxes[np.argsort(np.hypot(*ends.T).round(3), kind="stable")].T


def nearest(box: Box, x: float, y: float) -> tuple[float, float]:
    """Return the point of a box nearest to another point: the end of its leader line."""
    return min(max(x, box.left), box.right), min(max(y, box.bottom), box.top)


def _crossed(mark: Mark, boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return for each box of a text whether the leader line to it crosses one of `others`, relative to the mark."""
    left, bottom, right, top = boxes
    away = np.array([np.clip(mark.x, left, right) - mark.x, np.clip(mark.y, bottom, top) - mark.y])
    away[away == 0] = 1e-9
    # where along the line each box begins and ends, across and up
    x0, x1 = others[::2, None] / away[0][:, None]
    y0, y1 = others[1::2, None] / away[1][:, None]
    enter = np.maximum(np.minimum(x0, x1), np.minimum(y0, y1))
    leave = np.minimum(np.maximum(x0, x1), np.maximum(y0, y1))
    return ((enter <= leave) & (leave >= 0) & (enter < 1)).any(axis=1)


def _leader(mark: Mark, box: Box) -> np.ndarray:
    """Return the leader line from a mark to its text, as small boxes, a column each."""
    away = np.array(nearest(box, mark.x, mark.y)) - mark[:2]
    along = (mark[:2] + ALONG * away).T
    return np.vstack([along - 1, along + 1])


@dataclass(frozen=True, slots=True)
class Note:
    """A label at a point of the data: a bold head and a lighter body under it, or `inline` after it."""

    x: float
    y: float
    head: str
    body: str = ""
    colour: str = INK
    inline: bool = False


@cache
def breadth(text: str, weight: str = "normal") -> float:
    """Return the width in points of the longest line of a label; needs the house style."""
    return max(text_size(line, _font(weight))[0] for line in text.split("\n"))


@cache
def _font(weight: str) -> FontProperties:
    return FontProperties(size=TEXT, weight=weight)


def wrap(text: str, width: float, weight: str = "normal") -> str:
    """Break a text at spaces into lines of at most `width` points; a longer word stays whole."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and breadth(longer, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def extent(note: Note) -> tuple[float, float]:
    """Return width and height of a note in points."""
    head, body = breadth(note.head, "bold") if note.head else 0.0, breadth(note.body) if note.body else 0.0
    tall = [text.count("\n") + 1 for text in (note.head, note.body) if text]
    if note.inline:
        return head + (PAD if head and body else 0) + body, max(tall, default=0) * LINE
    return max(head, body), sum(tall) * LINE


def flag(
    ax: Axes, x: float, y: float, head: str, body: str, colour: str, *, gap: float = PAD, stems: Sequence[float] = ()
) -> Note:
    """Return a note for a flag: inline if a side of its mark has room, else with its body under its head.

    The x limits must be final. `gap` is between stem and text; a flag to the right must cross no stem at `stems`.
    """
    note = Note(x, y, head, body, colour, inline=True)
    px, edge, wide = points(ax, x, 0.0)[0], ax.figure.bbox.width * 0.012, extent(note)[0]
    before, behind = px - gap - edge, ax.figure.bbox.width - edge - gap - px
    barred = any(px < points(ax, stem, 0.0)[0] < px + gap + wide for stem in stems)
    if wide <= before or (wide <= behind and not barred):
        return note
    return Note(x, y, wrap(head, before if barred else max(before, behind), "bold"), body, colour)


def points(ax: Axes, x: float, y: float) -> tuple[float, float]:
    """Convert a point of the data to points from the lower left of the canvas."""
    return all_points(ax, [(x, y)])[0]


def all_points(ax: Axes, places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Convert many at once, as `points` does one in the same time."""
    return [(px, py) for px, py in ax.transData.transform(places).tolist()]


def flags(ax: Axes, notes: Sequence[Note], obstacles: Sequence[Box] = ()) -> list[Box]:
    """Place notes as flags above their marks and draw them with their stems.

    The limits of the axes must be final. Obstacles are in points, as are the boxes returned.
    """
    boxes = flag_boxes(ax, notes, obstacles)
    for note, box in zip(notes, boxes, strict=True):
        px, py = points(ax, note.x, note.y)
        reach = box.top - LINE * 0.15
        if box.bottom - py > LINE * 0.6:
            line(ax, (px, py + 3), (px, reach), LABEL)
        write(ax, note, box, "left" if box.left >= px - 1 else "right")
    return boxes


def flag_boxes(ax: Axes, notes: Sequence[Note], obstacles: Sequence[Box] = (), *, gap: float = PAD) -> list[Box]:
    """Return where `flags` would place the notes, in points."""
    edge = ax.figure.bbox.width * 0.012
    marks = [Mark(*points(ax, note.x, note.y), *extent(note)) for note in notes]
    return place_flags(marks, obstacles, left=edge, right=ax.figure.bbox.width - edge, gap=gap)


def beside(ax: Axes, notes: Sequence[Note], obstacles: Sequence[Box] = (), *, needed: int = 0) -> list[Box]:
    """Place notes next to their marks, the most important first, and draw them; those without room are left out.

    The limits of the axes must be final. Obstacles are in points, as are the boxes returned.

    Raises:
        ChartError: One of the first `needed` has no room.
    """
    box = ax.get_window_extent()
    edge = ax.figure.bbox.width * 0.988
    marks = [Mark(*points(ax, note.x, note.y), *extent(note)) for note in notes]
    boxes = place_beside(
        marks, obstacles, inside=Box(box.x0 - 4, box.y0 + 1, edge, box.y1), reach=6, steps=30, needed=needed
    )
    for n, (note, mark, found) in enumerate(zip(notes, marks, boxes, strict=True)):
        if found is None and n < needed:
            raise ChartError(
                f"chart: the label '{note.head}' must have room (got none).\n"
                "Name fewer marks, or give the canvas more height with ratio=…"
            )
        if found is None:
            leave_out(ax, f"{note.head} {note.body}".strip())
            continue
        near = nearest(found, mark.x, mark.y)
        if math.dist(near, (mark.x, mark.y)) > 9:
            line(ax, (mark.x, mark.y), near, LABEL, zorder=1.6)
        write(ax, note, found, "left" if found.left + found.right >= 2 * mark.x else "right")
    return [found for found in boxes if found]


def leave_out(ax: Axes, label: str) -> None:
    """Record that a label finds no room: it is not drawn, and `without_room` names it."""
    ax.figure.text(0, 0, label, visible=False, gid=NO_ROOM)


def without_room(*figures: Figure | None) -> list[str]:
    """Return the labels that found no room in one of the figures, each once."""
    texts = (text for figure in figures if figure for text in figure.texts if text.get_gid() == NO_ROOM)
    return list(dict.fromkeys(text.get_text() for text in texts))


def interrupt_grid(ax: Axes, boxes: Sequence[Box]) -> None:
    """Interrupt the grid lines of the y axis behind texts."""
    lines = [py for _, py in all_points(ax, [(0.0, tick) for tick in ax.get_yticks()])]
    for box in boxes:
        if any(box.bottom < y < box.top for y in lines):
            size, look = (box.right - box.left, box.top - box.bottom), {"fc": PAPER, "ec": "none", "zorder": 1}
            block(ax, box.left, box.bottom, *size, transform=POINTS, gid="pause", **look)


def write(ax: Axes, note: Note, box: Box, align: str) -> None:
    """Write a note into its box, aligned towards its mark."""
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
    """Write lines of text below `top`; `px` and `top` are in points."""
    for n, words in enumerate(text.split("\n") if text else []):
        line = copy(_words(weight, colour, align))
        line.set_position((px, top - LINE * n - LINE * 0.78))
        line.set_text(words)
        ax.figure.add_artist(line)


@lru_cache(64)
@house()
def _words(weight: str, colour: str, align: str) -> "_Words":
    """Return a line of text to copy; see `_line`."""
    return _Words(fontproperties=_font(weight), color=colour, ha=align, transform=POINTS)


class _Words(Text):
    """A line of text on its baseline at a place in points; matplotlib lays a text out anew each time it is asked."""

    def set(self, **looks: Any) -> list[Any]:
        """Set properties; if it had no such method, matplotlib would take milliseconds to describe one."""
        return super().set(**looks)

    def get_window_extent(self, renderer: RendererBase | None = None, dpi: float | None = None) -> Bbox:
        """Return its box; see `style.text_size`."""
        (x, y), font = self.get_position(), self.get_fontproperties()
        (width, height, depth), (ascent, descent, _) = text_size(self.get_text(), font), line_metrics(font)
        left = x - width * BEFORE[self.get_ha()]
        return Bbox([[left, y - max(depth, descent)], [left + width, y + max(height - depth, ascent)]])

    def draw(self, renderer: RendererBase) -> None:
        """Draw it."""
        if not self.get_visible():
            return
        gc = renderer.new_gc()
        gc.set_foreground(self.get_color())
        (x, y), text, font = self.get_position(), self.get_text(), self.get_fontproperties()
        x -= text_size(text, font)[0] * BEFORE[self.get_ha()]
        y = renderer.get_canvas_width_height()[1] - y if renderer.flipy() else y
        renderer.open_group("text", self.get_gid())
        renderer.draw_text(gc, x, y, text, font, 0.0, mtext=self)
        renderer.close_group("text")


def line(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, **how: Any) -> None:
    """Draw a thin line between two places in points."""
    look = {"transform": POINTS, "lw": 0.6, "zorder": 1.5, "clip_on": False}
    trace(ax, (start, end), colour, **look | how)


def trace(ax: Axes, places: Sequence[tuple[float, float]], colour: str | None, **how: Any) -> None:
    """Draw a line through places of the data, or marks there; unlike `Axes.plot`, it moves no limits."""
    transform = how.pop("transform", None)  # it has no hash
    drawn = copy(_line(color=colour, **how))
    drawn.set_data(*zip(*places, strict=True))
    if transform is not None:
        drawn.set_transform(transform)
    add(ax, drawn)


@lru_cache(256)
@house()
def _line(**look: Any) -> Line2D:
    """Return a line to copy, since making one anew takes five times as long."""
    return Line2D((), (), **look)


def strokes(ax: Axes, ends: Sequence[tuple[tuple[float, float], tuple[float, float]]], colour: str, **how: Any) -> None:
    """Draw straight lines of one kind, each between two places of the data, as one path."""
    if ends:
        trace(ax, [place for start, end in ends for place in (start, end, (math.nan, math.nan))], colour, **how)


def block(ax: Axes, left: float, bottom: float, wide: float, tall: float, **look: Any) -> None:
    """Draw a rectangle at a place of the data, with the options of matplotlib's own."""
    add(ax, Rectangle((left, bottom), wide, tall, **look))


#: A clip path that is never used: it saves matplotlib making one for artists that are not clipped.
_UNCLIPPED = TransformedPath(Path.unit_rectangle(), POINTS)


def add(ax: Axes, artist: Artist) -> None:
    """Add an artist to the axes without updating their limits, which would take as long as drawing it."""
    if not artist.get_clip_on():
        artist.set_clip_path(_UNCLIPPED)
    ax.add_artist(artist)
