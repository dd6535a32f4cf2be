"""Pruning: the newest, the pinned and the referenced stay; what goes, goes whole, and no reader meets a dead link."""

import errno
import os

import pytest
from click.testing import CliRunner
from share_samples import publish as add

import publishing
from handover.cli import cli
from handover.editions import catalogue
from handover.editions.store import Store
from handover.errors import HandoverError, PublishError, StoreError
from handover.publish import prune
from judges import links


@pytest.fixture
def store(mini, monkeypatch):
    """Ten editions of a report, a day apart, in the miniature's store."""
    monkeypatch.chdir(mini.root)
    store = Store.of(mini)
    for day in range(1, 11):
        add(store, as_of=f"2026-01-{day:02}", value=str(day), listed=day == 10)
    return store


def days(editions):
    return [int(one.name[8:10]) for one in editions]


def run(*words, **options):
    return CliRunner().invoke(cli, ["prune", *words], **options)


def configure(project, text):
    (project.root / "pyproject.toml").write_text(text)


def reader(store):
    return links.dangling(lambda path: (store.root / path).read_bytes() if (store.root / path).is_file() else None)


# what is refused


@pytest.mark.parametrize("words", [[], ["--keep", "0"], ["--keep", "-1"], ["--keep", "many"]])
def test_a_number_to_keep_must_be_given_and_at_least_one(store, words):
    assert run(*words).exit_code == 2 and len(store.editions()) == 10


def test_a_pin_that_names_no_edition_stops_everything_and_all_are_listed(store, mini):
    known = store.editions()[0]
    near = f"doors/{known.name[:-1]}x"
    configure(mini, f'[tool.handover]\npinned = ["{near}", "walls/2026", "2026-01-01", "doors/"]\n')
    result = run("--keep", "1", "--yes")
    assert isinstance(result.exception, PublishError)
    text = str(result.exception)
    assert f"{near}; did you mean 'doors/{known.name}'?" in text and "nothing was removed" in text
    assert all(f"  {pin}" in text for pin in ("walls/2026", "2026-01-01", "doors/"))
    assert len(store.editions()) == 10


@pytest.mark.parametrize("value", ['"doors"', "[1]", "{}", "3"])
def test_pins_that_are_no_list_of_texts_are_refused(store, mini, value):
    configure(mini, f"[tool.handover]\npinned = {value}\n")
    with pytest.raises(HandoverError, match=r"tool\.handover\.pinned must be a list of texts"):
        prune.plan(store, 1)


def test_a_pyproject_that_is_no_toml_is_refused(store, mini):
    configure(mini, "[tool.handover\n")
    with pytest.raises(HandoverError, match=r"pyproject\.toml: must be TOML"):
        prune.plan(store, 1)


def test_an_unknown_report_names_the_near_one(store):
    result = run("--keep", "1", "door")
    assert isinstance(result.exception, PublishError)
    assert "did you mean 'doors'?" in str(result.exception)


def test_where_nobody_can_be_asked_nothing_goes_without_yes(store):
    result = run("--keep", "1", input="y\n")
    assert "must be told --yes where nobody can be asked" in str(result.exception)
    assert len(store.editions()) == 10


# what is kept


def test_the_newest_stay_and_the_one_that_the_last_of_them_is_compared_with(store, mini):
    assert days(prune.plan(store, 3).removed) == [1, 2, 3, 4, 5, 6]
    assert days(prune.plan(store, 9).removed) == []
    assert days(prune.plan(store, 100).removed) == []


def test_a_day_to_come_stays_and_takes_no_place_of_the_newest(store, mini):
    slip = add(store, as_of="2027-01-10", started="2026-01-11T00:00:00+00:00")
    plan = prune.plan(store, 1)
    assert plan.kept[slip] == "ahead" and days(plan.removed) == [1, 2, 3, 4, 5, 6, 7, 8]


def retract(*words, **options):
    return CliRunner().invoke(cli, ["retract", *words], **options)


