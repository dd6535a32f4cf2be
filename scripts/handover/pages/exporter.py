"""nbconvert's door to both pages: what the exporters of the two have in common."""

from typing import TYPE_CHECKING, Any

from nbconvert.exporters.exporter import Exporter
from nbformat import NotebookNode
from traitlets import default

if TYPE_CHECKING:
    from handover.editions import Composition


class HandoverExporter(Exporter):
    """Composes a notebook, executed or not."""

    @default("optimistic_validation")
    def _once(self) -> bool:
        # nbconvert would check the notebook after each of its ten preprocessors, none of which is at work unless asked
        return True

    def composed(self, nb: NotebookNode, resources: Any, **kw: Any) -> "tuple[Composition, dict[str, Any]]":
        """Preprocess a notebook as nbconvert does, and compose it."""
        from handover.editions import compose

        ready, resources = super().from_notebook_node(nb, resources, **kw)
        return compose.for_exporter(ready, resources), resources
