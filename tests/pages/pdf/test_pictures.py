import io

import pytest
from pdf_samples import raster
from PIL import Image

from handover.document import model
from handover.pages import pictures

FACE = 'font-family="IBM Plex Sans Condensed, sans-serif"'


def svg(inside):
    return model.Picture("svg", f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>'.encode(), 96, 48)


def test_letters_that_no_pdf_may_hold_are_named():
    assert "a 😀<tspan>[U+202E]</tspan>" in pictures.for_typst(svg("<text>a 😀<tspan>\u202e</tspan></text>")).decode()


def test_the_narrow_face_is_named_as_typst_knows_it():
    drawn = pictures.for_typst(svg(f"<text {FACE}>x</text>")).decode()
    assert '<text font-family="IBM Plex Sans, sans-serif" font-stretch="condensed">' in drawn


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "CMYK"), ("GIF", "P")])
def test_a_picture_that_typst_does_not_take_becomes_a_png(kind, mode):
    made = pictures.for_typst(model.Picture(kind.lower(), raster(kind, mode), 40, 20))
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")


def test_any_other_picture_stays_as_it_is():
    assert pictures.for_typst(model.Picture("png", raster(), 40, 20)) == raster()


def test_of_a_picture_that_moves_paper_shows_the_still_one():
    assert pictures.for_typst(model.Picture("webp", b"frames", 40, 20, still=raster())) == raster()


def test_a_picture_is_measured_in_points():
    assert pictures.points(svg("")) == (72, 36)
    assert pictures.points(model.Picture("png", b"", 40, 20, density=144)) == (20, 10)
