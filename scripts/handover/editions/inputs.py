"""What a report is made from, as hashes: enough to say that nothing changed before anything heavy is imported.

Every file under ``data/`` counts, whether the dictionary lists it or not: a notebook may read any of them,
and an input that is not counted would pass yesterday's edition off as today's. So does every picture elsewhere in the
project that the notebook's text names.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import handover
from handover import digest
from handover.document import PICTURES, Beside
from handover.editions import settings
from handover.project import MARKER, Project

#: Files of the package that can change what a reader gets: those of these rooms, and the modules beside the rooms.
#: The other rooms sweep, schedule, publish and verify what these make.
ROOMS = ("tables", "story", "notebook", "document", "pages", "editions")
SUFFIXES = {".css", ".j2", ".json", ".mplstyle", ".py", ".typ"}
#: The tools that shape a page; the fonts are packages whose names begin with `FONTS`.
TOOLS = ("typst", "matplotlib", "pandas", "nbconvert", "papermill", "pillow")
FONTS = "fontpkg-"
PYTHON = "python"
#: The end of a picture's name, and what stands before a name or within none; no name is longer.
ENDING = re.compile(rf"(?:{'|'.join(map(re.escape, PICTURES))})(?![\w.])", re.IGNORECASE)
BOUND = re.compile(r"""["'()<>\[\]\\]""")
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of one render.

    `notebook` is the hash of its clean source, whatever outputs the file holds; `tables` are those of the data, of
    whatever kind, and of the pictures that the notebook names; `author` signs it, unless the notebook names others.
    """

    report: str
    parameters: Mapping[str, Any]
    notebook: str
    tables: Mapping[str, str]
    dictionary: str
    lock: str
    package: str
    author: str
    versions: Mapping[str, str]

    @property
    def digest(self) -> str:
        """One hash over all of it."""
        whole = self.as_json() | {"report": self.report, "parameters": dict(self.parameters)}
        return digest.of_bytes(json.dumps(whole, sort_keys=True).encode())

    def as_json(self) -> dict[str, Any]:
        """The hashes part by part, for the manifest."""
        parts = ("notebook", "tables", "dictionary", "lock", "package", "author", "versions")
        return {name: dict(part) if isinstance(part := getattr(self, name), Mapping) else part for name in parts}

    def changed_since(self, recorded: Mapping[str, Any]) -> list[str]:
        """Name every part that is not as a manifest recorded it, in a fixed order."""
        then = recorded.get("tables", {})
        found = [f"notebooks/{self.report}.ipynb"] if self.notebook != recorded.get("notebook") else []
        found += [name for name in sorted({*then, *self.tables}) if then.get(name) != self.tables.get(name)]
        named = {"dictionary": MARKER.as_posix(), "lock": "requirements.lock", "package": "package"}
        found += [name for key, name in named.items() if getattr(self, key) != recorded.get(key)]
        # older manifests do not have it
        found += ["tool.handover.author"] if self.author != recorded.get("author", self.author) else []
        versions = recorded.get("versions", {})
        return found + [
            f"{tool} {versions.get(tool, 'absent')} -> {self.versions.get(tool, 'absent')}"
            for tool in sorted({*versions, *self.versions})
            if versions.get(tool) != self.versions.get(tool)
        ]


def of(project: Project | None, report: str, source: str, parameters: Mapping[str, Any]) -> Inputs:
    """Hash everything that a report is made from.

    A notebook outside any `project` has no tables and no lock. `source` is its text as
    `handover.notebook.source.canonical` returns it; `parameters` are all, bound.
    """
    root, paths = Path(), ()
    if project:
        root, paths = project.root, sorted({*data(project), *_pictures(project, source), project.lock.name})
    hashes = {
        path: digest.unless_touched(f"{root}/{path}", {path: stamp}, partial(digest.of_file, root / path))
        for path, stamp in digest.stamps_of(root, paths).items()
    }
    return Inputs(
        report=report,
        parameters=parameters,
        notebook=digest.of_bytes(source.encode()),
        dictionary=hashes.pop(MARKER.as_posix(), ""),
        lock=hashes.pop(project.lock.name, "") if project else "",
        tables=hashes,
        package=_package(),
        author=settings.author(project),
        versions=dict(versions()),  # plain, so that it can travel to another process
    )


def data(project: Project) -> list[str]:
    """Paths below ``data/``; hidden ones, which editors leave behind, are no inputs."""
    return sorted(f"{project.data.name}/{path}" for path in _paths(project.data) if "/." not in f"/{path}")


def _pictures(project: Project, source: str) -> Iterator[str]:
    """The paths of the pictures that a notebook's text names, wherever in it they stand."""
    beside = Beside(project.root, project.notebooks)
    for found in ENDING.finditer(source):
        named = BOUND.split(source[max(0, found.start() - LONGEST) : found.end()])[-1]
        # a name may hold blanks, or stand between them
        yield from filter(None, map(beside.path, {named, named.split()[-1]}))


def _paths(folder: Path) -> Iterator[str]:
    """The paths of all files below a folder, relative to it."""
    for here, _, names in os.walk(folder):
        inside = here.removeprefix(str(folder)).lstrip("/")
        yield from (f"{inside}/{name}" if inside else name for name in names)


@lru_cache(maxsize=1024)
def shapes(path: str) -> bool:
    """Whether a file of the package, by its path in it, can change what a reader gets."""
    room, inside, _ = path.partition("/")
    return PurePosixPath(path).suffix in SUFFIXES and (not inside or room in ROOMS)


def _package() -> str:
    """One hash over the files of the package that can change what a reader gets, each by its path in it."""
    root = Path(handover.__file__).parent
    seen = digest.stamps_of(root, filter(shapes, _paths(root)))
    files = ((path, (root / path).read_bytes()) for path in sorted(seen))
    return digest.unless_touched(str(root), seen, lambda: digest.of_parts(files))


@cache
def versions() -> Mapping[str, str]:
    """Version of each tool and font that shapes a page, and Python's own as major.minor.

    Read from the names of the ``dist-info`` folders: `importlib.metadata` costs more than everything else
    that is needed to say that a report has not changed.
    """
    found = {PYTHON: "{}.{}".format(*sys.version_info)}
    for entry in reversed(sys.path):
        folder = Path(entry or ".")
        for info in folder.glob("*.dist-info") if folder.is_dir() else ():
            name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
            name = name.lower().replace("_", "-")
            if name in TOOLS or name.startswith(FONTS):
                found[name] = version
    return MappingProxyType(dict(sorted(found.items())))


def shaping() -> dict[str, str]:
    """The versions that an edition names as part of itself, without Python's own, on which no page depends."""
    return {name: version for name, version in versions().items() if name != PYTHON}
