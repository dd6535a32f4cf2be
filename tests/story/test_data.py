"""Every fault of a table is named with file, line, column and cure; locators are checked against an article."""

import hashlib
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handover.errors import DataError
from handover.project import Project
from handover.story import data
from handover.story.data import Tables

FIELDS = [
    {"name": "level_id", "type": "string", "constraints": {"required": True, "unique": True, "pattern": "^T\\d{3}$"}},
    {"name": "date", "type": "date", "constraints": {"required": True}},
    {"name": "value", "type": "integer", "constraints": {"minimum": 0}},
    {"name": "low", "type": "integer"},
    {"name": "high", "type": "integer"},
    {"name": "bound", "type": "string", "constraints": {"enum": ["exact", "about", "range", "fewer_than"]}},
]
GOOD = "level_id,date,value,low,high,bound\nT001,2026-01-14,,,2000,fewer_than\nT002,2026-01-18,2500,,,about\n"


@pytest.fixture
def package(tmp_path):
    """Return a function that makes a data folder with one small table of the bytes given."""

    def write(content: bytes):
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        resource = {"name": "levels", "path": "levels.csv", "schema": {"fields": FIELDS, "primaryKey": "level_id"}}
        (folder / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
        (folder / "levels.csv").write_bytes(content)
        return folder, data.dictionary(folder)[0]

    return write


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",bound\n", "\n", "line 1: column 'bound' is missing"),
        (",bound\n", ",bound,extra\n", "column 'extra' is not in the dictionary"),
        (",bound\n", ",bounds\n", "column 'bounds' is not in the dictionary; did you mean 'bound'?"),
        (",bound\n", ",bound,value\n", "column 'value' stands twice"),
        ("value,low", "low,value", "columns must stand in the order level_id, date, value"),
        ("2026-01-14", "14.01.2026", "line 2, date: must be a date like 2026-01-31 (got '14.01.2026')"),
        ("2026-01-14", "2026-02-30", "line 2, date: must be a date"),
        ("2026-01-14", "", "line 2, date: must not be empty"),
        ("2000,fewer_than", "2000,less_than", "must be one of exact, about, range, fewer_than (got 'less_than'"),
        ("2000,fewer_than", "2000,fewer_thn", "did you mean 'fewer_than'?"),
        (",,2000,fewer_than", ",2500,2000,range", "low: must not exceed high (got low=2500, high=2000)"),
        (",,2000,fewer_than", ",1500,2000,fewer_than", "low: must be empty where bound is 'fewer_than' (got 1500)"),
        (",,2000,fewer_than", "2000,,,fewer_than", "high: must be given where bound is 'fewer_than'"),
        ("2500,,,about", "2500,,,", "value: must be empty where bound is '' (got 2500)"),
        ("2500", "2.5k", "line 3, value: must be an integer in plain digits, like 1200 or -5 (got '2.5k')"),
        ("2500", "-1", "line 3, value: must be 0 or more (got -1)"),
        ("T002", "T001", "line 3, level_id: must be unique ('T001' stands at line 2 too)"),
        ("T002", "X2", "level_id: must look like ^T\\d{3}$ (got 'X2')"),
        ("T002", " T002", "must have no space around it"),
        (",,,about\n", "\n", "line 3: must have 6 cells (got 3)"),
        (",,,about\n", ",,,about", "must end with a line break (the last line is cut off)"),
        ("about", '"about', "must be CSV"),
    ],
)
def test_a_fault_is_named_with_its_place(package, old, new, said):
    assert GOOD.count(old) >= 1
    folder, schema = package(GOOD.replace(old, new, 1).encode())
    with pytest.raises(DataError) as error:
        data.read_table(folder, schema)
    assert said in str(error.value)
    assert "data/levels.csv" in str(error.value)


FORMS = {
    "integer": ["1_000", "٥", "５", "+5", "0x10", "007", "1e3", "1.0", "1,000", "--5", "9" * 5000, "nan", "²", "−5"],
    "number": ["1_000.5", "٣٫٥", "３.5", "+5", ".5", "5.", "1e3", "1,5", "nan", "inf", "-Infinity", "9" * 400],
    "date": [
        "20260107",
        "2026-1-7",
        "2026-W02-3",
        "2026-007",
        "٢٠٢٦-٠١-٠٧",
        "2026-01-07T00:00",
        "２026-01-07",
        "26-01-07",
    ],
}


@pytest.mark.parametrize(("type", "text"), [(type, text) for type, texts in FORMS.items() for text in texts])
def test_a_number_or_date_in_another_form_is_refused(package, monkeypatch, type, text):
    monkeypatch.setitem(FIELDS[2], "type", type)
    with pytest.raises(DataError) as error:
        data.read_table(*package(GOOD.replace(",2500,,,about", f',"{text}",,,about').encode()))
    assert str(error.value).splitlines()[:2] == [
        "data/levels.csv: 1 cell breaks the table's rules:",
        f"  line 3, value: must be {data.FORMS[type]} (got {text!r:.80})",
    ]


@given(
    st.sampled_from(["integer", "number", "date"]), st.text("0123456789-+._eE, ٥５", max_size=12) | st.dates().map(str)
)
@example("number", "-0.50").via("both read it")
@example("integer", "1_000").via("only Frictionless reads it")
def test_what_our_reader_takes_frictionless_takes_for_the_same(type, text):
    """Of the two readers of the dictionary ours is the stricter, and neither reads another value."""
    import frictionless

    try:
        ours = data.READERS[type](text)
    except ValueError:
        return
    theirs, faults = frictionless.Field.from_descriptor({"name": "x", "type": type}).read_cell(text)
    assert (float(theirs) if type == "number" else theirs) == ours and not faults


