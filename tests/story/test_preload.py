"""What is done before kernels are forked changes neither charts nor the state of the process."""

import random

import matplotlib

from handover.story.charts import figure, labels, preload, prepare, style, troops


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


def test_the_words_of_an_earlier_day_have_been_measured(tell, project):
    rows = tell("2025-11-15").frame("troop_levels").query("scope == 'us_in_iraq'")
    measured = []
    for before in (lambda: None, lambda: prepare(project.notebooks)):
        style.text_size.cache_clear()
        labels.breadth.cache_clear()
        before()
        known = style.text_size.cache_info().misses
        figure.svg(figure.drawn(lambda ax: troops.levels(ax, rows))[0])
        measured.append(style.text_size.cache_info().misses - known)
    assert 4 * measured[1] < measured[0]
