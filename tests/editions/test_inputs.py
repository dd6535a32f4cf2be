"""What counts as an input, and what does not; a report that has not changed is told without heavy imports."""

import json
import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from importlib.metadata import version

import nbformat
import pytest
from packaging.version import Version

import handover
from handover import digest as digests
from handover.editions import Request, inputs
from handover.editions.render import render
from handover.errors import NotebookError, StoreError
from handover.notebook import source


def asked(mini, **given):
    return Request.of(mini, "mini", given).inputs


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def stale_outputs(mini):
    path = mini.notebook("mini")
    nb = json.loads(path.read_text())
    nb["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["old\n"]}]
    nb["cells"][2]["execution_count"] = 7
    nb["metadata"]["language_info"]["version"] = "3.99"
    path.write_text(json.dumps(nb))


def hidden(mini):
    (mini.data / ".counts.csv.swp").write_text("x")
    (mini.data / ".ipynb_checkpoints").mkdir()
    (mini.data / ".ipynb_checkpoints" / "counts.csv").write_text("x")


def no_files(mini):
    (mini.data / "folder.csv").mkdir()
    (mini.data / "nowhere.csv").symlink_to("gone")
    (mini.data / "circle.csv").symlink_to("circle.csv")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (stale_outputs, []),
        (hidden, []),
        (no_files, []),
        (lambda mini: edit(mini.data / "counts.csv", "C2", "C9"), ["data/counts.csv"]),
        (lambda mini: edit(mini.data / "datapackage.json", "{", "{ "), ["data/datapackage.json"]),
        (lambda mini: mini.lock.write_text("# other\n"), ["requirements.lock"]),
        (lambda mini: edit(mini.notebook("mini"), "There were", "We saw"), ["notebooks/mini.ipynb"]),
        # a file that the dictionary does not list counts too
        (lambda mini: (mini.data / "outline.geojson").write_text("{}"), ["data/outline.geojson"]),
    ],
)
def test_what_can_change_a_report_is_another_input_and_is_named(mini, change, named):
    before = asked(mini)
    change(mini)
    after = asked(mini)
    assert after.changed_since(before.as_json()) == named
    assert (after.digest != before.digest) == bool(named)


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("![plan](figures/plan.png)", "notebooks/figures/plan.png"),
        ("<img src='./figures/plan.png?x=1'>", "notebooks/figures/plan.png"),
        ("![plan](<figures/the plan.png>)", "notebooks/figures/the plan.png"),
        ("![plan](figures/the%20plan.png)", "notebooks/figures/the plan.png"),
        ("Image = figures/plan.png", "notebooks/figures/plan.png"),
        ('<img alt="in quotes" src="../plan.SVG">', "plan.SVG"),
    ],
)
def test_a_picture_that_the_notebook_names_is_an_input(mini, named, path):
    edit(mini.notebook("mini"), "How many doors there were.", json.dumps(f"How many. {named}")[1:-1])
    before = asked(mini)
    (mini.root / path).parent.mkdir(exist_ok=True)
    (mini.root / path).write_bytes(b"1")
    after = asked(mini)
    assert after.changed_since(before.as_json()) == [path]
    (mini.root / path).write_bytes(b"2")
    assert asked(mini).changed_since(after.as_json()) == [path]


def test_a_picture_that_nobody_names_is_none_and_a_long_text_is_read_at_once(mini):
    (mini.notebooks / "plan.png").write_bytes(b"1")
    assert "notebooks/plan.png" not in asked(mini).tables
    edit(mini.notebook("mini"), "How many doors there were.", "x.png" * 50_000 + " ../../../etc/x.png /x.png plan.pngx")
    assert asked(mini).tables.keys() == {"data/counts.csv"}


def test_parameters_count_and_a_default_given_is_the_default(mini):
    assert asked(mini, as_of="2026-02-01").digest != asked(mini).digest
    assert asked(mini, as_of="2026-01-31").digest == asked(mini).digest


def test_other_tools_are_other_inputs(mini, monkeypatch):
    before = asked(mini)
    monkeypatch.setattr(inputs, "versions", lambda: {**before.versions, "typst": "0.1.0"})
    assert asked(mini).changed_since(before.as_json()) == [f"typst {before.versions['typst']} -> 0.1.0"]
    assert asked(mini).digest != before.digest


def test_the_versions_are_those_that_are_installed():
    fonts = [f"fontpkg-ibm-plex-{one}" for one in ("mono", "serif", "sans-arabic", "sans-condensed")]
    shaping = inputs.shaping()
    assert shaping == {name: str(Version(version(name))) for name in (*inputs.TOOLS, *fonts)}
    assert inputs.versions() == shaping | {"python": f"{sys.version_info[0]}.{sys.version_info[1]}"}


# read no more often than needed, and never too seldom


