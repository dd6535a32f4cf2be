"""Where labels go so that none overlaps another: geometry alone, in points.

`fly` hangs flags over marks along an axis, `beside` puts names next to places on a map. What is written there
and how large it is belongs to `labels`.
"""

from collections.abc import Sequence
from typing import NamedTuple

PAD = 3.0  #: between a stem and its text, and between texts


class Box(NamedTuple):
    """A rectangle in points."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box", gap: float = 0.0) -> bool:
        """Whether the two overlap or come nearer than `gap`."""
        return (
            self.left < other.right + gap
            and other.left < self.right + gap
            and self.bottom < other.top + gap
            and other.bottom < self.top + gap
        )


class Mark(NamedTuple):
    """What a label belongs to: where its mark is and how large the text is, in points."""

    x: float
    y: float
    width: float
    height: float


def fly(
    marks: Sequence[Mark], obstacles: Sequence[Box] = (), *, left: float, right: float, gap: float = PAD
) -> list[Box]:
    """Hang a flag on each mark: its text stands above the mark, behind a stem, as low as it can.

    A flag flies to the right; where it would leave the canvas, or where two would fly into each other's
    stem, it flies to the left. A flag whose text reaches over another's stem stands above that flag, so that no
    stem crosses a text; flags in a row therefore descend in the direction they fly.

    Args:
        marks: In any order.
        obstacles: Boxes that no text may cover.
        left: Left edge of the canvas.
        right: Right edge of the canvas.
        gap: Between stem and text and between texts.

    Returns:
        The box of each text, in the order of `marks`. It starts or ends `gap` beside the mark's x.
    """
    flies = _sides(marks, left, right, gap)
    spans = [_clamp(_span(mark, flies[n], gap), left, right) for n, mark in enumerate(marks)]
    placed: dict[int, Box] = {}
    waiting = set(range(len(marks)))
    while waiting:
        chosen = _next(marks, spans, flies, waiting)
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
    """Choose for each flag whether it flies to the right."""

    def roomy(n: int) -> bool:
        return marks[n].x - gap - marks[n].width >= left

    def covers(n: int, m: int) -> bool:
        return _covers(marks[n], _span(marks[n], flies[n], gap), flies[n], marks[m].x)

    flies = [mark.x + gap + mark.width <= right or not roomy(n) for n, mark in enumerate(marks)]
    order = sorted(range(len(marks)), key=lambda n: -marks[n].x)
    turned = True
    while turned:
        turned = False
        for n in order:
            facing = (m for m in order if not flies[m] and marks[m].x > marks[n].x)
            if flies[n] and roomy(n) and any(covers(n, m) and covers(m, n) for m in facing):
                flies[n], turned = False, True
    return flies


def _clamp(span: tuple[float, float], left: float, right: float) -> tuple[float, float]:
    """Push a text that fits on neither side into the canvas; it then stands over its own stem."""
    start, end = span
    move = min(right - end, 0.0) or max(left - start, 0.0)
    return start + move, end + move


def _covers(mark: Mark, span: tuple[float, float], right: bool, x: float) -> bool:
    """Whether a flag reaches over a stem at `x`."""
    return mark.x < x < span[1] + PAD / 2 if right else span[0] - PAD / 2 < x < mark.x


def _next(marks: Sequence[Mark], spans: list[tuple[float, float]], flies: list[bool], waiting: set[int]) -> int:
    """The lowest flag yet to be placed: one that reaches over no waiting stem; the one it points to first."""

    def free(n: int) -> bool:
        return not any(_covers(marks[n], spans[n], flies[n], marks[m].x) for m in waiting if m != n)

    candidates = [n for n in waiting if free(n)] or list(waiting)
    return max(candidates, key=lambda n: (flies[n], marks[n].x if flies[n] else -marks[n].x, n))


def beside(
    marks: Sequence[Mark], obstacles: Sequence[Box] = (), *, inside: Box, reach: float = 5.0, steps: int = 12
) -> list[Box | None]:
    """Put each text next to its mark: right, left, above or below, else further off; None where nowhere is free.

    Args:
        marks: The most important first.
        obstacles: Boxes that no text may cover.
        inside: Where texts may stand.
        reach: From the mark's middle to its text.
        steps: How many rings of places, four points apart, are tried.
    """
    placed: list[Box | None] = []
    taken = list(obstacles)
    for mark in marks:
        others = [block for block in taken if not _holds(block, mark.x, mark.y)]
        first = found = None
        for box in (box for step in range(steps) for box in _around(mark, reach, step * 4.0)):
            if not _within(box, inside) or any(box.meets(block, 1.0) for block in taken):
                continue
            first = first or box
            if not _crossed(mark, box, others):
                found = box
                break
        # a leader line through something else is better than no label
        found = found or first
        placed.append(found)
        taken += [found] if found else []
    return placed


def _around(mark: Mark, reach: float, away: float) -> list[Box]:
    x, y, width, height = mark
    half, middle = height / 2, x - width / 2
    sides = [(x + reach, x - reach - width)]
    if away:
        sides.append((x + reach + away, x - reach - away - width))
    spots = [(a, y - half + dy) for pair in sides for a in pair for dy in dict.fromkeys((away, -away))]
    spots += [(middle, y + reach + away), (middle, y - reach - away - height)]
    return [Box(a, b, a + width, b + height) for a, b in spots]


def nearest(box: Box, x: float, y: float) -> tuple[float, float]:
    """The place of a box nearest to a point: where its leader line ends."""
    return min(max(x, box.left), box.right), min(max(y, box.bottom), box.top)


def _crossed(mark: Mark, box: Box, taken: list[Box]) -> bool:
    """Whether the leader line from a mark to its text would run through anything."""
    x, y = nearest(box, mark.x, mark.y)
    along = [(mark.x + (x - mark.x) * n / 12, mark.y + (y - mark.y) * n / 12) for n in range(12)]
    return any(_holds(block, *point) for block in taken for point in along)


def _holds(box: Box, x: float, y: float) -> bool:
    return box.left <= x <= box.right and box.bottom <= y <= box.top


def _within(box: Box, inside: Box) -> bool:
    return (
        box.left >= inside.left and box.right <= inside.right and box.bottom >= inside.bottom and box.top <= inside.top
    )
