"""Outlines are read as plain JSON; locators are checked against an article."""

import hashlib

import pytest

from handover.errors import DataError
from handover.project import Project
from handover.story import data
from handover.story.data import Tables


def test_outlines_with_what_json_has_no_number_for_are_refused(tmp_path):
    project = Project(tmp_path)
    (project.data / "geo").mkdir(parents=True)
    path = project.data / "geo" / "outlines.geojson"
    for text, said in (('{"x": [NaN, 1]}', "got NaN"), ('{"x": Infinity}', "got Infinity"), ("", "Expecting value")):
        path.write_text(text)
        with pytest.raises(DataError, match=rf"data/geo/outlines.geojson: must be JSON with plain numbers \(.*{said}"):
            data.read_outlines(project)


ARTICLE = (
    "The base is handed over. Lt. Gen. Ali said “it is done.” U.S. troops left!\n\nWill it hold? The region decides.\n"
)


def test_sentences_are_counted_by_paragraph_and_abbreviations_end_none():
    assert {place: ARTICLE[start:end] for place, (start, end) in data.sentences(ARTICLE).items()} == {
        (1, 1): "The base is handed over.",
        (1, 2): "Lt. Gen. Ali said “it is done.”",
        (1, 3): "U.S. troops left!",
        (2, 1): "Will it hold?",
        (2, 2): "The region decides.",
    }


@pytest.fixture
def claims(monkeypatch):
    """Replace the tables by one claim for each sentence of ARTICLE, in a list that a test may change."""
    rows = []
    for (paragraph, sentence), (start, end) in data.sentences(ARTICLE).items():
        digest = hashlib.sha256(ARTICLE[start:end].encode()).hexdigest()
        place = {"claim_id": f"p{paragraph:02}s{sentence:02}a", "paragraph": paragraph, "sentence": sentence}
        rows.append(place | {"start": start, "end": end, "sha256": digest})
    monkeypatch.setattr(Tables, "load", classmethod(lambda cls, project: Tables({"claims": rows}, {}, {}, {})))
    return rows


def without_a_claim(rows):
    del rows[3]


def past_its_end(rows):
    rows[0]["end"] += 5


@pytest.mark.parametrize(
    ("change", "text", "said"),
    [
        (len, ARTICLE.replace("done", "over"), "p01s02a: characters 25-56 must hash to"),
        (without_a_claim, ARTICLE, "paragraph 2, sentence 1 has no claim and no comment"),
        (past_its_end, ARTICLE, r"p01s01a: characters 0-29 must lie in its sentence \(0, 24\)"),
    ],
)
def test_a_locator_that_does_not_fit_the_article_is_named(claims, tmp_path, change, text, said):
    change(claims)
    (tmp_path / "article.txt").write_text(text, "utf-8")
    with pytest.raises(DataError, match=said):
        data.check_article(None, tmp_path / "article.txt")


def test_all_sentences_accounted_for(claims, tmp_path):
    (tmp_path / "article.txt").write_text(ARTICLE, "utf-8")
    assert data.check_article(None, tmp_path / "article.txt") == "5 of 5 sentences accounted for (100 %)"
