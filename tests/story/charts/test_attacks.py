import datetime as dt

import pytest

from handover.story.charts import attacks, figure


def test_a_day_that_two_sources_report_is_one_day(rows):
    found = attacks.days(
        rows(
            "attacks",
            {"date": "2024-01-20", "weapon": "rocket", "wounded": 0, "wounded_bound": "exact"},
            {"date": "2024-01-20", "weapon": "ballistic_missile", "wounded": 4, "wounded_bound": "at_least"},
            {"date": "2024-01-23", "weapon": None},
        )
    )
    assert [day.weapon for day in found] == ["mixed", "unknown"]
    assert found[0].wounded.low == 4 and found[0].wounded.value is None
    assert found[1].wounded is None


@pytest.mark.parametrize("others", [0, 40])
def test_of_equal_counts_of_a_day_the_first_row_is_told_however_many_rows_there_are(rows, others):
    told = [{"date": "2020-01-08", "wounded": 110, "wounded_bound": bound} for bound in ("exact", "about")]
    found = attacks.days(rows("attacks", *told, *({"date": f"2019-{n % 12 + 1:02}-03"} for n in range(others))))
    assert found[-1].wounded.bound == "exact"


def test_days_of_a_month_stack_in_order(rows, draw, symbols):
    _, ax = draw(
        attacks.by_month,
        rows(
            "attacks",
            {"date": "2023-10-18", "weapon": "drone"},
            {"date": "2023-10-22", "weapon": "rocket"},
            {"date": "2023-11-20", "weapon": "ballistic_missile"},
        ),
    )
    ((drone, low, _),), ((rocket, high, _),), ((missile, next_low, _),) = (symbols(ax, shape) for shape in "os^")
    assert drone == rocket < missile
    assert (low, high, next_low) == (0.5, 1.5, 0.5)
    assert ax.get_ylim()[0] == 0


def test_the_worst_days_are_labelled_with_their_hedge(rows, draw, texts):
    fig, _ = draw(
        attacks.by_month,
        rows(
            "attacks",
            {"date": "2020-01-08", "weapon": "ballistic_missile", "wounded": 110, "wounded_bound": "exact"},
            {"date": "2020-01-08", "weapon": "ballistic_missile", "wounded": 34, "wounded_bound": "exact"},
            {"date": "2024-01-20", "wounded": 4, "wounded_bound": "at_least"},
            {"date": "2024-08-05", "wounded": 1, "wounded_bound": "exact"},
        ),
    )
    assert {"110 wounded", "8 Jan 2020", "at least 4 wounded"} <= set(texts(fig))
    assert not any("34" in text or text.startswith("1 w") for text in texts(fig))


def test_years_are_counted_and_the_unfinished_one_is_hatched(rows, draw, texts):
    fig, ax = draw(
        attacks.by_year,
        rows("attacks", {"date": "2021-03-03"}, {"date": "2021-03-03"}, {"date": "2023-05-04"}),
        until="2023-06-30",
    )
    assert [patch.get_height() for patch in ax.patches] == [1, 1]
    assert [bool(patch.get_hatch()) for patch in ax.patches] == [False, True]
    assert {"2021", "2022", "2023", "to Jun", "1", "none on record"} <= set(texts(fig))
    assert ax.get_ylim()[0] == 0


@pytest.mark.parametrize(
    "own", [{"basis": "claimed"}, {"basis": "passing"}, {"grade": "D"}, {"date_precision": "month"}]
)
def test_claims_passing_drones_weak_sources_and_vague_days_do_not_count(rows, own):
    assert attacks.days(rows("attacks", {"date": "2024-01-20"} | own)) == []


