"""A committed file of an edition never changes: what a commit hook and CI check, in a real repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from handover.editions import check
from handover.errors import HandoverError

EDITION = "reports/doors/2026-01-31-en-0123abcd"
PDF = f"{EDITION}/doors_2026-01-31-en-0123abcd.pdf"
HOOKS = Path(__file__).resolve().parents[2] / ".githooks"


@pytest.fixture
def git(mini, monkeypatch):
    """A repository of the miniature with one edition committed; call it with the words of a git command."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")

    def run(*words, check=True):
        who = ["-c", "user.name=Desk", "-c", "user.email=desk@example.org"]
        return subprocess.run(["git", *who, *words], cwd=mini.root, check=check, capture_output=True, text=True)

    run("init", "-q", "-b", "main")
    for path in (PDF, f"{EDITION}/manifest.json", "reports/index.html"):
        (mini.root / path).parent.mkdir(parents=True, exist_ok=True)
        (mini.root / path).write_text("one\n")
    run("add", "-A")
    run("commit", "-qm", "An edition")
    return run


def change(mini, path):
    (mini.root / path).write_text("two\n")


def link(mini, path):
    (mini.root / path).unlink()
    (mini.root / path).symlink_to("manifest.json")


def wrong(mini, commits=""):
    return [finding.text.split(": ")[0] for finding in check.rewritten(mini, commits) if finding.mark == "wrong"]


@pytest.mark.parametrize("how", [change, link])
def test_a_file_of_an_edition_that_is_changed_is_refused_with_a_cure(mini, git, how):
    how(mini, PDF)
    assert wrong(mini) == []
    git("add", "-A")
    assert [str(finding) for finding in check.rewritten(mini)] == [
        f"wrong {PDF}: belongs to an edition, and editions never change; restore it (git restore --source HEAD "
        f"--staged --worktree {EDITION}) and render again (handover render doors): other content gets another name"
    ]
    git("restore", "--source", "HEAD", "--staged", "--worktree", EDITION)
    assert [str(finding) for finding in check.rewritten(mini)] == ["ok    reports: no file of an edition is changed"]


def test_editions_come_and_go_and_the_catalogue_changes(mini, git):
    for path in ("reports/index.html", "reports/doors/2026-01-31-en-99999999/doors.pdf", "data/counts.csv"):
        (mini.root / path).parent.mkdir(parents=True, exist_ok=True)
        change(mini, path)
    shutil.copytree(mini.root / EDITION, mini.root / "reports/doors/2026-02-01-en-0123abcd")
    shutil.rmtree(mini.root / EDITION)
    git("add", "-A")
    assert wrong(mini) == []


def test_a_range_of_commits_is_checked_commit_by_commit(mini, git):
    change(mini, PDF)
    git("commit", "-qam", "Change it")
    git("revert", "--no-edit", "HEAD")
    assert wrong(mini, "HEAD~2..HEAD") == [PDF]
    assert wrong(mini, "HEAD..HEAD") == []
    with pytest.raises(HandoverError, match="must know the commits named"):
        wrong(mini, "nowhere..HEAD")


def test_the_hook_stops_the_commit(mini, git):
    (mini.root / ".venv").symlink_to(sys.prefix)
    git("config", "core.hooksPath", str(HOOKS))
    change(mini, "reports/index.html")
    git("commit", "-qam", "A catalogue")
    change(mini, PDF)
    done = git("commit", "-qam", "Change it", check=False)
    assert done.returncode == 1 and f"{PDF}: belongs to an edition" in done.stdout + done.stderr
    assert "1 wrong." in done.stderr
