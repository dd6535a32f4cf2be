"""Troop levels over time, as stated: dated marks with steps between them, never a slope."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from handover.errors import ChartError
from handover.story.charts import axes, labels, marks
from handover.story.charts.figure import MARGIN, half, room
from handover.story.charts.style import ALERT, CONTEXT, FOCUS, INK, house
from handover.story.claims import WEAK
from handover.story.frames import records
from handover.story.values import Period, Quantity, period_of, quantity_of

#: Kind of mark -> its words in the key, in reading order.
KINDS = {
    "about": "about",
    "exact": "exact",
    "range": "range",
    "below": "fewer than",
    "above": "more than",
    "file": "personnel files",
    "ordered": "ordered",
    "planned": "planned",
    "authorised": "authorised",
    "outlier": "outlier",
    "faint": "no count for half a year",
}
#: The kinds that are counts by the usual method.
COUNTS = ("about", "exact", "range", "below", "above")
#: The least rise and fall, as a fraction of the highest count, that make a peak worth a label.
PROMINENT = 0.15
#: Marks nearer than this fraction of the axis in both directions need only one label.
NEAR = 0.05
#: A level is carried faintly over a gap of more days than this.
SPARSE = 183
#: The width in points of a canvas that each label needs.
LABEL = 48.0
FAINT = {"lw": 1.1, "alpha": 0.4}
FILE = {"marker": "s", "ms": marks.SIZE, "mfc": INK, "mec": INK, "zorder": 3, "clip_on": False}
#: The scope that the reports show, and the article's claim with its own count.
SCOPE, ARTICLE = "us_in_iraq", "p09s01b"


def _sample(quantity: Quantity, colour: str = FOCUS, basis: str = "observed") -> marks.Sample:

    def draw(ax: Axes, x: float, y: float) -> None:
        edges = (None if edge is None else y + edge for edge in (quantity.value, quantity.low, quantity.high))
        marks.draw(ax, [(x, Quantity(*edges, quantity.bound))], colour, basis=basis, fade=9, **marks.KEY)

    return draw


SAMPLES: dict[str, marks.Sample] = {
    "about": _sample(Quantity(0, bound="about")),
    "exact": _sample(Quantity(0, bound="exact")),
    "range": _sample(Quantity(low=-4, high=4, bound="range")),
    "below": _sample(Quantity(high=4, bound="fewer_than")),
    "above": _sample(Quantity(low=-4, bound="more_than")),
    "file": FILE,
    **{basis: _sample(Quantity(0, bound="about"), ALERT, basis) for basis in marks.MEANT},
    "outlier": _sample(Quantity(0, bound="about"), CONTEXT),
    "faint": lambda ax, x, y: labels.line(ax, (x - 6, y), (x + 3, y), FOCUS, **FAINT),
}


@dataclass(frozen=True, slots=True)
class Level:
    """One published figure: the place of its mark, its kind (`KINDS`), and what its label may say."""

    id: str
    x: float
    height: float
    quantity: Quantity
    kind: str
    period: Period


#: A level carried from one place of the axis to another: from, to, level.
Stretch = tuple[float, float, float]


def in_iraq(rows: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``troop_levels`` on US troops in Iraq, with the article's own of ``claims`` beside others."""
    found = rows[rows["scope"] == SCOPE]
    own = claims[claims["row_id"] == ARTICLE]
    if found.empty or own.empty:
        return found
    own = own.assign(date=own["end_date"], date_precision="day", scope=SCOPE, basis="observed", method="press")
    return pd.concat([found, own[[name for name in found if name in own]]], ignore_index=True)


