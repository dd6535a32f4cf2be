"""How papermill runs a notebook for the press: its nbclient engine, with a guarded kernel and a closer ear.

Importing this imports papermill. The engine is registered with papermill as `ENGINE`.
"""

import ast
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from handover.press import lean  # noqa: F401 before papermill, whose import it shortens

# isort: split
from jupyter_client.kernelspec import KernelSpec
from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.log import logger
from traitlets import Any as AnyTrait

from handover.press.kernels import GuardedProvisioner, RunManager
from handover.press.processes import Guarded, Reaper

ENGINE = "handover"

#: A cell may show this many characters; a page that holds more opens nowhere, and a loop that prints ends here.
OUTPUT_MAX = 10_000_000

#: After a cell has finished, its last output must have arrived within this time.
OUTPUT_LATE_S = 30.0

#: How long the kernel may take to answer what became of what cells left in the background.
SETTLE_S = 5.0

#: Asked of the kernel after the last cell. A task that failed says so only if it is collected before the kernel ends.
#: A thread that works on is not waited for; one that is in the midst of saying how it failed is heard to the end.
SETTLE = f"""
import asyncio, gc, sys, threading, time, traceback
def _telling(thread):
    frame = sys._current_frames().get(thread.ident)
    return any(at.f_code.co_name == "invoke_excepthook" for at, _ in traceback.walk_stack(frame)) if frame else False
await asyncio.sleep(0)
for thread in threading.enumerate():
    if thread is not threading.main_thread() and not thread.daemon:
        thread.join(0.1)
        end = time.monotonic() + {SETTLE_S / 2}
        while _telling(thread) and time.monotonic() < end:
            thread.join(0.01)
failed_tasks = [
    f"{{task.get_coro().__qualname__}}, {{type(task._exception).__name__}}: {{task._exception}}"
    for task in gc.get_objects()
    if isinstance(task, asyncio.Task) and task.done() and task._log_traceback and not task.cancelled()
]
sys.stderr.flush()
"""


@dataclass
class Run:
    """One run of a notebook: what it is given, and what is heard while it goes on."""

    spec: KernelSpec
    environment: dict[str, str]
    cwd: Path
    scratch: Path
    reaper: Reaper
    timeout_s: float
    cell_timeout_s: float
    deadline: float
    progress: Callable[[int, int], None] | None = None
    provisioner: type[GuardedProvisioner] = GuardedProvisioner
    #: the cells as they run, with the one that papermill injects, and whether it put that one between the others
    cells: list[NotebookNode] = field(default_factory=list)
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


class Quit(Exception):
    """A cell asked the kernel to end."""


class Flood(Exception):
    """A cell showed more than a page can hold."""


