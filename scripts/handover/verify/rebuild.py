"""The second render: the same report and parameters again, in memory, by the code of this checkout."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from handover import scratch
from handover.editions import Inputs, Request, inputs, render
from handover.notebook import intake, source
from handover.project import Project

#: What leads to other bytes without leading to another page, or may: worth a render to find out.
HARMLESS = ("lock", "package", "versions", "tables")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A product of the press, with what a comparison needs to name things."""

    product: render.Product
    facts: Sequence[Mapping[str, Any]]
    titles: Mapping[str, str]

    def file(self, suffix: str) -> bytes:
        """The bytes of the file with a suffix."""
        return next(data for name, data in self.product.files.items() if name.endswith(suffix))


@dataclass(frozen=True, slots=True)
class Carried:
    """What came with an edition: the notebook, and its tables by path."""

    notebook: bytes
    tables: Mapping[str, bytes]


def again(project: Project, claimed: Inputs, timeout_s: float) -> Rebuilt:
    """Render what is claimed to have been rendered; the record in the new PDF names the inputs that are claimed.

    Raises:
        HandoverError: The report or its parameters are not allowed here, or it does not render.
    """
    request = Request.of(project, claimed.report, dict(claimed.parameters))
    product = render.produce(request, timeout_s=timeout_s)
    return _described(product)


def changes(project: Project, claimed: Inputs) -> list[str]:
    """Name every input that is not the same in this checkout as claimed."""
    path = project.notebook(claimed.report)
    if not path.is_file():
        return [f"notebooks/{claimed.report}.ipynb"]
    text = source.canonical(source.read(path))
    return inputs.of(project, claimed.report, text, claimed.parameters).changed_since(claimed.as_json())


@contextmanager
def own_project(project: Project, report: str, carried: Carried) -> Iterator[Project]:
    """A project in a temporary folder: this checkout's data, with a notebook and tables in place of its own.

    Args:
        project: The checkout.
        report: The report's name, a plain one.
        carried: The notebook, whose code the caller has been told to trust; each table's path is checked already.

    Raises:
        NotebookError: The notebook is none.
    """
    with scratch.folder() as folder:
        own = Project(folder / "project")
        own.notebooks.mkdir(parents=True)
        shutil.copytree(project.data, own.data, symlinks=True)
        if project.lock.is_file():
            shutil.copy(project.lock, own.lock)
        own.notebook(report).write_bytes(carried.notebook)
        intake.load(own.notebook(report), report)
        for path, data in carried.tables.items():
            target = own.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_bytes(data)
        yield own


def _described(product: render.Product) -> Rebuilt:
    import nbformat

    from handover.document import model, read

    text = next(data for name, data in product.files.items() if name.endswith(".ipynb"))
    document = read(nbformat.reads(text.decode(), 4), product.request.report)
    figures = [part for part in document.parts if isinstance(part, model.Figure)]
    titles = {one.alt: model.plain(one.title).strip() for one in figures if one.title}
    return Rebuilt(product, document.evidence.get("facts", []), titles)
