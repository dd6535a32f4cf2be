"""Warming changes nothing that a chart shows, and nothing that a run could see."""

import random

import matplotlib

from handover.story import Story
from handover.story.charts import troops
from handover.story.warm import warm


def chart():
    story = Story("2026-01-31")
    rows = story.frame("troop_levels").query("scope == 'us_in_iraq'").head(9)
    words = {"title": "A finding", "subtitle": "US troops", "alt": "A chart of troops, from many to few, falling."}
    return story.figure(lambda ax: troops.levels(ax, rows), rows, **words).svg


def test_a_chart_is_the_same_before_and_after():
    before, settings, state = chart(), dict(matplotlib.rcParams), random.getstate()
    warm()
    assert chart() == before
    assert dict(matplotlib.rcParams) == settings
    assert random.getstate() == state
