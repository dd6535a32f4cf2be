"""The committed editions: whole, listed, and all that a visitor is promised."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from handover.editions import catalogue
from handover.editions.store import Store
from handover.project import Project

ROOT = Path(__file__).resolve().parents[1]
STORE = Store.of(Project(ROOT))
PROMISED = {("2026-01-31", "record"), ("2026-10-01", "record")}


def test_every_edition_matches_its_manifest():
    assert [fault for edition in STORE.editions() for fault in edition.faults()] == []
    assert STORE.strays() == []


def test_the_editions_that_the_readme_promises_are_there():
    for report in ("briefing", "drawdown", "handover"):
        found = [edition.manifest() for edition in STORE.editions(report)]
        assert {(one["as_of"], one["parameters"]["evidence"]) for one in found} == PROMISED


def test_pages_keep_within_their_number():
    most = {"briefing": 2, "handover": 13, "drawdown": 12}
    pages = {(one.report, one.name): one.manifest()["pages"] for one in STORE.editions()}
    assert {name: number for name, number in pages.items() if number > most[name[0]]} == {}


def test_the_catalogue_lists_each_edition():
    assert catalogue.lists(STORE.root, STORE.editions())


# clones

#: What Git for Windows sets, and what else changes the ends of lines.
CRLF = {"autocrlf": ["core.autocrlf=true"], "eol": ["core.eol=crlf", "core.autocrlf=false"]}


@pytest.fixture(params=CRLF)
def clone(request, tmp_path, monkeypatch):
    """A clone of this checkout as it stands, made by a git that is set to write carriage returns."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")

    def git(*words, **options):
        subprocess.run(["git", *words], check=True, capture_output=True, **options)

    origin = ["--git-dir", str(tmp_path / "origin"), "--work-tree", "."]
    who = ["-c", "user.name=Desk", "-c", "user.email=desk@example.org"]
    git(*origin, "init", "-q", cwd=ROOT)
    git(*origin, "add", "--all", cwd=ROOT)
    git(*origin, *who, "commit", "-qm", "As it stands", cwd=ROOT)
    settings = [word for setting in CRLF[request.param] for word in ("--config", setting)]
    git("clone", "-q", *settings, "origin", "clone", cwd=tmp_path)
    return tmp_path / "clone"


def test_a_clone_holds_the_same_bytes_whatever_git_does_to_the_ends_of_lines(clone):
    held = {path.relative_to(clone) for path in clone.rglob("*") if path.is_file() and ".git" not in path.parts}
    assert len(held) > 300 and Path("scripts/setup") in held
    assert [path for path in held if (clone / path).read_bytes() != (ROOT / path).read_bytes()] == []


@pytest.mark.slow
@pytest.mark.kernel
def test_a_clone_with_other_ends_of_lines_checks_and_renders_the_same_bytes(clone):
    def run(*words):
        return subprocess.run(
            [sys.executable, "-m", "handover", *words],
            cwd=clone,
            env=os.environ | {"PYTHONPATH": str(clone / "scripts")},
            capture_output=True,
            text=True,
        )

    checked = run("check")
    assert checked.returncode == 0 and "wrong" not in checked.stdout, checked.stdout
    done = run("render", "briefing", "-p", "as_of", "2026-01-31", "-p", "evidence", "record", "--again")
    assert done.returncode == 0 and "came out the same, byte for byte" in done.stderr, done.stderr
