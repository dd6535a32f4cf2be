"""All eyes can tell the colours' roles apart; texts have matplotlib's sizes, and no fork shares a file."""

import itertools
import os
import re
import subprocess
import sys
from importlib import resources

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from handover.story.charts import style
from handover.story.charts.attacks import WEAPONS
from handover.story.charts.style import ALERT, CONTEXT, FOCUS, INK, PAPER, RULE, SEA, house

#: Complete loss of one kind of cone, on linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
EYES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "in grey": [[0.2126, 0.7152, 0.0722]] * 3,
}
#: A clear difference in CIELAB; in grey only lightness is left, and shapes must do the rest.
APART, APART_IN_GREY = 20.0, 8.0


def lab(rgb):
    """CIELAB of a linear RGB colour, white point D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.maximum(np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089], 1e-4))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one, other, eye):
    linear = ([((c + 0.055) / 1.055) ** 2.4 if c > 0.04045 else c / 12.92 for c in to_rgb(x)] for x in (one, other))
    return np.linalg.norm(np.subtract(*(lab(np.array(EYES[eye]) @ colour) for colour in linear)))


@pytest.mark.parametrize("eye", EYES)
def test_roles_differ_and_the_sea_differs_from_land(eye):
    for one, other in itertools.combinations((INK, FOCUS, ALERT, CONTEXT), 2):
        assert distance(one, other, eye) > (APART_IN_GREY if eye == "in grey" else APART), (one, other)
    for land in (RULE, PAPER):
        assert distance(SEA, land, eye) > 6, "a coastline does the rest"


def test_weapons_differ_in_shape_or_fill_and_not_in_colour_alone():
    looks = [(shape, colour == PAPER) for _, shape, colour in WEAPONS.values()]
    assert len(set(looks)) == len(looks)


def test_the_style_sheet_uses_the_palette_alone():
    text = (resources.files("handover.story.charts") / "house.mplstyle").read_text("utf-8")
    known = {getattr(style, name)[1:] for name in ("INK", "FOCUS", "ALERT", "CONTEXT", "LABEL", "RULE", "PAPER")}
    assert set(re.findall(r"color: ([0-9A-F]{6})", text)) <= known


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("text", ["Ain al-Asad", "about 2,500–3,000", "عين الأسد", "$5 and $6", "first fi", " "])
def test_a_text_is_as_large_as_matplotlib_has_it(text, weight):
    with house():
        font = FontProperties(size=9, weight=weight)
        theirs = text_to_path.get_text_width_height_descent(text, font, False)
        assert style.text_size(text, font) == pytest.approx(theirs, abs=1e-9)


def test_another_size_of_the_face_changes_no_size():
    with house():
        font = FontProperties(size=9)
        before = style.text_size("Erbil", font)
        style._face(font).set_size(30, 72)
        style.text_size.cache_clear()
        assert style.text_size("Erbil", font) == before


FORK = """
import os
from matplotlib.font_manager import FontProperties
from handover.story.charts import style
def sizes():
    style.text_size.cache_clear()
    return [style.text_size(text, FontProperties(size=9)) for text in ("Ain al-Asad", "عين الأسد", "0123456789") * 50]
with style.house():
    before = sizes()
    child = os.fork()
    same = sizes() == before
    if not child:
        os._exit(not same)
    raise SystemExit(os.waitpid(child, 0)[1] or not same)
"""


def test_forks_measure_the_same_at_the_same_time():
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_typefaces_are_found_where_the_system_s_are_to_be_ignored(monkeypatch):
    monkeypatch.setenv("MPL_IGNORE_SYSTEM_FONTS", "1")
    from matplotlib import font_manager

    from handover import fonts

    with house():
        found = font_manager.findfont(font_manager.FontProperties(family=fonts.SANS), fallback_to_default=False)
    assert str(found).endswith("IBMPlexSansCondensed-Regular.ttf")
    assert os.environ["MPL_IGNORE_SYSTEM_FONTS"] == "1"
