"""What counts as a save: the notebook, pictures beside it, the data, and the part of the package that makes reports."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import handover
from handover.editions import inputs
from handover.errors import PreviewError
from handover.project import Project

PACKAGE = Path(handover.__file__).resolve().parent
#: Imported by kernels alone, which are fresh for each render.
STORY = "story"
#: Several writes in quick succession are one save: it is over when this much time has passed without one.
QUIET_MS = 20
#: An editor that writes without a pause is not waited for longer than this.
LONGEST_MS = 300


@dataclass(frozen=True, slots=True)
class Saved:
    """Something that the report is made from was saved; `package` if a process that renders may have imported it."""

    package: bool


class Watch:
    """Reports each save, or why nothing can be watched, from a thread."""

    def __init__(self, project: Project, report: str, tell: Callable[[Saved | PreviewError], None]) -> None:
        self._notebook = project.notebook(report).resolve()
        self._data = project.data.resolve()
        self._tell = tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()

    def counts(self, _: object, name: str) -> bool:
        """Whether a changed file may change the report."""
        path = Path(name)
        if path.is_relative_to(PACKAGE):
            return inputs.shapes(path.relative_to(PACKAGE).as_posix())
        if path.is_relative_to(self._data):
            return not any(part.startswith(".") for part in path.relative_to(self._data).parts)
        beside = path.suffix.lower() in inputs.PICTURES and path.is_relative_to(self._notebook.parent)
        return beside or path == self._notebook

    def _run(self) -> None:
        import watchfiles

        # folders, not files: an editor that saves by renaming replaces the file
        folders = (self._notebook.parent, self._data, PACKAGE)
        saves = watchfiles.watch(
            *folders, watch_filter=self.counts, step=QUIET_MS, debounce=LONGEST_MS, stop_event=self._stop
        )
        try:
            for save in saves:
                self._tell(Saved(any(imported(Path(name)) for _, name in save)))
        except (OSError, RuntimeError) as error:
            self._tell(
                PreviewError(
                    f"{', '.join(map(str, folders))}: must be folders that can be watched (got: {error}).\n"
                    "If the system's limit of watches is reached, raise it, or set WATCHFILES_FORCE_POLLING=1."
                )
            )


def imported(path: Path) -> bool:
    """Whether a file is of the part of the package that a process that renders imports."""
    return path.is_relative_to(PACKAGE) and path.relative_to(PACKAGE).parts[0] != STORY
