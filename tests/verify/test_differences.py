"""The first difference, in words: each kind of file names the place that a person would look for."""

import json

import pytest

from handover.verify.differ import data, html, notebook
from handover.verify.differ.difference import Difference, excerpts, fact_at, shown

FACTS = [
    {"key": "troops", "label": "Troops now", "value": "about 2,500", "printed": ["2,500", "about 2,500"]},
    {"key": "four", "label": "Attacks", "value": "4", "printed": ["4", "four"]},
]
PAGE = """<!DOCTYPE html><html lang="en"><head><title>T</title><style>a {}</style></head><body><main>
<h1>Doors</h1><p>There were <a href="#fact-four">four</a> doors, not 42.</p>
<h2>Windows</h2><figure role="group"><svg viewBox="0 0 9 9"><title>Line chart</title><text>12</text></svg>
<figcaption>They grew</figcaption></figure>
<table><caption>All of them</caption><tr><th>day</th></tr><tr><td>7</td></tr></table></main></body></html>"""


def test_an_excerpt_shows_both_sides_around_the_first_difference():
    text = "Some words before it, and then about 2,500 people stayed on for another year, they said."
    one, other = excerpts(text.replace("2,500", "3,500"), text)
    assert "about 3,500 people" in one and "about 2,500 people" in other
    assert excerpts("", "a") == ("", "a") and excerpts("ab", "a") == ("ab", "a")


def test_a_fact_is_named_only_where_it_is_printed_as_a_whole_word():
    given = "There were 42 attacks, then 4, and about 2,500 people."
    assert fact_at(given.replace("then 4", "then 9"), given, FACTS) == "Attacks"
    assert fact_at(given.replace("42", "43"), given, FACTS) == ""
    assert fact_at(given.replace("2,500", "2,900"), given, FACTS) == "Troops now"
    assert fact_at(given, given, []) == ""


@pytest.mark.parametrize(
    ("old", "new", "place", "fact"),
    [
        (">four<", ">nine<", "x.html, under “Doors”", "Attacks"),
        ("not 42", "not 43", "x.html, under “Doors”", ""),
        (">12<", ">13<", "x.html, under “Windows”, chart “They grew”", ""),
        (">7<", ">8<", "x.html, under “Windows”, table “All of them”", ""),
        ('lang="en"', 'lang="fr"', "x.html, not seen by all readers", ""),
        ("0 0 9 9", "0 0 8 9", "x.html, under “Windows”, chart “They grew”, not seen by all readers", ""),
        ("a {}", "b {}", "x.html", ""),
        ("<!DOCTYPE html>", "<!DOCTYPE html >", "x.html: the same page, written otherwise", ""),
    ],
)
def test_a_page_names_heading_chart_table_and_fact(old, new, place, fact):
    found = html.html("x.html", PAGE.replace(old, new, 1).encode(), PAGE.encode(), FACTS)
    assert (found.place, found.fact) == (place, fact)


@pytest.mark.parametrize("page", [b"", b"\x00\xff", b"<" * 1000, b"<a>" * 2000])
def test_a_page_that_is_none_is_a_difference_like_another(page):
    assert html.html("x.html", page, PAGE.encode(), FACTS).place.startswith("x.html")


def test_a_table_names_row_key_and_column():
    given = b"id,day,n\nA,1,2\nB,3,4\n"
    assert str(data.table("t", given.replace(b"3,4", b"3,5"), given)).startswith("t, row 3 (B), column n: “5”")
    assert data.table("t", given + b"C,5,6\n", given) == Difference("t, row 4", "C, 5, 6", "")
    assert data.table("t", given[:15], given).place == "t, row 3"
    assert "no table" in data.table("t", b"\xff\x00", given).place
    assert "written otherwise" in data.table("t", given.replace(b"\n", b"\r\n"), given).place


def test_values_that_python_calls_equal_are_told_apart():
    assert data.value("m", {"a": [1]}, {"a": [True]}) == Difference("m, a.1", "1", "true")
    assert data.value("m", {"a": 1}, {"a": 1.0}).place == "m, a"
    assert data.value("m", {"b": None}, {}) == Difference("m, b", "null", "")
    assert data.value("m", {"a": {"b": [1, 2]}}, {"a": {"b": [1, 2]}}) is None


def test_a_notebook_names_the_cell_and_what_of_it():
    cell = {"cell_type": "code", "source": ["a = 1\n", "b"], "outputs": [{"data": {"text/plain": "2"}}]}
    given = {"cells": [cell, {**cell, "source": "c"}], "metadata": {}}

    def found(change):
        other = json.loads(json.dumps(given))
        change(other)
        return notebook.notebook("n", json.dumps(other).encode(), json.dumps(given).encode()).place

    assert found(lambda nb: nb["cells"][1].update(source="d")) == "n, cell 2, its source"
    shown_other = found(lambda nb: nb["cells"][0]["outputs"][0]["data"].update({"text/plain": "3"}))
    assert shown_other.startswith("n, cell 1, outputs")
    assert found(lambda nb: nb["cells"].pop()) == "n, cell 2"
    assert found(lambda nb: nb.update(metadata={"x": 1})) == "n, metadata.x"
    assert found(lambda nb: nb.update(cells=[7, 8])) == "n, cell 1"


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\nb", "x" * 5000, "\u202eturned", "\ud800", None, 7])
def test_what_is_shown_is_one_safe_line(text):
    line = shown(text)
    assert line.isprintable() and len(line) <= 160