def test_outlines_with_what_json_has_no_number_for_are_refused(tmp_path):
    project = Project(tmp_path)
    (project.data / "geo").mkdir(parents=True)
    path = project.data / "geo" / "outlines.geojson"
    for text, said in (('{"x": [NaN, 1]}', "got NaN"), ('{"x": Infinity}', "got Infinity"), ("", "Expecting value")):
        path.write_text(text)
        with pytest.raises(DataError, match=rf"data/geo/outlines.geojson: must be JSON with plain numbers \(.*{said}"):
            data.read_outlines(project)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xef\xbb\xbf" + GOOD.encode(), "must not start with a byte-order mark"),
        (GOOD.encode() + b"T003,2026-01-19,1,,,\xe9\n", "line 4: must be UTF-8 (byte 0xe9 is not; saved as Latin-1?)"),
    ],
)
def test_a_file_in_another_encoding_is_refused(package, raw, said):
    with pytest.raises(DataError) as error:
        data.read_table(*package(raw))
    assert said in str(error.value)


def test_all_faults_of_a_file_are_listed_at_once(package):
    folder, schema = package(GOOD.replace("2026-01-14", "x").replace("2500", "y").encode())
    with pytest.raises(DataError) as error:
        data.read_table(folder, schema)
    assert "2 cells break the table's rules" in str(error.value)
    assert "line 2, date" in str(error.value)
    assert "line 3, value" in str(error.value)


def test_a_missing_table_and_a_broken_dictionary_are_named(package):
    folder, schema = package(GOOD.encode())
    (folder / "levels.csv").unlink()
    with pytest.raises(DataError, match=r"data/levels\.csv: the table must exist"):
        data.read_table(folder, schema)
    (folder / "datapackage.json").write_text("{")
    with pytest.raises(DataError, match=r"data/datapackage\.json: must be JSON"):
        data.dictionary(folder)


def test_cells_are_typed_and_empty_ones_are_none(package):
    folder, schema = package(GOOD.encode())
    first, second = data.read_table(folder, schema)
    assert first["high"] == 2000
    assert first["low"] is None
    assert str(second["date"]) == "2026-01-18"


@pytest.mark.parametrize(
    ("table", "cells", "said"),
    [
        ("conflict_rows", {"row_id": "T999"}, r"row_id must be a row of some table \(got 'T999'\)"),
        ("facts", {"claims": "T001 T999"}, r"claims must be rows of some table \(got 'T999'\)"),
        ("troop_levels", {"source_id": "S999"}, r"source_id must be in sources \(got 'S999'\)"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(tables, project, monkeypatch, table, cells, said):
    rows = tables.rows | {table: [tables.rows[table][0] | cells]}
    monkeypatch.setattr(data, "read_table", lambda folder, schema: rows[schema.name])
    with pytest.raises(DataError, match=said):
        Tables.load(project)
    assert data.check_tables(project)[0] == "data: references must lead somewhere:"


def test_the_curated_tables_are_in_order(project):
    assert data.check_tables(project) == []


ARTICLE = (
    "The base is handed over. Lt. Gen. Ali said “it is done.” U.S. troops left!\n\nWill it hold? The region decides.\n"
)


def test_sentences_are_counted_by_paragraph_and_abbreviations_end_none():
    assert {place: ARTICLE[start:end] for place, (start, end) in data.sentences(ARTICLE).items()} == {
        (1, 1): "The base is handed over.",
        (1, 2): "Lt. Gen. Ali said “it is done.”",
        (1, 3): "U.S. troops left!",
        (2, 1): "Will it hold?",
        (2, 2): "The region decides.",
    }


@pytest.fixture
def claims(monkeypatch):
    """Replace the tables by one claim for each sentence of ARTICLE, in a list that a test may change."""
    rows = []
    for (paragraph, sentence), (start, end) in data.sentences(ARTICLE).items():
        digest = hashlib.sha256(ARTICLE[start:end].encode()).hexdigest()
        place = {"claim_id": f"p{paragraph:02}s{sentence:02}a", "paragraph": paragraph, "sentence": sentence}
        rows.append(place | {"start": start, "end": end, "sha256": digest})
    monkeypatch.setattr(Tables, "load", classmethod(lambda cls, project: Tables({"claims": rows}, {})))
    return rows


def without_a_claim(rows):
    del rows[3]


def past_its_end(rows):
    rows[0]["end"] += 5


@pytest.mark.parametrize(
    ("change", "text", "said"),
    [
        (len, ARTICLE.replace("done", "over"), "p01s02a: characters 25-56 must hash to"),
        (without_a_claim, ARTICLE, "paragraph 2, sentence 1 has no claim and no comment"),
        (past_its_end, ARTICLE, r"p01s01a: characters 0-29 must lie in its sentence \(0, 24\)"),
    ],
)
def test_a_locator_that_does_not_fit_the_article_is_named(claims, tmp_path, change, text, said):
    change(claims)
    (tmp_path / "article.txt").write_text(text, "utf-8")
    with pytest.raises(DataError, match=said):
        data.check_article(None, tmp_path / "article.txt")


def test_all_sentences_accounted_for(claims, tmp_path):
    (tmp_path / "article.txt").write_text(ARTICLE, "utf-8")
    assert data.check_article(None, tmp_path / "article.txt") == "5 of 5 sentences accounted for (100 %)"
