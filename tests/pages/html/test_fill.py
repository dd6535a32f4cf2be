"""Mark-up with values in it: whatever is not mark-up is text."""

import pytest
from markupsafe import Markup

from handover.pages.html.fill import fill


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("<b>&'\"", "&lt;b&gt;&amp;&#39;&#34;"),
        ("{0} {} {x}", "{0} {} {x}"),
        (Markup("<b>"), "<b>"),
        (3, "3"),
        (None, "None"),
        (["<"], "[&#39;&lt;&#39;]"),
    ],
)
def test_what_is_not_mark_up_is_escaped(value, written):
    found = fill('<i title="{0}">{0}</i>', value)
    assert found == f'<i title="{written}">{written}</i>' == Markup('<i title="{0}">{0}</i>').format(value)
    assert isinstance(found, Markup)


def test_a_form_with_too_few_values_is_a_fault():
    with pytest.raises(IndexError, match="out of range"):
        fill("{}{}", "x")
