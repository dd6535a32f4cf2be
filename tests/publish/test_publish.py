"""A mirror of the store: complete however often it was interrupted, and whole for its readers at every step."""

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from share_samples import interrupted
from share_samples import publish as add

import publishing
from handover import addresses
from handover.cli import cli
from handover.editions import catalogue, catalogue_pages
from handover.editions.store import Store
from handover.errors import HandoverError, PublishError
from handover.publish import mirror as mirrors
from handover.publish import prune, record, target
from judges import links


class Stopped(BaseException):
    """What a kill looks like from inside."""


class Watched(target.Folder):
    """A folder that a reader looks over after every step, if asked to, and that stops dead before a given one."""

    def __init__(self, root, stop=None, *, read=True):
        super().__init__(root, at_once=1)
        self.stop, self.watched, self.steps = stop, read, []

    def _step(self, act, path):
        if len(self.steps) == self.stop:
            raise Stopped
        act()
        self.steps.append(path)
        assert not self.watched or reader(self.root) == [], f"after {path}"

    def put(self, path, data, mime, *, lasting):
        self._step(lambda: target.Folder.put(self, path, data, mime, lasting=lasting), path)

    def delete(self, path):
        self._step(lambda: target.Folder.delete(self, path), path)


def reader(root):
    return links.dangling(lambda path: (root / path).read_bytes() if (root / path).is_file() else None)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "reports", tmp_path / "lock" / "store.lock")
    for day in ("2026-01-07", "2026-01-20"):
        add(store, as_of=day, listed=False)
    add(store, report="windows")
    return store


def mirror(store, to, *, force=False, adopt=False):
    plan = mirrors.plan(store, to)
    mirrors.check(plan, to, force=force, adopt=adopt)
    mirrors.carry_out(plan, to)
    return plan


def same(store, root, site):
    """Both hold the same files; modes too, so that a web server can read them."""
    return site(root) == site(store.root)


def later(store):
    """What happens between two mirrorings: editions come, one goes."""
    add(store, as_of="2026-01-31", value="4")
    add(store, report="walls")
    gone = store.editions("doors", "2026-01-07")[0]
    with store.locked():
        catalogue.write(store, without=[gone])
        store.remove(gone)


# what is refused


