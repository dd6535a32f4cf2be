"""Finding the commit whose inputs an edition names."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from handover import digest
from handover.editions import inputs
from handover.notebook import source
from handover.project import Project
from handover.verify import attempt, history

MINI = Path(__file__).resolve().parents[1] / "mini"


@pytest.fixture
def repository(tmp_path):
    """A repository with two states of a project; call for the inputs as they stand in the folder."""
    root = tmp_path / "re pö"
    shutil.copytree(MINI, root, ignore=shutil.ignore_patterns("reports", ".handover"))
    package = root / "scripts" / "handover"
    (package / "pages").mkdir(parents=True)
    (package / "cli").mkdir()
    for name in ("pages/a.py", "cli/b.py", "fonts.py"):
        (package / name).write_text("x = 1\n")

    def git(*words):
        setting = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", "-C", root, *setting, *words], capture_output=True, text=True, check=True).stdout

    def stand():
        text = source.canonical(json.loads((root / "notebooks" / "mini.ipynb").read_bytes()))
        found = inputs.of(Project(root), "mini", text, {})
        files = ((path.relative_to(package).as_posix(), path.read_bytes()) for path in package.rglob("*.py"))
        return inputs.Inputs(
            "mini", {}, digest.of_bytes(text.encode()), found.tables, found.dictionary, found.lock,
            inputs.package(files), found.versions,
        )  # fmt: skip

    git("init", "--quiet")
    git("add", "-A")
    git("commit", "--quiet", "-m", "one")
    first, commit = stand(), git("rev-parse", "HEAD").strip()
    (root / "data" / "counts.csv").write_text("count_id,day,what,value\n")
    (package / "pages" / "a.py").write_text("x = 2\n")
    (package / "cli" / "b.py").write_text("x = 2\n")
    git("commit", "--quiet", "-am", "two")
    return Project(root), first, commit, stand


def test_no_commit_holds_inputs_that_were_never_committed(repository, tmp_path):
    project, _, _, stand = repository
    (project.data / "counts.csv").write_text("count_id,day,what,value\nC9,2026-01-01,doors,9\n")
    assert history.commit_of(project, stand()) is None
    assert history.commit_of(Project(tmp_path), stand()) is None


def test_the_commit_is_found_and_only_files_that_shape_a_page_are_named(repository):
    project, first, commit, _ = repository
    assert history.commit_of(project, first) == history.Found(commit[:12], ("pages/a.py",))


def test_the_advice_names_what_differs_and_where_to_get_it(repository):
    project, first, commit, _ = repository
    told = "\n".join(attempt.advice(project, first, ["data/counts.csv", "package"]))
    assert "made from other inputs than this checkout's: data/counts.csv, package" in told
    assert "the package differs in pages/a.py" in told and f"git worktree add ../at-{commit[:12]}" in told
    assert "scripts/setup" in attempt.advice(project, first, ["typst 0.14 -> 0.15"])[-1]
