"""Rows of a frame one by one, for what is said or drawn of each; what holds of a whole column is left to pandas."""

from typing import TYPE_CHECKING, Any

from handover.story.view import WEAK

if TYPE_CHECKING:
    import pandas as pd


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the rows as dictionaries, days as timestamps; `DataFrame.to_dict` takes several times as long."""
    names = list(frame.columns)
    cells = zip(*(frame[name].tolist() for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in cells]


def sound(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows that may stand behind a mark or a label of a chart: those of the lowest grade never do."""
    return frame[frame["grade"] != WEAK]
