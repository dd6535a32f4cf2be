"""nbconvert's exporters, for ``jupyter nbconvert --to handover_pdf`` and JupyterLab's export menu.

They compose a notebook as `render` does, so that an export gives the bytes that were published. nbconvert's own
switches hold: ``--no-input``, ``--TagRemovePreprocessor.remove_input_tags`` and the like.
``--embed-images`` always does.
"""

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.exporters.exporter import Exporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode
from traitlets import Bool, default

if TYPE_CHECKING:
    from handover.editions.compose import Composition

#: The tag by which nbconvert leaves a cell out when it executes a notebook.
SKIPPED = "skip-execution"


class _HandoverExporter(TemplateExporter):
    """Composes a notebook of any kind, executed or not.

    Of nbconvert's `TemplateExporter` it takes the switches that say what is left out, and no template.
    """

    def _init_preprocessors(self) -> None:
        # a template may name some; there is none
        Exporter._init_preprocessors(self)

    def composed(self, nb: NotebookNode, resources: Any, *, code: bool = False) -> "tuple[Composition, Any]":
        """Preprocess a notebook as nbconvert does, leave out what it was told to, and compose it."""
        from handover.editions.compose import compose, copied

        # nbconvert would copy the whole three times and check it; what its own preprocessors change is in our copy too
        enabled = [one for one in self._preprocessors if getattr(one, "enabled", True)]
        known = all(type(one).__module__.startswith("nbconvert.") for one in enabled)
        ready, resources = copied(nb) if known else copy.deepcopy(nb), self._init_resources(resources)
        for preprocessor in enabled:
            ready, resources = preprocessor(ready, resources)
        self._leave_out(ready)
        if any("template_name" in self.config.get(one.__name__, ()) for one in type(self).mro()):
            self.log.warning("%s prints its own page: --template does nothing.", type(self).__name__)
        about = (resources or {}).get("metadata", {})
        name = str(about.get("name") or "Notebook")
        if not (self.exclude_output or self.exclude_code_cell) and (lack := unexecuted(ready)):
            self.log.warning("%s: %s", name, lack)
        return compose(ready, name, Path(about.get("path") or "."), code=code), resources

    def _leave_out(self, nb: NotebookNode) -> None:
        kinds = {"markdown": self.exclude_markdown, "code": self.exclude_code_cell, "raw": self.exclude_raw}
        nb.cells = [cell for cell in nb.cells if not kinds.get(cell.cell_type)]
        for cell in nb.cells:
            if self.exclude_input and cell.cell_type == "code":
                # as nbconvert's own preprocessor says it; parameters can still be read
                cell.metadata["transient"] = {"remove_source": True}
            if self.exclude_output and "outputs" in cell:
                cell.outputs = []


def unexecuted(nb: NotebookNode) -> str:
    """What a page lacks since cells did not run, and the cure; "" where all did that have anything to run."""
    cells = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    cells = [cell for cell in cells if SKIPPED not in cell.metadata.get("tags", ())]
    left = sum(cell.get("execution_count") is None and not cell.outputs for cell in cells)
    if not left:
        return ""
    return (
        f"every code cell must have run (got {left} of {len(cells)} that did not): "
        "the page lacks what they would show.\n"
        "Run all cells and save the notebook, or export it with --execute."
    )


class HandoverHTMLExporter(_HandoverExporter):
    """One HTML file that loads nothing else."""

    export_from_notebook = "Handover report (HTML)"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[str, dict[str, Any]]:
        """Convert a notebook that is in memory."""
        made, resources = self.composed(nb, resources)
        return made.html, resources


class HandoverPDFExporter(_HandoverExporter):
    """A tagged, archival PDF, set by Typst."""

    export_from_notebook = "Handover report (PDF)"
    output_mimetype = "application/pdf"

    exclude_input = Bool(
        None,
        allow_none=True,
        help="Leave the code out of the pages and of the attached notebook; False (--show-input) prints it. "
        "Unless told, it is attached and not printed.",
    ).tag(config=True)

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".pdf"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[bytes, dict[str, Any]]:
        """Convert a notebook that is in memory."""
        made, resources = self.composed(nb, resources, code=self.exclude_input is False)
        for note in made.notes:
            self.log.warning("%s", note)
        return made.pdf(), resources
