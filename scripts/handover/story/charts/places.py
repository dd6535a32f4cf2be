"""A map of Iraq and its neighbours with the bases on it, each in the state that the reports give.

The size of a mark says nothing about the base. A base without any report has a state of its own.
"""

import math
import re
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from handover.errors import ChartError
from handover.story.charts import labels, marks
from handover.story.charts.figure import MARGIN, heighten, room
from handover.story.charts.labels import Box
from handover.story.charts.style import CONTEXT, FOCUS, INK, LABEL, PAPER, RULE, SEA, house
from handover.story.contradictions import APART
from handover.story.frames import EVIDENCE, from_rows, records, sound

HOME, WATER = "Iraq", "Sea"
BAGHDAD = ("Baghdad", 44.366, 33.315)
#: Margin around the country in degrees, and the latitude at which degrees of longitude are measured.
AROUND, MIDDLE = 0.75, 33.3
#: Greatest height of the map in points, and its height over its width.
TALLEST, SHAPE = 290.0, 1.06
#: Least part of a name that must lie on its own land, as a fraction.
ASHORE = 0.7
#: On a canvas narrower than this, in points, a base may go without a name.
NAMED = 250.0
#: Kilometres of the scale bar and of a degree of latitude.
BAR, DEGREE = 200, 111.2
#: Bases nearer than this, in degrees, share a mark.
TOGETHER = 0.02
#: Parts of names that the map leaves out.
GENERIC = re.compile(r"^(Joint Base|Camp|Al) |\s*\(.*\)| (Air |Airfield )?(Base|base|West)( Complex)?")
#: A base nearer to the capital than this, in points, is drawn at this distance, so that both can be seen.
CLEAR = 7.5
#: State -> its words; of bases that share a mark, the first state is shown.
STATES = {
    "held": "US or coalition forces there",
    "shared": "shared with Iraqi forces",
    "unknown": "no handover reported",
    "out": "left by the end, day not known",
    "left": "left, handover not reported",
    "handed_over": "handed over to Iraq",
}
#: Kind of handover -> state of the base after it.
BECOMES = {
    "transfer": "handed_over",
    "announcement": "handed_over",
    "declaration": "left",
    "departure": "left",
    "return": "held",
    "planned": "held",
}
#: Size of a mark in points: of the focus, and of other bases.
SIZES = {"focus": 9.0, "base": 6.0}
#: Columns of `states`.
COLUMNS = ("place_id", "name", "latitude", "longitude", "state", "words", "date", "date_precision")


