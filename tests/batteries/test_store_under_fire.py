"""The store while everything goes wrong at once: kills at every system call, full disks, many writers.

`tests/editions/test_store.py` makes single steps fail inside the process; here the operating system does it, to a
process that publishes as a render does (`publishing`).
"""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

import publishing
from handover import atomic, cli
from handover.editions import catalogue, manifest
from handover.editions.store import Store, manifests
from handover.errors import StoreError

WRITES = ("write", "fsync", "rename", "mkdir", "fchmod", "chmod", "ftruncate", "unlink", "unlinkat", "rmdir")
PUBLISH = (sys.executable, "-B", publishing.__file__)
ATOM = "{http://www.w3.org/2005/Atom}"


def need(program):
    if shutil.which(program) is None:
        reason = f"no {program} on the path (Debian: apt-get install {program})"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture
def filled(tmp_path):
    """A store with one edition and its catalogue."""
    store = Store(tmp_path / "reports", tmp_path / "reports" / ".lock")
    store.root.mkdir()
    publishing.publish(store, 0)
    return store


def seen(store, editions=None):
    """What a reader may object to, who comes at any moment."""
    wrong = [fault for edition in editions or store.editions() for fault in edition.faults()]
    for name in ("catalogue.json", "feed.xml", "index.html"):
        path = store.root / name
        if path.exists():
            wrong += [f"{name} leads to {link}" for link in _links(path) if not (store.root / link).is_file()]
    return wrong


def _links(path):
    """Every file that a part of the catalogue leads to; parsing fails if it is torn."""
    text = path.read_text()
    if path.suffix == ".json":
        listed = [one for report in json.loads(text)["reports"] for one in report["editions"]]
        return {file["path"] for one in listed for file in one["files"].values()}
    if path.suffix == ".xml":
        return {link.get("href") for link in ElementTree.fromstring(text).iter(f"{ATOM}link")}
    assert text.rstrip().endswith("</html>")
    return set(re.findall(r'(?:href|src)="([^"#:]+)"', text))


def calls(store, syscalls):
    """How often each of these calls happens in one publication."""
    log, copy = store.root.parent / "calls", store.root.parent / "copy"
    shutil.copytree(store.root, copy)
    strace = ["strace", "-f", "-qq", "-o", log, "-e", f"trace={','.join(syscalls)}"]
    subprocess.run([*strace, *PUBLISH, copy, "1", "1"], check=True)
    shutil.rmtree(copy)
    names = re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE)
    return {name: names.count(name) for name in syscalls}


def tampered(store, syscall, when, tampering):
    """Publish the second edition in a process one of whose calls is tampered with."""
    inject = f"inject={syscall}:{tampering}:when={when}"
    strace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={syscall}", "-e", inject]
    return subprocess.run([*strace, *PUBLISH, store.root, "1", "1"], capture_output=True, text=True, check=False)


def each(store, made):
    """The store as it was, for each call in turn."""
    kept = store.root.parent / "kept"
    shutil.copytree(store.root, kept)
    for syscall, count in made.items():
        for place in range(1, count + 1):
            shutil.rmtree(store.root)
            shutil.copytree(kept, store.root)
            yield syscall, place


@pytest.mark.slow
def test_killed_at_every_call_that_writes_a_reader_sees_whole_editions_and_the_next_run_mends(filled):
    """Killed as it enters a call, a process has done all before it: together that is after each of them.

    A file is opened just before its mode is set, so that this moment is among them too.
    """
    need("strace")
    tried, outcomes = 0, set()
    for syscall, place in each(filled, calls(filled, WRITES)):
        ended = tampered(filled, syscall, place, "signal=SIGKILL")
        assert ended.returncode == -9, (syscall, place, ended.stderr)
        assert seen(filled) == [], (syscall, place)
        outcomes.add(publishing.edition(filled, 1).folder.exists())
        publishing.publish(filled, 1)
        assert publishing.whole(filled) == [] and len(filled.editions()) == 2, (syscall, place)
        tried += 1
    assert tried > 40 and outcomes == {True, False}


UNLISTED = " is published and whole; the catalogue still lists what was there before."

