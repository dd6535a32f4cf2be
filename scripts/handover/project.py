"""Where things are in a checkout."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from handover.errors import HandoverError

MARKER = Path("data") / "datapackage.json"
#: What else says that a folder is a whole of its own; a project around it is another one.
EDGES = ("pyproject.toml", ".git")
#: What somebody who has no project yet can do.
BEGIN = "Run the command from inside a project, or make a new one: handover init FOLDER"


@dataclass(frozen=True, slots=True)
class Project:
    """The folders of one checkout."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """Return the project that holds `start`, or the current folder.

        A notebook runs from wherever JupyterLab or a scheduler put it, so the root is looked for upwards. The search
        ends at the first folder that is a whole of its own, so that nothing is written to another project around it.

        Raises:
            HandoverError: No folder on the way up holds ``data/datapackage.json``.
        """
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / MARKER).is_file():
                return cls(folder)
            if edge := next((name for name in EDGES if (folder / name).exists()), ""):
                raise HandoverError(
                    f"{folder}: must hold {MARKER.as_posix()} to be a project (got a folder with {edge} "
                    f"and without it).\nRestore the file from git. {BEGIN}"
                )
        raise HandoverError(
            f"{here}: must lie in a project, a folder that holds {MARKER.as_posix()} (found none on the way up).\n"
            f"{BEGIN}"
        )

    @property
    def data(self) -> Path:
        """The curated tables and their dictionary."""
        return self.root / "data"

    @property
    def notebooks(self) -> Path:
        """One notebook a report."""
        return self.root / "notebooks"

    @property
    def reports(self) -> Path:
        """The store of editions."""
        return self.root / "reports"

    @property
    def lock(self) -> Path:
        """The pinned tools."""
        return self.root / "requirements.lock"

    def notebook(self, report: str) -> Path:
        """The notebook of a report."""
        return self.notebooks / f"{report}.ipynb"

    def where(self, path: Path) -> str:
        """A path as messages name it: from the project's folder, if it lies there."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def reports_known(self) -> list[str]:
        """The names of all reports, sorted; hidden files, which editors leave behind, are none."""
        return sorted(path.stem for path in self.notebooks.glob("*.ipynb") if not path.name.startswith("."))


def alike(paths: Iterable[str]) -> list[list[str]]:
    """Return the paths, or folders in them, that some file systems take for one: they differ in case alone."""
    found: dict[str, set[str]] = {}
    for path in paths:
        for part in accumulate(path.split("/"), "{}/{}".format):
            found.setdefault(unicodedata.normalize("NFC", part).casefold(), set()).add(part)
    return [sorted(group) for group in found.values() if len(group) > 1]
