"""What is news since a day: as the record stood on that day, in sentences, the weightiest first."""

import datetime as dt

import pytest

from handover.editions import manifest
from handover.errors import ProseError
from handover.project import Project
from handover.story import Story
from handover.story.changes import DETAIL, RECKONED, WEIGHTS, News, stated
from handover.story.facts import Facts
from handover.story.prose import Writer
from handover.story.reckoning import RECKONINGS
from handover.story.record import Record
from handover.story.view import View
from handover.story.wording import LANGUAGES

RECORD = Record.load(Project.find())
ENGLISH = LANGUAGES["en"]
NAMES = [str(row["name"]) for row in RECORD.rows["names"]]
LAST = dt.date(2026, 10, 1)
#: The count of a year is told once the year is over, whenever its rows became known.
BY_THE_CALENDAR = {"as_of", "bases_2020", *(f"attack_days_{year}" for year in range(2019, 2027))}


def news_of(day, facts="", record=RECORD, **cells):
    rows = [row | cells if row["fact"] == facts else row for row in record.rows["facts"]]
    changed = Record(record.rows | {"facts": rows}, record.paths, record.where, record.sources)
    return News(Facts(View(changed, day), RECKONINGS), ENGLISH, NAMES)


def test_a_sentence_that_names_another_fact_is_refused():
    news = news_of(LAST, "erbil_left", news="Gone on {mission_over}, or {erbil_left}.")
    with pytest.raises(ProseError, match=r"the news of 'erbil_left' must name this fact and no other \(got 'Gone on"):
        news.as_json("erbil_left")


def test_a_sentence_that_types_a_number_is_refused():
    with pytest.raises(ProseError, match=r"news: a template must type no number \(got '30'\)"):
        news_of(LAST, "erbil_left", news="Gone on 30 September, {erbil_left}.").as_json("erbil_left")


def test_something_new_that_is_printed_below_what_has_changed_is_refused():
    story = Story("2026-01-31")
    story.changes("2026-01-07", "What has changed?")
    story.say("{isis_attacks_2025} {province.source}")
    story.evidence()
    story.say("{commission_day}")
    with pytest.raises(ProseError, match=r"must stand below every cell that prints news \(got commission_day below"):
        story.evidence()


def test_what_was_only_said_is_no_news_without_a_sentence():
    story = Story("2026-01-31")
    story.say("{article.source}, {us_silence.source}")
    text = story.changes("2025-12-01", "What has changed?").text
    assert text.count("\n- ") == 1 and "Neither the Pentagon nor US Central Command" in text
    assert [one["key"] for one in story.evidence().content["statements"]] == ["us_silence"]


def test_a_row_more_that_says_the_same_is_no_news():
    news = news_of(LAST)
    late = []
    for row in RECORD.rows["facts"]:
        key = str(row["fact"])
        known = [RECORD.known(RECORD.where[claim][1]) for claim in fact.claims] if (fact := news.facts[key]) else []
        if known and news.steps(key)[0].since < max(known):
            late.append(key)
            assert news.since([key], max(known) - dt.timedelta(days=1)) == []
    assert late, "some fact rests on rows that became known one after the other"


def test_a_value_that_was_read_otherwise_tells_what_it_was():
    since = dt.date(2026, 1, 31)
    before = stated(Facts(View(RECORD, since), RECKONINGS)["troops_now"], ENGLISH)
    (change,) = news_of(LAST).since(["troops_now"], since)
    assert change.before == before and change.since > since
    story = Story("2026-10-01")
    story.say("{troops_now} US troops")
    assert story.changes("2026-01-31", "What has changed?").text.endswith(f"; before: {before}).")


def test_the_weightiest_goes_first_and_of_one_weight_the_newest():
    found = news_of(LAST).since(["nato_left", "tanf_left", "kurdistan_us_sites", "war_start"], dt.date(2026, 1, 31))
    assert [change.key for change in found] == ["war_start", "nato_left", "tanf_left", "kurdistan_us_sites"]


def test_a_row_that_gives_two_facts_one_value_is_told_once():
    news = news_of(LAST, "troops_mar_2026", claims=news_of(LAST).facts["troops_now"].claims[0])
    found = news.since(["troops_mar_2026", "troops_now", "nato_left"], dt.date(2026, 1, 31))
    assert [change.key for change in found] == ["troops_now", "nato_left"]


def test_what_is_worked_out_and_has_a_sentence_is_worked_out():
    assert RECKONED.keys() <= RECKONINGS.keys()


def test_a_fact_without_a_sentence_is_never_news():
    news = news_of(LAST, "erbil_left", news=None)
    assert news.as_json("erbil_left")["news"] == "" and not news.tells("erbil_left")
    assert news.since(["erbil_left"], dt.date(2026, 1, 1)) == []


@pytest.mark.parametrize("evidence", ["record", "article"])
def test_a_history_says_of_each_day_what_a_report_of_that_day_says(evidence):
    """The walk back through the rows of a fact finds what working it out anew on every day finds."""
    last = News(Facts(View(RECORD, LAST, evidence), RECKONINGS), ENGLISH, NAMES)
    known = {RECORD.known(row) for _, row in RECORD.where.values()}
    days = sorted(day for day in known if dt.date(2020, 1, 1) <= day <= LAST)
    keys = [key for key in last.facts if key not in BY_THE_CALENDAR and last.facts[key]]
    for day in days:
        then = Facts(View(RECORD, day, evidence), RECKONINGS)
        for key in keys:
            fact = then[key]
            held = next((step.value for step in last.steps(key) if step.since <= day), None)
            assert held == (stated(fact, ENGLISH) if fact else None), (key, day)


def test_the_sentence_of_a_declared_fact_reads_as_one():
    facts = Facts(View(RECORD, dt.date(2030, 1, 1)), RECKONINGS)
    news = News(facts, ENGLISH, NAMES)
    for row in RECORD.rows["facts"]:
        assert row["weight"] in WEIGHTS
        if row["news"] is None or facts[str(row["fact"])] is None:
            continue
        told = news.sentence(str(row["fact"]), Writer(facts, ENGLISH, NAMES).plain)
        assert told[0].isupper() or told[0].isdigit(), told
        assert told.endswith(".") and not told.endswith(".."), told


def test_the_press_weighs_as_the_story_does():
    assert manifest.DETAIL == DETAIL