@house()
def levels(
    ax: Axes,
    rows: pd.DataFrame,
    since: str | dt.date | None = None,
    *,
    until: str | dt.date | None = None,
    named: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
) -> None:
    """Draw troop levels of one scope over time.

    Each mark is one published figure; those of the lowest grade are left out. A thin line carries a level to the next
    count, faintly over more than half a year, and a dotted riser joins the two. A bound is not carried, since it says
    nothing about the level itself. A row whose ``standing`` is outlier is grey, moves no level and has no label.

    Args:
        ax: From `figure.canvas`.
        rows: Rows of ``troop_levels`` of one scope.
        since: First day to show; earlier rows are left out.
        until: The axis reaches at least to this day: the report's.
        named: Rows that must be labelled, for example since the title names them, from `Story.marks`; their label
            there may be empty.
        events: Events of a day, for example the last departure, from `Story.marks`.

    Raises:
        ChartError: No row is left, or the rows are of several scopes.
    """
    told = records(rows)
    marks.need(told, "troop levels")
    scopes = sorted({row["scope"] for row in told})
    if len(scopes) > 1:
        raise ChartError(
            f"troop levels: rows must be of one scope (got {', '.join(scopes)}).\n"
            "Filter them first, such as rows[rows.scope == 'us_in_iraq']."
        )
    first = None if since is None else axes.day_from(since)
    found = [_level(row) for row in told if row["grade"] != WEAK and row["bound"]]
    found = sorted((one for one in found if not first or one.period.end >= first), key=attrgetter("x", "height", "id"))
    marks.need(found, f"troop levels since {since}" if since else "troop levels")
    begin = min(level.period.start for level in found)
    ends = [] if events is None else [row for row in records(events) if row["start"] >= begin]
    shown = [*(level.period.end for level in found), *(event["end"] for event in ends)]
    shown += [axes.day_from(until)] if until else []
    lines = _carried(found)
    _set_axes(ax, found, lines, first or begin, max(shown))
    _draw(ax, found, lines)
    written = _draw_events(ax, ends)
    words = {} if named is None else dict(zip(named["row_id"], named["label"], strict=True))
    needed, notes = _callouts(found, words, int(ax.figure.bbox.width / LABEL) - len(ends))
    notes = [replace(note, inline=half(ax)) for note in notes]
    taken = [*_obstacles(ax, found, lines, ends), *written]
    labels.interrupt_grid(ax, written + labels.beside(ax, notes, taken, needed=needed))


def _set_axes(ax: Axes, found: list[Level], lines: list[Stretch], first: dt.date, last: dt.date) -> None:
    """Set room, axes and key; leave room for a label over the highest mark."""
    margin = dt.timedelta(max((last - first).days * 0.015, 20))
    first, last = first - margin, last + margin
    top = max(*(level.height for level in found), 1)
    shown = {level.kind for level in found} | {"faint" for start, end, _ in lines if _sparse(start, end)}
    kinds = {} if half(ax) else {kind: meaning for kind, meaning in KINDS.items() if kind in shown}
    over = max(marks.key_room(ax, list(kinds.values())), MARGIN)
    room(ax, left=MARGIN + axes.tick_room(top), right=MARGIN + 4, top=over, bottom=axes.foot(first, last))
    axes.time_axis(ax, first, last)
    tall = ax.get_window_extent().height
    ax.set_ylim(0, top * tall / (tall - (1 if half(ax) else 2) * labels.LINE - 7))
    axes.count_axis(ax, top)
    marks.key(ax, kinds, SAMPLES)


def _level(row: Mapping[str, Any]) -> Level:
    quantity, period = quantity_of(row), period_of(row)
    bound = str(quantity.bound)
    if row.get("standing") == "outlier":
        kind = "outlier"
    elif row["basis"] in marks.MEANT:
        kind = str(row["basis"])
    elif row["method"] == "personnel_file":
        kind = "file"
    else:
        kind = "below" if bound in marks.UPPER else "above" if bound in marks.LOWER else bound
    x = (axes.num(period.start) + axes.num(period.end)) / 2
    return Level(row["row_id"], x, marks.height(quantity), quantity, kind, period)


