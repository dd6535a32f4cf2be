"""Run a notebook from top to bottom, or say which cell failed, and why.

Success means that every code cell ran and none failed. papermill runs the cells (`handover.notebook.engine`);
`handover.notebook.failures` finds the failures that papermill lets pass.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handover import imports
from handover.errors import ParameterError
from handover.notebook import forkserver, source
from handover.notebook.environment import kernel_environment, scratch_folder
from handover.notebook.processes import Supervised
from handover.notebook.source import INJECTED

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec
    from nbformat import NotebookNode

#: The types that papermill writes into code safely.
PLAIN = (str, int, float, bool, type(None))

#: Called with how many code cells have run, how many there are, and all cells up to the last that has run.
Progress = Callable[[int, int, list["NotebookNode"]], None]

#: What a run says of its cells' network.
SHUT, OPEN = "shut", "open"

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

#: The keys of a notebook's language that pages need; the others name patch versions of the kernel.
LANGUAGE_KEYS = ("name", "file_extension", "mimetype", "nbconvert_exporter", "pygments_lexer")


@dataclass(frozen=True, slots=True)
class Execution:
    """A notebook that ran from top to bottom.

    `warnings` is what cells wrote to stderr, one entry a cell: the caller should report it. `notes` says what was
    unusual about the run itself. `network` is what cells had of it: ``shut`` or ``open``.
    """

    nb: "NotebookNode"
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    network: str = SHUT


@dataclass
class Run:
    """One run of a notebook: its settings, and what it reports while it goes on."""

    where: str
    spec: "KernelSpec"
    environment: dict[str, str]
    cwd: Path
    scratch: Path
    timeout_s: float
    deadline: float
    network: bool
    progress: Progress | None = None
    #: the cells as they run, with the one that papermill injects, and whether it put that one between the others
    cells: list["NotebookNode"] = field(default_factory=list)
    inserted: bool = False
    #: the cell that runs, or ran last; -1 before the first
    cell: int = -1
    #: the kernel's reply to each cell
    replies: dict[int, dict[str, Any]] = field(default_factory=dict)
    #: what was written to stderr, as (cell, text); cell is -1 when it is not known
    stderr: list[tuple[int, str]] = field(default_factory=list)
    #: tasks that failed on the kernel's loop: each a name and what it raised
    failed_tasks: list[str] = field(default_factory=list)
    #: the cell that showed more than `engine.OUTPUT_MAX` characters
    overflowed: int | None = None
    process: Supervised | None = None
    notes: list[str] = field(default_factory=list)

    def name_of(self, index: int) -> str:
        """Name a cell as messages do: by its number in the notebook's file, over all cells from 1."""
        injected = [place for place, cell in enumerate(self.cells) if INJECTED in cell.metadata.get("tags", [])]
        if self.inserted and injected and index == injected[0]:
            return "the cell of given parameters"
        return f"cell {index + 1 - (self.inserted and bool(injected) and index > injected[0])}"

    def executed(self) -> list[int]:
        """Return the indices of the cells that run, in the order of their execution counts."""
        return [n for n, cell in enumerate(self.cells) if cell.cell_type == "code" and cell.source.strip()]

    @property
    def log(self) -> Path:
        """The file of what the kernel wrote outside any cell."""
        return self.scratch / "kernel.log"


