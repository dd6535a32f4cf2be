"""What the first chart of a process does once: typefaces are read, text is measured, a frame is filtered and drawn.

`handover.notebook.forkserver` calls `preload` in the process that kernels are forked from, so that none does it again.
Nothing that a report shows depends on it.
"""

import pandas as pd

from handover.story.charts import attacks, figure, style, troops


def preload() -> None:
    """Draw two small charts of made-up rows, and throw them away."""
    days = pd.to_datetime(["2001-01-31", "2001-02-28", "2002-03-31"])
    row = {"row_id": "x", "source_id": "x", "outlet": "x", "grade": "A", "date": days, "date_precision": "day"}
    quantity = {"value": [3.0, 2.0, 1.0], "low": float("nan"), "high": float("nan"), "bound": "about"}
    counts = {"scope": "us_in_iraq", "basis": "observed", "method": "press", **quantity}
    raids = {"basis": "reported", "weapon": "rocket", "wounded": 1.0, "wounded_bound": "exact"}
    for draw, rows in (
        (troops.levels, pd.DataFrame({**row, **counts})),
        (attacks.by_year, pd.DataFrame({**row, **raids})),
    ):
        fig, ax = figure.canvas()
        draw(ax, rows)
        figure.svg(fig)
    # each fork would close the typefaces, whose files it must not share, by itself: here, for all
    style.close_fonts()
