"""What a worker is asked and what it answers: an order computed into bytes, wherever that is; nothing is published.

Both travel between processes, and to other machines, by pickle.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from handover.editions import Contract, Product, Request, produce
from handover.errors import SweepError
from handover.project import Project


@dataclass(frozen=True, slots=True)
class Made:
    """An edition as a worker hands it over."""

    edition: str
    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]
    warnings: tuple[str, ...]

    def product(self, order: Request) -> Product:
        """The product of an order that is to be published."""
        return Product(order, self.edition, self.files, dict(self.manifest), self.warnings)


def compute(order: Request, timeout_s: float, elsewhere: bool = False) -> Made:
    """Render an order in memory, from this process's own checkout.

    Args:
        order: What to render, with the hashes that its inputs had where it was planned.
        timeout_s: How long the notebook may run.
        elsewhere: Whether the checkout is to be looked for here, since the order comes from another machine.

    Raises:
        SweepError: Something here is not what the order was planned with.
        HandoverError: The report cannot be rendered.
    """
    project = Project.find() if elsewhere else order.project
    held = replace(Contract.of(project, order.report).inputs, parameters=order.parameters)
    refuse(held.changed_since(order.inputs.as_json()), f"{order.report} {order.as_of}")
    made = produce(replace(order, project=project), timeout_s=timeout_s)
    return Made(made.edition, made.files, made.manifest, made.warnings)


def refuse(differing: list[str], what: str) -> None:
    """Refuse to work from inputs that differ.

    Raises:
        SweepError: There are any.
    """
    if differing:
        raise SweepError(
            f"{what}: the worker on {socket.gethostname()} must have what the sweep was planned with "
            f"(differs: {', '.join(differing)}).\n"
            "Bring its checkout and its packages to the same state, or run the sweep again if the change was here."
        )
