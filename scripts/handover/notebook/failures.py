"""Failures of a run: whether every cell ran, and if not, which one failed, how, and what to do.

Cells are numbered as in the file, from 1 over all cells, without the one that papermill injects. What counts:

==========================================  ==========================================================================
``!command``, ``%sx``, ``%pip``, …          refused before the run: its failure would go unnoticed; use ``%%bash``
``skip-execution``, ``raises-exception``    refused before the run: no cell of a report may be skipped, or fail
``breakpoint()``                            refused before the run: it waits for a user
``input()``, ``getpass()``, a debugger      fails: nobody can answer
an exception, an interrupt, no Python       fails, with the line
a socket to the network, also to loopback   is refused, with ENETUNREACH, unless the network is open: so fails
``sys.exit()``, ``quit()``, ``exit``        fails, even in the last cell and with status 0
``os._exit()``, a signal, a crash           fails: the kernel is lost; the message says how it ended
a thread that ends in an exception          fails, whenever it happens before the last cell has ended
a task on the kernel's loop that raises     fails, unless it was awaited; those of the last cell get one turn
more than `engine.OUTPUT_MAX` characters    fails, and the kernel is ended
a cell or a report that takes too long      fails
a warning, or other text on stderr          passes, and is reported; a report that states evidence may not print it
outputs in the source                       are dropped: every cell is run
threads, tasks and processes still at work  are ended with the kernel, and not waited for
the result of a future nobody asks for      is ignored, as anywhere in Python
==========================================  ==========================================================================

`handover.notebook.source` refuses the first three.
"""

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from handover.errors import ExecutionError, near
from handover.notebook import engine
from handover.notebook.processes import describe_exit

if TYPE_CHECKING:
    from handover.notebook.execute import Run

#: How libraries and programs word that they were refused a socket; and what to do about it.
REFUSED = re.compile(r"Network is unreachable|name resolution|resolve host|gaierror|ENETUNREACH", re.IGNORECASE)
NO_NETWORK = """\
Cells have no network, so that a report is made of what lies in the project: keep what they need in data/.
To open it, write under [tool.handover] in pyproject.toml: network = ["{report}"]
To open it once: handover render {report} --network"""

#: Slips that need more than what Python says of them: the error, how it is worded, and what to do about it.
CURES = {
    ("TypeError", "'Story' object is not subscriptable"): (
        'A fact is written in braces in a sentence, say("… {fact}"), or asked for as story.facts["fact"].'
    ),
    (
        "FileNotFoundError",
        r"'(?!/|\.\.)",
    ): "Cells run in notebooks/: a file of the project begins with ../, as in ../data/.",
}

#: A line of a cell in a traceback; the call that a cell magic becomes is none.
FRAME = re.compile(r"^\s*File <([^>]+)>:(\d+)(?!.*\n.* get_ipython\(\)\.run_cell_magic)", re.MULTILINE)

ADVICE = "Run the notebook in JupyterLab up to this cell. Nothing was published."

#: With less room than this, in bytes, on the disk for temporary files, a kernel that does not start may lack it.
ROOM_MIN = 1 << 20

#: How many lines of a failing cell a message shows, up to the one at fault.
LINES_SHOWN = 3
VALUE_SHOWN = 4000

#: What Python prints for a thread that ended in an exception; the cell that started it succeeds all the same.
THREAD_FAILED = re.compile(r"^Exception in thread .*\n(?:Traceback .*\n|[ \t].*\n)*(?P<last>.*)", re.MULTILINE)

#: What asyncio prints for a task whose exception was never retrieved.
TASK_FAILED = re.compile(
    r"^Task exception was never retrieved\n.*\n(?:Traceback .*\n|[ \t].*\n)*(?P<last>.*)", re.MULTILINE
)


