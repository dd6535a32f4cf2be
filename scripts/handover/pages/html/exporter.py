"""nbconvert's door to the HTML page: ``jupyter nbconvert --to handover_html``, and JupyterLab's export menu."""

from typing import Any

from nbformat import NotebookNode
from traitlets import default

from handover.pages.exporter import HandoverExporter


class HandoverHTMLExporter(HandoverExporter):
    """One HTML file that asks nothing of anybody. Takes any notebook, executed or not."""

    export_from_notebook = "Handover report (HTML)"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[str, dict[str, Any]]:
        """Convert a notebook that is in memory."""
        made, resources = self.composed(nb, resources, **kw)
        return made.html, resources