def states(bases: pd.DataFrame, rows: pd.DataFrame, over: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return bases with their state and the rows that give it.

    A base that forces returned to after a transfer is shared; one that they are still to leave is held; one without
    reports is unknown, until the last forces are reported out of the country.

    Args:
        bases: Rows of ``bases``.
        rows: Rows of ``handovers``; a transfer outranks a departure from the same base that is less than `APART` away.
        over: Rows, with a ``start``, that report the last forces out of the country, if any.

    Returns:
        ``place_id``, ``name``, ``latitude``, ``longitude``, ``state``, ``words`` for it, ``date`` and
        ``date_precision`` of the change, and the columns of evidence: a row for the position of each base, and one
        for its state if reported.
    """
    reports: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(sound(rows), key=itemgetter("date", "row_id")):
        if row["kind"] in BECOMES:
            reports.setdefault(row["place_id"], []).append(row)
    end = next(iter(sound(over)), None) if over is not None else None
    found = []
    for base in records(bases):
        state, report = _state(reports.get(base["place_id"], []))
        day = None if report is None or report["kind"] == "planned" else (report["date"], report["date_precision"])
        if end is not None and state not in ("left", "handed_over"):
            state, report, day = "out", end, (end["start"], end["date_precision"])
        own = {name: base[name] for name in ("place_id", "name", "latitude", "longitude")}
        own |= {"state": state, "words": STATES[state], "date": day and day[0], "date_precision": day and day[1]}
        for evidence in filter(None, (base, report)):
            found.append(own | {name: evidence[name] for name in EVIDENCE})
    return from_rows(found, COLUMNS)


def _state(reports: list[dict[str, Any]]) -> tuple[str, dict[str, Any] | None]:
    """Return the state of a base after its reports, given earliest first, and the report that decides it."""
    state, report, given = "unknown", None, False
    for row in reports:
        becomes = BECOMES[row["kind"]]
        if row["kind"] == "planned" and state != "unknown":
            continue
        later = ("left", "handed_over") if state == "handed_over" else (state,)
        if becomes in later and row["date"] - report["date"] < APART:
            continue
        given = given or becomes == "handed_over"
        state, report = "shared" if becomes == "held" and given else becomes, row
    return state, report


@house()
def locator(ax: Axes, outlines: Mapping[str, Any], bases: pd.DataFrame, focus: str = "ain_al_asad") -> None:
    """Draw the map, the state of each base as its mark; sets the height of the canvas.

    Args:
        ax: From `figure.canvas`.
        outlines: GeoJSON of the country, its neighbours, the sea and any provinces to outline, each with a
            ``name``, provinces with an ``iso_3166_2``.
        bases: From `states`; a base without coordinates is left out.
        focus: The base in the focus colour and size.

    Raises:
        ChartError: No base has coordinates, the outlines lack Iraq, or a name has no room.
    """
    placed = [row for row in records(bases) if row["latitude"] is not None and row["longitude"] is not None]
    # a base has a row for its position and one for its state
    known = list({row["place_id"]: row for row in reversed(placed)}.values())
    marks.need(known, "map of bases with coordinates")
    kinds = {state: words for state, words in STATES.items() if any(row["state"] == state for row in known)}
    over = marks.key_room(ax, list(kinds.values()))
    inner = ax.figure.bbox.width - 2 * MARGIN
    heighten(ax, min(TALLEST, inner * SHAPE) + over + MARGIN)
    wide, tall = room(ax, left=MARGIN, right=MARGIN, top=max(over, MARGIN), bottom=MARGIN)
    shapes = {str(f["properties"]["name"]): _path(f["geometry"]) for f in outlines["features"]}
    provinces = {str(f["properties"]["name"]) for f in outlines["features"] if "iso_3166_2" in f["properties"]}
    _frame(ax, shapes, wide / tall)
    _land(ax, shapes, provinces)
    marks.key(ax, kinds, {state: _look(INK, state, SIZES["base"]) for state in STATES})
    lines = [shapes[name] for name in (HOME, *sorted(provinces))]
    taken = [*_bases(ax, lines, known, focus), _scale_bar(ax)]
    others = {name: shape for name, shape in shapes.items() if name not in (HOME, WATER)}
    _name_lands(ax, others, [shapes[name] for name in (HOME, WATER) if name in shapes], taken)


def _path(geometry: Mapping[str, Any]) -> Path:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    rings = [Path(np.asarray(ring, float)[:, :2], closed=True) for part in parts for ring in part]
    return Path.make_compound_path(*rings)


def _frame(ax: Axes, shapes: Mapping[str, Path], shape: float) -> None:
    """Fit the country's height, and fill the width with its neighbours."""
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


def _land(ax: Axes, shapes: Mapping[str, Path], provinces: set[str]) -> None:
    """Draw the land: grey around the country, even without outlines; the sea tinted."""
    ax.set_axis_off()
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    everything = Path([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], closed=True)
    labels.add(ax, PathPatch(everything, fc=RULE, ec="none", zorder=0.5))
    for name, shape in sorted(shapes.items()):
        look: dict[str, Any] = {"fc": RULE, "ec": CONTEXT, "lw": 0.5, "zorder": 1}
        if name == WATER:
            look = {"fc": SEA, "ec": CONTEXT, "lw": 0.5, "zorder": 1.5, "gid": "sea"}
        elif name == HOME:
            look = {"fc": PAPER, "ec": LABEL, "lw": 1.1, "zorder": 2}
        elif name in provinces:
            look = {"fc": "none", "ec": LABEL, "lw": 1.0, "ls": (0, (4, 2)), "zorder": 2.5, "gid": "province"}
        labels.add(ax, PathPatch(shape, **look))


def _scale_bar(ax: Axes) -> Box:
    box = ax.get_window_extent()
    (_, y0), (_, y1) = labels.points(ax, 0, 0), labels.points(ax, 0, 1)
    start, end, foot = box.x0 + 7, box.x0 + 7 + BAR / DEGREE * (y1 - y0), box.y0 + 9
    labels.line(ax, (start, foot), (end, foot), INK, lw=1.2, zorder=3)
    for x in (start, end):
        labels.line(ax, (x, foot - 3), (x, foot + 3), INK, lw=1.2, zorder=3)
    words = f"{BAR} km"
    labels.set_text(ax, end + 5, foot + labels.LINE / 2, words, colour=INK)
    return Box(start, foot - 6, end + 5 + labels.breadth(words), foot + 6)


def _bases(ax: Axes, drawn: list[Path], known: list[dict[str, Any]], focus: str) -> list[Box]:
    """Draw the bases and the capital with their names; return the boxes that they cover."""
    spots = _merged(known, focus)
    notes = [(BAGHDAD[1], BAGHDAD[2], BAGHDAD[0], "normal", LABEL, None)]
    for x, y, name, state, own in spots:
        notes.insert(0 if own else len(notes), (x, y, name, "bold", FOCUS if own else INK, state))
    capital = labels.points(ax, *BAGHDAD[1:])
    places = [_clear(place, capital) for place in labels.all_points(ax, [note[:2] for note in notes])]
    sizes = [(labels.breadth(name, weight), (name.count("\n") + 1) * labels.LINE) for *_, name, weight, _, _ in notes]
    dots = [Box(px - 4, py - 4, px + 4, py + 4) for px, py in places]
    named = [labels.Mark(*place, *size) for place, size in zip(places, sizes, strict=True)]
    box, roomy = ax.get_window_extent(), ax.figure.bbox.width > NAMED
    borders = [_points_along(part) for shape in drawn for part in shape.to_polygons(closed_only=False)]
    border = ax.transData.transform(np.concatenate(borders))
    lines = [Box(px - 1, py - 1, px + 1, py + 1) for px, py in border.tolist()] if roomy else []
    found = labels.place_beside(
        named, [*dots, *lines], inside=Box(box.x0, box.y0, box.x1, box.y1), reach=7, steps=12 if roomy else 3
    )
    for (_, _, name, weight, colour, state), (px, py), where in zip(notes, places, found, strict=True):
        marks.plot(ax, [(px, py)], **_look(colour, state, SIZES["focus" if colour == FOCUS else "base"]) | marks.OVER)
        if where is None and not roomy:
            labels.leave_out(ax, name)
            continue
        if where is None:
            raise ChartError(f"map: there is no room for the label of {name}.\nGive the map fewer bases.")
        near = labels.nearest(where, px, py)
        if math.dist(near, (px, py)) > 9:
            labels.line(ax, (px, py), near, LABEL, zorder=3.5)
        labels.set_text(ax, where.left, where.top, name, weight=weight, colour=colour)
    return [*[box for box in found if box], *dots]


def _clear(place: tuple[float, float], capital: tuple[float, float]) -> tuple[float, float]:
    away = math.dist(place, capital)
    if not 0 < away < CLEAR:
        return place
    (x, y), (cx, cy) = place, capital
    return cx + (x - cx) / away * CLEAR, cy + (y - cy) / away * CLEAR


def _points_along(line: np.ndarray) -> np.ndarray:
    """Return points along a line, so close that no label fits between them."""
    away = np.diff(line, axis=0)
    counts = np.maximum((np.hypot(*away.T) / 0.05).astype(int), 2)
    along = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    return np.repeat(line[:-1], counts, axis=0) + along[:, None] * np.repeat(
        away / (counts - 1)[:, None], counts, axis=0
    )


def _merged(known: list[dict[str, Any]], focus: str) -> list[tuple[float, float, str, str, bool]]:
    """Merge bases at one spot: the first state of `STATES`, and the names of all."""
    spots: list[list[Any]] = []
    order = list(STATES)
    for row in sorted(known, key=itemgetter("place_id")):
        x, y = float(row["longitude"]), float(row["latitude"])
        name = GENERIC.sub("", str(row["name"]))
        near = next((s for s in spots if math.dist(s[:2], (x, y)) < TOGETHER), None)
        if near is None:
            spots.append([x, y, name, row["state"], row["place_id"] == focus])
        else:
            near[2] += f",\n{name}"
            near[3] = min(near[3], row["state"], key=order.index)
            near[4] = near[4] or row["place_id"] == focus
    return [tuple(spot) for spot in sorted(spots, key=lambda spot: (not spot[4], spot[1]))]


def _look(colour: str, state: str | None, size: float) -> dict[str, Any]:
    """Return the look of a base, or of the capital, which has no state."""
    if state is None:
        # above the bases, since one is so near that it would hide the capital
        return {"marker": "s", "ms": 4.6, "mfc": LABEL, "mec": PAPER, "mew": 0.8, "zorder": 6}
    look = {"ms": size, "mfc": PAPER, "mec": colour, "mew": 1.2, "zorder": 5}
    own = {
        "held": {"marker": "o", "mfc": colour},
        "shared": {"marker": "o", "mfc": colour, "fillstyle": "left", "markerfacecoloralt": PAPER},
        "unknown": {"marker": "o", "ms": size * 0.6, "mfc": CONTEXT, "mec": CONTEXT},
        "out": {"marker": "x", "mew": 1.6},
        "left": {"marker": "D", "ms": size * 0.85},
        "handed_over": {"marker": "o"},
    }
    return look | own[state]


def _name_lands(ax: Axes, shapes: Mapping[str, Path], never: list[Path], taken: list[Box]) -> None:
    """Write each land's name where it is farthest from any edge, or leave it out if it has no room.

    No name may reach into the outlines `never`: the country itself and the sea. `taken` are the boxes already covered,
    in points, to which those of the names are added. The limits of the axes must be final.
    """
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, 60), np.linspace(y0, y1, 48), indexing="ij"), axis=-1)
    for name in sorted(shapes):
        best = _best_box(ax, name, shapes[name], grid, never, taken)
        if best is not None:
            labels.set_text(ax, best.left, best.top, name, colour=LABEL)
            taken.append(best)


