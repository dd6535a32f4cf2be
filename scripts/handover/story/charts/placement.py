"""Where labels go so that none overlaps another: geometry alone, in points.

`fly` hangs flags over marks along an axis, `beside` puts texts next to their marks. What is written there
and how large it is belongs to `labels`.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

#: Shares of a leader line between which no text fits.
ALONG = np.linspace(0, 1, 9)[:, None]
HANDFUL = 48  #: places that are looked at together
CROSSING, MISSING = 150.0, 10_000.0  #: what a leader line through something, and no text, cost in points of a line
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
    marks: Sequence[Mark],
    obstacles: Sequence[Box] = (),
    *,
    inside: Box,
    reach: float = 5.0,
    steps: int = 12,
    needed: int | None = None,
) -> list[Box | None]:
    """Put each text next to its mark, or as near to it as there is room; None where nowhere is free.

    Args:
        marks: The most important first.
        obstacles: Boxes that no text may cover.
        inside: Where texts may stand.
        reach: From the mark's middle to its text.
        steps: How many rings of places, four points apart, are tried.
        needed: So many of the first would rather have a leader line that runs through something than no text, and
            are placed in the better of two orders; all in the order given, where left out.
    """
    first = range(len(marks))[:needed]
    rest = range(len(marks))[len(first) :]
    orders = [[*first, *rest]] if needed is None else [[*first, *rest], [*reversed(first), *rest]]
    tried = [_placed(marks, order, len(first), list(obstacles), inside, reach, steps) for order in orders]
    return min(tried, key=lambda found: found[0])[1]


def _placed(
    marks: Sequence[Mark], order: Sequence[int], needed: int, taken: list[Box], inside: Box, reach: float, steps: int
) -> tuple[float, list[Box | None]]:
    """Place texts in an order, of which the first are needed; return the points of leader lines too, as a cost."""
    cost, placed = 0.0, dict[int, Box | None]()
    for turn, n in enumerate(order):
        mark, found, crossing = marks[n], None, 0.0
        others = _array([block for block in taken if not _holds(block, mark.x, mark.y)])
        for box in _free(mark, _array(taken), inside, reach, steps):
            if not _crossed(mark, box, others):
                found, crossing = box, 0.0
                break
            if turn < needed and found is None:
                found, crossing = box, CROSSING
        if turn < needed:
            cost += crossing + math.dist(nearest(found, mark.x, mark.y), mark[:2]) if found else MISSING
        placed[n] = found
        taken += [found, *_leader(mark, found)] if found else []
    return cost, [placed[n] for n in range(len(marks))]


def _free(mark: Mark, taken: np.ndarray, inside: Box, reach: float, steps: int) -> Iterator[Box]:
    """Places around a mark where a text would cover nothing, looked for as they are asked for."""
    around = _around(mark.width, mark.height, reach, steps)
    for start in range(0, len(around), HANDFUL):
        spots = around[start : start + HANDFUL] + (mark.x, mark.y) * 2
        free = (spots[:, :2] >= inside[:2]).all(axis=1) & (spots[:, 2:] <= inside[2:]).all(axis=1)
        spots = spots[free]
        yield from (Box(*spot) for spot in spots[~_meet(spots, taken, 1.0).any(axis=1)].tolist())


def _array(boxes: Sequence[Box]) -> np.ndarray:
    return np.array(boxes, dtype=float).reshape(-1, 4)


@lru_cache(maxsize=256)
def _around(width: float, height: float, reach: float, steps: int) -> np.ndarray:
    """Boxes around nought, the shortest leader line first; of equals to the right, to the left, above, below."""
    spots = []
    for away in (step * 4.0 for step in range(steps)):
        sides = [x for aside in dict.fromkeys((0.0, away)) for x in (reach + aside, -reach - aside - width)]
        spots += [(x, dy - height / 2) for x in sides for dy in dict.fromkeys((away, -away))]
        levels = (reach + away, -reach - away - height)
        spots += [(x, y) for y in levels for x in (-width / 2, -reach, reach - width)]
    boxes = np.array([(x, y, x + width, y + height) for x, y in spots])
    ends = np.maximum(boxes[:, :2], 0) + np.minimum(boxes[:, 2:], 0)
    return boxes[np.argsort(np.hypot(*ends.T).round(3), kind="stable")]


def _meet(ones: np.ndarray, others: np.ndarray, gap: float) -> np.ndarray:
    """For each of some boxes and each of others, whether they come nearer than `gap`."""
    one, other = ones[:, None], others[None]
    return ((one[..., :2] < other[..., 2:] + gap) & (other[..., :2] < one[..., 2:] + gap)).all(axis=-1)


def nearest(box: Box, x: float, y: float) -> tuple[float, float]:
    """The place of a box nearest to a point: where its leader line ends."""
    return min(max(x, box.left), box.right), min(max(y, box.bottom), box.top)


def _crossed(mark: Mark, box: Box, taken: np.ndarray) -> bool:
    """Whether the leader line from a mark to its text would run through anything."""
    away = np.array(nearest(box, mark.x, mark.y)) - mark[:2]
    # how far along the line each box begins and ends, across and up
    ends = np.stack([taken[:, :2], taken[:, 2:]]) - mark[:2]
    ends /= np.where(away == 0, 1e-9, away)
    enter, leave = ends.min(axis=0).max(axis=1), ends.max(axis=0).min(axis=1)
    return bool(((enter <= leave) & (leave >= 0) & (enter < 1)).any())


def _leader(mark: Mark, box: Box) -> list[Box]:
    """The leader line from a mark to its text, as boxes that no other text may cover."""
    away = np.array(nearest(box, mark.x, mark.y)) - mark[:2]
    return [Box(x - 1, y - 1, x + 1, y + 1) for x, y in (mark[:2] + ALONG * away).tolist()]


def _holds(box: Box, x: float, y: float) -> bool:
    return box.left <= x <= box.right and box.bottom <= y <= box.top