@pytest.mark.parametrize(
    ("url", "said"),
    [
        # inside what is published, or around it
        ("reports", r"must lie outside .*reports \(got a folder in it\)"),
        ("reports/mirror", "must lie outside"),
        ("file://{here}/reports", "must lie outside"),
        ("link", "must lie outside"),
        (".", r"must not hold what is published \(got /.*, which holds /"),
        ("..", "must not hold what is published"),
        ("/", "must not hold what is published"),
        # in the checkout
        ("public", r"^public: must lie outside the checkout, or where git ignores it \(got /(.|\n)*say --force"),
        ("./data/www", "must lie outside the checkout"),
        ("file:{here}/public", "must lie outside the checkout"),
        ("elsewhere", "must lie outside the checkout"),
        # nothing, and what only a shell reads
        ("", r"publish: must name a place \(got ''\)\.\nIs a variable unset"),
        ("  ", "must name a place"),
        ("~", r"since only a shell expands ~ and \$ \(got ~\)"),
        ("~/www", "only a shell expands"),
        ("~desk/www", "only a shell expands"),
        ("./~/www", "only a shell expands"),
        ("$HOME/www", "only a shell expands"),
        ("${{WWW}}", "only a shell expands"),
        # what cannot be seen
        ("www\n", r"without control characters, backslashes and blanks at its ends \(got 'www\\n'\)"),
        ("w\0w", "without control characters"),
        ("w\u202ew", "without control characters"),
        (" www", "blanks at its ends"),
        ("../www ", "blanks at its ends"),
        ("..\\www", "backslashes"),
        # another machine
        ("desk@host:/srv/www", r"\(got desk@host:/srv/www, which may mean another machine\).*\n.*\./desk@host:/srv"),
        ("host:www", "may mean another machine"),
        ("host::module", "may mean another machine"),
        ("C:/www", "may mean another machine"),
        ("s3:desk/reports", r"an address with ://(.|\n)*Write s3://bucket/path"),
        ("s3:/desk/reports", "an address with ://"),
        ("https:/desk.example", "an address with ://"),
        ("simplecache::s3://desk/x", "an address with ://"),
        # addresses of files
        ("file://otherhost/srv/www", r"must be on this machine \(got the host otherhost\)"),
        ("file://www", "got the host www"),
        ("file:www", "must be an absolute path"),
        ("file://", "must be an absolute path"),
        ("FILE:///srv/w%zz", "percent-encoded"),
        ("file:///srv/50%", "percent-encoded"),
        ("file:///srv/a%2Fb", "percent-encoded"),
        ("file:///srv/a%00b", "percent-encoded"),
        ("file:///srv/a%0Ab", "percent-encoded"),
        ("file:///srv/%FF", "percent-encoded"),
        ("file:///srv/%7E/www", "percent-encoded"),
        ("file:///srv/www?x=1", "without query or fragment"),
        ("file:///srv/www#top", "without query or fragment"),
        # storage
        ("s33://desk/reports", r"must be a folder, or an address of storage .*\(got s33://, .*did you mean 's3'\?\)"),
        ("https://desk.example/reports", r"\(got https://, which only serves files\)"),
        ("HTTP://desk.example/", "which only serves files"),
        ("memory://reports", r"\(got memory://, which keeps none\)"),
        ("local://srv/www", "which keeps none"),
        ("zip://x.zip", "which keeps none"),
        ("s3://", "must name a place there"),
        ("s3:///reports", "must name a place there"),
        ("s3://desk/a//b", "no empty, . or .. in its path"),
        ("s3://desk/../other", "no empty, . or .. in its path"),
        ("s3://desk/x?versionId=1", "no query and no fragment"),
        ("s3://desk/x#y", "no query and no fragment"),
        ("s3://[desk/x", "cannot be read"),
        (
            "gs://desk/reports",
            r"through gcsfs, which is missing\.\nInstall it, in the checkout: \.venv/bin/python -m pip install gcsfs$",
        ),
        ("AZ://desk/reports", "install adlfs"),
        # what stands there
        ("file", r"file: must be a folder \(got a file, /"),
        ("../file/below", r"file/below: must be a folder \(got a file, /.*/file\)"),
        ("loop", "loop: must be a folder"),
        ("../" + "x" * 300, "must be writable .got File name too long"),
    ],
)
def test_what_is_no_place_for_a_mirror_is_refused(mini, tmp_path, monkeypatch, snapshot, url, said):
    monkeypatch.chdir(mini.root)
    add(Store.of(mini))
    (mini.root / "file").write_text("")
    (tmp_path / "file").write_text("")
    (mini.root / "link").symlink_to("reports")
    (mini.root / "elsewhere").symlink_to("data/new")
    (mini.root / "loop").symlink_to("loop")
    before = snapshot(tmp_path)
    result = CliRunner().invoke(cli, ["publish", "--", url.format(here=mini.root)])
    assert isinstance(result.exception, HandoverError), result.output
    assert re.search(said, str(result.exception)), result.exception
    assert str(result.exception).count("\n") == 1
    assert snapshot(tmp_path).keys() == before.keys()


def test_without_its_driver_object_storage_is_refused_with_the_line_that_installs_it(store, monkeypatch):
    import fsspec.registry  # noqa: F401

    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(PublishError) as error:
        target.of("s3://desk/reports", store)
    assert str(error.value) == (
        "s3://desk/reports: must be reached through s3fs, which is missing.\n"
        "Install it, in the checkout: scripts/setup all"
    )


def test_the_package_that_is_named_for_a_kind_of_storage_is_the_one_that_fsspec_asks_for():
    from fsspec.registry import known_implementations

    asked = {kind: str(known_implementations[kind]) for kind in target.STORAGE}
    assert [kind for kind, package in target.STORAGE.items() if package not in asked[kind]] == []


def test_a_password_in_an_address_is_refused_and_not_printed(store):
    with pytest.raises(HandoverError, match=r"must hold no password\.\n.*AWS_SECRET_ACCESS_KEY") as error:
        target.of("s3://key:hush@desk/reports", store)
    assert "hush" not in str(error.value)


