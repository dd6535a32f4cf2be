"""papermill's nbclient engine, with our kernel manager, and a record of what papermill drops.

Importing this imports papermill. The engine is registered with papermill as `ENGINE`.
"""

import ast
import asyncio
import re
import time
from contextlib import suppress
from copy import deepcopy
from queue import Empty
from typing import TYPE_CHECKING, Any

from jupyter_client import AsyncKernelClient
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode, ValidationError
from nbformat.v4 import nbbase
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.execute import raise_for_execution_errors, remove_error_markers
from papermill.log import logger
from papermill.parameterize import parameterize_notebook
from traitlets import Any as AnyTrait

from handover.notebook.environment import CELLS
from handover.notebook.kernels import START_S, RunManager

if TYPE_CHECKING:
    from handover.notebook.execute import Run

ENGINE = "handover"

#: How long one cell may run.
CELL_S = 300.0

#: The most characters a cell may show: no browser opens a larger page, and a loop that prints must end somewhere.
OUTPUT_MAX = 10_000_000

#: What may be shown as other than text.
JSON = re.compile(r"application/[a-zA-Z0-9.+-]+\+json")

#: How long after a cell has finished its last output may arrive.
OUTPUT_LATE_S = 30.0

#: How long the kernel may take to report on background work, and, within that, how long a failing thread may take to
#: print its traceback.
SETTLE_S = 15.0
TELLING_S = 2.5

#: Run in the kernel after the last cell. asyncio reports a failed task only once it is collected, so look for such
#: tasks here. Do not wait for a thread that still works, but let one that is printing its traceback finish.
SETTLE = f"""
import asyncio, gc, sys, threading, time, traceback
def _failing(thread):
    frame = sys._current_frames().get(thread.ident)
    return any(at.f_code.co_name == "invoke_excepthook" for at, _ in traceback.walk_stack(frame)) if frame else False
await asyncio.sleep(0)
for thread in threading.enumerate():
    if thread is not threading.main_thread() and not thread.daemon:
        thread.join(0.1)
        end = time.monotonic() + {TELLING_S}
        while _failing(thread) and time.monotonic() < end:
            thread.join(0.01)
failed_tasks = [
    f"{{task.get_coro().__qualname__}}, {{type(task._exception).__name__}}: {{task._exception}}"
    for task in gc.get_objects()
    if issubclass(type(task), asyncio.Task) and task.done() and task._log_traceback and not task.cancelled()
]
sys.stderr.flush()
"""


class KernelExit(Exception):
    """A cell asked the kernel to end."""


class OutputOverflow(Exception):
    """A cell showed more than `OUTPUT_MAX` characters."""


class InvalidOutput(Exception):
    """A cell showed what no notebook can contain; the text says what is wrong with it."""


