"""One run of a notebook, as those who have a part in it know it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover.notebook.processes import Guarded, Reaper

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec
    from nbformat import NotebookNode

    from handover.notebook.kernels import GuardedProvisioner


@dataclass
class Run:
    """One run of a notebook: what it is given, and what is heard while it goes on."""

    spec: "KernelSpec"
    environment: dict[str, str]
    cwd: Path
    scratch: Path
    reaper: Reaper
    timeout_s: float
    cell_timeout_s: float
    deadline: float
    provisioner: type["GuardedProvisioner"]
    progress: Callable[[int, int], None] | None = None
    #: the cells as they run, with the one that papermill injects, and whether it put that one between the others
    cells: list["NotebookNode"] = field(default_factory=list)
    inserted: bool = False
    #: the cell that runs, or ran last; -1 before the first
    cell: int = -1
    #: the kernel's reply to each cell
    replies: dict[int, dict[str, Any]] = field(default_factory=dict)
    #: what stood on stderr, whenever it came, as (cell, text); cell is -1 when it is not known
    stderr: list[tuple[int, str]] = field(default_factory=list)
    #: tasks that cells left to the kernel's loop and that failed there: each a name and what it raised
    failed_tasks: list[str] = field(default_factory=list)
    #: the cell that showed too much
    flooded: int | None = None
    process: Guarded | None = None
    #: what about the run was not as usual
    notes: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """What the kernel itself wrote, outside any cell."""
        return self.scratch / "kernel.log"
