import os
import re
import subprocess
import sys

import matplotlib
import pytest

from handover.errors import ChartError
from handover.story.charts import figure, troops
from handover.story.charts.style import FAMILY, house

ALT = "Line chart of troops in Iraq, falling from 5,200 in 2020 to fewer than 1,000 in 2026."
WORDS = {"title": "Troops fell", "subtitle": "People", "credit": "Source: The Paper", "alt": ALT}


def drawn():
    fig, ax = figure.canvas()
    ax.plot([0, 1], [0, 1])
    return fig


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"alt": ""}, "alt must describe the chart to those who do not see it (got none)"),
        ({"alt": "Troops fell."}, "alt must not repeat the title (got the same words)"),
        ({"alt": "A chart of troops"}, "alt must have 40 characters or more (got 17: 'A chart of troops')"),
        (
            {"alt": "figures/a_long_name_of_a_chart_of_troop_levels.png"},
            "alt must describe the chart, not name a file (got 'figures/a_long_name_of_a_chart_of_troop_levels.png')",
        ),
        ({"title": ""}, "title must say the finding (got none)"),
    ],
)
def test_missing_words_are_refused(words, message):
    with pytest.raises(ChartError, match="its words must be complete") as error:
        figure.finish(drawn(), **WORDS | words)
    assert message in str(error.value)
    assert "Write in alt=" in str(error.value)


def test_an_alt_that_repeats_a_title_with_links_is_refused():
    title = 'Troops fell to [fewer than 1,000](#fact-troops "who said it") after the handover'
    with pytest.raises(ChartError, match="alt must not repeat the title"):
        figure.finish(drawn(), **WORDS | {"title": title, "alt": "Troops fell to fewer than 1,000 after the handover."})


def test_an_unknown_size_is_refused():
    with pytest.raises(
        ChartError, match=r"size must be one of full, half, narrow \(got 'hal'; did you mean 'half'\?\)"
    ):
        figure.canvas("hal")


def test_a_text_off_the_canvas_is_named():
    fig, ax = figure.canvas()
    ax.text(0.99, 0.5, "a label that runs out", transform=ax.transAxes)
    with pytest.raises(ChartError, match=r"'a label that runs out' leaves the canvas by \d"):
        figure.check(fig)


def test_overlapping_texts_are_named():
    fig, ax = figure.canvas()
    ax.text(0.5, 0.5, "one", transform=ax.transAxes)
    ax.text(0.5, 0.5, "other", transform=ax.transAxes)
    with pytest.raises(ChartError, match="'one' and 'other' overlap by"):
        figure.check(fig)


def test_a_tick_outside_the_limits_is_not_measured():
    fig, ax = figure.canvas()
    figure.room(ax, left=40, right=20, top=20, bottom=20)
    ax.set_yticks([0, 5], ["inside", "outside"])
    ax.set_ylim(0, 1)
    figure.check(fig)


def test_small_text_is_named():
    fig, ax = figure.canvas()
    ax.text(0.5, 0.5, "fine print", transform=ax.transAxes, fontsize=7)
    with pytest.raises(ChartError, match=r"'fine print' must have 8.25 points or more \(got 7\)"):
        figure.check(fig)


@pytest.mark.parametrize(("ratio", "heights"), [(None, [233.9, 241.0]), (0.3, [125.3, 125.3])])
def test_a_full_chart_is_drawn_a_second_time_narrow(ratio, heights):
    figures = figure.drawn(lambda ax: ax.plot([0, 1], [0, 1]), ratio=ratio)
    assert [fig.bbox.width for fig in figures] == pytest.approx([417.6, 283.5])
    assert [fig.bbox.height for fig in figures] == pytest.approx(heights, abs=0.05)
    assert [figure.full(fig.axes[0]) for fig in figures] == [True, False]


def test_a_half_chart_is_drawn_once():
    _, narrow = figure.drawn(lambda ax: ax.plot([0, 1], [0, 1]), "half")
    assert narrow is None


def test_what_is_cut_off_in_the_narrow_drawing_alone_is_named():
    figures = figure.drawn(lambda ax: ax.figure.text(0.1, 0.5, "a label that a wide drawing has room for " * 2))
    figure.check(figures[0])
    with pytest.raises(ChartError, match=r"chart, 284 points wide: .*\n  'a label that .* leaves the canvas by \d"):
        figure.finish(figures[0], **WORDS, narrow=figures[1])


def test_a_narrow_drawing_travels_beside_the_picture_and_is_no_second_output():
    fig, narrow = figure.drawn(lambda ax: ax.plot([0, 1], [0, 1]))
    data, about = figure.finish(fig, **WORDS, narrow=narrow)._repr_mimebundle_()
    assert set(data) == {"image/svg+xml", "text/html", "text/plain"}
    assert 'viewBox="0 0 283.5 ' in about["image/svg+xml"]["narrow"]
    assert data["text/html"].count("<svg ") == 1 and 'viewBox="0 0 417.6 ' in data["text/html"]


def test_settings_do_not_leak():
    before = dict(matplotlib.rcParams)
    figure.finish(drawn(), **WORDS)
    assert dict(matplotlib.rcParams) == before


def test_settings_of_the_caller_do_not_reach_the_chart():
    plain = figure.finish(drawn(), **WORDS).svg
    with matplotlib.rc_context({"axes.facecolor": "black", "svg.fonttype": "path", "xtick.direction": "in"}):
        assert figure.finish(drawn(), **WORDS).svg == plain


