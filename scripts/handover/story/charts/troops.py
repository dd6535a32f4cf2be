"""Troop levels over time, as they were stated: dated marks with steps between them, never a slope."""

import datetime as dt
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from handover.errors import ChartError
from handover.story.charts import dates, labels, marks
from handover.story.charts.frame import MARGIN, room, styled
from handover.story.charts.palette import ALERT, CONTEXT, FOCUS, INK
from handover.story.rows import records
from handover.story.wording import Quantity

#: Rows that tell what somebody meant, allowed or ordered, not what anybody saw.
MEANT = ("planned", "ordered", "authorised")
KINDS = {
    "about": "about",
    "exact": "exact",
    "range": "range",
    "below": "fewer than",  # a plan is labelled as one wherever it stands
    "above": "more than",
    "file": "personnel files",
}


def _sampler(colour: str, quantity: Callable[[float], Quantity]) -> marks.Sample:
    return lambda ax, x, y: marks.draw(ax, [(x, quantity(y))], colour, fade=9, **marks.KEY)


SAMPLES = {
    "about": _sampler(FOCUS, lambda y: Quantity(y, bound="about")),
    "exact": _sampler(FOCUS, lambda y: Quantity(y, bound="exact")),
    "range": _sampler(FOCUS, lambda y: Quantity(low=y - 4, high=y + 4, bound="range")),
    "below": _sampler(FOCUS, lambda y: Quantity(high=y + 4, bound="fewer_than")),
    "above": _sampler(FOCUS, lambda y: Quantity(low=y - 4, bound="more_than")),
    "file": lambda ax, x, y: marks.squares(ax, [(x, y)], INK, **marks.KEY),
}
#: A rise and fall of this share of the axis is a peak worth a label.
PROMINENT = 0.15
#: Bounds and ranges are labelled too until there are so many labels.
LABELS, LABELS_HALF = 10, 4


@styled
def levels(
    ax: Axes, rows: pd.DataFrame, since: str | dt.date | None = None, *, until: str | dt.date | None = None
) -> None:
    """Draw troop levels of one scope over time.

    Each mark is one published figure. A level is carried to the next figure by a thin line, and the two are
    joined by dotted risers; a bound is not carried, since it says nothing about the level under it.

    Args:
        ax: From `frame.canvas`.
        rows: Rows of ``troop_levels`` of one scope.
        since: First day to show; earlier rows are left out.
        until: Last day to show at least, such as the day the report speaks from.

    Raises:
        ChartError: No row is left, or the rows are of several scopes.
    """
    marks.need(rows, "troop levels")
    if rows["scope"].nunique() > 1:
        raise ChartError(
            f"troop levels: rows must be of one scope (got {', '.join(sorted(rows['scope'].unique()))}).\n"
            "Filter them first, such as rows[rows.scope == 'us_in_iraq']."
        )
    rows = _prepared(rows, since)
    top = max(rows["height"].max(), 1)
    first = pd.Timestamp(since).date() if since else rows["begin"].min()
    last = max(rows["end"].max(), pd.Timestamp(until).date() if until else dt.date.min)
    kinds = {kind: meaning for kind, meaning in KINDS.items() if kind in set(rows["kind"])}
    over = marks.key_room(ax, list(kinds.values()))
    margin = dt.timedelta(max((last - first).days * 0.015, 20))
    first, last = first - margin, last + margin
    foot = dates.foot(first, last)
    room(ax, left=MARGIN + marks.tick_room(top), right=MARGIN + 4, top=max(over, MARGIN), bottom=foot)
    dates.time_axis(ax, first, last)
    ax.set_ylim(0, top)
    lines = _carried(rows, dates.num(last))
    notes = _notes(rows, full=ax.figure.bbox.width > 300)

    def place() -> list[labels.Box]:
        return labels.flag_boxes(ax, notes, _obstacles(ax, rows, lines))

    labels.fit(ax, place, top, limit=ax.get_window_extent().y1 + 5)
    marks.count_axis(ax, top)
    marks.key(ax, kinds, SAMPLES)
    _draw(ax, rows, lines)
    labels.interrupt_grid(ax, labels.flags(ax, notes, _obstacles(ax, rows, lines)))


def _prepared(rows: pd.DataFrame, since: str | dt.date | None) -> pd.DataFrame:
    found = rows[rows["bound"].notna()]
    told = records(found)
    quantities, periods = [marks.stated(row) for row in told], [dates.period(row) for row in told]
    found = found.assign(
        quantity=quantities,
        height=[marks.height(quantity) for quantity in quantities],
        begin=[period.start for period in periods],
        end=[period.end for period in periods],
        x=[(dates.num(period.start) + dates.num(period.end)) / 2 for period in periods],
        meant=found["basis"].isin(MEANT),
        kind=[_kind(row, quantity) for row, quantity in zip(told, quantities, strict=True)],
    )
    if since is not None:
        found = found[found["end"] >= pd.Timestamp(since).date()]
    marks.need(found, f"troop levels since {since}" if since else "troop levels")
    return found.sort_values(["x", "height", "row_id"] if "row_id" in found else ["x", "height"])


def _kind(row: Mapping[str, Any], quantity: Quantity) -> str:
    if row["basis"] in MEANT:
        return "plan"
    if row["method"] == "personnel_file":
        return "file"
    bound = str(quantity.bound)
    return "below" if bound in marks.UPPER else "above" if bound in marks.LOWER else bound


