"""What an edition says that an earlier one could not, or got wrong; what is printed no more is neither."""

import pytest

from handover.editions.changes import compare, dropped


def fact(value, since="2026-01-01", label="Troops", **more):
    return {"label": label, "value": value, "known_since": since} | more


def edition(facts, as_of="2026-01-31", statements=None, **more):
    about = {"report": "doors", "language": "en", "variant": {}, "parameters": {"as_of": as_of, "set": 1}}
    return about | {"as_of": as_of, "facts": facts, "statements": statements or {}} | more


def told(old, new, **how):
    return [(one.key, one.kind, one.before, one.after) for one in compare(old, new, **how)]


EARLY = "2026-01-07"


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (None, fact("4", "2026-01-08"), "new"),
        (None, fact("4", EARLY), None),
        (fact("3"), fact("4", "2026-01-08"), "new"),
        (fact("3"), fact("4", EARLY), "corrected"),
        (fact("4"), fact("4", "2026-01-08"), None),
        (fact("4"), fact("4", label="US troops"), None),
        (fact("4"), None, None),
        (None, fact("4", None), "new"),
        (fact("3"), fact("4", None), "new"),
    ],
)
def test_each_kind_is_told_apart(before, after, kind):
    editions = [edition({"a": one} if one else {}, day) for one, day in ((before, EARLY), (after, "2026-01-31"))]
    assert [one.kind for one in compare(*editions)] == ([kind] if kind else [])
    gone = [one.key for one in dropped(*editions)]
    assert gone == (["a"] if after is None else [])


def test_what_was_said_before_is_what_the_edition_printed_or_else_the_history_of_the_fact():
    steps = [{"since": "2026-01-20", "value": "4"}, {"since": "2026-01-02", "value": "3"}]
    new = edition({"a": fact("4", "2026-01-20", history=steps)})
    assert told(edition({}, EARLY), new) == [("a", "new", "3", "4")]
    assert told(edition({"a": fact("2")}, EARLY), new) == [("a", "new", "2", "4")]
    assert told(edition({}, "2026-01-01"), new) == [("a", "new", None, "4")]


def test_a_fact_that_only_found_more_rows_is_no_news():
    steps = [{"since": "2026-01-02", "value": "4"}]
    assert told(edition({}, EARLY), edition({"a": fact("4", "2026-01-20", history=steps)})) == []


def test_a_row_that_gives_several_facts_one_value_is_told_once_and_by_the_weightiest():
    new = {
        "a": fact("4", "2026-01-09", claims=["T9"]),
        "b": fact("4", "2026-01-09", claims=["T9", "T1"], weight=1),
        "c": fact("5", "2026-01-09", claims=["T9"]),
        "d": fact("4", "2026-01-09", claims=["T1"]),
    }
    assert [one.key for one in compare(edition({}, EARLY), edition(new))] == ["b", "c", "d"]


def test_the_weightiest_goes_first_then_what_is_corrected_then_the_newest():
    old = edition({"c": fact("1"), "d": fact("1")}, EARLY)
    new = {
        "a": fact("1", "2026-01-08"),
        "b": fact("2", "2026-01-09"),
        "c": fact("3", "2026-01-01"),
        "d": fact("4", "2026-01-01", weight=2),
        "e": fact("5", "2026-01-08", weight=1),
    }
    assert [one.key for one in compare(old, edition(new))] == ["e", "d", "c", "b", "a"]


def test_a_change_is_a_sentence_for_people_and_all_of_it_for_programs():
    sentence = "The army holds the base."
    new = fact("17 January", "2026-01-17", label="The day", news=sentence, weight=1)
    (one,) = compare(edition({}, EARLY), edition({"a": new}))
    assert str(one) == sentence
    (one,) = compare(edition({"a": fact("16 January")}, EARLY), edition({"a": new}))
    assert str(one) == "The army holds the base (before: 16 January)."
    assert one.as_json() == {
        "fact": "a",
        "kind": "new",
        "label": "The day",
        "before": "16 January",
        "after": "17 January",
        "weight": 1,
        "since": "2026-01-17",
        "text": "The army holds the base (before: 16 January).",
    }
    (one,) = compare(edition({"a": fact("16 January")}, EARLY), edition({"a": new | {"known_since": "2026-01-01"}}))
    assert str(one) == "Correction: The army holds the base (the earlier edition had: 16 January)."
    (one,) = dropped(edition({"a": fact("3")}, EARLY), edition({}))
    assert (one.kind, str(one)) == ("dropped", "Troops: 3.")


def test_a_statement_is_news_and_never_the_same_twice():
    said = {"a": fact("", "2026-01-20", news="Nobody spoke.")}
    assert [str(one) for one in compare(edition({}, EARLY), edition({}, statements=said))] == ["Nobody spoke."]
    assert compare(edition({}, EARLY, statements=said), edition({}, statements=said)) == []


def test_what_rests_on_no_claim_or_was_set_is_left_out():
    bare = {"as_of": fact("1") | {"claims": []}, "set": fact("1", "2026-01-20")}
    assert told(edition({}, EARLY), edition(bare)) == []


def test_editions_that_were_asked_for_differently_are_set_side_by_side_and_nothing_is_called_a_correction():
    alone = edition({"a": fact("3"), "b": fact("1")}, variant={"evidence": "article"})
    whole = edition({"a": fact("4"), "c": fact("2"), "d": fact("9")})
    found = compare(alone | {"facts": alone["facts"] | {"d": fact("9")}}, whole)
    assert [str(one) for one in found] == [
        "Troops: 3 / 4",
        "Only in the first: Troops: 1.",
        "Only in the second: Troops: 2.",
    ]
    assert {one.kind for one in found} == {"differs"}
