"""nbconvert's door to the PDF: ``jupyter nbconvert --to handover_pdf``, and JupyterLab's export menu."""

from typing import Any

from nbformat import NotebookNode
from traitlets import default

from handover.pages.exporter import HandoverExporter


class HandoverPDFExporter(HandoverExporter):
    """A tagged, archival PDF, set by Typst. Takes any notebook, executed or not."""

    export_from_notebook = "Handover report (PDF)"
    output_mimetype = "application/pdf"

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".pdf"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[bytes, dict[str, Any]]:
        """Convert a notebook that is in memory."""
        made, resources = self.composed(nb, resources, **kw)
        return made.pdf(), resources
