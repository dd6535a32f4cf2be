"""The room stands above the press, and its commands cost nothing until they are called."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import handover

PACKAGE = Path(handover.__file__).parent


def imported(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_nothing_below_imports_this_room():
    below = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in ("share", "cli")]
    assert len(below) > 50
    assert [path for path in below if any(f"{name}.".startswith("handover.share.") for name in imported(path))] == []


def test_this_room_knows_no_troops():
    names = {name for path in (PACKAGE / "share").glob("*.py") for name in imported(path)}
    assert [name for name in names if name.startswith("handover.story")] == []


@pytest.mark.parametrize("words", [["bundle", "-h"], ["publish", "-h"], ["prune", "-h"]])
def test_help_teaches_and_imports_nothing_heavy(words):
    heavy = ("fsspec", "s3fs", "pikepdf", "jinja2", "nbconvert", "papermill", "pandas", "matplotlib", "typst")
    code = (
        "import sys\nfrom handover import cli\n"
        "try:\n    cli.main(sys.argv[1:])\n"
        f"finally:\n    print([one for one in {heavy} if one in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert "Examples:" in done.stdout