#: Fills a small disk up to a point, publishes, looks, makes room, and publishes again; one line of JSON a point.
FULL = """
import json, os, sys
from pathlib import Path
import publishing
from handover.errors import StoreError
from handover.editions.store import Store
root = Path(sys.argv[1], "reports")
root.mkdir()
store = Store(root, root / ".lock")
publishing.publish(store, 0)
def snapshot(pattern="**/*"):
    return {str(path): path.read_bytes() for path in sorted(root.glob(pattern)) if path.is_file()}
ballast = Path(sys.argv[1], "ballast")
for number, room in enumerate(range(0, 480, 24), 1):
    disk = os.statvfs(sys.argv[1])
    ballast.write_bytes(b"x" * max(0, disk.f_bavail * disk.f_frsize - room * 1024))
    before, listed, said = snapshot(), snapshot("*.*"), ""
    try:
        publishing.publish(store, number)
    except StoreError as error:
        said = str(error)
    published = publishing.edition(store, number).folder.exists()
    kept = snapshot("*.*") == listed if published and said else published or snapshot() == before
    torn = [fault for edition in store.editions() for fault in edition.faults()] + list(map(str, store.strays()))
    ballast.unlink()
    publishing.publish(store, number)
    print(json.dumps({"room": room, "said": said, "published": published, "kept": kept, "torn": torn,
                      "after": publishing.whole(store)}))
"""


def on_a_small_disk(tmp_path, code):
    """Run code with the path of a small disk; return what it prints, as JSON a line, and what it says.

    The disk is a private mount that ends with the process; root may make one, others inside a namespace of users.
    """
    need("unshare")
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=8m tmpfs "$1" && shift && exec "$@"'
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    ran = subprocess.run(
        ["unshare", *user, "--mount", "sh", "-c", script, "sh", small, sys.executable, "-B", "-c", code, small],
        capture_output=True, text=True, cwd=Path(publishing.__file__).parent, check=False,
    )  # fmt: skip
    if "unshare" in ran.stderr or "mount:" in ran.stderr:
        pytest.fail(ran.stderr) if os.environ.get("CI") else pytest.skip(f"no private mount here: {ran.stderr.strip()}")
    return [json.loads(line) for line in ran.stdout.splitlines()], ran.stderr


def test_a_disk_that_is_full_at_any_point_costs_no_more_than_the_edition(tmp_path):
    points, said = on_a_small_disk(tmp_path, FULL)
    assert len(points) == 20, said
    for point in points:
        assert point["kept"] and point["torn"] == point["after"] == [], point
        assert not point["said"] or "No space left on device" in point["said"], point
        assert not point["said"] or atomic.CURES[28] in point["said"], point
        assert (UNLISTED in point["said"]) == bool(point["published"] and point["said"]), point
    # full before the edition, between it and its catalogue, and not at all
    assert {(point["published"], bool(point["said"])) for point in points} == {
        (False, True),
        (True, True),
        (True, False),
    }


#: Fills the disk for temporary files up to a point, once it has been chosen, and uses it in each way there is.
TEMPORARY = """
import json, os, sys, tempfile
from pathlib import Path
from handover import scratch
from handover.errors import StoreError
from handover.notebook import environment
from handover.pages import typesetter
disk = Path(sys.argv[1])
tempfile.tempdir = str(disk)
def folder():
    with scratch.folder():
        pass
def kernel():
    with environment.scratch_folder():
        pass
def pages():
    files = {"main.typ": b'#set document(title: "x", date: datetime(year: 2000, month: 1, day: 1))', "x": bytes(9999)}
    typesetter.pdf(files, 0, "x")
for use in (folder, kernel, pages):
    for room in range(0, 40, 4):
        ballast, space, said = disk / "ballast", os.statvfs(disk), ""
        ballast.write_bytes(b"x" * max(0, space.f_bavail * space.f_frsize - room * 1024))
        try:
            use()
        except StoreError as error:
            said = str(error)
        ballast.unlink()
        for kept in typesetter._idle:
            scratch.remove(kept.folder)
        print(json.dumps({"use": use.__name__, "room": room, "said": said, "left": os.listdir(disk)}))
"""


def test_a_full_disk_for_temporary_files_is_told_as_such_and_nothing_is_left_there(tmp_path):
    points, said = on_a_small_disk(tmp_path, TEMPORARY)
    assert len(points) == 30, said
    full = (
        f"{tmp_path}/small: must have room for temporary files (got No space left on device).\n"
        "Free some space there, or point TMPDIR to a folder on another disk, and run the command again."
    )
    assert {point["said"] for point in points} == {full, ""} and not any(point["left"] for point in points)
    assert {point["use"] for point in points if point["said"]} == {"folder", "kernel", "pages"}