def test_what_is_not_one_edition_of_this_store_is_not_taken_back(store, mini, tmp_path, snapshot):
    other = add(Store.of(mini, tmp_path / "other"), as_of="2026-01-10")
    before = snapshot(tmp_path)
    for words, said in (
        (["doors/2026-01", "--yes"], "must be one edition, as report/edition or a path (found 10)"),
        (["doors/2027", "--yes"], "must be one edition, as report/edition or a path (found 0)"),
        ([str(other.folder), "--yes"], f"{other.folder}: must be an edition of {store.root}."),
        (["doors/2026-01-10"], "retract: must be told --yes where nobody can be asked."),
    ):
        assert said in str(retract(*words).exception)
    assert snapshot(tmp_path) == before


def test_an_edition_is_taken_back_even_the_newest_and_the_one_before_leads_again(store, snapshot):
    newest = store.editions("doors", "2026-01-10")[0]
    result = retract("doors/2026-01-10", "--yes")
    assert (result.exit_code, result.stdout) == (0, f"{newest.folder}\n")
    assert newest not in store.editions() and len(store.editions()) == 9
    assert catalogue.stale(store) == [] and reader(store) == []
    assert b'"lead": "2026-01-09' in (store.root / "catalogue.json").read_bytes()


def test_each_line_has_its_own_newest(store, mini):
    only = add(store, as_of="2025-12-01", variant={"evidence": "article"})
    other = add(store, report="walls", as_of="2025-12-01")
    plan = prune.plan(store, 1)
    assert plan.kept[only] == plan.kept[other] == "newest"
    assert days(plan.removed) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_pinned_edition_stays_with_the_one_it_is_compared_with(store, mini):
    names = {int(one.name[8:10]): one.name for one in store.editions()}
    configure(mini, f'[tool.handover]\npinned = ["doors/{names[5]}", "/doors/2026-01-02/"]\n')
    plan = prune.plan(store, 1)
    assert days(plan.removed) == [3, 6, 7, 8]
    assert {plan.kept[one] for one in store.editions() if one.name in (names[2], names[5])} == {"pinned"}


def test_an_edition_that_a_text_names_stays(store, mini):
    edition = store.editions("doors", "2026-01-04")[0]
    (mini.root / "README.md").write_text(f"See [page one](reports/doors/{edition.name}/page1.png).")
    plan = prune.plan(store, 1)
    assert plan.kept[edition] == "named" and days(plan.removed) == [1, 2, 5, 6, 7, 8]


def test_the_edition_of_the_day_that_another_says_it_looks_back_to_stays(store, mini):
    add(store, as_of="2026-01-20", since="2026-01-03")
    plan = prune.plan(store, 1)
    assert days(plan.removed) == [1, 2, 4, 5, 6, 7, 8, 9]
    base = store.editions("doors", "2026-01-03")[0]
    assert plan.kept[base].startswith("referenced by doors/2026-01-20")


def test_a_torn_manifest_is_told_and_its_edition_stays(store):
    torn = store.editions("doors", "2026-01-02")[0]
    (torn.folder / "manifest.json").write_text("{")
    result = run("--keep", "1", "--yes")
    assert result.exit_code == 0 and torn in store.editions()
    assert f"kept, since it is not as it was written: {torn.folder}/manifest.json: must be" in result.stderr


def test_an_edition_in_which_somebody_has_worked_is_named_and_stays_and_the_others_go(store):
    first, second, third, *rest = store.editions()
    (first.folder / "notes.txt").write_text("a reader's")
    second.file(".html").write_text("with a reader's marks")
    (third.folder / "figures").mkdir()
    (third.folder / "more").mkdir()
    result = run("--keep", "1", "--yes")
    assert result.exit_code == 0 and store.editions() == [first, second, third, *rest[-2:]]
    said = "kept, since it is not as it was written: "
    assert f"{said}{first.folder}/notes.txt: is in no manifest\n" in result.stderr
    assert f"{said}{second.file('.html')}: no longer matches its manifest" in result.stderr
    assert f"{said}{third.folder}/figures: is in no manifest and 1 more\n" in result.stderr
    assert "3 changed" in result.stderr and reader(store) == []
    assert (first.folder / "notes.txt").read_text() == "a reader's"


