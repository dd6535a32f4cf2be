"""The second render: what an edition says it was made from, rendered again in memory by the code of this checkout.

Where the render cannot be made here, git is asked which commit held what is missing; the checkout stays as it is.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from handover import git, scratch
from handover.editions import Request, inputs, render, settings
from handover.errors import GitError, HandoverError, ParameterError
from handover.notebook import OPEN, SHUT, source
from handover.project import Project
from handover.text import shown
from handover.verify.difference import DIFFERS, ELSEWHERE, Answer, first
from handover.verify.record import Record

PACKAGE = "scripts/handover"
TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of a second render.

    `changed` names the inputs that are not this checkout's; `trusted`, whether those that came with the edition
    were used instead.
    """

    product: render.Product
    changed: tuple[str, ...]
    trusted: bool

    @property
    def facts(self) -> list[Mapping[str, Any]]:
        """The facts that the report prints."""
        return list(self.product.manifest["facts"].values())

    def file(self, suffix: str) -> bytes:
        """The bytes of the file with a suffix, e.g. ``.pdf``."""
        return next(data for name, data in self.product.files.items() if name.endswith(suffix))


def again(project: Project, said: Record, carried: Mapping[str, bytes], *, trust: bool) -> Rebuilt | Answer:
    """Render again what an edition says of itself; an answer says why that cannot be.

    The notebook of this checkout is run. The files that came with the edition, `carried`, by path, are used where they
    are not this checkout's, and its notebook is run, only with `trust`. Cells have the network only where this
    checkout opens it and the edition does not say that it was shut; what came with an edition never has it.
    """
    changed = changes(project, said)
    notebook = f"notebooks/{said.report}.ipynb"
    trusted = trust and any(name in carried for name in changed)
    if notebook in changed and not (trusted and notebook in carried):
        path = project.notebook(said.report)
        why = "its notebook is not this checkout's" if path.is_file() else f"there is no report {said.report} here"
        known = path.is_file() and notebook in carried
        differences = (first(f"attachment {path.name}", carried[notebook], path.read_bytes()),) if known else ()
        details = advice(project, changed, carried)
        details += ("the notebook that came with it was not run; --trust runs it",)
        return Answer("", ELSEWHERE, why, details, differences)
    try:
        whole = not said.attached and all(path in carried for path in said.inputs["tables"])
        with _project_of(project, said.report, carried, alone=whole) if trusted else nullcontext(project) as chosen:
            changed = changes(chosen, said)
            request = Request.of(chosen, said.report, dict(said.parameters))
            request = replace(request, network=request.network and not trusted and said.network != SHUT)
            return Rebuilt(render.produce(request, timeout_s=TIMEOUT_S), tuple(changed), trusted)
    except ParameterError as error:
        why = "it names parameters that its notebook does not allow"
        return Answer("", DIFFERS, why, tuple(map(shown, str(error).splitlines()[:-1])))
    except HandoverError as error:
        why = f"it does not render: {shown(str(error).splitlines()[0])}"
        opened = ("its cells had the network, which this checkout does not open to them",) * (said.network == OPEN)
        return Answer("", ELSEWHERE, why, (*opened, *(advice(project, changed, carried) if changed else ())))


def changes(project: Project, said: Record) -> list[str]:
    """Name every input of an edition that differs in this checkout.

    A PDF alone names only what shapes its pages; the rest counts as unchanged.
    """
    path = project.notebook(said.report)
    if not path.is_file():
        return [f"notebooks/{said.report}.ipynb"]
    here = inputs.of(project, said.report, source.canonical(source.read(path)), said.parameters)
    recorded = dict(said.inputs)
    if said.attached:
        held = here.as_json()
        recorded = held | recorded | {"tables": held["tables"] | recorded["tables"]}
        recorded["versions"] = {"python": held["versions"]["python"]} | recorded["versions"]
    return here.changed_since(recorded)


