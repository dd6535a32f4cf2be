"""The palette keeps its roles apart in grey and to colour-blind eyes."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from handover.story.charts.attacks import WEAPONS
from handover.story.charts.palette import ALERT, CONTEXT, FOCUS, INK, PAPER, RULE, SEA

#: Complete loss of one kind of cone, on linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
EYES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "in grey": [[0.2126, 0.7152, 0.0722]] * 3,
}
#: A difference in CIELAB that is seen at a glance; in grey only lightness is left, and shapes must do the rest.
APART, APART_IN_GREY = 20.0, 8.0


def lab(rgb):
    """CIELAB of a linear RGB colour, white point D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.maximum(np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089], 1e-4))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def seen(colour, eye):
    linear = [((part + 0.055) / 1.055) ** 2.4 if part > 0.04045 else part / 12.92 for part in to_rgb(colour)]
    return lab(np.array(EYES[eye]) @ linear)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("pair", list(itertools.combinations((INK, FOCUS, ALERT, CONTEXT), 2)), ids=" ".join)
def test_two_roles_are_told_apart(pair, eye):
    one, other = (seen(colour, eye) for colour in pair)
    assert np.linalg.norm(one - other) > (APART_IN_GREY if eye == "in grey" else APART)


@pytest.mark.parametrize("eye", EYES)
def test_the_sea_is_told_from_land_and_from_the_country(eye):
    for land in (RULE, PAPER):
        assert np.linalg.norm(seen(SEA, eye) - seen(land, eye)) > 6, "a coastline does the rest"


def test_weapons_differ_in_shape_or_fill_and_not_in_colour_alone():
    looks = [(shape, colour == "#FFFFFF") for _, shape, colour in WEAPONS.values()]
    assert len(set(looks)) == len(looks)
