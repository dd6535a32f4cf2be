"""nbconvert's door to the HTML page: ``jupyter nbconvert --to handover_html``, and JupyterLab's export menu."""

from typing import Any

from nbconvert.exporters.exporter import Exporter
from nbformat import NotebookNode
from traitlets import default


class HandoverHTMLExporter(Exporter):
    """One HTML file that asks nothing of anybody. Takes any notebook, executed or not."""

    export_from_notebook = "Handover report (HTML)"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".html"

    @default("optimistic_validation")
    def _once(self) -> bool:
        # nbconvert would check the notebook after each of its ten preprocessors, none of which is at work unless asked
        return True

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[str, dict[str, Any]]:
        """Convert a notebook that is in memory."""
        from handover.press import compose

        ready, resources = super().from_notebook_node(nb, resources, **kw)
        return compose.for_exporter(ready, resources).html, resources
