"""Locators are checked against an article; the test brings its own, since ours is never stored."""

import hashlib

import pytest

from handover.errors import DataError
from handover.story import article
from handover.story.record import Record

TEXT = (
    "The base is handed over. Lt. Gen. Ali said “it is done.” U.S. troops left!\n\nWill it hold? The region decides.\n"
)


def test_sentences_are_counted_by_paragraph_and_abbreviations_end_none():
    found = {place: TEXT[start:end] for place, (start, end) in article.sentences(TEXT).items()}
    assert found == {
        (1, 1): "The base is handed over.",
        (1, 2): "Lt. Gen. Ali said “it is done.”",
        (1, 3): "U.S. troops left!",
        (2, 1): "Will it hold?",
        (2, 2): "The region decides.",
    }


@pytest.fixture
def claims(monkeypatch):
    """Let the record hold one claim a sentence of TEXT; the list may be changed by the test."""
    rows = []
    for (paragraph, sentence), (start, end) in article.sentences(TEXT).items():
        digest = hashlib.sha256(TEXT[start:end].encode()).hexdigest()
        name = f"p{paragraph:02}s{sentence:02}a"
        place = {"claim_id": name, "paragraph": paragraph, "sentence": sentence}
        rows.append(place | {"start": start, "end": end, "sha256": digest})
    monkeypatch.setattr(Record, "load", classmethod(lambda cls, project: Record({"claims": rows}, {})))
    return rows


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "article.txt"
    path.write_text(TEXT, "utf-8")
    return path


def test_all_sentences_accounted_for(claims, file):
    assert article.check(None, file) == "5 of 5 sentences accounted for (100 %)"


def test_one_changed_word_is_found(claims, file):
    file.write_text(TEXT.replace("done", "over"), "utf-8")
    with pytest.raises(DataError, match=r"p01s02a: characters 25-56 must hash to"):
        article.check(None, file)


def test_a_sentence_without_a_claim_is_named(claims, file):
    del claims[3]
    with pytest.raises(DataError, match="paragraph 2, sentence 1 has no claim and no comment"):
        article.check(None, file)


def test_a_span_outside_its_sentence_is_named(claims, file):
    claims[0]["end"] += 5
    with pytest.raises(DataError, match=r"p01s01a: characters 0-29 must lie in its sentence \(0, 24\)"):
        article.check(None, file)
