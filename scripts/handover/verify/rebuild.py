"""The second render: what an edition says it was made from, rendered again in memory by the code of this checkout.

Anyone may have written what an edition says of itself: its form is checked here, and nothing of it is believed. Where
the render cannot be made here, git is asked which commit held what is missing; the checkout stays as it is.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from handover import digest, scratch
from handover.document import PICTURES
from handover.editions import RECORD, REPORT, Manifest, Request, inputs, render, settings
from handover.errors import HandoverError, ParameterError, VerifyError
from handover.notebook import source
from handover.project import MARKER, Project
from handover.verify.difference import Difference, first, shown

PACKAGE = "scripts/handover"
TIMEOUT_S = 600.0
HASH = re.compile(r"[0-9a-f]{64}")
VERSION = re.compile(r"[A-Za-z0-9.+!_-]{1,40}")
KEYS = {"report": str, "as_of": str, "parameters": dict, "notebook": dict, "data": dict, "versions": dict}


@dataclass(frozen=True, slots=True)
class Record:
    """How an edition says it was made.

    `inputs` are hashes and versions as a manifest names them; of a PDF alone, those that shape its pages. `attached`
    gives the name and the SHA-256 of each file that the PDF must carry, by its path in a project.
    """

    report: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, Any]
    attached: Mapping[str, tuple[str, str]]

    def faults(self, files: Mapping[str, bytes]) -> list[str]:
        """Compare what a PDF carries with what its record names; one line a fault."""
        wanted = dict(self.attached.values())
        found = [f"attachment {shown(name)}: is missing" for name in sorted(wanted.keys() - files.keys())]
        strange = sorted(files.keys() - wanted.keys() - {RECORD})
        return found + [f"attachment {shown(name)}: is not named in {RECORD}" for name in strange]

    def altered(self, files: Mapping[str, bytes]) -> list[str]:
        """Name the paths whose files are not those that the record names."""
        held = {path: files.get(name) for path, (name, _) in self.attached.items()}
        return sorted(
            path for path, data in held.items() if data is not None and digest.of_bytes(data) != self.attached[path][1]
        )

    def carried(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The attached files by their paths in a project."""
        return {path: files[name] for path, (name, _) in self.attached.items() if name in files}


def record_of_pdf(data: bytes | None) -> Record:
    """Read the record of a PDF.

    Raises:
        VerifyError: It is no record; the text says what is wrong, worded to follow the file's name.
    """
    if data is None:
        raise VerifyError(f"carries no {RECORD}: it is no edition, or what it carried was taken out")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise _wrong("must be JSON") from None
    if not isinstance(content, dict) or content.keys() != KEYS.keys():
        raise _wrong(f"must hold {', '.join(KEYS)}", content)
    for key, kind in KEYS.items():
        if not isinstance(content[key], kind):
            raise _wrong(f"'{key}' must be {'an object' if kind is dict else 'text'}", content[key])
    if not REPORT.fullmatch(content["report"]):
        raise _wrong("'report' must be the name of a report", content["report"])
    if outside := [path for path in content["data"] if not _is_table(path)]:
        raise _wrong("each table must lie in data/", outside[0])
    for tool, version in content["versions"].items():
        if not (VERSION.fullmatch(tool) and isinstance(version, str) and VERSION.fullmatch(version)):
            raise _wrong("each version must be one", f"{tool} {version}")
    files = {f"notebooks/{content['report']}.ipynb": content["notebook"], **content["data"]}
    attached = {path: _attachment(about) for path, about in files.items()}
    hashes = {path: sha256 for path, (_, sha256) in attached.items()}
    inputs = {"notebook": hashes.pop(next(iter(files))), "versions": content["versions"]}
    if MARKER.as_posix() in hashes:
        inputs["dictionary"] = hashes.pop(MARKER.as_posix())
    return Record(content["report"], content["parameters"], inputs | {"tables": hashes}, attached)


def record_of_manifest(about: Manifest) -> Record:
    """Read what a manifest says of how its edition was made.

    Raises:
        VerifyError: It names no report, or no inputs.
    """
    inputs = about["inputs"]
    if not REPORT.fullmatch(about["report"]):
        raise VerifyError(f"manifest.json: 'report' must be the name of a report (got {shown(about['report'], 80)})")
    if not all(isinstance(inputs.get(key), dict) for key in ("tables", "versions")):
        raise VerifyError("manifest.json: 'inputs' must name tables and versions")
    return Record(about["report"], about["parameters"], inputs, {})


