"""A mirror of the store: complete however often it was interrupted, and whole for its readers at every step."""

import os
import shutil
import signal

import pytest
from click.testing import CliRunner
from share_samples import interrupted
from share_samples import publish as add

import publishing
from handover.cli import cli
from handover.editions import catalogue, catalogue_pages
from handover.editions.store import Store
from handover.errors import PublishError
from handover.publish import mirror as mirrors
from handover.publish import prune, target
from judges import links


class Stopped(BaseException):
    """What a kill looks like from inside."""


class Watched(target.Folder):
    """A folder that a reader looks over after every step, if asked to, and that stops dead before a given one."""

    def __init__(self, root, stop=None, *, read=True):
        super().__init__(root, at_once=1)
        self.stop, self.read, self.steps = stop, read, []

    def _step(self, act, path):
        if len(self.steps) == self.stop:
            raise Stopped
        act()
        self.steps.append(path)
        assert not self.read or reader(self.root) == [], f"after {path}"

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


def mirror(store, to):
    plan = mirrors.plan(store, to)
    mirrors.carry_out(plan, to)
    return plan


def same(store, root, snapshot):
    """Both hold the same files; modes too, so that a web server can read them."""
    return snapshot(root) == snapshot(store.root)


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
        ("reports", r"must lie outside .*reports"),
        ("reports/mirror", r"must lie outside .*reports"),
        ("file://{here}/reports", r"must lie outside .*reports"),
        ("file", "must be a folder"),
        ("s33://desk/reports", r"an address that fsspec knows \(got s33://; did you mean 's3'\?\)"),
        ("memory://", "must name a place there"),
    ],
)
def test_what_is_no_place_for_a_mirror_is_refused(store, tmp_path, monkeypatch, url, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError, match=said):
        target.of(url.format(here=tmp_path), store.root)


def test_storage_that_is_not_installed_says_what_to_install(store, monkeypatch):
    import fsspec

    def missing(kind):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec, "filesystem", missing)
    with pytest.raises(PublishError, match=r"reached through s3fs, which is missing\.\nInstall it: \S+ install s3fs"):
        target.of("s3://desk/reports", store.root)


def test_a_damaged_edition_is_not_published_and_nothing_else_is(store, tmp_path):
    edition = store.editions("doors")[0]
    edition.file(".pdf").write_bytes(b"spoilt")
    to = target.Folder(tmp_path / "mirror")
    with pytest.raises(PublishError, match=r"\.pdf: no longer matches its manifest(.|\n)*A damaged edition"):
        mirror(store, to)
    assert not to.root.exists()


def test_a_torn_manifest_is_not_published_and_nothing_else_is(store, tmp_path):
    (store.editions("doors")[0].folder / "manifest.json").write_text("{")
    with pytest.raises(PublishError, match="must be a whole manifest"):
        mirror(store, target.Folder(tmp_path / "mirror"))


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


def test_losing_more_than_is_kept_must_be_meant(run, tmp_path, mini, snapshot):
    """As when it is run from a checkout of another project, or of another branch."""
    run("../mirror")
    before = snapshot(tmp_path / "mirror")
    shutil.rmtree(mini.reports)
    add(Store.of(mini), report="walls")
    result = run("../mirror")
    assert isinstance(result.exception, PublishError) and snapshot(tmp_path / "mirror") == before
    assert "must not lose more editions than it keeps (would lose 2, keep 1)" in str(result.exception)
    assert run("../mirror", "--dry-run").exit_code == 0 and snapshot(tmp_path / "mirror") == before
    assert run("../mirror", "--yes").exit_code == 0
    assert snapshot(tmp_path / "mirror") == snapshot(mini.reports)


# what is mirrored


def test_a_mirror_is_the_store_and_the_second_run_moves_nothing(store, tmp_path, snapshot):
    to = target.Folder(tmp_path / "mirror")
    old = os.umask(0o077)
    try:
        first = mirror(store, to)
    finally:
        os.umask(old)
    assert same(store, to.root, snapshot)
    assert (len(first.uploads), first.there) == (len(snapshot(to.root)) - 5, 0)
    second = mirror(store, to)
    assert (second.uploads, second.deleted, second.there) == ([], (), len(first.uploads))


def test_times_are_never_asked(store, tmp_path, snapshot):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    edition = store.editions("doors")[0]
    for path in to.root.rglob("*.*"):
        os.utime(path, (0, 0))
    assert mirrors.plan(store, to).uploads == []
    spoilt = to.root / "doors" / edition.name / edition.file(".pdf").name
    spoilt.write_bytes(spoilt.read_bytes()[::-1])
    os.utime(spoilt, (2**31, 2**31))
    plan = mirror(store, to)
    assert [file.path for file in plan.uploads] == [spoilt.relative_to(to.root).as_posix()]
    assert same(store, to.root, snapshot)


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
    mirror(store, to)
    assert outside.read_text() == "theirs" and not (to.root / "index.html").is_symlink()


