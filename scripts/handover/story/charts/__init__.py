"""Charts as small functions of an axes and rows; a notebook hands one of them to `Story.figure`.

    style ─► figure (canvas, checks, SVG, the finished chart)
      └────► labels ─► axes, marks ─► quantities, timeline  (of any story)
                                 └► troops, attacks, isis, slip, places, handovers

Importing this package imports no matplotlib; each module does.
"""

from pathlib import Path

#: As many canvases as the charts of a long report take, each for a page and for a phone.
CANVASES = 12


def preload(folder: Path | None = None) -> None:
    """Do beforehand what the first charts of a process do once, and read the tables of the project around `folder`.

    `handover.notebook.forkserver` calls this in the process that kernels are forked from. No report depends on it.
    """
    import pandas as pd

    from handover.project import Project
    from handover.story.charts import attacks, figure, style, troops
    from handover.story.data import Tables
    from handover.story.frames import whole_table

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
    figure.make_ready(CANVASES)
    # forks must not share the files of typefaces: close them once here, not in each fork
    style.close_fonts()
    if folder:
        tables = Tables.load(Project.find(folder))
        tables.prepare()
        for table in tables.rows:
            whole_table(tables, table)
