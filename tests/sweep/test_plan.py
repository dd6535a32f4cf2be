"""What a sweep is going to make: refused as a whole before anything is rendered, in the order of days."""

import datetime as dt

import pytest

from handover.editions import render
from handover.editions.store import Store
from handover.errors import NotebookError, ParameterError
from handover.sweep.plan import Series, plan


def planned(project, axes, given=None, reports=("mini",)):
    return plan(project, Store.of(project), reports, given or {}, axes)


def test_a_value_that_the_report_does_not_allow_is_told_with_its_axis(mini):
    with pytest.raises(ParameterError) as error:
        planned(mini, {"evidence": ("article", "rumour", "hearsay"), "as_of": ("2019-01-01", "2026-01-01")})
    first, second, third, last = str(error.value).splitlines()
    assert first.startswith("--sweep evidence: notebooks/mini.ipynb: parameter 'evidence'") and "rumour" in first
    assert "hearsay" in second
    assert third.startswith("--sweep as_of: notebooks/mini.ipynb: parameter 'as_of'") and "2019-01-01" in third
    assert last == "Nothing was rendered."


def test_many_values_that_are_not_allowed_are_not_all_told(mini):
    with pytest.raises(ParameterError, match="… and 20 more"):
        planned(mini, {"evidence": tuple(f"x{n}" for n in range(30))})


TO_COME = (dt.datetime.now(dt.UTC) + dt.timedelta(days=4)).date().isoformat()


@pytest.mark.parametrize(
    ("axes", "given", "first"),
    [
        ({"as_of": ("2026-01-01", TO_COME, "9999-12-31")}, {}, "--sweep as_of: "),
        ({"evidence": ("article", "record")}, {"as_of": TO_COME}, ""),
    ],
)
def test_days_to_come_are_refused_unless_they_are_asked_for(mini, axes, given, first):
    with pytest.raises(ParameterError) as error:
        planned(mini, axes, given)
    said = str(error.value).splitlines()
    assert said[0].startswith(
        f"{first}notebooks/mini.ipynb: parameter 'as_of' must be a day that has come (got {TO_COME};"
    )
    assert "--ahead" in said[-1] and len(said) == (3 if first else 2)
    made = plan(mini, Store.of(mini), ("mini",), given, axes, ahead=True)
    assert TO_COME in [step.day for step in made]


def test_a_secret_is_no_axis(mini):
    with pytest.raises(
        ParameterError, match=r"^--sweep token: .* parameter 'token' must not be named like a secret"
    ) as error:
        planned(mini, {"token": ("hunter2-hunter2",)})
    assert "hunter2" not in str(error.value)


def test_an_unknown_axis_is_told_with_the_near_one(mini):
    with pytest.raises(ParameterError, match=r"--sweep as_off: .*did you mean 'as_of'"):
        planned(mini, {"as_off": ("2026-01-01",)})


def test_a_parameter_is_set_in_one_place(mini):
    with pytest.raises(ParameterError, match=r"as_of: must be set by -p or by --sweep \(got both\)"):
        planned(mini, {"as_of": ("2026-01-01",)}, {"as_of": "2026-01-02"})


def test_an_unknown_report_is_refused(mini):
    with pytest.raises(NotebookError, match="did you mean 'mini'"):
        planned(mini, {}, reports=("mini", "minni"))


def test_steps_go_by_day_whatever_the_order_of_the_axes(mini):
    made = planned(mini, {"evidence": ("record", "article"), "as_of": ("2026-02-01", "2026-01-01")})
    assert [step.name for step in made] == [
        "mini evidence=record as_of=2026-01-01",
        "mini evidence=article as_of=2026-01-01",
        "mini evidence=record as_of=2026-02-01",
        "mini evidence=article as_of=2026-02-01",
    ]


def test_the_day_before_is_of_the_store_or_of_the_sweep(dated, stand_in):
    render.render(dated, "mini", {"as_of": "2026-01-20"})
    render.render(dated, "mini", {"as_of": "2026-01-14", "evidence": "article"})
    days = ("2026-01-15", "2026-01-22", "2026-01-29")
    made = planned(dated, {"as_of": days, "evidence": ("record", "article")})
    since = [(step.day, step.given["evidence"], step.request().parameters["since"]) for step in made]
    assert since == [
        ("2026-01-15", "record", None),
        ("2026-01-15", "article", "2026-01-14"),
        ("2026-01-22", "record", "2026-01-20"),
        ("2026-01-22", "article", "2026-01-15"),
        ("2026-01-29", "record", "2026-01-22"),
        ("2026-01-29", "article", "2026-01-22"),
    ]
    assert made[-1].request(settled=True).parameters["since"] == "2026-01-14"


def test_a_day_that_the_store_has_stays_compared_with_what_it_was(dated, stand_in):
    for day in ("2026-01-20", "2026-01-06"):
        render.render(dated, "mini", {"as_of": day})
    made = planned(dated, {"as_of": ("2026-01-06", "2026-01-13", "2026-01-20", "2026-01-27")})
    since = [step.request().parameters["since"] for step in made]
    assert since == [None, "2026-01-06", None, "2026-01-20"]


def test_a_day_that_failed_is_no_longer_compared_with():
    series = Series(days=["2026-01-01"], owed=["2026-01-05", "2026-01-09"])
    assert series.before("2026-01-09") == "2026-01-05"
    series.settle("2026-01-05", made=False)
    assert series.before("2026-01-09") == "2026-01-01"
    series.settle("2026-01-09", made=True)
    assert series.before("2026-02-01", settled=True) == "2026-01-09"
    assert series.before("2026-01-01") is None


def test_what_is_filled_in_is_no_setting(dated):
    _, second = planned(dated, {"as_of": ("2026-01-01", "2026-01-02")})
    assert second.request().parameters["since"] == "2026-01-01"
    assert second.request().variant == {}


def test_a_day_that_was_given_stays(dated):
    made = planned(dated, {"as_of": ("2026-01-01", "2026-01-02")}, {"since": "2025-12-01"})
    assert {step.request().parameters["since"] for step in made} == {"2025-12-01"}
