"""What git refuses is told as what it is, with the command that helps: real repositories, each broken in one way."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from handover import git
from handover.editions import check
from handover.errors import GitError
from handover.project import Project


def run(folder, *words):
    who = ("-c", "user.name=Desk", "-c", "user.email=desk@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A checkout with two commits; git knows no settings but its own."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    found = tmp_path / "desk"
    found.mkdir()
    run(found, "init", "-q", "-b", "main")
    for text in ("one", "two"):
        (found / "file").write_text(text)
        run(found, "add", "-A")
        run(found, "commit", "-qm", text)
    return found


def refused(root, *words):
    with pytest.raises(GitError) as error:
        git.run(root, *(words or ("log", "--format=%s")))
    said, cure = str(error.value).splitlines()
    return said, cure


def test_a_repository_of_somebody_else_is_named_with_the_setting_that_trusts_it(root, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    said, cure = refused(root)
    assert said.startswith(f"{root}: must be yours, or safe to git (git says: detected dubious ownership in")
    assert cure == f"If you trust it: git config --global --add safe.directory {root}"


def test_no_git_at_all(root, monkeypatch):
    monkeypatch.setenv("PATH", str(root))
    assert refused(root) == (
        "git: must be installed (found none on the path).",
        "Install it and run the command again.",
    )


def test_a_git_that_is_no_program(root, monkeypatch, tmp_path):
    (tmp_path / "git").write_bytes(b"\x7fELF")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused(root)[0] == "git: must be a program that runs (got Exec format error)."


def test_no_repository(tmp_path):
    said, cure = refused(tmp_path)
    assert said == f"{tmp_path}: must lie in a git repository (found none on the way up)."
    assert cure == "A copy without .git knows no commits: clone the project with git."


def test_a_broken_repository(root):
    (root / ".git" / "HEAD").unlink()
    said, cure = refused(root)
    assert said.startswith(f"{root}: must lie in a whole git repository ({root}/.git is damaged; git says: not a git")
    assert cure == "To mend it: clone the project anew."


def test_a_worktree_whose_checkout_was_moved(root, tmp_path):
    run(root, "worktree", "add", "-q", str(tmp_path / "beside"))
    root.rename(tmp_path / "moved")
    said, cure = refused(tmp_path / "beside")
    assert "beside/.git is damaged" in said and "git worktree repair" in cure


def test_a_repository_that_lost_its_objects(root):
    shutil.rmtree(root / ".git" / "objects")
    (root / ".git" / "objects").mkdir()
    said, cure = refused(root)
    assert f"{root}: git must answer (git says: " in said and cure.endswith(f"git -C {root} fsck")


def test_a_bare_repository(root):
    run(root, "config", "core.bare", "true")
    with pytest.raises(GitError) as error:
        findings(root, "")
    said, cure = str(error.value).splitlines()
    assert "must be a checkout (git says: this operation must be run in a work tree)" in said
    assert cure.endswith("git config core.bare false")


def test_a_commit_that_nobody_knows_and_one_that_a_shallow_clone_lacks(root, tmp_path):
    assert refused(root, "log", "nowhere..main")[1].startswith("Name commits that git log shows")
    run(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "shallow")
    said, cure = refused(tmp_path / "shallow", "log", "HEAD~1..HEAD")
    assert "must know the commits named (git says: " in said
    assert cure.startswith("This clone is shallow, it holds only the end of the history: git fetch --unshallow")
    assert git.cut_off(tmp_path / "shallow") == {run(root, "rev-parse", "HEAD")} and git.cut_off(root) == set()


def test_a_git_that_waits_for_somebody_is_not_waited_for(root, monkeypatch, tmp_path):
    (tmp_path / "git").write_text("#!/bin/sh\nsleep 1000\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(git, "PATIENCE_S", 0.5)
    said, cure = refused(root)
    assert said == f"{root}: git must answer within 0.5 seconds (got nothing to `git log`)."
    assert cure == f"See what it waits for: git -C {root} log"


def test_nobody_is_asked_and_nothing_is_paged_or_coloured(root, monkeypatch):
    for setting in ("core.pager=sleep 1000", "color.ui=always", "log.showSignature=true", "core.fsmonitor=sleep 1000"):
        run(root, "config", *setting.split("=", 1))
    monkeypatch.setenv("GIT_PAGER", "sleep 1000")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert git.run(root, "log", "--format=%s") == "two\none\n"
    # a terminal that somebody could be asked on is not there
    run(root, "config", "alias.ask", "!sh -c 'echo asked > /dev/tty'")
    assert "/dev/tty" in refused(root, "ask")[0]


@pytest.fixture
def other(tmp_path):
    """Another repository, as that whose hook runs us."""
    found = tmp_path / "other"
    found.mkdir()
    run(found, "init", "-q", "-b", "main")
    run(found, "commit", "-q", "--allow-empty", "-m", "other")
    return found


def test_a_hook_of_another_repository_leads_nowhere_else(root, other, monkeypatch):
    monkeypatch.chdir(other)
    for name, value in {"GIT_DIR": ".git", "GIT_WORK_TREE": str(other), "GIT_INDEX_FILE": ".git/index"}.items():
        monkeypatch.setenv(name, value)
    assert git.run(root, "log", "--format=%s") == "two\none\n"
    (root / "file").write_text("three")
    run_env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", "add", "-A"], cwd=root, env=run_env, check=True)
    assert git.run(root, "diff", "--cached", "--name-only", staged=True) == "file\n"


EDITION = "reports/doors/2026-01-31-en-0123abcd/doors.pdf"


def test_the_index_that_a_commit_is_made_from_is_the_one_looked_at(root):
    """A commit of one file has an index of its own, which git names to the hook."""
    (root / EDITION).parent.mkdir(parents=True)
    (root / EDITION).write_text("one")
    run(root, "add", "-A")
    run(root, "commit", "-qm", "An edition")
    script = (
        "import sys; from pathlib import Path; from handover.editions import check\n"
        "from handover.project import Project\n"
        "[print(found) for found in check.rewritten(Project(Path(sys.argv[1])))]"
    )
    hook = root / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{script}' '{root}' >&2\n")
    hook.chmod(0o755)
    (root / EDITION).write_text("two")
    who = ["-c", "user.name=Desk", "-c", "user.email=desk@example.org"]
    done = subprocess.run(["git", *who, "commit", "-qm", "x", EDITION], cwd=root, capture_output=True, text=True)
    assert f"wrong {EDITION}: belongs to an edition" in done.stderr
    other = root / "file"
    (root / EDITION).write_text("three")
    other.write_text("four")
    done = subprocess.run(["git", *who, "commit", "-qm", "x", "file"], cwd=root, capture_output=True, text=True)
    assert done.stderr == "ok    reports: no file of an edition is changed\n"


def findings(root, commits):
    return [str(found) for found in check.rewritten(Project(root), commits)]


def test_a_range_without_commits_is_not_called_good(root):
    assert findings(root, "main..main") == ["note  main..main: holds no commit; nothing was looked at"]


def test_a_range_that_a_shallow_clone_cuts_off_is_refused(root, tmp_path):
    run(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "shallow")
    with pytest.raises(
        GitError, match=r"must hold what each commit of HEAD changed \(its history ends at(.|\n)*--unsha"
    ):
        findings(tmp_path / "shallow", "HEAD")


def test_a_range_is_never_an_option(root):
    with pytest.raises(GitError, match="must know the commits named"):
        findings(root, f"--output={root}/written")
    assert not (root / "written").exists()


def test_a_merge_that_changes_an_edition_is_seen(root):
    (root / EDITION).parent.mkdir(parents=True)
    (root / EDITION).write_text("one")
    run(root, "add", "-A")
    run(root, "commit", "-qm", "An edition")
    run(root, "checkout", "-qb", "side", "HEAD~1")
    run(root, "commit", "-q", "--allow-empty", "-m", "side")
    run(root, "merge", "-q", "--no-commit", "main")
    (Path(root) / EDITION).write_text("changed in passing")
    run(root, "commit", "-qam", "merge")
    (found,) = findings(root, "main..HEAD")
    assert found.startswith(f"wrong {EDITION}: belongs to an edition")
