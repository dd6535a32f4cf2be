"""Attacks on a base: one mark a day on which at least one source reports one, and days a year.

A day counts once, however many sources report it, by the rule of the data's column ``basis``; a mark does not say how
many attacks a day saw. Days that only the attackers claim hang, hollow, under the axis, and are not counted.
"""

import datetime as dt
from itertools import groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from handover.story.charts import axes, labels, marks
from handover.story.charts.figure import MARGIN, full, heighten, room
from handover.story.charts.style import ALERT, CONTEXT, FOCUS, INK, LABEL, PAPER, styled
from handover.story.frames import records, sound
from handover.story.values import Quantity

#: Weapon of a day -> its name, shape and colour.
WEAPONS = {
    "rocket": ("rockets", "s", CONTEXT),
    "drone": ("drones", "o", FOCUS),
    "ballistic_missile": ("ballistic missiles", "^", ALERT),
    "mixed": ("more than one kind", "D", INK),
    "unknown": ("weapon not stated", "o", PAPER),
}
#: Height of a day in its month's stack, in points.
UNIT = 8.0
#: Largest size of a mark, in points.
LARGEST = 8.0
#: How many days with the most wounded get a label, on a full and a narrower canvas, and the fewest wounded worth one.
WORST, WORST_HALF, LEAST = 4, 2, 4

#: Words for days that only the attackers claim, and for years with nothing on record or nothing that counts.
CLAIMED, NONE, UNCOUNTED = "claimed, not counted", "none on record", "none that counts"
#: Weapon -> colour of its label; CONTEXT is too pale for text.
WORDS = {kind: INK if colour in (CONTEXT, PAPER) else colour for kind, (_, _, colour) in WEAPONS.items()}
#: The widest a column gets, in points, and the fewest days that fill the height.
COLUMN, LOWEST = 36.0, 4


def _dated(rows: pd.DataFrame, basis: str) -> pd.DataFrame:
    return sound(rows[(rows["date_precision"] == "day") & (rows["basis"] == basis)])


def claimed(rows: pd.DataFrame) -> list[pd.Timestamp]:
    """Return the days for which only the attackers claim an attack."""
    counted = set(_dated(rows, "reported")["date"])
    return sorted(set(_dated(rows, "claimed")["date"]) - counted)


