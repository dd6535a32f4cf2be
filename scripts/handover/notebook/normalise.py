"""What a run leaves in a notebook and must not reach a reader: times, random ids, the order of flushes, versions.

The result depends on the notebook, its parameters and the data alone.
"""

import re
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

INJECTED = "injected-parameters"

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

#: What a page needs to know of a notebook's language; the rest names patch versions of the kernel.
LANGUAGE_KEYS = ("name", "file_extension", "mimetype", "nbconvert_exporter", "pygments_lexer")


def normalise(nb: NotebookNode) -> NotebookNode:
    """Take out of an executed notebook, in place, whatever differs between two runs of the same."""
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


def _joined(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
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


def _flushed(held: dict[str, NotebookNode]) -> Iterator[NotebookNode]:
    for name in sorted(held, key=lambda name: (name != "stdout", name)):
        yield held[name]
    held.clear()


def _number_styled_tables(nb: NotebookNode) -> None:
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


def _displays(nb: NotebookNode) -> Iterator[dict[str, Any]]:
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                yield output["data"]
