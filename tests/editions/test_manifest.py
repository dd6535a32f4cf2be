"""A manifest is stable, complete, and refuses to be read when it is not."""

import datetime as dt
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import publishing
from handover.editions import Request, manifest, shape
from handover.editions.render import produce
from handover.errors import StoreError


def whole(**changes):
    return publishing.made()[0] | changes


def refused(path, content):
    """What is said of a manifest file with this content."""
    path.write_bytes(content)
    with pytest.raises(StoreError) as error:
        manifest.load(path)
    first, cure = str(error.value).splitlines()
    assert first.startswith(f"{path}: must be a whole manifest (got ") and "render it again" in cure
    return first.removeprefix(f"{path}: must be a whole manifest ")


@pytest.mark.parametrize("key", sorted(manifest.Manifest.__required_keys__))
def test_a_manifest_without_a_part_is_refused_and_the_part_named(tmp_path, key):
    path = tmp_path / "manifest.json"
    broken = {name: value for name, value in whole().items() if name != key}
    assert refused(path, manifest.dumps(broken)) == f"(got {key} must be given (got none))."
    assert refused(path, manifest.dumps(whole(**{key: None}))).startswith(f"(got {key} must be ")


CUT = b'{"report": "doors"'
TORN = {
    b"": "Expecting value",
    CUT: "Expecting",
    b"null": "the whole must be an object (got None)",
    b"[]": "the whole must be an object (got a list of 0)",
    b"\xff": "codec can't decode",
    b"\xef\xbb\xbf{}": "BOM",
    "{}".encode("utf-16"): "codec can't decode",
    b"[" * 100_000: "something nested without end",
    b'{"a": 1, "a": 2}': "a key that is given twice: a",
    b'{"a": NaN}': "NaN, which is no number",
    b'{"pages": 1' + b"0" * 5000 + b"}": "Exceeds the limit",
    b"x" * (manifest.BYTES_MAX + 1): "10,000,001 bytes, too large to be one of ours; 10,000,000 at most",
}


@pytest.mark.parametrize("content", TORN, ids=map(str, range(len(TORN))))
def test_a_torn_manifest_is_refused_with_its_path_and_a_cure(tmp_path, content):
    assert TORN[content] in refused(tmp_path / "manifest.json", content)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.update(pages="2"), "pages must be a whole number (got '2')"),
        (lambda one: one.update(pages=True), "pages must be a whole number (got True)"),
        (lambda one: one.update(pages=-1), "pages must be a number of pages (got -1)"),
        (lambda one: one.update(as_of="20260131"), "as_of must be a day as YYYY-MM-DD (got '20260131')"),
        (lambda one: one.update(as_of="2026-02-30"), "as_of must be a day as YYYY-MM-DD (got '2026-02-30')"),
        (lambda one: one.update(title="half \ud83d of one"), "title must be text (got 'half \\ud83d of one')"),
        (lambda one: one["run"].update(started="0001-01-01"), "run.started must be a time as ISO text"),
        (lambda one: one["run"].update(seconds={"x": 1e999}), "Infinity, which is no number"),
        (lambda one: one["parameters"].update(x={"y": 1}), "parameters.x must be text or a whole number"),
        (lambda one: one["parameters"].update(x=[[1]]), "parameters.x.0 must be text or a whole number"),
        (lambda one: one["inputs"].update(tables={"data/a.csv": 7}), "inputs.tables.data/a.csv must be text (got 7)"),
        (lambda one: one["facts"]["doors"].pop("label"), "facts.doors.label must be given (got none)"),
        (lambda one: one["facts"]["doors"].update(weight=4), "facts.doors.weight must be 1 to 3 (got 4)"),
        (lambda one: one["facts"].update({"\x1b[2J": 1}), "facts.�[2J must be an object (got 1)"),
        (lambda one: one["outputs"].update({"../x": {}}), "outputs.../x must be the name of a file in the edition's"),
        (lambda one: one["outputs"]["page1.png"].update(bytes=10**12), "outputs.page1.png.bytes must be at most"),
        (lambda one: one["outputs"]["page1.png"].update(sha256="0"), "outputs.page1.png.sha256 must be a SHA-256"),
    ],
)
def test_a_leaf_of_another_kind_is_refused_and_its_place_named(tmp_path, change, said):
    about = json.loads(json.dumps(whole()))
    change(about)
    assert said in refused(tmp_path / "manifest.json", json.dumps(about).encode())


def pipe(path):
    os.mkfifo(path)


def sparse(path):
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Path.mkdir, "a folder"),
        (lambda path: path.symlink_to("elsewhere.json"), "a symbolic link"),
        (pipe, "no regular file"),
        (sparse, "1,099,511,627,776 bytes, too large to be one of ours"),
    ],
)
def test_what_is_no_file_of_ours_is_neither_waited_for_nor_read(tmp_path, place, said):
    place(tmp_path / "manifest.json")
    with pytest.raises(StoreError) as error:
        manifest.load(tmp_path / "manifest.json")
    assert f"must be a whole manifest (got {said}" in str(error.value)


def test_a_later_version_may_say_more(tmp_path):
    about = whole(more={"x": [1]})
    (tmp_path / "manifest.json").write_bytes(manifest.dumps(about))
    assert manifest.load(tmp_path / "manifest.json") == about


