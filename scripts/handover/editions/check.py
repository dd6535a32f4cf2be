"""Checks for what can be wrong in a checkout without any failure: notebooks, editions, catalogue, dictionary.

Each check yields findings, one line a thing; nothing is executed and nothing is written.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from handover import atomic, git, tables
from handover.document import audit, read
from handover.editions import index, inputs, manifest
from handover.editions.request import require_report, same_elsewhere
from handover.editions.store import EDITION, REPORT, Store
from handover.errors import GitError, HandoverError, on_one_line
from handover.notebook import parameters, source, syntax_faults
from handover.project import MARKER, Project, alike
from handover.tables import faults as faults_of_tables
from handover.text import listed

#: Faults of the data that are named one by one.
DATA_FAULTS = 100
#: What does not belong in git, and whether a cell has it.
UNCLEAN: dict[str, Callable[[dict[str, Any]], object]] = {
    "outputs": lambda cell: cell.get("outputs"),
    "execution counts": lambda cell: cell.get("execution_count"),
    "injected parameters": lambda cell: source.INJECTED in cell["metadata"].get("tags", []),
    "editor metadata": lambda cell: cell["metadata"].keys() - set(source.CELL_METADATA),
}
#: The path of a file of an edition, below the project's folder of them.
OF_EDITION = re.compile(rf"[^/]+/{REPORT.pattern}/{EDITION.pattern}/.+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mark` is ``ok``, ``note`` (worth knowing, nothing to mend) or ``wrong``."""

    mark: str
    text: str

    def __str__(self) -> str:
        return f"{self.mark:<6}{self.text}"


def data(project: Project) -> Iterator[Finding]:
    """Check the tables: read them as a render does, and validate them with the data package standard's own tool."""
    try:
        faults = [str(fault) for fault in faults_of_tables(project.data)]
    except HandoverError as error:
        yield Finding("wrong", on_one_line(error))
        return
    faults += [same_elsewhere(twins) for twins in alike(inputs.data(project))]
    for fault in listed(faults, DATA_FAULTS):
        yield Finding("wrong", fault)
    if faults:
        # it would tell the same once more, and a comma too many once for each column
        yield Finding("note", "data: to be validated with Frictionless too, once these are mended")
        return
    yield from _validated(project)


def _validated(project: Project) -> Iterator[Finding]:
    import frictionless

    report = frictionless.validate(str(project.root / MARKER))
    faults = [f"{task.place or MARKER.name}: {error.message}" for task in report.tasks for error in task.errors]
    faults += [f"{MARKER.as_posix()}: {error.message}" for error in report.errors]
    for fault in listed(faults, DATA_FAULTS):
        yield Finding("wrong", f"data: {fault}")
    if not faults and not report.tasks:
        yield Finding("note", f"data: {MARKER.as_posix()} names no table; nothing was looked at")
    elif not faults:
        yield Finding(
            "ok", f"data: {len(report.tasks)} tables keep the dictionary, and their references lead somewhere"
        )


def notebooks(project: Project) -> Iterator[Finding]:
    """Check that each notebook declares its parameters well and is clean in git."""
    if not project.reports_known():
        yield Finding("note", f"{project.notebooks.name}: holds no notebook; nothing was looked at")
    for report in project.reports_known():
        path = project.notebook(report)
        where = project.where(path)
        try:
            require_report(project, report)
            source.load(path, where)
            nb = source.read(path)
            declared = parameters.declared(nb, where)
        except HandoverError as error:
            yield Finding("wrong", on_one_line(error))
            continue
        wrong = [*syntax_faults(nb), *source.lenient_faults(nb), *_typed(project, report, nb)]
        for fault in wrong:
            yield Finding("wrong", f"{where}: {fault}")
        faults = unclean(path, nb)
        if faults:
            yield Finding("wrong", f"{where}: must be clean in git ({'; '.join(faults)}); run: handover check --fix")
        elif not wrong:
            yield Finding("ok", f"{where}: clean, {len(declared)} parameters")


def _typed(project: Project, report: str, nb: dict[str, Any]) -> Iterator[str]:
    """Yield the numbers in Markdown cells of a report that states evidence, which nothing answers for."""
    code = "\n".join(source.text_of(cell) for cell in nb["cells"] if cell["cell_type"] == "code")
    if ".evidence(" not in code:
        return
    bare = source.load(project.notebook(report))
    source.clear(bare)
    try:
        names = [str(row["name"]) for row in tables.read(project.data).rows.get("names", [])]
    except HandoverError:
        return  # told of the data
    held = read(bare, report)
    # a headline that a cell makes stands in place of the notebook's own
    headline = None if ".headline(" in code else held.headline
    for found in audit.findings(replace(held, evidence={"names": names}, headline=headline)):
        yield (
            f"cell {found.cell}: a Markdown cell must type no number (got '{found.number}' in “{found.text}”). Write "
            "the sentence in say(…), with a fact in braces; a name that contains digits belongs in data/names.csv."
        )


def unclean(path: Path, nb: dict[str, Any]) -> list[str]:
    """Say what of a notebook file does not belong in git; an empty list for a clean one."""
    clean = source.canonical(nb)
    if path.read_bytes() == clean.encode():
        return []
    found = []
    for what, is_in in UNCLEAN.items():
        if numbers := [str(number) for number, cell in enumerate(nb["cells"], 1) if is_in(cell)]:
            found.append(f"{what} in cell {', '.join(numbers)}")
    extra = set(nb["metadata"]) - set(source.NOTEBOOK_METADATA)
    extra |= {f"language_info.{key}" for key in nb["metadata"].get("language_info", {}) if key != "name"}
    found += [f"metadata: {', '.join(sorted(extra))}"] if extra else []
    return found or [f"not written as nbformat writes it, {len(clean)} characters expected"]


