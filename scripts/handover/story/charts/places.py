"""A map of Iraq and its neighbours with the bases on it; it shows where they lie, not how large they are."""

import itertools
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from handover.errors import ChartError
from handover.story.charts import labels, marks, placement
from handover.story.charts.frame import MARGIN, heighten, room, styled
from handover.story.charts.neighbours import name_neighbours
from handover.story.charts.palette import FOCUS, INK, LABEL, PAPER, RULE
from handover.story.charts.placement import Box
from handover.story.rows import records

HOME = "Iraq"
BAGHDAD = ("Baghdad", 44.366, 33.315)
#: Degrees of latitude left around the country, and the latitude at which degrees of longitude are measured.
AROUND, MIDDLE = 0.75, 33.3
#: Points that the map is high.
HEIGHT = {True: 290.0, False: 190.0}
#: A departure within so many days of a transfer is part of it.
SEASON = 120
#: Bases nearer than this, in degrees, share a mark.
TOGETHER = 0.02
STATES = {"held": "no handover reported, or back in use", "handed_over": "handed over", "left": "left"}
#: What a row of the handovers makes of a base.
BECOMES = {
    "transfer": "handed_over",
    "announcement": "handed_over",
    "declaration": "left",
    "departure": "left",
    "return": "held",
}
WEAK = "D"  #: a source of this grade changes no state


