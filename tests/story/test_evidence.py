"""The evidence output answers for everything printed, and lists nothing else."""

import json

import pytest

from handover.document import evidence as contract
from handover.story import Story
from handover.story.evidence import EVIDENCE_MIME
from handover.story.links import CONFLICT, FACT, SOURCE


def facts(content):
    return {fact["key"]: fact for fact in content["facts"]}


def claims(content):
    return {claim["id"]: (claim, source) for source in content["sources"] for claim in source["claims"]}


def conflicts(content):
    return {conflict["id"]: conflict for conflict in content["conflicts"]}


@pytest.fixture
def story():
    found = Story("2026-01-31")
    found.say("{troops_now} and {isis_attacks_2025} on {handover_announced}, says {commission_day.source}")
    return found


def test_only_what_was_printed_is_listed(story):
    content = story.evidence().content
    assert set(facts(content)) == {"troops_now", "isis_attacks_2025", "handover_announced"}
    assert facts(content)["isis_attacks_2025"]["printed"] == ["four"]


def test_every_claim_of_a_fact_stands_under_its_source(story):
    content = story.evidence().content
    for fact in content["facts"]:
        for claim_id in fact["claims"]:
            claim, source = claims(content)[claim_id]
            assert fact["key"] in claim["facts"]
            assert source["credit"]


def test_the_article_comes_first_and_is_cited_by_paragraph_and_sentence(story):
    first = story.evidence().content["sources"][0]
    assert first["id"] == "S001"
    assert first["claims"][0]["where"] == "paragraph 7, sentence 3"
    assert first["claims"][0]["said_by"] == "Iraqi officials"


def test_a_reprint_is_credited_to_the_outlet_that_reported_first(story):
    source = next(s for s in story.evidence().content["sources"] if s["id"] == "S002")
    assert (source["credit"], source["carrier"]) == ("Reuters", "Khaleej Times")


def test_what_was_only_said_stands_under_its_source_and_is_no_number():
    story = Story("2026-01-31")
    story.findings("No release, according to {us_silence.source}.")
    content = story.evidence().content
    assert content["facts"] == []
    (article,) = content["sources"]
    (claim,) = article["claims"]
    assert (claim["id"], claim["where"], claim["facts"]) == ("p05s01a", "paragraph 5, sentence 1", [])


def test_conflicts_shown_in_their_section_are_not_listed_again(story):
    shown = story.disagreements().content
    assert set(conflicts(shown)) == {"C006", "C016", "C029"}
    content = story.evidence().content
    assert content["conflicts"] == []
    assert {"S246", "S252"} <= {source["id"] for source in content["sources"]}


def test_a_named_source_is_listed_even_where_no_number_rests_on_it(story):
    assert "Shafaq News" in {source["credit"] for source in story.evidence().content["sources"]}


def test_the_tables_used_are_named_for_the_reader(story):
    assert story.evidence().content["tables"] == [
        "data/article/claims.csv",
        "data/record/events.csv",
        "data/record/handovers.csv",
        "data/record/isis_attacks.csv",
        "data/record/troop_levels.csv",
        "data/sources.csv",
    ]


def test_the_output_is_json_under_the_type_that_the_press_reads(story):
    bundle = story.evidence()._repr_mimebundle_()
    assert EVIDENCE_MIME == contract.EVIDENCE_MIME
    assert tuple(f"#{name}" for name in (contract.FACT, contract.SOURCE, contract.CONFLICT)) == (FACT, SOURCE, CONFLICT)
    assert json.loads(json.dumps(bundle[EVIDENCE_MIME])) == bundle[EVIDENCE_MIME]
    assert 'id="fact-troops_now"' in bundle["text/html"]