def _carried(found: list[Level]) -> list[Stretch]:
    """Return the levels carried from one count to the next; bounds, intentions and other methods carry none."""
    seen = [level for level in found if level.kind in COUNTS and level.period.precision != "year"]
    ends = [level.x for level in [*seen[1:], *seen[-1:]]]
    return [(own.x, end, own.height) for own, end in zip(seen, ends, strict=True) if own.kind in ("about", "exact")]


def _risers(lines: list[Stretch]) -> list[tuple[float, float, float]]:
    """Return where levels change: the day, the level before, the level after."""
    return [(own[1], own[2], after[2]) for own, after in pairwise(lines) if after[0] == own[1] and after[2] != own[2]]


def _sparse(start: float, end: float) -> bool:
    return end - start > SPARSE


def _draw(ax: Axes, found: list[Level], lines: list[Stretch]) -> None:
    for faint, look in ((False, {"lw": 1.2}), (True, FAINT)):
        held = [((start, level), (end, level)) for start, end, level in lines if _sparse(start, end) == faint]
        held = [(start, end) for start, end in held if start < end]
        labels.strokes(ax, held, FOCUS, zorder=1.8, gid="faint" if faint else "hold", **look)
    risers = [((x, low), (x, high)) for x, low, high in _risers(lines)]
    labels.strokes(ax, risers, FOCUS, lw=0.9, ls=(0, (1, 1.6)), zorder=1.7, gid="riser")
    loose = [(level.period, level.height) for level in found if level.period.precision != "day"]
    months = [((axes.num(own.start), height), (axes.num(own.end), height)) for own, height in loose]
    labels.strokes(ax, months, CONTEXT, lw=0.8, zorder=1.6, gid="precision")
    for kind, group in groupby(sorted(found, key=attrgetter("kind")), attrgetter("kind")):
        spots = [(level.x, level.quantity) for level in group]
        if kind == "file":
            marks.plot(ax, [(x, marks.height(quantity)) for x, quantity in spots], **FILE)
        elif kind == "outlier":
            marks.draw(ax, spots, CONTEXT, zorder=2.5)
        else:
            marks.draw(ax, spots, _colour(kind), basis=kind)


def _draw_events(ax: Axes, events: list[dict[str, Any]]) -> list[labels.Box]:
    """Draw a line down to the day of each event, with its label at the top, on the left if there is room."""
    box, found = ax.get_window_extent(), []
    for event in sorted(events, key=lambda event: event["start"], reverse=True):
        px = labels.points(ax, _middle(event), 0)[0]
        words = labels.wrap(event["label"], min(max(px - box.x0, box.x1 - px) - 8, 84), "bold")
        note = labels.Note(0, 0, words, axes.short(event["start"]))
        wide, tall = labels.extent(note)
        left = px - labels.PAD - wide if px - wide > box.x0 else px + labels.PAD
        top = min([box.y1, *(other.bottom - 2 for other in found)])
        labels.line(ax, (px, box.y0), (px, top), INK, lw=0.9, zorder=2.2, gid="event")
        place = labels.Box(left, top - tall, left + wide, top)
        labels.write(ax, note, place, "right" if left < px else "left")
        found.append(place)
    return found


def _obstacles(
    ax: Axes, found: list[Level], lines: list[Stretch], events: list[dict[str, Any]]
) -> Iterator[labels.Box]:
    """Yield what no label may cover: marks, levels, risers, the lines of events."""
    # a text may cover the pale end of a fade
    fade = marks.FADE * 0.6
    reach = dict.fromkeys(marks.UPPER, (fade, 3.5)) | dict.fromkeys(marks.LOWER, (3.5, fade))
    for level, (px, py) in zip(found, labels.all_points(ax, [(own.x, own.height) for own in found]), strict=True):
        down, up = reach.get(level.quantity.bound, (3.5, 3.5))
        yield labels.Box(px - 3.5, py - down, px + 3.5, py + up)
    ends = [((start, level), (end, level)) for start, end, level in lines]
    ends += [((x, low), (x, high)) for x, low, high in _risers(lines)]
    ends += [((_middle(event), 0), (_middle(event), ax.get_ylim()[1])) for event in events]
    corners = labels.all_points(ax, [place for both in ends for place in both])
    for (x0, y0), (x1, y1) in zip(corners[::2], corners[1::2], strict=True):
        yield labels.Box(x0 - 1, min(y0, y1) - 1, x1 + 1, max(y0, y1) + 1)


