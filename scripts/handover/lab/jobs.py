"""The work of a notebook job: a report's edition is published; any other notebook gets two pages beside it.

Nothing here depends on jupyter-scheduler.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from handover.editions import Request, day_of, epoch_of, require_come
from handover.errors import NotebookError
from handover.notebook import parameters, source
from handover.project import Project

#: The formats of a job's pages: suffix and label.
FORMATS = {"html": "HTML", "pdf": "PDF (tagged, archival)"}


def report_at(project: Project, notebook: Path) -> str | None:
    """The report that a notebook is: every notebook directly in ``notebooks/`` is one, and no other."""
    own = notebook.parent.resolve() == project.notebooks.resolve()
    return notebook.stem if own else None


def given(entered: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters of a form: a field left blank is not given."""
    return {name.strip(): value for name, value in (entered or {}).items() if str(value).strip()}


def check(project: Project, notebook: Path, entered: Mapping[str, Any]) -> None:
    """Refuse what can be refused in milliseconds: a wrong place, a broken contract, parameters, a day to come.

    Raises:
        NotebookError: The notebook cannot be a job.
        ParameterError: A parameter is unknown or not allowed.
    """
    where = project.where(notebook.resolve())
    for folder in (project.reports, project.data):
        if notebook.resolve().is_relative_to(folder.resolve()):
            raise NotebookError(
                f"{where}: a job's notebook must lie outside {folder.name}/ (got one inside).\n"
                f"Create the job from the notebook in {project.notebooks.name}/, or copy this one elsewhere."
            )
    if report := report_at(project, notebook):
        source.read(notebook, where)  # one that is gone is told by its path, as the job has it
        require_come(Request.of(project, report, entered))
    elif entered:
        declared = parameters.declared(source.read(notebook), where)
        parameters.bind(declared, entered, where)


def run(project: Project, notebook: Path, entered: Mapping[str, Any], formats: Collection[str]) -> Path:
    """Render a notebook where it lies, and return the path of its pages without the ending.

    A report is rendered and published, unless its edition is there. Any other notebook is executed in its own
    folder, and the pages are put beside it under a name made from what they say; nothing is published.

    Raises:
        HandoverError: Anything that stops it, with cell and cause.
    """
    check(project, notebook, entered)
    report = report_at(project, notebook)
    if report is None:
        return _loose(project, notebook, entered, formats)
    from handover.editions import render

    edition = render.render(project, report, entered).edition
    return edition.file("")


def _loose(project: Project, notebook: Path, entered: Mapping[str, Any], formats: Collection[str]) -> Path:
    from handover import atomic, digest
    from handover.editions import compose, settings
    from handover.notebook import execute

    where = project.where(notebook.resolve())
    nb = source.load(notebook, where)
    bound = parameters.bind(parameters.declared(nb, where), entered, where) if entered else {}
    epoch, network = epoch_of(day_of(bound.get("as_of"))), settings.network(project, notebook.stem)
    done = execute.execute(nb, bound, cwd=notebook.parent, where=where, epoch=epoch, network=network)
    made = compose.compose(done.nb, notebook.stem, notebook.parent)
    stem = notebook.with_name(f"{notebook.stem}_{made.edition or made.content[: digest.DIGITS]}")
    pages = {"html": made.html.encode, "pdf": made.pdf}
    for suffix in formats:
        page = stem.with_name(f"{stem.name}.{suffix}")
        with atomic.translate_os_errors(page):
            atomic.replace(page, pages[suffix]())
    return stem