def advice(project: Project, changed: Iterable[str], carried: Mapping[str, bytes], pdf: bytes = b"") -> tuple[str, ...]:
    """Say which inputs are not this checkout's, and how to get them.

    `carried` are the files that came with the edition, by path; `pdf` is given if the commit that published it is
    preferred.
    """
    changed = list(changed)
    lines = [f"made from other inputs than this checkout's: {', '.join(changed)}"] if changed else []
    if changed and all(" -> " in one for one in changed):
        return (
            *lines,
            "the lock is the same, the installed tools are not: remove .venv, run scripts/setup, and verify again",
        )
    try:
        commit = (pdf and commit_of(project, [pdf, *carried.values()])) or commit_of(project, carried.values())
        cut_off = not commit and git.cut_off(project.root)
    except GitError as error:
        return (*lines, "which commit holds those inputs cannot be looked up:", *str(error).splitlines())
    if cut_off:
        return (*lines, f"no commit here holds those inputs. {git.SHALLOW}, and verify again")
    if not commit:
        return (*lines, "no commit here holds those inputs: git fetch --all and verify again, or ask who made it")
    if (not changed or "package" in changed) and (files := package_since(project, commit)):
        more = f" and {len(files) - 5} more" if len(files) > 5 else ""
        lines.append(f"the package differs in {', '.join(files[:5])}{more}")
    return (
        *lines,
        f"commit {commit} holds what it was made from: git worktree add ../at-{commit} {commit}, then there "
        "scripts/setup and .venv/bin/handover verify",
    )


def by_other_code(project: Project, pdf: bytes, carried: Mapping[str, bytes]) -> tuple[bool, tuple[str, ...]]:
    """Whether a commit published this very PDF with a package that shapes pages otherwise; with advice.

    The advice says also why git cannot tell, where it cannot.
    """
    try:
        commit = commit_of(project, [pdf])
        if commit and package_since(project, commit):
            return True, advice(project, (), carried, pdf)
        cut_off = not commit and git.cut_off(project.root)
    except GitError as error:
        return False, ("whether other code made it cannot be looked up:", *str(error).splitlines())
    return False, (f"no commit here holds it. {git.SHALLOW}, and verify again",) if cut_off else ()


def commit_of(project: Project, files: Iterable[bytes]) -> str:
    """Return the abbreviated hash of a commit whose tree holds files of all these contents.

    Of those in which one of the files came or went, it is the earliest; "" if there is none.

    Raises:
        GitError: Git cannot tell.
    """
    blobs = {line for data in files for line in _lines(project, "hash-object", "--stdin", data=data)}
    for blob in sorted(blobs):
        for commit in _lines(project, "log", "--all", "--reverse", "--format=%H", f"--find-object={blob}"):
            held = {line.split()[2] for line in _lines(project, "ls-tree", "-r", commit)}
            if blobs <= held:
                return commit[:12]
    return ""


def package_since(project: Project, commit: str) -> list[str]:
    """Name the files of the package that shape a page and differ from a commit's.

    Raises:
        GitError: Git cannot tell.
    """
    changed = _lines(project, "diff", "--name-only", f"--relative={PACKAGE}", commit)
    return [name for name in changed if inputs.shapes(name)]


def _lines(project: Project, *words: str, data: bytes = b"") -> list[str]:
    return git.run(project.root, *words, data=data).splitlines()


@contextmanager
def _project_of(project: Project, report: str, carried: Mapping[str, bytes], *, alone: bool) -> Iterator[Project]:
    """Lay out a project in a temporary folder: this checkout's data, with the files that came with an edition.

    Those files `alone` make it where they are all that the edition was made from. The caller trusts the code in them,
    and has checked their paths and the report's name; here only the notebook is refused, if it is none.
    """
    with scratch.folder() as folder:
        own = Project(folder / "project")
        with scratch.room(folder.parent):
            own.notebooks.mkdir(parents=True)
            if not alone and project.data.is_dir():
                shutil.copytree(project.data, own.data, symlinks=True)
            for path in () if alone else (project.lock, project.notebook(report)):
                if path.is_file():
                    shutil.copy(path, own.root / path.relative_to(project.root))
            # of what this checkout sets, only this shows on a page
            author = settings.author(None if alone else project)
            (own.root / settings.FILE).write_text(settings.signed(author), "utf-8")
            for path, data in carried.items():
                target = own.root / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                target.write_bytes(data)
        source.load(own.notebook(report), report)
        yield own