@pytest.fixture
def later(monkeypatch):
    """A clock by which every file here was written long ago; how often a file was read since, by its name."""
    reads = Counter()
    of_file, now = digests.of_file, time.time_ns
    monkeypatch.setattr(digests, "of_file", lambda path: reads.update([path.name]) or of_file(path))
    monkeypatch.setattr(digests.time, "time_ns", lambda: now() + 3600 * 10**9)
    return reads


@pytest.mark.parametrize(("grain_s", "reads"), [(7200, 3), (2, 1)])
def test_what_was_written_a_moment_ago_is_read_each_time_and_the_rest_once(mini, later, monkeypatch, grain_s, reads):
    monkeypatch.setattr(digests, "GRAIN_NS", grain_s * 10**9)
    assert len({asked(mini).digest for _ in range(3)}) == 1
    assert later == dict.fromkeys(("counts.csv", "datapackage.json", "requirements.lock"), reads)


@pytest.mark.parametrize("how", ["in its place", "by another file"])
def test_a_table_of_the_same_size_and_time_is_another_input(mini, later, how):
    """`render` asks the same way whether its inputs moved while it was at work."""
    before = asked(mini)
    table = mini.data / "counts.csv"
    about, old = table.stat(), table.read_text()
    time.sleep(0.02)  # longer than the grain of this clock
    other = table if how == "in its place" else mini.root / "other"
    other.write_text(old.replace("C2", "C9"))
    os.utime(other, ns=(about.st_atime_ns, about.st_mtime_ns))
    other.replace(table)
    assert (table.stat().st_size, table.stat().st_mtime_ns) == (about.st_size, about.st_mtime_ns)
    assert asked(mini).changed_since(before.as_json()) == ["data/counts.csv"]


def test_a_table_that_changes_while_the_report_is_made_stops_it(mini, later, stand_in):
    asked(mini)
    stand_in.then = lambda nb: (time.sleep(0.02), edit(mini.data / "counts.csv", "C2", "C9"))
    with pytest.raises(StoreError, match=r"inputs must stay the same .* \(changed: data/counts.csv\)"):
        render(mini, "mini")
    assert not mini.reports.exists()


def test_a_file_written_while_it_was_read_is_read_again(tmp_path):
    (tmp_path / "a").write_text("newer")
    assert digests.unless_touched("a", {"a": (1, 1, 1, 1)}, lambda: "torn") == "torn"
    assert digests.unless_touched("a", digests.stamps_of(tmp_path, ["a"]), lambda: "whole") == "whole"


def test_a_line_of_the_package_counts_and_what_python_caches_does_not(monkeypatch, tmp_path, later):
    (tmp_path / "pages").mkdir()
    (tmp_path / "__init__.py").touch()
    style = tmp_path / "pages" / "page.css"
    style.write_text("a {}")
    monkeypatch.setattr(handover, "__file__", str(tmp_path / "__init__.py"))
    before = inputs._package()
    (tmp_path / "pages" / "page.pyc").write_text("x")
    assert inputs._package() == before
    time.sleep(0.02)
    style.write_text("b {}")
    changed = inputs._package()
    style.rename(tmp_path / "pages" / "other.css")
    assert len({before, changed, inputs._package()}) == 3


# the notebook


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "must be JSON (got "),
        (b"\xff\xfe", "must be UTF-8"),
        (b"[]", "must be a notebook (got JSON without its parts)"),
        (b'{"nbformat": 3, "worksheets": []}', "must be a notebook in format 4 (got format 3)"),
    ],
)
def test_a_broken_notebook_is_named(mini, content, said):
    path = mini.notebook("mini")
    path.write_bytes(content)
    with pytest.raises(NotebookError) as error:
        asked(mini)
    assert str(error.value).startswith(f"notebooks/mini.ipynb: {said}")


def test_the_clean_form_is_what_nbformat_writes_and_what_a_run_leaves_is_not_in_it(mini, stand_in):
    path = mini.notebook("mini")
    assert source.canonical(source.read(path)) == path.read_text() == nbformat.writes(nbformat.read(path, 4)) + "\n"
    nb = source.load(path)
    done = stand_in(nb, {"as_of": "2026-01-31"}, cwd=mini.notebooks, where="", epoch=0).nb
    assert len(done.cells) == len(nb.cells) + 1
    assert source.canonical(done) == path.read_text()


HEAVY = ("pandas", "matplotlib", "nbformat", "nbconvert", "papermill", "typst", "frictionless", "jinja2", "filelock")


def test_nothing_heavy_is_imported_to_say_that_nothing_changed(mini, stand_in, monkeypatch):
    monkeypatch.setattr(inputs, "_package", lambda: "p")
    render(mini, "mini")
    script = f"""
        import sys
        from pathlib import Path
        from handover.editions import inputs
        inputs._package = lambda: "p"
        from handover.editions.render import render
        from handover.project import Project
        outcome = render(Project(Path({str(mini.root)!r})), "mini")
        print(outcome.kind, outcome.rendered, sorted(set(sys.modules) & {set(HEAVY)!r}))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    assert (done.stderr, done.stdout) == ("", "unchanged False []\n")
