"""An edition is its content: what a reader gets changes its name, and nothing else changes a byte of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import handover
from handover import pages
from handover.cli import cli
from handover.editions import Request, inputs, render
from handover.errors import StoreError

PACKAGE = Path(handover.__file__).parent
#: Renders the miniature with the package that comes first on the path, and a stand-in for the kernel.
RENDER = """
import sys
from pathlib import Path
from conftest import _StandIn
import handover
from handover import pages
from handover.editions import Request, inputs, render
from handover.notebook import execute
from handover.project import Project
assert handover.__file__.startswith(sys.argv[2])
execute.execute = _StandIn()
outcome = render.render(Project(Path(sys.argv[1])), "mini")
print(outcome.kind, outcome.rendered, outcome.edition.name)
"""


def rendered(mini, package):
    """Render with a copy of the package: what came of it, whether it was rendered, and the edition's name."""
    search = f"{package.parent}:{Path(__file__).resolve().parents[1]}"
    command = [sys.executable, "-c", RENDER, str(mini.root), str(package)]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": search}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def add(package, file, text):
    (path,) = package.rglob(file)
    path.write_text(path.read_text() + text)


@pytest.mark.slow
def test_a_comment_changes_nothing_and_a_rule_that_shapes_a_page_the_name(mini, tmp_path, snapshot):
    package = tmp_path / "other" / "handover"
    shutil.copytree(PACKAGE, package)
    kind, _, name = rendered(mini, package)
    assert kind == "published"
    before = snapshot(mini.reports)
    for file in ("editions/compose.py", "editions/store.py", "errors.py"):
        add(package, file, "# a comment\n")
    assert rendered(mini, package) == ["unchanged", "True", name]
    assert rendered(mini, package) == ["unchanged", "False", name]
    assert snapshot(mini.reports) == before
    names = {name}
    for file, rule in (("page.css", "\nb { color: red; }\n"), ("report.typ", "\n#set page(width: 500pt)\n")):
        add(package, file, rule)
        kind, _, other = rendered(mini, package)
        assert kind == "published"
        names.add(other)
    assert len(names) == 3
    folder = f"mini/{name}/"
    after = snapshot(mini.reports)
    assert [path for path in before if path.startswith(folder) and after[path] != before[path]] == []


def test_a_tool_that_shapes_a_page_is_part_of_the_name(mini, stand_in, snapshot, monkeypatch):
    first = render.render(mini, "mini").edition
    before = snapshot(first.folder)
    now = dict(inputs.versions())
    monkeypatch.setattr(inputs, "versions", lambda: now | {"typst": "9"})
    other = render.render(mini, "mini")
    assert other.kind == "published" and other.edition != first
    assert other.edition.manifest()["versions"]["typst"] == "9"
    monkeypatch.setattr(inputs, "versions", lambda: now | {"python": "9"})
    assert render.render(mini, "mini").edition == first
    assert snapshot(first.folder) == before


@pytest.mark.parametrize("old", ["There were", "Doors were counted.", "2020-01-01.."])
def test_what_the_notebook_says_is_part_of_the_name(mini, stand_in, old):
    first = render.render(mini, "mini").edition
    path = mini.notebook("mini")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, old.replace("e", "E").replace("2020", "2019")))
    assert render.render(mini, "mini").edition != first


def test_an_output_that_no_page_shows_is_part_of_the_name(mini, stand_in):
    first = render.produce(Request.of(mini, "mini", {}))
    stand_in.then = lambda nb: nb.cells[3].outputs[0].data.update({"application/x-unseen": "x"})
    assert render.produce(Request.of(mini, "mini", {})).edition != first.edition


@pytest.mark.parametrize("what", ["data/unused.csv", "requirements.lock"])
def test_other_inputs_that_no_page_shows_are_rendered_once_remembered_and_told(
    mini, stand_in, snapshot, monkeypatch, what
):
    monkeypatch.chdir(mini.root)
    name = render.render(mini, "mini").edition.name
    before = snapshot(mini.reports)
    (mini.root / what).write_text("other\n")
    same = f"came out the same, byte for byte: {name}; nothing was written"
    for said in (same, f"unchanged since {name}; nothing rendered"):
        assert f"mini: {said}\n" in CliRunner().invoke(cli, ["render"]).stderr
    assert stand_in.runs == 2 and snapshot(mini.reports) == before


def test_the_layout_of_the_pdf_is_part_of_the_name(mini, stand_in, monkeypatch):
    first = render.produce(Request.of(mini, "mini", {}))
    settle = pages.settle
    monkeypatch.setattr(pages, "settle", lambda files, name: settle(files, name) | {"spare": b"moved"})
    assert render.produce(Request.of(mini, "mini", {})).edition != first.edition


def test_other_bytes_under_the_same_name_are_refused(mini, stand_in, snapshot, monkeypatch):
    """They cannot come about unless something shapes a file and is no part of the name."""
    name = render.render(mini, "mini").edition.name
    before = snapshot(mini.reports)
    mini.lock.write_text("# other pins\n")
    made = pages.pdf
    monkeypatch.setattr(pages, "pdf", lambda *what: made(*what) + b"\n")
    with pytest.raises(StoreError) as error:
        render.render(mini, "mini")
    assert f"must come out in the same bytes under the same name (differs: mini_{name}.pdf)" in str(error.value)
    assert snapshot(mini.reports) == before
