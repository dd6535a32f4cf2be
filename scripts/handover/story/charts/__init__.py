"""Charts as small functions of an axes from `figure.canvas` and rows; a notebook hands one of them to `Story.figure`.

    style ─► figure (canvas, checks, SVG, the finished chart)
      └────► labels ─► axes, marks ─► quantities, timeline  (of any story)
                                 └► troops, attacks, isis, slip, places, handovers

A chart leaves out weak sources, and refuses to be drawn without a row. Importing this package imports no matplotlib;
each module does.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

#: As many canvases as the charts of a long report take, each for a page and for a phone.
CANVASES = 12


def preload() -> None:
    """Do what the first chart of a process does once, by drawing a small one and discarding it.

    `handover.notebook.forkserver` calls this in the process that kernels are forked from. No report depends on it.
    """
    import pandas as pd

    from handover.story.charts import troops

    days = pd.to_datetime(["2001-01-31", "2001-02-28", "2002-03-31"])
    row = {"row_id": "x", "source_id": "x", "outlet": "x", "grade": "A", "date": days, "date_precision": "day"}
    row |= {"value": [3.0, 2.0, 1.0], "low": float("nan"), "high": float("nan"), "bound": "about"}
    _draw((troops.levels, pd.DataFrame(row | {"scope": "us_in_iraq", "basis": "observed", "method": "press"})))


def _draw(*charts: tuple[Callable[..., None], Any]) -> None:
    from handover.story.charts import figure

    for draw, rows in charts:
        fig, ax = figure.canvas()
        draw(ax, rows)
        figure.svg(fig)


def prepare(folder: Path) -> None:
    """Read the tables of the project around `folder` and the histories of its facts, and make blank canvases.

    Charts of all rows are drawn and discarded: most of their words are those of any day's, and are measured only once.
    Called as `preload` is, before many notebooks run that would each do so.
    """
    from handover.project import Project
    from handover.story.charts import attacks, figure, handovers, isis, troops
    from handover.story.claims import View
    from handover.story.contradictions import contradictions
    from handover.story.data import Tables
    from handover.story.evidence import News
    from handover.story.facts import Facts
    from handover.story.frames import whole_table
    from handover.story.values import English

    tables = Tables.load(Project.find(folder))
    contradictions(tables)
    rows = {name: whole_table(tables, name) for name in tables.rows}
    facts = Facts(View(tables, tables.days[-1]))
    news = News(facts, English())
    for key in facts:
        news.steps(key)
    with suppress(KeyError):  # another story has other tables
        _draw(
            (troops.levels, troops.in_iraq(rows["troop_levels"], rows["claims"])),
            (attacks.by_month, rows["attacks"]),
            (handovers.strip, handovers.ended(rows["handovers"], rows["bases"])),
            (isis.counts, isis.comparable(rows["isis_attacks"], rows["claims"])),
        )
    figure.make_ready(CANVASES)
