"""Preloading changes neither charts nor the state of the process."""

import random

import matplotlib

from handover.story.charts import preload, troops


def test_a_chart_is_the_same_before_and_after(tell):
    story = tell("2026-01-31")
    rows = story.frame("troop_levels").query("scope == 'us_in_iraq'").head(9)
    words = {"title": "A finding", "subtitle": "US troops", "alt": "A chart of troops, from many to few, falling."}

    def chart():
        return story.figure(lambda ax: troops.levels(ax, rows), rows, **words).svg

    before, settings, state = chart(), dict(matplotlib.rcParams), random.getstate()
    preload()
    assert chart() == before
    assert dict(matplotlib.rcParams) == settings
    assert random.getstate() == state
