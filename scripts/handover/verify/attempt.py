"""An attempt at a second render, and what to say when it cannot be made here."""

from contextlib import nullcontext
from dataclasses import dataclass

from handover.editions import Inputs
from handover.errors import HandoverError, ParameterError
from handover.project import Project
from handover.verify import history, rebuild
from handover.verify.answer import DIFFERS, ELSEWHERE
from handover.verify.differ import pdf
from handover.verify.differ.difference import Difference, shown

TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of an attempt: a product, or the word and reason why there is none.

    `changed` names the inputs that are not this checkout's; `own` says that what came with the edition was used.
    """

    rebuilt: rebuild.Rebuilt | None
    changed: tuple[str, ...] = ()
    word: str = DIFFERS
    why: str = ""
    details: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    own: bool = False


def attempt(
    project: Project, claimed: Inputs, carried: rebuild.Carried | None, *, trust: bool, timeout_s: float = TIMEOUT_S
) -> Attempt:
    """Render again what is claimed to have been rendered.

    The notebook of this checkout is run. One that came with the edition is run only if its code is the same, which
    is to say never needed, or with `trust`.

    Args:
        project: The checkout.
        claimed: What the edition says it was made from.
        carried: What came with it, if it could be read.
        trust: Whether a carried notebook may be run, and carried tables be used, though they are not this checkout's.
        timeout_s: How long the notebook may run.
    """
    changed = rebuild.changes(project, claimed)
    notebook = f"notebooks/{claimed.report}.ipynb"
    foreign = [name for name in changed if name == notebook or (carried and name in carried.tables)]
    own = bool(trust and carried and foreign)
    if notebook in changed and not own:
        return _unwilling(project, claimed, carried, changed)
    world = rebuild.own_project(project, claimed.report, carried) if own and carried else nullcontext(project)
    try:
        with world as chosen:
            changed = rebuild.changes(chosen, claimed)
            return Attempt(rebuild.again(chosen, claimed, timeout_s), tuple(changed), own=own)
    except ParameterError as error:
        why = "it names parameters that its notebook does not allow"
        return Attempt(None, tuple(changed), DIFFERS, why, tuple(map(shown, str(error).splitlines()[:-1])))
    except HandoverError as error:
        why = f"it does not render: {shown(str(error).splitlines()[0])}"
        return Attempt(None, tuple(changed), ELSEWHERE, why, advice(project, claimed, changed))


def advice(project: Project, claimed: Inputs, changed: list[str]) -> tuple[str, ...]:
    """Say which inputs are not this checkout's, and how to come by them."""
    if not changed:
        return ()
    lines = [f"made from other inputs than this checkout's: {', '.join(changed)}"]
    if all(" -> " in one for one in changed):
        return (*lines, "the lock is the same, the installed tools are not: run scripts/setup, and verify again")
    found = history.commit_of(project, claimed)
    if found is None:
        return (*lines, "no commit here holds those inputs: git fetch --all and verify again, or ask who made it")
    if "package" in changed and found.changed:
        more = f" and {len(found.changed) - 5} more" if len(found.changed) > 5 else ""
        lines.append(f"the package differs in {', '.join(found.changed[:5])}{more}")
    return (
        *lines,
        f"commit {found.commit} holds all of them: git worktree add ../at-{found.commit} {found.commit}, then there "
        "scripts/setup and .venv/bin/handover verify",
    )


def _unwilling(project: Project, claimed: Inputs, carried: rebuild.Carried | None, changed: list[str]) -> Attempt:
    """Answer for a notebook that is not this checkout's: it is not run."""
    path = project.notebook(claimed.report)
    differences: tuple[Difference, ...] = ()
    if carried and path.is_file():
        differences = (pdf.attachment(path.name, carried.notebook, path.read_bytes()),)
    why = "its notebook is not this checkout's" if path.is_file() else f"there is no report {claimed.report} here"
    note = "the notebook that came with it was not run; --trust runs it"
    return Attempt(
        None, tuple(changed), ELSEWHERE, why, (*advice(project, claimed, changed), note), differences=differences
    )
