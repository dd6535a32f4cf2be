"""The PDF stage alone, of either exporter, in a process that has done it once: prints seconds as JSON.

Run as ``python -m handover.bench.stage EXPORTER NOTEBOOK ROUNDS``, so that neither way warms the other.
"""

import json
import sys
import time
from pathlib import Path


def seconds(exporter: str, notebook: Path, rounds: int) -> list[float]:
    """Export a finished notebook `rounds` times after a first time that is not counted."""
    import nbformat
    from nbconvert.exporters import get_exporter

    made = get_exporter(exporter)()
    if exporter == "webpdf":
        made.disable_sandbox = True
    nb = nbformat.read(notebook, as_version=4)
    resources = {"metadata": {"name": notebook.stem, "path": str(notebook.parent)}}
    taken = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        made.from_notebook_node(nb, resources)
        taken.append(time.perf_counter() - begun)
    return taken[1:]


if __name__ == "__main__":
    print(json.dumps(seconds(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