def _attachment(about: Any) -> tuple[str, str]:
    if isinstance(about, dict) and about.keys() == {"attachment", "sha256"}:
        name, sha256 = about["attachment"], about["sha256"]
        if isinstance(name, str) and isinstance(sha256, str) and HASH.fullmatch(sha256):
            return name, sha256
    raise _wrong("each attachment must have a name and a SHA-256", about)


def _is_table(path: str) -> bool:
    """Whether a path may be one of a table, or of a picture, of which none can run."""
    parts = PurePosixPath(path).parts
    data = parts[:1] == MARKER.parts[:1] and len(parts) > 1
    inside = (data or path.lower().endswith(PICTURES)) and not path.startswith("/") and ".." not in parts
    return inside and path.isprintable() and "\\" not in path


def _wrong(rule: str, got: object = None) -> VerifyError:
    found = "" if got is None else f" (got {shown(got, 80)})"
    return VerifyError(f"its {RECORD} is not as handover writes it: {rule}{found}")


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


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no second render; `wrong` tells a claim that can never hold from one that cannot be judged here."""

    why: str
    details: tuple[str, ...]
    differences: tuple[Difference, ...] = ()
    wrong: bool = False


def again(project: Project, said: Record, carried: Mapping[str, bytes], *, trust: bool) -> Rebuilt | Refused:
    """Render again what an edition says of itself.

    The notebook of this checkout is run. The files that came with the edition, `carried`, by path, are used where they
    are not this checkout's, and its notebook is run, only with `trust`.
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
        return Refused(why, (*details, "the notebook that came with it was not run; --trust runs it"), differences)
    try:
        with _project_of(project, said.report, carried) if trusted else nullcontext(project) as chosen:
            changed = changes(chosen, said)
            request = Request.of(chosen, said.report, dict(said.parameters))
            return Rebuilt(render.produce(request, timeout_s=TIMEOUT_S), tuple(changed), trusted)
    except ParameterError as error:
        why = "it names parameters that its notebook does not allow"
        return Refused(why, tuple(map(shown, str(error).splitlines()[:-1])), wrong=True)
    except HandoverError as error:
        why = f"it does not render: {shown(str(error).splitlines()[0])}"
        return Refused(why, advice(project, changed, carried) if changed else ())


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
        return (*lines, "the lock is the same, the installed tools are not: run scripts/setup, and verify again")
    commit = (pdf and commit_of(project, [pdf, *carried.values()])) or commit_of(project, carried.values())
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


def commit_of(project: Project, files: Iterable[bytes]) -> str:
    """Return the abbreviated hash of a commit whose tree holds files of all these contents.

    Of those in which one of the files came or went, it is the earliest; "" if there is none, or no git.
    """
    blobs = {line for data in files for line in _git(project.root, "hash-object", "--stdin", data=data)}
    for blob in sorted(blobs):
        for commit in _git(project.root, "log", "--all", "--reverse", "--format=%H", f"--find-object={blob}"):
            held = {line.split()[2] for line in _git(project.root, "ls-tree", "-r", commit)}
            if blobs <= held:
                return commit[:12]
    return ""


def package_since(project: Project, commit: str) -> list[str]:
    """Name the files of the package that shape a page and differ from a commit's."""
    changed = _git(project.root, "diff", "--name-only", f"--relative={PACKAGE}", commit)
    return [name for name in changed if inputs.shapes(PurePosixPath(name))]


def _git(root: Path, *words: str, data: bytes = b"") -> list[str]:
    """Return the lines of git's output; none where it fails or is missing."""
    command = ["git", "-C", str(root), "-c", "core.quotePath=off", *words]
    try:
        done = subprocess.run(command, input=data, capture_output=True, check=False)
    except OSError:
        return []
    return done.stdout.decode("utf-8", "replace").splitlines() if done.returncode == 0 else []


@contextmanager
def _project_of(project: Project, report: str, carried: Mapping[str, bytes]) -> Iterator[Project]:
    """Lay out a project in a temporary folder: this checkout's data, with the files that came with an edition.

    The caller trusts the code in them, and has checked their paths and the report's name.

    Raises:
        NotebookError: The notebook is none.
    """
    with scratch.folder() as folder:
        own = Project(folder / "project")
        own.notebooks.mkdir(parents=True)
        shutil.copytree(project.data, own.data, symlinks=True)
        for path in (project.lock, project.root / settings.FILE, project.notebook(report)):
            if path.is_file():
                shutil.copy(path, own.root / path.relative_to(project.root))
        for path, data in carried.items():
            target = own.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_bytes(data)
        source.load(own.notebook(report), report)
        yield own
