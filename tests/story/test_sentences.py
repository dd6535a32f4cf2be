"""Sentences: no typed number, no unknown fact, every number a link."""

import pytest

from handover.errors import FactError, ProseError


@pytest.fixture
def story(tell):
    return tell("2026-01-31")


@pytest.mark.parametrize(
    ("template", "typed"),
    [("There were 42 attacks", "42"), ("the F-16s and 3 bases", "3"), ("in 2025, {slip}", "2025,")],
)
def test_a_typed_digit_is_refused(story, template, typed):
    with pytest.raises(ProseError) as error:
        story.say(template)
    assert f"must type no number (got '{typed}')" in str(error.value)
    assert template in str(error.value)


def test_a_name_that_contains_digits_may_be_typed(story):
    assert story.say("The F-16 flew.").text == "The F-16 flew."


def test_an_unknown_fact_is_named_with_the_near_one(story):
    with pytest.raises(FactError, match="'isis_attack_2025' is not a fact; did you mean 'isis_attacks_2025'"):
        story.say("{isis_attack_2025}")


def test_an_unknown_fact_in_an_alternative_that_is_not_taken_is_refused_too(story):
    with pytest.raises(FactError, match="'nothing_such' is not a fact"):
        story.say("{slip}", "{nothing_such}")


@pytest.mark.parametrize("template", ["{slip.weight}", "{slip:loud}", "{slip", "slip}"])
def test_a_malformed_field_is_refused(story, template):
    with pytest.raises(ProseError, match="must"):
        story.say(template)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{isis_attacks_2025}", "four"),
        ("{isis_attacks_2025:digits}", "4"),
        ("{isis_attacks_2025.year}", "2025"),
        ("{troops_now}", "fewer than 2,000"),
        ("{troops_now:bare}", "2,000"),
        ("{troops_now:cap}", "Fewer than 2,000"),
        ("{base_troops_left}", "250 to 350"),
        ("{handover_announced}", "17 January 2026"),
        ("{handover_announced:day}", "17 January"),
        ("{last_flights:day}", "13 to 14 January"),
        ("{phase_one_due}", "September 2025"),
        ("{handover_announced.source}", "Reuters"),
    ],
)
def test_fields_read_as_written(story, template, text):
    assert story._writer.plain(template) == text


def test_a_number_links_to_its_fact_and_a_contested_one_carries_a_second_mark(story):
    text = story.say("{troops_now}").text
    assert text.startswith("[fewer than 2,000](#fact-troops_now ")
    assert text.endswith("[≠](#conflict-C016)")


def test_a_dollar_before_a_number_is_money(story):
    text = story.say("From ${isis_attacks_2024} million to ${isis_attacks_2025} million, $x$ and \\${slip}.").text
    assert text.count(r"\$[") == 3 and " $x$ " in text and r"\\$" not in text
    assert "$" in story._writer.plain("${slip}") and "\\" not in story._writer.plain("${slip}")


def test_the_first_alternative_whose_facts_are_known_is_taken(story):
    assert "January" in story.say("{drones_at_base}", "{commission_day}").text
    assert story.say("{drones_at_base}").text == ""


@pytest.mark.parametrize("day", ["2026-01-07", "2020-01-01"])
@pytest.mark.parametrize("field", ["{us_silence}", "{us_silence:cap}", "{us_silence.year}"])
def test_a_statement_has_no_value_to_print(tell, day, field):
    with pytest.raises(ProseError, match=r"must give words that lead to 'us_silence', since .*\n.*\nWrite {us_s"):
        tell(day).say(f"Nothing was put out, {field}.")


def test_words_of_a_sentence_lead_to_a_statement_once_it_was_known(tell):
    templates = "Washington {us_silence[put out nothing]}.", "Nobody spoke by {as_of}."
    assert tell("2026-01-06").say(*templates).text.startswith("Nobody spoke by")
    story = tell("2026-01-07")
    assert story.say(*templates).text.startswith("Washington [put out nothing](#claim-p05s01a ")
    assert [claim["id"] for source in story.evidence().content["sources"] for claim in source["claims"]] == ["p05s01a"]


def test_words_of_a_sentence_lead_to_a_fact_that_has_a_value(tell):
    story = tell("2026-01-31")
    assert story.say("It {handover_announced[took over]}.").text.startswith("It [took over](#fact-handover_announced ")
    assert story.log.printed["handover_announced"] == ["took over"]


@pytest.mark.parametrize("template", ["{us_silence[put out 2 releases]}", "{us_silence[put out}"])
def test_words_of_a_sentence_are_held_to_its_rules(story, template):
    with pytest.raises(ProseError, match="must"):
        story.say(template)


def test_a_condition_prints_nothing_and_holds_its_template_back(tell):
    templates = "{handover_announced:if}Taken over.", "Not yet."
    assert [tell(day).say(*templates).text for day in ("2026-01-16", "2026-01-17")] == ["Not yet.", "Taken over."]
    story = tell("2026-01-17")
    story.say(*templates)
    assert list(story.log.printed) == []


def test_a_headline_is_the_first_whose_facts_were_known(tell):
    title, standfirst = ("{handover_announced:if}Taken over", "A base"), "It is {base_status}."
    shown = tell("2026-01-17").headline(title=title, standfirst=standfirst)
    assert shown.text.startswith("# Taken over\n\nIt is [handed over to Iraq](#fact-base_status ")
    assert shown._repr_mimebundle_()[1] == {"handover": {"role": "headline"}}
    assert tell("2026-01-16").headline(title=title, standfirst="").text == "# A base\n\n"


def test_a_headline_must_hold_on_every_day(tell):
    with pytest.raises(ProseError, match=r"one of the titles must hold on every day \(none does on 2020-01-01\)"):
        tell("2020-01-01").headline(title="{handover_announced:if}Taken over", standfirst="")


def test_only_what_was_printed_enters_the_log(tell):
    story = tell("2026-01-31")
    story.say("{drones_at_base} and {slip}", "{commission_day}")
    assert list(story.log.printed) == ["commission_day"]