def test_an_address_of_a_file_is_read_as_what_it_says(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text, path in {
        f"file://{tmp_path}/my%20www": "my www",
        f"file://localhost{tmp_path}/two": "two",
        f"FILE://LOCALHOST{tmp_path}/two": "two",
        f"file:{tmp_path}/50%25": "50%",
        "./host:www": "host:www",
        "50%20": "50%20",
        "a b/": "a b",
    }.items():
        assert target.of(text, store) == target.Folder(tmp_path / path)


@given(st.text(min_size=1, max_size=12))
def test_whatever_is_typed_is_read_as_one_thing_or_refused(text):
    """A path says itself; what a file address says is what it was encoded from."""
    try:
        found = addresses.read(text, "here")
    except HandoverError as error:
        assert str(error).startswith("here: must ") and str(error).count("\n") == 1
    else:
        assert found == Path(text) or found.split(":")[0] == text.split(":")[0].lower()
    if text.isprintable() and not set("/\\~") & set(text):
        assert addresses.read(Path(f"/srv/{text}").as_uri(), "here") == Path(f"/srv/{text}")


def test_a_folder_in_the_checkout_must_be_ignored_by_git_or_meant(run, mini, site):
    subprocess.run(["git", "init", "-q", mini.root], check=True)
    assert "or where git ignores it" in str(run("public").exception)
    assert run("meant", "--force").exit_code == 0 and site(mini.root / "meant") == site(mini.reports)
    (mini.root / ".gitignore").write_text("public/\n")
    assert run("public").exit_code == 0 and site(mini.root / "public") == site(mini.reports)


def spoil_pdf(edition):
    edition.file(".pdf").write_bytes(b"spoilt")


def tear_manifest(edition):
    (edition.folder / "manifest.json").write_text("{")


DAMAGES = [(spoil_pdf, r"\.pdf: no longer matches its manifest"), (tear_manifest, "must be a whole manifest")]


@pytest.mark.parametrize(("damage", "said"), DAMAGES)
def test_a_damaged_edition_is_named_and_the_others_are_published_without_it(store, tmp_path, damage, said):
    edition, *others = store.editions()
    damage(edition)
    to = target.Folder(tmp_path / "mirror")
    (fault,) = mirror(store, to).faults
    assert re.search(said, fault) and str(edition.folder) in fault
    assert not (to.root / edition.report / edition.name).exists()
    assert all((to.root / one.report / one.name / "manifest.json").is_file() for one in others)
    assert edition.name not in (to.root / "index.html").read_text() and reader(to.root) == []


@pytest.mark.parametrize(("damage", "said"), DAMAGES)
def test_what_a_mirror_has_of_an_edition_that_was_damaged_since_stays_and_stays_ours(
    store, tmp_path, snapshot, damage, said
):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    edition = store.editions()[0]
    there = to.root / edition.report / edition.name
    before = snapshot(there)
    whole = {path: path.read_bytes() for path in edition.folder.iterdir()}
    damage(edition)
    mirror(store, to)
    assert snapshot(there) == before
    for path, data in whole.items():
        path.write_bytes(data)
    store.remove(edition)
    mirror(store, to)
    assert not there.exists()


def test_a_store_whose_editions_are_all_damaged_is_not_published(store, tmp_path):
    for edition in store.editions():
        tear_manifest(edition)
    with pytest.raises(
        PublishError, match=r"must hold an edition that is whole \(got none\)\.\n  \S+manifest.json: must be a"
    ):
        mirror(store, target.Folder(tmp_path / "mirror"))
    assert not (tmp_path / "mirror").exists()


def test_an_edition_that_changes_on_the_way_stops_the_run(store, tmp_path):
    to = target.Folder(tmp_path / "mirror")
    plan = mirrors.plan(store, to)
    store.editions("doors")[0].file(".html").write_bytes(b"changed")
    with pytest.raises(PublishError, match="must match its manifest, and does not"):
        mirrors.carry_out(plan, to)
    assert not (to.root / "index.html").exists()


def test_two_at_once_are_one_too_many(store):
    with mirrors.alone(store), pytest.raises(PublishError, match="by one command at a time"), mirrors.alone(store):
        pass


def test_an_empty_store_is_not_mirrored(store, tmp_path):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    with pytest.raises(PublishError, match="must hold an edition"):
        mirror(Store(tmp_path / "empty", tmp_path / "elsewhere"), to)
    assert reader(to.root) == [] and (to.root / "doors").is_dir()


def test_losing_more_than_is_kept_must_be_meant(run, tmp_path, mini, snapshot, site):
    """As when it is run from a checkout of another branch."""
    kept = add(Store.of(mini), report="walls")
    run("../mirror")
    before = snapshot(tmp_path / "mirror")
    shutil.rmtree(mini.reports / "doors")
    result = run("../mirror")
    assert isinstance(result.exception, PublishError) and snapshot(tmp_path / "mirror") == before
    assert "must not lose more editions than it keeps (would lose 2, keep 1)" in str(result.exception)
    assert run("../mirror", "--dry-run").exit_code == 0 and snapshot(tmp_path / "mirror") == before
    assert run("../mirror", "--yes").exit_code == 0
    assert {path.split("/")[0] for path in site(tmp_path / "mirror") if "/" in path} == {kept.report}


# other people's files


def a_site(root):
    """A static site with its own front page and feed."""
    return {"index.html": "<h1>Ours</h1>", "feed.xml": "<feed/>", "posts/1.html": "<p>", "doors/index.html": "<p>"}


def a_photo_folder(root):
    return {".staging-photos/a.raw": "raw", ".staging-1234-old/b.raw": "raw", "2026/a.jpg": "jpg", ".lock": "theirs"}


def a_shelf(root):
    """A folder with a page that is called as one of ours."""
    return {"books_editions.html": "<ul>", "doors_editions.html": "<ul>", "walls_editions-1.html": "<ul>"}


def a_git_checkout(root):
    subprocess.run(["git", "init", "-q", root], check=True)
    return {"README.md": "# Theirs", "index.html": "<h1>Theirs</h1>", ".handover/x": "x", "catalogue.json": "{}"}


def a_mirror_of_another(root):
    other = Store(root.parent / "other" / "reports", root.parent / "other.lock")
    for day in ("2025-05-01", "2025-05-02", "2025-05-03"):
        add(other, report="gates", as_of=day)
    mirror(other, target.Folder(root))
    return {f"gates/{other.editions()[0].name}/notes.txt": "a reader's"}


FOREIGN = {
    a_site: ["feed.xml", "index.html"],
    a_photo_folder: [],
    a_shelf: ["doors_editions.html"],
    a_git_checkout: ["catalogue.json", "index.html"],
    a_mirror_of_another: ["catalogue.json", "feed.xml", "index.html"],
}


@pytest.mark.parametrize("make", FOREIGN)
def test_in_a_folder_of_others_only_what_is_ours_is_replaced_or_removed(run, tmp_path, mini, snapshot, make):
    """Published without a word, as a trial, with --force, and again after an edition went: all else is as it was."""
    there, clashing = tmp_path / "there", FOREIGN[make]
    there.mkdir()
    for path, text in make(there).items():
        (there / path).parent.mkdir(parents=True, exist_ok=True)
        (there / path).write_text(text)
    before = snapshot(there)
    trial = run(there, "--dry-run")
    assert trial.exit_code == 0 and snapshot(there) == before
    replaced = [line.split()[1] for line in trial.stdout.splitlines() if line.startswith("replace ")]
    assert sorted(replaced) == clashing
    assert (f"{len(clashing)} of these files are not as we put them there" in trial.stderr) == bool(clashing)
    plain = run(there)
    if clashing:
        assert isinstance(plain.exception, PublishError) and snapshot(there) == before
        said = f"must hold nothing of others that would be replaced or deleted.*:\n  {clashing[0]} was not published"
        assert re.search(said, str(plain.exception))
        assert str(plain.exception).endswith("replace and delete these files, say --force. Nothing was published.")
        assert ("it is the mirror of another store" in str(plain.exception)) == (make is a_mirror_of_another)
        assert run(there, "--force").exit_code == 0
    own = {path for path, (data, _) in snapshot(mini.reports).items() if data is not None} | {record.NAME}

    def others():
        return {path: found for path, found in snapshot(there).items() if path not in own}

    untouched = {path: found for path, found in before.items() if path not in own}
    assert others().items() >= untouched.items()
    (there / "doors" / Store.of(mini).editions()[0].name / "notes.txt").write_text("a reader's")
    gone = Store.of(mini).editions()[0]
    with Store.of(mini).locked():
        catalogue.write(Store.of(mini), without=[gone])
        Store.of(mini).remove(gone)
    assert run(there).exit_code == 0
    assert others().items() >= untouched.items()
    assert [path.name for path in (there / "doors" / gone.name).iterdir()] == ["notes.txt"]
    assert run(there).stderr.endswith("0 files uploaded, 0 deleted, 9 the same already\n")


def test_what_was_changed_there_since_is_replaced_or_deleted_only_by_force(store, tmp_path, snapshot, site):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    gone = store.editions("doors", "2026-01-07")[0]
    marked = to.root / "doors" / gone.name / gone.file(".html").name
    marked.write_text("with a reader's marks")
    (to.root / "index.html").write_text("redesigned")
    later(store)
    before = snapshot(to.root)
    with pytest.raises(PublishError) as error:
        mirror(store, to)
    assert f"  index.html was changed there\n  doors/{gone.name}/{marked.name} was changed there\n" in str(error.value)
    assert snapshot(to.root) == before
    mirror(store, to, force=True)
    assert same(store, to.root, site)


def test_a_long_list_of_files_in_the_way_is_cut(store, tmp_path):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    (to.root / record.NAME).unlink()
    for path in to.root.rglob("*.*"):
        if path.is_file():
            path.write_text("theirs")
    with pytest.raises(PublishError, match=r"\n  … and 10 more\nName another place; or, to replace"):
        mirror(store, to)


@pytest.mark.parametrize(
    ("place", "make", "said"),
    [
        ("doors", Path.touch, r"doors: must be a folder \(got a file\)"),
        ("doors", lambda path: path.symlink_to("elsewhere"), r"doors: must be a folder \(got a link\)"),
        ("index.html", Path.mkdir, r"index\.html: must be a file \(got a folder\)"),
        ("feed.xml", os.mkfifo, r"feed\.xml: must be a file \(got a device\)"),
        (record.NAME, Path.mkdir, "must be the record of what was published here"),
        (record.NAME, lambda path: path.symlink_to("elsewhere"), "must be the record of what was published here"),
    ],
)
def test_where_there_is_no_room_nothing_is_published_even_by_force(run, tmp_path, snapshot, place, make, said):
    there = tmp_path / "there"
    (there / "elsewhere").mkdir(parents=True)
    make(there / place)
    before = snapshot(there)
    result = run(there, "--force")
    assert re.search(said, str(result.exception)) and snapshot(there) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        '{"version": 2, "site": "", "files": {}}',
        '{"version": 1, "site": 3, "files": {}}',
        '{"version": 1, "site": "", "files": {"../secret": {"00": 3}}}',
        '{"version": 1, "site": "", "files": {"doors/2026-01-07-en-00000000/..": {"00": 3}}}',
        '{"version": 1, "site": "", "files": {"robots.txt": {"00": 3}}}',
        '{"version": 1, "site": "", "files": {"index.html": {"00": "3"}}}',
        '{"version": 1, "site": "", "files": {"index.html": ["00"]}}',
        "[" * 100_000,
    ],
)
def test_a_record_that_we_did_not_write_stops_everything(store, tmp_path, snapshot, text):
    """It could name other people's files as ours."""
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    (to.root / record.NAME).write_text(text)
    later(store)
    before = snapshot(to.root)
    with pytest.raises(PublishError, match=r"must be the record of what was published here \(got .*\n.*say --force"):
        mirror(store, to, force=True)
    assert snapshot(to.root) == before


