"""The shape of the package: the wall, one direction, one front door a room."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "scripts" / "handover"
#: The rooms, each with those whose doors it may use.
ROOMS = {
    "tables": "",
    "story": "tables",
    "notebook": "",
    "document": "",
    "pages": "document",
    "editions": "pages document notebook tables",
    "sweep": "editions",
    "schedule": "editions notebook",
    "verify": "editions document notebook",
    "preview": "editions notebook",
    "publish": "editions verify",
    "lab": "editions notebook",
    "start": "story editions document notebook",
    "cli": "start story notebook editions sweep schedule verify preview publish",
}
JUPYTER = {"IPython", "nbformat", "nbconvert", "nbclient", "papermill", "jupyter_client", "typst"}


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """What a file imports, at its top or inside a function: each module, and the name taken from it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def room_of(package: Path, path: Path) -> str:
    """The room that a file is in; none for those at the top."""
    parts = path.relative_to(package).parts
    return parts[0] if len(parts) > 1 else ""


def offered(room: str) -> list[str]:
    """What the door of a room gives."""
    return importlib.import_module(f"handover.{room}").__all__


def breaches(package: Path) -> list[str]:
    """Imports that go past a door, or against the flow."""
    found = []
    for path in sorted(package.rglob("*.py")):
        room = room_of(package, path)
        for module, name in imports(path):
            _, *way = f"{module}.{name}".split(".") if module == "handover" else module.split(".")
            if not module.startswith("handover") or not way or way[0] not in ROOMS or way[0] == room:
                continue
            if module == "handover":
                name = ""  # the room itself, of which nothing but its door can be seen
            told = f"{path.relative_to(package)} imports {name or 'all'} of {module}"
            if room and way[0] not in ROOMS[room].split():
                found.append(f"{told}, against the flow")
            elif len(way) > 1 or (name and module != "handover" and name not in offered(way[0])):
                found.append(f"{told}, past the door")
    return found


def test_rooms_use_each_other_s_doors_and_only_along_the_flow():
    assert breaches(PACKAGE) == []


def test_a_breach_is_noticed(tmp_path):
    (tmp_path / "story").mkdir()
    (tmp_path / "story" / "x.py").write_text("def f():\n    from handover.editions import Store\n")
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "x.py").write_text(
        "from handover.editions.store import Store\nfrom handover.editions import Nope\n"
    )
    assert breaches(tmp_path) == [
        "cli/x.py imports Store of handover.editions.store, past the door",
        "cli/x.py imports Nope of handover.editions, past the door",
        "story/x.py imports Store of handover.editions, against the flow",
    ]


def test_a_door_opens_on_what_it_names_and_no_name_is_a_module_s():
    for room in ROOMS:
        door = importlib.import_module(f"handover.{room}")
        for name in getattr(door, "__all__", []):
            given = getattr(door, name)
            assert isinstance(given, ModuleType) or not (PACKAGE / room / f"{name}.py").exists(), (room, name)


def test_story_knows_no_jupyter_tool():
    used = {module.split(".")[0] for path in (PACKAGE / "story").rglob("*.py") for module, _ in imports(path)}
    assert used & JUPYTER == set()


def test_names_say_something_and_the_top_level_is_the_user_s():
    assert {path.stem for path in PACKAGE.rglob("*.py")} & {"utils", "util", "helpers", "common", "misc"} == set()
    allowed = {"pyproject.toml", "README.md", "notebooks", "data", "reports", "scripts", "tests"}
    allowed |= {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "requirements.lock"}
    assert {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} <= allowed
