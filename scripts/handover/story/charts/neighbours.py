"""Names of the neighbours on the map: each in the middle of what is seen of it.

The bases and their labels belong to `places`.
"""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.path import Path

from handover.story.charts import labels
from handover.story.charts.palette import LABEL
from handover.story.charts.placement import Box


def name_neighbours(ax: Axes, shapes: Mapping[str, Path], home: Path, taken: list[Box]) -> None:
    """Write each neighbour's name where its land in the frame is widest, or else in the sea beside it.

    Args:
        ax: The map, its limits final.
        shapes: Outlines by name.
        home: The outline of the country itself, which no name may cover.
        taken: What is written already, in points; the names are added.
    """
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    grid = np.array([(x, y) for x in np.linspace(x0, x1, 45) for y in np.linspace(y0, y1, 35)])
    inside = {name: shape.contains_points(grid) for name, shape in shapes.items()}
    for name in sorted(shapes):
        best = _widest(ax, name, shapes[name], grid, inside[name], taken)
        if best is None:
            land = np.any([home.contains_points(grid), *inside.values()], axis=0)
            best = _at_sea(ax, name, grid, inside[name], land, taken)
        if best is not None:
            labels.set_text(ax, best.left, best.top, name, colour=LABEL)
            taken.append(best)


def _centred(name: str, px: float, py: float) -> Box:
    wide, half = labels.breadth(name) / 2, labels.LINE / 2
    return Box(px - wide, py - half, px + wide, py + half)


def _free(ax: Axes, own: Box, taken: list[Box]) -> bool:
    box = ax.get_window_extent()
    inside = box.x0 + 3 < own.left and own.right < box.x1 - 3 and box.y0 + 3 < own.bottom and own.top < box.y1 - 3
    return inside and not any(own.meets(other, 2) for other in taken)


def _widest(ax: Axes, name: str, shape: Path, grid: np.ndarray, inside: np.ndarray, taken: list[Box]) -> Box | None:
    box, spots = ax.get_window_extent(), ax.transData.transform(grid)
    px, py = spots[inside].T
    land = np.hypot(*(spots[inside][:, None] - spots[~inside]).T).min(axis=0, initial=1e3)
    clear = np.min([px - box.x0, box.x1 - px, py - box.y0, box.y1 - py, land], axis=0)
    there = ax.transData.inverted()
    for n in np.argsort(-clear, kind="stable"):
        own = _centred(name, float(px[n]), float(py[n]))
        corners = [(x, y) for x in (own.left, own.right) for y in (own.bottom, own.top)]
        if clear[n] > 0 and _free(ax, own, taken) and shape.contains_points(there.transform(corners)).all():
            return own
    return None


def _at_sea(
    ax: Axes, name: str, grid: np.ndarray, inside: np.ndarray, land: np.ndarray, taken: list[Box]
) -> Box | None:
    """The nearest place at sea for the name of a land too small for it."""
    if not inside.any():
        return None
    spots = ax.transData.transform(grid)
    middle = spots[inside].mean(axis=0)
    for px, py in sorted(spots[~land].tolist(), key=lambda spot: math.dist(spot, middle)):
        own = _centred(name, px, py)
        dry = spots[land]
        wet = not ((dry[:, 0] > own.left - 4) & (dry[:, 0] < own.right + 4) & (abs(dry[:, 1] - py) < 9)).any()
        if wet and _free(ax, own, taken):
            return own
    return None