def test_a_mirror_without_a_record_is_taken_for_ours_where_its_bytes_are(store, tmp_path):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    (to.root / record.NAME).unlink()
    assert mirror(store, to).uploads == []
    later(store)
    mirror(store, to)
    assert reader(to.root) == []


def test_two_addresses_tell_two_mirrors_apart_and_one_holds_through_new_names(run, tmp_path, mini, site):
    """Where all editions are rendered anew, none is in common with the mirror."""
    settings = mini.root / "pyproject.toml"
    settings.write_text('[tool.handover]\nurl = "https://desk.example/"\n')
    run("../mirror")
    shutil.rmtree(mini.reports / "doors")
    for day in ("2026-01-07", "2026-01-20"):
        add(Store.of(mini), as_of=day, salt="other")
    settings.write_text('[tool.handover]\nurl = "https://other.example/"\n')
    assert "it is the mirror of another store" in str(run("../mirror").exception)
    assert "If it is the mirror of this store, say --yes" in str(run("../mirror").exception)
    settings.write_text('[tool.handover]\nurl = "https://desk.example/"\n')
    assert run("../mirror").exit_code == 0
    catalogued = {path for path in site(mini.reports) if "/" in path}
    assert {path for path in site(tmp_path / "mirror") if "/" in path} == catalogued


