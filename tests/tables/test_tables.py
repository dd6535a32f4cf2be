"""Every fault of a table is named with file, line, column and cure, once; what both readers take is the same."""

import csv
import io
import json
import os
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handover.errors import DataError
from handover.tables import faults, read, record
from handover.tables.dictionary import FORMS as FORM_OF
from handover.tables.dictionary import READERS

FIELDS = [
    {"name": "level_id", "type": "string", "constraints": {"required": True, "unique": True, "pattern": "^T\\d{3}$"}},
    {"name": "date", "type": "date", "constraints": {"required": True}},
    {"name": "value", "type": "integer", "constraints": {"minimum": 0}},
    {"name": "low", "type": "integer"},
    {"name": "high", "type": "integer"},
    {"name": "bound", "type": "string", "constraints": {"enum": ["exact", "about", "range", "fewer_than"]}},
]
GOOD = "level_id,date,value,low,high,bound\nT001,2026-01-14,,,2000,fewer_than\nT002,2026-01-18,2500,,,about\n"


def small(root, content, fields=FIELDS):
    """Make a data folder with one small table."""
    folder = root / "data"
    folder.mkdir(exist_ok=True)
    resource = {"name": "levels", "path": "levels.csv", "schema": {"fields": fields, "primaryKey": fields[0]["name"]}}
    (folder / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
    (folder / "levels.csv").write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    return folder


@pytest.fixture
def package(tmp_path):
    """Return a function that makes a data folder with one small table of the bytes given."""
    return partial(small, tmp_path)


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
        (
            ",,2000,fewer_than",
            ",1500,2000,fewer_than",
            "high: must be given where bound is 'fewer_than', and nothing beside it (got low=1500, high=2000)",
        ),
        (",,2000,fewer_than", "2000,,,fewer_than", "high: must be given where bound is 'fewer_than'"),
        ("2500,,,about", "2500,,,", "value: must be empty where bound is '' (got value=2500)"),
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
def test_a_fault_is_named_with_its_place_and_once(package, old, new, said):
    assert GOOD.count(old) >= 1
    [found] = faults(package(GOOD.replace(old, new, 1).encode()))
    assert said in str(found) and str(found).startswith("data/levels.csv: ") and found.cure


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
        read(package(GOOD.replace(",2500,,,about", f',"{text}",,,about').encode()))
    first, cure = str(error.value).splitlines()
    assert first == f"data/levels.csv: line 3, value: must be {FORM_OF[type]} (got {text!r:.80})."
    assert cure.startswith("Write ")


@pytest.mark.parametrize(
    ("type", "text", "cure"),
    [
        ("date", "14.01.2026", "Write 2026-01-14."),
        ("date", "14 January 2026", "Write 2026-01-14."),
        ("date", "Jan 14, 2026", "Write 2026-01-14."),
        ("date", "14/01/2026", "Write 2026-01-14."),
        ("date", "01/02/2026", "Write year-month-day, in digits."),
        ("date", "2026-02-30", "Write year-month-day, in digits."),
        ("date", "20260114", "Write 2026-01-14."),
        ("integer", "2,500", "Write 2500."),
        ("integer", "2 500 000", "Write 2500000."),
        ("integer", "1.0", "Write 1."),
        ("integer", "−5", "Write -5."),
        ("integer", "1.5", "Write digits alone: words, units and hedges have columns of their own."),
        ("number", "1,5", "Write 1.5."),
    ],
)
def test_what_was_meant_is_proposed_where_it_can_be_told(package, monkeypatch, type, text, cure):
    monkeypatch.setitem(FIELDS[2], "type", type)
    [found] = faults(package(GOOD.replace(",2500,,,about", f',"{text}",,,about').encode()))
    assert found.cure == cure


@given(
    st.sampled_from(["integer", "number", "date"]), st.text("0123456789-+._eE, ٥５", max_size=12) | st.dates().map(str)
)
@example("number", "-0.50").via("both read it")
@example("integer", "1_000").via("only Frictionless reads it")
def test_what_our_reader_takes_frictionless_takes_for_the_same(type, text):
    """Of the two readers of the dictionary ours is the stricter, and neither reads another value."""
    import frictionless

    try:
        ours = READERS[type](text)
    except ValueError:
        return
    theirs, faults = frictionless.Field.from_descriptor({"name": "x", "type": type}).read_cell(text)
    assert (float(theirs) if type == "number" else theirs) == ours and not faults


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xef\xbb\xbf" + GOOD.encode(), "line 1: must not start with a byte-order mark"),
        (GOOD.encode() + b"T003,2026-01-19,1,,,\xe9\n", "line 4: must be UTF-8 (byte 0xe9 is not; 'é' in Latin-1"),
        (GOOD.encode("utf-16"), "line 1: must be UTF-8 (got UTF-16)"),
        (GOOD.replace("\n", "\r\n").encode(), "line 1: must end its lines with a line feed alone"),
        (GOOD.replace("\n", "\r").encode(), "line 1: must end its lines with a line feed alone"),
        (b"PK\x03\x04" + GOOD.encode(), "line 1: must be CSV (got a workbook"),
        (b"version https://git-lfs.github.com/spec/v1\n", "line 1: must be CSV (got a pointer of Git LFS)"),
        (b"", "data/levels.csv: must begin with the names of its columns (the file is empty)"),
        (GOOD.split("\n", 1)[1].encode(), "line 1: must be the names of the columns: level_id, date"),
        (GOOD.replace(",", ";").encode(), "line 1: columns must be separated by commas (got semicolons)"),
        (GOOD.replace(",", "\t").encode(), "line 1: columns must be separated by commas (got tabs)"),
    ],
)
def test_a_file_of_another_kind_is_one_fault(package, raw, said):
    [found] = faults(package(raw))
    assert said in str(found)


