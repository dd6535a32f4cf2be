"""An edition exists whole or not at all: every step of a publication is made to fail, and killed."""

import errno
import json
import os
import signal
import stat

import pytest

from handover import atomic
from handover.editions import manifest
from handover.editions.store import Edition, Store, file_name
from handover.errors import StoreError

CONTENT = "0123abcd" + "0" * 56
NAME = f"2026-01-31-en-{CONTENT[:8]}"


def about(files, **changes):
    return {
        "report": "doors",
        "edition": NAME,
        "content": CONTENT,
        "title": "Doors",
        "standfirst": "",
        "as_of": "2026-01-31",
        "language": "en",
        "parameters": {},
        "variant": {},
        "inputs": {"digest": "d"},
        "outputs": manifest.outputs(files),
        "versions": {"typst": "1"},
        "facts": {},
        "sources": [],
        "pages": 1,
        "run": {"started": "2026-02-01T00:00:00+00:00"},
    } | changes


FILES = {file_name("doors", NAME, suffix): suffix.encode() * 9 for suffix in (".html", ".pdf", ".ipynb")}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "reports", tmp_path / "lock")


def publish(store, files=FILES, **changes):
    with store.locked():
        return store.publish("doors", NAME, files, about(files, **changes))


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


def refuse(code):
    def fault(arguments):
        raise OSError(code, os.strerror(code), arguments[0] if isinstance(arguments[0], str) else None)

    return fault


def each_step(monkeypatch, code):
    """Yield once for every step that a publication takes, with that step made to fail."""
    for step in range(200):
        faulty = Faulty(step, refuse(code))
        monkeypatch.setattr("handover.editions.store.os", faulty)
        monkeypatch.setattr("handover.atomic.os", faulty)
        yield faulty
        if faulty.left >= 0:
            break
    monkeypatch.undo()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO, errno.EDQUOT])
def test_whatever_step_the_disk_refuses_nothing_half_made_stays(store, snapshot, monkeypatch, code):
    store.root.mkdir()
    before, failures = snapshot(store.root), 0
    for faulty in each_step(monkeypatch, code):
        try:
            publish(store)
        except StoreError as error:
            failures += 1
            assert "must be writable (got " in str(error) and os.strerror(code) in str(error)
            assert atomic.CURES[code] in str(error)
            assert snapshot(store.root) == before, f"step {failures}"
        else:
            assert faulty.left >= 0
    assert failures > 20
    assert Edition(store.root, "doors", NAME).faults() == []


def test_killed_at_any_step_an_edition_is_whole_or_absent_and_the_next_run_cleans_up(store, snapshot):
    edition = Edition(store.root, "doors", NAME)
    store.root.mkdir()
    outcomes = set()
    for step in range(200):
        child = os.fork()
        if child == 0:
            import handover.editions.store as module

            faulty = Faulty(step, lambda arguments: os.kill(os.getpid(), signal.SIGKILL))
            module.os = atomic.os = faulty
            publish(store)
            os._exit(0 if faulty.left >= 0 else 9)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        whole = edition.folder.exists()
        outcomes.add((killed, whole))
        if whole:
            assert edition.faults() == []
        if not killed:
            break
        publish(store)
        assert edition.faults() == [] and store.strays() == []
        for path in edition.folder.iterdir():
            path.unlink()
        edition.folder.rmdir()
        edition.folder.parent.rmdir()
    assert outcomes == {(True, False), (True, True), (False, True)}


def test_what_a_living_process_stages_is_left_alone(store):
    store.root.mkdir()
    living = store.root / f"{atomic.STAGING}{os.getppid()}-aaaa"
    dead = store.root / f"{atomic.STAGING}999999999-bbbb"
    living.mkdir()
    dead.mkdir()
    publish(store)
    assert living.exists() and not dead.exists()


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
        publish(store, other, versions={"typst": "2"}, inputs={"digest": "e"})
    assert snapshot(store.root) == before


def test_a_name_that_other_content_has_taken_is_refused(store, snapshot):
    publish(store)
    before = snapshot(store.root)
    with pytest.raises(StoreError, match="two contents share the name") as error:
        publish(store, content=CONTENT[:8] + "f" * 56)
    assert "Render with --out to keep both." in str(error.value)
    assert snapshot(store.root) == before


def spoil(edition, how):
    html = edition.file(".html")
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
            path = edition.folder / "manifest.json"
            path.write_bytes(path.read_bytes()[:50])
            return "must be a whole manifest"
        case "empty":
            (edition.folder / "manifest.json").write_text("{}")
            return r"missing or wrong: report, edition, content"
        case "other":
            path = edition.folder / "manifest.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"report": "windows"}))
            return "must be the manifest of doors"
        case "renamed":
            path = edition.folder / "manifest.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"content": "f" * 64}))
            return "must be named for its content"


@pytest.mark.parametrize("how", ["edited", "gone", "link", "extra", "torn", "empty", "other", "renamed"])
def test_a_spoilt_edition_is_named_and_never_mended_in_silence(store, how):
    publish(store)
    edition = Edition(store.root, "doors", NAME)
    said = spoil(edition, how)
    with pytest.raises(StoreError, match=said) as error:
        publish(store)
    assert "remove" in str(error.value)


@pytest.mark.parametrize("place", ["doors", f"doors/{NAME}"])
def test_a_planted_link_is_refused_and_what_it_leads_to_is_left_alone(store, tmp_path, place):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = store.root / place
    path.parent.mkdir(parents=True)
    path.symlink_to(elsewhere)
    with pytest.raises(StoreError, match=r"must be a folder of the store \(got a symbolic link to "):
        publish(store)
    assert list(elsewhere.iterdir()) == []
    assert store.editions() == []
    assert store.strays() == [path]


@pytest.mark.parametrize("report", ["../doors", "a/b", ".hidden", "", "a b", "-x/"])
def test_a_name_that_could_leave_the_store_is_refused(store, report, snapshot):
    with store.locked(), pytest.raises(StoreError, match="must be a name made of letters"):
        store.publish(report, NAME, FILES, about(FILES))
    assert snapshot(store.root) == {}


@pytest.mark.parametrize("mask", [0o077, 0o000])
def test_readers_may_read_whatever_the_umask(store, mask):
    before = os.umask(mask)
    try:
        publish(store)
    finally:
        os.umask(before)
    edition = Edition(store.root, "doors", NAME)
    assert {stat.S_IMODE(path.stat().st_mode) for path in edition.folder.iterdir()} == {0o644}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (edition.folder, edition.folder.parent)} == {0o755}


def test_a_writer_that_waits_too_long_is_told_who_holds_the_store(store, monkeypatch):
    monkeypatch.setattr("handover.editions.store.LOCK_TIMEOUT_S", 0.05)
    with (
        store.locked(),
        pytest.raises(StoreError, match="must be free to publish in") as error,
        Store(store.root, store.lock).locked(),
    ):
        pass
    assert str(store.lock) in str(error.value)


def test_two_processes_at_once_publish_one_edition(store):
    store.root.mkdir()
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            os._exit(10 if publish(store) else 11)
        children.append(child)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert codes == [10, 11, 11, 11]
    assert Edition(store.root, "doors", NAME).faults() == []


def test_editions_are_found_by_name_and_strays_are_named(store):
    publish(store)
    (store.root / "doors" / "notes").mkdir()
    (store.root / "doors" / "draft.html").write_text("x")
    assert [edition.name for edition in store.editions()] == [NAME]
    assert store.editions("doors", prefix="2026-02") == []
    assert [path.name for path in store.strays()] == ["draft.html", "notes"]