# what is mirrored


def test_a_mirror_is_the_store_and_the_second_run_moves_nothing(store, tmp_path, site):
    to = target.Folder(tmp_path / "mirror")
    old = os.umask(0o077)
    try:
        first = mirror(store, to)
    finally:
        os.umask(old)
    assert same(store, to.root, site)
    assert (len(first.uploads), first.there) == (len(site(to.root)) - 5, 0)
    second = mirror(store, to)
    assert (second.uploads, second.deleted, second.there) == ([], (), len(first.uploads))


def test_times_are_never_asked(store, tmp_path, site):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    edition = store.editions("doors")[0]
    for path in to.root.rglob("*.*"):
        os.utime(path, (0, 0))
    assert mirrors.plan(store, to).uploads == []
    spoilt = to.root / "doors" / edition.name / edition.file(".pdf").name
    spoilt.write_bytes(spoilt.read_bytes()[::-1])
    os.utime(spoilt, (2**31, 2**31))
    plan = mirror(store, to, force=True)
    assert [file.path for file in plan.uploads] == [spoilt.relative_to(to.root).as_posix()]
    assert same(store, to.root, site)


def test_what_others_keep_beside_the_mirror_stays(store, tmp_path):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    foreign = ["robots.txt", "doors/readme.txt", "pictures/2026/a.png", "walls_editions.txt", "doors/x/y.html"]
    for name in foreign:
        (to.root / name).parent.mkdir(parents=True, exist_ok=True)
        (to.root / name).write_text("theirs")
    later(store)
    plan = mirror(store, to)
    assert {path.split("/")[1][:10] for path in plan.deleted} == {"2026-01-07"} and len(plan.deleted) == 5
    assert [name for name in foreign if not (to.root / name).is_file()] == []


