"""Every way a table can be wrong is said with file, line, column, what must hold and what was found."""

import json

import pandas as pd
import pytest

from handover.errors import DataError
from handover.story import tables
from handover.story.table import number_table
from handover.story.wording import English

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
    """A data folder with one small table; call it with the bytes the table is to hold."""

    def write(content: bytes):
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        resource = {"name": "levels", "path": "levels.csv", "schema": {"fields": FIELDS, "primaryKey": "level_id"}}
        (folder / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
        (folder / "levels.csv").write_bytes(content)
        return folder, tables.dictionary(folder)[0]

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
        ("2500", "2.5k", "line 3, value: must be an integer (got '2.5k')"),
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
        tables.read(folder, schema)
    assert said in str(error.value)
    assert "data/levels.csv" in str(error.value)


def test_a_byte_order_mark_is_refused(package):
    folder, schema = package(b"\xef\xbb\xbf" + GOOD.encode())
    with pytest.raises(DataError, match="must not start with a byte-order mark"):
        tables.read(folder, schema)


def test_latin_1_is_refused_with_its_line(package):
    folder, schema = package(GOOD.encode() + "T003,2026-01-19,1,,,é\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"line 4: must be UTF-8 \(byte 0xe9 is not; saved as Latin-1\?\)"):
        tables.read(folder, schema)


def test_all_faults_of_a_file_are_listed_at_once(package):
    folder, schema = package(GOOD.replace("2026-01-14", "x").replace("2500", "y").encode())
    with pytest.raises(DataError) as error:
        tables.read(folder, schema)
    assert "2 cells break the table's rules" in str(error.value)
    assert "line 2, date" in str(error.value)
    assert "line 3, value" in str(error.value)


def test_a_missing_table_and_a_broken_dictionary_are_named(package):
    folder, schema = package(GOOD.encode())
    (folder / "levels.csv").unlink()
    with pytest.raises(DataError, match=r"data/levels\.csv: the table must exist"):
        tables.read(folder, schema)
    (folder / "datapackage.json").write_text("{")
    with pytest.raises(DataError, match=r"data/datapackage\.json: must be JSON"):
        tables.dictionary(folder)


def test_cells_are_typed_and_empty_ones_are_none(package):
    folder, schema = package(GOOD.encode())
    first, second = tables.read(folder, schema)
    assert first["high"] == 2000
    assert first["low"] is None
    assert str(second["date"]) == "2026-01-18"


@pytest.mark.parametrize(
    ("count", "bound", "printed"),
    [
        (100.0, "more_than", "more than 100"),
        (4.0, "at_least", "at least 4"),
        (16.0, "at_most", "at most 16"),
        (15.0, "about", "about 15"),
        (0.0, "exact", ">0<"),
        (float("nan"), None, '<td class="number"></td>'),
    ],
)
def test_a_count_is_printed_with_its_bound(count, bound, printed):
    row = {"date": "8 January", "wounded": count, "wounded_bound": bound, "source_id": "S001", "outlet": "Reuters"}
    table = number_table(pd.DataFrame([row]), {"date": "Day", "wounded": "Hurt"}, "Hurt", English())
    assert printed in table.html
