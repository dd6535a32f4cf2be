"""The first difference, in words: each kind of file names the place that a person would look for."""

import json

import pytest

from handover.verify.difference import Difference, first, of_values, shown

FACTS = [
    {"key": "troops", "label": "Troops now", "value": "about 2,500", "printed": ["2,500", "about 2,500"]},
    {"key": "four", "label": "Attacks", "value": "4", "printed": ["4", "four"]},
]
PAGE = """<!DOCTYPE html><html lang="en"><head><title>T</title><style>a {}</style></head><body><main>
<h1>Doors <em>and</em></h1><p>There were <a href="#fact-four">four</a> doors, not 42, and about 2,500 people.</p>
<h2>Windows</h2><figure role="group"><svg viewBox="0 0 9 9"><title>Line chart</title><text>12</text></svg>
<figcaption>They grew</figcaption></figure>
<table><caption>All of them</caption><tr><th>day</th></tr><tr><td>7</td></tr></table></main></body></html>"""
HIDDEN = ", not seen by all readers"


@pytest.mark.parametrize("page", [b"", b"\x00\xff", b"<" * 1000, b"<a>" * 2000])
def test_a_page_that_is_none_is_a_difference_like_another(page):
    assert first("x.html", page, PAGE.encode()).place.startswith("x.html")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("t.csv", b"\xff\x00"),
        ("n.ipynb", b"{}"),
        ("n.ipynb", b"[" * 100_000),
        ("n.ipynb", b'{"cells": 7}'),
        ("m.json", b"{"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_difference_like_another(name, found):
    assert first(name, found, b'{"cells": []}').place.startswith(f"{name}: cannot be read")


@pytest.mark.parametrize(
    ("old", "new", "place", "fact"),
    [
        (">four<", ">nine<", ", under “Doors and”", "Attacks"),
        ("not 42", "not 43", ", under “Doors and”", ""),
        ("2,500", "2,900", ", under “Doors and”", "Troops now"),
        (">12<", ">13<", ", under “Windows”", ""),
        (">7<", ">8<", ", under “Windows”", ""),
        ("Doors <em>and", "Doors <em>or", ", under “Doors and”", ""),
        ('lang="en"', 'lang="fr"', HIDDEN, ""),
        ("0 0 9 9", "0 0 8 9", f", under “Windows”{HIDDEN}", ""),
        ("a {}", "b {}", HIDDEN, ""),
        ("<!DOCTYPE html>", "<!DOCTYPE html >", ": the same page, written otherwise", ""),
    ],
)
def test_a_page_names_heading_and_fact(old, new, place, fact):
    found = first("x.html", PAGE.replace(old, new, 1).encode(), PAGE.encode(), FACTS)
    assert (found.place, found.fact) == (f"x.html{place}", fact)


def test_the_name_of_an_edition_is_the_difference_only_where_nothing_else_is():
    given = "<p>Edition 2026-01-31-en-0a0b0c0d</p><p>There were 3 doors.</p>"
    other = given.replace("0d<", "0e<")
    assert "0a0b0c0e" in first("x.html", other.encode(), given.encode()).found
    assert "5 doors" in first("x.html", other.replace("were 3", "were 5").encode(), given.encode()).found


def test_an_excerpt_shows_both_sides_around_the_first_difference():
    text = "<p>Some words before it, and then about 2,500 people stayed on for another year, they said."
    found = first("x.html", text.replace("2,500", "3,500").encode(), text.encode())
    assert "about 3,500 people" in found.found and "about 2,500 people" in found.given
    assert str(of_values("x", "ab", "a")) == "x: “ab”, where this checkout gives “a”"
    assert str(of_values("x", "", "a")) == "x: nothing, where this checkout gives “a”"


def test_a_table_names_row_key_and_column():
    given = b"id,day,n\nA,1,2\nB,3,4\n"
    assert str(first("t.csv", given.replace(b"3,4", b"3,5"), given)).startswith("t.csv, row 3 (B), column n: “5”")
    assert first("t.csv", given + b"C,5,6\n", given) == Difference("t.csv, row 4", "C, 5, 6", "")
    assert first("t.csv", given[:15], given).place == "t.csv, row 3"
    assert first("t.csv", given.replace(b"A,1,2", b"A,1,2,9"), given).place == "t.csv, row 2 (A), column 4"
    assert "written otherwise" in first("t.csv", given.replace(b"\n", b"\r\n"), given).place


def test_values_that_python_calls_equal_are_told_apart():
    assert of_values("m", {"a": [1]}, {"a": [True]}) == Difference("m, a.1", "1", "true")
    assert of_values("m", {"a": 1}, {"a": 1.0}).place == "m, a"
    assert of_values("m", {"b": None}, {}) == Difference("m, b", "null", "")
    assert of_values("m", {"a": {"b": [1, 2]}}, {"a": {"b": [1, 2]}}) is None


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda nb: nb["cells"][1].update(source="d"), "n.ipynb, cell 2, its source"),
        (lambda nb: nb["cells"][0]["outputs"][0].update(data=3), "n.ipynb, cell 1, outputs.1.data"),
        (lambda nb: nb["cells"].pop(), "n.ipynb, cell 2, its source"),
        (lambda nb: nb.update(metadata={"x": 1}), "n.ipynb, metadata.x"),
        (lambda nb: nb.update(cells=[7, 8]), "n.ipynb, cell 1, its source"),
        (lambda nb: nb, "n.ipynb: the same content, written otherwise"),
    ],
)
def test_a_notebook_names_the_cell_and_what_of_it(change, place):
    cell = {"cell_type": "code", "source": ["a = 1\n", "b"], "outputs": [{"data": {"text/plain": "2"}}]}
    given = json.dumps({"cells": [cell, {**cell, "source": "c"}], "metadata": {}})
    other = json.loads(given)
    change(other)
    assert first("n.ipynb", json.dumps(other, indent=1).encode(), given.encode()).place == place


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\nb", "x" * 5000, "\u202eturned", "\ud800", None, 7])
def test_what_is_shown_is_one_safe_line(text):
    line = shown(text)
    assert line.isprintable() and len(line) <= 160
