"""The committed editions: whole, listed, and all that a visitor is promised."""

from pathlib import Path

from handover.editions import catalogue
from handover.editions.store import Store
from handover.project import Project

STORE = Store.of(Project(Path(__file__).resolve().parents[1]))
PROMISED = {("2026-01-31", "record"), ("2026-10-01", "record")}


def test_every_edition_matches_its_manifest():
    assert [fault for edition in STORE.editions() for fault in edition.faults()] == []
    assert STORE.strays() == []


def test_the_editions_that_the_readme_promises_are_there():
    for report in ("briefing", "drawdown", "handover"):
        found = [edition.manifest() for edition in STORE.editions(report)]
        assert {(one["as_of"], one["parameters"]["evidence"]) for one in found} == PROMISED


def test_pages_keep_within_their_number():
    most = {"briefing": 2, "handover": 13, "drawdown": 12}
    pages = {(one.report, one.name): one.manifest()["pages"] for one in STORE.editions()}
    assert {name: number for name, number in pages.items() if number > most[name[0]]} == {}


def test_the_catalogue_lists_each_edition():
    assert catalogue.lists(STORE.root, STORE.editions())
