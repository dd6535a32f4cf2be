"""The shell commands: plain POSIX, from any folder, with an error that says what to do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file())
#: All that setup needs before there is a Python.
TOOLS = ("sh", "dirname", "cat", "cmp", "head", "rm", "mv")


@pytest.fixture
def checkout(tmp_path):
    """A checkout with nothing but what setup reads, and a path with nothing but the tools of a bare system."""
    root, path = tmp_path / "a checkout", tmp_path / "bin"
    (root / "scripts").mkdir(parents=True)
    path.mkdir()
    shutil.copy(ROOT / "scripts" / "setup", root / "scripts")
    for name in ("requirements.lock", "pyproject.toml"):
        (root / name).write_text("# nothing\n")
    for tool in TOOLS:
        (path / tool).symlink_to(shutil.which(tool))

    def run(python):
        if python:
            (path / "python3").write_text(f"#!/bin/sh\n{python}\n")
            (path / "python3").chmod(0o755)
        command = [root / "scripts" / "setup"]
        return subprocess.run(command, env={"PATH": str(path)}, cwd="/", capture_output=True, text=True)

    run.root = root
    return run


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("", "Python 3.11 or later must be on the path"),
        (
            '[ "$1" = --version ] && echo Python 3.9.2; exit 1',
            "Python 3.11 or later must be on the path (got Python 3.9.2).",
        ),
        ('case "$2" in *ensurepip*) exit 1;; esac', "must have the modules venv and ensurepip."),
    ],
)
def test_setup_says_what_is_missing_and_leaves_nothing(checkout, python, said):
    done = checkout(python)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("scripts/setup: ") and said in done.stderr
    assert not (checkout.root / ".venv").exists()


#: Stands for a Python: makes the folder when asked for a venv, and notes every call in it.
DOUBLE = """
case "$*" in
  "-m venv --clear .venv") rm -rf .venv; /bin/mkdir -p .venv/bin; cat "$0" >.venv/bin/python
    /bin/chmod 755 .venv/bin/python; /bin/ln -s python .venv/bin/handover;;
esac
[ -d .venv ] && echo "$*" >>.venv/calls
case "$*" in *FAIL*) exit 1;; esac
exit 0
"""


def calls(root):
    lines = (root / ".venv" / "calls").read_text().splitlines()
    return [line for line in lines if line.startswith("-m")]


def test_setup_runs_once_again_when_pins_change_and_anew_when_the_folder_moves(checkout):
    assert checkout(DOUBLE).returncode == 0
    made = calls(checkout.root)
    assert [line for line in made if "--require-hashes -r requirements.lock" in line]
    assert checkout("").returncode == 0 and calls(checkout.root) == made
    (checkout.root / "requirements.lock").write_text("# other\n")
    assert checkout("").returncode == 0
    assert "-m venv --clear .venv" not in calls(checkout.root)[len(made) :] and len(calls(checkout.root)) > len(made)
    moved = checkout.root.with_name("moved")
    checkout.root.rename(moved)
    done = subprocess.run([moved / "scripts" / "setup"], env={"PATH": str(moved.parent / "bin")}, capture_output=True)
    assert done.returncode == 0 and calls(moved) == made


def test_setup_that_failed_half_way_is_not_taken_for_done(checkout):
    assert checkout(DOUBLE.replace("FAIL", "require-hashes")).returncode == 1
    assert not (checkout.root / ".venv" / ".handover-setup").exists()
    (checkout.root / ".venv" / "bin" / "python").write_text("#!/bin/sh" + DOUBLE)
    assert checkout(DOUBLE).returncode == 0
    assert (checkout.root / ".venv" / ".handover-setup").is_file()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_command_is_short_plain_and_executable(path):
    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!/bin/sh\n# ")
    assert subprocess.run(["sh", "-n", path]).returncode == 0
    assert len(path.read_text().splitlines()) <= 40
