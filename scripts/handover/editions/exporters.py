"""nbconvert's exporters, for ``jupyter nbconvert --to handover_pdf`` and JupyterLab's export menu.

They compose a notebook as `render` does, so that an export gives the bytes that were published.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.exporters.exporter import Exporter
from nbformat import NotebookNode
from traitlets import default

if TYPE_CHECKING:
    from handover.editions.compose import Composition


class _HandoverExporter(Exporter):
    """Composes a notebook of any kind, executed or not."""

    @default("optimistic_validation")
    def _once(self) -> bool:
        # otherwise nbconvert checks the notebook after each of its ten preprocessors, though none is enabled
        return True

    def composed(self, nb: NotebookNode, resources: Any, **kw: Any) -> "tuple[Composition, dict[str, Any]]":
        """Preprocess a notebook as nbconvert does, and compose it."""
        from handover.editions.compose import compose

        ready, resources = super().from_notebook_node(nb, resources, **kw)
        about = (resources or {}).get("metadata", {})
        made = compose(ready, str(about.get("name") or "Notebook"), Path(about.get("path") or "."))
        return made, resources


class HandoverHTMLExporter(_HandoverExporter):
    """One HTML file that loads nothing else."""

    export_from_notebook = "Handover report (HTML)"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[str, dict[str, Any]]:
        """Convert a notebook that is in memory."""
        made, resources = self.composed(nb, resources, **kw)
        return made.html, resources


class HandoverPDFExporter(_HandoverExporter):
    """A tagged, archival PDF, set by Typst."""

    export_from_notebook = "Handover report (PDF)"
    output_mimetype = "application/pdf"

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".pdf"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[bytes, dict[str, Any]]:
        """Convert a notebook that is in memory."""
        made, resources = self.composed(nb, resources, **kw)
        for note in made.notes:
            self.log.warning("%s", note)
        return made.pdf(), resources
