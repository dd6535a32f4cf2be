"""Names of neighbours and provinces on the map: each on its own land, in the middle of what is seen of it.

The bases and their labels belong to `places`.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.path import Path

from handover.story.charts import labels
from handover.story.charts.palette import LABEL
from handover.story.charts.placement import Box

#: Share of a name that must lie on its own land; a small land may let it reach over a border.
ASHORE = 0.7


def name_lands(ax: Axes, shapes: Mapping[str, Path], never: list[Path], taken: list[Box]) -> None:
    """Write each land's name where the land in the frame is widest, or leave it out where it has no room.

    Args:
        ax: The map, its limits final.
        shapes: Outlines by name.
        never: Outlines that no name of another land may reach into: the country itself and the sea.
        taken: What is written already, in points; the names are added.
    """
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    grid = np.array([(x, y) for x in np.linspace(x0, x1, 60) for y in np.linspace(y0, y1, 48)])
    for name in sorted(shapes):
        best = _widest(ax, name, shapes[name], grid, never, taken)
        if best is not None:
            labels.set_text(ax, best.left, best.top, name, colour=LABEL)
            taken.append(best)


def _free(ax: Axes, own: Box, taken: list[Box]) -> bool:
    box = ax.get_window_extent()
    inside = box.x0 + 3 < own.left and own.right < box.x1 - 3 and box.y0 + 3 < own.bottom and own.top < box.y1 - 3
    return inside and not any(own.meets(other, 2) for other in taken)


def _widest(ax: Axes, name: str, shape: Path, grid: np.ndarray, never: list[Path], taken: list[Box]) -> Box | None:
    """The place farthest from any edge, else the one where most of the name lies on the land."""
    inside = shape.contains_points(grid)
    if not inside.any():
        return None
    box, spots, back = ax.get_window_extent(), ax.transData.transform(grid), ax.transData.inverted()
    px, py = spots[inside].T
    land = np.hypot(*(spots[inside][:, None] - spots[~inside]).T).min(axis=0, initial=1e3)
    clear = np.min([px - box.x0, box.x1 - px, py - box.y0, box.y1 - py, land], axis=0)
    wide, half = labels.breadth(name) / 2, labels.LINE / 2
    across = np.array([(dx, dy) for dx in np.linspace(-wide, wide, 9) for dy in (-half, 0.0, half)])
    best, most = None, ASHORE
    for n in np.argsort(-clear, kind="stable"):
        own = Box(px[n] - wide, py[n] - half, px[n] + wide, py[n] + half)
        if not _free(ax, own, taken):
            continue
        under = back.transform(across + np.array([px[n], py[n]]))
        ashore = shape.contains_points(under).mean()
        if ashore == 1:
            return own
        if ashore > most and not any(other.contains_points(under).any() for other in never):
            best, most = own, ashore
    return best