def execute(
    nb: "NotebookNode",
    parameters: Mapping[str, Any],
    *,
    cwd: Path,
    where: str,
    epoch: int,
    timeout_s: float = 600.0,
    progress: Progress | None = None,
    network: bool = False,
) -> Execution:
    """Run a copy of a notebook and return it with its outputs, normalised.

    Args:
        nb: From `source.load`.
        parameters: From `handover.notebook.parameters.bind`.
        cwd: The working directory of the cells: the notebook's own folder.
        where: The report's name in messages.
        epoch: `SOURCE_DATE_EPOCH` for the cells.
        timeout_s: For the whole run.
        progress: Called while the kernel starts, and whenever a cell has run.
        network: Whether cells, and what they start, may use the network, this machine's own addresses among it.

    Raises:
        ExecutionError: The notebook did not run from top to bottom.
        ParameterError: A value is not plain data.
    """
    deadline = time.monotonic() + timeout_s
    _require_plain(parameters, where)
    source.check_cells(nb, where)
    kernel = nb.metadata.get("kernelspec", {}).get("name", "")
    if kernel in forkserver.NATIVE:
        forkserver.prepare()  # first, since it imports in its own process while papermill is imported here
    imports.lean("jupyter_client")
    from handover.notebook.kernels import kernel_spec

    spec = kernel_spec(kernel, where)
    with scratch_folder() as scratch:
        run = Run(
            where=where,
            spec=spec,
            environment=kernel_environment(epoch, scratch),
            cwd=Path(cwd).resolve(),
            scratch=scratch,
            timeout_s=timeout_s,
            deadline=deadline,
            network=network,
            progress=progress,
        )
        try:
            return _execute(nb, dict(parameters), run)
        finally:
            if run.process:
                run.process.end()


def _execute(nb: "NotebookNode", parameters: dict[str, Any], run: Run) -> Execution:
    imports.lean("papermill")
    from handover.notebook import engine, failures

    run.inserted = bool(parameters) and not any(INJECTED in cell.metadata.get("tags", []) for cell in nb.cells)
    if run.progress:
        # this process is idle while the kernel starts
        codes = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in nb.cells)
        run.progress(0, run.inserted + codes, [])
    with _quiet():
        try:
            done = engine.perform(nb, parameters, run)
        except Exception as error:
            meaning = failures.explain(error, run)
            if meaning is None:
                raise
            raise meaning from error
    failures.check(run)
    run.process.wait()  # it has ended: only then is it known what it was refused
    if run.process.unshut:
        run.notes.append(f"cells had the network, though they were to have none: {run.process.unshut}")
    network = OPEN if run.network or run.process.unshut else SHUT
    return Execution(normalise(done), tuple(failures.warnings(run)), tuple(run.notes), network)


def _require_plain(parameters: Mapping[str, Any], where: str) -> None:
    """Refuse values and names that papermill would write into code unquoted."""
    for name, value in parameters.items():
        items = value if isinstance(value, list) else [value]
        if not str(name).isidentifier() or not all(type(item) in PLAIN for item in items):
            raise ParameterError(
                f"{where}: parameter {name!r} must be text, a number, true or false, none or a list of them, "
                f"under a plain name (got {value!r:.80}).\nPass values as `bind` returns them."
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep papermill's log off the terminal: it warns about annotations it cannot read, and repeats our errors."""
    logger = logging.getLogger("papermill")
    level, logger.level = logger.level, logging.CRITICAL + 1
    try:
        yield
    finally:
        logger.level = level


def normalise(nb: "NotebookNode") -> "NotebookNode":
    """Remove from an executed notebook, in place, the times, random ids, flushes and versions that vary by run."""
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
            # only where it is a fallback: an address that readers would see stays
            data["text/plain"] = re.sub(r" at 0x[0-9a-f]+>", ">", data["text/plain"])
    _number_styled_tables(nb)
    return nb


def _joined(outputs: list["NotebookNode"]) -> Iterator["NotebookNode"]:
    """Join streams between two displays into one stdout and one stderr, in this order.

    The kernel flushes both before it displays anything, so their place among displays is certain; how they interleave
    between displays depends on timing.
    """
    for written, group in groupby(outputs, lambda output: output.output_type == "stream"):
        if not written:
            yield from group
            continue
        streams: dict[str, NotebookNode] = {}
        for output in group:
            if streams.setdefault(output.name, output) is not output:
                streams[output.name]["text"] += output.text
        yield from sorted(streams.values(), key=lambda stream: (stream.name != "stdout", stream.name))


def _number_styled_tables(nb: "NotebookNode") -> None:
    """Replace the random ids that pandas gives to styled tables with running numbers."""
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
