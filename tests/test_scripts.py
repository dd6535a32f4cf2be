"""The shell commands: plain POSIX, from any folder, with an error that says what to do."""

import ast
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix)
#: All that setup needs before there is a Python.
TOOLS = ("sh", "dirname", "cat", "cmp", "head", "rm", "mv", "sed", "grep", "date")

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


UV = "uv==1 \\\n    --hash=sha256:c\n"
#: How everything is installed: what the lock knows, and nothing that runs code to be built.
CHECKED = "--require-hashes --only-binary :all:"


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


@pytest.mark.parametrize("part", ["--help", "test", "All"])
def test_setup_knows_its_two_parts_and_does_nothing_for_another(checkout, part):
    done = checkout(DOUBLE, part)
    assert done.returncode == 1 and not (checkout.root / ".venv").exists()
    said = "scripts/setup: must be given nothing, to render, or all, to run tests and extras too"
    assert done.stderr == f"{said} (got {part}).\n"


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
    assert (checkout.root / ".venv" / "uv.txt").read_text() == UV
    uv, pins, package = calls(checkout.root)
    assert f"{CHECKED} -r .venv/uv.txt" in uv and uv.startswith("-m pip ")
    assert pins == f"pip install --quiet --python .venv/bin/python {CHECKED} -r .venv/pins.txt"
    assert package.startswith("pip install --quiet ") and package.endswith("--no-deps --no-build-isolation -e .")
    assert "installing 3 pinned packages" in checkout("", "all").stderr
    assert checkout("").stderr == checkout("", "all").stderr == ""


def test_setup_installs_with_pip_where_uv_cannot(checkout):
    done = checkout(DOUBLE.replace("FAIL", "--python"))
    assert done.returncode == 0 and "uv cannot install them here; pip does" in done.stderr
    assert f"-m pip --disable-pip-version-check install {CHECKED} -r .venv/pins.txt" in calls(checkout.root)


def test_setup_says_step_by_step_what_it_does_and_how_long_it_took(checkout):
    said = [line.removeprefix("scripts/setup: ") for line in checkout(DOUBLE).stderr.splitlines()]
    assert said[:3] == [
        "1 of 3: making .venv with python3.",
        "2 of 3: installing 2 pinned packages into .venv, once; a minute or two, most of it the network's.",
        "3 of 3: installing the project itself.",
    ]
    assert re.fullmatch(r"done in \d+ s: \.venv/bin/handover is ready\.", said[3]) and len(said) == 4


DECLARED = """[project]
dependencies = ["b"]
[tool.setuptools.packages.find]
where = ["scripts"]
[tool.handover]
title = "Doors"
[[tool.handover.schedule]]
cron = "0 7 * * MON"
[tool.ruff]
line-length = 120
"""


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ('["b"]', '["c"]', True),
        ('["scripts"]', '["source"]', True),
        ("[tool.ruff]", '[project.scripts]\nhandover = "x:y"\n[tool.ruff]', True),
        ("0 7 * * MON", "0 8 * * TUE", False),
        ("[tool.ruff]", '[[tool.handover.schedule]]\nname = "monthly"\n[tool.ruff]', False),
        ("Doors", "Windows", False),
        ("120", "100", False),
        ("[project]", "# what it is\n\n[project]", False),
    ],
)
def test_setup_runs_again_for_what_is_installed_and_not_for_what_is_set(checkout, old, new, again):
    declared = checkout.root / "pyproject.toml"
    declared.write_text(DECLARED)
    assert checkout(DOUBLE).returncode == 0
    declared.write_text(DECLARED.replace(old, new))
    assert ("installing" in checkout("").stderr) == again


@pytest.mark.parametrize("to", ["another checkout's", "somebody's folder", "nothing"])
def test_setup_never_empties_or_fills_what_a_link_leads_to(checkout, snapshot, to):
    theirs = checkout.root.parent / "theirs"
    if to == "another checkout's":
        assert checkout(DOUBLE).returncode == 0
        (checkout.root / ".venv").rename(theirs)
        (theirs / ".handover-setup").write_text("/somewhere/else\n")
    elif to == "somebody's folder":
        theirs.mkdir()
        (theirs / "letter").write_text("dear reader")
    (checkout.root / ".venv").symlink_to(theirs)
    before = snapshot(checkout.root.parent / "theirs")
    done = checkout(DOUBLE)
    assert (done.returncode, snapshot(theirs)) == (1, before)
    assert done.stderr == (
        "scripts/setup: .venv must be a folder that may be made anew (got a link).\n"
        "What it leads to may be needed elsewhere: remove the link, not the folder (rm .venv), and run scripts/setup "
        "again.\n"
    )


def test_setup_keeps_a_venv_of_its_own_that_was_moved_and_linked(checkout):
    assert checkout(DOUBLE).returncode == 0
    kept = checkout.root.parent / "large disk"
    (checkout.root / ".venv").rename(kept)
    (checkout.root / ".venv").symlink_to(kept)
    assert checkout("").returncode == 0
    (checkout.root / "requirements.lock").write_text(LOCK.replace("b==1", "b==2"))
    assert "installing 2 pinned" in checkout("").stderr and (kept / "calls").read_text().count("-m venv") == 1


