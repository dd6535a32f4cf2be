"""Frames as from `Story.frame`, made from short rows, and what a test reads from a figure."""

import pandas as pd
import pytest

from handover.story.charts import figure

QUANTITY = {"value": None, "low": None, "high": None, "bound": None}
TABLES = {
    "troop_levels": {
        **{"level_id": "", "date": None, "date_precision": "day", "scope": "us_in_iraq", "basis": "observed"},
        **{"method": "press", **QUANTITY, "place_id": None},
    },
    "attacks": {
        **{"attack_id": "", "date": None, "date_precision": "day", "place_id": "ain_al_asad", "weapon": "rocket"},
        **{"basis": "reported", "wounded": None, "wounded_bound": None},
    },
    "isis_attacks": {
        **{"count_id": "", "scope": "Iraq", "start": None, "end": None, **QUANTITY, "measure": "attacks"},
        **{"counted_by": "Somebody"},
    },
    "handovers": {
        **{"handover_id": "", "place_id": "ain_al_asad", "date": None, "date_precision": "day", "kind": "transfer"},
    },
    "bases": {"place_id": "", "name": "", "latitude": None, "longitude": None},
}
DATES = ("date", "start", "end", "known")
NUMBERS = ("value", "low", "high", "wounded", "latitude", "longitude")


def make(table, *rows):
    """Return a frame of one table from rows that give only what differs from the defaults."""
    common = {"row_id": None, "source_id": "S001", "outlet": "The Paper", "grade": "B", "known": "2026-01-07"}
    columns = TABLES[table] | common
    filled = [columns | {"row_id": f"X{n:03}"} | row for n, row in enumerate(rows)]
    made = pd.DataFrame(filled, columns=list(columns))
    for name in made.columns.intersection(DATES):
        made[name] = pd.to_datetime(made[name])
    for name in made.columns.intersection(NUMBERS):
        made[name] = made[name].astype("float64")
    return made


@pytest.fixture
def rows():
    return make


@pytest.fixture
def draw():
    """Draw on a canvas, check it, and return the figure and the axes."""

    def inner(function, *args, size="full", ratio=None, **kwargs):
        fig, ax = figure.canvas(size, ratio)
        function(ax, *args, **kwargs)
        figure.check(fig)
        return fig, ax

    return inner


@pytest.fixture
def symbols():
    """Return the marks of a plot by shape, without its key: each as x, y and the colour of its face."""

    def inner(ax, *shapes):
        return [
            (float(x), float(y), line.get_markerfacecolor())
            for line in ax.lines
            if line.get_marker() in shapes and line.get_gid() != "key"
            for x, y in zip(*line.get_data(), strict=True)
        ]

    return inner


@pytest.fixture
def strokes():
    """Return the straight strokes of a kind on a plot, each as its two ends."""

    def inner(ax, gid):
        drawn = [line.get_xydata() for line in ax.lines if line.get_gid() == gid]
        return [[start.tolist(), end.tolist()] for line in drawn for start, end, _ in line.reshape(-1, 3, 2)]

    return inner


@pytest.fixture
def texts():
    """Return all texts of a figure."""

    def inner(fig):
        from handover.story.charts.figure import visible

        return [text.get_text().replace("\u00a0", "").strip() for text in visible(fig)]

    return inner
