"""What a sweep runs over: axes that cannot be read are told with what is wrong, all at once."""

import pytest

from handover.errors import ParameterError
from handover.sweep.axes import read

FAULTS = {
    "as_of": "--sweep as_of: must be NAME=VALUES (got 'as_of').",
    "=en": "--sweep =en: must be NAME=VALUES (got '=en').",
    "language=": "--sweep language: must name a value between commas (got '').",
    "language=en,,ar": "--sweep language: must name a value between commas (got 'en,,ar').",
    "language=en,ar,en": "--sweep language: must take each value once (twice: en).",
    "as_of=2026-01-01..2026-02-01": (
        "--sweep as_of: a range of days must have a step such as 1d, 2w, 1m or 1y (got '2026-01-01..2026-02-01')."
    ),
    "as_of=2026-01-01..2026-02-01/w": "must have a step such as 1d",
    "as_of=2026-01-01..2026-02-01/0d": "must have a step such as 1d",
    "as_of=2026-01-01..2026-02-01/1h": "must have a step such as 1d",
    "as_of=2026-01-01..2026-02-30/1d": "--sweep as_of: '2026-02-30' is no day of the calendar.",
    "as_of=2026-02-01..2026-01-01/1d": "--sweep as_of: a range must not end before it begins",
    "as_of=2026-02-01../1d": "--sweep as_of: a range must be FROM..TO/STEP (got '2026-02-01../1d').",
    "as_of=now..2026-02-01/1d": "a range must run between two days or two whole numbers",
    "as_of=1..2026-02-01/1d": "a range must run between two days or two whole numbers",
    "as_of=٢٠٢٦-٠١-٠١..2026-02-01/1d": "a range must run between two days or two whole numbers",
    "level=١..٩/1": "a range must run between two days or two whole numbers",
    "level=1..+9/1": "a range must run between two days or two whole numbers",
    "level=1..9/٢": "--sweep level: a range of whole numbers must have a step",
    "level=1..9": "--sweep level: a range of whole numbers must have a step, as in 1..9/2 (got '1..9').",
    "level=9..1/1": "must not end before it begins",
    "level=0..999999999/1": "--sweep: must come to at most 100,000 editions of a report",
    "as_of=0001-01-01..9999-12-31/1d": "--sweep: must come to at most 100,000 editions of a report",
}


@pytest.mark.parametrize("text", FAULTS)
def test_an_axis_that_cannot_be_read_is_named(text):
    with pytest.raises(ParameterError) as error:
        read([text])
    assert FAULTS[text] in str(error.value)
    assert str(error.value).endswith("or --sweep evidence=article,record.")


def test_all_faults_are_told_at_once():
    with pytest.raises(ParameterError) as error:
        read(["language=", "as_of", "language=en", "level=1..2"])
    assert [line.split(":")[0] for line in str(error.value).splitlines()[:-1]] == [
        "--sweep language",
        "--sweep as_of",
        "--sweep level",
    ]


def test_an_axis_given_twice_is_refused():
    with pytest.raises(ParameterError, match=r"--sweep language: must be given once \(got it twice\)"):
        read(["language=en", "language=ar"])


def test_too_many_combinations_are_refused_before_any_is_made():
    with pytest.raises(ParameterError, match=r"got 1,000,000,000: 1000 of a × 1000 of b × 1000 of c"):
        read([f"{name}=1..1000/1" for name in "abc"])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("as_of=2026-01-31", ["2026-01-31"]),
        ("as_of=2026-01-01..2026-01-15/1w", ["2026-01-01", "2026-01-08", "2026-01-15"]),
        ("as_of=2026-01-01..2026-01-14/1w", ["2026-01-01", "2026-01-08"]),
        ("as_of=2024-02-28..2024-03-01/1d", ["2024-02-28", "2024-02-29", "2024-03-01"]),
        ("as_of=2026-01-31..2026-04-30/1m", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ("as_of=2024-02-29..2028-12-31/2y", ["2024-02-29", "2026-02-28", "2028-02-29"]),
        ("as_of=9999-12-30..9999-12-31/1d", ["9999-12-30", "9999-12-31"]),
        ("as_of=2026-01-01,2026-02-01..2026-02-03/2d", ["2026-01-01", "2026-02-01", "2026-02-03"]),
        ("level=-1..3/2", ["-1", "1", "3"]),
        ("language= en , ar ", ["en", "ar"]),
        ("ratio=0.5,1.5", ["0.5", "1.5"]),
        ("title=a=b", ["a=b"]),
    ],
)
def test_values_of_an_axis(text, values):
    assert read([text]) == {text.partition("=")[0]: tuple(values)}
