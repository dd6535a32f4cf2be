"""What one edition says that another does not."""

from handover.press.compare import compare


def fact(value, label="Troops"):
    return {"label": label, "value": value, "claims": ["c"]}


def test_revised_goes_before_new_and_gone():
    old = {"a": fact("1"), "b": fact("2"), "c": fact("3")}
    new = {"b": fact("2"), "c": fact("4"), "d": fact("5")}
    found = compare(old, new)
    assert [(one.kind, one.key, one.before, one.after) for one in found] == [
        ("revised", "c", "3", "4"),
        ("new", "d", None, "5"),
        ("gone", "a", "1", None),
    ]
    assert str(found[0]) == "revised  Troops: 3 -> 4"
    assert found[1].as_json() == {"kind": "new", "fact": "d", "label": "Troops", "before": None, "after": "5"}


def test_editions_that_say_the_same_do_not_differ():
    assert compare({"a": fact("1", "x")}, {"a": fact("1", "y")}) == []


def test_what_rests_on_no_claim_is_left_out():
    assert compare({"as_of": fact("1") | {"claims": []}}, {"as_of": fact("2") | {"claims": []}}) == []
