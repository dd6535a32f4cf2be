"""One manifest is damaged, in any way at any depth: every command that meets it names it, and serves all others."""

import contextlib
import json
import shutil

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from handover.cli import cli
from handover.editions import Store, catalogue, manifest
from handover.errors import HandoverError
from publishing import fact, made

DAYS = ("2026-01-07", "2026-01-20", "2026-01-31")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A project with three editions and their catalogue, in which commands run."""
    root = tmp_path_factory.mktemp("desk")
    (root / "data").mkdir()
    (root / "data" / "datapackage.json").write_text('{"name": "x", "resources": []}')
    store = Store(root / "reports", root / "lock")
    with store.locked():
        for number, day in enumerate(DAYS, 1):
            about, files = made(as_of=day, digits=f"{number:08x}", value=str(number), started=f"{day}T07:00:00+00:00")
            # `diff` reads the notebooks of editions that are whole
            files |= {path: NOTEBOOK for path in files if path.endswith(".ipynb")}
            about["outputs"] = manifest.outputs(files)
            about["statements"] = {"said": fact("Said", "", day, claims=["c1"])}
            about["facts"]["doors"]["history"] = [{"since": day, "value": str(number)}]
            store.publish("doors", about["edition"], files, about)
        catalogue.write(store)
    return root


def run(root, *words):
    """Run a command in the project; nothing but our own errors may come of it."""
    with contextlib.chdir(root):
        done = CliRunner().invoke(cli, list(map(str, words)))
    if isinstance(done.exception, HandoverError):
        return 1, done.stdout, f"{done.exception}"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def places(value, at=()):
    """Every place in a value, from the top down."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield (*at, key)
        yield from places(one, (*at, key))


NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
ODD = st.sampled_from(
    [None, True, 0, -1, 10**30, 1.5, "", "x", "../../x", "\x1b[2J", "\ud83d", "2026-02-30", [], [[None]], {}, {"a": {}}]
)


@pytest.mark.slow
@given(data=st.data())
def test_whatever_stands_wherever_in_one_manifest_it_is_named_and_all_others_are_served(desk, tmp_path_factory, data):
    store = Store(desk / "reports", desk / "lock")
    edition = data.draw(st.sampled_from(store.editions()))
    path = edition.folder / manifest.NAME
    whole = path.read_bytes()
    about = json.loads(whole)
    *way, last = data.draw(st.sampled_from(list(places(about))))
    holder = about
    for key in way:
        holder = holder[key]
    match data.draw(st.sampled_from(["odd", "odd", "gone", "renamed"])):
        case "odd":
            holder[last] = data.draw(ODD)
        case "renamed" if isinstance(holder, dict):
            holder[f"x{last}"] = holder.pop(last)
        case _:
            del holder[last]
    mirror = tmp_path_factory.mktemp("mirror")
    try:
        path.write_text(json.dumps(about))
        judge(desk, store, edition, mirror)
    finally:
        shutil.rmtree(mirror)
        path.write_bytes(whole)
        assert run(desk, "catalogue")[0] == 0


def judge(desk, store, edition, mirror):
    others = [one for one in store.editions() if one != edition]
    name = f"{edition.report}/{edition.name}"
    code, out, err = run(desk, "list")
    assert all(one.name in out for one in others) and code == 1 and name in err
    code, out, err = run(desk, "publish", mirror)
    assert all((mirror / "doors" / one.name / manifest.NAME).is_file() for one in others)
    assert code == 1 and name in err
    code, out, _ = run(desk, "verify", "--hashes", "reports")
    assert all(f"verified: reports/doors/{one.name} " in out for one in others)
    assert f"differs: reports/{name}\n" in out
    code, out, err = run(desk, "prune", "--keep", "1", "--dry-run")
    assert code == 0 and name in err and edition.folder.is_dir()
    for words in (("diff", name, f"doors/{others[0].name}"), ("diff", f"doors/{others[0].name}", name)):
        code, out, err = run(desk, *words)
        assert code == 1 and name in err
    assert run(desk, "diff", *(f"doors/{one.name}" for one in others))[0] == 0
    code, out, err = run(desk, "bundle", name, "--out", mirror / "x.zip")
    assert code == 1 and name in err  # its PDF is none
    code, out, err = run(desk, "catalogue")
    listed = (store.root / "catalogue.json").read_text()
    assert all(one.name in listed for one in others) and code == 1 and name in err
    assert catalogue.stale(store) == []
