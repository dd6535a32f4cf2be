"""An edition exists whole or not at all, and never changes: every step of a publication is made to fail, and killed."""

import errno
import json
import os
import shutil
import signal
import stat
from pathlib import Path

import pytest

import publishing
from handover import atomic, bounded, scratch
from handover.editions import check, manifest
from handover.editions.store import Edition, Store, file_name
from handover.errors import StoreError
from handover.project import Project
from publishing import INPUTS, made

ABOUT, FILES = made()
NAME = ABOUT["edition"]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "reports", tmp_path / "lock")


def publish(store, files=FILES, **changes):
    about = ABOUT | {"outputs": manifest.outputs(files)} | changes
    with store.locked():
        return store.publish("doors", NAME, files, about)


def edition(store):
    return Edition(store.root, "doors", NAME)


# every step


class Faulty:
    """The `os` module with one step of the writing calls made to fail, or to end the process."""

    STEPS = ("open", "write", "fsync", "mkdir", "rename", "fchmod", "chmod", "close")

    def __init__(self, at, fault):
        self.left, self.fault = at, fault

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in self.STEPS:
            return real

        def step(*arguments, **options):
            self.left -= 1
            if self.left == -1:
                if name == "close":
                    real(*arguments)
                self.fault(arguments)
            return real(*arguments, **options)

        return step


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_whatever_step_the_disk_refuses_nothing_half_made_stays(store, snapshot, monkeypatch, code):
    def refuse(arguments):
        raise OSError(code, os.strerror(code), arguments[0] if isinstance(arguments[0], str) else None)

    store.root.mkdir()
    before = snapshot(store.root)
    for step in range(200):
        faulty = Faulty(step, refuse)
        monkeypatch.setattr("handover.editions.store.os", faulty)
        monkeypatch.setattr("handover.atomic.os", faulty)
        monkeypatch.setattr("handover.scratch.os", faulty)
        try:
            publish(store)
            assert edition(store).faults() == [] and store.strays() == []
            if faulty.left >= 0:
                break
            # it can do without this step
            shutil.rmtree(edition(store).folder.parent)
        except StoreError as error:
            said = str(error)
            assert f"must be writable (got {os.strerror(code)})" in said and atomic.CURES[code] in said
        assert snapshot(store.root) == before, f"step {step}"
    assert step > 20 and faulty.left >= 0
    assert edition(store).faults() == []


def test_killed_at_any_step_an_edition_is_whole_or_absent_and_the_next_run_cleans_up(store):
    store.root.mkdir()
    outcomes = set()
    for step in range(200):
        child = os.fork()
        if child == 0:
            import handover.editions.store as module

            faulty = Faulty(step, lambda arguments: os.kill(os.getpid(), signal.SIGKILL))
            module.os = atomic.os = scratch.os = faulty
            publish(store)
            os._exit(0 if faulty.left >= 0 else 9)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        outcomes.add((killed, edition(store).folder.exists()))
        assert not edition(store).folder.exists() or edition(store).faults() == []
        if not killed:
            break
        publish(store)
        assert edition(store).faults() == [] and store.strays() == []
        with store.locked():
            store.remove(edition(store))
        edition(store).folder.parent.rmdir()
    assert outcomes == {(True, False), (True, True), (False, True)}


def test_what_a_living_process_stages_is_left_alone(store):
    store.root.mkdir()
    dead = publishing.staged_by_killed(store.root)
    with scratch.folder(store.root, atomic.STAGING) as living:
        publish(store)
        assert living.exists() and not dead.exists()
    assert store.strays() == []


def test_what_is_only_called_like_something_staged_is_left_alone(store, tmp_path, snapshot):
    """Neither a folder nor a link nor a record says what is ours by its name, not even with a dead process's number."""
    store.root.mkdir()
    (store.root / f"{atomic.STAGING}photos").mkdir()
    (store.root / f"{atomic.STAGING}photos" / "holiday.jpg").write_text("mine")
    (store.root / f"{atomic.STAGING}999999999-0123abcd").write_text("mine")
    (store.root / f"{atomic.STAGING}999999999-x").symlink_to(tmp_path)
    before = snapshot(store.root)
    publish(store)
    shutil.rmtree(edition(store).folder.parent)
    assert snapshot(store.root) == before


def test_a_removal_that_the_disk_refuses_halfway_is_taken_back(store, monkeypatch):
    publish(store)
    for step in range(200):
        # not what comes before: opening and locking the folder in which it is removed
        faulty = Faulty(step, lambda arguments: (_ for _ in ()).throw(OSError(errno.EIO, os.strerror(errno.EIO))))
        monkeypatch.setattr("handover.atomic.os", faulty)
        try:
            with store.locked():
                store.remove(edition(store))
            break
        except StoreError:
            assert edition(store).faults() == [] and store.strays() == []
    assert step >= 2 and not edition(store).folder.exists() and store.strays() == []


# never changed


def test_the_same_again_changes_nothing(store, snapshot):
    assert publish(store) is True
    before = snapshot(store.root)
    assert publish(store) is False
    assert snapshot(store.root) == before


