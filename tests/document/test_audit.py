"""The audit: seeded defects, one a way to smuggle a number past the evidence."""

import nbformat.v4 as v4
import pytest

from handover.document import read
from handover.document.audit import audit
from handover.document.evidence import EVIDENCE_MIME
from handover.errors import AuditError

EVIDENCE = {
    "names": ["F-16", "K-1"],
    "facts": [
        {"key": "attacks", "value": "4", "printed": ["four"], "claims": ["p07s03a"], "known_since": "2026-01-07"}
    ],
    "sources": [{"id": "S001", "claims": [{"id": "p07s03a", "known_since": "2026-01-07"}]}],
    "conflicts": [],
}
BOUND = "There were [four](#fact-attacks) of them, says [the article](#source-S001). An F-16 flew from K-1."


def report(*cells, evidence=EVIDENCE):
    """A finished notebook with the given cells and an evidence output at its end."""
    out = v4.new_output("display_data", {EVIDENCE_MIME: evidence})
    cells = [*cells, v4.new_code_cell("evidence()", outputs=[out])]
    return read(v4.new_notebook(cells=cells), "mini")


def markdown(text):
    return v4.new_markdown_cell(text)


def output(mime, data, about=None):
    return v4.new_code_cell("x", outputs=[v4.new_output("display_data", {mime: data}, metadata={mime: about or {}})])


def stream(name, text):
    return v4.new_code_cell("x", outputs=[v4.new_output("stream", name=name, text=text)])


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (markdown("There were 4 of them."), "cell 1, text: '4' in “There were 4 of them.”"),
        (markdown("- a list of 17 things"), "'17'"),
        (markdown("About twelve came."), "'twelve'"),
        (markdown("Hundreds left."), "'Hundreds'"),
        (markdown("> quoted 9 times"), "'9'"),
        (markdown("It was in 2026."), "'2026'"),
        (markdown("[4](#fact-nothing)"), "'4'"),
        (markdown("[five](#fact-attacks)"), "'five'"),
        (markdown("[7](https://example.org)"), "'7'"),
        (markdown("| a |\n|---|\n| 12 |"), "'12'"),
        (markdown("F-16 and F-17"), "'17'"),
        (output("text/markdown", "Some 300 men"), "'300'"),
        (output("text/html", "<table><caption>In 5 years</caption><tr><td>x</td></tr></table>"), "caption: '5'"),
        (output("text/html", "<table><tr><td>2,500</td></tr></table>"), "table: '2,500'"),
        (output("text/html", "<p>Three of them</p>"), "text: 'Three'"),
        (output("image/svg+xml", "<svg/>", {"title": "Down to 4", "alt": "x"}), "title of a figure: '4'"),
        (output("image/svg+xml", "<svg/>", {"subtitle": "since 2003", "alt": "x"}), "subtitle of a figure: '2003'"),
        (
            output("image/svg+xml", "<svg/>", {"alt": "x", "values": "<table><tr><td>12</td></tr></table>"}),
            "values of a figure, table: '12'",
        ),
        (
            stream("stderr", "UserWarning: findfont\nmore"),
            "cell 1, standard error: 'a warning' in “UserWarning: findfont”",
        ),
        (stream("stdout", "42\n"), "cell 1, output: '42'"),
    ],
)
def test_an_unbound_number_fails_with_its_cell_and_text(cell, said):
    with pytest.raises(AuditError) as error:
        audit(report(cell), "notebooks/mini.ipynb")
    assert "notebooks/mini.ipynb: every printed number must answer for itself (1 do not)" in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "cell",
    [
        markdown(BOUND),
        markdown("## A heading\n\nwords, and `code 12`"),
        markdown("- 12 of them, says [the article](#source-S001)"),
        output("text/markdown", BOUND),
        output("text/html", '<table><tr><td>12</td><td><a href="#source-S001">x</a></td></tr></table>'),
        output("text/html", '<table><tr><td><a href="#fact-attacks">4</a></td></tr></table>'),
        output("image/svg+xml", "<svg/>", {"title": BOUND, "alt": "4"}),
    ],
)
def test_a_bound_number_passes(cell):
    audit(report(cell), "x")


def test_a_notebook_that_states_no_evidence_is_not_audited():
    audit(read(v4.new_notebook(cells=[markdown("4")])), "x")


def test_all_unbound_numbers_are_listed():
    with pytest.raises(AuditError, match=r"\(2 do not\)"):
        audit(report(markdown("4"), markdown("5")), "x")


@pytest.mark.parametrize(("day", "fails"), [("2026-01-06", True), ("2026-01-07", False)])
def test_evidence_from_the_future_is_refused(day, fails):
    parameters = v4.new_code_cell(f'as_of = "{day}"', metadata={"tags": ["parameters"]})
    if fails:
        with pytest.raises(AuditError) as error:
            audit(report(parameters, markdown(BOUND)), "notebooks/mini.ipynb")
        assert f"a report as of {day} must rest on what was known by then" in str(error.value)
        assert "p07s03a, known since 2026-01-07" in str(error.value)
    else:
        audit(report(parameters, markdown(BOUND)), "x")