@pytest.mark.slow
def test_many_processes_publish_at_once(filled):
    # each has some of its own, and some are everybody's
    writers = [
        subprocess.Popen([*PUBLISH, filled.root, "3", f"{2 * n}"], stderr=subprocess.PIPE, text=True) for n in range(6)
    ]
    wrong = []
    while any(writer.poll() is None for writer in writers):
        wrong += seen(filled)
    assert [(writer.returncode, writer.communicate()[1]) for writer in writers] == [(0, "")] * 6
    assert wrong == publishing.whole(filled) == []
    assert len(filled.editions()) == 13


@pytest.mark.slow
def test_a_reader_in_a_loop_meets_nothing_torn_during_hundreds_of_publications(filled):
    """Announced in tens, as a sweep does, in one writing process; the reader looks at everything it can find."""
    writer = os.fork()
    if writer == 0:
        try:
            for number in range(1, 300):
                about, held = publishing.numbered(number, 500)
                with filled.locked():
                    filled.publish(publishing.REPORT, about["edition"], held, about)
                    if number % 10 == 9:
                        catalogue.write(filled)
            os._exit(0)
        finally:
            os._exit(1)
    wrong, rounds, ended = [], 0, 0
    while not ended:
        ended, status = os.waitpid(writer, os.WNOHANG)
        editions = filled.editions()
        # the newest ones, and some of the others: all of them would leave no time to meet a torn one
        some = [*editions[-20:], *random.Random(rounds).sample(editions, min(20, len(editions)))]
        wrong += seen(filled, some)
        rounds += 1
    assert status == 0 and wrong == [] and rounds > 1
    assert len(filled.editions()) == 300 and publishing.whole(filled) == []


# what somebody does to a store by hand


def test_a_manifest_cut_anywhere_is_seen_and_the_others_stay_listed(filled):
    publishing.publish(filled, 1)
    path = publishing.edition(filled, 1).folder / manifest.NAME
    data = path.read_bytes()
    for length in range(0, len(data) - 1, 37):
        path.write_bytes(data[:length])
        assert len(publishing.edition(filled, 1).faults()) == 1
        found, faults = manifests(filled.editions())
        assert len(found) == len(faults) == 1
        with pytest.raises(StoreError, match="must be a whole manifest"):
            publishing.publish(filled, 1)
    path.write_bytes(data)
    assert publishing.whole(filled) == []


@pytest.mark.parametrize("name", ["catalogue.json", "feed.xml", "index.html"])
def test_a_link_planted_for_the_catalogue_is_refused_and_what_it_leads_to_is_left_alone(filled, tmp_path, name):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (filled.root / name).unlink()
    (filled.root / name).symlink_to(victim)
    with pytest.raises(StoreError, match=rf"handover did not write \(got {re.escape(name)}\)"):
        publishing.publish(filled, 1)
    assert victim.read_text() == "mine" and (filled.root / name).is_symlink()


# many


@pytest.mark.slow
def test_ten_times_the_editions_take_ten_times_as_long_to_list_and_to_catalogue(mini, monkeypatch, capsys):
    """Work is counted in seconds of this process, which other processes of the machine do not add to."""
    store = Store.of(mini)
    monkeypatch.chdir(mini.root)
    spent = []
    for count in (300, 3000):
        for number in range(count):
            about, _ = publishing.numbered(number, 5)
            folder = store.root / publishing.REPORT / about["edition"]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / manifest.NAME).write_bytes(manifest.dumps(about))
        (store.root / catalogue.DATA).unlink(missing_ok=True)
        before = time.process_time()
        for _ in ("manifests", "catalogue"):
            with pytest.raises(SystemExit) as left:
                cli.main(["list"])
            assert (left.value.code, len(capsys.readouterr().out.splitlines())) == (0, count)
            with store.locked():
                catalogue.write(store)
        spent.append(time.process_time() - before)
        assert (store.root / catalogue.INDEX).stat().st_size < 80_000
        assert all(path.stat().st_size < 300_000 for path in store.root.glob("*_editions*.html"))
    assert spent[1] < 25 * spent[0]
