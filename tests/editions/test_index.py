"""Editions by what people call them, and the edition before one."""

import json

import pytest
from click.testing import CliRunner

from handover.cli import cli
from handover.editions import Index, manifest, named, render
from handover.editions.store import Store
from handover.errors import StoreError


@pytest.fixture
def store(mini, stand_in):
    """A store with two editions of the miniature, of two days."""
    for day in ("2026-01-07", "2026-01-31"):
        render.render(mini, "mini", {"as_of": day})
    return Store.of(mini)


def test_the_day_before_is_that_of_the_latest_earlier_edition(store):
    given = dict(store.editions("mini")[-1].manifest()["parameters"])
    assert Index(store, "mini").day_before(given | {"as_of": "2026-03-01"}) == "2026-01-31"
    assert Index(store, "mini").day_before(given | {"as_of": "2026-01-31"}) == "2026-01-07"
    assert Index(store, "mini").day_before(given | {"as_of": "2026-01-07"}) is None


def test_an_edition_of_other_parameters_does_not_count(store):
    given = dict(store.editions("mini")[-1].manifest()["parameters"])
    assert Index(store, "mini").day_before(given | {"as_of": "2026-03-01", "evidence": "article"}) is None


def test_a_torn_manifest_is_passed_over(store):
    first, last = store.editions("mini")
    (last.folder / manifest.NAME).write_text("{")
    given = dict(first.manifest()["parameters"])
    assert Index(store, "mini").day_before(given | {"as_of": "2026-03-01"}) == "2026-01-07"


def test_an_edition_is_found_by_path_by_file_and_by_a_name_cut_short(store):
    edition = store.editions("mini")[0]
    for name in (str(edition.folder), str(edition.file(".pdf")), "mini/2026-01-07", f"mini/{edition.name}"):
        assert named(store, name) == edition


@pytest.mark.parametrize(("name", "said"), [("mini/2026", "(found 2)"), ("mini/1999", "(found 0)"), ("x/y", "found 0")])
def test_a_name_that_means_none_or_several_is_refused(store, name, said):
    with pytest.raises(StoreError) as error:
        named(store, name)
    assert f"{name}: must be one edition, as report/edition or a path" in str(error.value)
    assert said in str(error.value)


def test_the_command_says_what_differs(store, monkeypatch):
    monkeypatch.chdir(store.root.parent)
    edition = store.editions("mini")[1]
    path = edition.folder / manifest.NAME
    found = json.loads(path.read_text())
    found["facts"]["doors"]["value"] = "many"
    path.write_text(json.dumps(found))
    for given in (["mini/2026-01-07", "mini/2026-01-31"], ["mini/2026-01-31", "mini/2026-01-07"]):
        result = CliRunner().invoke(cli, ["diff", *given])
        assert result.exit_code == 0
        assert result.output == (
            "From  mini, 7 January 2026\nto    mini, 31 January 2026\n\n"
            "- Correction: Doors: many (the earlier edition had: 3).\n"
        )
    as_json = CliRunner().invoke(cli, ["diff", "--json", "mini/2026-01-07", "mini/2026-01-31"])
    assert [one["after"] for one in json.loads(as_json.output) if one["fact"] == "doors"] == ["many"]


def test_what_is_no_longer_printed_is_named_when_asked_for_and_not_as_a_change(store, monkeypatch):
    monkeypatch.chdir(store.root.parent)
    path = store.editions("mini")[1].folder / manifest.NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {"facts": {}}))
    days = ["mini/2026-01-07", "mini/2026-01-31"]
    assert CliRunner().invoke(cli, ["diff", *days]).output.endswith("\nNothing has changed.\n")
    told = CliRunner().invoke(cli, ["diff", "--all", *days]).output
    assert told.endswith("\nNothing has changed.\n\nNot printed any more, and not taken back:\n- Doors: 3.\n")
    as_json = CliRunner().invoke(cli, ["diff", "--all", "--json", *days])
    assert [(one["fact"], one["kind"]) for one in json.loads(as_json.output)] == [("doors", "dropped")]


def test_the_commands_tell_editions_of_one_day_apart_by_what_they_were_asked_for(mini, stand_in, monkeypatch):
    (mini.root / "pyproject.toml").write_text(
        '[tool.handover.words]\n"evidence: article" = "from the article alone"\n"evidence: record" = "with all"\n'
    )
    made = [render.render(mini, "mini", {"evidence": evidence}).edition for evidence in ("article", "record")]
    monkeypatch.chdir(mini.root)
    lines = CliRunner().invoke(cli, ["list"]).output.splitlines()
    assert {line.split("  ")[2].strip() for line in lines} == {"from the article alone", "with all"}
    told = CliRunner().invoke(cli, ["diff", *(str(one.folder) for one in made)]).output
    assert "mini, 31 January 2026, from the article alone" in told and "mini, 31 January 2026, with all" in told
