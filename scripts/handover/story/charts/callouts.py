"""Which figures of a chart of levels carry a label, and what it says.

The most needed come first; where a label stands is up to `placement`.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from handover.story.charts import dates, labels, marks
from handover.story.charts.palette import ALERT, FOCUS, INK
from handover.story.rows import records

#: Those that tell what somebody counted, by the usual method.
COUNTS = ("about", "exact", "range", "below", "above")
#: A rise and fall of this share of the axis is a peak worth a label.
PROMINENT = 0.15
#: Marks so near each other, as a share of the axis, need one label.
NEAR = 0.05


def colour(kind: str) -> str:
    """The colour of a mark and of its label."""
    return ALERT if kind in marks.MEANT else INK if kind == "file" else FOCUS


def of(rows: pd.DataFrame, named: pd.DataFrame | None, most: int) -> tuple[int, list[labels.Note]]:
    """Choose what is labelled: the rows named, then the last, first, highest and lowest, peaks and intentions.

    Args:
        rows: Rows as `troops.levels` prepares them, in the order of their days.
        named: As for `troops.levels`.
        most: So many labels, unless more are named.

    Returns:
        How many of the first must be written, those named or else the last, and the labels.
    """
    words = {} if named is None else dict(zip(named["row_id"], named["label"], strict=True))
    must = [n for n in rows.index if rows["row_id"][n] in words]
    seen = rows[rows["kind"].isin(COUNTS)]
    level, meant = seen[seen["kind"].isin(["about", "exact"])], rows[rows["kind"].isin(marks.MEANT)]
    chosen = []
    if len(seen):
        start = seen[seen["x"] <= seen["x"].iloc[0] + 31]
        must += [] if must else [seen.index[-1]]
        chosen += [seen.index[-1], start["height"].idxmax(), *meant.index[-1:], seen["height"].idxmax()]
    if len(level):
        chosen.append(level["height"].idxmin())
    chosen += [*rows[rows["kind"] == "file"].sort_values("height").index[-1:], *_peaks(seen), *meant.index[::-1]]
    told = dict(zip(rows.index, records(rows), strict=True))
    # two outlets that gave one figure in one month share a label
    notes: dict[tuple[str, str], labels.Note] = {}
    for n in dict.fromkeys(must):
        note = _note(told[n], words.get(told[n]["row_id"], ""))
        notes.setdefault((note.head, note.body), note)
    needed, found = len(notes), list(notes.values())
    across, up = NEAR * (rows["x"].max() - rows["x"].min()), NEAR * rows["height"].max()
    for note in (_note(told[n], "") for n in dict.fromkeys(chosen)):
        if len(found) < most and not any(_much_the_same(note, other, across, up) for other in found):
            found.append(note)
    return needed, found


def _much_the_same(one: labels.Note, other: labels.Note, across: float, up: float) -> bool:
    """Whether a second label would tell nothing new: it has the figure of the first, or stands by it."""
    near = abs(one.x - other.x) < across and abs(one.y - other.y) < up
    return one.colour == other.colour and (one.head == other.head or near)


def _note(row: Mapping[str, Any], word: str) -> labels.Note:
    how = word or {"file": "personnel files", **dict.fromkeys(marks.MEANT, row["basis"])}.get(row["kind"], "")
    # what has a name needs no month
    date = dates.short(row["begin"], "year" if word or row["date_precision"] == "year" else "month")
    body = ", ".join(filter(None, [how, date]))
    return labels.Note(row["x"], row["height"], marks.words(row["quantity"]), body, colour(row["kind"]))


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
