"""What is done before kernels are forked changes neither charts nor the state of the process."""

import random

import matplotlib

from handover.story.charts import figure, preload, prepare, troops


def test_a_chart_is_the_same_before_and_after(tell, project, monkeypatch):
    story = tell("2026-01-31")
    rows = story.frame("troop_levels").query("scope == 'us_in_iraq'").head(9)
    words = {"title": "A finding", "subtitle": "US troops", "alt": "A chart of troops, from many to few, falling."}

    def chart():
        return story.figure(lambda ax: troops.levels(ax, rows), rows, **words).svg

    monkeypatch.setattr(figure, "_ready", [])
    before, settings, state = chart(), dict(matplotlib.rcParams), random.getstate()
    preload()
    prepare(project.notebooks)
    assert figure._ready
    assert chart() == before
    assert dict(matplotlib.rcParams) == settings
    assert random.getstate() == state