def test_a_catalogue_on_disk_that_is_behind_is_mirrored_as_it_should_be(store, tmp_path):
    (store.root / "index.html").write_text("behind")
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    assert reader(to.root) == [] and b"The windows" in (to.root / "index.html").read_bytes()


def test_a_link_in_the_mirror_is_replaced_and_not_followed(store, tmp_path):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    outside = tmp_path / "outside"
    outside.write_text("theirs")
    (to.root / "index.html").unlink()
    (to.root / "index.html").symlink_to(outside)
    with pytest.raises(PublishError, match=r"\n  index.html was changed there\n"):
        mirror(store, to)
    mirror(store, to, force=True)
    assert outside.read_text() == "theirs" and not (to.root / "index.html").is_symlink()


def test_the_order_is_editions_then_catalogue_then_deletions(store, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue_pages, "ROWS", 1)
    to = Watched(tmp_path / "mirror")
    mirror(store, to)
    names = [path.rpartition("/")[2] for path in to.steps]
    assert names[0] == record.NAME, "the record says what will be there before it is"
    manifests = [place for place, name in enumerate(names) if name == "manifest.json"]
    assert manifests == list(range(13, 16)), "of each edition the manifest comes last"
    assert names[16:] == [
        *("doors_editions-1.html", "doors_editions.html", "windows_editions.html"),
        *("catalogue.json", "feed.xml", "index.html"),
    ]
    later(store)
    again = Watched(to.root)
    plan = mirror(store, again)
    assert again.steps[0] == again.steps[-1] == record.NAME, "in the end it says what is there"
    assert again.steps[-6:-1] == list(plan.deleted) and again.steps[-7] == "index.html"