class _Client(PapermillNotebookClient):
    """Runs the cells as papermill does, and notes replies and stderr in the run."""

    run: "Run" = AnyTrait()

    def __init__(self, nb_man: NotebookExecutionManager, **kwargs: Any) -> None:
        super().__init__(
            nb_man,
            timeout_func=self._time_left,
            iopub_timeout=OUTPUT_LATE_S,
            shutdown_kernel="immediate",
            record_timing=False,
            allow_errors=False,
            force_raise_errors=True,
            store_widget_state=False,
            on_cell_start=self._started,
            on_cell_executed=self._executed,
            **kwargs,
        )
        self._codes = len(self.run.executed())
        self._asked: dict[str, int] = {}
        self._shown: dict[int, int] = {}
        self._polling: list[asyncio.Task[None]] = []

    def create_kernel_manager(self) -> RunManager:
        self.km = RunManager(self.run)
        return self.km

    def papermill_execute_cells(self) -> None:
        """Run the cells; unlike papermill, do not note when each began and ended, which no edition keeps."""
        try:
            for index, cell in enumerate(self.nb.cells):
                self.execute_cell(cell, index)
            if all(reply["status"] == "ok" for reply in self.run.replies.values()) and self.km.ipykernel:
                self.run.failed_tasks = run_sync(_failed_tasks)(self.kc)
        except CellExecutionError as error:
            # papermill looks for the error here if the cell showed none
            self.nb_man.cell_exception(self.nb.cells[self.run.cell], cell_index=self.run.cell, exception=error)
        finally:
            for task in self._polling:
                task.cancel()
            written = self.kc.iopub_channel.stderr
            self.run.stderr = [(self._asked.get(parent, -1), text) for parent, text in written]

    # nbclient leaves these tasks running when an output is refused or a cell takes too long

    async def _async_poll_kernel_alive(self) -> None:
        self._polling = [asyncio.current_task()]
        await super()._async_poll_kernel_alive()

    async def _async_poll_output_msg(self, *given: Any) -> None:
        self._polling.append(asyncio.current_task())
        await super()._async_poll_output_msg(*given)

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        """Process a message of a cell, unless the cell has shown too much already.

        Raises:
            InvalidOutput: It carries an output that no notebook can contain.
        """
        try:
            return self._process(msg, cell, cell_index)
        except (ValidationError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidOutput(f"{type(error).__name__}: {getattr(error, 'message', error)}") from error

    def _process(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        self._asked[msg["parent_header"].get("msg_id", "")] = cell_index
        self._shown[cell_index] = self._shown.get(cell_index, 0) + _length(msg["content"])
        if self._shown[cell_index] > OUTPUT_MAX and self.run.overflowed is None:
            self.run.overflowed = cell_index
            # nbclient checks the kernel every second, finds it dead, and stops
            self.run.process.kill()
        if self.run.overflowed is not None and msg["msg_type"] != "status":
            return None
        return super().process_message(msg, cell, cell_index)

    def _time_left(self, cell: NotebookNode) -> float:
        # nbclient takes zero for "no limit"
        return max(0.001, min(CELL_S, self.run.deadline - time.monotonic()))

    def _started(self, cell: NotebookNode, cell_index: int) -> None:
        self.run.cell = cell_index

    def _executed(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        if self.run.overflowed is not None:
            raise OutputOverflow
        self.run.replies[cell_index] = reply = execute_reply["content"]
        cell.execution_count = reply.get("execution_count", cell.execution_count)
        if any(payload.get("source") == "ask_exit" for payload in reply.get("payload", [])):
            # the kernel is about to exit, and finding that out in the next cell would take seconds
            raise KernelExit
        if self.run.progress:
            self.run.progress(len(self.run.replies), self._codes, self.nb.cells[: cell_index + 1])


async def _failed_tasks(client: AsyncKernelClient) -> list[str]:
    """Run `SETTLE`, and read what threads wrote since the last cell ended.

    Returns:
        The tasks that failed, each as a name and what it raised.

    Raises:
        DeadKernelError: The kernel is gone.
    """
    asked = client.execute(
        SETTLE, silent=True, store_history=False, allow_stdin=False, user_expressions={"failed": "failed_tasks"}
    )
    end = time.monotonic() + SETTLE_S
    reply: dict[str, Any] = {}
    idle = False
    with suppress(Empty):
        while not reply:
            message = await _next(client, client.shell_channel, end)
            reply = message["content"] if message["parent_header"].get("msg_id") == asked else {}
        while not idle:
            message = await _next(client, client.iopub_channel, end)
            idle = message["content"].get("execution_state") == "idle"
            idle = idle and message["parent_header"].get("msg_id") == asked
    said = reply.get("user_expressions", {}).get("failed", {}).get("data", {}).get("text/plain", "[]")
    return ast.literal_eval(said)


async def _next(client: AsyncKernelClient, channel: Any, end: float) -> dict[str, Any]:
    """Return the next message; raise `Empty` at `end`, in monotonic seconds."""
    while time.monotonic() < end:
        with suppress(Empty):
            return await channel.get_msg(timeout=0.2)
        if not await client.is_alive():
            raise DeadKernelError("Kernel died")
    raise Empty


def _validate(node: NotebookNode, ref: str | None = None, stock: Any = nbbase.validate) -> None:
    """Validate a part of a notebook as nbformat does, which takes its time even for texts and JSON in their places."""
    data, count = node.get("data"), node.get("execution_count")
    shown = ref in ("display_data", "execute_result") and isinstance(data, dict) and isinstance(node.metadata, dict)
    shown = shown and (count is None or (type(count) is int and count >= 0))
    if not (shown and all(isinstance(value, str) or JSON.fullmatch(kind) for kind, value in data.items())):
        stock(node, ref)


nbbase.validate = _validate


def _length(content: dict[str, Any]) -> int:
    """Count the characters a message shows; JSON counts as it would be written."""
    if "text" in content:
        return len(content["text"])
    values = content.get("data", {})
    values = values.values() if isinstance(values, dict) else ()
    return sum(len(value) if isinstance(value, str) else len(str(value)) for value in values)


class HandoverEngine(NBClientEngine):
    """papermill's engine for our runs."""

    @classmethod
    def execute_managed_notebook(  # noqa: D102 papermill documents it
        cls, nb_man: NotebookExecutionManager, kernel_name: str, *, run: "Run", start_timeout: int = 60, **_: Any
    ) -> NotebookNode:
        run.cells = list(nb_man.nb.cells)
        client = _Client(nb_man, run=run, kernel_name=kernel_name, startup_timeout=start_timeout, log=logger)
        names = "\n".join(run.name_of(index) for index in run.executed())
        return client.execute(env=run.environment | {CELLS: names}, cwd=str(run.cwd))


papermill_engines.register(ENGINE, HandoverEngine)


def perform(nb: NotebookNode, parameters: dict[str, Any], run: "Run") -> NotebookNode:
    """Run a copy of a notebook as `papermill.execute_notebook` does, without writing it out, and return it.

    Raises:
        PapermillExecutionError: A cell failed.
        Exception: Anything else that stops the cells; see `handover.notebook.failures.explain`.
    """
    kernel, language = nb.metadata.kernelspec.name, run.spec.language
    # what papermill's `load_notebook_node` gives, without a way through JSON
    nb = deepcopy(nb)
    nb.metadata.papermill = NotebookNode()
    for cell in nb.cells:
        cell.metadata.setdefault("tags", [])
    if parameters:
        nb = parameterize_notebook(nb, parameters, kernel_name=kernel, language=language, engine_name=ENGINE)
    done = papermill_engines.execute_notebook_with_engine(
        ENGINE,
        remove_error_markers(nb),
        kernel_name=kernel,
        progress_bar=False,
        autosave_cell_every=0,
        start_timeout=max(1, int(min(START_S, run.timeout_s))),
        run=run,
    )
    raise_for_execution_errors(done, None)
    return done