@given(place=st.integers(0), change=st.sampled_from([b"", b" ", b"x", b"0", b'"', b"\n"]), cut=st.booleans())
def test_any_byte_that_is_not_as_it_was_written_is_named(tmp_path_factory, place, change, cut):
    path, data = tmp_path_factory.mktemp("edition") / "manifest.json", manifest.dumps(whole())
    place %= len(data) + 1
    changed = data[:place] + change + data[place + cut :]
    path.write_bytes(changed)
    if changed == data:
        assert manifest.load(path) == whole()
        return
    with pytest.raises(StoreError, match=r"must be (as it was written|a whole manifest) \("):
        manifest.load(path)


@pytest.mark.parametrize("change", [lambda one: one.update(facts={}), lambda one: one["parameters"].pop("as_of")])
def test_a_manifest_of_the_right_shape_that_was_changed_is_refused(tmp_path, change):
    path, data = tmp_path / "manifest.json", manifest.dumps(whole())
    about = json.loads(data)
    assert list(about)[-1] == "sha256"
    change(about)
    path.write_text(f"{json.dumps(about, ensure_ascii=False, indent=1)}\n")
    with pytest.raises(StoreError, match=r"json: must be as it was written \(its digest says otherwise\)\.\nRestore "):
        manifest.load(path)
    del about["sha256"]
    path.write_text(f"{json.dumps(about, ensure_ascii=False, indent=1)}\n")
    with pytest.raises(StoreError, match=r"must be as it was written \(its digest is not at its end\)\.\nRestore "):
        manifest.load(path)


def test_a_missing_manifest_is_refused(tmp_path):
    with pytest.raises(StoreError, match="No such file"):
        manifest.load(tmp_path / "manifest.json")


def test_the_same_manifest_gives_the_same_bytes_whatever_order_it_was_made_in(tmp_path):
    forth, back = whole(), dict(reversed(whole().items()))
    assert manifest.dumps(forth) == manifest.dumps(back)
    (tmp_path / "m").write_bytes(manifest.dumps(forth))
    assert manifest.load(tmp_path / "m") == forth


def test_of_one_day_the_edition_rendered_last_comes_first():
    def one(as_of, started, edition):
        return whole(as_of=as_of, run={"started": started, "seconds": {}}, edition=edition)

    old = one("2026-01-07", "2026-10-03T00:00:00.000+00:00", "a")
    first = one("2026-10-01", "2026-10-02T00:00:00.000+00:00", "z")
    corrected = one("2026-10-01", "2026-10-02T00:00:00.001+00:00", "b")
    assert manifest.newest_first([first, old, corrected]) == [corrected, first, old]


def test_the_start_of_a_run_is_told_in_utc():
    east = dt.timezone(dt.timedelta(hours=14))
    run = manifest.run(dt.datetime(2026, 1, 1, tzinfo=east), {"execute": 1.23456}, "shut")
    assert run == {"started": "2025-12-31T10:00:00.000+00:00", "seconds": {"execute": 1.235}, "network": "shut"}


def test_the_manifest_of_a_render_says_all_it_should(mini, stand_in):
    product = produce(Request.of(mini, "mini", {"evidence": "article"}))
    made = json.loads(manifest.dumps(product.manifest))
    assert shape.fault(made, manifest.Manifest) == ""
    assert made["parameters"] == {"as_of": "2026-01-31", "language": "en", "evidence": "article"}
    assert made["variant"] == {"evidence": "article"}
    assert made["title"] == "Doors in miniature" and made["standfirst"] == "How many doors there were."
    assert made["facts"] == {
        "doors": {
            "label": "Doors",
            "value": "3",
            "low": 3,
            "high": 3,
            "unit": "doors",
            "known_since": "2026-01-05",
            "claims": ["C1"],
            "weight": 3,
            "news": "",
            "history": [],
        }
    }
    assert made["statements"] == {}
    assert made["sources"] == ["S1"]
    hashed = {"digest", "notebook", "tables", "dictionary", "lock", "package"}
    assert set(made["inputs"]) == {*hashed, "author", "versions"}
    assert set(made["inputs"]["tables"]) == {"data/counts.csv"}
    assert made["content"].startswith(made["edition"][-8:])
    assert made["pages"] >= 1
    assert {about["mime"] for about in made["outputs"].values()} == set(manifest.MIMES.values())
    assert set(made["run"]["seconds"]) == {"execute", "compose", "typeset"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"weight": 1, "news": "It is done."}, (1, "It is done.", [])),
        ({"weight": 9, "news": None, "history": "x"}, (3, "", [])),
        (
            {"weight": "1", "history": [3, {"since": "2026-01-01", "value": 4, "more": "x"}]},
            (3, "", [{"since": "2026-01-01", "value": "4"}]),
        ),
    ],
)
def test_what_a_notebook_says_of_its_news_is_kept_in_a_shape_that_can_be_compared(said, kept):
    for told in (manifest.facts, manifest.statements):
        one = told({"facts": [{"key": "a"} | said], "statements": [{"key": "a"} | said]})["a"]
        assert (one["weight"], one["news"], one["history"]) == kept


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", *manifest.FACT_KEYS]), inner),
    max_leaves=8,
)


@given(ODD, ODD, ODD)
def test_whatever_a_notebook_states_the_manifest_made_of_it_can_be_read_again(facts, statements, sources):
    evidence = {"facts": facts, "statements": statements, "sources": sources}
    about = whole(
        facts=manifest.facts(evidence), statements=manifest.statements(evidence), sources=manifest.sources(evidence)
    )
    assert shape.fault(manifest.parsed(manifest.dumps(about)), manifest.Manifest) == ""
