"""The shape of the package: the wall, one-way imports, and modules of a size to read."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "scripts" / "handover"
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def breaches(path: Path, room: str, forbidden: str) -> list[str]:
    """The imports of a file in one room that reach into another."""
    inside = path.relative_to(PACKAGE).parts[0] == room
    return [name for name in imports(path) if inside and f"{name}.".startswith(forbidden + ".")]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_story_and_press_never_import_each_other(path):
    assert breaches(path, "story", "handover.press") == []
    assert breaches(path, "press", "handover.story") == []


JUPYTER = ("IPython", "nbformat", "nbconvert", "nbclient", "papermill", "jupyter_client", "typst")


@pytest.mark.parametrize("path", sorted((PACKAGE / "story").rglob("*.py")), ids=lambda p: p.name)
def test_story_knows_no_jupyter_tool(path):
    assert [name for name in imports(path) if name.split(".")[0] in JUPYTER] == []


def test_the_wall_would_notice_a_breach(tmp_path, monkeypatch):
    import sys

    module = tmp_path / "story" / "x.py"
    module.parent.mkdir()
    module.write_text("def f():\n    from handover.press import store\n")
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    assert set(breaches(module, "story", "handover.press")) == {"handover.press", "handover.press.store"}


def test_no_module_is_named_for_nothing():
    assert {path.stem for path in MODULES} & {"utils", "util", "helpers", "common", "misc", "config"} == set()


def test_the_top_level_is_the_user_s():
    allowed = {"pyproject.toml", "README.md", "notebooks", "data", "reports", "scripts", "tests"}
    allowed |= {"CHANGELOG.md", "LICENSE", "requirements.lock"}
    assert {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} <= allowed
