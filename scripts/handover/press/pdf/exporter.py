"""nbconvert's door to the PDF: ``jupyter nbconvert --to handover_pdf``, and JupyterLab's export menu."""

from typing import Any

from nbconvert.exporters.exporter import Exporter
from nbformat import NotebookNode
from traitlets import default


class HandoverPDFExporter(Exporter):
    """A tagged, archival PDF, set by Typst. Takes any notebook, executed or not."""

    export_from_notebook = "Handover report (PDF)"
    output_mimetype = "application/pdf"

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".pdf"

    @default("optimistic_validation")
    def _once(self) -> bool:
        # nbconvert would check the notebook after each of its ten preprocessors, none of which is at work unless asked
        return True

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[bytes, dict[str, Any]]:
        """Convert a notebook that is in memory."""
        from handover.press import compose

        ready, resources = super().from_notebook_node(nb, resources, **kw)
        return compose.for_exporter(ready, resources).pdf(), resources