def _middle(event: Mapping[str, Any]) -> float:
    return (axes.num(event["start"]) + axes.num(event["end"])) / 2


def _colour(kind: str) -> str:
    return ALERT if kind in marks.MEANT else INK if kind == "file" else FOCUS


def _callouts(found: list[Level], words: Mapping[str, str], most: int) -> tuple[int, list[labels.Note]]:
    """Choose what is labelled: the rows named, then the last, first, highest and lowest, peaks and intentions.

    The levels come by day; `words` has the rows that are named, each with a word for it or "". Returns the labels, at
    `most` so many unless more are named, and before them how many of the first must be written: those named, or else
    the last.
    """
    must = [level for level in found if level.id in words]
    seen = [level for level in found if level.kind in COUNTS]
    meant = [level for level in found if level.kind in marks.MEANT]
    exact = [level for level in seen if level.kind in ("about", "exact")]
    files = sorted((level for level in found if level.kind == "file"), key=attrgetter("height"))
    chosen = []
    if seen:
        start = [level for level in seen if level.x <= seen[0].x + 31]
        must = must or [seen[-1]]
        chosen += [seen[-1], _highest(start), *meant[-1:], _highest(seen)]
    if exact:
        chosen.append(min(exact, key=attrgetter("height")))
    chosen += [*files[-1:], *_peaks(seen), *meant[::-1]]
    # two outlets with the same figure in the same month need one label
    notes: dict[tuple[str, str], labels.Note] = {}
    for level in must:
        note = _note(level, words.get(level.id, ""))
        notes.setdefault((note.head, note.body), note)
    needed, kept = len(notes), list(notes.values())
    across, up = NEAR * (found[-1].x - found[0].x), NEAR * _highest(found).height
    for note in (_note(level) for level in {level.id: level for level in chosen}.values()):
        if len(kept) < most and not any(_much_the_same(note, other, across, up) for other in kept):
            kept.append(note)
    return needed, kept


def _highest(found: Sequence[Level]) -> Level:
    return max(found, key=attrgetter("height"))


def _much_the_same(one: labels.Note, other: labels.Note, across: float, up: float) -> bool:
    """Return whether a second label would add nothing: it has the figure of the first, or is near it."""
    near = abs(one.x - other.x) < across and abs(one.y - other.y) < up
    return one.colour == other.colour and (one.head == other.head or near)


def _note(level: Level, word: str = "") -> labels.Note:
    how = word or (KINDS[level.kind] if level.kind in ("file", *marks.MEANT) else "")
    # a named level needs no month
    date = axes.short(level.period.start, "year" if word or level.period.precision == "year" else "month")
    body = ", ".join(filter(None, [how, date]))
    return labels.Note(level.x, level.height, marks.words(level.quantity), body, _colour(level.kind))


def _peaks(seen: list[Level]) -> Iterator[Level]:
    """Yield the levels that rise by `PROMINENT` above both sides, up to a higher one; of equals the first."""
    heights = [level.height for level in seen]
    least = PROMINENT * max(heights, default=0)
    for n, own in enumerate(heights):
        before = [other >= own for other in heights[:n]]
        after = [other > own for other in heights[n + 1 :]]
        left = heights[n - before[::-1].index(True) : n] if any(before) else heights[:n]
        right = heights[n + 1 : n + 1 + after.index(True)] if any(after) else heights[n + 1 :]
        if left and right and own - max(min(left), min(right)) >= least:
            yield seen[n]
