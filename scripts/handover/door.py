"""The front door of a room: its `__init__` names what others may use, and importing it imports nothing else."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def door(room: str, names: Mapping[str, str]) -> tuple[Callable[[str], Any], list[str]]:
    """The `__getattr__` and `__all__` of a room, which give others its names, each imported when it is first asked for.

    A command should import what it uses and no more: half of a short run would be imports. `names` has for each module
    of the room those that others may use, with spaces between; for none, the module itself. No name may be that of a
    module, which Python would give instead.
    """
    modules = {name: module for module, words in names.items() for name in words.split() or [module]}

    def attribute(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        module = importlib.import_module(f"{room}.{modules[name]}")
        return module if name == modules[name] else getattr(module, name)

    return attribute, sorted(modules)
