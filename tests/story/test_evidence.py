"""The evidence output lists everything printed and nothing else, and says what is news since a day."""

import datetime as dt
import json
from dataclasses import replace

import pytest

from handover.document import evidence as contract
from handover.editions import manifest
from handover.errors import ProseError
from handover.story.claims import View
from handover.story.evidence import DERIVED_NEWS, DETAIL, EVIDENCE_MIME, WEIGHTS, News, stated
from handover.story.facts import DERIVED, Facts
from handover.story.sentences import CONFLICT, FACT, SOURCE, Writer
from handover.story.values import LANGUAGES

ENGLISH = LANGUAGES["en"]
LAST = dt.date(2026, 10, 1)
#: The count of a year is a fact once the year is over, whenever its rows became known.
BY_THE_CALENDAR = {"as_of", "bases_2020", *(f"attack_days_{year}" for year in range(2019, 2027))}


def facts(content):
    return {fact["key"]: fact for fact in content["facts"]}


def claims(content):
    return {claim["id"]: (claim, source) for source in content["sources"] for claim in source["claims"]}


def conflicts(content):
    return {conflict["id"]: conflict for conflict in content["conflicts"]}


@pytest.fixture
def story(tell):
    found = tell("2026-01-31")
    found.say("{troops_now} and {isis_attacks_2025} on {handover_announced}, says {commission_day.source}")
    return found


@pytest.fixture
def content(story):
    return story.evidence().content


# the evidence for what was printed


def test_only_what_was_printed_is_listed_each_claim_under_its_source(content):
    assert set(facts(content)) == {"troops_now", "isis_attacks_2025", "handover_announced"}
    assert facts(content)["isis_attacks_2025"]["printed"] == ["four"]
    for fact in content["facts"]:
        for claim_id in fact["claims"]:
            claim, source = claims(content)[claim_id]
            assert fact["key"] in claim["facts"] and source["credit"]


def test_the_article_comes_first_and_is_cited_by_paragraph_and_sentence(content):
    first = content["sources"][0]
    assert first["id"] == "S001"
    assert (first["claims"][0]["where"], first["claims"][0]["said_by"]) == (
        "paragraph 7, sentence 3",
        "Iraqi officials",
    )


def test_a_reprint_is_credited_to_the_outlet_that_reported_first(content):
    source = next(s for s in content["sources"] if s["id"] == "S002")
    assert (source["credit"], source["carrier"]) == ("Reuters", "Khaleej Times")


def test_a_statement_is_under_its_source_and_is_not_a_number(tell):
    story = tell("2026-01-31")
    story.findings("No release, according to {us_silence.source}.")
    content = story.evidence().content
    ((claim,),) = [source["claims"] for source in content["sources"]]
    assert (content["facts"], claim["id"], claim["facts"]) == ([], "p05s01a", [])


def test_conflicts_shown_in_their_section_are_not_listed_again(story):
    assert set(conflicts(story.disagreements().content)) == {"C006", "C016", "C029"}
    content = story.evidence().content
    assert content["conflicts"] == []
    assert {"S246", "S252"} <= {source["id"] for source in content["sources"]}


def test_what_is_used_is_named_for_the_reader(content):
    assert "Shafaq News" in {source["credit"] for source in content["sources"]}, "no number rests on it"
    assert [path.split("/")[-1] for path in content["tables"]] == [
        *("claims.csv", "events.csv", "handovers.csv", "isis_attacks.csv", "troop_levels.csv", "sources.csv"),
    ]


def test_the_output_is_json_under_the_type_and_prefixes_that_a_document_is_read_by(story):
    bundle = story.evidence()._repr_mimebundle_()
    assert EVIDENCE_MIME == contract.EVIDENCE_MIME and DETAIL == manifest.DETAIL
    assert tuple(f"#{name}" for name in (contract.FACT, contract.SOURCE, contract.CONFLICT)) == (FACT, SOURCE, CONFLICT)
    assert json.loads(json.dumps(bundle[EVIDENCE_MIME])) == bundle[EVIDENCE_MIME]
    assert 'id="fact-troops_now"' in bundle["text/html"]


# what is news


@pytest.fixture
def news(tables):
    """Return a function that makes the news of a day, with some cells of a fact changed."""
    names = [str(row["name"]) for row in tables.rows["names"]]

    def make(day=LAST, fact="", evidence="record", **cells):
        rows = [row | cells if row["fact"] == fact else row for row in tables.rows["facts"]]
        return News(Facts(View(replace(tables, rows=tables.rows | {"facts": rows}), day, evidence)), ENGLISH, names)

    return make


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Gone on {mission_over}, or {erbil_left}.", "the news of 'erbil_left' must name this fact and no other"),
        ("Gone on 30 September, {erbil_left}.", r"news: a template must type no number \(got '30'\)"),
    ],
)
def test_a_sentence_that_names_another_fact_or_types_a_number_is_refused(news, sentence, said):
    with pytest.raises(ProseError, match=said):
        news(fact="erbil_left", news=sentence).as_json("erbil_left")


def test_a_fact_without_a_sentence_is_never_news(news):
    found = news(fact="erbil_left", news=None)
    assert found.as_json("erbil_left")["news"] == "" and found.since(["erbil_left"], dt.date(2026, 1, 1)) == []
    assert DERIVED_NEWS.keys() <= DERIVED.keys()


def test_a_row_more_that_says_the_same_is_no_news(news, tables):
    found, late = news(), []
    for key in found.facts.declared:
        known = [tables.known(tables.where[claim][1]) for claim in fact.claims] if (fact := found.facts[key]) else []
        if known and found.steps(key)[0].since < max(known):
            late.append(key)
            assert found.since([key], max(known) - dt.timedelta(days=1)) == []
    assert late, "some fact rests on rows that became known one after the other"


def test_the_weightiest_goes_first_and_of_one_weight_the_newest(news):
    found = news().since(["nato_left", "tanf_left", "kurdistan_us_sites", "war_start"], dt.date(2026, 1, 31))
    assert [change.key for change in found] == ["war_start", "nato_left", "tanf_left", "kurdistan_us_sites"]


def test_a_row_that_gives_two_facts_one_value_is_news_once(news):
    same = news(fact="troops_mar_2026", claims=news().facts["troops_now"].claims[0])
    found = same.since(["troops_mar_2026", "troops_now", "nato_left"], dt.date(2026, 1, 31))
    assert [change.key for change in found] == ["troops_now", "nato_left"]


@pytest.mark.parametrize("evidence", ["record", "article"])
def test_a_history_says_of_each_day_what_a_report_of_that_day_says(news, tables, evidence):
    """Going back through the rows of a fact gives the same as computing the fact for each day."""
    last = news(evidence=evidence)
    known = {tables.known(row) for _, row in tables.where.values()}
    days = sorted(day for day in known if dt.date(2020, 1, 1) <= day <= LAST)
    for day in days[::4]:
        then = last.facts.on(day)
        for key in (key for key in last.facts if key not in BY_THE_CALENDAR and last.facts[key]):
            held = next((step.value for step in last.steps(key) if step.since <= day), None)
            assert held == (stated(then[key], ENGLISH) if then[key] else None), (key, day)


def test_the_sentence_of_a_declared_fact_reads_as_one(news):
    found = news(dt.date(2030, 1, 1))
    write = Writer(found.facts, ENGLISH, found.names).plain
    for key, row in found.facts.declared.items():
        assert row["weight"] in WEIGHTS
        if found.can_be_news(key) and found.facts[key]:
            told = found.sentence(key, write)
            assert (told[0].isupper() or told[0].isdigit()) and told.endswith(".") and not told.endswith(".."), told