def test_stopped_before_any_step_the_next_run_completes_and_no_reader_meets_a_dead_link(store, tmp_path, site):
    before, begun = tmp_path / "before", tmp_path / "begun"
    mirror(store, target.Folder(before))
    later(store)
    whole = mirrors.plan(store, target.Folder(before))
    steps = len(whole.uploads) + len(whole.deleted)
    assert steps >= 15
    for stop in range(1, steps + 2):
        shutil.rmtree(begun, ignore_errors=True)
        shutil.copytree(before, begun)
        with pytest.raises(Stopped):
            mirror(store, Watched(begun, stop, read=False))
        assert reader(begun) == [], f"stopped before step {stop}"
        rest = mirror(store, target.Folder(begun))
        assert len(rest.uploads) + len(rest.deleted) == steps - (stop - 1), "what was done is not done again"
        assert same(store, begun, site)


def test_killed_and_the_store_moved_on_the_next_run_still_knows_its_own(store, tmp_path, site):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    for turn in range(1, 6):
        add(store, as_of=f"2026-03-0{turn}")
        with pytest.raises(Stopped):
            mirror(store, Watched(to.root, 5 + turn, read=False))
    add(store, as_of="2026-03-09")
    mirror(store, to)
    assert same(store, to.root, site)


def test_what_a_killed_run_left_half_made_is_swept(store, tmp_path, site):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    publishing.staged_by_killed(to.root)
    mirror(store, to)
    assert same(store, to.root, site)


def test_a_pruned_store_and_its_mirror_stay_the_same(store, tmp_path, site, mini):
    to = target.Folder(tmp_path / "mirror")
    for day in range(1, 9):
        add(store, as_of=f"2026-02-0{day}", value=str(day), listed=day == 8)
    mirror(store, to)
    judge = lambda: prune.plan(replace(store, project=mini), 2, "doors")  # noqa: E731
    assert len(prune.carry_out(store, judge(), judge)) == 7
    mirror(store, to, adopt=True)
    assert same(store, to.root, site) and reader(to.root) == []


def test_the_reader_would_notice(store):
    store.editions("doors")[0].file(".pdf").unlink()
    found = reader(store.root)
    assert len(found) == 1 and found[0].endswith(".pdf is not there")
    (store.root / "windows_editions.html").unlink()
    assert "windows_editions.html: is not there" in reader(store.root)


# the command


@pytest.fixture
def run(mini, monkeypatch):
    monkeypatch.chdir(mini.root)
    for day in ("2026-01-07", "2026-01-20"):
        add(Store.of(mini), as_of=day)
    return lambda *words: CliRunner().invoke(cli, ["publish", *map(str, words)])


#: What `catalogue` says as well.
RELATIVE = f"{catalogue.unaddressed(catalogue.Site())}\n"


def test_the_command_prints_where_readers_enter(run, tmp_path, mini, site):
    result = run("../mirror")
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path}/mirror/index.html\n")
    assert result.stderr == f"{RELATIVE}14 files uploaded, 0 deleted, 0 the same already\n"
    assert site(tmp_path / "mirror") == site(mini.reports)
    assert run(f"file://{tmp_path}/mirror").stderr.endswith("\n0 files uploaded, 0 deleted, 14 the same already\n")
    (mini.root / "pyproject.toml").write_text('[tool.handover]\nurl = "https://desk.example/"\n')
    assert run("../mirror").stderr == "3 files uploaded, 0 deleted, 11 the same already\n"


