"""A manifest is stable, complete, and refuses to be read when it is not."""

import datetime as dt
import json

import pytest

from handover.editions import Request, manifest
from handover.editions.render import produce
from handover.errors import StoreError


def whole():
    return {key: kind() for key, kind in manifest.KEYS.items()}


@pytest.mark.parametrize("key", sorted(manifest.KEYS))
def test_a_manifest_without_a_part_is_refused_and_the_part_named(tmp_path, key):
    path = tmp_path / "manifest.json"
    for broken in ({k: v for k, v in whole().items() if k != key}, whole() | {key: None}):
        path.write_bytes(manifest.dumps(broken))
        with pytest.raises(StoreError, match=rf"must be a whole manifest \(missing or wrong: {key}\)"):
            manifest.load(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null"])
def test_a_torn_manifest_is_refused_with_its_path_and_a_cure(tmp_path, content):
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    with pytest.raises(StoreError) as error:
        manifest.load(path)
    assert str(error.value).startswith(f"{path}: must be a whole manifest")
    assert "render it again" in str(error.value)


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
        return whole() | {"as_of": as_of, "run": {"started": started}, "edition": edition}

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
    assert {key for key, kind in manifest.KEYS.items() if not isinstance(made[key], kind)} == set()
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
    assert set(made["inputs"]) == {"digest", "notebook", "tables", "dictionary", "lock", "package", "versions"}
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
