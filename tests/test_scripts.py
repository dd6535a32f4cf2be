"""The shell commands: plain POSIX, from any folder, with an error that says what to do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix)
#: All that setup needs before there is a Python.
TOOLS = ("sh", "dirname", "cat", "cmp", "head", "rm", "mv", "sed", "grep")

#: A lock of three packages, one of them for tests alone.
LOCK = "".join(
    f"{line}\n"
    for line in (
        "b==1 \\",
        "    --hash=sha256:b",
        "uv==1 \\",
        "    --hash=sha256:c",
        "# for tests and extras",
        "t==1 \\",
        "    --hash=sha256:t",
    )
)


@pytest.fixture
def checkout(tmp_path):
    """A checkout with nothing but what setup reads, and a path with nothing but the tools of a bare system."""
    root, path = tmp_path / "a checkout", tmp_path / "bin"
    (root / "scripts").mkdir(parents=True)
    path.mkdir()
    shutil.copy(ROOT / "scripts" / "setup", root / "scripts")
    (root / "pyproject.toml").write_text("# nothing\n")
    (root / "requirements.lock").write_text(LOCK)
    for tool in TOOLS:
        (path / tool).symlink_to(shutil.which(tool))

    def run(python, *parts):
        if python:
            (path / "python3").write_text(f"#!/bin/sh\n{python}\n")
            (path / "python3").chmod(0o755)
        command = [root / "scripts" / "setup", *parts]
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


#: Stands for a Python and for uv: makes the folder when asked for a venv, and notes every call in it.
DOUBLE = """
case "$*" in
  "-m venv --clear .venv") rm -rf .venv; /bin/mkdir -p .venv/bin; cat "$0" >.venv/bin/python
    /bin/chmod 755 .venv/bin/python; for name in handover uv; do /bin/ln -s python ".venv/bin/$name"; done;;
esac
[ -d .venv ] && echo "$*" >>.venv/calls
case "$*" in *FAIL*) exit 1;; esac
exit 0
"""


def calls(root):
    return [line for line in (root / ".venv" / "calls").read_text().splitlines() if "install" in line]


def test_setup_installs_with_the_uv_that_the_lock_pins_what_rendering_needs_and_then_the_rest(checkout):
    assert "installing 2 pinned packages" in checkout(DOUBLE).stderr
    assert (checkout.root / ".venv" / "uv.txt").read_text() == "uv==1 \\\n    --hash=sha256:c\n"
    uv, pins, package = calls(checkout.root)
    assert "--require-hashes -r .venv/uv.txt" in uv and uv.startswith("-m pip ")
    assert pins == "pip install --python .venv/bin/python --require-hashes -r .venv/pins.txt"
    assert package.startswith("pip install ") and package.endswith("--no-deps --no-build-isolation -e .")
    assert "installing 3 pinned packages" in checkout("", "all").stderr
    assert checkout("").stderr == checkout("", "all").stderr == ""


def test_setup_installs_with_pip_where_uv_cannot(checkout):
    done = checkout(DOUBLE.replace("FAIL", "--python"))
    assert done.returncode == 0 and "uv cannot install them here; pip does" in done.stderr
    assert "-m pip --disable-pip-version-check --quiet install --require-hashes -r .venv/pins.txt" in calls(
        checkout.root
    )


def test_setup_runs_once_again_when_pins_change_and_anew_when_the_folder_moves(checkout):
    assert checkout(DOUBLE).returncode == 0
    made = calls(checkout.root)
    assert checkout("").returncode == 0 and calls(checkout.root) == made
    (checkout.root / "requirements.lock").write_text(LOCK.replace("b==1", "b==2"))
    assert checkout("").returncode == 0
    assert len(calls(checkout.root)) > len(made)
    moved = checkout.root.with_name("moved")
    checkout.root.rename(moved)
    done = subprocess.run([moved / "scripts" / "setup"], env={"PATH": str(moved.parent / "bin")}, capture_output=True)
    assert done.returncode == 0 and calls(moved) == made


def test_setup_that_failed_half_way_is_not_taken_for_done(checkout):
    assert checkout(DOUBLE.replace("FAIL", "--require-hashes")).returncode == 1
    assert not (checkout.root / ".venv" / ".handover-setup").exists()
    for name in ("python", "uv"):
        (checkout.root / ".venv" / "bin" / name).unlink(missing_ok=True)
    assert checkout(DOUBLE).returncode == 0
    assert (checkout.root / ".venv" / ".handover-setup").is_file()


def test_the_lock_pins_what_rendering_needs_first_and_nothing_twice():
    first, rest = (ROOT / "requirements.lock").read_text().split("# for tests and extras\n")
    names = [{line.split("=")[0] for line in part.splitlines() if line[:1].isalnum()} for part in (first, rest)]
    assert {"uv", "setuptools", "typst", "jupyterlab"} <= names[0] and {"pytest", "distributed"} <= names[1]
    assert names[0] & names[1] == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_command_is_short_plain_and_executable(path):
    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!/bin/sh\n# ")
    assert subprocess.run(["sh", "-n", path]).returncode == 0
    assert len(path.read_text().splitlines()) <= 50