class _Client(PapermillNotebookClient):
    """Runs the cells as papermill does, and remembers what papermill forgets."""

    run: Run = AnyTrait()

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
        self._asked: dict[str, int] = {}
        self._shown: dict[int, int] = {}
        self._heard: list[tuple[str, str]] = []

    def create_kernel_manager(self) -> RunManager:
        self.km = RunManager(self.run, self.run.provisioner)
        return self.km

    def start_new_kernel_client(self, **kwargs: Any) -> Any:
        """Start the client, and listen to all that the kernel publishes, whichever cell it belongs to."""
        run_sync(self.km.sockets)(self.startup_timeout)
        client = super().start_new_kernel_client(**kwargs)
        channel = client.iopub_channel
        receive = channel.get_msg

        async def listen(*arguments: Any, **options: Any) -> dict[str, Any]:
            message = await receive(*arguments, **options)
            if message["msg_type"] == "stream" and message["content"].get("name") == "stderr":
                self._heard.append((message["parent_header"].get("msg_id", ""), message["content"]["text"]))
            return message

        channel.get_msg = listen
        return client

    def papermill_execute_cells(self) -> None:
        """Run the cells, and keep what was heard on the way."""
        try:
            super().papermill_execute_cells()
            if all(reply["status"] == "ok" for reply in self.run.replies.values()) and self.km.ipykernel:
                run_sync(self._settle)()
        finally:
            self.run.stderr = [(self._asked.get(parent, -1), text) for parent, text in self._heard]

    async def _settle(self) -> None:
        """Ask what became of tasks, and hear what threads said since the last cell ended."""
        asked = self.kc.execute(
            SETTLE, silent=True, store_history=False, allow_stdin=False, user_expressions={"failed": "failed_tasks"}
        )
        end = time.monotonic() + SETTLE_S
        reply: dict[str, Any] = {}
        idle = False
        with suppress(Empty):
            while not reply:
                message = await self._next(self.kc.shell_channel, end)
                reply = message["content"] if message["parent_header"].get("msg_id") == asked else {}
            while not idle:
                message = await self._next(self.kc.iopub_channel, end)
                idle = message["content"].get("execution_state") == "idle"
                idle = idle and message["parent_header"].get("msg_id") == asked
        told = reply.get("user_expressions", {}).get("failed", {}).get("data", {}).get("text/plain", "[]")
        self.run.failed_tasks = ast.literal_eval(told)

    async def _next(self, channel: Any, end: float) -> dict[str, Any]:
        """The next message of a channel; `Empty` when time is up.

        Raises:
            DeadKernelError: The kernel is gone.
        """
        while time.monotonic() < end:
            with suppress(Empty):
                return await channel.get_msg(timeout=0.2)
            if not await self.km.is_alive():
                raise DeadKernelError("Kernel died")
        raise Empty

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        """Take a message of a cell, unless the cell has shown too much already."""
        self._asked[msg["parent_header"].get("msg_id", "")] = cell_index
        self._shown[cell_index] = self._shown.get(cell_index, 0) + _length(msg["content"])
        if self._shown[cell_index] > OUTPUT_MAX and self.run.flooded is None:
            self.run.flooded = cell_index
            # nbclient looks after the kernel every second, finds it dead, and stops
            self.run.process.kill()
        if self.run.flooded is not None and msg["msg_type"] != "status":
            return None
        return super().process_message(msg, cell, cell_index)

    def _time_left(self, cell: NotebookNode) -> float:
        # nbclient takes zero for "no limit"
        return max(0.001, min(self.run.cell_timeout_s, self.run.deadline - time.monotonic()))

    def _started(self, cell: NotebookNode, cell_index: int) -> None:
        self.run.cell = cell_index

    def _executed(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        if self.run.flooded is not None:
            raise Flood
        self.run.replies[cell_index] = reply = execute_reply["content"]
        if any(payload.get("source") == "ask_exit" for payload in reply.get("payload", [])):
            # the kernel goes away in a moment, and waiting for the next cell to find out would take seconds
            raise Quit
        if self.run.progress:
            codes = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in self.nb.cells)
            self.run.progress(len(self.run.replies), codes)


def _length(content: dict[str, Any]) -> int:
    """How many characters a message shows; other JSON than text counts as it would be written."""
    if "text" in content:
        return len(content["text"])
    values = content.get("data", {})
    values = values.values() if isinstance(values, dict) else ()
    return sum(len(value) if isinstance(value, str) else len(str(value)) for value in values)


class HandoverEngine(NBClientEngine):
    """papermill's engine, for a run of the press."""

    @classmethod
    def execute_managed_notebook(  # noqa: D102 papermill documents it
        cls, nb_man: NotebookExecutionManager, kernel_name: str, *, run: Run, start_timeout: int = 60, **_: Any
    ) -> NotebookNode:
        run.cells = list(nb_man.nb.cells)
        client = _Client(nb_man, run=run, kernel_name=kernel_name, startup_timeout=start_timeout, log=logger)
        return client.execute(env=run.environment, cwd=str(run.cwd))


papermill_engines.register(ENGINE, HandoverEngine)
