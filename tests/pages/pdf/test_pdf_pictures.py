import base64
import io

import pytest
from PIL import Image

from handover.pages.typst import pictures, svg

SPACE = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def raster(kind="PNG", mode="RGB", size=(40, 20), **options) -> bytes:
    held = io.BytesIO()
    Image.new(mode, size).save(held, kind, **options)
    return held.getvalue()


def drawn(inside: str, frame: str = 'width="72pt" height="36pt"') -> str:
    found = svg.clean(f"<svg {SPACE} {frame}>{inside}</svg>")
    assert found is not None
    return found[0].decode()


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"\x89PNG\r\n\x1a\n", raster()[:-20], raster("GIF")[:8], raster("BMP")]
)
def test_a_broken_picture_is_none(data):
    assert pictures.read("png", data) is None


@pytest.mark.parametrize("source", [
    "", "<svg", "no", "<html/>", f"<svg {SPACE}/>", f'<svg {SPACE} width="0" height="9"/>',
    f'<svg {SPACE} viewBox="0 0 0 0"/>', f'<svg {SPACE} width="1" height="99999"/>',
])  # fmt: skip
def test_an_svg_that_cannot_be_drawn_is_none(source):
    assert pictures.read("svg", source) is None


def test_a_small_file_that_would_fill_the_memory_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(pictures, "DOTS", 799)
    assert pictures.raster(raster()) is None
    monkeypatch.setattr(pictures, "DOTS", 800)
    assert pictures.raster(raster()) is not None


def test_an_svg_whose_references_multiply_is_not_drawn():
    rows = "".join(f'<g id="a{n + 1}">' + f'<use xlink:href="#a{n}"/>' * 10 + "</g>" for n in range(9))
    defined = f'<defs><g id="a0"><path/></g>{rows}</defs>'
    assert svg.clean(f'<svg {SPACE} viewBox="0 0 9 9">{defined}<use href="#a9"/></svg>') is None


def test_an_svg_that_refers_to_itself_is_not_drawn():
    assert svg.clean(f'<svg {SPACE} viewBox="0 0 9 9"><g id="a"><use href="#a"/></g></svg>') is None


@pytest.mark.parametrize("inside", [
    '<image href="file:///etc/passwd"/>', '<image xlink:href="http://x.example/a.png"/>', "<script>x</script>",
    '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>', '<use href="other.svg#a"/>',
    '<image href="data:image/svg+xml;base64,AAAA"/>', "<style>@import url(http://x.example/a.css);</style>",
])  # fmt: skip
def test_nothing_reaches_outside(inside):
    found = drawn(f"{inside}<text>kept</text>")
    assert not any(word in found for word in ("file:", "http://x", "script", "foreign", "other.svg", "AAAA", "import"))
    assert "kept" in found


def test_entities_are_not_resolved():
    found = svg.clean(
        '<!DOCTYPE svg [<!ENTITY a "x"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
        f'<svg {SPACE} width="9" height="9"><text>one &a;&b; two</text></svg>'
    )
    assert b"ENTITY" not in found[0]
    assert b"one  two" in found[0]


def test_pictures_inside_an_svg_stay():
    uri = f"data:image/png;base64,{base64.b64encode(raster()).decode()}"
    assert uri in drawn(f'<image xlink:href="{uri}"/>')


def test_letters_no_typeface_has_are_named():
    found = drawn("<text>a 😀<tspan>\ue000</tspan>\x07</text><desc>x</desc>")
    assert "a [U+1F600]" in found
    assert "[U+E000]" in found
    assert "[U+0007]" in found


@pytest.mark.parametrize("inside", [
    "<text style=\"font: 12px 'IBM Plex Sans Condensed', sans-serif\">x</text>",
    '<text font-family="IBM Plex Sans Condensed">x</text>',
    "<style>text{font-family:'IBM Plex Sans Condensed'} *{fill:red}</style><text>x</text>",
])  # fmt: skip
def test_the_narrow_face_is_named_as_typst_knows_it(inside):
    found = drawn(inside)
    assert "IBM Plex Sans Condensed" not in found
    assert "IBM Plex Sans" in found
    assert "font-stretch" in found


@pytest.mark.parametrize("frame", [
    'width="72pt" height="36pt"', 'width="96" height="48px"', 'width="1in" height="0.5in"', 'viewBox="0 0 96 48"',
    'width="72pt" viewBox="0 0 2 1"', 'height="36pt" viewBox="0 0 2 1"', 'width="100%" viewBox="0 0 96 48"',
])  # fmt: skip
def test_an_svg_is_measured_in_points(frame):
    found = svg.clean(f"<svg {SPACE} {frame}/>")
    assert found[1:] == pytest.approx((72, 36))


def test_a_raster_is_measured_by_its_own_density():
    assert pictures.read("png", raster(dpi=(144, 144))).width == pytest.approx(20, abs=0.01)
    assert pictures.read("png", raster()).width == 30


def test_a_picture_in_the_colours_of_a_press_becomes_rgb():
    found = pictures.read("jpeg", raster("JPEG", "CMYK"))
    with Image.open(io.BytesIO(found.data)) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")


@pytest.mark.parametrize("url", [
    "", "http://x.example/a.png", "data:text/html,x", "data:image/png;base64,!!", "file:///a.png", "data:image/png,",
])  # fmt: skip
def test_an_address_that_carries_no_picture_is_none(url):
    assert pictures.from_data_url(url) is None


def test_an_address_that_carries_a_picture():
    assert pictures.from_data_url(f"data:image/png;base64,{base64.b64encode(raster()).decode()}").width == 30
    assert pictures.from_data_url(f"data:image/svg+xml,%3Csvg {SPACE} width='96' height='9'/%3E").width == 72


def test_an_attachment_is_read_or_none():
    assert pictures.from_attachment({"image/png": base64.b64encode(raster()).decode()}).width == 30
    assert pictures.from_attachment({"image/png": "x"}) is None
    assert pictures.from_attachment({"text/plain": "x"}) is None
