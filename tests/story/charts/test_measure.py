"""Sizes of texts are those that matplotlib gives, and no fork reads in a typeface's file that it shares."""

import subprocess
import sys

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from handover.story.charts import measure
from handover.story.charts.house import house

SCRIPT = """
import os
from matplotlib.font_manager import FontProperties
from handover.story.charts import measure
from handover.story.charts.house import house
with house():
    before = measure.size("Ain al-Asad", FontProperties(size=9))
    child = os.fork()
    if child == 0:
        held = measure._face.cache_info().currsize
        measure.size.cache_clear()
        os._exit(held or measure.size("Ain al-Asad", FontProperties(size=9)) != before)
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize(
    "text", ["Ain al-Asad", "1,669", "about 2,500–3,000", "عين الأسد", "$5 and $6", "first fi", " "]
)
def test_a_text_is_as_large_as_matplotlib_has_it(text, weight):
    with house():
        font = FontProperties(size=9, weight=weight)
        theirs = text_to_path.get_text_width_height_descent(text, font, False)
        assert measure.size(text, font) == pytest.approx(theirs, abs=1e-9)


def test_one_who_draws_in_the_face_at_another_size_changes_nothing():
    with house():
        font = FontProperties(size=9)
        before = measure.size("Erbil", font)
        text_to_path.get_text_width_height_descent("Erbil", FontProperties(size=30), False)
        measure._face(font).set_size(30, 72)
        measure.size.cache_clear()
        assert measure.size("Erbil", font) == before


def test_closed_typefaces_are_opened_again():
    with house():
        before = measure.size("Erbil", FontProperties(size=9))
        measure.close()
        measure.size.cache_clear()
        assert measure.size("Erbil", FontProperties(size=9)) == before


def test_a_fork_opens_the_typefaces_anew():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