def fix(project: Project) -> Iterator[Finding]:
    """Rewrite each notebook that is not clean; only what does not belong in git is dropped."""
    for report in project.reports_known():
        path = project.notebook(report)
        try:
            nb = source.read(path)
        except HandoverError:
            continue
        if unclean(path, nb):
            with atomic.translate_os_errors(path):
                atomic.replace(path, source.canonical(nb).encode())
            yield Finding("note", f"{project.where(path)}: cleaned")


def editions(store: Store, project: Project) -> Iterator[Finding]:
    """Check every file of every edition, and say whether the newest of each report is of this checkout."""
    if not store.editions():
        yield Finding("note", f"{project.where(store.root)}: holds no edition; nothing was looked at")
    for fault in listed(f"{project.where(stray)}: is no edition; remove it" for stray in store.strays()):
        yield Finding("wrong", fault)
    for twins in alike(map(str, store.editions())):
        yield Finding("wrong", f"{project.where(store.root)}/{same_elsewhere(twins)}")
    for report in store.reports():
        whole = []
        for edition in store.editions(report):
            faults = edition.faults()
            for fault in faults:
                yield Finding("wrong", fault.replace(f"{project.root}/", ""))
            whole += [edition.manifest()] if not faults else []
        if whole:
            yield Finding("ok", f"{report}: {len(whole)} editions match their manifests")
            yield _standing(project, manifest.newest_first(whole)[0])


def rewritten(project: Project, commits: str = "") -> Iterator[Finding]:
    """Check that git changes no file of an edition, whose name means one set of bytes for ever.

    Editions may be added and taken away, and the catalogue beside them may change. `commits` is a range as git reads
    it; if empty, what is staged for the next commit is checked.

    Raises:
        GitError: Git refuses, or lacks commits of the range.
    """
    # renames count as what they are, a file gone and a file added; a merge is compared with each of its parents
    filters = ["--no-renames", "--diff-filter=MT", "--name-only", "-z", "--relative"]
    git.run(project.root, "rev-parse", "--show-toplevel")  # it refuses a bare repository, where nothing is staged
    if commits and not _is_there(project.root, commits):
        yield Finding("note", f"{commits}: holds no commit; nothing was looked at")
        return
    command = ["log", "-m", "--format=", *filters, "--end-of-options", commits]
    command = command if commits else ["diff", "--cached", *filters]
    found = git.run(project.root, *command, "--", project.reports.name, staged=not commits)
    paths = sorted({path.strip("\n") for path in found.split("\0")} - {""})
    changed = [path for path in paths if OF_EDITION.fullmatch(path)]
    for path in changed:
        folder = PurePosixPath(path).parent
        yield Finding(
            "wrong",
            f"{path}: belongs to an edition, and editions never change; restore it (git restore --source HEAD --staged "
            f"--worktree {folder}) and render again (handover render {folder.parent.name}): other content gets "
            "another name",
        )
    if not changed:
        yield Finding("ok", f"{project.reports.name}: no file of an edition is changed")


def _is_there(root: Path, commits: str) -> bool:
    """Whether a range holds commits; a clone that ends within it is refused: what the first changed cannot be seen."""
    held = git.run(root, "rev-list", "--end-of-options", commits, "--").split()
    if ends := git.cut_off(root) & set(held):
        raise GitError(
            f"{root}: must hold what each commit of {commits} changed (its history ends at {min(ends)[:12]}).\n"
            f"{git.SHALLOW}, and run the command again."
        )
    return bool(held)


def catalogue(store: Store, project: Project) -> Iterator[Finding]:
    """Check that the catalogue is what the manifests say."""
    from handover.editions import catalogue as catalogues

    if not store.reports():
        return
    stale = catalogues.stale(store)
    folder = project.where(store.root)
    for name in stale:
        yield Finding("wrong", f"{folder}/{name}: is not what the manifests say; run: handover catalogue")
    if not stale:
        yield Finding("ok", f"{folder}: the catalogue is up to date")


def _standing(project: Project, newest: manifest.Manifest) -> Finding:
    name = f"{newest['report']} {newest['edition']}"
    path = project.notebook(newest["report"])
    if not path.is_file():
        return Finding("note", f"{name}: its notebook is no longer here")
    try:
        text = source.canonical(source.read(path))
    except HandoverError:
        return Finding("note", f"{name}: its notebook cannot be read")
    now = inputs.of(project, newest["report"], text, newest["parameters"])
    changed = now.changed_since(newest["inputs"])
    if not changed:
        return Finding("ok", f"{name}: current")
    if index.recalled(project.root).get(now.digest) == newest["edition"]:
        return Finding("ok", f"{name}: current; rendered from what is here now, it came out the same")
    # a parameter that is filled in by itself is no setting, and must not become one
    settings = {"as_of": newest["as_of"], **newest["variant"]}
    values = " ".join(f"-p {key} {_word(value)}" for key, value in settings.items())
    return Finding(
        "note",
        f"{name}: made from other inputs: {', '.join(changed)}; run: handover render {newest['report']} {values}",
    )


def _word(value: Any) -> str:
    """A parameter's value as the command line takes it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return shlex.quote(",".join(map(str, value)) if isinstance(value, list) else str(value))
