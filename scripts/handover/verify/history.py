"""Which commit of this repository held the inputs that an edition names; git is asked, nothing is changed."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from handover import digest
from handover.editions import Inputs, inputs
from handover.notebook import source
from handover.project import MARKER, Project

#: Commits looked at, the newest first.
COMMITS = 300
PACKAGE = PurePosixPath("scripts/handover")


@dataclass(frozen=True, slots=True)
class Found:
    """A commit, and the files of the package that are otherwise in this checkout."""

    commit: str
    changed: tuple[str, ...]


def commit_of(project: Project, wanted: Inputs) -> Found | None:
    """Return the newest commit with these inputs, whatever tools are installed; None if there is none, or no git."""
    try:
        blobs = _Blobs(project.root)
    except OSError:
        return None
    with blobs:
        for commit in _lines(project.root, "rev-list", "--all", f"--max-count={COMMITS}", "--date-order"):
            if _holds(blobs, _tree(project.root, commit), wanted):
                changed = _lines(project.root, "diff", "--name-only", "--relative=" + str(PACKAGE), commit)
                return Found(commit[:12], tuple(name for name in changed if inputs.shapes(PurePosixPath(name))))
    return None


def _holds(blobs: "_Blobs", tree: dict[str, str], wanted: Inputs) -> bool:
    """Whether a commit's tree holds the inputs; the cheap ones are looked at first."""
    tables = {name: blob for name, blob in tree.items() if name.startswith("data/") and "/." not in name}
    notebook = tree.get(f"notebooks/{wanted.report}.ipynb")
    dictionary = tables.pop(MARKER.as_posix(), None)
    if notebook is None or dictionary is None or tables.keys() != wanted.tables.keys():
        return False
    lock = tree.get("requirements.lock")
    return (
        blobs.hash(dictionary) == wanted.dictionary
        and (blobs.hash(lock) if lock else "") == wanted.lock
        and all(blobs.hash(blob) == wanted.tables[name] for name, blob in tables.items())
        and blobs.notebook(notebook) == wanted.notebook
        and blobs.package(tree) == wanted.package
    )


class _Blobs:
    """The contents of git's objects, through one process, each hashed once."""

    def __init__(self, root: Path) -> None:
        self._git = subprocess.Popen(
            ["git", "-C", str(root), "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._hashes: dict[str, str] = {}
        self._contents: dict[str, bytes] = {}

    def __enter__(self) -> "_Blobs":
        return self

    def __exit__(self, *_: object) -> None:
        self._git.stdin.close()
        self._git.stdout.close()
        self._git.wait()

    def content(self, blob: str) -> bytes:
        if blob not in self._contents:
            self._git.stdin.write(f"{blob}\n".encode())
            self._git.stdin.flush()
            size = int(self._git.stdout.readline().split()[-1])
            self._contents[blob] = self._git.stdout.read(size)
            self._git.stdout.read(1)
        return self._contents[blob]

    def hash(self, blob: str) -> str:
        if blob not in self._hashes:
            self._hashes[blob] = digest.of_bytes(self.content(blob))
        return self._hashes[blob]

    def notebook(self, blob: str) -> str:
        try:
            return digest.of_bytes(source.canonical(json.loads(self.content(blob))).encode())
        except (ValueError, KeyError, TypeError):
            return ""

    def package(self, tree: dict[str, str]) -> str:
        inside = {PurePosixPath(name): blob for name, blob in tree.items() if name.startswith(f"{PACKAGE}/")}
        files = {path.relative_to(PACKAGE): blob for path, blob in inside.items()}
        shaping = ((path, blob) for path, blob in files.items() if inputs.shapes(path))
        return inputs.package((path.as_posix(), self.content(blob)) for path, blob in shaping)


def _tree(root: Path, commit: str) -> dict[str, str]:
    folders = ("data", "notebooks", "scripts", "requirements.lock")
    entries = (line.split(None, 3) for line in _lines(root, "ls-tree", "-r", commit, *folders))
    return {name: blob for _, kind, blob, name in entries if kind == "blob"}


def _lines(root: Path, *words: str) -> Iterator[str]:
    command = ["git", "-C", str(root), "-c", "core.quotePath=off", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return iter(done.stdout.splitlines() if done.returncode == 0 else [])