def test_the_order_is_editions_then_catalogue_then_deletions(store, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue_pages, "ROWS", 1)
    to = Watched(tmp_path / "mirror")
    mirror(store, to)
    names = [path.rpartition("/")[2] for path in to.steps]
    manifests = [place for place, name in enumerate(names) if name == "manifest.json"]
    assert manifests == list(range(12, 15)), "of each edition the manifest comes last"
    assert names[15:] == [
        *("doors_editions-1.html", "doors_editions.html", "windows_editions.html"),
        *("catalogue.json", "feed.xml", "index.html"),
    ]
    later(store)
    again = Watched(to.root)
    plan = mirror(store, again)
    assert again.steps[-5:] == list(plan.deleted) and again.steps[-6] == "index.html"


def test_stopped_before_any_step_the_next_run_completes_and_no_reader_meets_a_dead_link(store, tmp_path, snapshot):
    before, begun = tmp_path / "before", tmp_path / "begun"
    mirror(store, target.Folder(before))
    later(store)
    whole = mirrors.plan(store, target.Folder(before))
    steps = len(whole.uploads) + len(whole.deleted)
    assert steps >= 15
    for stop in range(steps):
        shutil.rmtree(begun, ignore_errors=True)
        shutil.copytree(before, begun)
        with pytest.raises(Stopped):
            mirror(store, Watched(begun, stop, read=False))
        assert reader(begun) == [], f"stopped before step {stop}"
        rest = mirror(store, target.Folder(begun))
        assert len(rest.uploads) + len(rest.deleted) == steps - stop, "what was done is not done again"
        assert same(store, begun, snapshot)


def test_what_a_killed_run_left_half_made_is_swept(store, tmp_path, snapshot):
    to = target.Folder(tmp_path / "mirror")
    mirror(store, to)
    publishing.staged_by_killed(to.root)
    mirror(store, to)
    assert same(store, to.root, snapshot)


def test_a_pruned_store_and_its_mirror_stay_the_same(store, tmp_path, snapshot, mini):
    to = target.Folder(tmp_path / "mirror")
    for day in range(1, 9):
        add(store, as_of=f"2026-02-0{day}", value=str(day), listed=day == 8)
    mirror(store, to)
    judge = lambda: prune.plan(store, mini, 2, "doors")  # noqa: E731
    assert len(prune.carry_out(store, judge(), judge)) == 7
    mirror(store, to)
    assert same(store, to.root, snapshot) and reader(to.root) == []


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
    return lambda *words: CliRunner().invoke(cli, ["publish", *words])


RELATIVE = "links of the feed are relative, which some readers cannot follow: set tool.handover.url in pyproject.toml\n"


def test_the_command_prints_where_readers_enter(run, tmp_path, mini, snapshot):
    result = run("../mirror")
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path}/mirror/index.html\n")
    assert result.stderr == f"{RELATIVE}14 files uploaded, 0 deleted, 0 the same already\n"
    assert snapshot(tmp_path / "mirror") == snapshot(mini.reports)
    assert run(f"file://{tmp_path}/mirror").stderr.endswith("\n0 files uploaded, 0 deleted, 14 the same already\n")
    (mini.root / "pyproject.toml").write_text('[tool.handover]\nurl = "https://desk.example/"\n')
    assert run("../mirror").stderr == "3 files uploaded, 0 deleted, 11 the same already\n"


def test_a_dry_run_prints_the_plan_and_touches_nothing(run, tmp_path, mini, snapshot):
    result = run("../mirror", "--dry-run")
    assert result.exit_code == 0 and not (tmp_path / "mirror").exists()
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


def test_sigterm_stops_it_and_the_next_run_completes(run, tmp_path, mini, snapshot):
    done = interrupted(mini.root, tmp_path / "mirror", "Folder", signal.SIGTERM, after=4)
    assert (done.returncode, done.stdout, done.stderr) == (143, b"", b"")
    assert reader(tmp_path / "mirror") == [] and 3 < len(target.Folder(tmp_path / "mirror").listing()) < 14
    assert run("../mirror").exit_code == 0 and snapshot(tmp_path / "mirror") == snapshot(mini.reports)


def test_progress_is_told(store, tmp_path):
    told = []
    to = target.Folder(tmp_path / "mirror")
    mirrors.carry_out(mirrors.plan(store, to, lambda *step: told.append(step)), to, lambda *step: told.append(step))
    assert told[0] == ("comparing", 1, 20) and told[-1] == ("uploading", 20, 20) and len(told) == 40