def test_all_faults_of_all_tables_are_listed_at_once_and_bounded(package):
    rows = "".join(f"T{n:03},2026-01-18,x,,,about\n" for n in range(3, 60))
    folder = package((GOOD.replace("2026-01-14", "x") + rows).encode())
    with pytest.raises(DataError) as error:
        read(folder)
    first, *lines = str(error.value).splitlines()
    assert first == "data: 58 faults:" and len(lines) == 41 and lines[-1] == "  … and 18 more"
    assert lines[0].startswith("  data/levels.csv: line 2, date: must be a date")


def test_a_missing_table_and_a_broken_dictionary_are_named(package):
    folder = package(GOOD.encode())
    (folder / "levels.csv").rename(folder / "level.csv")
    with pytest.raises(
        DataError, match=r"data/levels\.csv: the table must exist \(not found; did you mean 'level.csv'\?\)"
    ):
        read(folder)
    path = folder / "datapackage.json"
    kept = path.read_text()
    for text, said in [
        ("{", r"must be JSON \(.*line 1 column 2"),
        ("{}", "must be a data package .'resources'. is missing|must be a data package"),
        (
            kept.replace('"integer"', '"int"'),
            "table 'levels': column 'value' must have one of the types .*got 'int'; did you mean 'integer'",
        ),
        (kept.replace("^T", "^(T"), "table 'levels': column 'level_id' must have a pattern that is one"),
        (
            kept.replace(
                '"fields"',
                '"foreignKeys": [{"fields": "bound", "reference": {"resource": "levels", "fields": "y"}}], "fields"',
            ),
            "a foreign key must lead from a column to a column .got levels.bound to levels.y.",
        ),
    ]:
        path.write_text(text)
        with pytest.raises(DataError, match=rf"data/datapackage\.json: {said}"):
            read(folder)


def test_cells_are_typed_and_empty_ones_are_none(package):
    first, second = read(package(GOOD.encode())).rows["levels"]
    assert first["high"] == 2000
    assert first["low"] is None
    assert str(second["date"]) == "2026-01-18"


def test_an_id_is_one_of_one_table(package):
    folder = package(GOOD.encode())
    path = folder / "datapackage.json"
    resource = json.loads(path.read_text())["resources"][0]
    path.write_text(json.dumps({"resources": [resource, resource | {"name": "more", "path": "more.csv"}]}))
    (folder / "more.csv").write_text(GOOD.replace("T002", "T003"))
    [found] = faults(folder)
    assert str(found).startswith(
        "data/more.csv: line 2, level_id: must be an id of its own ('T001' is one of data/levels.csv too). Give"
    )


@given(st.sampled_from([1, 2]), st.integers(0, 33))
def test_one_comma_too_many_is_one_fault_of_its_line(tmp_path_factory, line, at):
    lines = GOOD.splitlines()
    at = min(at, len(lines[line]))
    lines[line] = f"{lines[line][:at]},{lines[line][at:]}"
    folder = small(tmp_path_factory.mktemp("small"), "\n".join(lines) + "\n")
    [found] = faults(folder)
    assert str(found).startswith(f"data/levels.csv: line {line + 1}")


@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.text(max_size=3)), min_size=1, max_size=4))
@example([(40, '"')]).via("an open quote")
@example([(0, "\x00")]).via("a NUL")
def test_whatever_is_written_is_read_or_has_faults_that_name_the_file(tmp_path_factory, slips):
    text = GOOD
    for at, slip in slips:
        text = text[:at] + slip + text[at + len(slip) :]
    folder = small(tmp_path_factory.mktemp("small"), text)
    for found in faults(folder):
        assert found.where.startswith("data/levels.csv") and found.what and found.cure


@given(
    st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), min_size=1).filter(
        lambda t: t == t.strip()
    )
)
@example('a "quoted", word\nand a line').via("all that needs quotes")
def test_what_a_csv_writer_wrote_is_read_back(tmp_path_factory, words):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["name", "meaning"], ["a", words], [words, "b"]])
    fields = [{"name": name, "type": "string"} for name in ("name", "meaning")]
    folder = small(tmp_path_factory.mktemp("small"), out.getvalue(), fields)
    assert read(folder).rows["levels"] == [{"name": "a", "meaning": words}, {"name": words, "meaning": "b"}]


def test_tables_are_read_again_only_where_a_byte_of_theirs_has_changed(package, tmp_path):
    folder = package(GOOD)
    before, times = read(folder), (folder / "levels.csv").stat()
    assert read(folder) is before
    package(GOOD.replace("2500", "2501"))
    os.utime(folder / "levels.csv", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert read(folder).rows["levels"][1]["value"] == 2501, "a file of the same size and time is another one"
    package(GOOD.replace("2500", "many"))
    with pytest.raises(DataError, match="line 3, value: must be an integer"):
        read(folder)
    assert read(package(GOOD)).rows == before.rows
    fields = [field | {"constraints": {"minimum": 9999}} if field["name"] == "value" else field for field in FIELDS]
    with pytest.raises(DataError, match="line 3, value: must be 9999 or more"):
        read(package(GOOD, fields))
    other = small(tmp_path, GOOD).rename(tmp_path / "copy")
    assert read(other).paths == {"levels": "copy/levels.csv"}, "messages name the folder that was read"


def test_tables_that_change_while_they_are_read_are_not_kept(package, monkeypatch):
    folder = package(GOOD)
    look = record._look

    def slow(*given):
        found = look(*given)
        package(GOOD.replace("2500", "2501"))
        return found

    monkeypatch.setattr(record, "_look", slow)
    assert read(folder).rows["levels"][1]["value"] == 2500
    monkeypatch.undo()
    assert read(folder).rows["levels"][1]["value"] == 2501