def check(run: "Run") -> None:
    """Refuse a run that papermill let pass if a cell of it failed or never ran.

    papermill calls a run complete that ``sys.exit()`` cut short, or whose threads failed.

    Raises:
        ExecutionError: A cell failed, or never ran.
    """
    for index, cell in enumerate(run.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        reply = run.replies.get(index)
        for output in cell.outputs:
            if output.output_type == "error":
                raise _raised(run, index, output.ename, output.evalue, output.traceback)
        if reply is None or reply.get("status") != "ok" or cell.execution_count is None:
            raise _error(run, index, "never ran")
    stderr = "".join(text for _, text in run.stderr)
    for what, pattern in (("thread", THREAD_FAILED), ("task", TASK_FAILED)):
        if failed := pattern.search(stderr):
            how = failed["last"] or "it had not printed its error when the run ended"
            at = _cell_at(run, failed.start())
            raise _error(run, at, f"ran while a {what} in the background failed ({how})")
    if run.failed_tasks:
        raise _error(run, -1, f"left a task in the background that failed ({'; '.join(run.failed_tasks)})")


def explain(error: Exception, run: "Run") -> ExecutionError | None:
    """Return what an exception from papermill says of the notebook; None if it is not the notebook's fault."""
    if run.overflowed is not None:
        return _error(run, run.overflowed, f"showed more than {engine.OUTPUT_MAX:,} characters")
    if isinstance(error, PapermillExecutionError):
        # papermill makes up a name for a cell that failed without showing an error, for example an unknown magic
        reply = run.replies.get(error.cell_index, {}) if not error.traceback else {}
        name, value = reply.get("ename") or error.ename, reply.get("evalue") or error.evalue
        return _raised(run, error.cell_index, name, value, error.traceback)
    if isinstance(error, engine.KernelExit):
        return _error(run, run.cell, "ended the kernel with quit() or exit(): the cells after it would not run")
    if isinstance(error, engine.InvalidOutput):
        said = str(error).strip().split("\n", 1)[0][:VALUE_SHOWN]
        return _error(run, run.cell, f"showed what no notebook can hold ({said})")
    if isinstance(error, CellTimeoutError):
        return _error(run, run.cell, _too_long(run))
    if isinstance(error, DeadKernelError) and run.process is not None:
        return _error(run, run.cell, f"lost its kernel: {describe_exit(run.process.wait())}")
    if run.cell >= 0:
        return None
    return ExecutionError(
        f"{run.where}: a kernel must start ({_last_log_line(run) or f'{type(error).__name__}: {error}'}).\n"
        f"{_short_of_room(run) or 'Check the installation with `jupyter kernelspec list`.'} Nothing was run."
    )


def _short_of_room(run: "Run") -> str:
    """Say what to do if the disk for temporary files is so full that a kernel may not start."""
    free = shutil.disk_usage(run.scratch).free
    if free > ROOM_MIN:
        return ""
    return (
        f"{run.scratch.parent} has room for {free:,} more bytes of temporary files: free some space there, or point "
        "TMPDIR to a folder on another disk."
    )


def warnings(run: "Run") -> Iterator[str]:
    """Yield what cells wrote to stderr, one entry a cell."""
    for index, cell in enumerate(run.cells):
        texts = [output.text for output in cell.get("outputs", []) if output.get("name") == "stderr"]
        text = "".join(texts).strip()
        if text:
            yield f"{run.name_of(index)} warned: {text}"


def _raised(run: "Run", index: int, name: str, value: str, traceback: list[str]) -> ExecutionError:
    if name == "SystemExit":
        return _error(run, index, "ended with sys.exit(): the cells after it would not run")
    if name == "StdinNotImplementedError":
        return _error(run, index, "asked for input, which nobody is there to give")
    value = re.sub(r" \(<[^>]+>, line \d+\)$", "", value)  # the place of a SyntaxError, which is told as any other
    first, *rest = value.strip()[:VALUE_SHOWN].splitlines() or [""]
    missing = re.match(r"name '(\w+)' is not defined", value) if name == "NameError" else None
    if missing and re.search(rf"\bf[\"'].*\{{{missing[1]}\b", run.cells[index].source):
        rest.append("In an f-string Python itself fills the braces: if a fact is meant, take away the f.")
    elif missing:
        written = {word for cell in run.cells for word in re.findall(r"[A-Za-z_]\w+", cell.source)}
        first += near(missing[1], written - {missing[1]})
    rest += [cure for (kind, pattern), cure in CURES.items() if name == kind and re.search(pattern, value)]
    what = f"raised {name}: {first}" if first else f"raised {name}"
    printed = [output.text for output in run.cells[index].outputs if output.output_type == "stream"]
    if not run.network and REFUSED.search("\n".join([name, value, *traceback, *printed])):
        rest += NO_NETWORK.format(report=Path(run.where).stem).splitlines()
    return _error(run, index, what.removesuffix("."), _places(run, index, traceback), rest)


def _error(
    run: "Run", index: int, what: str, places: Sequence[tuple[int, int]] = (), rest: Sequence[str] = ()
) -> ExecutionError:
    """Describe a failure: the cell, what happened, the lines at fault, the rest, what to do.

    Args:
        run: The run that failed.
        index: The cell that failed, -1 if it is not known.
        what: What happened, worded to follow the cell's name.
        places: Cells and lines in them through which the failure came, the outermost first.
        rest: Further lines of the message.
    """
    name = run.name_of(index) if index >= 0 else "a cell"
    lines = _lines(run, index)
    own = next((line for cell, line in places if cell == index), None)
    at = f" (line {own})" if own and len(lines) > 1 else ""
    shown = _excerpt(lines, own)
    if places and (places[-1][0] != index or places[-1][1] != own):
        cell, line = places[-1]
        shown += [f"in {run.name_of(cell)}, line {line}:", *_excerpt(_lines(run, cell), line)]
    # a message that goes on, or that ends with a question, is given no full stop
    end = ":" if what.endswith(":") else "" if what.endswith("?") and not at else "."
    return ExecutionError("\n".join([f"{run.where}: {name} {what.removesuffix(':')}{at}{end}", *shown, *rest, ADVICE]))


def _lines(run: "Run", index: int) -> list[str]:
    return run.cells[index].source.splitlines() if 0 <= index < len(run.cells) else []


def _excerpt(lines: list[str], line: int | None) -> list[str]:
    """Show the line at fault of a cell, marked, and those around it; its first lines if none is known."""
    if line is None or not 0 < line <= len(lines):
        return [f"  {text}" for text in lines[:LINES_SHOWN]] + ["  …"] * (len(lines) > LINES_SHOWN)
    first = max(0, line - LINES_SHOWN)
    shown = [f"{'>' if n == line else ' '} {text}" for n, text in enumerate(lines[first : line + 1], first + 1)]
    return ["  …"] * (first > 0) + shown + ["  …"] * (line + 1 < len(lines))


def _cell_at(run: "Run", offset: int) -> int:
    """Find the cell that ran when the character at `offset` of all stderr was written."""
    for index, text in run.stderr:
        offset -= len(text)
        if offset < 0:
            return index if index >= 0 else run.cell
    return -1


def _places(run: "Run", index: int, traceback: list[str]) -> list[tuple[int, int]]:
    """Return the lines of cells that a traceback names, each with its cell, the outermost first.

    Frames of libraries, and of errors that this one followed from, are left out.
    """
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))
    last = re.split(r"\n(?:The above exception was|During handling of the above)", plain)[-1]
    cells, lines = {run.name_of(place): place for place in run.executed()}, _lines(run, index)
    # below a cell magic, lines are counted from the line after it
    below = bool(lines) and lines[0].startswith("%%")
    cells["timed exec"] = index
    return [
        (cells[name], int(line) + (below and cells[name] == index))
        for name, line in FRAME.findall(last)
        if name in cells
    ]


def _too_long(run: "Run") -> str:
    if time.monotonic() >= run.deadline:
        return f"was running when the report's {run.timeout_s:g} seconds were over"
    return f"took longer than {engine.CELL_S:g} seconds"


def _last_log_line(run: "Run") -> str:
    try:
        lines = run.log.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""
