"""What the first render of a notebook in a process does beside its kernel, for which this process waits a second.

    the kernel imports ─► starts ─► runs the cells, one by one ─┐
    this process imports ─► composes the bare notebook ─► reads what has run ┴► composes it

This changes no byte: it fills what is kept anyway, such as modules, templates, typefaces and pictures read before.
"""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from handover import pace
from handover.notebook import source

if TYPE_CHECKING:
    from nbformat import NotebookNode

_begun: set[Path] = set()


@contextmanager
def ahead(notebook: Path) -> Iterator[Callable[[list["NotebookNode"]], None]]:
    """A thread that does this until the end of the block, if the notebook was not rendered in this process before.

    Yields:
        What takes all cells up to one that has run. The first call, with none, begins: sooner, this process is busy
        asking for the kernel.
    """
    ran: SimpleQueue[list[NotebookNode] | None] = SimpleQueue()
    thread = threading.Thread(target=_work, args=(notebook, ran), daemon=True)

    def read(cells: "list[NotebookNode]") -> None:
        ran.put(cells)
        if notebook not in _begun:
            _begun.add(notebook)
            thread.start()

    try:
        yield read
    finally:
        ran.put(None)
    # an interruption waits for nothing
    if thread.ident is not None:
        thread.join()


def _work(notebook: Path, ran: "SimpleQueue[list[NotebookNode] | None]") -> None:
    with pace.busy(), suppress(Exception):
        with suppress(Exception):
            _compose_bare(notebook)
        gc.freeze()  # hardly any of this is garbage: to look through it again would take longer than to read a report
        from nbformat import v4

        from handover import document

        reading = document.Ahead()
        for cells in iter(ran.get, None):
            if ran.empty():
                reading.read(v4.new_notebook(cells=_plain(cells)))


def _compose_bare(notebook: Path) -> None:
    """Compose a notebook as if no cell had run, which imports and reads what that will take again."""
    import filelock  # noqa: F401
    import nbformat

    from handover import pages
    from handover.document import audit, checks  # noqa: F401
    from handover.editions import catalogue, compose

    pages.prepare()
    nb = nbformat.read(notebook, as_version=4)
    nb.cells = _plain(nb.cells)
    source.clear(nb)
    compose.compose(nb, notebook.stem, notebook.parent)
    catalogue.build(())


def _plain(cells: "list[NotebookNode]") -> "list[NotebookNode]":
    """The cells without parameters, whose reading uses `ast`: before Python 3.12 that fails in two threads at once."""
    return [cell for cell in cells if not {"parameters", source.INJECTED} & set(cell.metadata.get("tags", ()))]