def _best_box(ax: Axes, name: str, shape: Path, grid: np.ndarray, never: list[Path], taken: list[Box]) -> Box | None:
    """Return the box farthest from any edge where the name fits on the land, else the one where most of it does."""
    (west, south), (east, north) = shape.get_extents().get_points()
    grid = grid[_around(grid[:, 0, 0], west, east), _around(grid[0, :, 1], south, north)]
    inside = shape.contains_points(grid.reshape(-1, 2)).reshape(grid.shape[:2])
    if not inside.any():
        return None
    box, back = ax.get_window_extent(), ax.transData.inverted()
    spots = ax.transData.transform(grid.reshape(-1, 2)).reshape(grid.shape)
    px, py = spots[inside].T
    land = _to_edge(inside, spots[:, 0, 0], spots[0, :, 1])[inside]
    clear = np.min([px - box.x0, box.x1 - px, py - box.y0, box.y1 - py, land], axis=0)
    wide, half = labels.breadth(name) / 2, labels.LINE / 2
    across = np.array([(dx, dy) for dx in np.linspace(-wide, wide, 9) for dy in (-half, 0.0, half)])
    best, most = None, ASHORE
    for n in np.argsort(-clear, kind="stable"):
        own = Box(px[n] - wide, py[n] - half, px[n] + wide, py[n] + half)
        within = box.x0 + 3 < own.left and own.right < box.x1 - 3 and box.y0 + 3 < own.bottom and own.top < box.y1 - 3
        if not within or any(own.meets(other, 2) for other in taken):
            continue
        under = back.transform(across + np.array([px[n], py[n]]))
        ashore = shape.contains_points(under).mean()
        if ashore == 1:
            return own
        if ashore > most and not any(other.contains_points(under).any() for other in never):
            best, most = own, ashore
    return best


def _around(places: np.ndarray, low: float, high: float) -> slice:
    """Return the part of ascending places that lies between two, with one more on each side."""
    return slice(max(np.searchsorted(places, low) - 1, 0), np.searchsorted(places, high, "right") + 1)


def _to_edge(inside: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Return how far each point of a grid, by column and row, is from the nearest one not `inside`, at most 1,000.

    First along each line, then over all lines: far fewer pairs than those of all points.
    """
    along = np.where(inside[None], np.inf, np.abs(xs[:, None] - xs)[..., None]).min(axis=1)
    return np.hypot(along[:, None], ys[:, None] - ys).min(axis=2, initial=1e3)
