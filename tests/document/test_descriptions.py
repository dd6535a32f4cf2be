"""A picture that is shown only to those who see stops the report; one whose description helps does not."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from handover.document import descriptions, document
from handover.errors import AuditError

EVIDENCE = {"application/vnd.handover.evidence+json": {"facts": [], "sources": [], "names": ["x"]}}
CHART = '<svg xmlns="http://www.w3.org/2000/svg"><text>2019</text><g><text x="1"><tspan>2,500</tspan></text></g></svg>'


def doc(*cells, evidence=True):
    outputs = [new_output("display_data", EVIDENCE)] if evidence else []
    return document.read(new_notebook(cells=[*cells, new_code_cell("e", outputs=outputs)]))


def chart(alt, title="The [finding](#fact-x)", subtitle="What is counted", svg=CHART):
    about = {"image/svg+xml": {"alt": alt, "title": title, "subtitle": subtitle}}
    return new_code_cell("x", outputs=[new_output("display_data", {"image/svg+xml": svg}, metadata=about)])


BAD = {
    "": "must say something",
    " \n.": "must say something",
    "troops.svg": "must not be a file's name (got 'troops.svg')",
    "/charts/a-b_1.PNG": "must not be a file's name",
    "Chart": "must not be a placeholder (got 'Chart')",
    "image 12": "must not be a placeholder",
    "TODO": "must not be a placeholder",
    "The finding": "must not be its caption again",
    "what is counted.": "must not be its caption again",
    "The finding What is counted": "must not be its caption again",
    "Columns that rise": "must give a value that the picture shows (got none of 2,500, 2019)",
    "Columns up to 25": "must give a value that the picture shows",
}


@pytest.mark.parametrize("alt", BAD)
def test_a_description_that_does_not_help_stops_the_report(alt):
    with pytest.raises(AuditError) as error:
        descriptions.check(doc(new_markdown_cell("# T"), chart(alt)), "notebooks/x.ipynb")
    assert str(error.value).startswith("notebooks/x.ipynb: every picture must be described (1 are not):\n  cell 2: its")
    assert BAD[alt] in str(error.value)


@pytest.mark.parametrize(("source", "said"), [("![](x.png)", "say something"), ("- ![photo](x.png)", "placeholder")])
def test_pictures_in_prose_are_judged_too(source, said):
    with pytest.raises(AuditError, match=said):
        descriptions.check(doc(new_markdown_cell(source)), "x")


@pytest.mark.parametrize("alt", ["Columns that rise to 2,500", "From 2019 on", "All 38 of them"])
def test_a_description_with_a_value_passes(alt):
    descriptions.check(doc(chart(alt, title="On 38 days")), "x")


def test_a_picture_without_figures_needs_none_in_its_description():
    descriptions.check(doc(chart("Map of Iraq", svg="<svg><text>Anbar</text></svg>")), "x")


def test_a_notebook_that_promises_nothing_is_not_judged():
    descriptions.check(doc(chart(""), evidence=False), "x")