@pytest.mark.parametrize("suffix", [".html", ".pdf", ".ipynb"])
def test_other_bytes_under_the_same_name_are_refused_whatever_made_them(store, snapshot, suffix):
    publish(store)
    before = snapshot(store.root)
    other = {**FILES, file_name("doors", NAME, suffix): b"other"}
    with pytest.raises(StoreError, match=rf"same bytes under the same name \(differs: doors_.*\{suffix}\)"):
        publish(store, other, versions={"typst": "2"}, inputs=INPUTS | {"digest": "e"})
    assert snapshot(store.root) == before


def test_a_name_that_other_content_has_taken_is_refused(store, snapshot):
    publish(store)
    before = snapshot(store.root)
    with pytest.raises(StoreError, match="two contents share the name") as error:
        publish(store, content=NAME[-8:] + "f" * 56)
    assert "Render with --out to keep both." in str(error.value)
    assert snapshot(store.root) == before


def spoil(edition, how):
    html, about = edition.file(".html"), edition.folder / manifest.NAME
    match how:
        case "edited":
            html.write_bytes(b"edited")
            return "no longer matches its manifest"
        case "gone":
            html.unlink()
            return r"must be a file of the edition \(got none\)"
        case "link":
            html.rename(edition.root / "elsewhere")
            html.symlink_to(edition.root / "elsewhere")
            return r"must be a file of the edition \(got a link\)"
        case "extra":
            (edition.folder / "extra.txt").write_text("x")
            return "extra.txt: is in no manifest"
        case "torn":
            about.write_bytes(about.read_bytes()[:50])
            return "must be a whole manifest"
        case "empty":
            about.write_text("{}")
            return r"must be a whole manifest \(got report must be given"
        case "other":
            about.write_bytes(manifest.dumps(ABOUT | {"report": "windows"}))
            return "must be the manifest of doors"
        case "renamed":
            about.write_bytes(manifest.dumps(ABOUT | {"content": "f" * 64}))
            return "must be named for its content"


@pytest.mark.parametrize("how", ["edited", "gone", "link", "extra", "torn", "empty", "other", "renamed"])
def test_a_spoilt_edition_is_named_and_never_mended_in_silence(store, how):
    publish(store)
    said = spoil(edition(store), how)
    with pytest.raises(StoreError, match=said) as error:
        publish(store)
    assert "remove" in str(error.value)


@pytest.mark.parametrize("place", [0, 9, -1])
def test_a_flipped_bit_is_seen(store, place):
    publish(store)
    for path in edition(store).folder.iterdir():
        whole = path.read_bytes()
        data = bytearray(whole)
        data[place % len(data)] ^= 1
        path.write_bytes(data)
        (fault,) = edition(store).faults()
        assert path.name == manifest.NAME or f"{path}: no longer matches its manifest" in fault
        path.write_bytes(whole)


# names and links


@pytest.mark.parametrize("place", ["doors", f"doors/{NAME}"])
def test_a_planted_link_is_refused_and_what_it_leads_to_is_left_alone(store, tmp_path, place):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = store.root / place
    path.parent.mkdir(parents=True)
    path.symlink_to(elsewhere)
    with pytest.raises(StoreError, match=r"must be a folder of the store \(got a symbolic link to "):
        publish(store)
    assert list(elsewhere.iterdir()) == store.editions() == []
    assert store.strays() == [path]


def test_a_link_planted_for_something_staged_is_not_followed(store, tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "kept").write_text("mine")
    store.root.mkdir()
    dead = publishing.staged_by_killed(store.root)
    shutil.rmtree(dead)
    dead.symlink_to(victim)
    publish(store)
    assert (victim / "kept").read_text() == "mine" and dead in store.strays()