def test_only_the_report_named_is_pruned(store):
    for day in range(1, 5):
        add(store, report="walls", as_of=f"2026-01-0{day}", value=str(day))
    assert run("--keep", "1", "--yes", "walls").exit_code == 0
    assert len(store.editions("doors")) == 10 and days(store.editions("walls")) == [3, 4]


# how it goes


def test_a_dry_run_prints_what_would_go_and_touches_nothing(store, snapshot, mini):
    before = snapshot(store.root)
    result = run("--keep", "8", "--dry-run")
    assert result.stdout == f"{store.editions()[0].folder}\n" and "1 editions to remove" in result.stderr
    assert snapshot(store.root) == before


def test_what_goes_is_gone_and_the_catalogue_knows(store):
    before = store.editions()
    result = run("--keep", "2", "--yes")
    assert result.stdout.split() == [str(one.folder) for one in before[:7]]
    assert days(store.editions()) == [8, 9, 10]
    assert catalogue.stale(store) == [] and reader(store) == [] and store.strays() == []
    assert run("--keep", "2", "--yes").stdout == ""


def test_a_person_is_asked_and_may_say_no(store, monkeypatch):
    import click

    from handover.cli import editions as command

    asked = []

    def answer(text, **options):
        asked.append(text)
        return len(asked) > 1

    monkeypatch.setattr(click, "confirm", answer)
    monkeypatch.setattr(command.sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    with pytest.raises(HandoverError, match="Nothing was removed"):
        command.prune_command.callback("doors", 2, False, False)
    assert len(store.editions()) == 10
    command.prune_command.callback("doors", 2, False, False)
    assert len(store.editions()) == 3 and asked == ["Remove them?"] * 2


def test_what_became_worth_keeping_while_the_person_thought_is_kept(store, mini):
    shown = prune.plan(store, 2)
    edition = shown.removed[0]
    configure(mini, f'[tool.handover]\npinned = ["doors/{edition.name}"]\n')
    gone = prune.carry_out(store, shown, lambda: prune.plan(store, 2))
    assert edition not in gone and edition in store.editions() and len(gone) == 6


def test_stopped_before_any_step_nothing_is_half_gone_and_no_link_is_dead(store, mini, monkeypatch):
    """Each rename is a step: of a catalogue's file into place, and of an edition away."""

    class Stopped(BaseException):
        pass

    real, steps = os.rename, []

    def rename(old, new):
        if len(steps) == stop:
            raise Stopped
        real(old, new)
        steps.append(new)
        assert reader(store) == []

    monkeypatch.setattr(os, "rename", rename)
    stop = 0
    while True:
        steps.clear()
        for day in range(1, 11):
            stop, kept = 10**6, stop
            add(store, as_of=f"2026-01-{day:02}", value=str(day), listed=day == 10)
            stop = kept
        steps.clear()
        judge = lambda: prune.plan(store, 2)  # noqa: E731
        try:
            prune.carry_out(store, judge(), judge)
        except Stopped:
            assert reader(store) == [] and all(one.faults() == [] for one in store.editions())
            stop += 1
            continue
        break
    assert stop >= 10 and days(store.editions()) == [8, 9, 10] and catalogue.stale(store) == []


def test_a_disk_that_refuses_leaves_the_edition_as_it_was(store, monkeypatch):
    edition = store.editions()[0]

    def refuse(old, new):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(old))

    monkeypatch.setattr(os, "rename", refuse)
    with store.locked(), pytest.raises(StoreError, match="must be writable"):
        store.remove(edition)
    assert edition.faults() == []


def test_a_removal_cut_short_is_swept_by_the_next_writer(store):
    edition = store.editions()[0]
    with store.locked():
        catalogue.write(store, without=[edition])
    away = publishing.staged_by_killed(store.root)
    edition.folder.rename(away / edition.name)
    assert run("--keep", "8", "--yes").exit_code == 0
    add(store, report="walls")
    assert not away.exists() and store.strays() == []
