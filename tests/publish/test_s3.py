"""A mirror in object storage, on a server that speaks S3: the same promises, and killed for real."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from share_samples import interrupted
from share_samples import publish as add

from handover.editions import catalogue
from handover.editions.store import Store
from handover.errors import PublishError
from handover.publish import mirror as mirrors
from handover.publish import record, target
from judges import links

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    """A server on this machine that keeps objects in memory."""
    from moto.server import ThreadedMotoServer

    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        yield "http://{}:{}".format(*running.get_host_and_port())
    finally:
        running.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    """An empty bucket that everyone may read; gives its address for readers, who come by plain HTTP."""
    import s3fs

    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST")).close()
    fs = s3fs.S3FileSystem()
    fs.mkdir("desk")
    readers = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::desk/*"}
    policy = {"Version": "2012-10-17", "Statement": [readers]}
    fs.call_s3("put_bucket_policy", Bucket="desk", Policy=json.dumps(policy))
    return f"{server}/desk/reports"


def environment(server):
    keys = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_DEFAULT_REGION": "us-east-1"}
    return {"AWS_ENDPOINT_URL": server} | keys


@pytest.fixture
def store(mini):
    store = Store.of(mini)
    for day in ("2026-01-07", "2026-01-20"):
        add(store, as_of=day)
    add(store, report="windows")
    return store


def fetch(address):
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        error.close()
        assert error.code == 404
        return None, {}


def reader(bucket):
    return links.dangling(lambda path: fetch(f"{bucket}/{path}")[0])


def complete(store, bucket):
    """Every file of the store is there, and nothing else that is ours."""
    import s3fs

    fs = s3fs.S3FileSystem(skip_instance_cache=True)
    held = {name.removeprefix("desk/reports/") for name in fs.find("desk/reports")}
    for path in held - {record.NAME}:
        assert fetch(f"{bucket}/{path}")[0] == (store.root / path).read_bytes(), path
    mine = {path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()}
    assert held == {path for path in mine if not path.startswith(".handover")} | {record.NAME}


def mirror(store, *, force=False):
    to = target.of("s3://desk/reports", store)
    plan = mirrors.plan(store, to)
    mirrors.check(plan, to, force=force, adopt=False)
    mirrors.carry_out(plan, to)
    return plan


def test_storage_that_does_not_answer_is_one_message(store, bucket, monkeypatch):
    with pytest.raises(PublishError, match=r"s3://nowhere/reports: must be there, and open to you \(got "):
        to = target.of("s3://nowhere/reports", store)
        mirrors.carry_out(mirrors.plan(store, to), to)


def test_a_mirror_is_complete_and_the_second_run_moves_nothing(store, bucket):
    first = mirror(store)
    complete(store, bucket)
    assert reader(bucket) == [] and len(first.uploads) == 20
    second = mirror(store)
    assert (second.uploads, second.deleted, second.there) == ([], (), 20)


def test_a_browser_is_told_what_it_gets_and_how_long_it_may_keep_it(store, bucket):
    mirror(store)
    edition = store.editions("doors")[0]
    asked = {"index.html": ("text/html; charset=utf-8", "no-cache")}
    asked |= {"feed.xml": ("application/atom+xml", "no-cache"), "catalogue.json": ("application/json", "no-cache")}
    for suffix, mime in (
        (".html", "text/html; charset=utf-8"),
        (".pdf", "application/pdf"),
        (".ipynb", "application/x-ipynb+json"),
    ):
        asked[f"doors/{edition.name}/{edition.file(suffix).name}"] = mime, target.FOR_EVER
    asked[f"doors/{edition.name}/page1.png"] = "image/png", target.FOR_EVER
    asked[f"doors/{edition.name}/manifest.json"] = "application/json", target.FOR_EVER
    for path, wanted in asked.items():
        _, headers = fetch(f"{bucket}/{path}")
        assert (headers["Content-Type"], headers["Cache-Control"]) == wanted, path


def test_an_object_with_other_bytes_of_the_same_length_is_put_again(store, bucket):
    mirror(store)
    to = target.of("s3://desk/reports", store)
    spoilt = f"doors/{store.editions('doors')[0].name}/page1.png"
    to.put(spoilt, (store.root / spoilt).read_bytes()[::-1], "image/png", lasting=True)
    with pytest.raises(PublishError, match=rf"\n  {spoilt} was changed there\n"):
        mirror(store)
    assert [file.path for file in mirror(store, force=True).uploads] == [spoilt]
    complete(store, bucket)


def test_objects_of_others_are_replaced_only_by_force_and_never_deleted(store, bucket):
    to = target.of("S3://desk/reports", store)
    theirs = {"index.html": b"theirs", "walls_editions.html": b"theirs", "photos/a.jpg": b"theirs"}
    for path, data in theirs.items():
        to.put(path, data, "text/html", lasting=False)
    with pytest.raises(PublishError, match=r"replaced or deleted:\n  index.html was not published from here\nName"):
        mirror(store)
    assert {path for path in to.fs.find("desk/reports")} == {f"desk/reports/{path}" for path in theirs}
    mirror(store, force=True)
    assert reader(bucket) == [] and mirror(store).uploads == []
    kept = theirs.keys() - {"index.html"}
    assert {path: fetch(f"{bucket}/{path}")[0] for path in kept} == {path: theirs[path] for path in kept}
    gone = store.editions("windows")[0]
    to.put(f"windows/{gone.name}/notes.txt", b"a reader's", "text/plain", lasting=False)
    to.put(f"windows/{gone.name}/page1.png", b"redrawn", "image/png", lasting=False)
    with store.locked():
        catalogue.write(store, without=[gone])
        store.remove(gone)
    with pytest.raises(PublishError, match=rf"\n  windows/{gone.name}/page1.png was changed there\n"):
        mirror(store)
    mirror(store, force=True)
    assert fetch(f"{bucket}/windows/{gone.name}/notes.txt")[0] == b"a reader's"
    assert fetch(f"{bucket}/windows/{gone.name}/page1.png")[0] is None


def test_an_object_whose_tag_is_no_md5_is_read_back(store, bucket):
    mirror(store)
    to = target.of("s3://desk/reports", store)
    to.sizes([])
    data = (store.root / "index.html").read_bytes()
    sums = hashlib.sha256(data).hexdigest(), lambda: hashlib.md5(data).hexdigest()
    for tag in (None, "0" * 32):
        to.tags = {"index.html": tag} if tag else {}
        assert to.same("index.html", *sums)
        assert not to.same("feed.xml", *sums)


def test_no_step_shows_a_dead_link_and_what_is_not_ours_stays(store, bucket, monkeypatch):
    mirror(store)
    to = target.of("s3://desk/reports", store)
    to.put("robots.txt", b"theirs", "text/plain", lasting=False)
    for day in ("2026-03-01", "2026-03-02"):
        add(store, as_of=day)
    gone = store.editions("doors")[0]
    with store.locked():
        catalogue.write(store, without=[gone])
        store.remove(gone)
    to.at_once, seen = 1, []

    def watched(act):
        def step(self, path, *rest, **options):
            act(self, path, *rest, **options)
            seen.append(path)
            assert reader(bucket) == [], f"after {path}"

        return step

    for name in ("put", "delete"):
        monkeypatch.setattr(target.Objects, name, watched(getattr(target.Objects, name)))
    plan = mirrors.plan(store, to)
    mirrors.carry_out(plan, to)
    assert len(seen) >= 15 and sorted(seen[-6:-1]) == list(plan.deleted) and seen[-1] == record.NAME
    assert fetch(f"{bucket}/{plan.deleted[0]}")[0] is None
    assert fetch(f"{bucket}/robots.txt")[0] == b"theirs"
    to.delete("robots.txt")
    complete(store, bucket)


def test_killed_anywhere_the_next_run_completes_and_no_reader_meets_a_dead_link(store, bucket, server, mini):
    env = os.environ | environment(server)
    for turn, after in enumerate((1, 9, 13)):
        # each turn has two editions more to bring, of which some arrive before the kill
        for report in ("doors", "walls"):
            add(store, report=report, as_of=f"2026-02-{turn + 1:02}", value=str(turn), size=20_000)
        done = interrupted(mini.root, "s3://desk/reports", "Objects", signal.SIGKILL, after=after, env=env)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert reader(bucket) == []
    command = [sys.executable, "-m", "handover", "publish", "s3://desk/reports"]
    done = subprocess.run(command, cwd=mini.root, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "s3://desk/reports/index.html\n"), done.stderr
    complete(store, bucket)
