"""Two independent judges on the standards that the PDF claims: veraPDF, and page-validation without Java."""

import io
from types import SimpleNamespace

import pikepdf
import pytest
from pdf_samples import NOTEBOOKS, TESTS, printed

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


def test_the_judge_says_what_it_lacks(monkeypatch):
    monkeypatch.setattr(verapdf, "JAVA", TESTS / "nowhere")
    monkeypatch.setattr(verapdf.shutil, "which", lambda name: None)
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="missing: a Java runtime, Debian's libjaxb-java"):
        verapdf.need()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="missing: a Java runtime"):
        verapdf.need()
