"""Facts: the claim chosen, weak sources, contradictions, and derived facts."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.errors import FactError
from handover.story import arithmetic
from handover.story.claims import View
from handover.story.facts import Facts, check_facts, readings_of_next_week
from handover.story.values import English, Quantity
from handover.tables import row_id

#: Facts with claims of grade D alone: kept, so that a better source can be added.
ALONE_ON_WEAK = {"trucks_day", "disarm_due_later"}


@pytest.fixture
def facts(tables):
    """Return a function that makes the facts of a day, with some cells of a row changed."""

    def make(day="2026-10-01", evidence="record", table="facts", row=None, **cells):
        rows = [one | cells if next(iter(one.values())) == row else one for one in tables.rows[table]]
        changed = replace(tables, rows=tables.rows | {table: rows}) if row else tables
        return Facts(View(changed, dt.date.fromisoformat(day), evidence))

    return make


@pytest.fixture
def weak(tables):
    return next(row["event_id"] for row in tables.rows["events"] if tables.source_of(row)["grade"] == "D")


def test_claims_that_contradict_each_other_need_a_conflict(facts):
    with pytest.raises(FactError) as error:
        _ = facts(row="troops_2020", claims="T048 T061")["troops_2020"]
    assert "'troops_2020': T048 and T061 contradict each other (about 5,200 against 2,500)" in str(error.value)
    assert "Register it in data/record/conflicts.csv" in str(error.value)


def test_an_unknown_fact_is_named_with_the_near_one(facts):
    with pytest.raises(FactError, match=r"'slib' is not a fact; did you mean 'slip'\?"):
        _ = facts()["slib"]


def test_a_source_of_grade_d_never_stands_alone(facts, weak):
    assert facts(row="convoy_day", claims=weak)["convoy_day"] is None


def test_a_better_source_goes_before_one_of_grade_d(facts, weak):
    with pytest.raises(FactError, match=f"E046 and {weak} contradict"):
        _ = facts(row="convoy_day", claims=f"{weak} E046", conflicts="none")["convoy_day"]


def test_next_week_said_on_a_wednesday_can_mean_three_weeks():
    weeks = readings_of_next_week(dt.date(2025, 12, 31))
    assert [(week.start.day, week.end.day) for week in weeks] == [(1, 7), (4, 10), (5, 11)]


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)))
def test_next_week_begins_after_the_day_it_was_said_and_within_seven_days(day):
    for week in readings_of_next_week(day):
        assert day < week.start <= day + dt.timedelta(7) and week.end - week.start == dt.timedelta(6)


def test_the_slip_is_a_range_once_both_ends_are_known(facts):
    assert facts("2026-01-16")["slip"] is None
    assert facts("2026-01-17")["slip"].quantity == Quantity(low=2, high=10, bound="range")


def test_days_of_attack_on_the_base_follow_the_record(facts):
    found = facts()
    years = {year: fact.quantity.value for year in range(2019, 2027) if (fact := found[f"attack_days_{year}"])}
    assert years == {2019: 1, 2020: 1, 2021: 8, 2022: 5, 2023: 16, 2024: 9, 2025: 1}
    assert found["attack_days"].quantity.value == sum(years.values()) == 41
    assert found["attack_days_claimed"].quantity.value == 3
    assert "Left out are days that only the attackers claim: three." in found["attack_days"].reading
    assert "only the attackers claim" not in found["attack_days_2024"].reading


@pytest.mark.parametrize(
    ("cells", "counts"),
    [
        ({}, True),
        ({"basis": "claimed", "attribution": "claimed", "attributed_to": "somebody"}, False),
        ({"basis": "passing"}, False),
        ({"source_id": "S092"}, False),
        ({"date_precision": "month"}, False),
        ({"place_id": "harir"}, False),
    ],
)
def test_a_day_counts_only_when_others_than_the_attackers_report_it(tables, cells, counts):
    day = next(row for row in tables.rows["attacks"] if row["attack_id"] == "A002") | cells
    facts = Facts(View(replace(tables, rows=tables.rows | {"attacks": [day]}), dt.date(2026, 10, 1)))
    assert (facts["attack_days"] is not None) is counts


@pytest.mark.parametrize(("key", "last"), [("attack_days_2023", "2023-12-31"), ("bases_2020", "2020-12-31")])
def test_a_year_is_counted_once_it_is_over(facts, key, last):
    after = (dt.date.fromisoformat(last) + dt.timedelta(1)).isoformat()
    assert facts(last)[key] is None and facts(after)[key].quantity.value > 0


def test_the_level_of_2500_never_stands_for_january_2026_without_its_conflict(facts):
    assert facts("2026-01-31")["troops_article"].conflicts == ("C016",)
    assert facts("2026-01-31")["troops_now"].quantity == Quantity(high=2000, bound="fewer_than")


def test_every_declared_fact_can_be_printed_at_the_end_of_the_record(facts):
    found = facts("2026-11-24")
    missing = {key for key in found if found[key] is None}
    assert {key for key in missing if not key.startswith("attack_days_")} <= ALONE_ON_WEAK


@pytest.mark.parametrize(
    ("day", "evidence", "words"),
    [
        ("2020-01-01", "record", "shared with US forces"),
        ("2026-01-07", "record", "promised to Iraq"),
        ("2026-01-07", "article", "promised to Iraq"),
        ("2026-01-17", "record", "handed over to Iraq"),
    ],
)
def test_the_status_of_the_base_follows_the_last_step_known(facts, day, evidence, words):
    fact = facts(day, evidence)["base_status"]
    assert (fact.words, fact.value) == (words, words)
    assert fact.claims and fact.known <= dt.date.fromisoformat(day)


# facts that are computed from rows


def computed(tables, day="2026-10-01", rows=None, **declared):
    """A fact declared as given, and the facts around it; `rows` take the place of whole tables."""
    row = dict.fromkeys(tables.rows["facts"][0]) | {"fact": "new", "label": "New", "unit": "people", "weight": 3}
    changed = tables.rows | (rows or {}) | {"facts": [*tables.rows["facts"], row | declared]}
    where = tables.where | {row_id(row): (table, row) for table, found in (rows or {}).items() for row in found}
    return Facts(View(replace(tables, rows=changed, where=where), dt.date.fromisoformat(day)))["new"]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            {"choose": "sum", "of": "value", "claims": "troops_2020 slip"},
            r"'new': sum must combine numbers of one unit \(got days and people\)\.\nTake rows of one table, column",
        ),
        (
            {"choose": "sum", "of": "value", "claims": "T089 I025"},
            r"one unit \(got value of isis_attacks and value of troop_levels observed\)",
        ),
        (
            {"choose": "sum", "of": "value", "claims": "T089 T096"},
            r"one unit \(got value of troop_levels observed and value of troop_levels planned\)",
        ),
        (
            {"choose": "difference", "of": "value", "claims": "troops_2020 troops_2011", "unit": "days"},
            r"unit must be that of the result, people \(got days\)\.\nCorrect the unit\.",
        ),
        (
            {"choose": "sum", "of": "value", "claims": "T048 T089", "unit": "days"},
            r"unit must be that of the result, people \(got days\)",
        ),
        (
            {"choose": "share", "of": "rows", "claims": "attacks weapon=drone / attacks"},
            r"unit must be that of the result, per cent \(got people\)",
        ),
        (
            {"choose": "count", "of": "rows", "claims": "attacks wepon=drone"},
            r"must be column=value \(got 'wepon=drone'; did you mean 'weapon'\?\)\.\nThe columns are attack_id",
        ),
        (
            {"choose": "count", "of": "plaice_id", "claims": "attacks"},
            r"of must be a column of the rows; did you mean 'place",
        ),
        (
            {"choose": "count", "of": "rows", "claims": "E001 war_start"},
            r"must count rows \(got the fact 'war_start'\)",
        ),
        (
            {"choose": "sum", "of": "value", "claims": "T089 T9x9"},
            r"must name rows, facts or a table \(got 'T9x9'; did",
        ),
        (
            {"choose": "count", "of": "rows", "claims": "atacks weapon=drone"},
            r"must name rows, facts or a table \(got 'atacks'; did you mean 'attacks'\?\)\.\nCorrect the name",
        ),
        (
            {"choose": "sum", "of": "value", "claims": "war_start"},
            r"must combine numbers \('war_start' has none\)\.\n.*; a difference of days needs date in the column of",
        ),
        (
            {"choose": "difference", "of": "value", "claims": "troops_2020 T033", "unit": "people"},
            r"one unit \(got people and value of troop_levels observed\)\.\n.*; make a fact of a row",
        ),
        (
            {"choose": "share", "of": "value", "claims": "isis_attacks_2024 isis_attacks_2025", "unit": "per cent"},
            r"share must be of a part in its whole \(got 42 of 4\)\.\nName the part first, then the whole\.",
        ),
        (
            {"choose": "sum", "of": "date", "claims": "war_start promise_day", "unit": "days"},
            r"sum must combine numbers \(got days, since of is date\)\.\nDays are counted, or one is taken",
        ),
        (
            {"choose": "most", "of": "start", "claims": "E001 E002", "unit": "date"},
            r"most must combine numbers \(got days, since of is start\)\.\n.* least and most of date are the first and",
        ),
        (
            {"choose": "difference", "of": "date", "claims": "war_start troops_2020", "unit": "days"},
            r"one unit \(got day and people\)",
        ),
        (
            {"choose": "difference", "of": "date", "claims": "war_start promise_day", "unit": "people"},
            r"unit must be that of the result, days \(got people\)",
        ),
        (
            {"choose": "difference", "of": "value", "claims": "T089 T095 T112"},
            r"difference must have two parts \(got 3\)",
        ),
        ({"choose": "sum", "of": "value", "claims": "T089 / T095"}, r"sum must have one list of rows \(got 2\)"),
        ({"choose": "sum", "of": "value", "claims": "new"}, r"'new' must not rest on itself \(new ─► new\)"),
    ],
)
def test_what_cannot_be_computed_is_refused(tables, declared, message):
    with pytest.raises(FactError, match=message):
        computed(tables, **declared)


def test_why_a_computed_fact_is_never_known_is_told(tables):
    """An empty choice, and a fact that rests on one, have no rows whose source could be asked for its grade."""
    empty = dict.fromkeys(tables.rows["facts"][0]) | {"fact": "none", "label": "None", "unit": "attacks", "weight": 3}
    empty |= {"choose": "count", "of": "rows", "claims": "attacks place_id=ain_al_asad munitions=123456"}
    resting = empty | {"fact": "rest", "choose": "sum", "of": "value", "claims": "isis_attacks_2024 none"}
    changed = tables.rows | {"facts": [*tables.rows["facts"], empty, resting]}
    facts = Facts(View(replace(tables, rows=changed), dt.date(2026, 10, 1)))
    assert facts.why_unknown("none").words == "rests on no row that gives a value"
    assert facts.why_unknown("rest").words == "rests on none (rests on no row that gives a value)"


def test_a_sum_is_known_once_all_that_it_names_is_known(tables):
    about = {"choose": "sum", "of": "value", "claims": "troops_2020 troops_jan_2026"}
    assert computed(tables, "2026-01-13", **about) is None
    fact = computed(tables, "2026-01-14", **about)
    assert fact.quantity == Quantity(high=7200, bound="fewer_than"), "a bound that nobody gave stays open"
    assert fact.claims == ("T048", "T089") and fact.known == dt.date(2026, 1, 14)
    assert fact.conflicts == ("C016",), "what is contested stays contested"


def test_days_are_taken_from_each_other_as_exactly_as_they_are_known(tables):
    """E190 is known by its month, April 2003: a difference that takes its first day would be exact, and wrong."""
    about = {"choose": "difference", "unit": "days"}
    exact = computed(tables, of="date", claims="handover_announced promise_day", **about)
    assert exact.quantity == Quantity(17, bound="exact") and exact.claims == ("H031", "E071")
    assert exact.known == dt.date(2026, 1, 17) and exact.period.end == dt.date(2026, 1, 17)
    by_month = computed(tables, of="date", claims="E190 E001", **about)
    assert by_month.quantity == Quantity(low=12, high=41, bound="range")
    assert computed(tables, of="start", claims="E190 E001", **about).quantity == by_month.quantity
    assert computed(tables, "2026-01-16", of="date", claims="handover_announced promise_day", **about) is None


def test_a_share_is_less_and_not_fewer():
    assert English().quantity(arithmetic.share(Quantity(high=5, bound="fewer_than"), Quantity(500, bound="exact"))) == (
        "less than one"
    )


def test_planned_rows_outliers_and_sources_of_grade_d_never_count(tables):
    every = computed(tables, choose="count", of="rows", claims="troop_levels scope=us_in_iraq", unit="rows")
    rows = [tables.where[name][1] for name in every.claims]
    assert {row["basis"] for row in rows} == {"observed"} and "outlier" not in {row["standing"] for row in rows}
    assert all(tables.source_of(row)["grade"] != "D" for row in rows)
    planned = computed(tables, choose="most", of="value", claims="troop_levels scope=us_in_iraq basis=planned")
    assert planned.quantity.value == 3000
    assert computed(tables, choose="sum", of="munitions", claims="A008", unit="missiles") is None


def test_a_day_a_mean_a_share_and_an_extreme_are_computed(tables):
    base = "attacks place_id=ain_al_asad basis=reported date_precision=day"
    first = computed(tables, choose="least", of="date", claims=base, unit="date")
    assert first.period.start == dt.date(2019, 12, 3) and len(first.claims) == 1
    most = computed(tables, choose="most", of="value", claims="T048 T015 T089")
    assert most.quantity == Quantity(170000, bound="about") and most.claims[0] == "T015"
    assert set(most.conflicts) >= {"C016", "C023"}
    mean = computed(tables, choose="mean", of="value", claims="isis_attacks_2024 isis_attacks_2025", unit="attacks")
    assert mean.quantity == Quantity(23, bound="exact")
    share = computed(
        tables, choose="share", of="value", claims="isis_attacks_2025 / isis_attacks_2024", unit="per cent"
    )
    assert share.quantity == Quantity(10, bound="about") and share.conflicts == ("C027", "C028", "C029")
    drones = computed(tables, choose="share", of="date", claims=f"{base} weapon=drone / {base}", unit="per cent")
    assert 0 < drones.quantity.value < 100
    none = computed(tables, choose="sum", of="wounded", claims=base)
    assert none is None, "a row with no number leaves the sum unknown"
    assert computed(tables, choose="sum", of="wounded", claims=f"{base} wounded!=").quantity.known


def test_the_facts_of_the_record_can_all_be_made(project):
    assert check_facts(project) == []


NUMBERS = st.integers(0, 50).flatmap(
    lambda low: st.sampled_from(
        [
            Quantity(low, bound="exact"),
            Quantity(low=low, high=low + 7, bound="range"),
            Quantity(high=low + 1, bound="at_most"),
            Quantity(low=low, bound="at_least"),
        ]
    )
)


def within(value, number):
    low, high = number.edges()
    return (low is None or value >= low - 1e-9) and (high is None or value <= high + 1e-9)


@given(st.lists(NUMBERS, min_size=1, max_size=5), st.data())
def test_whatever_the_numbers_are_the_result_lies_in_its_bounds(numbers, data):
    """Take any values that the bounds allow: the result computed from them is one that its bounds allow."""
    values = []
    for number in numbers:
        low, high = number.edges()
        low = low if low is not None else min(high, 0)
        values.append(data.draw(st.integers(low, high if high is not None else low + 99)))
    assert within(sum(values), arithmetic.total(numbers))
    assert within(round(sum(values) / len(values), 1), arithmetic.mean(numbers))
    assert within(min(values), arithmetic.least(numbers)) and within(max(values), arithmetic.most(numbers))
    assert within(values[0] - values[-1], arithmetic.difference(numbers[0], numbers[-1])) or numbers[0] is numbers[-1]
    if values[-1] > 0 and values[0] >= 0 and min(filter(None, [*numbers[0].edges(), 1])) >= 0:
        assert within(round(100 * values[0] / values[-1]), arithmetic.share(numbers[0], numbers[-1]))


@given(st.lists(NUMBERS, min_size=1, max_size=5))
def test_an_edge_that_one_leaves_open_is_open_in_the_sum_and_exact_is_exact(numbers):
    made = arithmetic.total(numbers)
    for side in (0, 1):
        assert (made.edges()[side] is None) is any(number.edges()[side] is None for number in numbers)
    assert (made.bound == "exact") is all(number.bound == "exact" for number in numbers)