def test_svg_is_text_without_traces():
    fig, ax = figure.canvas()
    ax.text(0.5, 0.5, "in letters", transform=ax.transAxes)
    svg = figure.svg(fig)
    assert svg.startswith("<svg ") and ">in letters</text>" in svg
    for trace in ("<metadata", "<style", "<!DOCTYPE", "matplotlib.org", "DejaVu"):
        assert trace not in svg
    assert "IBM Plex Sans Condensed" in svg
    assert not fig.axes


def test_ids_are_the_pictures_own_and_all_are_used():
    one, other = (figure.svg(drawn()) for _ in range(2))
    fig, ax = figure.canvas()
    ax.plot([0, 1], [1, 0], marker="o")
    third = figure.svg(fig)
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in (one, third)]
    assert one == other
    assert ids[0] and ids[1] and not ids[0] & ids[1]
    for text, own in zip((one, third), ids, strict=True):
        assert own == set(re.findall(r'(?:url\(#|href="#)([^")]+)', text))


def test_a_dollar_sign_is_money():
    fig, ax = figure.canvas()
    with house():
        ax.text(0.1, 0.5, "$1 million and $2 million", transform=ax.transAxes)
    assert "$1 million and $2 million" in figure.svg(fig)


def test_what_an_analyst_adds_is_set_in_the_house_type():
    fig, ax = figure.canvas()
    added = ax.text(0.1, 0.5, "added by hand", transform=ax.transAxes, family="DejaVu Serif")
    (tick,) = ax.set_xticks([0.5], ["a tick"], family="DejaVu Serif")
    svg = figure.finish(fig, **WORDS).svg
    assert added.get_family() == tick.label1.get_family() == FAMILY
    assert ">a tick</text>" in svg and "DejaVu" not in svg


def test_the_bundle_contains_picture_and_words():
    title = 'Down to [1,000](#fact-x "The Paper: \\"it said\\"") & less'
    chart = figure.finish(drawn(), **WORDS | {"title": title.replace('\\"', "'")})
    data, metadata = chart._repr_mimebundle_()
    assert set(data) == {"image/svg+xml", "text/html", "text/plain"}
    assert data["text/plain"] == "Down to 1,000 & less"
    assert set(metadata["image/svg+xml"]) == {"alt", "title", "subtitle", "credit"}
    assert (
        '<b>Down to <a href="#fact-x" title="The Paper: &#x27;it said&#x27;">1,000</a> &amp; less</b>'
        in data["text/html"]
    )
    assert f'role="img" aria-label="{ALT}"' in data["text/html"]


SCRIPT = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from conftest import make
from handover.story.charts import figure, troops
rows = make("troop_levels", {"date": "2020-01-05", "value": 5200, "bound": "about"},
            {"date": "2021-01-15", "value": 2500, "bound": "exact", "basis": "ordered"},
            {"date": "2026-01-14", "high": 2000, "bound": "fewer_than"})
fig, ax = figure.canvas()
troops.levels(ax, rows)
print(hashlib.sha256(figure.svg(fig).encode()).hexdigest())
"""


def test_bytes_do_not_depend_on_the_process():
    here = os.path.dirname(__file__)  # noqa: PTH120
    digests = set()
    for seed, zone, language in (("1", "UTC", "C.UTF-8"), ("77", "Asia/Baghdad", "ar_IQ.UTF-8")):
        surroundings = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language}
        run = subprocess.run([sys.executable, "-c", SCRIPT, here], env=surroundings, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        digests.add(run.stdout)
    assert len(digests) == 1


def test_the_words_of_an_axis_are_measured_where_they_will_be_drawn():
    fig, ax = figure.canvas()
    figure.room(ax, left=60, right=20, top=20, bottom=45)
    ax.plot([0, 1], [0, 4e7])
    ax.set_xlabel("share of the year")
    chart = figure.finish(fig, **WORDS)
    assert ">share of the year</text>" in chart.svg and ">1e7</text>" in chart.svg


def test_the_words_of_an_axis_that_leave_the_canvas_are_named():
    fig, ax = figure.canvas()
    figure.room(ax, left=45, right=20, top=20, bottom=20)
    ax.set_xlabel("share of the year")
    with pytest.raises(ChartError, match=r"'share of the year' leaves the canvas by \d"):
        figure.finish(fig, **WORDS)


def test_a_chart_of_ours_to_which_the_words_of_an_axis_are_added_is_refused(rows):
    fig, ax = figure.canvas()
    troops.levels(ax, rows("troop_levels", {"date": "2014-11-10", "value": 50, "bound": "about"}))
    ax.set_xlabel("a label that lies on the ticks")
    with pytest.raises(ChartError, match="'a label that lies on the ticks'"):
        figure.finish(fig, **WORDS)


def test_a_blank_canvas_made_beforehand_makes_no_difference():
    def picture(size):
        fig, ax = figure.canvas(size)
        ax.plot([0, 1], [0, 1])
        return figure.svg(fig)

    before = {size: picture(size) for size in figure.SIZES}
    figure.make_ready(2)
    first = figure._ready[-1][0]
    assert figure.canvas("half")[0] is first
    assert {size: picture(size) for size in figure.SIZES} == before and not figure._ready