def states(bases: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return bases with the ``state`` that the handovers known so far leave them in.

    Args:
        bases: Rows of ``bases``.
        rows: Rows of ``handovers``; of one base and season a transfer outranks a departure.
    """
    told = rows[rows["kind"].isin(BECOMES) & (rows["grade"] != WEAK)].sort_values(["date", "row_id"])
    reports: dict[str, list[dict[str, Any]]] = {}
    for row in records(told):
        reports.setdefault(row["place_id"], []).append(row)
    found = []
    for place in bases["place_id"]:
        state, since = "held", None
        for row in reports.get(place, []):
            becomes = BECOMES[row["kind"]]
            same = since is not None and (row["date"] - since).days < SEASON
            if not (same and state == "handed_over" and becomes == "left"):
                state, since = becomes, row["date"]
        found.append(state)
    return bases.assign(state=found)


@styled
def locator(ax: Axes, outlines: Mapping[str, Any], bases: pd.DataFrame, focus: str = "ain_al_asad") -> None:
    """Draw the map; a base that the coalition holds is filled, one it has given up is hollow.

    Args:
        ax: From `frame.canvas`; the canvas takes the height it needs.
        outlines: GeoJSON of the country and its neighbours, each with a ``name``.
        bases: From `states`, or with no ``state`` at all; a base without coordinates is left out.
        focus: The base in the focus colour.

    Raises:
        ChartError: No base has coordinates, or the outlines hold no Iraq.
    """
    known = bases[bases["latitude"].notna() & bases["longitude"].notna()]
    marks.need(known, "map of bases with coordinates")
    full = ax.figure.bbox.width > 300
    states = set(known["state"].dropna()) if "state" in known else set()
    kinds = {state: words for state, words in STATES.items() if state in states}
    over = marks.key_room(ax, list(kinds.values()))
    heighten(ax, HEIGHT[full] + over + MARGIN)
    wide, tall = room(ax, left=MARGIN, right=MARGIN, top=max(over, MARGIN), bottom=MARGIN)
    shapes = {str(f["properties"]["name"]): _path(f["geometry"]) for f in outlines["features"]}
    _frame(ax, shapes, wide / tall)
    for name, shape in sorted(shapes.items()):
        face = PAPER if name == HOME else RULE
        ax.add_patch(
            PathPatch(shape, fc=face, ec=LABEL, lw=1.1 if name == HOME else 0.5, zorder=2 if name == HOME else 1)
        )
    ax.set_axis_off()
    marks.key(ax, kinds, {state: _sampler(state) for state in STATES})
    taken = _bases(ax, shapes, known, focus)
    name_neighbours(ax, {n: s for n, s in shapes.items() if n != HOME}, shapes[HOME], taken)


def _path(geometry: Mapping[str, Any]) -> Path:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    rings = [Path(np.asarray(ring, float)[:, :2], closed=True) for part in parts for ring in part]
    return Path.make_compound_path(*rings)


def _frame(ax: Axes, shapes: Mapping[str, Path], shape: float) -> None:
    """Fit the country's height and let the width show as much of the neighbours as there is room for."""
    if HOME not in shapes:
        raise ChartError(f"map: the outlines must hold {HOME} (got {', '.join(sorted(shapes))}).\nPass story.outlines.")
    (west, south), (east, north) = shapes[HOME].get_extents().get_points()
    stretch = 1 / math.cos(math.radians(MIDDLE))
    tall = north - south + 2 * AROUND
    wide = tall * shape * stretch
    if wide < east - west + 2 * AROUND:
        wide = east - west + 2 * AROUND
        tall = wide / shape / stretch
    ax.set_aspect(stretch, adjustable="box")
    ax.set_xlim((west + east - wide) / 2, (west + east + wide) / 2)
    ax.set_ylim((south + north - tall) / 2, (south + north + tall) / 2)
    ax.apply_aspect()


def _bases(ax: Axes, shapes: Mapping[str, Path], known: pd.DataFrame, focus: str) -> list[Box]:
    spots = _grouped(known, focus)
    notes = [(BAGHDAD[1], BAGHDAD[2], BAGHDAD[0], "normal", LABEL, None)]
    for x, y, name, state, own in spots:
        notes.insert(0 if own else len(notes), (x, y, name, "bold", FOCUS if own else INK, state))
    places, sizes = [], []
    for x, y, name, weight, *_ in notes:
        places.append(labels.points(ax, x, y))
        sizes.append((labels.breadth(name, weight), (name.count("\n") + 1) * labels.LINE))
    dots = [Box(px - 4, py - 4, px + 4, py + 4) for px, py in places]
    marks_ = [placement.Mark(*place, *size) for place, size in zip(places, sizes, strict=True)]
    box = ax.get_window_extent()
    # a small locator shows every base and names those there is room for
    full, box = ax.figure.bbox.width > 300, ax.get_window_extent()
    border = ax.transData.transform(_even(shapes[HOME].vertices))
    lines = [Box(px - 1, py - 1, px + 1, py + 1) for px, py in border] if full else []
    found = placement.beside(
        marks_, [*dots, *lines], inside=Box(box.x0, box.y0, box.x1, box.y1), reach=6, steps=12 if full else 3
    )
    for (_, _, name, weight, colour, state), (px, py), where in zip(notes, places, found, strict=True):
        _dot(ax, px, py, colour, state)
        if where is None and not full:
            continue
        if where is None:
            raise ChartError(f"map: there is no room for the label of {name}.\nGive the map fewer bases.")
        near = placement.nearest(where, px, py)
        if math.dist(near, (px, py)) > 9:
            labels.line(ax, (px, py), near, LABEL, zorder=3.5)
        labels.set_text(ax, where.left, where.top, name, weight=weight, colour=colour)
    return [*[box for box in found if box], *dots]


def _even(line: np.ndarray) -> np.ndarray:
    """Points along a line, close enough that no label slips between them."""
    steps = [np.linspace(a, b, max(int(np.hypot(*(b - a)) / 0.05), 2)) for a, b in itertools.pairwise(line)]
    return np.concatenate(steps)


def _grouped(known: pd.DataFrame, focus: str) -> list[tuple[float, float, str, str | None, bool]]:
    """Bases at one spot share a mark and a label; the names of all of them are written."""
    spots: list[list[Any]] = []
    for row in records(known.sort_values("place_id")):
        x, y = float(row["longitude"]), float(row["latitude"])
        name = re.sub(r"\s*\(.*\)| Air Base$| Airfield West$", "", str(row["name"]))
        state = row["state"] if "state" in known and pd.notna(row["state"]) else None
        near = next((s for s in spots if math.dist(s[:2], (x, y)) < TOGETHER), None)
        if near is None:
            spots.append([x, y, name, state, row["place_id"] == focus])
        else:
            near[2] += f",\n{name}"
            near[3] = "held" if "held" in (near[3], state) else near[3] or state
            near[4] = near[4] or row["place_id"] == focus
    return [tuple(spot) for spot in sorted(spots, key=lambda spot: (not spot[4], spot[1]))]


def _dot(ax: Axes, x: float, y: float, colour: str, state: str | None) -> None:
    """Draw a base, or the capital, at a place in points."""
    look: dict[str, Any] = {"mec": colour, **marks.OVER}
    if state is None:
        shape, look = "s" if colour == LABEL else "o", look | {"ms": 3, "mfc": colour, "mew": 0, "zorder": 4.5}
    else:
        shape = "D" if state == "left" else "o"
        face = colour if state == "held" else PAPER
        look |= {"ms": 5.6 if shape == "o" else 4.8, "mfc": face, "mew": 1.2, "zorder": 5}
    marks.plot(ax, [(x, y)], marker=shape, **look)


def _sampler(state: str) -> marks.Sample:
    return lambda ax, x, y: _dot(ax, x, y, INK, state)
