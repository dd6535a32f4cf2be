"""The command that prints any notebook: nbconvert's own, with our exporters and without its slow start."""

import functools
import glob
import importlib.metadata
import sys

import click

from handover.cli import command
from handover.errors import NotebookError


@command(
    """
  handover export notebook.ipynb
  handover export notebook.ipynb --no-input
  handover export --to pdf notebook.ipynb --execute
  handover export --to pdf first.ipynb second.ipynb --output-dir pages
""",
    context_settings={"ignore_unknown_options": True},
)
@click.option("--to", type=click.Choice(["html", "pdf"]), default="html", show_default=True, help="What to make.")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="NOTEBOOK... [NBCONVERT'S OPTIONS]")
def export_command(to: str, words: tuple[str, ...]) -> None:
    """Print any notebook, of this project or not, as one HTML file or one PDF beside it.

    Takes nbconvert's options, and gives the bytes that `jupyter nbconvert --to handover_html` or `handover_pdf` gives,
    in a third of the time: most of that is nbconvert's start, and this command leaves out what a conversion never uses.
    """
    from handover import imports
    from handover.notebook import source

    patterns = [word + suffix for word in words if not word.startswith("-") for suffix in ("", ".ipynb")]
    if not any(map(glob.glob, patterns)):  # as nbconvert looks for them
        raise NotebookError(f"{' '.join(words)}: must name a notebook (there is no such file).\nCheck the name.")
    imports.lean("jsonschema")
    # nbconvert makes one of every exporter that is installed, and for each it looks through all installed packages
    importlib.metadata.entry_points = functools.cache(importlib.metadata.entry_points)
    from nbconvert.nbconvertapp import NbConvertApp
    from nbformat.reader import NotJSONError

    sys.argv[0] = "jupyter-nbconvert"
    try:
        NbConvertApp.launch_instance(["--to", f"handover_{to}", *words])
    except NotJSONError:
        raise NotebookError(f"{' '.join(words)}: must be JSON (got another file).\n{source.SAVE_AGAIN}") from None
