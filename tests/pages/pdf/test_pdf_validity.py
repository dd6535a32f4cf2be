"""Two independent judges on the standards that the PDF claims: veraPDF, and page-validation without Java."""

import io

import page as page_validation
import pikepdf
import pytest
from pdf_samples import NOTEBOOKS, TESTS, printed

from handover.pages.typst import typesetter
from judges import verapdf

PROFILES = (page_validation.ValidationProfile.PDF_UA_1, page_validation.ValidationProfile.PDF_A_3A)
#: What each defect breaks, and the profile that must see it.
DEFECTS = ("language", "relationship", "description")


def damaged(pdf: bytes, defect: str) -> bytes:
    """A valid PDF with one fault."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        if defect == "language":
            del opened.Root.Lang
        elif defect == "relationship":
            for file in opened.objects:
                if isinstance(file, pikepdf.Dictionary) and "/AFRelationship" in file:
                    del file["/AFRelationship"]
        else:
            for element in opened.objects:
                if isinstance(element, pikepdf.Dictionary) and element.get("/S") == "/Figure":
                    del element["/Alt"]
        held = io.BytesIO()
        opened.save(held)
        return held.getvalue()


@pytest.fixture(scope="module")
def vera():
    verapdf.need()
    return verapdf.judge


@pytest.mark.parametrize("defect", DEFECTS)
def test_verapdf_sees_a_seeded_defect(defect, vera):
    found = vera(damaged(printed("report"), defect))
    assert found["3a" if defect == "relationship" else "ua1"]


@pytest.mark.parametrize("defect", DEFECTS)
def test_page_validation_sees_a_seeded_defect(defect):
    bad = damaged(printed("report"), defect)
    assert not all(page_validation.is_pdf_compliant_bytes(bad, profile=profile) for profile in PROFILES)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_verapdf_passes_every_notebook(name, vera):
    assert vera(printed(name)) == {"ua1": [], "3a": []}


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("profile", PROFILES, ids=("ua1", "3a"))
def test_page_validation_passes_every_notebook(name, profile):
    report = page_validation.validate_pdf_bytes(printed(name), profile=profile)
    assert [str(failure) for failure in report.failures] == []


@pytest.mark.parametrize(("made", "printed"), [(b"%PDF x\nendstream", 1), (b"%PDF x\r\nendstream", 2)])
def test_a_stream_that_validators_disagree_on_is_printed_otherwise(made, printed, monkeypatch):
    runs = []

    def run(files, options, name):
        runs.append(options)
        return b"%PDF readable" if options.get("pretty") else made

    monkeypatch.setattr(typesetter, "_run", run)
    assert typesetter.pdf({}, 0, "x") == (made if printed == 1 else b"%PDF readable")
    assert len(runs) == printed


def test_the_judge_says_what_it_lacks(monkeypatch):
    monkeypatch.setattr(verapdf, "JAVA", TESTS / "nowhere")
    monkeypatch.setattr(verapdf.shutil, "which", lambda name: None)
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="missing: a Java runtime, Debian's libjaxb-java"):
        verapdf.need()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="missing: a Java runtime"):
        verapdf.need()