def test_a_day_that_is_only_claimed_hangs_under_the_axis_without_a_word(rows, draw, texts):
    told = rows(
        "attacks",
        {"date": "2024-01-20"},
        {"date": "2024-01-20", "basis": "claimed"},
        {"date": "2024-02-03", "basis": "claimed", "wounded": 9},
        {"date": "2024-02-04", "basis": "claimed", "grade": "D"},
        {"date": "2024-02-05", "basis": "passing"},
    )
    assert [day.date for day in attacks.claimed(told)] == [dt.date(2024, 2, 3)]
    fig, ax = draw(attacks.by_month, told)
    ((_, y),) = [
        (x, y) for line in ax.lines if line.get_gid() == "claimed" for x, y in zip(*line.get_data(), strict=True)
    ]
    assert y < 0 and "claimed, not counted" in texts(fig)
    assert not any("wounded" in text for text in texts(fig))


@pytest.mark.parametrize(("until", "said"), [("2025-11-30", False), ("2025-12-31", True)])
def test_a_whole_year_without_a_day_says_that_none_is_on_record(rows, draw, texts, until, said):
    fig, _ = draw(attacks.by_month, rows("attacks", {"date": "2024-01-20"}, {"date": "2024-11-20"}), until=until)
    assert ("none on record" in " ".join(texts(fig))) == said


@pytest.mark.parametrize("size", ["full", "half"])
def test_a_year_whose_rows_do_not_count_is_not_called_empty(rows, draw, texts, size):
    counted = [{"date": f"{year}-03-03"} for year in range(2019, 2025)]
    claim = {"date": "2025-06-13", "basis": "claimed"}
    fig, _ = draw(attacks.by_year, rows("attacks", *counted, claim), until="2026-10-01", size=size)
    words = " ".join(texts(fig))
    assert " ".join(word for word in words.split() if word in ("none", "that", "counts")).startswith("none that counts")
    assert words.count("none") == 2 and words.count("record") == 1


@pytest.mark.parametrize("size", figure.SIZES)
@pytest.mark.parametrize("years", range(2, 12))
def test_what_a_last_year_says_stays_on_the_canvas(rows, draw, years, size):
    claim = {"date": "2026-03-02", "basis": "claimed"}
    draw(attacks.by_year, rows("attacks", {"date": f"{2027 - years}-03-03"}, claim), until="2026-10-01", size=size)


def test_the_values_of_the_columns_are_the_counts_that_they_show(rows):
    raids = rows(
        "attacks",
        {"date": "2023-10-18"},
        {"date": "2023-10-18", "weapon": "drone"},
        {"date": "2023-10-22"},
        {"date": "2024-01-20"},
        {"date": "2024-01-21", "basis": "claimed"},
    )
    listed = attacks.listed_by_year(raids, until="2024-06-30")
    assert list(zip(listed["year"], listed["days"], strict=True)) == [("2023", 2)] * 3 + [("2024 so far", 1)]
    assert list(attacks.listed_by_year(raids, until="2024-12-31")["year"])[-1] == "2024"


def test_the_values_of_the_marks_are_those_of_their_days(rows):
    raids = rows(
        "attacks",
        {"date": "2024-01-20", "weapon": "rocket", "wounded": 0, "wounded_bound": "exact"},
        {"date": "2024-01-20", "weapon": "ballistic_missile", "wounded": 4, "wounded_bound": "at_least"},
        {"date": "2024-01-20", "basis": "claimed"},
        {"date": "2024-01-23", "wounded": 0, "wounded_bound": "exact"},
        {"date": "2024-01-24", "basis": "claimed"},
    )
    listed = attacks.listed_by_day(raids)
    assert list(listed["date"].dt.day) == [20, 20, 23, 24], "a claim of a day that counts has no mark of its own"
    assert list(listed["weapon"]) == ["more than one kind", "more than one kind", "rockets", ""]
    assert list(listed["wounded"])[:3] == [4, 4, 0] and list(listed["wounded_bound"])[:2] == ["at_least", "at_least"]
    assert list(listed["basis"]) == ["reported"] * 3 + [attacks.CLAIMED]


def test_where_no_day_is_on_record_there_are_no_values(rows):
    none = rows("attacks", {"date": "2024-01-20"}).iloc[:0]
    assert attacks.listed_by_day(none).empty and attacks.listed_by_year(none, until="2024-06-30").empty