def test_a_link_planted_for_the_lock_writes_nothing_elsewhere(store, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    store.lock.symlink_to(victim)
    with pytest.raises(StoreError, match=r"lock: must be writable"):
        publish(store)
    assert victim.read_text() == "mine" and store.editions() == []


@pytest.mark.parametrize("report", ["../doors", "a/b", ".hidden", "", "a b", "-x/"])
def test_a_name_that_could_leave_the_store_is_refused(store, report, snapshot):
    with store.locked(), pytest.raises(StoreError, match="must be a name made of letters"):
        store.publish(report, NAME, FILES, ABOUT)
    assert snapshot(store.root) == {}


def test_a_report_that_differs_from_another_in_case_alone_is_refused(store, snapshot):
    publish(store)
    before = snapshot(store.root)
    with store.locked(), pytest.raises(StoreError) as error:
        store.publish("Doors", NAME, FILES, ABOUT)
    assert str(error.value).splitlines()[0] == (
        f"{store.root}/Doors: must differ from every other report in more than case (got also doors)."
    )
    assert snapshot(store.root) == before


@pytest.mark.parametrize("names", [("Doors", NAME), ("doors", NAME.replace("-en-", "-EN-"))])
def test_editions_that_came_by_a_merge_and_differ_in_case_alone_are_named(store, names):
    publish(store)
    store.root.joinpath(*names).mkdir(parents=True)
    first, second = ("Doors", "doors") if names[0] == "Doors" else (f"doors/{names[1]}", f"doors/{NAME}")
    said = f"reports/{first}: must differ from every other name in more than case (got also {second})."
    assert f"wrong {said}" in [str(one) for one in check.editions(store, Project(store.root.parent))]


def test_editions_are_found_by_name_and_strays_are_named(store):
    publish(store)
    (store.root / "doors" / "notes").mkdir()
    (store.root / "doors" / "draft.html").write_text("x")
    assert [one.name for one in store.editions()] == [NAME]
    assert store.editions("doors", prefix="2026-02") == []
    assert [path.name for path in store.strays()] == ["draft.html", "notes"]


def test_a_folder_that_holds_the_checkout_is_no_store(mini, snapshot):
    before = snapshot(mini.root)
    for out in (mini.root, mini.root.parent, Path("/")):
        with pytest.raises(StoreError, match=r"must be a folder for editions \(got one that holds the checkout\)"):
            Store.of(mini, out)
    assert snapshot(mini.root) == before


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("page1.png")])
def test_an_edition_s_folder_that_holds_something_else_is_not_removed(store, snapshot, make):
    publish(store)
    make(edition(store).folder / "notes.txt")
    before = snapshot(store.root)
    with (
        store.locked(),
        pytest.raises(StoreError, match=r"must hold only the edition to be removed \(got also notes\.txt\)"),
    ):
        store.remove(edition(store))
    assert snapshot(store.root) == before


# readers and other writers


def test_whatever_a_store_is_called_its_writers_share_one_lock(mini, tmp_path, monkeypatch):
    """By a relative path, through a link, from another project."""
    monkeypatch.setattr("handover.editions.store.LOCK_TIMEOUT_S", 0.05)
    (tmp_path / "link").symlink_to(mini.reports)
    other = Project(tmp_path / "other")
    names = [Store.of(mini, out) for out in (Path("mini/reports"), Path("mini/../mini/reports"), tmp_path / "link")]
    monkeypatch.chdir(tmp_path)
    mini.reports.mkdir()
    for one in (*names, Store.of(other, mini.reports)):
        with Store.of(mini).locked(), pytest.raises(StoreError, match="must be free to publish in"), one.locked():
            pass


@pytest.mark.parametrize("mask", [0o077, 0o000])
def test_readers_may_read_whatever_the_umask(store, mask):
    before = os.umask(mask)
    try:
        publish(store)
    finally:
        os.umask(before)
    folder = edition(store).folder
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o755}


def test_a_writer_that_waits_too_long_is_told_who_holds_the_store(store, monkeypatch):
    monkeypatch.setattr("handover.editions.store.LOCK_TIMEOUT_S", 0.05)
    with (
        store.locked(),
        pytest.raises(StoreError, match="must be free to publish in") as error,
        Store(store.root, store.lock).locked(),
    ):
        pass
    assert str(store.lock) in str(error.value)


def test_processes_at_once_publish_one_edition(store):
    store.root.mkdir()
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            os._exit(10 if publish(store) else 11)
        children.append(child)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert codes == [10, 11, 11, 11]
    assert edition(store).faults() == []


# bounded


def test_ten_thousand_strange_files_are_a_few_lines(store):
    publish(store)
    for number in range(10_000):
        (edition(store).folder / f"x{number:05}").touch()
    faults = edition(store).faults()
    assert len(faults) == 21 and faults[0].endswith("x00000: is in no manifest") and faults[-1] == "… and 9,980 more"


def test_what_no_reader_would_open_again_is_not_published(store, snapshot, monkeypatch):
    monkeypatch.setattr(bounded, "MOST", 3)
    with pytest.raises(StoreError, match=r"must have at most 3 bytes \(got .*\)\.\nShow less in the report"):
        publish(store)
    monkeypatch.undo()
    with pytest.raises(StoreError, match=r"manifest\.json: pages must be a whole number \(got '2'\)"):
        publish(store, pages="2")
    assert store.editions() == []


def test_a_file_that_may_not_be_read_is_named(store):
    publish(store)
    for path in (edition(store).file(".pdf"), edition(store).folder / manifest.NAME, edition(store).folder):
        mode = path.stat().st_mode
        path.chmod(0)
        try:
            (fault,) = as_nobody(edition(store).faults)
        finally:
            path.chmod(mode)
        assert fault.startswith(f"{edition(store).folder}/") and "Permission denied" in fault


def as_nobody(call):
    """What a call gives in a process without rights; root may read everything."""
    into, out = os.pipe()
    if not (child := os.fork()):
        if os.geteuid() == 0:
            os.setresuid(65534, 65534, 65534)
        os.write(out, json.dumps(call()).encode())
        os._exit(0)
    os.close(out)
    os.waitpid(child, 0)
    with os.fdopen(into) as said:
        return json.load(said)