def days(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each day that counts as one with an attack.

    Args:
        rows: Rows of ``attacks``. A day counts when a source of grade A to C, other than the attackers, reports
            it; rows that give no day are left out, since another row may give the day.

    Returns:
        Columns ``date``, ``weapon`` (``mixed`` where sources name several) and ``wounded``, the highest count
        of any source, as a `Quantity`, or None.
    """
    reports: dict[pd.Timestamp, list[dict[str, Any]]] = {}
    for row in records(_dated(rows, "reported").sort_values("date")):
        reports.setdefault(row["date"], []).append(row)
    found = []
    for day, group in reports.items():
        weapons = {row["weapon"] for row in group if pd.notna(row["weapon"])}
        weapon = "mixed" if len(weapons) > 1 else next(iter(weapons), "unknown")
        found.append({"date": day, "weapon": weapon, "wounded": _wounded(group)})
    return pd.DataFrame(found, columns=["date", "weapon", "wounded"])


def listed_by_day(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that `by_month` draws, each with what the mark of its day says: the values of that chart.

    Rows of one day read alike, so a table shows them as one row with several sources.

    Args:
        rows: As for `by_month`.

    Returns:
        The rows with ``weapon`` and ``wounded`` of their day, and whether it counts, in words, as ``basis``.
    """
    counted = {row["date"]: row for row in records(days(rows))}
    own = {"reported": set(counted), "claimed": set(claimed(rows))}
    drawn = sound(rows[rows["date_precision"] == "day"])
    marked = [row["date"] in own.get(row["basis"], ()) for row in records(drawn)]
    drawn = drawn[pd.Series(marked, index=drawn.index, dtype=bool)]
    kinds = [counted[row["date"]]["weapon"] if row["date"] in counted else "" for row in records(drawn)]
    none = drawn.groupby("date")["wounded"].transform("max") == 0
    most = [
        Quantity(0, bound="exact") if unhurt else counted[day]["wounded"] if day in counted else None
        for day, unhurt in zip(drawn["date"], none, strict=True)
    ]
    return drawn.assign(
        weapon=[WEAPONS[kind][0] if kind else "" for kind in kinds],
        wounded=[marks.height(wounded) if wounded else None for wounded in most],
        wounded_bound=[wounded.bound if wounded else None for wounded in most],
        basis=["reported" if kind else CLAIMED for kind in kinds],
    )


def listed_by_year(rows: pd.DataFrame, *, until: str | dt.date) -> pd.DataFrame:
    """Return the rows that `by_year` counts, each with the count of its year: the values of that chart.

    Args:
        rows: As for `by_year`.
        until: The report's day.

    Returns:
        The rows with ``year``, in words, and ``days``. Those of one year read alike, as in `listed_by_day`.
    """
    end = pd.Timestamp(until)
    drawn = _dated(rows, "reported")
    years = drawn["date"].dt.year
    words = [f"{year} so far" if year == end.year and not end.is_year_end else str(year) for year in years]
    return drawn.assign(year=words, days=drawn.groupby(years)["date"].transform("nunique"))


def _wounded(reports: list[dict[str, Any]]) -> Quantity | None:
    known = [row for row in reports if row["wounded"] > 0]
    if not known:
        return None
    most = max(reversed(known), key=lambda row: row["wounded"])
    number = float(most["wounded"])
    bound = str(most["wounded_bound"]) if pd.notna(most["wounded_bound"]) else "exact"
    edge = {"low": number} if bound in marks.LOWER else {"high": number} if bound in marks.UPPER else {"value": number}
    return Quantity(**edge, bound=bound)


@styled
def by_month(ax: Axes, rows: pd.DataFrame, *, until: str | dt.date | None = None) -> None:
    """Stack a mark for each day with an attack in its month, its shape for the weapon.

    A year without one says so. Days that were only claimed hang under the axis.

    Args:
        ax: From `figure.canvas`; the canvas takes the height it needs.
        rows: Rows of ``attacks`` on one base.
        until: The axis reaches at least to this day: the report's.

    Raises:
        ChartError: No day counts.
    """
    found = days(rows)
    marks.need(found, "attacks by month")
    found["x"], found["level"] = _stacked(found["date"])
    hung = pd.DataFrame({"date": claimed(rows)}, dtype="datetime64[ns]")
    hung["x"], hung["level"] = _stacked(hung["date"])
    top, low = found["level"].max() + 0.5, (hung["level"].max() + 1.1 if len(hung) else 0.0)
    first, last = found["date"].min().date(), max([*found["date"], *hung["date"]]).date()
    if until is not None:
        last = max(last, pd.Timestamp(until).date())
    none = _years_without(found["date"], first.year, last)
    first, last = first.replace(day=1) - dt.timedelta(20), last + dt.timedelta(35)
    kinds = {kind: name for kind, (name, *_) in WEAPONS.items() if kind in set(found["weapon"])}
    kinds |= {"claimed": CLAIMED} if len(hung) else {}
    notes = _worst(found, WORST if full(ax) else WORST_HALF)
    unit = max(UNIT, 24 / top)
    over, ticks = marks.key_room(ax, list(kinds.values())), axes.foot(first, last)
    foot = ticks + low * unit

    def scale(plot: float, foot: float = foot) -> None:
        heighten(ax, foot + plot + over)
        room(ax, left=MARGIN + axes.tick_room(top), right=MARGIN + 2, top=over, bottom=foot)
        ax.set_ylim(0, plot / unit)

    # no taller than the stacks and labels need, so that a stack looks like one
    plot = top * unit
    scale(plot, ticks)
    axes.time_axis(ax, first, last)
    scale(plot)
    highest = max((box.top for box in labels.flag_boxes(ax, notes, _stacks(ax, found))), default=0.0)
    scale(max(plot, highest - foot + 3))
    marks.key(ax, kinds, {kind: _sampler(kind) for kind in (*WEAPONS, "claimed")})
    axes.count_axis(ax, top, most=max(int(top * unit / 16), 1))
    size = _size(ax)
    for kind, group in found.groupby("weapon", sort=True):
        _mark(ax, list(zip(group["x"], group["level"], strict=True)), kind, size)
    _mark(ax, list(zip(hung["x"], -hung["level"] - 0.4, strict=True)), "claimed", size, clip_on=False)
    boxes = [*_stacks(ax, found), *labels.flags(ax, notes, _stacks(ax, found))]
    for year in none:
        _write_none(ax, year, boxes)


def _stacked(when: pd.Series) -> tuple[list[float], pd.Series]:
    """Return the middle of each day's month, and the day's place in the month's stack."""
    months = when.dt.to_period("M")
    return [axes.num(m.start_time) + m.days_in_month / 2 for m in months], when.groupby(months).cumcount() + 0.5


def _years_without(when: pd.Series, first: int, last: dt.date) -> list[int]:
    ended = last.year + (last.month == 12 and last.day == 31)
    return [year for year in range(first, ended) if year not in set(when.dt.year)]


def _write_none(ax: Axes, year: int, taken: list[labels.Box]) -> None:
    """Write over a year of the axis that nothing is on record, if there is room."""
    px, py = labels.points(ax, axes.num(dt.date(year, 7, 2)), 0)
    (left, _), (right, _) = (labels.points(ax, axes.num(dt.date(y, 1, 1)), 0) for y in (year, year + 1))
    words = labels.wrap(NONE, right - left)
    wide, tall = labels.breadth(words) / 2, (words.count("\n") + 1) * labels.LINE
    box = labels.Box(px - wide, py + 3, px + wide, py + 3 + tall)
    if not any(box.meets(other) for other in taken):
        labels.set_text(ax, px, box.top, words, colour=LABEL, align="center")


def _stacks(ax: Axes, found: pd.DataFrame) -> list[labels.Box]:
    tops = found.groupby("x")["level"].max() + 0.5
    spots = [labels.points(ax, x, top) for x, top in tops.items()]
    return [labels.Box(px - 3, 0, px + 3, py) for px, py in spots]


def _size(ax: Axes) -> float:
    """Return the size of a mark: as wide as a month and as tall as a day, within limits."""
    (x0, y0), (x1, y1) = labels.points(ax, 0, 0), labels.points(ax, 30.4, 1)
    return min(max(x1 - x0, 4.0), y1 - y0, LARGEST) - 0.4


def _mark(ax: Axes, places: list[tuple[float, float]], kind: str, size: float, **how: Any) -> None:
    if kind == "claimed":
        look = {"marker": "o", "ms": size * 0.85, "mfc": PAPER, "mec": LABEL, "mew": 0.7, "zorder": 3, "gid": "claimed"}
        marks.plot(ax, places, **look | how)
        return
    _, shape, colour = WEAPONS[kind]
    look = {"mfc": colour, "mec": CONTEXT if colour == PAPER else colour, "mew": 0.4, "zorder": 3}
    marks.plot(ax, places, marker=shape, ms=size * (0.85 if shape == "D" else 1), **look | how)


def _sampler(kind: str) -> marks.Sample:
    return lambda ax, x, y: _mark(ax, [(x, y)], kind, 5.5, **marks.KEY)


def _worst(found: pd.DataFrame, most: int) -> list[labels.Note]:
    hurt = found[[wounded is not None and marks.height(wounded) >= LEAST for wounded in found["wounded"]]]
    order = sorted(hurt.index, key=lambda n: (-marks.height(found.loc[n, "wounded"]), n))[:most]
    notes = []
    for n in sorted(order):
        row = found.loc[n]
        # the stem starts at the top of the month's stack
        level = found[found["x"] == row["x"]]["level"].max() + 0.5
        words = f"{marks.words(row['wounded'])} wounded"
        notes.append(
            labels.Note(row["x"], level, words, axes.short(row["date"].date()), WORDS[row["weapon"]], inline=True)
        )
    return notes


@styled
def by_year(ax: Axes, rows: pd.DataFrame, *, until: str | dt.date | None = None) -> None:
    """Draw a column for each year: the number of days with an attack.

    Args:
        ax: From `figure.canvas`.
        rows: Rows of ``attacks`` on one base; a year with only rows that do not count says so.
        until: The report's day; the column of its unfinished year is hatched, and years up to it without a reported
            attack say so.

    Raises:
        ChartError: No day counts.
    """
    found = days(rows)
    marks.need(found, "attacks by year")
    counts = found.groupby(found["date"].dt.year).size()
    end = pd.Timestamp(until) if until is not None else None
    last = max(counts.index.max(), end.year if end is not None else 0)
    years = list(range(counts.index.min(), last + 1))
    partial = end is not None and end.year == last and not end.is_year_end
    wide, _ = room(ax, left=MARGIN, right=MARGIN, top=MARGIN + labels.LINE, bottom=31 if partial else 20)
    ax.set_xlim(-0.6, len(years) - 0.4)
    # a single day must not fill the height
    ax.set_ylim(0, max(counts.max(), LOWEST))
    ax.yaxis.set_visible(False)
    half = min(0.32, COLUMN / 2 * (len(years) + 0.2) / wide)
    for n, year in enumerate(years):
        count = int(counts.get(year, 0))
        part = partial and year == last
        look = {"fc": PAPER, "ec": FOCUS, "hatch": "////"} if part else {"fc": FOCUS, "ec": FOCUS}
        if count:
            labels.add(ax, Rectangle((n - half, 0), 2 * half, count, lw=0.8, clip_on=False, **look))
            px, py = labels.points(ax, n, count)
            labels.set_text(ax, px, py + labels.LINE + 1, str(count), weight="bold", colour=FOCUS, align="center")
    uncounted = set(rows["date"].dt.year)
    _explain_gaps(ax, [(year not in counts.index, year in uncounted) for year in years], wide / (len(years) + 0.2))
    every = next(n for n in (1, 2, 3, 5, 10) if wide / len(years) * n > 22)
    shown = [n for n in range(len(years)) if (len(years) - 1 - n) % every == 0]
    words = [str(years[n]) for n in shown]
    if partial:
        words[-1] += f"\nto {axes.SHORT[end.month - 1]}"
    axes.ticks(ax, list(zip(shown, words, strict=True)), length=0)
    ax.spines["bottom"].set_color(INK)


def _explain_gaps(ax: Axes, years: list[tuple[bool, bool]], each: float) -> None:
    """Write over neighbouring years why they have no column: a zero would read as a finding.

    Args:
        ax: Its limits must be final.
        years: For each, whether it has no column, and whether the record has rows that do not count.
        each: Width of a year in points.
    """
    start, last = 0, labels.Box(0, 0, 0, 0)
    for (empty, uncounted), group in groupby(years):
        many = len(list(group))
        if empty:
            words = labels.wrap(UNCOUNTED if uncounted else NONE, (many + 0.3) * each)
            half, tall = labels.breadth(words) / 2, labels.LINE * (words.count("\n") + 1)
            px, foot = labels.points(ax, start + (many - 1) / 2, 0)
            px = min(px, ax.figure.bbox.width - MARGIN - half)
            # above the words before it if it would touch them
            foot = last.top if last.right + labels.PAD > px - half else foot + 2
            last = labels.Box(px - half, foot, px + half, foot + tall)
            labels.set_text(ax, px, last.top, words, colour=LABEL, align="center")
        start += many