def test_a_dry_run_prints_the_plan_and_touches_nothing(run, tmp_path, mini, snapshot):
    untouched = snapshot(tmp_path)
    result = run("../mirror", "--dry-run")
    assert result.exit_code == 0 and snapshot(tmp_path) == untouched
    assert result.stdout.splitlines()[-1] == "upload  index.html" and len(result.stdout.splitlines()) == 14
    assert result.stderr == f"{RELATIVE}14 files would be uploaded, 0 would be deleted, 0 the same already\n"
    run("../mirror")
    before = snapshot(tmp_path / "mirror")
    store = Store.of(mini)
    gone = store.editions()[0]
    with store.locked():
        catalogue.write(store, without=[gone])
        store.remove(gone)
    said = run("../mirror", "--dry-run").stdout.splitlines()
    assert f"delete  doors/{gone.name}/manifest.json" in said and "upload  index.html" in said
    assert snapshot(tmp_path / "mirror") == before


def test_sigterm_stops_it_and_the_next_run_completes(run, tmp_path, mini, site):
    done = interrupted(mini.root, tmp_path / "mirror", "Folder", signal.SIGTERM, after=4)
    assert (done.returncode, done.stdout, done.stderr) == (143, b"", b"")
    there = [path for path in (tmp_path / "mirror").rglob("*") if path.is_file()]
    assert reader(tmp_path / "mirror") == [] and 3 < len(there) < 15
    assert run("../mirror").exit_code == 0 and site(tmp_path / "mirror") == site(mini.reports)


def test_progress_is_told(store, tmp_path):
    told = []
    to = target.Folder(tmp_path / "mirror")
    mirrors.carry_out(mirrors.plan(store, to, lambda *step: told.append(step)), to, lambda *step: told.append(step))
    assert told[0] == ("comparing", 1, 15) and told[-1] == ("uploading", 20, 20) and len(told) == 40


# drafts


def drafts(mini, *names):
    (mini.root / "pyproject.toml").write_text(f"[tool.handover]\ndrafts = {list(names)}\n")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["windws"], "drafts must name reports (known: doors, mini, windows; got 'windws'; did you mean 'windows'?)."),
        (["Windows"], "drafts must name reports (known: doors, mini, windows; got 'Windows'"),
        ("windows", """drafts must be a list of texts (got 'windows').\nWrite it as drafts = ["report"]."""),
        ([3], "drafts must be a list of texts (got [3])."),
    ],
)
def test_a_draft_that_is_no_report_lets_nothing_through(run, mini, tmp_path, names, said):
    add(Store.of(mini), report="windows")
    (mini.root / "pyproject.toml").write_text(f"[tool.handover]\ndrafts = {names!r}\n")
    result = run("../mirror")
    assert isinstance(result.exception, HandoverError) and not (tmp_path / "mirror").exists()
    assert str(result.exception).startswith(f"pyproject.toml: tool.handover.{said}")


def test_a_desk_of_nothing_but_drafts_publishes_nothing(run, mini, tmp_path):
    drafts(mini, "doors")
    result = run("../mirror")
    assert "must hold an edition that is whole of a report that is no draft (doors) (got none)." in str(
        result.exception
    )
    assert not (tmp_path / "mirror").exists()


def test_of_a_draft_nothing_is_published_or_named_and_what_was_goes(run, mini, tmp_path, snapshot):
    add(Store.of(mini), report="windows", as_of="2026-01-31")
    damaged = add(Store.of(mini), report="windows", as_of="2026-01-20")
    assert run("../mirror").exit_code == 0 and (tmp_path / "mirror" / "windows").is_dir()
    drafts(mini, "windows")
    (damaged.folder / "manifest.json").write_text("{")
    before = snapshot(mini.reports)
    said = run("../mirror", "--dry-run")
    assert (
        f"delete  windows/{damaged.name}/manifest.json" in said.stdout
        and "left out as drafts: windows\n" in said.stderr
    )
    assert run("../mirror").exit_code == 0 and snapshot(mini.reports) == before
    held = snapshot(tmp_path / "mirror")
    assert {path.partition("/")[0] for path in held if "/" in path} == {"doors"}
    assert [path for path, (data, _) in held.items() if "windows" in path or b"windows" in (data or b"")] == []
    assert reader(tmp_path / "mirror") == []
    drafts(mini)
    (damaged.folder / "manifest.json").unlink()
    assert run("../mirror", "--dry-run").stdout.count("upload  windows/") == 5