def test_lock_works_with_the_uv_that_it_pins_itself(checkout, tmp_path):
    """The stand-in for Python makes the folder, and lists what is installed in it and run from it."""
    shutil.copy(ROOT / "scripts" / "lock", checkout.root / "scripts")
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\nif [ "$2" = venv ]; then mkdir "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/uv"; exit; fi\n'
        f'echo "${{0##*/}} $*" >>{tmp_path}/calls\n'
        'for last; do case "$last" in */uv.txt) cat "$last" ;; esac; done >>' + f"{tmp_path}/pinned\n"
        'while [ $# -gt 0 ]; do case "$1" in --output-file) [ -f "$2" ] || : >"$2" ;; esac; shift; done\n'
    )
    python.chmod(0o755)
    done = subprocess.run(
        [checkout.root / "scripts" / "lock"], env=os.environ | {"PYTHON": str(python)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    installed, *compiled = (tmp_path / "calls").read_text().splitlines()
    assert f" install {CHECKED} -r " in installed and (tmp_path / "pinned").read_text() == UV
    assert len(compiled) == 2 and all("--generate-hashes --only-binary :all:" in line for line in compiled)


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


def test_nothing_installs_the_package_that_has_our_name_on_the_public_index():
    """There, `handover` is somebody else's; ours is installed from a checkout, under another name."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert about["name"] == "handover-report"
    asked = [Requirement(text).name for group in about["optional-dependencies"].values() for text in group]
    assert "handover" not in asked and "handover-report" in asked
    assert not re.search(r"^handover==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)


def installs():
    """Every line of a message that installs something."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "scripts" / "handover").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    line = re.compile(r"scripts/setup(?: all)?|\S*pip3? install \S*|\S+ -m pip install ")
    return {found for node in nodes for found in line.findall(str(node.value))}


def test_every_line_of_a_message_that_installs_something_works_in_a_checkout():
    """On the public index the name of this package belongs to another, so no line asks the index for it."""
    ours = {"scripts/setup", "scripts/setup all", ".venv/bin/python -m pip install "}
    assert installs() == ours
    lock = (ROOT / "requirements.lock").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for package in [*extras["s3"], *extras["cluster"]]:
        assert f"\n{Requirement(package).name}==" in lock.split("# for tests and extras\n")[1]


#: The version with the last security fix known of each tool that we ask for, or that brings what a page, a server or a
#: cluster is made with; the others had none, or only ones long before the version that the code needs.
FIXED = {
    "aiohttp": "3.13.3",  # CVE-2025-69223
    "aiosmtpd": "1.4.6",  # CVE-2024-34083
    "brotli": "1.2.0",  # CVE-2025-6176
    "click": "8.3.3",  # CVE-2026-7246
    "distributed": "2026.1.1",  # CVE-2026-23528
    "filelock": "3.20.3",  # CVE-2026-22701
    "fonttools": "4.60.2",  # CVE-2025-66034
    "jinja2": "3.1.6",  # CVE-2025-27516
    "jupyter-scheduler": "2.5.2",  # CVE-2024-28188
    "jupyter-server": "2.20.0",  # CVE-2026-44727
    "jupyterlab": "4.6.2",  # CVE-2026-73415
    "lxml": "6.1.3",  # CVE-2026-49825
    "mistune": "3.3.4",  # CVE-2026-44899, CVE-2026-49851
    "nbconvert": "7.17.1",  # CVE-2026-39377
    "nh3": "0.3.8",  # of ammonia: RUSTSEC-2026-0213
    "playwright": "1.55.1",  # CVE-2025-59288
    "pytest": "9.0.3",  # CVE-2025-71176
    "setuptools": "78.1.1",  # CVE-2025-47273
    "urllib3": "2.6.3",  # CVE-2026-21441
    "uv": "0.11.15",  # GHSA-4gg8-gxpx-9rph
}


def test_every_pin_has_a_hash_and_is_no_older_than_its_floor_and_its_last_security_fix():
    lock = (ROOT / "requirements.lock").read_text()
    blocks = re.findall(r"^([a-z0-9._-]+)==([^ ;\n]+)[^\n]*\n((?: {4}.*\n)*)", lock, re.MULTILINE)
    pins = {name: Version(version) for name, version, _ in blocks}
    assert len(pins) > 200 and [name for name, _, more in blocks if "--hash=sha256:" not in more] == []
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [about["dependencies"], *about["optional-dependencies"].values()]
    asked = [Requirement(text) for group in groups for text in group if not text.startswith("handover-report[")]
    assert [str(one) for one in asked if pins[one.name] not in one.specifier] == []
    floors = {one.name: Version(next(iter(one.specifier)).version) for one in asked}
    assert [name for name, version in FIXED.items() if floors.get(name, pins[name]) < Version(version)] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_command_is_short_plain_and_executable(path):
    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!/bin/sh\n# ")
    assert subprocess.run(["sh", "-n", path]).returncode == 0
    assert len(path.read_text().splitlines()) <= 60
