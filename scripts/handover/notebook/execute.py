"""Run a notebook from top to bottom, or say which cell kept it from that, and why.

Truth before speed: success means that every code cell ran and none failed. papermill runs the cells
(`handover.notebook.engine`); what its verdict leaves out is judged in `handover.notebook.failures`.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover.errors import ParameterError
from handover.notebook import forkserver, source
from handover.notebook.environment import kernel_environment, scratch_folder
from handover.notebook.processes import Reaper, Supervised, reaper
from handover.notebook.source import INJECTED

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec
    from nbformat import NotebookNode

#: All that papermill is known to write into code safely.
PLAIN = (str, int, float, bool, type(None))

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

#: What a page needs to know of a notebook's language; the rest names patch versions of the kernel.
LANGUAGE_KEYS = ("name", "file_extension", "mimetype", "nbconvert_exporter", "pygments_lexer")


@dataclass(frozen=True, slots=True)
class Execution:
    """A notebook that ran from top to bottom.

    `warnings` is what cells wrote to their error stream, one entry a cell; Python's warnings go there. They fail
    nothing, but the caller should pass them on. `notes` says what about the run itself was not as usual.
    """

    nb: "NotebookNode"
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class Run:
    """One run of a notebook: what it is given, and what is heard while it goes on."""

    where: str
    spec: "KernelSpec"
    environment: dict[str, str]
    cwd: Path
    scratch: Path
    reaper: Reaper
    timeout_s: float
    cell_timeout_s: float
    deadline: float
    fork: bool
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
    overflowed: int | None = None
    process: Supervised | None = None
    #: what about the run was not as usual
    notes: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """What the kernel itself wrote, outside any cell."""
        return self.scratch / "kernel.log"


def load(path: Path, where: str | None = None) -> "NotebookNode":
    """Read a notebook that is to be run, and begin to make ready for its kernel; see `source.load`."""
    forkserver.prepare()
    return source.load(path, where)


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
    fork: bool = True,
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
        fork: Whether to fork the kernel from a process that has everything imported, if it can be done; the
            outputs are the same.

    Raises:
        ExecutionError: The notebook did not run from top to bottom.
        ParameterError: A value is not plain data.
    """
    deadline = time.monotonic() + timeout_s
    _require_plain(parameters, where)
    source.refuse(nb, where)
    kernel = nb.metadata.get("kernelspec", {}).get("name", "")
    if fork and kernel in forkserver.NATIVE:
        forkserver.prepare()  # first of all: it imports in a process of its own, and papermill is imported meanwhile
    from handover.notebook.kernels import kernel_spec

    spec = kernel_spec(kernel, where)
    with scratch_folder() as scratch, reaper() as starting:
        run = Run(
            where=where,
            spec=spec,
            environment=kernel_environment(epoch, scratch),
            cwd=Path(cwd).resolve(),
            scratch=scratch,
            reaper=starting,
            timeout_s=timeout_s,
            cell_timeout_s=cell_timeout_s,
            deadline=deadline,
            fork=fork,
            progress=progress,
        )
        return _execute(nb, dict(parameters), run)


def _execute(nb: "NotebookNode", parameters: dict[str, Any], run: Run) -> Execution:
    """Have papermill run the cells, and judge what came of it; papermill works on a copy of its own."""
    from handover.notebook import engine, failures

    run.inserted = bool(parameters) and not any(INJECTED in cell.metadata.get("tags", []) for cell in nb.cells)
    if run.progress:
        # the kernel starts in another process: this one has time for something else
        run.progress(0, run.inserted + sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in nb.cells))
    with _quiet():
        try:
            done = engine.perform(nb, parameters, run)
        except Exception as error:
            meaning = failures.explain(error, run)
            if meaning is None:
                raise
            raise meaning from error
    failures.judge(run)
    return Execution(normalise(done), tuple(failures.warnings(run)), tuple(run.notes))


def _require_plain(parameters: Mapping[str, Any], where: str) -> None:
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


def normalise(nb: "NotebookNode") -> "NotebookNode":
    """Take out of an executed notebook, in place, what differs between two runs of the same.

    Times, random ids, the order of flushes and versions go; what is left depends on the notebook, its parameters and
    the data alone.
    """
    for key in ("papermill", "widgets", "execution"):
        nb.metadata.pop(key, None)
    language = nb.metadata.get("language_info", {})
    nb.metadata["language_info"] = {key: language[key] for key in LANGUAGE_KEYS if key in language}
    for cell in nb.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", ["kept"]):
            del cell.metadata["tags"]
        if INJECTED in cell.metadata.get("tags", []):
            cell["id"] = INJECTED
        if cell.cell_type == "code":
            cell["outputs"] = list(_joined(cell.outputs))
    for data in _displays(nb):
        data.pop(WIDGET_VIEW, None)
        if len(data) > 1 and isinstance(data.get("text/plain"), str):
            # the fallback of something shown in a better form; where it is all there is, the address stays to be seen
            data["text/plain"] = re.sub(r" at 0x[0-9a-f]+>", ">", data["text/plain"])
    _number_styled_tables(nb)
    return nb


def _joined(outputs: list["NotebookNode"]) -> Iterator["NotebookNode"]:
    """Join streams between two displays into one stdout and one stderr, in this order.

    The kernel flushes both before it displays anything, so that their place among displays is certain; how they
    interleave between displays is a matter of timing.
    """
    held: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type != "stream":
            yield from _flushed(held)
            yield output
        elif output.name in held:
            held[output.name]["text"] += output.text
        else:
            held[output.name] = output
    yield from _flushed(held)


def _flushed(held: dict[str, "NotebookNode"]) -> Iterator["NotebookNode"]:
    for name in sorted(held, key=lambda name: (name != "stdout", name)):
        yield held[name]
    held.clear()


def _number_styled_tables(nb: "NotebookNode") -> None:
    """Replace the random ids that pandas gives to styled tables by their numbers."""
    numbers: dict[str, str] = {}
    for data in _displays(nb):
        html = data.get("text/html")
        if not isinstance(html, str) or "T_" not in html:
            continue
        for name in re.findall(r'<table id="T_([0-9a-f]{5,32})"', html):
            numbers.setdefault(name, f"{len(numbers) + 1:05d}")
        data["text/html"] = re.sub(
            r"\bT_([0-9a-f]{5,32})(?![0-9a-f])", lambda found: "T_" + numbers.get(found[1], found[1]), html
        )


def _displays(nb: "NotebookNode") -> Iterator[dict[str, Any]]:
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                yield output["data"]
