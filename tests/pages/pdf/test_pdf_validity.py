"""Two independent judges on the standards that the PDF claims: veraPDF, and page-validation without Java."""

import base64
import io
from dataclasses import replace
from types import SimpleNamespace

import pikepdf
import pytest
from pdf_samples import NOTEBOOKS, TESTS, markdown, metadata, of_cells, printed, raster, shows, typeset

from judges import pagevalidation, verapdf

#: What each defect breaks, and the profile that must see it.
DEFECTS = ("language", "relationship", "description")


def damaged(pdf: bytes, defect: str) -> bytes:
    """A valid PDF with one fault."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        if defect == "language":
            del opened.Root.Lang
        for one in opened.objects:
            if not isinstance(one, pikepdf.Dictionary):
                continue
            if defect == "relationship" and "/AFRelationship" in one:
                del one["/AFRelationship"]
            if defect == "description" and one.get("/S") == "/Figure":
                del one["/Alt"]
        held = io.BytesIO()
        opened.save(held)
        return held.getvalue()


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.slow
def test_the_judges_see_a_seeded_defect(defect):
    verapdf.need()
    bad = damaged(printed("report"), defect)
    assert verapdf.judge(bad)["3a" if defect == "relationship" else "ua1"]
    assert pagevalidation.judge(bad)


@pytest.mark.parametrize(("made", "excused"), [(b"x\r\nendstream", True), (b"x\nendstream", False)])
def test_a_false_alarm_is_excused_only_where_a_stream_ends_in_a_carriage_return(made, excused, monkeypatch):
    alarm = SimpleNamespace(rule_id="PDFA3A-STREAM-LENGTH-001")
    found = SimpleNamespace(failures=[alarm, SimpleNamespace(rule_id="PDFA3A-OTHER-001")])
    monkeypatch.setattr(pagevalidation.page, "validate_pdf_bytes", lambda pdf, profile: found)
    assert len(pagevalidation.judge(made)) == (2 if excused else 4)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_notebook_conforms(name):
    verapdf.need()
    assert pagevalidation.judge(printed(name)) == []
    assert verapdf.judge(printed(name)) == {"ua1": [], "3a": []}


@pytest.mark.slow
def test_outputs_of_every_kind_and_code_conform():
    verapdf.need()
    kinds = ("GIF", "WEBP", "AVIF", "BMP", "TIFF", "PNG")
    cells = [shows({f"image/{kind.lower()}": base64.b64encode(raster(kind)).decode()}) for kind in kinds]
    cells += [
        shows({"image/png": base64.b64encode(raster("PNG", "RGBA")).decode()}, {"needs_background": "dark"}),
        shows({"text/html": "<p>x</p><svg width=90 height=90><rect width=50 height=50 /></svg>"}),
        shows({"text/html": "<iframe src='https://x.example/'></iframe><canvas></canvas><input value=7>"}),
        shows({"application/vnd.plotly.v1+json": {}, "text/plain": "Figure()"}),
        shows({"application/pdf": ""}),
    ]
    made = typeset(of_cells(*cells), replace(metadata(), code=True))
    assert pagevalidation.judge(made) == []
    assert verapdf.judge(made) == {"ua1": [], "3a": []}


def test_the_judge_says_what_it_lacks(monkeypatch):
    monkeypatch.setattr(verapdf, "JAVA", TESTS / "nowhere")
    monkeypatch.setattr(verapdf.shutil, "which", lambda name: None)
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="missing: a Java runtime, Debian's libjaxb-java"):
        verapdf.need()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="missing: a Java runtime"):
        verapdf.need()


@pytest.mark.slow
def test_tables_of_every_kind_conform():
    verapdf.need()
    lines = "".join(f"<tr><th rowspan=2>r{n}</th><td>{'word ' * 400}</td></tr><tr><td>y</td></tr>" for n in range(4))
    nested = "<table><tr><td>y</td></tr></table>"
    wide = "".join(f"<th>column number {n}</th>" for n in range(30))
    cells = [
        shows({"text/html": f"<table><tr><th>a</th><th>b</th></tr>{lines}</table>"}),
        shows({"text/html": f"<table><thead><tr>{wide}</tr></thead><tr><th>x</th><td>1</td></tr></table>"}),
        shows({"text/html": "<table><tr><td>1</td></tr><tr><td>2</td><td>3</td></tr><tr></tr></table>"}),
        shows({"text/html": f"<table><thead><tr><th>{'head ' * 3000}</th></tr></thead><tr><td>1</td></tr></table>"}),
        shows({"text/html": f"<table><tr><td><ul><li>x</li></ul></td><td>{nested}</td></tr></table>"}),
        shows({"text/html": "<style>#c { background: red }</style><table><tr><td id=c>1</td></tr></table>"}),
        markdown("- x\n\n  | a | b |\n  |---|---|\n  | 1 |\n\n> | a |\n> |---|\n> | 1 |"),
        markdown("# A\n# B\n### b\n# C"),
    ]
    made = typeset(of_cells(*cells), metadata())
    assert pagevalidation.judge(made) == []
    assert verapdf.judge(made) == {"ua1": [], "3a": []}
