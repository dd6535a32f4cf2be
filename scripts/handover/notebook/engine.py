"""How papermill runs a notebook for the press: its nbclient engine, with a guarded kernel and a closer ear.

Importing this imports papermill. The engine is registered with papermill as `ENGINE`.
"""

import time
from typing import Any

# isort: split
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode, ValidationError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.execute import raise_for_execution_errors, remove_error_markers
from papermill.iorw import load_notebook_node
from papermill.log import logger
from papermill.parameterize import parameterize_notebook
from traitlets import Any as AnyTrait

from handover.notebook.background import settle
from handover.notebook.kernels import RunManager
from handover.notebook.run import Run

ENGINE = "handover"

#: How long a kernel may take to come up.
START_S = 60

#: A cell may show this many characters; a page that holds more opens nowhere, and a loop that prints ends here.
OUTPUT_MAX = 10_000_000

#: After a cell has finished, its last output must have arrived within this time.
OUTPUT_LATE_S = 30.0


class Quit(Exception):
    """A cell asked the kernel to end."""


class Flood(Exception):
    """A cell showed more than a page can hold."""


class Misfit(Exception):
    """A cell showed what no notebook can hold; the text says what is wrong with it."""


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
                text = str(message["content"].get("text", ""))
                self._heard.append((message["parent_header"].get("msg_id", ""), text))
            return message

        channel.get_msg = listen
        return client

    def papermill_execute_cells(self) -> None:
        """Run the cells, and keep what was heard on the way.

        papermill would also note when each cell began and ended, which no edition keeps.
        """
        try:
            for index, cell in enumerate(self.nb.cells):
                self.execute_cell(cell, index)
            if all(reply["status"] == "ok" for reply in self.run.replies.values()) and self.km.ipykernel:
                self.run.failed_tasks = run_sync(settle)(self.kc, self.km.is_alive)
        except CellExecutionError as error:
            # papermill looks for it where the cell showed no error
            self.nb_man.cell_exception(self.nb.cells[self.run.cell], cell_index=self.run.cell, exception=error)
        finally:
            self.run.stderr = [(self._asked.get(parent, -1), text) for parent, text in self._heard]

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        """Take a message of a cell, unless the cell has shown too much already.

        Raises:
            Misfit: It tells of an output that no notebook can hold.
        """
        try:
            return self._process(msg, cell, cell_index)
        except (ValidationError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Misfit(f"{type(error).__name__}: {getattr(error, 'message', error)}") from error

    def _process(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
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


def perform(nb: NotebookNode, parameters: dict[str, Any], run: Run) -> NotebookNode:
    """Run a copy of a notebook as `papermill.execute_notebook` does, and return it.

    That function also writes out the whole notebook at the end, even where no file is named to keep it.

    Raises:
        PapermillExecutionError: A cell failed.
        Exception: Whatever else keeps the cells from running; `handover.notebook.verdict` knows what it means.
    """
    kernel, language = nb.metadata.kernelspec.name, run.spec.language
    nb = load_notebook_node(nb)
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
