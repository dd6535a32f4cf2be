"""A mirror in object storage, on a server that speaks S3: the same promises, and killed for real."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
from share_samples import publish as add

from handover.editions import catalogue
from handover.editions.store import Store
from handover.errors import ShareError
from handover.publish import objects, publish, target
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
    to = target.of("s3://desk/reports", store.root)
    held = to.listing()
    for path, size in held.items():
        data, _ = fetch(f"{bucket}/{path}")
        assert (len(data), data) == (size, (store.root / path).read_bytes()), path
    mine = {path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()}
    assert held.keys() == mine


def mirror(store):
    to = target.of("s3://desk/reports", store.root)
    plan = publish.plan(store, to)
    publish.carry_out(plan, to)
    return plan


def test_storage_that_does_not_answer_is_one_message(store, bucket, monkeypatch):
    with pytest.raises(ShareError, match=r"s3://nowhere/reports: must be there, and open to you \(got "):
        to = target.of("s3://nowhere/reports", store.root)
        publish.carry_out(publish.plan(store, to), to)


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
        asked[f"doors/{edition.name}/{edition.file(suffix).name}"] = mime, objects.FOR_EVER
    asked[f"doors/{edition.name}/page1.png"] = "image/png", objects.FOR_EVER
    asked[f"doors/{edition.name}/manifest.json"] = "application/json", objects.FOR_EVER
    for path, wanted in asked.items():
        _, headers = fetch(f"{bucket}/{path}")
        assert (headers["Content-Type"], headers["Cache-Control"]) == wanted, path


def test_an_object_with_other_bytes_of_the_same_length_is_put_again(store, bucket):
    mirror(store)
    to = target.of("s3://desk/reports", store.root)
    spoilt = f"doors/{store.editions('doors')[0].name}/page1.png"
    to.put(spoilt, (store.root / spoilt).read_bytes()[::-1], "image/png", lasting=True)
    assert [file.path for file in mirror(store).uploads] == [spoilt]
    complete(store, bucket)


def test_an_object_whose_tag_is_no_md5_is_read_back(store, bucket):
    mirror(store)
    to = target.of("s3://desk/reports", store.root)
    to.listing()
    data = (store.root / "index.html").read_bytes()
    sums = hashlib.sha256(data).hexdigest(), lambda: hashlib.md5(data).hexdigest()
    for tag in (None, "0" * 32):
        to.tags = {"index.html": tag} if tag else {}
        assert to.same("index.html", *sums)
        assert not to.same("feed.xml", *sums)


def test_what_is_gone_from_the_store_is_deleted_last(store, bucket):
    mirror(store)
    to = target.of("s3://desk/reports", store.root)
    to.put("robots.txt", b"theirs", "text/plain", lasting=False)
    gone = store.editions("doors", "2026-01-07")[0]
    with store.locked():
        catalogue.write(store, without=[gone])
        store.remove(gone)
    plan = mirror(store)
    assert len(plan.deleted) == 5 and reader(bucket) == []
    assert fetch(f"{bucket}/robots.txt")[0] == b"theirs"
    assert fetch(f"{bucket}/{plan.deleted[0]}")[0] is None


class Stopped(BaseException):
    """What a kill looks like from inside."""


def test_stopped_at_steps_the_next_run_completes_and_no_step_shows_a_dead_link(store, bucket):
    seen = []

    def watched(stop):
        to = target.of("s3://desk/reports", store.root)
        to.at_once, done = 1, []

        def step(act):
            def stepping(path, *rest, **options):
                if len(done) == stop:
                    raise Stopped
                act(path, *rest, **options)
                done.append(path)
                seen.append(path)
                assert reader(bucket) == [], f"after {path}"

            return stepping

        plan = publish.plan(store, to)

        class Steps:
            at_once, put, delete = 1, staticmethod(step(to.put)), staticmethod(step(to.delete))

        try:
            publish.carry_out(plan, Steps)
        except Stopped:
            return False
        return True

    assert not watched(3) and not watched(10) and watched(None)
    complete(store, bucket)
    for turn, stop in enumerate((0, 2, 6, 9, 11, 13)):
        add(store, report="doors", as_of=f"2026-03-{turn + 1:02}", value=str(turn))
        gone = store.editions("doors")[0]
        with store.locked():
            catalogue.write(store, without=[gone])
            store.remove(gone)
        assert not watched(stop)
    assert watched(None)
    complete(store, bucket)
    assert len(seen) >= 60


class Reading(threading.Thread):
    """A reader who never stops following links."""

    def __init__(self, bucket):
        super().__init__(daemon=True)
        self.bucket, self.faults, self.rounds, self.entered, self.over = bucket, [], 0, 0, False

    def run(self):
        while not self.over:
            self.entered += fetch(f"{self.bucket}/index.html")[0] is not None
            self.faults += reader(self.bucket)
            self.rounds += 1


def test_killed_anywhere_the_next_run_completes_and_a_reader_in_a_loop_meets_no_dead_link(store, bucket, server, mini):
    command = [sys.executable, "-m", "handover", "publish", "s3://desk/reports"]
    env = os.environ | environment(server)
    to = target.of("s3://desk/reports", store.root)
    reading = Reading(bucket)
    reading.start()
    killed = []
    for turn, after in enumerate((1, 4, 9, 13, 16, 18)):
        # each turn has two editions more to bring, of which some arrive before the kill
        for report in ("doors", "walls"):
            add(store, report=report, as_of=f"2026-02-{turn + 1:02}", value=str(turn), size=20_000)
        wanted = {file.path for file in publish.plan(store, to).uploads}
        held = len(to.listing())
        process = subprocess.Popen(command, cwd=mini.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and len(to.listing()) < held + min(after, len(wanted) - 1):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed.append(len(to.listing()) - held)
    done = subprocess.run(command, cwd=mini.root, env=env, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "s3://desk/reports/index.html\n"), done.stderr
    complete(store, bucket)
    seen = reading.rounds
    while reading.is_alive() and reading.rounds < seen + 2:
        time.sleep(0.05)
    reading.over = True
    reading.join(60)
    assert reading.faults == [] and reading.entered >= 2
    assert len({count for count in killed if count > 0}) >= 3, "killed at one point only"