def _carried(rows: pd.DataFrame, last: float) -> list[tuple[float, float, float]]:
    """Levels held from one observed figure to the next: from, to, level; bounds and other methods hold none."""
    seen = rows[~rows["meant"] & (rows["kind"] != "file") & (rows["date_precision"] != "year")]
    found = []
    spots = list(zip(seen["x"], seen["height"], seen["kind"], strict=True))
    for n, (x, level, kind) in enumerate(spots):
        if kind in ("about", "exact"):
            found.append((x, spots[n + 1][0] if n + 1 < len(spots) else x, level))
    return [stretch for stretch in found if stretch[0] <= last]


def _draw(ax: Axes, rows: pd.DataFrame, lines: list[tuple[float, float, float]]) -> None:
    if lines:
        starts, ends, levels = zip(*lines, strict=True)
        ax.hlines(levels, starts, ends, colors=FOCUS, lw=1.1, zorder=1.8, gid="hold")
    steps = [(own, after) for own, after in pairwise(lines) if after[0] == own[1] and after[2] != own[2]]
    if steps:
        xs, lows, highs = zip(*((own[1], own[2], after[2]) for own, after in steps), strict=True)
        ax.vlines(xs, lows, highs, colors=FOCUS, lw=0.9, linestyles=[(0, (1, 1.6))], zorder=1.7, gid="riser")
    loose = rows[rows["date_precision"] != "day"]
    if len(loose):
        starts, ends = ([dates.num(day) for day in loose[edge]] for edge in ("begin", "end"))
        ax.hlines(loose["height"], starts, ends, colors=CONTEXT, lw=0.8, zorder=1.6, gid="precision")
    filed = rows["kind"] == "file"
    marks.squares(ax, list(zip(rows["x"][filed], rows["height"][filed], strict=True)), INK)
    for meant, colour in ((False, FOCUS), (True, ALERT)):
        drawn = rows[~filed & (rows["meant"] == meant)]
        marks.draw(ax, zip(drawn["x"], drawn["quantity"], strict=True), colour, diamond=meant)


def _obstacles(ax: Axes, rows: pd.DataFrame, lines: list[tuple[float, float, float]]) -> list[labels.Box]:
    spots = ax.transData.transform(rows[["x", "height"]].to_numpy(dtype=float)).tolist()
    found = [labels.Box(px - 5, py - 3, px + 5, py + 3) for px, py in spots]
    ends = [spot for start, end, level in lines for spot in ((start, level), (end, level))]
    held = iter(ax.transData.transform(ends).tolist() if ends else [])
    return found + [labels.Box(x0, y - 1, x1, y + 1) for (x0, y), (x1, _) in zip(held, held, strict=True)]


def _notes(rows: pd.DataFrame, *, full: bool) -> list[labels.Note]:
    """What is labelled, the most needed first: last, first, the latest plan, highest, lowest, then the rest."""
    seen, plans = rows[~rows["meant"] & (rows["kind"] != "file")], rows[rows["meant"]].index[::-1]
    level = seen[seen["kind"].isin(["about", "exact"])]
    chosen: list[int] = []
    if len(seen):
        start = seen[seen["x"] <= seen["x"].iloc[0] + 31]
        chosen += [seen.index[-1], start["height"].idxmax(), *plans[:1], seen["height"].idxmax()]
    if len(level):
        chosen.append(level["height"].idxmin())
    chosen += [*rows[rows["kind"] == "file"].sort_values("height").index[-1:], *plans, *_peaks(seen)]
    notes = _without_twins([_note(rows.loc[n]) for n in dict.fromkeys(chosen)])
    if not full:
        return notes[:LABELS_HALF]
    bounds = seen[seen["kind"].isin(["below", "range", "above"])].index[::-1]
    more = _without_twins([*notes, *(_note(rows.loc[n]) for n in bounds)])
    return more[: max(LABELS, len(notes))]


def _without_twins(notes: list[labels.Note]) -> list[labels.Note]:
    """Two outlets that gave one figure in one month share a label."""
    found: dict[tuple[str, str], labels.Note] = {}
    for note in notes:
        found.setdefault((note.head, note.body), note)
    return list(found.values())


def _note(row: pd.Series) -> labels.Note:
    how = {"file": "in personnel files", "plan": row["basis"]}.get(row["kind"], "")
    colour = ALERT if row["meant"] else INK if row["kind"] == "file" else FOCUS
    date = dates.short(row["begin"], "year" if row["date_precision"] == "year" else "month")
    body = ", ".join(filter(None, [how, date]))
    return labels.Note(row["x"], row["height"], marks.words(row["quantity"]), body, colour, inline=True)


def _peaks(seen: pd.DataFrame) -> list[int]:
    """Figures that stand out above what lies on either side of them, up to a higher one; of equals the first."""
    heights, least = list(seen["height"]), PROMINENT * seen["height"].max()
    found = []
    for n, own in enumerate(heights):
        before = [other >= own for other in heights[:n]]
        after = [other > own for other in heights[n + 1 :]]
        left = heights[n - before[::-1].index(True) : n] if any(before) else heights[:n]
        right = heights[n + 1 : n + 1 + after.index(True)] if any(after) else heights[n + 1 :]
        if left and right and own - max(min(left), min(right)) >= least:
            found.append(seen.index[n])
    return found
