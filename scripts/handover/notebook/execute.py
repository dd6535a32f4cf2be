"""Run a notebook from top to bottom, or say which cell kept it from that, and why.

Truth before speed: success means that every code cell ran and none failed. papermill runs the cells
(`handover.notebook.engine`); what its verdict leaves out is judged here.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover.errors import ParameterError
from handover.notebook import forking, intake
from handover.notebook.environment import kernel_environment, scratch_folder
from handover.notebook.processes import reaper

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from handover.notebook.run import Run

__all__ = ["Execution", "execute", "load"]

#: All that papermill is known to write into code safely.
PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class Execution:
    """A notebook that ran from top to bottom.

    `warnings` is what cells wrote to their error stream, one entry a cell; Python's warnings go there. They fail
    nothing, but the caller should pass them on. `notes` says what about the run itself was not as usual.
    """

    nb: "NotebookNode"
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def load(path: Path, where: str | None = None) -> "NotebookNode":
    """Read a notebook that is to be run, and begin to make ready for its kernel; see `intake.load`."""
    forking.prepare()
    return intake.load(path, where)


def execute(
    nb: "NotebookNode",
    parameters: Mapping[str, Any],
    *,
    cwd: Path,
    where: str,
    epoch: int,
    timeout_s: float = 600.0,
    cell_timeout_s: float = 300.0,
    progress: Callable[[int, int], None] | None = None,
    warm: bool = True,
) -> Execution:
    """Run a notebook and return it with its outputs, normalised; the notebook given is left as it is.

    Args:
        nb: The notebook, as `load` gives it.
        parameters: Values as `handover.notebook.parameters.bind` gives them.
        cwd: The working directory of its cells: the notebook's own folder.
        where: The report, as messages are to name it.
        epoch: `SOURCE_DATE_EPOCH` for the cells.
        timeout_s: How long the whole run may take.
        cell_timeout_s: How long one cell may take.
        progress: Told how many code cells have run and how many there are: while the kernel starts, and after each.
        warm: Whether to fork the kernel from a process that has everything imported, if it can be done; the
            outputs are the same.

    Raises:
        ExecutionError: The notebook did not run from top to bottom.
        ParameterError: A value is not plain data.
    """
    deadline = time.monotonic() + timeout_s
    _hold_plain(parameters, where)
    intake.refuse(nb, where)
    kernel = nb.metadata.get("kernelspec", {}).get("name", "")
    if warm and kernel in forking.NATIVE:
        forking.prepare()  # first of all: it imports in a process of its own, and papermill is imported meanwhile
    from handover.notebook.kernels import GuardedProvisioner, kernel_spec
    from handover.notebook.run import Run
    from handover.notebook.warm import WarmProvisioner

    spec = kernel_spec(kernel, where)
    with scratch_folder() as scratch, reaper() as starting:
        run = Run(
            spec=spec,
            environment=kernel_environment(epoch, scratch),
            cwd=Path(cwd).resolve(),
            scratch=scratch,
            reaper=starting,
            timeout_s=timeout_s,
            cell_timeout_s=cell_timeout_s,
            deadline=deadline,
            progress=progress,
            provisioner=WarmProvisioner if warm else GuardedProvisioner,
        )
        return _execute(nb, dict(parameters), run, where)


def _execute(nb: "NotebookNode", parameters: dict[str, Any], run: "Run", where: str) -> Execution:
    """Have papermill run the cells, and judge what came of it; papermill works on a copy of its own."""
    from handover.notebook import engine, verdict
    from handover.notebook.normalise import INJECTED, normalise

    run.inserted = bool(parameters) and not any(INJECTED in cell.metadata.get("tags", []) for cell in nb.cells)
    if run.progress:
        # others start the kernel, and who is told may use the time
        run.progress(0, run.inserted + sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in nb.cells))
    with _quiet():
        try:
            done = engine.perform(nb, parameters, run)
        except Exception as error:
            meaning = verdict.failure(error, run, where)
            if meaning is None:
                raise
            raise meaning from error
    verdict.judge(run, where)
    return Execution(normalise(done), tuple(verdict.warnings(run)), tuple(run.notes))


def _hold_plain(parameters: Mapping[str, Any], where: str) -> None:
    """Refuse values that papermill would write into code unquoted, and names that are more than names."""
    for name, value in parameters.items():
        items = value if isinstance(value, list) else [value]
        if not str(name).isidentifier() or not all(type(item) in PLAIN for item in items):
            raise ParameterError(
                f"{where}: parameter {name!r} must be text, a number, true or false, none or a list of them, "
                f"under a plain name (got {value!r:.80}).\nPass values as `bind` returns them."
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep papermill's log off the terminal: it warns of each annotation it cannot read, and repeats our errors."""
    logger = logging.getLogger("papermill")
    level, logger.level = logger.level, logging.CRITICAL + 1
    try:
        yield
    finally:
        logger.level = level
