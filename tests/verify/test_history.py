"""Finding the commit that holds what an edition was made from, in a real repository."""

import subprocess

import pytest

from handover.project import Project
from handover.verify import rebuild


@pytest.fixture
def git(edition):
    """Call with git's words; the project, its first edition among it, is committed, and then a table is changed."""
    root = edition.project.root
    package = root / "scripts" / "handover"
    for name in ("pages/a.py", "cli/b.py"):
        (package / name).parent.mkdir(parents=True)
        (package / name).write_text("x = 1\n")

    def run(*words):
        setting = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        command = ["git", "-C", root, *setting, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    run("init", "--quiet")
    run("add", "-A")
    run("commit", "--quiet", "-m", "one")
    return run


def changed(edition, git, *paths):
    """Change files, commit them, and return the first commit, abbreviated."""
    first = git("rev-parse", "HEAD")[:12]
    for path in paths:
        whole = edition.project.root / path
        whole.write_text(whole.read_text().replace("doors,3", "doors,5").replace("x = 1", "x = 2"))
    git("commit", "--quiet", "-am", "two")
    return first


def reworded(nb):
    """Print something else from the same notebook and tables, as other code would."""
    shown = next(cell.outputs[0].data for cell in nb.cells if cell.get("outputs"))
    shown["text/markdown"] = shown["text/markdown"].replace("There were", "There stood")


def only(answers):
    (one,) = answers
    return "\n".join([one["why"], *one["details"]])


def test_inputs_that_were_never_committed_are_in_no_commit(edition, git, verify, tmp_path):
    table = edition.project.data / "counts.csv"
    table.write_text(table.read_text().replace("doors,3", "doors,7"))
    assert rebuild.commit_of(edition.project, [table.read_bytes()]) == ""
    git("commit", "--quiet", "--amend", "-am", "without what the edition was made from")
    git("reflog", "expire", "--expire=now", "--all")
    code, answers = verify(edition.project, edition.apart(tmp_path / "mail"))
    assert code == 3 and "no commit here holds those inputs: git fetch --all" in only(answers)


def test_without_git_nobody_can_say_and_that_is_said(edition, verify, tmp_path, monkeypatch):
    path = edition.apart(tmp_path / "mail")
    (edition.project.data / "counts.csv").write_text("count_id,day,what,value\nC1,2026-01-01,doors,5\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    code, answers = verify(edition.project, path)
    assert code == 3 and "git: must be installed (found none on the path).\nInstall it" in only(answers)


def test_what_git_refuses_is_passed_on_and_not_taken_for_an_answer(edition, git, verify, tmp_path, monkeypatch):
    path = edition.apart(tmp_path / "mail")
    changed(edition, git, "data/counts.csv")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for subject in (path, edition.folder):
        code, answers = verify(edition.project, subject)
        assert code == 3 and "no commit here" not in only(answers)
        assert "which commit holds those inputs cannot be looked up:\n" in only(answers)
        cure = f"If you trust it: git config --global --add safe.directory {edition.project.root}"
        assert "dubious ownership" in only(answers) and cure in only(answers)


def test_a_shallow_clone_is_told_how_to_get_the_commit(edition, git, verify, tmp_path):
    path = edition.apart(tmp_path / "mail")
    first = changed(edition, git, "data/counts.csv")
    git("clone", "--quiet", "--depth", "1", f"file://{edition.project.root}", str(tmp_path / "shallow"))
    project = Project(tmp_path / "shallow")
    code, answers = verify(project, path)
    assert code == 3 and "no commit here holds those inputs. This clone is shallow" in only(answers)
    assert "git fetch --unshallow, and verify again" in only(answers) and "--all" not in only(answers)
    git("-C", str(project.root), "fetch", "--quiet", "--unshallow")
    assert f"commit {first} holds what it was made from" in only(verify(project, path)[1])


def test_where_git_cannot_tell_a_difference_stays_one_and_that_is_said(
    edition, git, verify, tmp_path, stand_in, monkeypatch
):
    path = edition.apart(tmp_path / "mail")
    stand_in.then = reworded
    monkeypatch.setenv("PATH", str(tmp_path))
    code, answers = verify(edition.project, path)
    assert code == 1 and "whether other code made it cannot be looked up:\ngit: must be installed" in only(answers)


def test_the_commit_that_holds_notebook_and_tables_is_named(edition, git, verify, tmp_path):
    path = edition.apart(tmp_path / "mail")
    first = changed(edition, git, "data/counts.csv")
    for subject in (path, edition.folder):
        code, answers = verify(edition.project, subject)
        assert code == 3 and "made from other inputs than this checkout's: data/counts.csv" in only(answers)
        assert f"commit {first} holds what it was made from: git worktree add ../at-{first} {first}" in only(answers)


def test_a_pdf_that_other_code_published_cannot_be_rebuilt_and_only_files_that_shape_a_page_are_named(
    edition, git, verify, tmp_path, stand_in
):
    path = edition.apart(tmp_path / "mail")
    first = changed(edition, git, "scripts/handover/pages/a.py", "scripts/handover/cli/b.py")
    stand_in.then = reworded
    code, answers = verify(edition.project, path)
    assert code == 3 and "it was made by other code\nthe package differs in pages/a.py\n" in only(answers)
    assert f"commit {first} holds" in only(answers)
    (difference,) = answers[0]["differences"]
    assert difference["place"] == "the PDF, page 1" and "-en-" not in difference["given"]


def test_a_pdf_that_this_code_published_otherwise_differs(edition, git, verify, tmp_path, stand_in):
    path = edition.apart(tmp_path / "mail")
    changed(edition, git, "scripts/handover/cli/b.py")
    stand_in.then = reworded
    code, answers = verify(edition.project, path)
    assert code == 1 and only(answers) == ""
